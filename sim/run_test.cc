#include "sim/run.h"

#include <gtest/gtest.h>

namespace tandem::sim {
namespace {

TEST(Run, IsTheSameForTheSameSeed) {
    Options options;
    options.heights = 40;
    std::set<std::string> traces;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const Summary once = run_seed(seed, options);
        const Summary again = run_seed(seed, options);
        EXPECT_EQ(once.trace, again.trace) << "seed " << seed;
        EXPECT_EQ(once.signatures, again.signatures) << "seed " << seed;
        EXPECT_EQ(once.lies, again.lies) << "seed " << seed;
        traces.insert(once.trace);
    }
    EXPECT_EQ(traces.size(), 3U) << "another seed is another run";
}

TEST(Run, SplitsLocksWithoutHarm) {
    Options options;
    options.heights = 60;
    options.faults = FaultKinds::none();
    options.faults.splits = true;
    std::uint64_t splits = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const Summary summary = run_seed(seed, options);
        splits += summary.tally.splits;
        EXPECT_TRUE(summary.violations.empty()) << "seed " << seed;
    }
    EXPECT_GT(splits, 5U);
}

TEST(Plan, DrawsWhatWasNotGivenAndKeepsLiarsFew) {
    std::set<std::size_t> seats, standbys;
    std::size_t lying = 0, unequal = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        base::SeededRandom random(seed);
        const Plan plan = draw_plan(random, {});
        seats.insert(plan.seats.size());
        std::int64_t lies = 0;
        for (const SeatPlan& seat : plan.seats) {
            standbys.insert(seat.nodes.size() - 1);
            if (seat.lies) lies += seat.power;
            if (seat.power != plan.seats.front().power) ++unequal;
        }
        EXPECT_LT(3 * lies, plan.total_power());
        EXPECT_TRUE(seats::validate(plan.params).has_value());
        if (lies > 0) ++lying;
    }
    EXPECT_GT(seats.size(), 4U);
    EXPECT_GT(standbys.size(), 2U);
    EXPECT_GT(lying, 20U);
    EXPECT_GT(unequal, 20U);
}

TEST(Plan, KeepsWhatIsGiven) {
    Options options;
    options.seats = 5;
    options.standbys = 2;
    options.n = 3;
    options.k = 3;
    options.faults = FaultKinds::none();
    base::SeededRandom random(7);
    const Plan plan = draw_plan(random, options);
    ASSERT_EQ(plan.seats.size(), 5U);
    for (const SeatPlan& seat : plan.seats) {
        EXPECT_EQ(seat.nodes.size(), 3U);
        EXPECT_FALSE(seat.lies);
    }
    EXPECT_EQ(plan.params.run_records, 3U);
    EXPECT_EQ(plan.params.k(), 3U);
    EXPECT_FALSE(plan.faults.any());
}

TEST(FaultKinds, AreReadFromText) {
    EXPECT_TRUE(FaultKinds::from_text("all")->views);
    EXPECT_FALSE(FaultKinds::from_text("none")->any());
    const auto some = FaultKinds::from_text("crash,liars");
    ASSERT_TRUE(some.has_value());
    EXPECT_TRUE(some->crash);
    EXPECT_TRUE(some->liars);
    EXPECT_FALSE(some->loss);
    EXPECT_FALSE(FaultKinds::from_text("crash,typo").has_value());
}

}  // namespace
}  // namespace tandem::sim
