#include "store/memory_key_values.h"

#include <gtest/gtest.h>

#include "store/storage.h"

namespace tandem::store {
namespace {

Bytes bytes(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

std::string all(const KeyValues& database, std::string_view first, std::string_view end,
                Direction direction, std::size_t entries_max = 100) {
    std::string text;
    database.visit(base::as_bytes(first), base::as_bytes(end), direction,
                   [&](BytesView key, BytesView value) {
                       text += base::as_text(key);
                       text += base::as_text(value);
                       return --entries_max > 0;
                   });
    return text;
}

TEST(MemoryKeyValues, VisitsRangesInBothDirections) {
    MemoryKeyValues database;
    for (const char* key : {"b", "a", "c", "ca", "d"}) database.put(bytes(key), bytes("."));
    EXPECT_EQ(all(database, "", "", Direction::ascending), "a.b.c.ca.d.");
    EXPECT_EQ(all(database, "b", "d", Direction::ascending), "b.c.ca.");
    EXPECT_EQ(all(database, "b", "d", Direction::descending), "ca.c.b.");
    EXPECT_EQ(all(database, "b", "", Direction::descending, 2), "d.ca.");
    EXPECT_EQ(all(database, "d", "b", Direction::ascending), "");
    EXPECT_EQ(all(database, "bb", "bc", Direction::ascending), "");
}

TEST(MemoryKeyValues, TakesABatchInOrder) {
    MemoryKeyValues database;
    Batch batch;
    batch.put(bytes("a"), bytes("1"));
    batch.put(bytes("b"), bytes("1"));
    batch.put(bytes("c"), bytes("1"));
    batch.remove_range(bytes("a"), bytes("c"));
    batch.put(bytes("b"), bytes("2"));
    batch.remove(bytes("c"));
    database.write(batch);
    EXPECT_EQ(all(database, "", "", Direction::ascending), "b2");
    EXPECT_EQ(database.get(base::as_bytes("a")), std::nullopt);
    EXPECT_EQ(database.get(base::as_bytes("b")), bytes("2"));
}

TEST(MemoryKeyValues, LosesAtMostWhatWasNotSynced) {
    MemoryKeyValues database;
    database.put(bytes("a"), bytes("1"));
    database.sync();
    database.put(bytes("b"), bytes("1"));
    database.put(bytes("a"), bytes("2"));
    EXPECT_EQ(all(database, "", "", Direction::ascending), "a2b1");
    MemoryKeyValues other = database;
    database.crash();
    EXPECT_EQ(all(database, "", "", Direction::ascending), "a1");
    other.crash(1);
    EXPECT_EQ(all(other, "", "", Direction::ascending), "a1b1");
}

TEST(MemoryKeyValues, LetsAVisitorWrite) {
    MemoryKeyValues database;
    for (const char* key : {"a", "b", "c"}) database.put(bytes(key), {});
    database.visit({}, {}, Direction::ascending, [&](BytesView key, BytesView) {
        Batch batch;
        batch.remove(base::to_bytes(key));
        database.write(batch);
        return true;
    });
    EXPECT_EQ(database.size(), 0U);
}

TEST(Database, BelongsToOneChain) {
    MemoryKeyValues database;
    EXPECT_TRUE(claim(database, "a"));
    EXPECT_TRUE(claim(database, "a"));
    const auto other = claim(database, "b");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().check, "database.chain_id");
    for (const std::string_view layout : {"0801120161", "0803120161"}) {
        database.put(Key(KeySpace::format), *base::from_hex(layout));
        const auto another = claim(database, "a");
        ASSERT_FALSE(another);
        EXPECT_EQ(another.error().check, "database.version");
    }
}

TEST(Database, AViewStaysAsItIs) {
    MemoryKeyValues database;
    database.put(Key(KeySpace::state, 1), Bytes{1});
    const auto view = database.view();
    database.put(Key(KeySpace::state, 1), Bytes{2});
    database.put(Key(KeySpace::state, 2), Bytes{3});
    EXPECT_EQ(view->get(Key(KeySpace::state, 1)), Bytes{1});
    EXPECT_EQ(view->get(Key(KeySpace::state, 2)), std::nullopt);
    int entries = 0;
    view->visit({}, {}, Direction::ascending, [&](BytesView, BytesView) { return ++entries > 0; });
    EXPECT_EQ(entries, 1);
}

TEST(Database, ARestoreThatDidNotEndIsUndone) {
    MemoryKeyValues database;
    ASSERT_TRUE(claim(database, "a"));
    database.sync();
    EXPECT_FALSE(undo_unfinished_restore(database));
    begin_restore(database);
    for (int first = 1; first < 255; ++first)
        if (first != static_cast<int>(KeySpace::format))
            database.put({static_cast<std::uint8_t>(first), 7}, Bytes{1});
    database.crash(50);
    EXPECT_TRUE(undo_unfinished_restore(database));
    EXPECT_EQ(database.size(), 1U);
    EXPECT_TRUE(claim(database, "a"));
    EXPECT_FALSE(undo_unfinished_restore(database));
    begin_restore(database);
    database.put(Key(KeySpace::state), Bytes{1});
    end_restore(database);
    database.crash();
    EXPECT_FALSE(undo_unfinished_restore(database));
    EXPECT_TRUE(database.get(Key(KeySpace::state)));
}

TEST(Keys, StandInTheOrderOfHeights) {
    std::vector<Bytes> keys;
    for (const std::int64_t height : {0L, 1L, 9L, 10L, 255L, 256L, 65'536L, 1L << 40})
        keys.push_back(Key(KeySpace::block_meta, height));
    EXPECT_TRUE(std::ranges::is_sorted(keys));
    EXPECT_EQ(height_in(keys.back()), 1L << 40);
    EXPECT_EQ(height_in(BytesView(keys.back()).first(8)), std::nullopt);
}

}  // namespace
}  // namespace tandem::store
