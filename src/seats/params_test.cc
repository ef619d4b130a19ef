#include "seats/params.h"

#include <gtest/gtest.h>

#include "types/validator_set.h"

namespace tandem::seats {
namespace {

/// The check that refuses the default parameters with one of them set, or "" where none does.
template <typename T>
std::string refusal_of(T Params::* member, T value) {
    Params params;
    params.*member = value;
    const Verdict verdict = validate(params);
    return verdict ? "" : verdict.error().check;
}

constexpr Duration seconds(std::int64_t count) {
    return {count * wire::nanos_per_second};
}

TEST(ValidateParams, DefaultsAreValid) {
    EXPECT_TRUE(validate(Params{}).has_value());
}

TEST(ValidateParams, RunRecordsFrom2To64) {
    for (const std::uint32_t n : {0U, 1U, 65U, 4'000'000'000U})
        EXPECT_EQ(refusal_of(&Params::run_records, n), "params.run_records") << n;
    for (const std::uint32_t n : {2U, 64U}) EXPECT_EQ(refusal_of(&Params::run_records, n), "") << n;
}

TEST(ValidateParams, AliveRecordsAreAtMostN) {
    EXPECT_EQ(refusal_of(&Params::alive_records, 6U), "params.alive_records");
    EXPECT_EQ(refusal_of(&Params::alive_records, 5U), "") << "the strict form";
    EXPECT_EQ(refusal_of(&Params::alive_records, 1U), "");
}

TEST(ValidateParams, AWedgeIsNotFoundSoonerThanADeath) {
    for (const std::int64_t m :
         {std::int64_t{-1}, std::int64_t{1}, std::int64_t{4}, records_max + 1})
        EXPECT_EQ(refusal_of(&Params::wedged_records, m), "params.wedged_records") << m;
    EXPECT_EQ(refusal_of(&Params::wedged_records, std::int64_t{5}), "");
    EXPECT_EQ(refusal_of(&Params::wedged_records, records_max), "");
}

TEST(ValidateParams, CooldownIsNotNegativeAndBounded) {
    for (const std::int64_t c : {std::int64_t{-1}, records_max + 1})
        EXPECT_EQ(refusal_of(&Params::cooldown_blocks, c), "params.cooldown_blocks") << c;
    EXPECT_EQ(refusal_of(&Params::cooldown_blocks, std::int64_t{1}), "");
}

TEST(ValidateParams, TIsPositiveAndAtMostADay) {
    for (const Duration t : {Duration{0}, Duration{-1}, Duration{run_time_max.nanos + 1}})
        EXPECT_EQ(refusal_of(&Params::run_time, t), "params.run_time") << t.nanos;
    EXPECT_EQ(refusal_of(&Params::run_time, run_time_max), "");
}

TEST(ValidateParams, LagIsLessThanN) {
    EXPECT_EQ(refusal_of(&Params::heartbeat_lag_blocks, 5U), "params.heartbeat_lag_blocks");
    EXPECT_EQ(refusal_of(&Params::heartbeat_lag_blocks, 4U), "");
    EXPECT_EQ(refusal_of(&Params::heartbeat_lag_blocks, 0U), "");
}

TEST(ValidateParams, LagTimeIsAtMost3T) {
    for (const Duration lag : {Duration{-1}, Duration{seconds(3).nanos + 1}})
        EXPECT_EQ(refusal_of(&Params::heartbeat_lag_time, lag), "params.heartbeat_lag_time");
    EXPECT_EQ(refusal_of(&Params::heartbeat_lag_time, seconds(3)), "");
    EXPECT_EQ(refusal_of(&Params::heartbeat_lag_time, seconds(0)), "");
}

TEST(ParamsCodec, ZeroesAreReadAsTheyWereWritten) {
    Params params;
    params.heartbeat_lag_blocks = 0;
    params.heartbeat_lag_time = {0};
    params.power_guard = false;
    EXPECT_EQ(wire::decode<Params>(wire::encode(params)), params);
    EXPECT_NE(wire::encode(*wire::decode<Params>({})), Bytes{}) << "bytes without any are not ours";
}

TEST(Formulas, KIsMoreThanTwoThirdsAndNeverMoreThanN) {
    Params params;
    for (params.run_records = run_records_min; params.run_records <= window_records;
         ++params.run_records) {
        EXPECT_GT(3 * params.k(), 2 * params.run_records);
        EXPECT_LE(3 * (params.k() - 1), 2 * params.run_records) << "the least such number";
        EXPECT_LE(params.k(), params.run_records);
    }
}

TEST(Formulas, MCoversARotationInWhichTheSeatHoldsAThird) {
    Params params;
    for (const std::int64_t total : {std::int64_t{1}, std::int64_t{7}, std::int64_t{1000}})
        for (std::int64_t power = 1; power <= total; ++power) {
            const std::int64_t m = params.m(total, power);
            EXPECT_GE(m * power, 3 * total);
            EXPECT_TRUE(m == 25 || (m - 1) * power < 3 * total) << "the least such number";
        }
}

}  // namespace
}  // namespace tandem::seats
