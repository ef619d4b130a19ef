// The rotation is held against CometBFT's by the vectors (topic proposer_priority), and here
// against a twin on numbers that cannot run over.
#include "types/validator_set.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "types/signing_testing.h"
#include "types/validator_set_twin.h"

namespace tandem::types {
namespace {

using testing::make_signers;
using testing::public_key_from;

constexpr std::int64_t maximum = total_voting_power_max;

std::vector<std::int64_t> priorities_of(const ValidatorSet& set) {
    std::vector<std::int64_t> priorities;
    for (const Validator& validator : set.validators())
        priorities.push_back(validator.proposer_priority);
    return priorities;
}

std::string check_of(const Verdict& verdict) {
    return verdict ? "" : verdict.error().check;
}

void expect_invariants(const ValidatorSet& set) {
    for (std::size_t i = 1; i < set.size(); ++i) {
        const Validator& before = set.validators()[i - 1];
        const Validator& after = set.validators()[i];
        EXPECT_TRUE(before.voting_power > after.voting_power ||
                    (before.voting_power == after.voting_power && before.address < after.address));
    }
    twin::Wide sum = 0;
    for (const Validator& validator : set.validators()) sum += validator.proposer_priority;
    EXPECT_TRUE(sum >= 0 && sum < static_cast<twin::Wide>(set.size()));
}

TEST(ValidatorSet, ProposesInProportionToPower) {
    ValidatorSet set = make_signers({1, 2, 3, 10}).set;
    std::map<Address, int> turns;
    for (int i = 0; i < 160; ++i) {
        ++turns[set.proposer().address];
        set.advance(1);
    }
    for (const Validator& validator : set.validators())
        EXPECT_EQ(turns[validator.address], 10 * validator.voting_power);
}

TEST(ValidatorSet, TiesGoToTheSmallerAddress) {
    const ValidatorSet set = make_signers({5, 5, 5}).set;
    EXPECT_EQ(set.proposer().address, set.validators()[0].address);
    EXPECT_EQ(priorities_of(set), (std::vector<std::int64_t>{-10, 5, 5}));
    EXPECT_EQ(set.advanced(1).proposer().address, set.validators()[1].address);
}

TEST(ValidatorSet, RescalesOncePerCallNotOncePerRound) {
    ValidatorSet set = make_signers({1000, 1, 1}).set;
    ASSERT_TRUE(set.apply_changes(std::vector<ValidatorChange>{{public_key_from(0), 2}}));
    ValidatorSet one_by_one = set;
    set.advance(3);
    for (int i = 0; i < 3; ++i) one_by_one.advance(1);
    EXPECT_EQ(set.total_voting_power(), one_by_one.total_voting_power());
    expect_invariants(set);
    expect_invariants(one_by_one);
}

TEST(ValidatorSet, KeepsTheProposerThroughChanges) {
    ValidatorSet set = make_signers({10, 20, 30}).set;
    const Address picked = set.proposer().address;
    ASSERT_EQ(picked, set.validators()[0].address);
    ASSERT_TRUE(set.apply_changes(std::vector<ValidatorChange>{{set.validators()[0].pub_key, 0}}));
    EXPECT_EQ(set.proposer().address, picked);
    EXPECT_EQ(check_of(set.validate_basic()), "proposer");
    set.advance(1);
    EXPECT_NE(set.proposer().address, picked);
    EXPECT_TRUE(set.validate_basic());
}

struct RefusedChange {
    std::string_view name;
    std::vector<ValidatorChange> changes;
    std::string_view check;
};

TEST(ValidatorSet, RefusesChangesAsAWhole) {
    const ValidatorSet original = make_signers({10, 20, 30}).set;
    PublicKey short_key = public_key_from(0);
    short_key.bytes.pop_back();
    const RefusedChange table[] = {
        {"duplicate", {{public_key_from(5), 1}, {public_key_from(5), 2}}, "changes.duplicate"},
        {"change and removal",
         {{public_key_from(1), 5}, {public_key_from(1), 0}},
         "changes.duplicate"},
        {"negative", {{public_key_from(5), -1}}, "changes.voting_power"},
        {"above the maximum", {{public_key_from(5), maximum + 1}}, "changes.voting_power"},
        {"stranger leaves", {{public_key_from(5), 0}, {public_key_from(6), 1}}, "changes.removal"},
        {"nobody left",
         {{public_key_from(0), 0}, {public_key_from(1), 0}, {public_key_from(2), 0}},
         "changes.removal"},
        {"total", {{public_key_from(5), maximum - 59}}, "changes.total_voting_power"},
        {"short key", {{short_key, 1}}, "changes.pub_key"},
        {"no key", {{PublicKey{}, 1}}, "changes.pub_key"},
    };
    for (const RefusedChange& row : table) {
        ValidatorSet set = original;
        EXPECT_EQ(check_of(set.apply_changes(row.changes)), row.check) << row.name;
        EXPECT_EQ(set, original) << row.name;
    }
}

TEST(ValidatorSet, AcceptsChangesUpToTheMaximum) {
    ValidatorSet set = make_signers({10, 20, 30}).set;
    ASSERT_TRUE(
        set.apply_changes(std::vector<ValidatorChange>{{public_key_from(5), maximum - 60}}));
    EXPECT_EQ(set.total_voting_power(), maximum);
    expect_invariants(set);
    ValidatorSet before = set;
    ASSERT_TRUE(set.apply_changes({}));
    EXPECT_EQ(set, before);
}

TEST(ValidatorSet, NewSetHasNobodyWithoutPower) {
    const std::vector<ValidatorChange> changes{{public_key_from(0), 0}, {public_key_from(1), 1}};
    EXPECT_EQ(ValidatorSet::make(changes).error().check, "validators.voting_power");
    EXPECT_TRUE(ValidatorSet::make({}).value().empty());
    EXPECT_EQ(base::to_hex(ValidatorSet().hash()),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(ValidatorSet, IsReadBackFromItsMessage) {
    const ValidatorSet set = make_signers({7, 1, 3}).set.advanced(2);
    ValidatorSetMessage message = set.to_message();
    EXPECT_EQ(ValidatorSet::from_message(message).value(), set);
    message.total_voting_power = 5;  // not read
    EXPECT_EQ(ValidatorSet::from_message(message).value(), set);

    ValidatorSetMessage broken = set.to_message();
    broken.proposer.reset();
    EXPECT_EQ(ValidatorSet::from_message(broken).error().check, "proposer");
    broken = set.to_message();
    broken.validators[1].voting_power = -1;
    EXPECT_EQ(ValidatorSet::from_message(broken).error().check, "validators.voting_power");
    broken.validators[1].voting_power = maximum;
    EXPECT_EQ(ValidatorSet::from_message(broken).error().check, "total_voting_power");
    broken = set.to_message();
    std::swap(broken.validators[0].address, broken.validators[1].address);
    EXPECT_EQ(ValidatorSet::from_message(broken).error().check, "validators.address");
    broken = set.to_message();
    broken.validators.clear();
    EXPECT_EQ(ValidatorSet::from_message(broken).error().check, "validators");
}

TEST(ValidatorSet, GuessesTheLastProposerFromABareList) {
    const ValidatorSet set = make_signers({7, 1, 3}).set.advanced(2);
    std::vector<Validator> list(set.validators().rbegin(), set.validators().rend());
    const ValidatorSet guess = ValidatorSet::from_existing(list).value();
    EXPECT_TRUE(std::ranges::equal(guess.validators(), set.validators()));
    EXPECT_EQ(guess.hash(), set.hash());
    // Here it is not the last proposer that has the lowest priority.
    EXPECT_EQ(guess.proposer(),
              *std::ranges::min_element(set.validators(), {}, &Validator::proposer_priority));
    EXPECT_NE(guess.proposer().address, set.proposer().address);
    for (Validator& validator : list) validator.proposer_priority = 4;
    const Validator& last = *std::ranges::max_element(list, {}, &Validator::address);
    EXPECT_EQ(ValidatorSet::from_existing(list).value().proposer(), last);
    EXPECT_EQ(ValidatorSet::from_existing({}).error().check, "validators");
}

// Priorities imported from elsewhere may be anything; CometBFT's 64 bits run over, and so do ours.
TEST(ValidatorSet, SurvivesImportedPriorities) {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
    for (const auto& [first, second] : {std::pair(least, greatest), std::pair(least, least),
                                        std::pair(greatest, greatest), std::pair(least, 0L)}) {
        for (const std::int64_t power : {std::int64_t{1}, maximum / 2}) {
            ValidatorSetMessage message = make_signers({power, power}).set.to_message();
            message.validators[0].proposer_priority = first;
            message.validators[1].proposer_priority = second;
            ValidatorSet set = ValidatorSet::from_message(message).value();
            for (const std::int64_t window : {greatest, greatest - 1, 3L, 1L, 0L, -1L})
                ValidatorSet(set).rescale_priorities(window);
            set.advance(3);
            EXPECT_TRUE(set.validate_basic());
        }
    }
}

TEST(ValidatorSet, FindsByAddress) {
    const ValidatorSet set = make_signers({7, 1, 3}).set;
    for (std::size_t i = 0; i < set.size(); ++i) {
        EXPECT_EQ(set.index_of(set.validators()[i].address), i);
        EXPECT_EQ(set.find(set.validators()[i].address), &set.validators()[i]);
    }
    EXPECT_FALSE(set.index_of(Address(20, 0)));
    EXPECT_FALSE(set.index_of({}));
    EXPECT_TRUE(set.all_keys_have_same_type());
}

TEST(ValidatorSet, AgreesWithItsTwin) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        base::SeededRandom random(seed);
        ValidatorSet set;
        twin::NaiveValidatorSet twin;
        for (int step = 0; step < 60; ++step) {
            std::vector<ValidatorChange> changes;
            const std::uint64_t count = random.below(4);
            for (std::uint64_t i = 0; i < count; ++i) {
                const auto bits = static_cast<int>(random.below(61));
                const auto power = static_cast<std::int64_t>(random.below(1ULL << bits));
                changes.push_back({public_key_from(static_cast<std::uint32_t>(random.below(12))),
                                   random.chance(1, 4) ? 0 : power});
            }
            ASSERT_EQ(set.apply_changes(changes).has_value(), twin.apply(changes)) << seed;
            ASSERT_TRUE(twin.agrees_with(set)) << seed;
            if (set.empty()) continue;
            const int times = static_cast<int>(random.below(3)) + 1;
            set.advance(times);
            twin.advance(times);
            ASSERT_TRUE(twin.agrees_with(set)) << seed;
            ASSERT_EQ(set.proposer().address, twin.proposer()) << seed;
            expect_invariants(set);
        }
    }
}

}  // namespace
}  // namespace tandem::types
