#include "tandem/timed_application.h"

#include <gtest/gtest.h>

#include "ledger/noop.h"

namespace tandem::program {
namespace {

const base::Histogram& seconds_of(const TimedApplication& application, std::string_view method) {
    for (const TimedApplication::Method& one : application.methods())
        if (one.name == method) return one.seconds;
    throw std::runtime_error("no such method");
}

TEST(TimedApplication, CallsAreTimedAndVerdictsCounted) {
    ledger::NoOp inner;
    std::chrono::nanoseconds now{0};
    // Each look at the clock is 5 ms after the one before.
    TimedApplication application(inner, [&now] { return now += std::chrono::milliseconds(5); });
    (void)application.info({});
    (void)application.check_tx({});
    (void)application.check_tx({});
    abci::RequestFinalizeBlock block;
    block.height = 1;
    (void)application.finalize_block(block);
    const auto verdict = application.process_proposal({}).status;

    EXPECT_EQ(seconds_of(application, "info").count(), 1U);
    EXPECT_EQ(seconds_of(application, "check_tx").count(), 2U);
    EXPECT_DOUBLE_EQ(seconds_of(application, "check_tx").sum(), 0.01);
    EXPECT_EQ(seconds_of(application, "commit").count(), 0U);
    EXPECT_EQ(application.finalize_ms().count(), 1U);
    EXPECT_DOUBLE_EQ(application.finalize_ms().sum(), 5.0);
    const bool accepted = verdict == abci::ProposalStatus::accept;
    EXPECT_EQ(application.proposals().accepted, accepted ? 1U : 0U);
    EXPECT_EQ(application.proposals().rejected, accepted ? 0U : 1U);
    EXPECT_EQ(application.extensions().accepted, 0U);
}

}  // namespace
}  // namespace tandem::program
