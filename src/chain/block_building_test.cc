#include "chain/block_building.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"

namespace tandem::chain {
namespace {

TEST(BlockBuilding, ItsBlocksAreValid) {
    TestChain chain({10, 20, 30}, 5);
    for (int i = 0; i < 6; ++i) {
        const auto built = chain.build({{1, 2, 3}, {}, base::Bytes(100, 7)});
        const Verdict verdict = validate_block(chain.state, *built.block, test_validation());
        ASSERT_TRUE(verdict) << verdict.error().check << ": " << verdict.error().why;
        EXPECT_EQ(built.block->header.height, 5 + i);
        EXPECT_EQ(built.id.hash, types::hash_of(built.block->header));
        EXPECT_EQ(built.id.part_set_header, built.parts->header());
        const auto bytes = built.parts->assemble();
        const auto read = wire::decode<types::Block>(*bytes, bytes);
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, *built.block);
        abci::ResponseFinalizeBlock answer;
        answer.tx_results.resize(3);
        answer.app_hash = {static_cast<std::uint8_t>(i)};
        ASSERT_TRUE(chain.try_advance(built, answer));
    }
}

TEST(BlockBuilding, RoomIsWhatTheParametersLeave) {
    TestChain chain({10, 20, 30});
    auto& block_params = chain.state.consensus_params.block;
    block_params = {200'000, 77};
    const std::vector<types::Evidence> pending{double_vote(1, 1)};
    const auto draft = draft_block(chain.state, {}, chain.proposer(), pending, {});
    ASSERT_TRUE(draft);
    const auto evidence_bytes = static_cast<std::int64_t>(wire::encoded_size(draft->evidence));
    EXPECT_EQ(draft->tx_bytes_max, 200'000 - 11 - 626 - (94 + 3 * 3358) - evidence_bytes);
    EXPECT_EQ(draft->offer, (OfferLimits{draft->tx_bytes_max, 77}));
    EXPECT_EQ(prepare_proposal_request(chain.state, *draft, {}).max_tx_bytes, draft->tx_bytes_max);

    block_params = {-1, -1};  // no limit of the chain's own
    const auto wide = draft_block(chain.state, {}, chain.proposer(), {}, {});
    ASSERT_TRUE(wide);
    EXPECT_EQ(wide->tx_bytes_max, 104'857'600 - 11 - 626 - (94 + 3 * 3358));
    EXPECT_EQ(wide->offer, (OfferLimits{-1, -1}));

    block_params = {10'000, -1};
    const auto none = draft_block(chain.state, {}, chain.proposer(), {}, {});
    EXPECT_FALSE(none) << "the commit alone takes more";
}

TEST(BlockBuilding, AnAnswerMayFillTheRoomAndNoMore) {
    TestChain chain({10});
    chain.state.consensus_params.block.max_bytes = 10'000;
    const auto draft = draft_block(chain.state, {}, chain.proposer(), {}, {});
    ASSERT_TRUE(draft);
    const auto finish = [&](std::int64_t tx_bytes) {
        const std::vector<base::Bytes> txs{base::Bytes(static_cast<std::size_t>(tx_bytes), 1)};
        return finish_block(chain.state, *draft, wire::Txs::copy_of(txs));
    };
    const std::int64_t fits = draft->tx_bytes_max - 3;  // tag and two bytes of length
    EXPECT_TRUE(finish(fits));
    const auto refused = finish(fits + 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().check, "prepare_proposal.txs");
    EXPECT_TRUE(finish(0)) << "empty transactions are allowed";
}

TEST(BlockBuilding, EvidenceUpToItsLimit) {
    const std::vector<types::Evidence> pending{double_vote(1, 1), double_vote(1, 2),
                                               double_vote(2, 3)};
    const auto size_of = [&](std::size_t count) {
        types::EvidenceList list;
        list.evidence.assign(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(count));
        return static_cast<std::int64_t>(wire::encoded_size(list));
    };
    for (std::size_t count = 0; count <= 3; ++count) {
        EXPECT_EQ(select_evidence(pending, size_of(count)).evidence.size(), count);
        if (count > 0) {
            EXPECT_EQ(select_evidence(pending, size_of(count) - 1).evidence.size(), count - 1);
        }
    }
}

TEST(BlockBuilding, TheRequestShowsWhatTheBlockWillHold) {
    TestChain chain({10, 20, 30});
    chain.advance();
    const std::vector<types::Evidence> pending{double_vote(1, 4, 6)};
    const auto draft =
        draft_block(chain.state, chain.last_commit, chain.proposer(), pending, ChainRules{});
    ASSERT_TRUE(draft);
    const std::vector<base::Bytes> txs{{1}, {2}};
    const auto request = prepare_proposal_request(chain.state, *draft, wire::Txs::copy_of(txs));
    EXPECT_EQ(request.height, 2);
    EXPECT_EQ(request.txs.size(), 2u);
    EXPECT_EQ(request.time, seconds(1));
    EXPECT_EQ(request.next_validators_hash, chain.state.next_validators.hash());
    EXPECT_EQ(request.proposer_address, chain.proposer());
    ASSERT_EQ(request.misbehavior.size(), 1u);
    EXPECT_EQ(request.misbehavior[0].validator.power, 6);
    ASSERT_EQ(request.local_last_commit.votes.size(), 3u);
    EXPECT_TRUE(request.local_last_commit.votes[0].extension_signature.empty());
}

types::ExtendedCommit with_extensions(const types::Commit& commit) {
    types::ExtendedCommit extended{commit.height, commit.round, commit.block_id, {}};
    for (const types::CommitSig& s : commit.signatures) {
        types::ExtendedCommitSig wide{
            s.block_id_flag, s.validator_address, s.timestamp, s.signature, {}, {}};
        if (s.block_id_flag == types::BlockIdFlag::commit) {
            wide.extension = {42};
            wide.extension_signature.assign(64, 1);
        }
        extended.extended_signatures.push_back(std::move(wide));
    }
    return extended;
}

TEST(BlockBuilding, ExtensionsMustBeThereExactlyWhereEnabled) {
    TestChain chain({10, 20, 30, 40});
    chain.advance({}, {{types::BlockIdFlag::commit, 3},
                       {types::BlockIdFlag::commit, 3},
                       {types::BlockIdFlag::nil, 3},
                       {types::BlockIdFlag::absent, 0}});
    const auto& commit = *std::get<Shared<types::Commit>>(chain.last_commit);
    const auto extended = Shared<types::ExtendedCommit>::make(with_extensions(commit));
    const auto draft_with = [&](const consensus::CommitRecord& record) {
        return draft_block(chain.state, record, chain.proposer(), {}, ChainRules{});
    };
    EXPECT_TRUE(draft_with(chain.last_commit));
    EXPECT_FALSE(draft_with(extended)) << "not enabled at height 1";
    chain.state.consensus_params.abci.vote_extensions_enable_height = 1;
    EXPECT_FALSE(draft_with(chain.last_commit));
    const auto draft = draft_with(extended);
    ASSERT_TRUE(draft);
    EXPECT_EQ(draft->last_commit, commit);
    const auto& votes = draft->local_last_commit.votes;
    ASSERT_EQ(votes.size(), 4u);
    EXPECT_EQ(votes[0].vote_extension, base::Bytes{42});
    EXPECT_TRUE(votes[2].vote_extension.empty());
    EXPECT_EQ(votes[2].block_id_flag, types::BlockIdFlag::nil);
    EXPECT_EQ(votes[3].block_id_flag, types::BlockIdFlag::absent);
    EXPECT_EQ(votes[3].validator.address, chain.state.last_validators->validators()[3].address);
}

TEST(BlockBuilding, ACommitThatDoesNotFitIsRefused) {
    TestChain chain({10, 20, 30});
    chain.advance();
    const auto& good = *std::get<Shared<types::Commit>>(chain.last_commit);
    const auto check = [&](const std::function<void(types::Commit&)>& spoil) {
        types::Commit commit = good;
        spoil(commit);
        const auto draft = draft_block(chain.state, Shared<types::Commit>::make(commit),
                                       chain.proposer(), {}, ChainRules{});
        return draft ? "" : draft.error().check;
    };
    EXPECT_EQ(check([](auto&) {}), "");
    EXPECT_EQ(check([](auto& c) { c.signatures.pop_back(); }), "last_commit.size");
    EXPECT_EQ(check([](auto& c) { std::swap(c.signatures[0], c.signatures[1]); }),
              "last_commit.validator_address");
    EXPECT_EQ(check([](auto& c) { c.height = 2; }), "last_commit.block_id");
    EXPECT_EQ(check([](auto& c) { c.block_id.hash[0] ^= 1; }), "last_commit.block_id");
    const auto nothing = draft_block(chain.state, {}, chain.proposer(), {}, ChainRules{});
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().check, "last_commit");
}

}  // namespace
}  // namespace tandem::chain
