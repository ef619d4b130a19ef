#include "store/seats_store.h"

#include <gtest/gtest.h>

#include "seats/test_support.h"
#include "store/memory_key_values.h"

namespace tandem::store {
namespace {

using seats::CommitPoint;

struct SeatsStoreTest : testing::Test {
    seats::test::CheapChain chain{3, 2, 1};
    MemoryKeyValues database;

    seats::State& state() { return chain.state(); }
    static Bytes hash_at(std::int64_t height) {
        return Bytes(4, static_cast<std::uint8_t>(height));
    }
    CommitPoint next_point() {
        CommitPoint point;
        point.before = state();
        chain.execute_block(100);
        point.after = state();
        point.application_hash_before = hash_at(point.before.height);
        point.application_hash_after = hash_at(point.after.height);
        point.answer.app_hash = Bytes(32, static_cast<std::uint8_t>(point.after.height));
        return point;
    }
    static void expect_point(seats::StateStore& from, const CommitPoint& expected) {
        const auto found = from.load();
        ASSERT_TRUE(found);
        EXPECT_EQ(found->after, expected.after);
        EXPECT_EQ(found->before, expected.before);
        EXPECT_EQ(found->application_hash_after, expected.application_hash_after);
        EXPECT_EQ(found->application_hash_before, expected.application_hash_before);
        EXPECT_EQ(found->answer, expected.answer);
    }
};

TEST_F(SeatsStoreTest, GivesBackTheNewestPoint) {
    SeatsStore store(database, SeatsDurability::with_application);
    EXPECT_FALSE(store.load());
    for (int i = 0; i < 5; ++i) {
        const CommitPoint point = next_point();
        ASSERT_FALSE(point.after.recent_blocks.back().app_hash.empty());
        store.save(point);
        expect_point(store, point);
        SeatsStore reopened(database, SeatsDurability::with_application);
        expect_point(reopened, point);
        if (i == 2) reopened.save(point);  // recovery commits the same block again
        EXPECT_EQ(database.size(), 3U);
    }
}

TEST_F(SeatsStoreTest, IsDurableWhereItMustBe) {
    SeatsStore at_once(database, SeatsDurability::at_once);
    const CommitPoint point = next_point();
    at_once.save(point);
    database.crash();
    expect_point(at_once, point);

    SeatsStore joined(database, SeatsDurability::with_application);
    const std::size_t syncs = database.syncs();
    joined.save(next_point());
    EXPECT_EQ(database.syncs(), syncs);
    database.crash();
    SeatsStore reopened(database, SeatsDurability::with_application);
    expect_point(reopened, point);
}

TEST_F(SeatsStoreTest, KeepsARestoredStateWithoutOneBefore) {
    SeatsStore store(database, SeatsDurability::at_once);
    CommitPoint point = next_point();
    point.before = point.after;
    point.application_hash_before = point.application_hash_after;
    store.save(point);
    expect_point(store, point);
    const CommitPoint next = next_point();
    store.save(next);
    expect_point(store, next);
}

TEST_F(SeatsStoreTest, KeepsStatesForSnapshots) {
    SeatsStore store(database, SeatsDurability::at_once);
    std::map<std::int64_t, seats::State> kept;
    for (int i = 0; i < 3; ++i) {
        const CommitPoint point = next_point();
        store.save(point);
        store.keep_for_snapshots(point.after.height, point.after, hash_at(point.after.height));
        kept[point.after.height] = point.after;
    }
    SeatsStore reopened(database, SeatsDurability::at_once);
    std::vector<std::int64_t> heights;
    for (const auto& [height, state] : kept) {
        heights.push_back(height);
        const auto found = reopened.load_for_snapshots(height);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->state, state);
        EXPECT_EQ(found->application_hash, hash_at(height));
    }
    EXPECT_EQ(reopened.kept_for_snapshots(), heights);
    reopened.drop_for_snapshots(heights[1]);
    EXPECT_EQ(reopened.kept_for_snapshots(), (std::vector{heights[0], heights[2]}));
    EXPECT_FALSE(reopened.load_for_snapshots(heights[1]));
}

}  // namespace
}  // namespace tandem::store
