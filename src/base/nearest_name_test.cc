#include "base/nearest_name.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

namespace tandem::base {
namespace {

TEST(EditDistance, CountsInsertionsRemovalsReplacementsAndSwaps) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("abc", ""), 3U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("power", "power"), 0U);
    EXPECT_EQ(edit_distance("power", "Power"), 0U);
    EXPECT_EQ(edit_distance("power", "powers"), 1U);
    EXPECT_EQ(edit_distance("pwer", "power"), 1U);
    EXPECT_EQ(edit_distance("pawer", "power"), 1U);
    EXPECT_EQ(edit_distance("opwer", "power"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(NearestName, IsTheNearestWithinAThird) {
    constexpr std::array<std::string_view, 3> known = {"chain_id", "genesis_time", "app_hash"};
    EXPECT_EQ(nearest_name("Chain_ID", known), "chain_id");
    EXPECT_EQ(nearest_name("chainid", known), "chain_id");
    EXPECT_EQ(nearest_name("genesistime", known), "genesis_time");
    EXPECT_EQ(nearest_name("foo", known), "");
    EXPECT_EQ(nearest_name("", known), "");
    EXPECT_EQ(nearest_name(std::string(1000, 'a'), known), "");
}

}  // namespace
}  // namespace tandem::base
