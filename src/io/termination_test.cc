#include "io/termination.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <gtest/gtest.h>
#include <semaphore>
#include <unistd.h>

#include "io/exit_codes.h"

namespace tandem::io {
namespace {

TEST(Termination, AsksTheLoop) {
    boost::asio::io_context loop;
    const auto work = boost::asio::make_work_guard(loop);
    int asked = 0;
    const Termination termination(loop, [&](int signal) {
        asked = signal;
        loop.stop();
    });
    ::kill(::getpid(), SIGTERM);  // not raise(): this thread takes none
    loop.run();
    EXPECT_EQ(asked, SIGTERM);
}

TEST(TerminationDeathTest, EndsAProcessWhoseLoopHangs) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto hang = [] {
        boost::asio::io_context loop;
        const Termination termination(loop, [](int) {}, std::chrono::milliseconds(1));
        ::kill(::getpid(), SIGINT);
        std::binary_semaphore never(0);
        never.acquire();
    };
    EXPECT_EXIT(hang(), testing::ExitedWithCode(exit_code::broken), "does not answer");
}

}  // namespace
}  // namespace tandem::io
