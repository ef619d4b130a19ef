#include "tandem/reindex_range.h"

#include <gtest/gtest.h>

namespace tandem::program {
namespace {

/// "FIRST..LAST, notes: N" or what it is refused with; 10 to 20 are there.
std::string outcome(std::int64_t first, std::int64_t last) {
    const auto range = reindex_range(first, last, 10, 20);
    if (!range) return range.error().why;
    return std::to_string(range->first) + ".." + std::to_string(range->last) +
           ", notes: " + std::to_string(range->notes.size());
}

TEST(ReindexRange, TakesWhatIsThere) {
    EXPECT_EQ(outcome(0, 0), "10..20, notes: 2");
    EXPECT_EQ(outcome(12, 0), "12..20, notes: 1");
    EXPECT_EQ(outcome(0, 12), "10..12, notes: 1");
    EXPECT_EQ(outcome(10, 20), "10..20, notes: 0");
    EXPECT_EQ(outcome(20, 20), "20..20, notes: 0");
    EXPECT_EQ(outcome(12, 1000), "12..20, notes: 1");
}

TEST(ReindexRange, RefusesTheRest) {
    EXPECT_EQ(outcome(-1, 0),
              "height is not available (requested start height: -1, base height: 10)");
    EXPECT_EQ(outcome(9, 20),
              "height is not available (requested start height: 9, base height: 10)");
    EXPECT_EQ(outcome(21, 30),
              "height is not available (requested start height: 21, store height: 20)");
    EXPECT_EQ(outcome(10, 9), "height is not available (requested end height: 9, base height: 10)");
    EXPECT_EQ(outcome(0, -2),
              "height is not available (requested end height: -2, base height: 10)");
    EXPECT_EQ(outcome(15, 13),
              "invalid request (requested the end height: 13 is less than the start height: 15)");
}

}  // namespace
}  // namespace tandem::program
