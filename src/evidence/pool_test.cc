#include "evidence/pool.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"
#include "store/memory_key_values.h"
#include "types/decode.h"

namespace tandem::evidence {
namespace {

using types::SignedMsgType;

struct PoolTest : testing::Test {
    chain::TestChain chain{{10, 20, 5}};
    store::MemoryKeyValues database;
    store::BlockStore blocks{database};
    store::StateStore states{database};
    std::optional<Pool> pool;

    void SetUp() override {
        chain.genesis.consensus_params.evidence.max_age_num_blocks = 10;
        chain.genesis.consensus_params.evidence.max_age_duration = {5'000'000'000};
        chain.start();
        states.save(chain.state);
        reopen();
        for (int i = 0; i < 3; ++i) advance();
    }
    void reopen() { pool.emplace(database, blocks, states, crypto::real_verifier()); }

    void advance(std::vector<Evidence> evidence = {}) {
        const auto built = chain.build({}, evidence);
        blocks.save({built.id, built.block, built.parts,
                     consensus::Shared<types::Commit>::make(chain.commit_for(built.id))});
        ASSERT_TRUE(chain.try_advance(built, {}));
        states.save(chain.state);
        pool->committed(chain.state, built.block->evidence);
    }
    types::Vote vote(std::int64_t height, std::uint8_t block, std::size_t validator = 0) const {
        const auto set = states.validators(height);
        const types::Validator& who = set->validators()[validator];
        types::Vote made;
        made.type = SignedMsgType::precommit;
        made.height = height;
        made.block_id.hash.assign(types::hash_bytes, block);
        made.block_id.part_set_header = {1, made.block_id.hash};
        made.timestamp = chain::seconds(height);
        made.validator_address = who.address;
        made.validator_index = static_cast<std::int32_t>(validator);
        made.signature =
            chain::TestChain::key_of(who).sign(types::sign_bytes(chain.state.chain_id, made));
        return made;
    }
    Evidence double_vote(std::int64_t height, std::uint8_t block = 1,
                         std::size_t validator = 0) const {
        const auto meta = blocks.meta(height);
        auto made = types::make_duplicate_vote(
            vote(height, block, validator),
            vote(height, static_cast<std::uint8_t>(block + 1), validator),
            meta ? meta->header.time : types::Timestamp{}, *states.validators(height));
        TANDEM_CHECK(made.has_value());
        Evidence evidence;
        evidence.sum = base::Box<types::DuplicateVoteEvidence>(std::move(*made));
        return evidence;
    }
    Verdict judge(std::vector<Evidence> list) const {
        return pool->judge().judge(chain.state, {std::move(list)});
    }
    Verdict receive(std::vector<Evidence> list) {
        Walk walk;
        return pool->receive(walk, {std::move(list)}, chain.state);
    }
    std::vector<Evidence> pending() const { return pool->pending(-1); }
};

TEST_F(PoolTest, KeepsWhatIsTrueUntilABlockHasIt) {
    const Evidence evidence = double_vote(2);
    ASSERT_TRUE(pool->add(evidence, chain.state));
    ASSERT_TRUE(pool->add(evidence, chain.state)) << "again";
    EXPECT_EQ(pending(), std::vector{evidence});
    reopen();
    EXPECT_EQ(pending(), std::vector{evidence});
    advance({evidence});
    EXPECT_TRUE(pending().empty());
    ASSERT_TRUE(pool->add(evidence, chain.state));
    EXPECT_TRUE(pending().empty()) << "it was committed";
    reopen();
    EXPECT_TRUE(pending().empty());
    const Verdict again = judge({evidence});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().check, "committed");
}

TEST_F(PoolTest, RefusesWhatIsNotTrue) {
    Evidence forged = double_vote(2);
    auto& vote = *(*std::get<base::Box<types::DuplicateVoteEvidence>>(forged.sum)).vote_b;
    vote.signature[3] ^= 1;
    const Verdict verdict = pool->add(forged, chain.state);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().check, "evidence.vote_b.signature");
    EXPECT_FALSE(receive({forged})) << "the peer lies";
    EXPECT_FALSE(judge({forged}));
    EXPECT_TRUE(pending().empty());
}

TEST_F(PoolTest, DoesNotBlameAPeerForWhatWeCannotJudge) {
    Evidence ahead = double_vote(3);
    auto& both = *std::get<base::Box<types::DuplicateVoteEvidence>>(ahead.sum);
    both.vote_a->height = both.vote_b->height = 9;
    EXPECT_TRUE(receive({ahead}));
    Evidence other_time = double_vote(2);
    (*std::get<base::Box<types::DuplicateVoteEvidence>>(other_time.sum)).timestamp.seconds += 1;
    EXPECT_TRUE(receive({other_time}));
    EXPECT_TRUE(pending().empty());
    EXPECT_FALSE(pool->add(ahead, chain.state)) << "RPC hears of it";
    EXPECT_TRUE(receive({other_time, double_vote(2)}));
    EXPECT_EQ(pending().size(), 1U) << "the rest of the message counts";
}

TEST_F(PoolTest, MakesEvidenceOfReportedVotesOnceTheirHeightIsDecided) {
    pool->report(vote(4, 9), vote(4, 3));
    EXPECT_TRUE(pending().empty());
    advance();
    const auto found = pending();
    ASSERT_EQ(found.size(), 1U);
    const auto* made = found[0].duplicate_vote();
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(made->vote_a->block_id.hash[0], 3) << "in the order of evidence";
    EXPECT_EQ(made->timestamp, blocks.meta(4)->header.time);
    EXPECT_TRUE(judge(pending()));
    // A late one, of a height that was decided before.
    pool->report(vote(3, 9, 1), vote(3, 3, 1));
    advance();
    EXPECT_EQ(pending().size(), 2U);
    EXPECT_TRUE(judge(pending()));
}

TEST_F(PoolTest, LearnsFromBlocksThatItJudges) {
    const Evidence evidence = double_vote(2);
    EXPECT_TRUE(judge({evidence}));
    EXPECT_EQ(pending(), std::vector{evidence});
    EXPECT_TRUE(judge({evidence})) << "the next round's block may have it again";
    const Verdict twice = judge({evidence, evidence});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().check, "duplicate");
}

TEST_F(PoolTest, ForgetsWhatHasExpired) {
    const Evidence first = double_vote(1);
    const Evidence second = double_vote(2, 1, 1);
    ASSERT_TRUE(pool->add(first, chain.state));
    ASSERT_TRUE(pool->add(second, chain.state));
    advance({double_vote(1, 5, 2)});  // and committed
    const std::size_t entries = database.size();
    while (chain.state.last_block_height < 11) advance();
    EXPECT_EQ(pending().size(), 2U);
    advance();
    EXPECT_EQ(pending(), std::vector{second}) << "height 1 is more than 10 blocks back";
    advance();
    EXPECT_TRUE(pending().empty());
    reopen();
    EXPECT_TRUE(pending().empty());
    const Verdict expired = judge({first});
    ASSERT_FALSE(expired);
    EXPECT_EQ(expired.error().check, "age");
    // Nothing of it is left in the database: of each block as many entries as before.
    advance();
    std::size_t left = 0;
    database.visit(store::Key(store::KeySpace::evidence), base::as_bytes("F"),
                   store::Direction::ascending, [&](BytesView, BytesView) { return ++left > 0; });
    EXPECT_EQ(left, 0U);
    EXPECT_GT(database.size(), entries);
}

TEST_F(PoolTest, OffersWhatFitsIntoABlock) {
    std::vector<Evidence> all;
    for (const std::int64_t height : {3, 1, 2}) {
        all.push_back(double_vote(height));
        ASSERT_TRUE(pool->add(all.back(), chain.state));
    }
    const std::vector<Evidence> in_order{all[1], all[2], all[0]};
    EXPECT_EQ(pending(), in_order);
    const auto bytes = [](std::vector<Evidence> list) {
        return static_cast<std::int64_t>(wire::encoded_size(types::EvidenceList{std::move(list)}));
    };
    EXPECT_EQ(pool->pending(bytes(in_order)), in_order);
    EXPECT_EQ(pool->pending(bytes(in_order) - 1).size(), 2U);
    EXPECT_EQ(pool->pending(bytes({all[1]})), std::vector{all[1]});
    EXPECT_TRUE(pool->pending(0).empty());
    // As chain chooses from all of it.
    EXPECT_EQ(chain::select_evidence(pending(), bytes(in_order) - 1).evidence,
              pool->pending(bytes(in_order) - 1));
}

TEST_F(PoolTest, TellsEachPeerOnceItCanJudge) {
    const Evidence evidence = double_vote(2);
    Walk giver;
    ASSERT_TRUE(pool->receive(giver, {{evidence}}, chain.state));
    Walk walk;
    EXPECT_FALSE(pool->next_for(walk, 0, chain.state));
    EXPECT_FALSE(pool->next_for(walk, 2, chain.state));
    EXPECT_FALSE(pool->next_for(giver, 3, chain.state)) << "it told us";
    const auto message = pool->next_for(walk, 3, chain.state);
    ASSERT_TRUE(message);
    const auto list = types::decode_checked<types::EvidenceList>(*message);
    ASSERT_TRUE(list);
    EXPECT_EQ(list->evidence, std::vector{evidence});
    EXPECT_FALSE(pool->next_for(walk, 3, chain.state));
    walk.repeat();
    EXPECT_TRUE(pool->next_for(walk, 12, chain.state));
    walk.repeat();
    EXPECT_FALSE(pool->next_for(walk, 13, chain.state)) << "too old for it";
    // One item a message.
    ASSERT_TRUE(pool->add(double_vote(1), chain.state));
    Walk fresh;
    EXPECT_TRUE(pool->next_for(fresh, 4, chain.state));
    EXPECT_TRUE(pool->next_for(fresh, 4, chain.state));
    EXPECT_FALSE(pool->next_for(fresh, 4, chain.state));
}

TEST_F(PoolTest, IsBounded) {
    // As many double votes as there are pairs of blocks: all true, all of one validator.
    for (std::size_t i = 0; i < reports_max + 50; ++i)
        pool->report(vote(4, static_cast<std::uint8_t>(i % 200)),
                     vote(4, static_cast<std::uint8_t>(i % 200 + 1)));
    advance();
    EXPECT_EQ(pool->pending_count(), reports_max);
}

}  // namespace
}  // namespace tandem::evidence
