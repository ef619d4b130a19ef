// Verdicts and their kinds are held against CometBFT's by the vectors (topic light_client).
#include "types/light_client.h"

#include <gtest/gtest.h>

#include "types/signing_testing.h"

namespace tandem::types {
namespace {

using testing::make_header;
using testing::make_signers;
using testing::sign_header;
using testing::Signers;

constexpr Duration seconds(std::int64_t count) {
    return {count * wire::nanos_per_second};
}

struct Chain {
    Signers old_signers = make_signers({10, 10, 10, 10});
    Signers new_signers = make_signers({10, 10, 40, 40}, 2);  // two of the old ones, half the power
    Header trusted = make_header(10, old_signers.set, old_signers.set);
    LightRules rules{
        seconds(3600), testing::seconds_later(testing::start_time, 300), seconds(10), {1, 3}};

    [[nodiscard]] std::string judge(const SignedHeader& untrusted, const Signers& signers) const {
        const LightVerdict verdict =
            verify_light(trusted, old_signers.set, untrusted, signers.set, rules);
        if (verdict) return "";
        const char* kinds[] = {"expired", "invalid", "untrusted", "other"};
        return std::string(kinds[static_cast<std::size_t>(verdict.error().fault)]) + " " +
               verdict.error().refusal.check;
    }
};

TEST(LightClient, TrustsTheNextHeaderOfTheAnnouncedValidators) {
    const Chain chain;
    const Header next = make_header(11, chain.old_signers.set, chain.new_signers.set);
    EXPECT_EQ(chain.judge(sign_header(next, chain.old_signers), chain.old_signers), "");
    const Header other = make_header(11, chain.new_signers.set, chain.new_signers.set);
    EXPECT_EQ(chain.judge(sign_header(other, chain.new_signers), chain.new_signers),
              "other header.validators_hash");
    const std::array<std::uint8_t, 4> two{2, 2, 1, 1};
    EXPECT_EQ(chain.judge(sign_header(next, chain.old_signers, two), chain.old_signers),
              "invalid commit.power");
}

TEST(LightClient, TrustsALaterHeaderThatEnoughTrustedValidatorsSigned) {
    Chain chain;
    const Header later = make_header(20, chain.new_signers.set, chain.new_signers.set);
    const SignedHeader signed_later = sign_header(later, chain.new_signers);
    EXPECT_EQ(chain.judge(signed_later, chain.new_signers), "");
    chain.rules.trust_level = {2, 3};
    EXPECT_EQ(chain.judge(signed_later, chain.new_signers), "untrusted power");
    const Signers strangers = make_signers({1, 1, 1}, 30);
    EXPECT_EQ(chain.judge(sign_header(make_header(20, strangers.set, strangers.set), strangers),
                          strangers),
              "untrusted power");
}

TEST(LightClient, LooksAtTheClock) {
    Chain chain;
    const SignedHeader next = sign_header(
        make_header(11, chain.old_signers.set, chain.old_signers.set), chain.old_signers);
    chain.rules.now = testing::seconds_later(chain.trusted.time, 3600);
    EXPECT_EQ(chain.judge(next, chain.old_signers), "expired trusted.time");
    EXPECT_TRUE(has_expired(chain.trusted, seconds(3600), chain.rules.now));
    --chain.rules.now.nanos;
    EXPECT_EQ(chain.judge(next, chain.old_signers), "");
    chain.rules.now = testing::seconds_later(next.header->time, -10);
    EXPECT_EQ(chain.judge(next, chain.old_signers), "invalid header.time");
    ++chain.rules.now.nanos;
    EXPECT_EQ(chain.judge(next, chain.old_signers), "");
}

struct SpoiledHeader {
    std::string_view refusal;
    void (*spoil)(Header&);
};

TEST(LightClient, RefusesHeadersThatAreInvalidByThemselves) {
    const Chain chain;
    constexpr SpoiledHeader table[] = {
        {"invalid header.chain_id", [](Header& header) { header.chain_id = "other"; }},
        {"invalid header.height", [](Header& header) { header.height = 10; }},
        {"invalid header.time",
         [](Header& header) { header.time = testing::seconds_later(testing::start_time, 100); }},
        {"invalid header.proposer_address",
         [](Header& header) { header.proposer_address.clear(); }},
        {"invalid header.validators_hash",
         [](Header& header) { header.validators_hash = testing::hash_from("x"); }},
    };
    for (const SpoiledHeader& row : table) {
        Header header = make_header(12, chain.old_signers.set, chain.old_signers.set);
        row.spoil(header);
        EXPECT_EQ(chain.judge(sign_header(header, chain.old_signers), chain.old_signers),
                  row.refusal);
    }
    EXPECT_EQ(chain.judge(SignedHeader{}, chain.old_signers), "invalid header");
    SignedHeader without_commit = sign_header(
        make_header(11, chain.old_signers.set, chain.old_signers.set), chain.old_signers);
    without_commit.commit.reset();
    EXPECT_EQ(chain.judge(without_commit, chain.old_signers), "invalid commit");
}

TEST(LightClient, KeepsItsTwoWaysApart) {
    const Chain chain;
    const ValidatorSet& set = chain.old_signers.set;
    const SignedHeader next = sign_header(make_header(11, set, set), chain.old_signers);
    const SignedHeader later = sign_header(make_header(12, set, set), chain.old_signers);
    EXPECT_EQ(verify_adjacent(chain.trusted, later, set, chain.rules).error().fault,
              LightFault::other);
    EXPECT_EQ(verify_non_adjacent(chain.trusted, set, next, set, chain.rules).error().fault,
              LightFault::other);
    Header last = chain.trusted;
    last.height = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(verify_light(last, set, next, set, chain.rules).error().fault,
              LightFault::invalid_header);
}

TEST(LightClient, GoesBackByHashes) {
    const Chain chain;
    const Header before = make_header(9, chain.old_signers.set, chain.old_signers.set);
    Header trusted = chain.trusted;
    trusted.last_block_id.hash = hash_of(before);
    EXPECT_TRUE(verify_backwards(before, trusted));
    Header changed = before;
    changed.app_hash.push_back(1);
    EXPECT_EQ(verify_backwards(changed, trusted).error().refusal.check, "header.hash");
    changed = before;
    changed.time = trusted.time;
    EXPECT_EQ(verify_backwards(changed, trusted).error().refusal.check, "header.time");
    changed = before;
    changed.chain_id = "x";
    EXPECT_EQ(verify_backwards(changed, trusted).error().refusal.check, "header.chain_id");
    changed = before;
    changed.height = 0;
    EXPECT_EQ(verify_backwards(changed, trusted).error().refusal.check, "header.height");
}

TEST(LightClient, BoundsTheTrustLevel) {
    for (const TrustLevel level : {TrustLevel{1, 3}, TrustLevel{2, 3}, TrustLevel{1, 1}})
        EXPECT_TRUE(validate_trust_level(level));
    for (const TrustLevel level : {TrustLevel{1, 4}, TrustLevel{4, 3}, TrustLevel{0, 1},
                                   TrustLevel{1, 0}, TrustLevel{-1, 3}, TrustLevel{1, -3}})
        EXPECT_FALSE(validate_trust_level(level));
}

}  // namespace
}  // namespace tandem::types
