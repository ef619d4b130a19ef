#include "store/state_store.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"
#include "store/memory_key_values.h"

namespace tandem::store {
namespace {

struct StateStoreTest : testing::Test {
    chain::TestChain chain{{10, 20, 5}};
    MemoryKeyValues database;
    StateStore store{database, "test"};
    std::map<std::int64_t, types::ValidatorSet> sets;  // by height, as the chain had them
    std::map<std::int64_t, types::ConsensusParams> params;

    void SetUp() override { save(); }
    void save() {
        store.save(chain.state);
        const std::int64_t next = chain.state.next_height();
        sets[next] = *chain.state.validators;
        sets[next + 1] = *chain.state.next_validators;
        params[next] = chain.state.consensus_params;
    }
    void advance(const abci::ResponseFinalizeBlock& answer = {}) {
        // The parts of a state that matter here need no signatures.
        types::Header header;
        header.height = chain.state.next_height();
        header.time = chain::seconds(header.height);
        auto next = chain::update_state(chain.state, types::BlockId{}, header, answer);
        ASSERT_TRUE(next) << next.error().why;
        chain.state = std::move(*next);
        save();
    }
    void change_power(std::uint8_t key, std::int64_t power) {
        abci::ResponseFinalizeBlock answer;
        answer.validator_updates.push_back({chain::test_key(key).public_key(), power});
        advance(answer);
    }
    void expect_all(const StateStore& from) const {
        EXPECT_EQ(from.load(), chain.state);
        for (const auto& [height, set] : sets) {
            const auto found = from.validators(height);
            ASSERT_TRUE(found) << height;
            EXPECT_EQ(*found, set) << height;
        }
        EXPECT_FALSE(from.validators(sets.rbegin()->first + 1));
        EXPECT_FALSE(from.validators(0));
        for (const auto& [height, expected] : params)
            EXPECT_EQ(from.params(height), expected) << height;
        EXPECT_FALSE(from.params(params.rbegin()->first + 1));
    }
};

TEST_F(StateStoreTest, IsEmptyAtFirst) {
    MemoryKeyValues empty;
    const StateStore other(empty);
    EXPECT_FALSE(other.load());
    EXPECT_FALSE(other.validators(1));
    EXPECT_FALSE(other.params(1));
    EXPECT_FALSE(other.answer(1));
}

TEST_F(StateStoreTest, KnowsTheFirstState) {
    expect_all(store);
    expect_all(StateStore(database));
}

TEST_F(StateStoreTest, KnowsValidatorsOfAllHeights) {
    for (int i = 0; i < 20; ++i) advance();
    change_power(2, 7);
    change_power(4, 11);
    for (int i = 0; i < 20; ++i) advance();
    change_power(1, 0);
    for (int i = 0; i < 5; ++i) advance();
    expect_all(store);
    expect_all(StateStore(database));
    // In no order.
    const StateStore reopened(database);
    for (const std::int64_t height : {40, 3, 22, 23, 24, 21, 45, 1, 2, 47})
        EXPECT_EQ(*reopened.validators(height), sets.at(height));
}

TEST_F(StateStoreTest, WritesSetsOnlyWhereTheyChangeAndNowAndThen) {
    const std::size_t before = database.size();
    for (std::int64_t i = 0; i < 2 * StateStore::validators_interval; ++i) advance();
    EXPECT_EQ(database.size(), before + 2);
    const StateStore reopened(database);
    for (const std::int64_t height : {5L, 999L, 1000L, 1001L, 1999L, 2000L, 2002L})
        EXPECT_EQ(*reopened.validators(height), sets.at(height)) << height;
}

TEST_F(StateStoreTest, KnowsParametersOfAllHeights) {
    for (int i = 0; i < 3; ++i) advance();
    abci::ResponseFinalizeBlock answer;
    types::ConsensusParamsMessage update;
    update.block = types::BlockParams{.max_bytes = 2'000'000, .max_gas = 77};
    answer.consensus_param_updates = update;
    advance(answer);
    for (int i = 0; i < 3; ++i) advance();
    EXPECT_EQ(params.at(5).block.max_gas, 77);
    expect_all(store);
    expect_all(StateStore(database));
}

TEST_F(StateStoreTest, KeepsAnswers) {
    abci::ResponseFinalizeBlock answer;
    for (std::int64_t height = 1; height <= 4; ++height) {
        answer.app_hash = Bytes(3, static_cast<std::uint8_t>(height));
        store.save_answer(height, answer, height != 3);
    }
    EXPECT_EQ(store.answer(1)->app_hash, Bytes(3, 1));
    EXPECT_FALSE(store.answer(2));
    EXPECT_EQ(store.answer(4), answer);
    EXPECT_FALSE(store.answer(5));
}

TEST_F(StateStoreTest, PrunesAndStillKnowsTheRest) {
    for (int i = 0; i < 5; ++i) advance();
    change_power(2, 7);
    for (std::int64_t height = 1; height <= 10; ++height) store.save_answer(height, {});
    for (int i = 0; i < 10; ++i) advance();
    const std::size_t entries = database.size();
    store.prune(12, 6);
    EXPECT_EQ(entries - database.size(), 10U + 1) << "answers, and the set of height 1";
    std::erase_if(sets, [](const auto& entry) { return entry.first < 6; });
    for (const StateStore& from : {store, StateStore(database)}) {
        expect_all(from);
        EXPECT_FALSE(from.validators(1));
        EXPECT_FALSE(from.answer(10));
    }
    store.prune(14, 13);
    std::erase_if(sets, [](const auto& entry) { return entry.first < 13; });
    for (const StateStore& from : {store, StateStore(database)}) {
        expect_all(from);
        EXPECT_FALSE(from.validators(7));
    }
}

TEST_F(StateStoreTest, GoesBackAndForth) {
    for (int i = 0; i < 5; ++i) advance();
    const chain::State earlier = chain.state;
    change_power(2, 7);  // would bind two heights later
    store.replace(earlier);
    chain.state = earlier;
    sets.erase(earlier.next_height() + 2);
    params.erase(earlier.next_height() + 1);
    expect_all(store);
    expect_all(StateStore(database));
    // Another answer this time: the change must have left no trace.
    advance();
    advance();
    advance();
    expect_all(store);
    expect_all(StateStore(database));
}

TEST_F(StateStoreTest, BeginsAnywhereAfterAStateSync) {
    for (int i = 0; i < 7; ++i) advance();
    MemoryKeyValues other;
    StateStore synced(other);
    synced.replace(chain.state);
    EXPECT_EQ(synced.load(), chain.state);
    for (std::int64_t height = 7; height <= 9; ++height)
        EXPECT_EQ(*synced.validators(height), sets.at(height));
    EXPECT_FALSE(synced.validators(6));
    EXPECT_FALSE(synced.validators(10));
    EXPECT_EQ(synced.params(8), params.at(8));
}

}  // namespace
}  // namespace tandem::store
