#include "types/time_text.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tandem::types {
namespace {

std::string read(std::string_view text) {
    const auto time = time_from_text(text);
    return time ? std::to_string(time->seconds) + "." + std::to_string(time->nanos)
                : time.error().why;
}

TEST(TimeText, ReadsTheForm) {
    EXPECT_EQ(read("1970-01-01T00:00:00Z"), "0.0");
    EXPECT_EQ(read("2024-02-03T04:05:06.000000789Z"), "1706933106.789");
    EXPECT_EQ(read("0001-01-01T00:00:00Z"), "-62135596800.0");
    EXPECT_EQ(read("0000-01-01T00:00:00Z"), "-62167219200.0");
    EXPECT_EQ(read("9999-12-31T23:59:59.999999999Z"), "253402300799.999999999");
    EXPECT_EQ(read("2024-02-29T00:00:00Z"), "1709164800.0");
    EXPECT_EQ(read("0000-02-29T00:00:00Z"), "-62162121600.0");
}

TEST(TimeText, ReadsWhatGoLetsPass) {
    EXPECT_EQ(read("2024-02-03T4:05:06Z"), "1706933106.0");
    EXPECT_EQ(read("2024-02-03T04:05:06,5Z"), "1706933106.500000000");
    EXPECT_EQ(read("2024-02-03T04:05:06.1Z"), "1706933106.100000000");
    EXPECT_EQ(read("2024-02-03T04:05:06.1234567899999Z"), "1706933106.123456789");
}

TEST(TimeText, RefusesOtherForms) {
    for (const char* text : {"",
                             "Z",
                             "2024-02-03T04:05:06",
                             "2024-02-03T04:05:06+00:00",
                             "2024-02-03T04:05:06z",
                             "2024-02-03t04:05:06Z",
                             "2024-02-03 04:05:06Z",
                             "2024-2-3T04:05:06Z",
                             "2024-02-03T04:5:06Z",
                             "2024-02-03T04:05:6Z",
                             "2024-02-03T:05:06Z",
                             "24-02-03T04:05:06Z",
                             "10000-01-01T00:00:00Z",
                             "-001-01-01T00:00:00Z",
                             "+024-01-01T00:00:00Z",
                             "2024-02-03T04:05:06.Z",
                             "2024-02-03T04:05:06.5,5Z",
                             "2024-02-03T04:05:06 Z",
                             "2024-02-03T04:05:06ZZ",
                             "2024-02-03T04:05:06-01:00Z",
                             "2024-02-03T004:05:06Z",
                             " 2024-02-03T04:05:06Z",
                             "2024-02-03T04:05Z"})
        EXPECT_FALSE(time_from_text(text)) << text;
}

TEST(TimeText, RefusesWhatTheCalendarLacks) {
    for (const char* text : {"2024-00-03T04:05:06Z", "2024-13-03T04:05:06Z", "2024-02-00T04:05:06Z",
                             "2024-02-30T04:05:06Z", "2023-02-29T04:05:06Z", "2100-02-29T04:05:06Z",
                             "2024-04-31T04:05:06Z", "2024-02-03T24:00:00Z", "2024-02-03T04:60:06Z",
                             "2024-02-03T04:05:60Z"})
        EXPECT_FALSE(time_from_text(text)) << text;
}

TEST(TimeText, WritesWithoutTrailingZeros) {
    EXPECT_EQ(to_text({0, 0}), "1970-01-01T00:00:00Z");
    EXPECT_EQ(to_text({-1, 999'999'999}), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(to_text({1706933106, 100'000'000}), "2024-02-03T04:05:06.1Z");
    EXPECT_EQ(to_text({1706933106, 789}), "2024-02-03T04:05:06.000000789Z");
    EXPECT_EQ(to_text(Timestamp{}), "0001-01-01T00:00:00Z");
    EXPECT_EQ(to_text({-62167219200, 0}), "0000-01-01T00:00:00Z");
}

TEST(TimeText, HasNoDateOutsideFourDigits) {
    EXPECT_EQ(to_text({253402300800, 5}), "@253402300800.000000005");
    EXPECT_EQ(to_text({-62167219201, 0}), "@-62167219201.000000000");
    EXPECT_EQ(to_text({INT64_MIN, 0}), "@-9223372036854775808.000000000");
    EXPECT_EQ(to_text({INT64_MAX, 0}), "@9223372036854775807.000000000");
}

TEST(TimeText, ReadsBackWhatItWrote) {
    base::SeededRandom dice(16);
    for (int i = 0; i < 10'000; ++i) {
        const Timestamp time{
            -62'167'219'200 + static_cast<std::int64_t>(dice.below(315'569'520'000)),
            static_cast<std::int32_t>(dice.below(wire::nanos_per_second))};
        ASSERT_TRUE(has_text(time));
        ASSERT_EQ(time_from_text(to_text(time)), time) << to_text(time);
    }
}

}  // namespace
}  // namespace tandem::types
