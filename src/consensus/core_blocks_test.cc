// Proposals and blocks: which are accepted, how they come together, and what waits for their
// judgement.
#include <gtest/gtest.h>

#include "consensus/core_testing.h"

namespace tandem::consensus {
namespace {

using testing::a_peer;
using testing::Bench;
using testing::make_block;
using types::SignedMsgType;

const BlockId nil{};

TEST(CoreBlocks, TakesPartsInAnyOrderAndEachOnce) {
    Bench bench;
    const HeldBlock block = make_block(1, "a", {}, 64);
    const std::uint32_t total = block.parts->total();
    ASSERT_GT(total, 3U);
    bench.ring(Step::new_height);
    bench.send_part(block, 0);
    EXPECT_EQ(bench.last_refusal, Refusal::part_unexpected);
    bench.feed(ProposalReceived{a_peer, bench.proposal(block, -1)});
    for (std::uint32_t i = total; i-- > 0;) {
        EXPECT_EQ(bench.own_prevote(0), std::nullopt);
        bench.send_part(block, i);
        bench.send_part(block, i);
        EXPECT_EQ(bench.last_refusal, Refusal::seen_before);
    }
    EXPECT_EQ(bench.own_prevote(0), block.id);
}

TEST(CoreBlocks, RefusesPartsThatDoNotBelong) {
    Bench bench;
    const HeldBlock block = make_block(1, "a", {}, 64);
    bench.ring(Step::new_height);
    bench.feed(ProposalReceived{a_peer, bench.proposal(block, -1)});
    types::Part part = *block.parts->part(0);
    const auto feed = [&](std::int64_t height) {
        bench.feed(PartReceived{a_peer, height, 7, Shared<types::Part>::make(part)});
        return bench.last_refusal;
    };
    EXPECT_EQ(feed(2), Refusal::other_height);
    part.bytes[0] ^= 1;
    EXPECT_EQ(feed(1), Refusal::part_bad_proof);
    EXPECT_EQ(blame(Refusal::part_bad_proof), Blame::peer);
    part.bytes[0] ^= 1;
    part.index = block.parts->total();
    EXPECT_EQ(feed(1), Refusal::part_bad_proof);
    part.index = 0;
    EXPECT_EQ(feed(1), std::nullopt) << "the round in the message does not matter";
}

TEST(CoreBlocks, NeverHoldsMoreBytesThanABlockMayHave) {
    Bench bench({.block_bytes_max = 300});
    const HeldBlock block = make_block(1, std::string(400, 'x'), {}, 256);
    ASSERT_GE(block.parts->total(), 3U);
    bench.ring(Step::new_height);
    // A polka makes us collect it; a proposal of so many parts would be refused.
    bench.ring(Step::propose);
    bench.prevotes(3, 0, block.id);
    bench.send_part(block, 0);
    EXPECT_FALSE(bench.last_refusal.has_value());
    bench.send_part(block, 1);
    EXPECT_EQ(bench.last_refusal, Refusal::part_too_many_bytes);
}

TEST(CoreBlocks, SaysThatACompleteBlockIsUnreadable) {
    const HeldBlock future =
        make_block(2, "of the next height",
                   {types::Commit{1, 0, make_block(1, "a").id, {types::CommitSig::absent()}}});
    HeldBlock garbage = future;
    garbage.parts =
        Shared<types::PartSet>::make(types::PartSet::split(base::as_bytes("this is no block")));
    garbage.id.part_set_header = garbage.parts->header();
    for (const HeldBlock& block : {future, garbage}) {
        Bench bench;
        bench.ring(Step::new_height);
        bench.propose(block);
        ASSERT_EQ(bench.unreadable.size(), 1U);
        EXPECT_EQ(bench.unreadable[0].part_set_header, block.id.part_set_header);
        EXPECT_FALSE(bench.state().proposal_block.has_value());
        bench.send_parts(block);
        EXPECT_EQ(bench.last_refusal, Refusal::seen_before);
        bench.ring(Step::propose);
        EXPECT_EQ(bench.own_prevote(0), nil);
        EXPECT_EQ(bench.passed(Mark::block_unreadable), 1U);
    }
}

TEST(CoreBlocks, TellsBlocksApartByTheirPartsToo) {
    // One header, two ways to cut it into parts: for consensus these are two blocks.
    const HeldBlock fine = make_block(1, "a", {}, 64);
    const HeldBlock coarse = make_block(1, "a");
    ASSERT_EQ(fine.id.hash, coarse.id.hash);
    Bench bench;
    bench.ring(Step::new_height);
    bench.propose(fine);
    bench.prevotes(3, 0, coarse.id);
    EXPECT_EQ(bench.own_precommit(0), std::nullopt) << "what is wanted is not held";
    EXPECT_TRUE(bench.state().parts->has_header(coarse.id.part_set_header));
    bench.send_parts(coarse);
    bench.ring(Step::prevote_wait);
    EXPECT_EQ(bench.own_precommit(0), coarse.id);
}

TEST(CoreBlocks, AcceptsTheProposersProposalOfThisRoundOnly) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    types::Proposal proposal = *bench.proposal(block, -1);
    const auto feed = [&](std::size_t key) {
        bench.feed(ProposalReceived{
            a_peer, testing::signed_proposal(proposal, bench.validator(key).pub_key)});
        return bench.last_refusal;
    };
    const std::size_t proposer = bench.proposer(0);
    EXPECT_EQ(feed((proposer + 1) % 4), Refusal::proposal_not_by_proposer);
    proposal.pol_round = 0;
    EXPECT_EQ(feed(proposer), Refusal::proposal_pol_round);
    proposal.pol_round = -1;
    proposal.round = 1;
    EXPECT_EQ(feed(proposer), Refusal::other_round);
    proposal.round = 0;
    proposal.height = 2;
    EXPECT_EQ(feed(proposer), Refusal::other_height);
    proposal.height = 1;
    EXPECT_EQ(feed(proposer), std::nullopt);
    EXPECT_EQ(bench.state().step, Step::propose) << "a proposal alone moves nothing";
    EXPECT_EQ(feed(proposer), Refusal::seen_before);
    proposal.block_id = make_block(1, "b").id;
    EXPECT_EQ(feed(proposer), Refusal::seen_before);
}

TEST(CoreBlocks, RefusesAProposalOfTooManyParts) {
    Bench bench({.block_bytes_max = 65'536});
    bench.ring(Step::new_height);
    types::Proposal proposal = *bench.proposal(make_block(1, "a"), -1);
    const auto& key = bench.validator(bench.proposer(0)).pub_key;
    proposal.block_id.part_set_header.total = 2;
    bench.feed(ProposalReceived{a_peer, testing::signed_proposal(proposal, key)});
    EXPECT_EQ(bench.last_refusal, Refusal::proposal_too_large);
    EXPECT_EQ(blame(Refusal::proposal_too_large), Blame::peer_disconnect);
    proposal.block_id.part_set_header.total = 1;
    bench.feed(ProposalReceived{a_peer, testing::signed_proposal(proposal, key)});
    EXPECT_FALSE(bench.last_refusal.has_value());
}

TEST(CoreBlocks, AProposalForRoundZeroIsKeptWhenTheRoundBegins) {
    Bench bench;
    const HeldBlock block = make_block(1, "a", {}, 64);
    bench.feed(ProposalReceived{a_peer, bench.proposal(block, -1)});
    bench.send_part(block, 0);
    EXPECT_EQ(bench.state().step, Step::new_height);
    bench.ring(Step::new_height);
    bench.send_parts(block);
    EXPECT_EQ(bench.own_prevote(0), block.id);
}

TEST(CoreBlocks, ALateBlockIsNotProposed) {
    Bench bench({.own_proposes_in = 0});
    bench.builds = false;
    bench.ring(Step::new_height);
    ASSERT_EQ(bench.builds_asked.size(), 1U);
    bench.ring(Step::propose);
    const HeldBlock block = make_block(1, "a");
    bench.feed(BlockBuilt{1, 0, block.id, block.block, block.parts});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    EXPECT_TRUE(bench.cast_proposals.empty());
    EXPECT_EQ(bench.passed(Mark::block_late), 1U);
    bench.feed(BlockBuilt{1, 1, block.id, block.block, block.parts});
    EXPECT_EQ(bench.last_refusal, Refusal::other_round);
}

TEST(CoreBlocks, AProposalSignedForAnOlderRoundIsNotTaken) {
    Bench bench({.own_proposes_in = 0});
    bench.signs = false;
    bench.ring(Step::new_height);
    const auto proposal = testing::signed_proposal(bench.cast_proposals.at(0).unsigned_proposal,
                                                   bench.validator(bench.proposer(0)).pub_key);
    bench.prevotes(3, 1, nil);
    bench.feed(ProposalSigned{proposal});
    EXPECT_EQ(bench.last_refusal, Refusal::other_round);
}

// ---- While the application judges.

TEST(CoreJudgement, ThePrevoteWaitsForIt) {
    Bench bench;
    bench.judges = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    EXPECT_EQ(bench.state().step, Step::prevote);
    EXPECT_EQ(bench.own_prevote(0), std::nullopt);
    bench.feed(TimerRang{{1, 0, Step::propose}});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits) << "the prevote is under way";
    bench.feed(BlockJudged{1, make_block(1, "b").id, Judgement::accepted});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    bench.feed(BlockJudged{1, block.id, Judgement::accepted});
    EXPECT_EQ(bench.own_prevote(0), block.id);
    bench.feed(BlockJudged{1, block.id, Judgement::rejected});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits) << "once judged is judged";
    EXPECT_EQ(bench.passed(Mark::prevote_waits_for_judgement), 1U);
}

TEST(CoreJudgement, ThePrecommitWaitsForItBehindThePrevote) {
    Bench bench;
    bench.judges = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, block.id);
    EXPECT_EQ(bench.state().step, Step::precommit);
    EXPECT_EQ(bench.state().locked_round, -1);
    EXPECT_TRUE(bench.cast.empty());
    bench.feed(BlockJudged{1, block.id, Judgement::accepted});
    ASSERT_EQ(bench.cast.size(), 2U);
    EXPECT_EQ(bench.cast[0].type, SignedMsgType::prevote);
    EXPECT_EQ(bench.cast[1].type, SignedMsgType::precommit);
    EXPECT_EQ(bench.state().locked_round, 0);
    EXPECT_EQ(bench.passed(Mark::precommit_waits_for_judgement), 1U);
}

TEST(CoreJudgement, InvalidBehindAPolkaStopsTheNode) {
    Bench bench;
    bench.judges = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, block.id);
    bench.feed(BlockJudged{1, block.id, Judgement::invalid});
    EXPECT_EQ(bench.halts.size(), 1U);
    EXPECT_EQ(bench.own_precommit(0), std::nullopt);
}

TEST(CoreJudgement, AWaitingPrevoteIsNotCastAfterAPrecommit) {
    Bench bench;
    bench.judges = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, nil);
    EXPECT_EQ(bench.own_precommit(0), nil);
    bench.feed(BlockJudged{1, block.id, Judgement::accepted});
    EXPECT_EQ(bench.own_prevote(0), std::nullopt) << "the signer would refuse it, and rightly";
}

TEST(CoreJudgement, AWaitingPrevoteEndsWithItsRound) {
    Bench bench;
    bench.judges = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 1, nil);
    bench.feed(BlockJudged{1, block.id, Judgement::accepted});
    EXPECT_TRUE(bench.cast.empty());
}

TEST(CoreJudgement, AWaitingPrevoteEndsWhenTwoThirdsWantAnotherBlock) {
    Bench bench;
    bench.judges = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, make_block(1, "b").id);
    bench.feed(BlockJudged{1, block.id, Judgement::accepted});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    EXPECT_EQ(bench.own_prevote(0), std::nullopt);
}

TEST(CoreJudgement, ADecisionDoesNotWaitForItAndThePrecommitFollows) {
    Bench bench;
    bench.judges = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, block.id);
    bench.precommits(3, 0, block.id);
    EXPECT_EQ(bench.decisions.size(), 1U);
    bench.feed(BlockJudged{1, block.id, Judgement::accepted});
    EXPECT_EQ(bench.own_prevote(0), std::nullopt) << "nobody needs it now";
    EXPECT_EQ(bench.own_precommit(0), block.id);
    bench.start(2);
    EXPECT_TRUE(bench.state().last_commit->has_all());
}

TEST(CoreJudgement, IsAskedOnceForABlockThatIsProposedAgain) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    bench.precommits(2, 0, nil);
    bench.ring(Step::precommit_wait);
    bench.propose(block, 0);
    EXPECT_EQ(bench.judgements_asked.size(), 1U);
    EXPECT_EQ(bench.state().proposal_block->opinion, Opinion::accepted);
}

TEST(CoreJudgement, OfOurOwnBlockIsAskedBeforeTheProposalIsSigned) {
    Bench bench({.own_proposes_in = 0});
    bench.signs = false;
    bench.judges = false;
    bench.ring(Step::new_height);
    ASSERT_EQ(bench.judgements_asked.size(), 1U);
    bench.feed(BlockJudged{1, bench.judgements_asked[0].id, Judgement::accepted});
    EXPECT_FALSE(bench.last_refusal.has_value());
    bench.feed(ProposalSigned{testing::signed_proposal(
        bench.cast_proposals.at(0).unsigned_proposal, bench.validator(bench.proposer(0)).pub_key)});
    EXPECT_EQ(bench.own_prevote(0), bench.judgements_asked[0].id);
    EXPECT_EQ(bench.judgements_asked.size(), 1U);
}

}  // namespace
}  // namespace tandem::consensus
