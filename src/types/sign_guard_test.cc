// The whole conversation of a signer is held against CometBFT's by the vectors (topic file_pv);
// here each row of the table, by itself.
#include "types/sign_guard.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tandem::types {
namespace {

crypto::PrivateKey key() {
    const auto bytes = base::from_hex(
        "c5ea65c1aaf5fbea73f42baf52b45523467184cd128a24973fea3b80c4d8f173"
        "7e8aa3c0b825823977de206507b940ee443ee3137c2fa64ae5cc23731a645ab6");
    return crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, *bytes).value();
}

BlockId block(std::uint8_t fill) {
    return {Hash(32, fill), {3, Hash(32, fill)}};
}

Vote vote(SignedMsgType type, std::int64_t height, std::int32_t round, BlockId id = block(1),
          std::int64_t seconds = 100) {
    Vote out;
    out.type = type;
    out.height = height;
    out.round = round;
    out.block_id = std::move(id);
    out.timestamp = {seconds, 0};
    return out;
}

constexpr auto prevote = SignedMsgType::prevote;
constexpr auto precommit = SignedMsgType::precommit;

/// A memory of having signed `message`.
template <typename Message>
LastSigned after(Message message) {
    GuardedKey guard(key(), {});
    EXPECT_TRUE(guard.sign("c", message));
    return guard.last_signed();
}

template <typename Message>
std::string outcome(const LastSigned& last, const Message& message) {
    const auto decision = decide_signing(last, "c", message);
    if (!decision) return decision.error().check;
    if (const auto* again = std::get_if<SignAgain>(&*decision))
        return "again at " + std::to_string(again->timestamp.seconds);
    return "fresh";
}

TEST(SignGuard, NeverGoesBack) {
    const LastSigned last = after(vote(prevote, 5, 2));
    EXPECT_EQ(outcome(last, vote(precommit, 4, 9)), "sign.height");
    EXPECT_EQ(outcome(last, vote(precommit, 5, 1)), "sign.round");
    EXPECT_EQ(outcome(after(vote(precommit, 5, 2)), vote(prevote, 5, 2)), "sign.step");
    EXPECT_EQ(outcome(last, vote(prevote, -1, 0)), "sign.height");
    Proposal proposal;
    proposal.height = 5;
    proposal.round = 2;
    EXPECT_EQ(outcome(last, proposal), "sign.step");
}

TEST(SignGuard, GoesForward) {
    const LastSigned last = after(vote(prevote, 5, 2));
    EXPECT_EQ(outcome(last, vote(precommit, 5, 2)), "fresh");
    EXPECT_EQ(outcome(last, vote(prevote, 5, 3)), "fresh");
    EXPECT_EQ(outcome(last, vote(prevote, 6, 0)), "fresh");
    EXPECT_EQ(outcome({}, vote(prevote, 0, 0)), "fresh");
}

TEST(SignGuard, RepeatsItselfButForTheTime) {
    const LastSigned last = after(vote(precommit, 5, 2, block(1), 100));
    EXPECT_EQ(outcome(last, vote(precommit, 5, 2, block(1), 100)), "again at 100");
    EXPECT_EQ(outcome(last, vote(precommit, 5, 2, block(1), 200)), "again at 100");
    EXPECT_EQ(outcome(last, vote(precommit, 5, 2, block(1), 50)), "again at 100");
    EXPECT_EQ(outcome(last, vote(precommit, 5, 2, block(2), 100)), "sign.conflict");
    EXPECT_EQ(outcome(last, vote(precommit, 5, 2, BlockId{}, 100)), "sign.conflict");
    EXPECT_FALSE(decide_signing(last, "another chain", vote(precommit, 5, 2)));
}

TEST(SignGuard, ComparesProposalsInAllButTheTime) {
    Proposal proposal;
    proposal.type = SignedMsgType::proposal;
    proposal.height = 5;
    proposal.pol_round = -1;
    proposal.block_id = block(1);
    proposal.timestamp = {100, 0};
    const LastSigned last = after(proposal);
    proposal.timestamp = {200, 0};
    EXPECT_EQ(outcome(last, proposal), "again at 100");
    proposal.pol_round = 0;
    EXPECT_EQ(outcome(last, proposal), "sign.conflict");
}

TEST(SignGuard, RefusesAStepThatItDoesNotRemember) {
    LastSigned last = after(vote(prevote, 5, 2));
    const Signature signature = std::exchange(last.signature, {});
    EXPECT_EQ(outcome(last, vote(prevote, 5, 2)), "sign.state");
    last.signature = signature;
    last.sign_bytes = {5, 1, 2};
    EXPECT_EQ(outcome(last, vote(prevote, 5, 2)), "sign.conflict");
    last.sign_bytes.clear();
    EXPECT_EQ(outcome(last, vote(prevote, 5, 2)), "sign.state");
    last.step = static_cast<SignStep>(100);
    EXPECT_EQ(outcome(last, vote(precommit, 5, 2)), "sign.step");
}

TEST(SignGuard, AllowsExtensionsOnlyInPrecommitsForABlock) {
    Vote extended = vote(precommit, 5, 2);
    extended.extension = {1};
    EXPECT_EQ(outcome({}, extended), "fresh");
    extended.block_id = {};
    EXPECT_EQ(outcome({}, extended), "sign.extension");
    extended = vote(prevote, 5, 2);
    extended.extension = {1};
    EXPECT_EQ(outcome({}, extended), "sign.extension");
    EXPECT_EQ(outcome({}, vote(SignedMsgType::unknown, 5, 2)), "sign.type");
    EXPECT_EQ(outcome({}, vote(SignedMsgType::proposal, 5, 2)), "sign.type");
}

TEST(SignGuard, SignsExtensionsAfreshAlsoEmptyOnes) {
    GuardedKey guard(key(), {});
    Vote first = vote(precommit, 5, 2);
    ASSERT_TRUE(guard.sign("c", first));
    const auto verifies = [&](const Vote& v) {
        return crypto::verify(guard.public_key(), extension_sign_bytes("c", v),
                              base::view(v.extension_signature));
    };
    EXPECT_TRUE(verifies(first));
    Vote second = vote(precommit, 5, 2);
    second.extension = {9};
    ASSERT_TRUE(guard.sign("c", second));
    EXPECT_TRUE(verifies(second));
    EXPECT_EQ(second.signature, first.signature);
    Vote nil = vote(precommit, 6, 0, BlockId{});
    nil.extension_signature = Signature(64, 1);
    ASSERT_TRUE(guard.sign("c", nil));
    EXPECT_TRUE(nil.extension_signature.empty());
}

/// Whatever it is asked, it never signs two things for one height, round and step.
TEST(SignGuard, SaysWhatWasSigned) {
    EXPECT_EQ(content_of(after(vote(precommit, 5, 2)).sign_bytes),
              (SignedContent{precommit, 5, 2, -1, block(1)}));
    EXPECT_EQ(content_of(after(vote(prevote, 6, 0, BlockId{})).sign_bytes),
              (SignedContent{prevote, 6, 0, -1, BlockId{}}));
    for (const std::int32_t pol_round : {-1, 0, 3}) {
        Proposal proposal;
        proposal.height = 7;
        proposal.round = 4;
        proposal.pol_round = pol_round;
        proposal.block_id = block(2);
        EXPECT_EQ(content_of(after(proposal).sign_bytes),
                  (SignedContent{SignedMsgType::proposal, 7, 4, pol_round, block(2)}));
    }
    EXPECT_FALSE(content_of({}));
    EXPECT_FALSE(content_of(Bytes{3, 1, 2}));
}

TEST(SignGuard, NeverEquivocates) {
    base::SeededRandom dice(8);
    GuardedKey guard(key(), {});
    std::map<std::tuple<std::int64_t, std::int32_t, SignedMsgType>, Signature> signed_before;
    std::size_t fresh = 0;
    for (int i = 0; i < 2'000; ++i) {
        const auto type = dice.chance(1, 2) ? prevote : precommit;
        const auto height =
            static_cast<std::int64_t>(1 + i / 200 + static_cast<int>(dice.below(2)));
        const auto round = static_cast<std::int32_t>(dice.below(4));
        Vote asked = vote(type, height, round, dice.chance(1, 3) ? BlockId{} : block(2),
                          static_cast<std::int64_t>(dice.below(3)));
        const Vote before = asked;
        if (dice.chance(1, 10)) guard = GuardedKey(key(), guard.last_signed());  // a restart
        if (!guard.sign("c", asked)) continue;
        ASSERT_TRUE(crypto::verify(guard.public_key(), sign_bytes("c", asked),
                                   base::view(asked.signature)));
        ASSERT_EQ(asked.block_id, before.block_id);
        const auto [known, added] =
            signed_before.try_emplace({height, round, type}, asked.signature);
        ASSERT_EQ(known->second, asked.signature);
        fresh += added ? 1U : 0U;
    }
    EXPECT_GT(fresh, 20U);
}

}  // namespace
}  // namespace tandem::types
