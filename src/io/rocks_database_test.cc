#include "io/rocks_database.h"

#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "io/exit_codes.h"
#include "io/testing.h"

namespace tandem::io {
namespace {

using store::Batch;
using store::Bytes;
using store::BytesView;
using store::Direction;

Bytes bytes(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

struct RocksTest : testing::Test {
    TemporaryFolder temporary;
    std::filesystem::path folder = temporary.path() / "database";

    std::unique_ptr<RocksDatabase> open() const {
        auto opened = RocksDatabase::open(folder);
        EXPECT_TRUE(opened) << opened.error().why;
        return std::move(*opened);
    }
    static std::string all(const store::KeyValues& database, std::string_view first,
                           std::string_view end, Direction direction,
                           std::size_t entries_max = 100) {
        std::string text;
        database.visit(base::as_bytes(first), base::as_bytes(end), direction,
                       [&](BytesView key, BytesView value) {
                           text += base::as_text(key);
                           text += base::as_text(value);
                           return --entries_max > 0;
                       });
        return text;
    }
};

TEST_F(RocksTest, IsAnOrderedMap) {
    const auto database = open();
    for (const char* key : {"b", "a", "c", "ca", "d"}) database->put(bytes(key), bytes("."));
    EXPECT_EQ(all(*database, "", "", Direction::ascending), "a.b.c.ca.d.");
    EXPECT_EQ(all(*database, "b", "d", Direction::ascending), "b.c.ca.");
    EXPECT_EQ(all(*database, "b", "d", Direction::descending), "ca.c.b.");
    EXPECT_EQ(all(*database, "b", "", Direction::descending, 2), "d.ca.");
    EXPECT_EQ(all(*database, "d", "b", Direction::ascending), "");
    EXPECT_EQ(all(*database, "bb", "bc", Direction::descending), "");
    EXPECT_EQ(database->get(base::as_bytes("x")), std::nullopt);
}

TEST_F(RocksTest, TakesABatchInOrder) {
    const auto database = open();
    Batch batch;
    batch.put(bytes("a"), bytes("1"));
    batch.put(bytes("b"), bytes("1"));
    batch.put(bytes("c"), bytes("1"));
    batch.remove_range(bytes("a"), bytes("c"));
    batch.remove_range(bytes("z"), bytes("c"));  // empty
    batch.put(bytes("b"), bytes("2"));
    batch.remove(bytes("c"));
    database->write(batch);
    EXPECT_EQ(all(*database, "", "", Direction::ascending), "b2");
}

TEST_F(RocksTest, LetsAVisitorWrite) {
    const auto database = open();
    for (const char* key : {"a", "b", "c"}) database->put(bytes(key), bytes("."));
    std::string seen;
    database->visit({}, {}, Direction::ascending, [&](BytesView key, BytesView) {
        seen += base::as_text(key);
        Batch batch;
        batch.remove_range(bytes("a"), bytes("d"));
        database->write(batch);
        return true;
    });
    EXPECT_EQ(seen, "abc");
    EXPECT_EQ(all(*database, "", "", Direction::ascending), "");
}

TEST_F(RocksTest, AViewStaysAsItIs) {
    const auto database = open();
    database->put(bytes("a"), bytes("1"));
    const auto view = database->view();
    database->put(bytes("a"), bytes("2"));
    database->put(bytes("b"), bytes("3"));
    EXPECT_EQ(view->get(bytes("a")), bytes("1"));
    EXPECT_EQ(view->get(bytes("b")), std::nullopt);
    int entries = 0;
    view->visit({}, {}, Direction::ascending, [&](BytesView, BytesView) { return ++entries > 0; });
    EXPECT_EQ(entries, 1);
}

TEST_F(RocksTest, KeepsLargeValues) {
    const Bytes large(300'000, 9);
    {
        const auto database = open();
        for (int i = 0; i < 100; ++i) database->put(bytes("k" + std::to_string(i)), large);
        database->compact();
        EXPECT_EQ(database->get(base::as_bytes("k42")), large);
    }
    EXPECT_EQ(open()->get(base::as_bytes("k99")), large);
}

TEST_F(RocksTest, RefusesASecondOpener) {
    const auto database = open();
    const auto second = RocksDatabase::open(folder);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().check, "database.busy");
    EXPECT_NE(second.error().why.find(folder.string()), std::string::npos);
}

TEST_F(RocksTest, SaysWhenThereIsNone) {
    const auto missing = RocksDatabase::open(folder, {.create_if_missing = false});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().check, "database.missing") << missing.error().why;
}

struct RocksDeathTest : RocksTest {
    /// The child runs the test from its beginning, for RocksDB's threads do not survive a fork; by
    /// this it finds the folder of its parent.
    RocksDeathTest() {
        GTEST_FLAG_SET(death_test_style, "threadsafe");
        if (const char* shared = std::getenv(variable)) folder = shared;
        ::setenv(variable, folder.c_str(), 1);
    }
    ~RocksDeathTest() override { ::unsetenv(variable); }
    static constexpr const char* variable = "TANDEM_TEST_FOLDER";

    void write_and_die() const {
        const auto database = open();
        database->put(bytes("a"), bytes("1"));
        database->sync();
        database->put(bytes("b"), bytes("2"));
        std::ignore = std::raise(SIGKILL);
    }
    void fill_the_disk() const {
        const auto database = open();
        const rlimit limit{100'000, 100'000};
        std::ignore = ::setrlimit(RLIMIT_FSIZE, &limit);
        std::ignore = std::signal(SIGXFSZ, SIG_IGN);
        for (int i = 0; i < 1000; ++i)
            database->put(bytes("k" + std::to_string(i)), Bytes(10'000, 1));
        std::_Exit(0);
    }
};

TEST_F(RocksDeathTest, SurvivesTheEndOfItsProcess) {
    EXPECT_EXIT(write_and_die(), testing::KilledBySignal(SIGKILL), "");
    EXPECT_EQ(all(*open(), "", "", Direction::ascending), "a1b2");
}

TEST_F(RocksDeathTest, EndsTheProcessWhenTheDiskTakesNoMore) {
    EXPECT_EXIT(fill_the_disk(), testing::ExitedWithCode(exit_code::io_error),
                "cannot write the database in .*File too large");
    // There is room again, and what was written before is there.
    const auto database = open();
    EXPECT_EQ(database->get(base::as_bytes("k0")), Bytes(10'000, 1));
    database->put(bytes("k"), bytes("."));
    database->sync();
}

}  // namespace
}  // namespace tandem::io
