// Votes: which ones count, late ones, conflicting ones, and those with extensions.
#include <gtest/gtest.h>

#include "consensus/core_testing.h"

namespace tandem::consensus {
namespace {

using testing::a_peer;
using testing::another_peer;
using testing::Bench;
using testing::make_block;
using testing::third_peer;
using types::SignedMsgType;

const BlockId nil{};

void decide(Bench& bench, const HeldBlock& block) {
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    bench.precommits(2, 0, block.id);
    ASSERT_EQ(bench.decisions.size(), 1U);
}

TEST(CoreVotes, TakesLatePrecommitsOfTheHeightBeforeUntilTheRoundBegins) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    const auto third = bench.vote(SignedMsgType::precommit, 2, 0, block.id);
    const auto prevote = bench.vote(SignedMsgType::prevote, 2, 0, block.id);
    const auto other_round = bench.vote(SignedMsgType::precommit, 2, 1, block.id);
    decide(bench, block);
    bench.start(2);
    bench.feed(VoteReceived{a_peer, prevote});
    EXPECT_EQ(bench.last_refusal, Refusal::other_height);
    bench.feed(VoteReceived{a_peer, other_round});
    EXPECT_EQ(bench.last_refusal, Refusal::other_round);
    bench.feed(VoteReceived{a_peer, third});
    EXPECT_FALSE(bench.last_refusal.has_value());
    EXPECT_TRUE(bench.state().last_commit->has_all());
    EXPECT_EQ(bench.votes_added.back().vote->height, 1);
    EXPECT_EQ(bench.passed(Mark::late_precommit), 1U);
    bench.feed(VoteReceived{a_peer, third});
    EXPECT_EQ(bench.last_refusal, Refusal::seen_before);
}

TEST(CoreVotes, RefusesLatePrecommitsOnceTheRoundHasBegun) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    const auto third = bench.vote(SignedMsgType::precommit, 2, 0, block.id);
    decide(bench, block);
    bench.start(2);
    bench.ring(Step::new_height);
    bench.feed(VoteReceived{a_peer, third});
    EXPECT_EQ(bench.last_refusal, Refusal::other_height);
}

TEST(CoreVotes, PrecommitsThatComeWhileTheBlockIsCarriedOutJoinTheLastCommit) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    decide(bench, block);
    bench.precommit(2, 0, block.id);
    bench.start(2);
    EXPECT_TRUE(bench.state().last_commit->has_all());
}

TEST(CoreVotes, OpensTwoRoundsOutOfTurnForEachPeer) {
    Bench bench;
    const auto vote = [&](std::size_t validator, std::int32_t round) {
        return bench.vote(SignedMsgType::precommit, validator, round, nil);
    };
    bench.ring(Step::new_height);
    bench.feed(VoteReceived{a_peer, vote(0, 1)});  // the next round is nobody's
    bench.feed(VoteReceived{a_peer, vote(0, 7)});
    bench.feed(VoteReceived{a_peer, vote(0, 9)});
    EXPECT_EQ(bench.passed(Mark::catchup_round), 2U);
    bench.feed(VoteReceived{a_peer, vote(0, 11)});
    EXPECT_EQ(bench.last_refusal, Refusal::vote_round_unwanted);
    EXPECT_EQ(blame(*bench.last_refusal), Blame::peer);
    bench.feed(VoteReceived{a_peer, vote(1, 7)});
    EXPECT_FALSE(bench.last_refusal.has_value()) << "that round is open";
    bench.feed(VoteReceived{another_peer, vote(0, 11)});
    EXPECT_FALSE(bench.last_refusal.has_value());
    bench.feed(VoteReceived{a_peer, vote(1, 11)});
    EXPECT_FALSE(bench.last_refusal.has_value()) << "somebody else opened it";
}

TEST(CoreVotes, DecidesByTheCommitOfARoundThatItIsNotIn) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.precommits(3, 12, block.id);
    EXPECT_EQ(bench.state().round, 12);
    EXPECT_EQ(bench.state().commit_round, 12);
    bench.send_parts(block);
    EXPECT_EQ(bench.decisions.at(0).round, 12);
}

TEST(CoreVotes, RefusesWhatIsNoVoteOfThisHeight) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    types::Vote vote = bench.unsigned_vote(SignedMsgType::prevote, 0, 0, block.id);
    const auto feed = [&](std::size_t key) {
        bench.feed(VoteReceived{a_peer, testing::signed_vote(vote, bench.validator(key).pub_key,
                                                             Extensions::disabled)});
        return bench.last_refusal;
    };
    vote.height = 3;
    EXPECT_EQ(feed(0), Refusal::other_height);
    vote.height = 1;
    vote.validator_index = 1;
    EXPECT_EQ(feed(0), Refusal::vote_unknown_validator);
    vote.validator_index = 4;
    EXPECT_EQ(feed(0), Refusal::vote_unknown_validator);
    vote.validator_index = 0;
    vote.round = round_max + 1;
    EXPECT_EQ(feed(0), Refusal::vote_round_unwanted);
    vote.round = 0;
    EXPECT_EQ(feed(0), std::nullopt);
    EXPECT_EQ(feed(0), Refusal::seen_before);
    vote.timestamp.seconds += 1;
    EXPECT_EQ(feed(0), Refusal::vote_signature_differs);
}

TEST(CoreVotes, ReportsTwoVotesOfOneValidator) {
    Bench bench;
    const HeldBlock a = make_block(1, "a");
    const HeldBlock b = make_block(1, "b");
    bench.ring(Step::new_height);
    bench.prevote(0, 0, a.id);
    bench.prevote(0, 0, b.id);
    EXPECT_FALSE(bench.last_refusal.has_value());
    ASSERT_EQ(bench.conflicts.size(), 1U);
    EXPECT_EQ(bench.conflicts[0].first->block_id, a.id);
    EXPECT_EQ(bench.conflicts[0].second->block_id, b.id);
    EXPECT_EQ(bench.votes_added.size(), 1U) << "the second does not count";
    EXPECT_EQ(bench.passed(Mark::conflict_reported), 1U);
}

TEST(CoreVotes, DoesNotReportItsOwnKey) {
    Bench bench;
    bench.ring(Step::new_height);
    bench.ring(Step::propose);
    bench.prevote(3, 0, make_block(1, "a").id);
    EXPECT_TRUE(bench.conflicts.empty());
    EXPECT_EQ(bench.passed(Mark::conflict_of_our_own_key), 1U);
}

TEST(CoreVotes, ReportsConflictsInTheLastCommitToo) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    const auto twice = bench.vote(SignedMsgType::precommit, 0, 0, make_block(1, "b").id);
    decide(bench, block);
    bench.start(2);
    bench.feed(VoteReceived{a_peer, twice});
    ASSERT_EQ(bench.conflicts.size(), 1U);
    EXPECT_EQ(bench.conflicts[0].first->block_id, block.id);
}

TEST(CoreVotes, CountsAnEquivocatorForTheBlockThatAPeerClaims) {
    Bench bench;
    const HeldBlock a = make_block(1, "a");
    const HeldBlock b = make_block(1, "b");
    bench.ring(Step::new_height);
    bench.prevote(0, 0, a.id);
    bench.prevote(0, 0, b.id);
    bench.prevotes(3, 0, b.id);
    EXPECT_EQ(bench.state().votes.polka(0), nullptr);
    bench.feed(PeerClaimsMajority{a_peer, 1, 0, SignedMsgType::prevote, b.id});
    bench.prevote(0, 0, b.id);
    ASSERT_NE(bench.state().votes.polka(0), nullptr);
    EXPECT_EQ(*bench.state().votes.polka(0), b.id);
}

TEST(CoreVotes, APeerClaimsOneMajorityAndNoOther) {
    Bench bench;
    const HeldBlock a = make_block(1, "a");
    const HeldBlock b = make_block(1, "b");
    const auto claim = [&](PeerId peer, std::int32_t round, const BlockId& id) {
        bench.feed(PeerClaimsMajority{peer, 1, round, SignedMsgType::prevote, id});
        return bench.last_refusal;
    };
    EXPECT_EQ(claim(a_peer, 0, a.id), std::nullopt);
    EXPECT_EQ(claim(a_peer, 0, a.id), std::nullopt);
    EXPECT_EQ(claim(a_peer, 0, b.id), Refusal::claim_conflicting);
    EXPECT_EQ(blame(Refusal::claim_conflicting), Blame::peer_disconnect);
    EXPECT_EQ(claim(another_peer, 0, b.id), std::nullopt);
    EXPECT_EQ(claim(third_peer, 5, b.id), Refusal::claim_round_unknown);
    EXPECT_EQ(claim(third_peer, -1, b.id), Refusal::claim_round_unknown);
    bench.feed(PeerClaimsMajority{a_peer, 2, 0, SignedMsgType::prevote, a.id});
    EXPECT_EQ(bench.last_refusal, Refusal::other_height);
    bench.feed(PeerClaimsMajority{a_peer, 1, 0, SignedMsgType::proposal, a.id});
    EXPECT_EQ(bench.last_refusal, Refusal::claim_round_unknown);
}

// ---- Extensions (trap 18).

TEST(CoreExtensions, AsksForOnesOwnBeforeThePrecommit) {
    Bench bench({.extensions = true});
    bench.extends = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    ASSERT_EQ(bench.extensions_asked.size(), 1U);
    EXPECT_EQ(bench.extensions_asked[0].id, block.id);
    EXPECT_EQ(bench.own_precommit(0), std::nullopt);
    EXPECT_EQ(bench.state().locked_round, 0);
    const base::Bytes extension = base::to_bytes(base::as_bytes("x"));
    bench.feed(VoteExtended{1, 1, block.id, extension});
    EXPECT_EQ(bench.last_refusal, Refusal::other_round);
    bench.feed(VoteExtended{1, 0, make_block(1, "b").id, extension});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    bench.feed(VoteExtended{1, 0, block.id, extension});
    EXPECT_EQ(bench.own_precommit(0), block.id);
    EXPECT_EQ(bench.cast.back().extension, extension);
    bench.feed(VoteExtended{1, 0, block.id, extension});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    EXPECT_EQ(bench.passed(Mark::precommit_waits_for_extension), 1U);
}

TEST(CoreExtensions, NoneForAPrecommitOfNil) {
    Bench bench({.extensions = true});
    bench.ring(Step::new_height);
    bench.ring(Step::propose);
    bench.prevotes(2, 0, nil);
    EXPECT_EQ(bench.own_precommit(0), nil);
    EXPECT_TRUE(bench.extensions_asked.empty());
    bench.precommits(2, 0, nil);
    EXPECT_TRUE(bench.extension_judgements_asked.empty());
}

TEST(CoreExtensions, DecideWithAnExtendedCommitThatTheNextProposerGets) {
    Bench bench({.extensions = true, .own_proposes_in = 0});
    bench.ring(Step::new_height);
    const BlockId id = bench.cast_proposals.at(0).unsigned_proposal.block_id;
    bench.prevotes(2, 0, id);
    bench.precommits(2, 0, id);
    ASSERT_EQ(bench.decisions.size(), 1U);
    const auto& commit = *std::get<Shared<types::ExtendedCommit>>(bench.decisions[0].commit);
    EXPECT_TRUE(types::ensure_extensions(commit, true).has_value());
    EXPECT_EQ(base::as_text(commit.extended_signatures[bench.proposer(0)].extension), "mine");
    bench.start(2);
    bench.ring(Step::new_height);
    const auto& last =
        *std::get<Shared<types::ExtendedCommit>>(bench.builds_asked.at(1).last_commit);
    EXPECT_EQ(last, commit);
}

TEST(CoreExtensions, OthersPrecommitsWaitForTheJudgementOfTheirs) {
    Bench bench({.extensions = true});
    bench.judges_extensions = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    bench.precommits(3, 0, block.id);
    ASSERT_EQ(bench.extension_judgements_asked.size(), 3U);
    EXPECT_TRUE(bench.decisions.empty());
    bench.precommit(0, 0, block.id);
    EXPECT_EQ(bench.last_refusal, Refusal::seen_before) << "it waits already";
    bench.feed(ExtensionJudged{1, bench.extension_judgements_asked[0].question, false});
    EXPECT_EQ(bench.passed(Mark::extension_rejected), 1U);
    bench.feed(ExtensionJudged{1, bench.extension_judgements_asked[1].question, true});
    EXPECT_TRUE(bench.decisions.empty());
    bench.feed(ExtensionJudged{1, bench.extension_judgements_asked[1].question, true});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    bench.feed(ExtensionJudged{1, bench.extension_judgements_asked[2].question, true});
    ASSERT_EQ(bench.decisions.size(), 1U);
    bench.precommit(1, 0, block.id);
    EXPECT_EQ(bench.last_refusal, Refusal::seen_before) << "and nobody is asked again";
    EXPECT_EQ(bench.extension_judgements_asked.size(), 3U);
}

TEST(CoreExtensions, OneWhoseJudgementComesAfterTheDecisionJoinsTheLastCommit) {
    Bench bench({.extensions = true});
    bench.judges_extensions = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    bench.precommits(3, 0, block.id);
    bench.feed(ExtensionJudged{1, 0, true});
    bench.feed(ExtensionJudged{1, 1, true});
    ASSERT_EQ(bench.decisions.size(), 1U);
    bench.start(2);
    EXPECT_TRUE(bench.state().last_commit->has_all());
    bench.feed(ExtensionJudged{1, 2, true});
    EXPECT_EQ(bench.last_refusal, Refusal::other_height);
}

TEST(CoreExtensions, AVoteWhoseExtensionWasNotCheckedIsRefused) {
    Bench bench({.extensions = true});
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    const auto vote = bench.unsigned_vote(SignedMsgType::precommit, 0, 0, block.id);
    bench.feed(VoteReceived{
        a_peer, testing::signed_vote(vote, bench.validator(0).pub_key, Extensions::disabled)});
    EXPECT_EQ(bench.last_refusal, Refusal::vote_extension);

    Bench plain;
    plain.ring(Step::new_height);
    plain.feed(VoteReceived{
        a_peer, testing::signed_vote(vote, plain.validator(0).pub_key, Extensions::enabled)});
    EXPECT_EQ(plain.last_refusal, Refusal::vote_extension);
}

TEST(CoreExtensions, OneValidatorCannotMakeTheApplicationJudgeForEver) {
    Bench bench({.extensions = true});
    bench.judges_extensions = false;
    bench.ring(Step::new_height);
    for (std::size_t i = 0; i < pending_votes_max; ++i)
        bench.precommit(0, 0, make_block(1, "block " + std::to_string(i)).id);
    EXPECT_FALSE(bench.last_refusal.has_value());
    bench.precommit(0, 0, make_block(1, "one more").id);
    EXPECT_EQ(bench.last_refusal, Refusal::votes_pending_too_many);
    bench.precommit(1, 0, make_block(1, "one more").id);
    EXPECT_FALSE(bench.last_refusal.has_value());
}

TEST(CoreExtensions, APrecommitIsCastEvenWhenTheOthersHaveDecidedMeanwhile) {
    Bench bench({.extensions = true});
    bench.extends = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    bench.precommits(3, 0, block.id);
    ASSERT_EQ(bench.decisions.size(), 1U);
    EXPECT_EQ(bench.own_precommit(0), std::nullopt);
    bench.feed(VoteExtended{1, 0, block.id, {}});
    EXPECT_EQ(bench.own_precommit(0), block.id);
    EXPECT_EQ(bench.passed(Mark::precommit_after_commit), 1U);
    bench.start(2);
    EXPECT_TRUE(bench.state().last_commit->has_all());
}

TEST(CoreExtensions, ALateAnswerForARoundGoneByIsRefused) {
    Bench bench({.extensions = true});
    bench.extends = false;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    bench.prevotes(3, 1, nil);
    bench.feed(VoteExtended{1, 0, block.id, {}});
    EXPECT_EQ(bench.last_refusal, Refusal::other_round);
    EXPECT_EQ(bench.own_precommit(0), std::nullopt);
}

}  // namespace
}  // namespace tandem::consensus
