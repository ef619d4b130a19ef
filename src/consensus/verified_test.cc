#include "consensus/verified.h"

#include <gtest/gtest.h>
#include <type_traits>

#include "consensus/core_testing.h"

namespace tandem::consensus {
namespace {

using testing::fake_key;
using testing::FakeVerifier;
using testing::sign;
using types::SignedMsgType;

static_assert(!std::is_default_constructible_v<Verified<types::Vote>>);
static_assert(
    !std::is_constructible_v<Verified<types::Vote>, Shared<types::Vote>, types::Address, bool>);

types::Vote precommit() {
    types::Vote vote;
    vote.type = SignedMsgType::precommit;
    vote.height = 1;
    vote.block_id = testing::make_block(1, "a").id;
    vote.timestamp = {1, 0};
    vote.validator_address = types::Address(crypto::address(fake_key(0)));
    vote.extension = base::to_bytes(base::as_bytes("x"));
    vote.signature = sign(fake_key(0), types::sign_bytes(testing::chain_id, vote));
    vote.extension_signature =
        sign(fake_key(0), types::extension_sign_bytes(testing::chain_id, vote));
    return vote;
}

std::string check_of(types::Vote vote, Extensions extensions, std::size_t key = 0) {
    const auto verified = verify_vote(FakeVerifier{}, testing::chain_id, fake_key(key),
                                      Shared<types::Vote>::make(std::move(vote)), extensions);
    return verified ? "" : verified.error().check;
}

TEST(VerifyVote, AcceptsWhatIsSignedInFull) {
    const auto verified = verify_vote(FakeVerifier{}, testing::chain_id, fake_key(0),
                                      Shared<types::Vote>::make(precommit()), Extensions::enabled);
    ASSERT_TRUE(verified.has_value());
    EXPECT_TRUE(verified->extension_verified());
    EXPECT_EQ(verified->signer(), precommit().validator_address);
}

TEST(VerifyVote, RefusesEachPartThatDoesNotHold) {
    EXPECT_EQ(check_of(precommit(), Extensions::enabled, 1), "vote.validator_address");
    types::Vote vote = precommit();
    vote.timestamp.nanos = 1;
    EXPECT_EQ(check_of(vote, Extensions::enabled), "vote.signature");
    vote = precommit();
    vote.extension.push_back(1);
    EXPECT_EQ(check_of(vote, Extensions::enabled), "vote.extension_signature");
    vote = precommit();
    vote.extension.clear();
    vote.extension_signature.clear();
    EXPECT_NE(check_of(vote, Extensions::enabled), "");
    EXPECT_EQ(check_of(vote, Extensions::disabled), "");
    EXPECT_EQ(check_of(precommit(), Extensions::disabled), "vote.extension");
    vote = precommit();
    vote.height = 0;
    EXPECT_NE(check_of(vote, Extensions::enabled), "") << "basic validation comes first";
    EXPECT_FALSE(
        verify_vote(FakeVerifier{}, testing::chain_id, fake_key(0), {}, Extensions::enabled));
}

TEST(VerifyVote, AVoteForNilNeedsNoExtension) {
    types::Vote vote = precommit();
    vote.block_id = {};
    vote.extension.clear();
    vote.extension_signature.clear();
    vote.signature = sign(fake_key(0), types::sign_bytes(testing::chain_id, vote));
    EXPECT_EQ(check_of(vote, Extensions::enabled), "");
    EXPECT_EQ(check_of(vote, Extensions::disabled), "");
}

TEST(VerifyProposal, ChecksTheSignature) {
    types::Proposal proposal;
    proposal.type = SignedMsgType::proposal;
    proposal.height = 1;
    proposal.pol_round = -1;
    proposal.block_id = testing::make_block(1, "a").id;
    proposal.timestamp = {1, 0};
    proposal.signature = sign(fake_key(0), types::sign_bytes(testing::chain_id, proposal));
    const auto verify = [&](std::size_t key) {
        return verify_proposal(FakeVerifier{}, testing::chain_id, fake_key(key),
                               Shared<types::Proposal>::make(proposal));
    };
    ASSERT_TRUE(verify(0).has_value());
    EXPECT_EQ(verify(0)->signer(), types::Address(crypto::address(fake_key(0))));
    EXPECT_FALSE(verify(1).has_value());
    proposal.block_id = {};
    EXPECT_FALSE(verify(0).has_value());
}

TEST(Shareds, CompareByContent) {
    const auto a = Shared<std::string>::make("x");
    const auto b = Shared<std::string>::make("x");
    EXPECT_EQ(a, b);
    EXPECT_NE(a, Shared<std::string>{});
    EXPECT_NE(a, Shared<std::string>::make("y"));
    EXPECT_EQ(Shared<std::string>{}, Shared<std::string>{});
}

}  // namespace
}  // namespace tandem::consensus
