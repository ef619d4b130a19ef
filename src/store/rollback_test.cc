#include "store/rollback.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"
#include "store/memory_key_values.h"

namespace tandem::store {
namespace {

struct RollbackTest : testing::Test {
    chain::TestChain chain{{10, 10, 10, 10}};
    MemoryKeyValues database;
    BlockStore blocks{database};
    StateStore states{database};
    std::vector<chain::State> history;  // after each height, from 0 on

    void SetUp() override {
        states.save(chain.state);
        history.push_back(chain.state);
    }
    void store_block(const chain::BuiltBlock& built) {
        blocks.save({built.id, built.block, built.parts,
                     Shared<types::Commit>::make(chain.commit_for(built.id))});
    }
    void add_block(const abci::ResponseFinalizeBlock& changes = {}) {
        const auto built = chain.build({Bytes(10, 7)});
        store_block(built);
        abci::ResponseFinalizeBlock answer = changes;
        answer.app_hash = Bytes(8, static_cast<std::uint8_t>(history.size()));
        answer.tx_results.resize(1);
        ASSERT_TRUE(chain.try_advance(built, answer));
        states.save(chain.state);
        history.push_back(chain.state);
    }
    /// The state after `height`; `changed` fields may name a later height than they did.
    void expect_state(std::int64_t height) {
        auto expected = history[static_cast<std::size_t>(height)];
        const auto found = states.load();
        ASSERT_TRUE(found);
        expected.last_height_validators_changed = found->last_height_validators_changed;
        expected.last_height_consensus_params_changed = found->last_height_consensus_params_changed;
        EXPECT_EQ(*found, expected);
        EXPECT_LE(found->last_height_validators_changed, height + 2);
        EXPECT_LE(found->last_height_consensus_params_changed, height + 1);
    }
};

TEST_F(RollbackTest, GoesBackOneHeightAndKeepsTheBlock) {
    for (int i = 0; i < 5; ++i) add_block();
    const auto done = roll_back(blocks, states, false);
    ASSERT_TRUE(done) << done.error().why;
    EXPECT_EQ(*done, (RolledBack{4, history[4].app_hash}));
    EXPECT_EQ(blocks.height(), 5);
    expect_state(4);
    EXPECT_EQ(*states.validators(6), *history[4].next_validators);
    EXPECT_FALSE(states.validators(7));
}

TEST_F(RollbackTest, HardTakesTheBlockAndCanBeRepeated) {
    for (int i = 0; i < 5; ++i) add_block();
    for (std::int64_t height = 4; height >= 1; --height) {
        const auto done = roll_back(blocks, states, true);
        ASSERT_TRUE(done) << done.error().why;
        EXPECT_EQ(done->height, height);
        EXPECT_EQ(blocks.height(), height);
        expect_state(height);
    }
    const auto refused = roll_back(blocks, states, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().check, "rollback.first");
    EXPECT_EQ(blocks.height(), 1);
    expect_state(1);
}

TEST_F(RollbackTest, ChangesOfTheBlockAreUndone) {
    for (int i = 0; i < 3; ++i) add_block();
    abci::ResponseFinalizeBlock changes;
    changes.validator_updates.push_back({chain::test_key(2).public_key(), 77});
    changes.consensus_param_updates =
        base::Box<types::ConsensusParamsMessage>(types::ConsensusParamsMessage{});
    changes.consensus_param_updates->block =
        base::Box<types::BlockParams>(types::BlockParams{2'000'000, -1});
    add_block(changes);
    ASSERT_NE(history[4].consensus_params, history[3].consensus_params);
    ASSERT_TRUE(roll_back(blocks, states, false));
    expect_state(3);
}

TEST_F(RollbackTest, ABlockThatWasNotExecutedIsAllThatGoes) {
    for (int i = 0; i < 3; ++i) add_block();
    store_block(chain.build({Bytes(10, 7)}));
    const auto soft = roll_back(blocks, states, false);
    ASSERT_TRUE(soft);
    EXPECT_EQ(soft->height, 3);
    EXPECT_EQ(blocks.height(), 4);
    ASSERT_TRUE(roll_back(blocks, states, true));
    EXPECT_EQ(blocks.height(), 3);
    expect_state(3);
}

TEST_F(RollbackTest, RefusesWhereNothingIsBefore) {
    MemoryKeyValues empty;
    BlockStore no_blocks(empty);
    StateStore no_states(empty);
    EXPECT_EQ(roll_back(no_blocks, no_states, true).error().check, "rollback.empty");
    for (int i = 0; i < 4; ++i) add_block();
    blocks.prune(4, 4);
    EXPECT_EQ(roll_back(blocks, states, true).error().check, "rollback.block");
    expect_state(4);
    blocks.remove_newest();
    BlockStore other_blocks(empty);
    EXPECT_EQ(roll_back(other_blocks, states, true).error().check, "rollback.heights");
}

}  // namespace
}  // namespace tandem::store
