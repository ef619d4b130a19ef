#include "consensus/refusal.h"

#include <gtest/gtest.h>
#include <set>

#include "consensus/marks.h"

namespace tandem::consensus {
namespace {

// to_text aborts where the table is not in the order of the enum.
TEST(Refusals, EachHasATextOfItsOwn) {
    std::set<std::string_view> texts;
    for (std::size_t i = 0; i < refusals; ++i) texts.insert(to_text(static_cast<Refusal>(i)));
    EXPECT_EQ(texts.size(), refusals);
    EXPECT_FALSE(texts.contains(""));
}

TEST(Refusals, OnlyTwoThingsCostThePeerItsConnection) {
    std::set<Refusal> fatal;
    for (std::size_t i = 0; i < refusals; ++i)
        if (blame(static_cast<Refusal>(i)) == Blame::peer_disconnect)
            fatal.insert(static_cast<Refusal>(i));
    EXPECT_EQ(fatal, (std::set{Refusal::proposal_too_large, Refusal::claim_conflicting}));
}

TEST(Marks, EachHasATextOfItsOwn) {
    std::set<std::string_view> texts;
    for (std::size_t i = 0; i < marks_count; ++i) texts.insert(to_text(static_cast<Mark>(i)));
    EXPECT_EQ(texts.size(), marks_count);
    EXPECT_FALSE(texts.contains("unknown"));
}

TEST(Marks, AreNoPartOfAValue) {
    Marks a;
    Marks b;
    a.pass(Mark::l38_lock);
    EXPECT_EQ(a, b);
    EXPECT_EQ(a.passed(Mark::l38_lock), 1U);
    EXPECT_EQ(b.passed(Mark::l38_lock), 0U);
}

}  // namespace
}  // namespace tandem::consensus
