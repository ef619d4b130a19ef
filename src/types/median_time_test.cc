// Whole commits are held against CometBFT's by the vectors (topic median_time).
#include "types/median_time.h"

#include <gtest/gtest.h>

#include "types/signing_testing.h"

namespace tandem::types {
namespace {

using testing::make_signers;
using testing::Signers;

constexpr Timestamp at(std::int64_t seconds) {
    return {seconds, 0};
}

Commit commit_of(const Signers& signers, std::initializer_list<std::int64_t> seconds) {
    Commit commit = testing::make_commit(signers, testing::block_id_from("block"), 10);
    std::size_t i = 0;
    for (const std::int64_t second : seconds) commit.signatures[i++].timestamp = at(second);
    return commit;
}

TEST(MedianTime, IsWhereHalfOfThePowerIsReached) {
    const Signers equal = make_signers({1, 1, 1, 1});
    EXPECT_EQ(median_time(commit_of(equal, {40, 10, 30, 20}), equal.set).value(), at(20));
    const Signers heavy = make_signers({10, 1, 1, 1});
    EXPECT_EQ(median_time(commit_of(heavy, {50, 1, 2, 3}), heavy.set).value(), at(50));
    const Signers single = make_signers({7});
    EXPECT_EQ(median_time(commit_of(single, {9}), single.set).value(), at(9));
}

// CometBFT 0.38 and 0.40 fork at the first commit like this one (wire page, section 12).
TEST(MedianTime, CountsNilVotesByTheRuleOfTheChain) {
    const Signers signers = make_signers({10, 10, 10, 10});
    Commit commit = commit_of(signers, {10, 20, 30, 1});
    commit.signatures[3].block_id_flag = BlockIdFlag::nil;
    EXPECT_EQ(median_time(commit, signers.set, MedianTimeRule::with_nil_votes).value(), at(10));
    EXPECT_EQ(median_time(commit, signers.set, MedianTimeRule::commit_only).value(), at(20));
    commit.signatures[3] = CommitSig::absent();
    EXPECT_EQ(median_time(commit, signers.set).value(), at(20));
}

TEST(MedianTime, WithoutVotesIsTheFirstInstant) {
    const Signers signers = make_signers({1, 1});
    Commit commit = commit_of(signers, {1, 2});
    for (CommitSig& entry : commit.signatures) entry = CommitSig::absent();
    EXPECT_EQ(median_time(commit, signers.set).value(), Timestamp{});
    EXPECT_EQ(median_time(Commit{}, signers.set).value(), Timestamp{});
    EXPECT_EQ(weighted_median({{at(1), 1}, {at(2), 1}}, 100), Timestamp{});
    EXPECT_EQ(weighted_median({{at(2), 0}, {at(1), 0}}, 0), at(1));
}

TEST(MedianTime, RefusesStrangers) {
    const Signers signers = make_signers({1, 1});
    Commit commit = commit_of(signers, {1, 2});
    commit.signatures[1].validator_address = Address(20, 9);
    EXPECT_EQ(median_time(commit, signers.set).error().check, "signatures.validator_address");
    commit.signatures[1].block_id_flag = BlockIdFlag::nil;
    EXPECT_FALSE(median_time(commit, signers.set));
    EXPECT_TRUE(median_time(commit, signers.set, MedianTimeRule::commit_only));
}

}  // namespace
}  // namespace tandem::types
