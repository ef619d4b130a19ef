#include "sync/light_sync.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"

namespace tandem::sync {
namespace {

using types::LightBlock;

/// A chain whose validators are replaced bit by bit, so that far headers cannot be trusted at once.
struct LightSyncTest : ::testing::Test {
    chain::TestChain chain{{10, 10, 10}};
    std::map<std::int64_t, LightBlock> blocks;
    std::map<std::int64_t, chain::State> states;  // after each height
    std::map<std::int64_t, types::Commit> commits;
    std::vector<LightQuestion> asked;
    types::Timestamp now = chain::seconds(1000);

    void SetUp() override {
        for (int i = 0; i < 40; ++i) advance();
    }
    void advance() {
        const auto built = chain.build();
        const std::int64_t height = built.block->header.height;
        const auto commit = chain.commit_for(built.id);
        LightBlock& block = blocks[height];
        block.signed_header.emplace().header.emplace() = built.block->header;
        block.signed_header->commit.emplace() = commit;
        block.validator_set.emplace() = chain.state.validators->to_message();
        commits[height] = commit;
        abci::ResponseFinalizeBlock answer;
        answer.app_hash = base::Bytes(4, static_cast<std::uint8_t>(height));
        // Every fifth height one validator leaves and another comes: keys 1 to 15.
        if (height % 5 == 0 && height / 5 + 3 < 15) {
            const auto step = static_cast<std::uint8_t>(height / 5);
            answer.validator_updates.push_back({chain::test_key(step).public_key(), 0});
            answer.validator_updates.push_back(
                {chain::test_key(static_cast<std::uint8_t>(step + 3)).public_key(), 10});
        }
        ASSERT_TRUE(chain.try_advance(built, answer));
        states[height] = chain.state;
    }
    LightSyncConfig config(std::int64_t trust_height = 2) const {
        LightSyncConfig made;
        made.chain_id = chain.state.chain_id;
        made.trust_height = trust_height;
        made.trust_hash = types::hash_of(*blocks.at(trust_height).signed_header->header);
        made.servers = 3;
        return made;
    }
    using Spoil = std::function<base::Result<LightBlock>(const LightQuestion&, LightBlock)>;

    base::Result<SyncedState> run(LightSync& sync, std::int64_t height, const Spoil& spoil = {}) {
        asked.clear();
        sync.want(height);
        while (true) {
            if (auto outcome = sync.outcome()) {
                EXPECT_FALSE(sync.next_question());
                return std::move(*outcome);
            }
            const auto question = sync.next_question();
            TANDEM_CHECK(question.has_value() && asked.size() < 200);
            asked.push_back(*question);
            if (question->kind == LightQuestion::Kind::params) {
                sync.answer(states.at(question->height - 1).consensus_params, now);
                continue;
            }
            const auto found = blocks.find(question->height);
            if (found == blocks.end()) {
                sync.answer(base::Result<LightBlock>(base::refuse("height", "is not there")), now);
            } else if (spoil) {
                sync.answer(spoil(*question, found->second), now);
            } else {
                sync.answer(base::Result<LightBlock>(found->second), now);
            }
        }
    }
    std::string refusal(const Spoil& spoil, LightSyncConfig settings, std::int64_t height = 30) {
        LightSync sync(std::move(settings), crypto::real_verifier());
        const auto result = run(sync, height, spoil);
        return result ? "" : result.error().check;
    }
};

TEST_F(LightSyncTest, ComesToTheStateOfTheChain) {
    LightSync sync(config(), crypto::real_verifier());
    const auto result = run(sync, 30);
    ASSERT_TRUE(result) << result.error().check << ": " << result.error().why;
    chain::State expected = states.at(30);
    expected.last_height_validators_changed = 32;
    expected.last_height_consensus_params_changed = 31;
    EXPECT_EQ(result->state, expected);
    EXPECT_EQ(result->commit, commits.at(30));
    EXPECT_EQ(result->app_hash, base::Bytes(4, 30));
    EXPECT_GT(asked.size(), 8U) << "it had to go step by step";
    EXPECT_LT(asked.size(), 30U) << "but not by every height";
    // With what is known, the next one costs little.
    const auto next = run(sync, 31);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->app_hash, base::Bytes(4, 31));
    EXPECT_EQ(asked.size(), 8U) << "one header, two servers' three, the parameters";
}

TEST_F(LightSyncTest, BeginsAtTheTrustedHeightItself) {
    LightSync sync(config(30), crypto::real_verifier());
    EXPECT_TRUE(run(sync, 30));
    const auto below = run(sync, 29);
    ASSERT_FALSE(below);
    EXPECT_EQ(below.error().check, "statesync.trust_height");
}

TEST_F(LightSyncTest, RefusesAnotherChainThanTheTrustedOne) {
    auto other = config();
    other.trust_hash[0] ^= 1;
    EXPECT_EQ(refusal({}, other), "statesync.trust_hash");
}

TEST_F(LightSyncTest, RefusesWhatIsTooOld) {
    auto short_period = config();
    short_period.trust_period = {500'000'000'000};
    EXPECT_EQ(refusal({}, short_period), "statesync.trust_period");
}

TEST_F(LightSyncTest, RefusesHeightsWhoseSuccessorsAreNotThere) {
    EXPECT_EQ(refusal({}, config(), 39), "statesync.servers");
    EXPECT_EQ(refusal({}, config(), 38), "");
}

TEST_F(LightSyncTest, AsksTheNextServerWhereOneLies) {
    const auto first_lies = [](const LightQuestion& question, LightBlock block) {
        if (question.server == 0) block.signed_header->commit->signatures[0].signature[3] ^= 1;
        return base::Result<LightBlock>(std::move(block));
    };
    EXPECT_EQ(refusal(first_lies, config()), "");
    const auto first_is_away = [](const LightQuestion& question, LightBlock block) {
        if (question.server == 0)
            return base::Result<LightBlock>(base::refuse("connection", "refused"));
        return base::Result<LightBlock>(std::move(block));
    };
    EXPECT_EQ(refusal(first_is_away, config()), "");
}

TEST_F(LightSyncTest, NeedsASecondOpinion) {
    const auto one_answers = [](const LightQuestion& question, LightBlock block) {
        if (question.server != 1)
            return base::Result<LightBlock>(base::refuse("connection", "refused"));
        return base::Result<LightBlock>(std::move(block));
    };
    EXPECT_EQ(refusal(one_answers, config()), "statesync.witness");
}

TEST_F(LightSyncTest, TellsWhereServersDisagree) {
    const auto witness_differs = [](const LightQuestion& question, LightBlock block) {
        if (question.server == 2) {
            block.signed_header->header->app_hash.assign(4, 99);
            block.signed_header->commit->block_id.hash =
                types::hash_of(*block.signed_header->header);
        }
        return base::Result<LightBlock>(std::move(block));
    };
    EXPECT_EQ(refusal(witness_differs, config()), "statesync.servers_disagree");
}

/// GHSA-g5xx-c4hv-9ccc: the servers agree on every header, and one lies about whose turn it is.
TEST_F(LightSyncTest, Asa2024_009_ProposerPrioritiesOfOneServer) {
    for (const std::size_t liar : {std::size_t{0}, std::size_t{2}}) {
        for (const std::int64_t height : {30, 31, 32}) {
            const auto lies = [&](const LightQuestion& question, LightBlock block) {
                auto& validators = block.validator_set->validators;
                if (question.server == liar && question.height == height)
                    std::swap(validators[0].proposer_priority, validators[1].proposer_priority);
                return base::Result<LightBlock>(std::move(block));
            };
            EXPECT_EQ(refusal(lies, config()), "statesync.priorities_disagree")
                << liar << " at " << height;
        }
    }
}

TEST_F(LightSyncTest, HoldsParametersAgainstTheHeader) {
    for (auto& [height, state] : states) state.consensus_params.block.max_bytes -= 1;
    EXPECT_EQ(refusal({}, config()), "statesync.servers");
}

}  // namespace
}  // namespace tandem::sync
