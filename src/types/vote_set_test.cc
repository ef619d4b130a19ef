// Whole histories are held against CometBFT's by the vectors (topic vote_set).
#include "types/vote_set.h"

#include <gtest/gtest.h>

#include "types/signing_testing.h"

namespace tandem::types {
namespace {

using testing::block_id_from;
using testing::chain_id;
using testing::CountingVerifier;
using testing::make_signers;
using testing::make_vote;
using testing::Signers;

const BlockId block_a = block_id_from("a");
const BlockId block_b = block_id_from("b");
const BlockId nil;

std::shared_ptr<const Vote> share(Vote vote) {
    return std::make_shared<const Vote>(std::move(vote));
}

VoteSet precommits(const Signers& signers, bool extended = false) {
    return {10, 1, SignedMsgType::precommit, extended, signers.shared()};
}

AddedVote add(VoteSet& votes, const Signers& signers, std::size_t index, const BlockId& block) {
    return votes.add(chain_id, share(make_vote(signers, index, block)));
}

Vote extended_vote(const Signers& signers, std::size_t index, std::string_view extension) {
    Vote vote = make_vote(signers, index, block_a);
    vote.extension = base::to_bytes(base::as_bytes(extension));
    vote.extension_signature =
        testing::sign(signers.keys[index], extension_sign_bytes(chain_id, vote));
    return vote;
}

TEST(VoteSet, NeedsMoreThanTwoThirds) {
    const Signers signers = make_signers({1, 1, 1});
    VoteSet votes = precommits(signers);
    EXPECT_TRUE(add(votes, signers, 0, block_a).added);
    EXPECT_TRUE(add(votes, signers, 1, block_a).added);
    EXPECT_EQ(votes.majority(), nullptr);
    EXPECT_FALSE(votes.has_two_thirds_any());
    EXPECT_TRUE(add(votes, signers, 2, nil).added);
    EXPECT_EQ(votes.majority(), nullptr);
    EXPECT_TRUE(votes.has_two_thirds_any());
    EXPECT_TRUE(votes.has_all());
    EXPECT_EQ(votes.bit_array().to_text(), "xxx");
    EXPECT_EQ(votes.bit_array_of(block_a)->to_text(), "xx_");
    EXPECT_FALSE(votes.bit_array_of(block_b));
}

TEST(VoteSet, MajorityForNilIsAMajority) {
    const Signers signers = make_signers({1, 1, 5});
    VoteSet votes = precommits(signers);
    ASSERT_TRUE(add(votes, signers, 0, nil).added);
    ASSERT_NE(votes.majority(), nullptr);
    EXPECT_TRUE(votes.majority()->is_zero());
}

struct WrongVote {
    std::string_view name;
    VoteFault fault;
    void (*spoil)(Vote&);
};

TEST(VoteSet, NamesWhatIsWrong) {
    const Signers signers = make_signers({1, 1, 1, 1});
    constexpr WrongVote table[] = {
        {"index negative", VoteFault::invalid_validator_index,
         [](Vote& vote) { vote.validator_index = -1; }},
        {"index beyond", VoteFault::invalid_validator_index,
         [](Vote& vote) { vote.validator_index = 4; }},
        {"address empty", VoteFault::invalid_validator_address,
         [](Vote& vote) { vote.validator_address.clear(); }},
        {"address of another", VoteFault::invalid_validator_address,
         [](Vote& vote) { vote.validator_index = 2; }},
        {"height", VoteFault::unexpected_step, [](Vote& vote) { vote.height = 11; }},
        {"round", VoteFault::unexpected_step, [](Vote& vote) { vote.round = 0; }},
        {"type", VoteFault::unexpected_step,
         [](Vote& vote) { vote.type = SignedMsgType::prevote; }},
        {"time", VoteFault::invalid_signature, [](Vote& vote) { ++vote.timestamp.nanos; }},
        {"signature", VoteFault::invalid_signature, [](Vote& vote) { vote.signature[0] ^= 1; }},
        {"extension", VoteFault::unexpected_extension,
         [](Vote& vote) { vote.extension.push_back(1); }},
        {"its signature", VoteFault::unexpected_extension,
         [](Vote& vote) { vote.extension_signature = vote.signature; }},
    };
    for (const WrongVote& row : table) {
        VoteSet votes = precommits(signers);
        const VoteSet before = votes;
        Vote vote = make_vote(signers, 1, block_a);
        row.spoil(vote);
        const AddedVote added = votes.add(chain_id, share(vote));
        EXPECT_FALSE(added.added) << row.name;
        EXPECT_EQ(added.fault, row.fault) << row.name;
        EXPECT_EQ(votes, before) << row.name;
    }
}

TEST(VoteSet, LooksAtNoSignatureTwice) {
    const Signers signers = make_signers({1, 1, 1, 1});
    VoteSet votes = precommits(signers);
    const CountingVerifier verifier;
    Vote vote = make_vote(signers, 1, block_a);
    EXPECT_TRUE(votes.add(chain_id, share(vote), verifier).added);
    const AddedVote again = votes.add(chain_id, share(vote), verifier);
    EXPECT_FALSE(again.added);
    EXPECT_EQ(again.fault, VoteFault::none);
    vote.signature[5] ^= 1;
    EXPECT_EQ(votes.add(chain_id, share(vote), verifier).fault,
              VoteFault::non_deterministic_signature);
    EXPECT_EQ(verifier.count(), 1U);
}

TEST(VoteSet, ReportsAConflictAndKeepsItOnlyForAClaimedBlock) {
    const Signers signers = make_signers({1, 1, 1, 1});
    VoteSet votes = precommits(signers);
    ASSERT_TRUE(add(votes, signers, 0, block_a).added);
    AddedVote second = add(votes, signers, 0, block_b);
    EXPECT_FALSE(second.added);
    EXPECT_EQ(second.fault, VoteFault::conflicting_vote);
    ASSERT_NE(second.earlier, nullptr);
    EXPECT_EQ(second.earlier->block_id, block_a);
    EXPECT_FALSE(votes.bit_array_of(block_b));

    ASSERT_TRUE(votes.claim_majority("peer", block_b));
    EXPECT_EQ(votes.bit_array_of(block_b)->to_text(), "____");
    second = add(votes, signers, 0, block_b);
    EXPECT_TRUE(second.added);
    EXPECT_EQ(second.fault, VoteFault::conflicting_vote);
    EXPECT_EQ(votes.bit_array_of(block_b)->to_text(), "x___");
    EXPECT_EQ((*votes.vote(0))->block_id, block_a);

    // The claimed block wins, and its votes take the main slots.
    ASSERT_TRUE(add(votes, signers, 1, block_b).added);
    ASSERT_TRUE(add(votes, signers, 2, block_b).added);
    ASSERT_NE(votes.majority(), nullptr);
    EXPECT_EQ(*votes.majority(), block_b);
    EXPECT_EQ((*votes.vote(0))->block_id, block_b);
    EXPECT_FALSE(votes.has_all());
}

TEST(VoteSet, FirstMajorityStays) {
    const Signers signers = make_signers({1, 1, 1, 1});
    VoteSet votes = precommits(signers);
    ASSERT_TRUE(votes.claim_majority("peer", block_b));
    for (std::size_t i = 0; i < 3; ++i) add(votes, signers, i, block_a);
    for (std::size_t i = 0; i < 4; ++i) add(votes, signers, i, block_b);
    EXPECT_EQ(votes.bit_array_of(block_b)->to_text(), "xxxx");
    EXPECT_EQ(*votes.majority(), block_a);
    EXPECT_EQ((*votes.vote(0))->block_id, block_a);
    EXPECT_EQ((*votes.vote(3))->block_id, block_b);
}

TEST(VoteSet, TakesOneClaimOfAPeer) {
    const Signers signers = make_signers({1, 1, 1});
    VoteSet votes = precommits(signers);
    EXPECT_TRUE(votes.claim_majority("p", block_a));
    EXPECT_TRUE(votes.claim_majority("p", block_a));
    EXPECT_FALSE(votes.claim_majority("p", block_b));
    EXPECT_TRUE(votes.claim_majority("q", block_b));
    EXPECT_EQ(votes.tracked_blocks(), (std::vector{block_a, block_b}));
    EXPECT_EQ(votes.claims().size(), 2U);
}

TEST(VoteSet, CommitHasAbsentAndNilEntries) {
    const Signers signers = make_signers({10, 10, 10, 1, 1, 1});
    VoteSet votes = precommits(signers);
    EXPECT_EQ(votes.can_make_commit().error().check, "vote_set.majority");
    for (std::size_t i = 0; i < 3; ++i) add(votes, signers, i, block_a);
    add(votes, signers, 3, nil);
    add(votes, signers, 4, block_b);
    ASSERT_TRUE(votes.can_make_commit());
    const Commit commit = votes.make_commit();
    EXPECT_TRUE(validate_basic(commit));
    const auto flag = [&](std::size_t i) { return commit.signatures[i].block_id_flag; };
    EXPECT_EQ(flag(2), BlockIdFlag::commit);
    EXPECT_EQ(flag(3), BlockIdFlag::nil);
    EXPECT_EQ(commit.signatures[4], CommitSig::absent());
    EXPECT_EQ(commit.signatures[5], CommitSig::absent());
    EXPECT_EQ(wire::encode(votes.make_extended_commit().without_extensions()),
              wire::encode(commit));

    const auto read = VoteSet::from_commit(commit, signers.shared());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->make_commit(), commit);
    EXPECT_EQ(*read->majority(), block_a);
    EXPECT_EQ(read->bit_array().to_text(), "xxxx__");
}

TEST(VoteSet, RefusesAStoredCommitThatMakesNoMajority) {
    const Signers signers = make_signers({10, 10, 10});
    const std::array<std::uint8_t, 3> two_of_three{2, 2, 1};
    const Commit commit = testing::make_commit(signers, block_a, 10, two_of_three);
    EXPECT_FALSE(VoteSet::from_commit(commit, signers.shared()));
    EXPECT_FALSE(VoteSet::from_commit(testing::make_commit(signers, block_a, 10),
                                      make_signers({1, 1}).shared()));
    EXPECT_FALSE(VoteSet::from_commit(testing::make_commit(signers, block_a, 10),
                                      make_signers({10, 10, 10}, 7).shared()));
}

TEST(VoteSet, ExtendedSetWantsSignedExtensions) {
    const Signers signers = make_signers({10, 10, 10});
    VoteSet votes = precommits(signers, true);
    EXPECT_EQ(add(votes, signers, 0, block_a).fault, VoteFault::missing_extension);
    Vote vote = extended_vote(signers, 0, "price 7");
    vote.extension.push_back('0');
    EXPECT_EQ(votes.add(chain_id, share(vote)).fault, VoteFault::invalid_signature);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_TRUE(votes.add(chain_id, share(extended_vote(signers, i, i == 1 ? "" : "x"))).added);
    ASSERT_TRUE(votes.can_make_commit());
    const ExtendedCommit commit = votes.make_extended_commit();
    EXPECT_TRUE(ensure_extensions(commit, true));
    EXPECT_EQ(VoteSet::from_commit(commit, signers.shared()).value(), votes);
}

// CometBFT stops when it makes a commit of such votes; validate_basic keeps them out.
TEST(VoteSet, LeavesExtensionDataOfNilVotesOut) {
    const Signers signers = make_signers({10, 10, 10, 1});
    VoteSet votes = precommits(signers, true);
    for (std::size_t i = 0; i < 3; ++i)
        ASSERT_TRUE(votes.add(chain_id, share(extended_vote(signers, i, "x"))).added);
    Vote vote = make_vote(signers, 3, nil);
    vote.extension.push_back(1);
    ASSERT_TRUE(votes.add(chain_id, share(vote)).added);
    EXPECT_EQ(votes.can_make_commit().error().check, "vote_set.extension");
    EXPECT_TRUE(ensure_extensions(votes.make_extended_commit(), true));
}

}  // namespace
}  // namespace tandem::types
