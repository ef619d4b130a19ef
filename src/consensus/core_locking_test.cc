// Locks, and what undoes them: the old-style rule of CometBFT 0.38 (wire page 03, trap 15).
#include <gtest/gtest.h>

#include "consensus/core_testing.h"

namespace tandem::consensus {
namespace {

using testing::Bench;
using testing::make_block;
using types::SignedMsgType;

const BlockId nil{};

/// Round 0: the block is proposed, gets its polka and our lock, and no majority of precommits.
/// Leaves the bench in round 1.
void lock_in_round_zero(Bench& bench, const HeldBlock& block) {
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    ASSERT_EQ(bench.state().locked_round, 0);
    bench.precommits(2, 0, nil);
    bench.ring(Step::precommit_wait);
    ASSERT_EQ(bench.state().round, 1);
}

TEST(CoreLocking, PrevotesItsLockWhateverIsProposed) {
    Bench bench;
    const HeldBlock locked = make_block(1, "locked");
    lock_in_round_zero(bench, locked);
    bench.propose(make_block(1, "other"));
    EXPECT_EQ(bench.own_prevote(1), locked.id);
    EXPECT_EQ(bench.passed(Mark::prevote_lock), 1U);
}

// The paper's rule would prevote a proposal whose proof of lock is newer than the lock; and so
// would the rule that came after CometBFT 0.38.
TEST(CoreLocking, PrevotesItsLockDespiteAProposalWithAProofOfLock) {
    Bench bench;
    const HeldBlock locked = make_block(1, "locked");
    const HeldBlock other = make_block(1, "other");
    lock_in_round_zero(bench, locked);
    bench.ring(Step::propose);
    bench.prevotes(2, 1, nil);  // no polka: we prevoted our lock
    bench.ring(Step::prevote_wait);
    bench.precommits(2, 1, nil);
    bench.ring(Step::precommit_wait);
    ASSERT_EQ(bench.state().round, 2);
    bench.propose(other, 0);  // and the polka of round 0 is there, for what we locked
    EXPECT_EQ(bench.own_prevote(2), locked.id);
}

TEST(CoreLocking, RelocksByALaterPolkaForTheSameBlock) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    lock_in_round_zero(bench, block);
    bench.propose(block, 0);
    bench.prevotes(2, 1, block.id);
    EXPECT_EQ(bench.state().locked_round, 1);
    EXPECT_EQ(bench.own_precommit(1), block.id);
    EXPECT_TRUE(bench.has_notice(Notice::relock));
    EXPECT_EQ(bench.passed(Mark::relock), 1U);
}

TEST(CoreLocking, UnlocksWhenTheLastPrevoteOfALaterPolkaForAnotherBlockArrives) {
    Bench bench;
    const HeldBlock locked = make_block(1, "locked");
    const HeldBlock other = make_block(1, "other");
    lock_in_round_zero(bench, locked);
    bench.ring(Step::propose);
    bench.prevotes(2, 1, other.id);
    EXPECT_EQ(bench.state().locked_round, 0) << "two of four";
    bench.prevotes(3, 1, other.id);
    EXPECT_EQ(bench.state().locked_round, -1);
    EXPECT_TRUE(bench.has_notice(Notice::unlock));
    EXPECT_EQ(bench.passed(Mark::unlock_by_prevote_for_block), 1U);
    // It now collects that block, and precommits nil without it.
    ASSERT_TRUE(bench.state().parts.has_value());
    EXPECT_TRUE(bench.state().parts->has_header(other.id.part_set_header));
    EXPECT_EQ(bench.valid_blocks.back().part_set_header, other.id.part_set_header);
    bench.ring(Step::prevote_wait);
    EXPECT_EQ(bench.own_precommit(1), nil);
}

TEST(CoreLocking, UnlocksWhenTheLastPrevoteOfALaterPolkaForNilArrives) {
    Bench bench;
    lock_in_round_zero(bench, make_block(1, "locked"));
    bench.ring(Step::propose);
    bench.prevotes(3, 1, nil);
    EXPECT_EQ(bench.state().locked_round, -1);
    EXPECT_EQ(bench.passed(Mark::unlock_by_prevote_for_nil), 1U);
    EXPECT_EQ(bench.own_precommit(1), nil);
}

TEST(CoreLocking, APolkaOfARoundGoneByUnlocksIfItIsLaterThanTheLock) {
    Bench bench;
    lock_in_round_zero(bench, make_block(1, "locked"));
    bench.prevotes(3, 2, nil);
    ASSERT_EQ(bench.state().round, 2);
    EXPECT_EQ(bench.state().locked_round, 0) << "round 2 was ahead when its polka came";
    bench.prevotes(2, 1, nil);
    EXPECT_EQ(bench.state().locked_round, 0);
    bench.prevotes(3, 1, nil);
    EXPECT_EQ(bench.state().locked_round, -1);
    EXPECT_EQ(bench.passed(Mark::unlock_by_prevote_for_nil), 1U);
}

TEST(CoreLocking, APolkaOfAnEarlierRoundThanTheLockChangesNothing) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.ring(Step::propose);
    bench.precommits(3, 0, nil);
    bench.ring(Step::precommit_wait);
    ASSERT_EQ(bench.state().round, 1);
    bench.propose(block);
    bench.prevotes(2, 1, block.id);
    ASSERT_EQ(bench.state().locked_round, 1);
    bench.prevotes(2, 0, nil);
    ASSERT_NE(bench.state().votes.polka(0), nullptr);
    EXPECT_EQ(bench.state().locked_round, 1);
    EXPECT_EQ(bench.own_precommit(1), block.id);
}

TEST(CoreLocking, UnlocksAtPrecommitForAPolkaOfAnUnknownBlock) {
    Bench bench;
    const HeldBlock other = make_block(1, "other");
    lock_in_round_zero(bench, make_block(1, "locked"));
    bench.signs = false;  // else our own prevote would be the one that unlocks
    bench.prevotes(3, 2, other.id);
    ASSERT_EQ(bench.state().round, 2);
    EXPECT_EQ(bench.state().locked_round, 0);
    bench.precommits(3, 2, nil);
    EXPECT_EQ(bench.state().locked_round, -1);
    EXPECT_EQ(bench.own_precommit(2), nil);
    EXPECT_TRUE(bench.state().parts->has_header(other.id.part_set_header));
    EXPECT_EQ(bench.passed(Mark::unlock_by_polka_for_unknown), 1U);
}

TEST(CoreLocking, UnlocksAtPrecommitForAPolkaOfNil) {
    Bench bench;
    lock_in_round_zero(bench, make_block(1, "locked"));
    bench.signs = false;
    bench.prevotes(3, 2, nil);
    EXPECT_EQ(bench.state().locked_round, 0);
    bench.precommits(3, 2, nil);
    EXPECT_EQ(bench.state().locked_round, -1);
    EXPECT_EQ(bench.passed(Mark::unlock_by_polka_for_nil), 1U);
}

TEST(CoreLocking, KeepsItsLockThroughRoundsWithoutAPolka) {
    Bench bench;
    const HeldBlock locked = make_block(1, "locked");
    lock_in_round_zero(bench, locked);
    for (std::int32_t round = 1; round < 4; ++round) {
        if (bench.state().step == Step::propose) bench.ring(Step::propose);
        bench.prevotes(2, round, nil);
        bench.ring(Step::prevote_wait);
        EXPECT_EQ(bench.own_precommit(round), nil);
        bench.precommits(2, round, nil);
        bench.ring(Step::precommit_wait);
    }
    EXPECT_EQ(bench.state().round, 4);
    EXPECT_EQ(bench.state().locked_round, 0);
    EXPECT_EQ(bench.passed(Mark::precommit_without_polka), 3U);
}

TEST(CoreLocking, LocksAnotherBlockByItsPolka) {
    Bench bench;
    const HeldBlock other = make_block(1, "other");
    lock_in_round_zero(bench, make_block(1, "locked"));
    bench.propose(other);
    bench.prevotes(3, 1, other.id);
    EXPECT_EQ(bench.state().locked_round, 1);
    EXPECT_EQ(bench.state().locked->id, other.id);
    EXPECT_EQ(bench.own_precommit(1), other.id);
    EXPECT_EQ(bench.passed(Mark::l38_lock), 2U);
}

TEST(CoreLocking, ABlockThatComesAfterItsPolkaIsValidAllTheSame) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.ring(Step::propose);
    bench.prevotes(3, 0, block.id);
    EXPECT_EQ(bench.state().valid_round, -1);
    bench.send_parts(block);
    EXPECT_EQ(bench.state().valid_round, 0);
    EXPECT_EQ(bench.passed(Mark::valid_block_completed_late), 1U);
    bench.ring(Step::prevote_wait);
    EXPECT_EQ(bench.own_precommit(0), block.id) << "it came before the timeout";
}

TEST(CoreLocking, ABlockThatCompletesBehindItsPolkaIsPrevotedAndPrecommittedAtOnce) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.feed(ProposalReceived{testing::a_peer, bench.proposal(block, -1)});
    bench.prevotes(3, 0, block.id);
    EXPECT_EQ(bench.state().step, Step::propose);
    bench.send_parts(block);
    EXPECT_EQ(bench.own_prevote(0), block.id);
    EXPECT_EQ(bench.own_precommit(0), block.id);
}

TEST(CoreLocking, DropsTheProposedBlockWhenTwoThirdsWantAnother) {
    Bench bench;
    const HeldBlock other = make_block(1, "other");
    bench.ring(Step::new_height);
    bench.propose(make_block(1, "a"));
    bench.prevotes(3, 0, other.id);
    EXPECT_FALSE(bench.state().proposal_block.has_value());
    EXPECT_EQ(bench.passed(Mark::proposal_block_dropped_by_polka), 1U);
    bench.send_parts(other);
    bench.ring(Step::prevote_wait);
    EXPECT_EQ(bench.own_precommit(0), other.id);
}

TEST(CoreLocking, AProposalIsCompleteWithThePolkaItNames) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.precommits(3, 1, nil);
    bench.ring(Step::precommit_wait);
    ASSERT_EQ(bench.state().round, 2);
    bench.propose(block, 0);
    EXPECT_EQ(bench.state().step, Step::propose) << "no polka of round 0 yet";
    bench.prevotes(2, 0, block.id);
    EXPECT_EQ(bench.state().step, Step::propose);
    bench.prevotes(3, 0, block.id);
    EXPECT_EQ(bench.own_prevote(2), block.id);
    EXPECT_EQ(bench.passed(Mark::l30_prevote_with_proof_of_lock), 1U);
}

TEST(CoreLocking, AtTheTimeoutItPrevotesABlockWhoseProofOfLockIsMissing) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.precommits(3, 1, nil);
    bench.ring(Step::precommit_wait);
    bench.propose(block, 0);
    bench.ring(Step::propose);
    EXPECT_EQ(bench.own_prevote(2), block.id);
    EXPECT_EQ(bench.passed(Mark::prevote_before_polka_round), 1U);
}

// Found by the fuzzer: our twin proposed in our round, while we waited for transactions.
TEST(CoreLocking, NamesNoPolkaOfItsOwnRoundInAProposal) {
    testing::BenchOptions options{.proof_block_needed = false, .own_proposes_in = 0};
    options.config.create_empty_blocks = false;
    Bench bench(options);
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.prevotes(3, 0, block.id);
    bench.send_parts(block);
    ASSERT_EQ(bench.state().valid_round, 0);
    bench.feed(TransactionsAvailable{1});
    ASSERT_EQ(bench.cast_proposals.size(), 1U);
    EXPECT_EQ(bench.cast_proposals[0].unsigned_proposal.block_id, block.id);
    EXPECT_EQ(bench.cast_proposals[0].unsigned_proposal.pol_round, -1);
}

TEST(CoreLocking, PrevotesNilForAnUnfitBlockWithAProofOfLock) {
    Bench bench;
    bench.judgement = Judgement::rejected;
    bench.ring(Step::new_height);
    bench.prevotes(3, 0, nil);
    bench.precommits(3, 1, nil);
    bench.propose(make_block(1, "a"), 0);
    EXPECT_EQ(bench.own_prevote(1), std::nullopt) << "its precommits took us past the prevote";
    bench.ring(Step::precommit_wait);
    bench.propose(make_block(1, "a"), 0);
    EXPECT_EQ(bench.own_prevote(2), nil);
    EXPECT_EQ(bench.passed(Mark::l32_prevote_nil_despite_proof_of_lock), 1U);
}

TEST(CoreLocking, PrecommitsWhatItsApplicationRejectedWhenTwoThirdsWantIt) {
    Bench bench;
    bench.judgement = Judgement::rejected;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    EXPECT_EQ(bench.own_prevote(0), nil);
    bench.prevotes(3, 0, block.id);
    EXPECT_EQ(bench.own_precommit(0), block.id);
    EXPECT_EQ(bench.state().locked_round, 0);
}

TEST(CoreLocking, StopsWhenTwoThirdsWantABlockThatIsInvalid) {
    Bench bench;
    bench.judgement = Judgement::invalid;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, block.id);
    ASSERT_EQ(bench.halts.size(), 1U);
    EXPECT_EQ(bench.halts[0].id, block.id);
    EXPECT_EQ(bench.own_precommit(0), std::nullopt);
    bench.prevote(0, 0, nil);
    EXPECT_EQ(bench.last_refusal, Refusal::halted);
}

// ---- Committing.

TEST(CoreCommit, DecidesByThePrecommitsOfALowerRound) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    lock_in_round_zero(bench, block);
    bench.precommit(2, 0, block.id);
    EXPECT_TRUE(bench.decisions.empty());
    // Two of them were nil; now we hear that they had signed for the block as well.
    bench.feed(PeerClaimsMajority{testing::a_peer, 1, 0, SignedMsgType::precommit, block.id});
    bench.precommit(0, 0, block.id);
    ASSERT_EQ(bench.decisions.size(), 1U);
    EXPECT_EQ(bench.decisions[0].round, 0);
    EXPECT_EQ(bench.state().round, 1);
    EXPECT_EQ(bench.passed(Mark::commit_from_lower_round), 1U);
    EXPECT_EQ(bench.passed(Mark::commit_held_block), 1U);
    const auto& commit = *std::get<Shared<types::Commit>>(bench.decisions[0].commit);
    EXPECT_EQ(commit.round, 0);
    EXPECT_EQ(commit.signatures[1].block_id_flag, types::BlockIdFlag::nil);
    EXPECT_EQ(commit.signatures[0].block_id_flag, types::BlockIdFlag::commit);
}

TEST(CoreCommit, CollectsABlockThatWasDecidedWithoutIt) {
    Bench bench;
    const HeldBlock block = make_block(1, "a", {}, 100);
    bench.ring(Step::new_height);
    bench.precommits(3, 0, block.id);
    EXPECT_EQ(bench.state().step, Step::commit);
    EXPECT_EQ(bench.own_precommit(0), nil) << "it had seen no polka";
    ASSERT_FALSE(bench.valid_blocks.empty());
    EXPECT_EQ(bench.valid_blocks.back().part_set_header, block.id.part_set_header);
    EXPECT_FALSE(bench.valid_blocks.back().is_commit) << "said before the step";
    EXPECT_TRUE(bench.decisions.empty());
    bench.send_parts(block);
    ASSERT_EQ(bench.decisions.size(), 1U);
    EXPECT_EQ(bench.decisions[0].id, block.id);
    EXPECT_EQ(bench.passed(Mark::commit_unknown_block), 1U);
    EXPECT_TRUE(bench.judgements_asked.empty()) << "whoever carries it out judges it";
}

TEST(CoreCommit, DecidesALockedBlockThatIsNotTheOneProposed) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    lock_in_round_zero(bench, block);
    bench.propose(make_block(1, "other"));
    bench.precommits(3, 1, block.id);
    ASSERT_EQ(bench.decisions.size(), 1U);
    EXPECT_EQ(bench.decisions[0].id, block.id);
    EXPECT_EQ(bench.passed(Mark::commit_held_block), 1U);
}

TEST(CoreCommit, NoLaterRoundTakesItOutOfTheCommit) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.precommits(3, 0, block.id);
    bench.prevotes(3, 1, nil);
    bench.precommits(3, 1, nil);
    EXPECT_EQ(bench.state().step, Step::commit);
    EXPECT_EQ(bench.state().round, 0);
    bench.send_parts(block);
    EXPECT_EQ(bench.decisions.size(), 1U);
}

TEST(CoreCommit, DecidesOnlyOnce) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, block.id);
    bench.precommits(3, 0, block.id);
    bench.send_parts(block);
    EXPECT_EQ(bench.last_refusal, Refusal::seen_before);
    EXPECT_EQ(bench.decisions.size(), 1U);
}

}  // namespace
}  // namespace tandem::consensus
