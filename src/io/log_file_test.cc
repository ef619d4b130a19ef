#include "io/log_file.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/exit_codes.h"
#include "io/testing.h"

namespace tandem::io {
namespace {

namespace fs = std::filesystem;
using store::EndOfHeight;
using store::LogEntry;

constexpr const char* chain = "test-chain";

consensus::Input timer(std::int64_t height) {
    return {{1000 + height, 0}, consensus::TimerRang{{height, 0, consensus::Step::propose}}};
}
LogEntry entry(std::int64_t height) {
    return store::LoggedInput{{1000 + height, 0},
                              consensus::TimerRang{{height, 0, consensus::Step::propose}}};
}

struct LogFileTest : testing::Test {
    TemporaryFolder temporary;
    fs::path folder = temporary.path() / "log";

    LogFile::Opened open(LogFileConfig config = {}) const {
        auto opened = LogFile::open(folder, chain, std::move(config));
        EXPECT_TRUE(opened) << opened.error().why;
        return std::move(*opened);
    }
    fs::path segment(int number) const {
        return folder / ("segment-0000000000000000000" + std::to_string(number));
    }
    std::size_t segments() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
    }
};

TEST_F(LogFileTest, ChangesNothingUntilTheFirstAppend) {
    {
        const auto opened = open();
        EXPECT_FALSE(opened.contents.newest);
        EXPECT_EQ(opened.log->end().value, 0U);
    }
    EXPECT_FALSE(fs::exists(folder));
}

TEST_F(LogFileTest, ComesBackAsItWent) {
    {
        auto opened = open();
        opened.log->append_marker(0);
        opened.log->append(timer(1));
        const signer::LogPosition end = opened.log->append_watermark(base::Bytes{7});
        EXPECT_EQ(end, opened.log->end());
        opened.log->sync();
        EXPECT_EQ(opened.log->durable(), opened.log->end());
    }
    {
        auto opened = open();
        EXPECT_EQ(opened.contents.entries,
                  (std::vector<LogEntry>{EndOfHeight{0}, entry(1), store::LoggedWatermark{{7}}}));
        EXPECT_FALSE(opened.contents.torn);
        opened.log->append_marker(1);
    }
    const auto opened = open();
    EXPECT_EQ(opened.contents.newest->marker, 1);
    EXPECT_EQ(opened.contents.newest->watermark, base::Bytes{7});
    EXPECT_EQ(opened.contents.entries.size(), 4U);
    EXPECT_EQ(segments(), 1U);
}

TEST_F(LogFileTest, TellsWhenABarrierIsDone) {
    std::atomic<int> done = 0;
    auto opened = open({.barrier_done = [&done] { ++done; }});
    LogFile& log = *opened.log;
    const signer::LogPosition first = log.append(timer(1));
    EXPECT_LT(log.durable(), first);
    log.ask_barrier();
    const signer::LogPosition second = log.append(timer(2));
    log.ask_barrier();
    log.sync();
    EXPECT_EQ(log.durable(), second);
    EXPECT_LE(log.barriers(), 2U) << "both may be one";
    const std::uint64_t barriers = log.barriers();
    log.ask_barrier();
    log.sync();
    EXPECT_EQ(log.barriers(), barriers) << "nothing was new";
    opened.log.reset();
    EXPECT_EQ(static_cast<std::uint64_t>(done), barriers);
}

TEST_F(LogFileTest, CutsATornEnd) {
    std::uint64_t whole = 0;
    {
        auto opened = open();
        opened.log->append_marker(0);
        opened.log->append(timer(1));
        opened.log->sync();
    }
    {
        auto opened = open();
        whole = opened.contents.good_bytes;
    }
    // Half a frame behind it, and room that was made in advance.
    const int file = ::open(segment(0).c_str(), O_WRONLY);
    const base::Bytes half{0xd7, 0x02, 0, 0, 0, 9, 1, 2, 3, 4, 5};
    ASSERT_EQ(write_all(file, half, whole), 0);
    ::close(file);
    {
        auto opened = open();
        EXPECT_TRUE(opened.contents.torn);
        EXPECT_EQ(opened.contents.good_bytes, whole);
        EXPECT_EQ(opened.contents.entries, (std::vector<LogEntry>{EndOfHeight{0}, entry(1)}));
        opened.log->append(timer(2));
        opened.log->sync();
    }
    const auto opened = open();
    EXPECT_FALSE(opened.contents.torn);
    EXPECT_EQ(opened.contents.entries, (std::vector<LogEntry>{EndOfHeight{0}, entry(1), entry(2)}));
}

TEST_F(LogFileTest, RefusesDamageAndChangesNothing) {
    {
        auto opened = open();
        opened.log->append_marker(0);
        opened.log->sync();
    }
    const std::uint64_t marker_end = open().contents.good_bytes;
    {
        auto opened = open();
        opened.log->append(timer(1));
        opened.log->sync();
    }
    auto before = *read_file(segment(0), 1 << 24);
    const int file = ::open(segment(0).c_str(), O_WRONLY);
    const std::uint64_t at = marker_end - 1;
    const base::Bytes flipped{static_cast<std::uint8_t>(before[at] ^ 1)};
    ASSERT_EQ(write_all(file, flipped, at), 0);
    ::close(file);
    before[at] = flipped[0];
    const auto refused = LogFile::open(folder, chain);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().check, "log.damaged");
    EXPECT_NE(refused.error().why.find(folder.string()), std::string::npos);
    EXPECT_EQ(*read_file(segment(0), 1 << 24), before);
    const auto other = LogFile::open(folder, "other-chain");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().check, "log.chain_id");
}

TEST_F(LogFileTest, KeepsTwoSegments) {
    const LogFileConfig small{.segment_bytes = 200, .ahead_bytes = 64, .buffer_bytes = 32};
    std::int64_t height = 0;
    for (int life = 0; life < 3; ++life) {
        auto opened = open(small);
        if (height > 0) {
            EXPECT_EQ(opened.contents.newest->marker, height);
            EXPECT_EQ(opened.contents.newest->watermark,
                      base::Bytes{static_cast<std::uint8_t>(height)});
            EXPECT_EQ(
                opened.contents.entries,
                (std::vector<LogEntry>{EndOfHeight{height - 1}, entry(height),
                                       store::LoggedWatermark{{static_cast<std::uint8_t>(height)}},
                                       EndOfHeight{height}}));
        }
        for (int i = 0; i < 7; ++i) {
            ++height;
            opened.log->append(timer(height));
            opened.log->append_watermark(base::Bytes{static_cast<std::uint8_t>(height)});
            opened.log->append_marker(height);
        }
        EXPECT_LE(segments(), 2U);
    }
    EXPECT_FALSE(fs::exists(segment(0)));
}

TEST_F(LogFileTest, RemovesASegmentThatACrashLeftUnfinished) {
    const LogFileConfig small{.segment_bytes = 1};
    {
        auto opened = open(small);
        opened.log->append(timer(1));
        opened.log->append_marker(1);
        EXPECT_EQ(segments(), 2U);
    }
    fs::resize_file(segment(1), 7);
    {
        auto opened = open(small);
        EXPECT_EQ(opened.contents.newest->number, 0U);
        EXPECT_EQ(opened.contents.newest->marker, 1);
        opened.log->append(timer(2));
        opened.log->append_marker(2);
        EXPECT_EQ(segments(), 2U);
    }
    const auto opened = open(small);
    EXPECT_EQ(opened.contents.newest->marker, 2);
}

/// Kill -9 at any moment: what was said to be durable is there, and the log goes on.
TEST_F(LogFileTest, SurvivesTheEndOfItsProcess) {
    const LogFileConfig small{.segment_bytes = 2000, .ahead_bytes = 512, .buffer_bytes = 100};
    std::int64_t height = 0;
    for (int life = 0; life < 8; ++life) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            auto opened = open(small);
            for (std::int64_t h = height + 1; true; ++h) {
                opened.log->append(timer(h));
                opened.log->append_watermark(base::Bytes{static_cast<std::uint8_t>(h)});
                opened.log->append_marker(h);
                if (h % 3 == 0) opened.log->sync();
                const std::int64_t durable = h % 3 == 0 ? h : 0;
                if (durable > 0 && ::write(pipe[1], &durable, sizeof durable) != sizeof durable)
                    ::_exit(1);
            }
        }
        ::close(pipe[1]);
        std::int64_t durable = 0;
        for (int i = 0; i <= life; ++i)
            ASSERT_EQ(::read(pipe[0], &durable, sizeof durable),
                      static_cast<ssize_t>(sizeof durable));
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ::close(pipe[0]);
        const auto opened = open(small);
        ASSERT_TRUE(opened.contents.newest);
        EXPECT_GE(opened.contents.newest->marker, durable);
        height = opened.contents.newest->marker;
        EXPECT_LE(segments(), 3U);
    }
}

struct LogFileDeathTest : LogFileTest {
    /// The child runs the test from its beginning; by this it finds the folder of its parent.
    LogFileDeathTest() {
        GTEST_FLAG_SET(death_test_style, "threadsafe");
        if (const char* shared = std::getenv(variable)) folder = shared;
        ::setenv(variable, folder.c_str(), 1);
    }
    ~LogFileDeathTest() override { ::unsetenv(variable); }
    static constexpr const char* variable = "TANDEM_TEST_FOLDER";

    void fill_the_disk() const {
        auto opened = open();
        opened.log->append_marker(1);
        opened.log->sync();
        // No file may grow any more.
        const rlimit limit{1000, 1000};
        std::ignore = ::setrlimit(RLIMIT_FSIZE, &limit);
        std::ignore = std::signal(SIGXFSZ, SIG_IGN);
        for (int i = 0; i < 100'000; ++i) opened.log->append(timer(i));
        opened.log->sync();
        std::_Exit(0);
    }
};

TEST_F(LogFileDeathTest, EndsTheProcessWhenTheDiskTakesNoMore) {
    EXPECT_EXIT(fill_the_disk(), testing::ExitedWithCode(exit_code::io_error),
                "cannot write .*segment-0.*: File too large");
    // There is room again.
    auto opened = open();
    ASSERT_TRUE(opened.contents.newest);
    EXPECT_EQ(opened.contents.newest->marker, 1);
    opened.log->append_marker(2);
    opened.log->sync();
    EXPECT_EQ(open().contents.newest->marker, 2);
}

}  // namespace
}  // namespace tandem::io
