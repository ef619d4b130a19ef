// Heights, rounds, steps and timers, as one core goes through them.
#include <gtest/gtest.h>

#include "consensus/core_testing.h"

namespace tandem::consensus {
namespace {

using testing::Bench;
using testing::BenchOptions;
using testing::make_block;
using types::SignedMsgType;

const BlockId nil{};
constexpr std::int64_t second = 1'000'000'000;

std::int64_t votes_with(const types::Commit& commit, types::BlockIdFlag flag) {
    return std::ranges::count(commit.signatures, flag, &types::CommitSig::block_id_flag);
}

const types::Commit& commit_of(const Decide& decision) {
    return *std::get<Shared<types::Commit>>(decision.commit);
}

/// Decides `block` in round 0 by the votes of everybody.
void decide(Bench& bench, const HeldBlock& block) {
    if (bench.state().step == Step::new_height) bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(4, 0, block.id);
    bench.precommits(2, 0, block.id);
}

TEST(Core, DecidesTheProposalOfRoundZero) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    EXPECT_EQ(bench.own_prevote(0), block.id);
    bench.prevotes(2, 0, block.id);
    EXPECT_EQ(bench.own_precommit(0), block.id);
    EXPECT_EQ(bench.state().locked_round, 0);
    bench.precommits(1, 0, block.id);
    EXPECT_TRUE(bench.decisions.empty());
    bench.precommits(2, 0, block.id);
    ASSERT_EQ(bench.decisions.size(), 1U);
    EXPECT_EQ(bench.decisions[0].id, block.id);
    EXPECT_EQ(bench.decisions[0].block, block.block);
    EXPECT_EQ(votes_with(commit_of(bench.decisions[0]), types::BlockIdFlag::commit), 3);
    EXPECT_EQ(votes_with(commit_of(bench.decisions[0]), types::BlockIdFlag::absent), 1);
    for (const Mark line : {Mark::l11_start_round, Mark::l21_schedule_propose_timeout,
                            Mark::l24_prevote_fresh_proposal, Mark::l38_lock, Mark::l40_precommit,
                            Mark::l42_valid_value, Mark::l51_decide})
        EXPECT_EQ(bench.passed(line), 1U) << to_text(line);
}

TEST(Core, GoesToTheNextRoundWhenNothingIsProposed) {
    Bench bench;
    bench.ring(Step::new_height);
    bench.ring(Step::propose);
    EXPECT_EQ(bench.own_prevote(0), nil);
    bench.prevotes(2, 0, nil);
    EXPECT_EQ(bench.own_precommit(0), nil);
    bench.precommits(2, 0, nil);
    bench.ring(Step::precommit_wait);
    EXPECT_EQ(bench.state().round, 1);
    EXPECT_EQ(bench.state().step, Step::propose);
    EXPECT_EQ(bench.passed(Mark::l45_precommit_nil), 1U);
    EXPECT_EQ(bench.passed(Mark::l59_propose_timeout), 1U);
    EXPECT_EQ(bench.passed(Mark::l67_precommit_timeout), 1U);
}

TEST(Core, WaitsForPrevotesThatDisagree) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevote(0, 0, block.id);
    bench.prevote(1, 0, nil);
    EXPECT_EQ(bench.state().step, Step::prevote_wait);
    EXPECT_EQ(bench.passed(Mark::l35_schedule_prevote_timeout), 1U);
    bench.ring(Step::prevote_wait);
    EXPECT_EQ(bench.own_precommit(0), nil);
    EXPECT_EQ(bench.passed(Mark::l63_prevote_timeout), 1U);
    EXPECT_EQ(bench.passed(Mark::precommit_without_polka), 1U);
}

// Trap 16: no announcement of NewRound, none of PrecommitWait but its step said again.
TEST(Core, AnnouncesPrecommitWaitByTheUnchangedStep) {
    Bench bench;
    bench.ring(Step::new_height);
    bench.ring(Step::propose);
    bench.prevotes(2, 0, nil);
    bench.precommits(2, 0, nil);
    std::vector<Step> announced;
    for (const NewRoundStep& step : bench.steps) announced.push_back(step.step);
    EXPECT_EQ(announced, (std::vector{Step::new_height, Step::propose, Step::prevote,
                                      Step::precommit, Step::precommit}));
    EXPECT_TRUE(bench.state().precommit_wait_set);
    EXPECT_EQ(bench.steps.back().last_commit_round, -1);
}

TEST(Core, SkipsToTheRoundOfTwoThirds) {
    for (const bool prevotes : {true, false}) {
        Bench bench;
        bench.ring(Step::new_height);
        bench.feed(VoteReceived{testing::a_peer, bench.vote(SignedMsgType::prevote, 0, 1, nil)});
        if (prevotes)
            bench.prevotes(3, 5, nil);
        else
            bench.precommits(3, 5, nil);
        EXPECT_EQ(bench.state().round, 5);
        EXPECT_EQ(bench.passed(Mark::l56_skip_to_round), 1U);
        EXPECT_EQ(bench.state().validators->proposer().address, bench.address(bench.proposer(5)));
    }
}

TEST(Core, ProposesWhatItBuiltAndVotesForIt) {
    Bench bench({.own_proposes_in = 0});
    bench.ring(Step::new_height);
    ASSERT_EQ(bench.cast_proposals.size(), 1U);
    const types::Proposal& proposal = bench.cast_proposals[0].unsigned_proposal;
    EXPECT_EQ(proposal.pol_round, -1);
    EXPECT_EQ(proposal.block_id.part_set_header, bench.cast_proposals[0].parts->header());
    EXPECT_TRUE(std::holds_alternative<std::monostate>(bench.builds_asked[0].last_commit));
    ASSERT_EQ(bench.judgements_asked.size(), 1U);
    EXPECT_EQ(bench.judgements_asked[0].id, proposal.block_id);
    EXPECT_EQ(bench.own_prevote(0), proposal.block_id);
    EXPECT_EQ(bench.passed(Mark::l18_get_value), 1U);
    EXPECT_EQ(bench.passed(Mark::l19_broadcast_proposal), 1U);
}

TEST(Core, ProposesTheValidBlockAgainWithItsRound) {
    Bench bench({.own_proposes_in = 1});
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(2, 0, block.id);
    EXPECT_EQ(bench.state().valid_round, 0);
    bench.precommits(2, 0, nil);
    bench.ring(Step::precommit_wait);
    ASSERT_EQ(bench.cast_proposals.size(), 1U);
    EXPECT_EQ(bench.cast_proposals[0].unsigned_proposal.block_id, block.id);
    EXPECT_EQ(bench.cast_proposals[0].unsigned_proposal.pol_round, 0);
    EXPECT_TRUE(bench.builds_asked.empty());
    EXPECT_EQ(bench.own_prevote(1), block.id);
    EXPECT_EQ(bench.judgements_asked.size(), 1U) << "it was judged in round 0";
    EXPECT_EQ(bench.passed(Mark::l16_propose_valid_value), 1U);
}

// Trap 19, for votes as CometBFT does it and for proposals as it should.
TEST(Core, TakesOverTheTimeThatTheSignerPutIn) {
    Bench bench({.own_proposes_in = 0});
    bench.signs = false;
    bench.ring(Step::new_height);
    const Timestamp before{bench.now.seconds - 5, 0};
    types::Proposal proposal = bench.cast_proposals.at(0).unsigned_proposal;
    proposal.timestamp = before;
    const auto& key = bench.validator(bench.proposer(0)).pub_key;
    bench.feed(ProposalSigned{testing::signed_proposal(proposal, key)});
    EXPECT_EQ(bench.state().proposal->timestamp, before);
    types::Vote vote = bench.cast.at(0);
    vote.timestamp = before;
    bench.feed(VoteSigned{testing::signed_vote(vote, key, Extensions::disabled)});
    EXPECT_FALSE(bench.last_refusal.has_value());
    EXPECT_EQ(bench.votes_added.at(0).vote->timestamp, before);
    EXPECT_EQ(bench.votes_added.at(0).from, ourselves);
}

TEST(Core, VotesNoEarlierThanTheBlockItWorksOn) {
    Bench bench;
    bench.now = {500, 0};  // a slow clock: the block's time is 1001
    bench.ring(Step::new_height);
    bench.propose(make_block(1, "a"));
    EXPECT_EQ(bench.cast_votes.at(0).unsigned_vote.timestamp, (Timestamp{1001, 1'000'000}));
    EXPECT_EQ(bench.cast_votes.at(0).time_min, (Timestamp{1001, 1'000'000}));

    Bench other;
    other.now = {500, 0};
    other.judgement = Judgement::invalid;
    other.ring(Step::new_height);
    other.propose(make_block(1, "a"));
    EXPECT_EQ(other.own_prevote(0), nil);
    EXPECT_EQ(other.cast.at(0).timestamp, other.now) << "an invalid block has no say in our time";
    EXPECT_EQ(other.passed(Mark::l26_prevote_nil_for_fresh_proposal), 1U);
}

TEST(Core, FollowsWithoutVoting) {
    Bench bench({.own = std::nullopt});
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.propose(block);
    bench.prevotes(3, 0, block.id);
    bench.precommits(3, 0, block.id);
    EXPECT_EQ(bench.decisions.size(), 1U);
    EXPECT_TRUE(bench.cast.empty());
    EXPECT_TRUE(bench.cast_proposals.empty());
}

TEST(Core, TimeoutsGrowWithTheRound) {
    Bench bench;
    bench.ring(Step::new_height);
    EXPECT_EQ(bench.timer_after.nanos, 3 * second);
    bench.prevotes(3, 4, nil);
    EXPECT_EQ(bench.timer, (Timer{1, 4, Step::propose}));
    EXPECT_EQ(bench.timer_after.nanos, 5 * second);
    bench.ring(Step::propose);  // our nil makes a polka
    bench.precommits(2, 4, nil);
    EXPECT_EQ(bench.timer, (Timer{1, 4, Step::precommit_wait}));
    EXPECT_EQ(bench.timer_after.nanos, 3 * second);
}

TEST(Core, IgnoresTimersThatWereReplacedOrHaveRung) {
    Bench bench;
    bench.ring(Step::new_height);
    bench.feed(TimerRang{{1, 0, Step::new_height}});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    bench.feed(TimerRang{{1, 0, Step::precommit_wait}});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits) << "it was never set";
    bench.ring(Step::propose);
    bench.feed(TimerRang{{1, 0, Step::propose}});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
}

TEST(Core, ACompleteProposalCutsTheCommitTimeoutShort) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.propose(block);
    EXPECT_EQ(bench.state().step, Step::prevote);
    EXPECT_EQ(bench.own_prevote(0), block.id);
    EXPECT_EQ(bench.passed(Mark::prevote_from_new_height), 1U);
}

TEST(Core, BeginsTheNextHeightAfterTheCommitTimeout) {
    Bench bench;
    decide(bench, make_block(1, "a"));
    ASSERT_EQ(bench.decisions.size(), 1U);
    const Timestamp decided = bench.now;
    bench.now.seconds += 0;
    bench.now.nanos += 300'000'000;
    bench.start(2);
    EXPECT_EQ(bench.state().height, 2);
    EXPECT_EQ(bench.state().start_time, (Timestamp{decided.seconds + 1, 0}));
    EXPECT_EQ(bench.timer, (Timer{2, 0, Step::new_height}));
    EXPECT_EQ(bench.timer_after.nanos, 700'000'000);
    EXPECT_EQ(bench.steps.back().last_commit_round, 0);
    EXPECT_EQ(bench.passed(Mark::l54_next_height), 1U);
    EXPECT_EQ(bench.state().locked_round, -1);
}

TEST(Core, SkipsTheCommitTimeoutWhenEverybodyHasPrecommitted) {
    Config config;
    config.skip_timeout_commit = true;
    Bench bench({.config = config});
    const HeldBlock block = make_block(1, "a");
    decide(bench, block);
    bench.precommit(2, 0, block.id);  // the fourth, while the block is being carried out
    bench.start(2);
    EXPECT_EQ(bench.passed(Mark::skip_timeout_commit), 1U);
    EXPECT_EQ(bench.state().step, Step::propose);
}

TEST(Core, SkipsTheCommitTimeoutWithTheLastLatePrecommit) {
    Config config;
    config.skip_timeout_commit = true;
    Bench bench({.config = config});
    const HeldBlock block = make_block(1, "a");
    const auto late = bench.vote(SignedMsgType::precommit, 2, 0, block.id);
    decide(bench, block);
    bench.start(2);
    EXPECT_EQ(bench.state().step, Step::new_height);
    bench.feed(VoteReceived{testing::a_peer, late});
    EXPECT_EQ(bench.state().step, Step::propose);
}

BenchOptions waiting(std::int64_t interval_nanos) {
    BenchOptions options;
    options.config.create_empty_blocks = false;
    options.config.create_empty_blocks_interval.nanos = interval_nanos;
    options.proof_block_needed = false;
    return options;
}

TEST(Core, WaitsForTransactions) {
    Bench bench(waiting(0));
    bench.ring(Step::new_height);
    EXPECT_EQ(bench.state().step, Step::new_round);
    EXPECT_EQ(bench.timer->step, Step::new_height) << "no other was set";
    bench.feed(TransactionsAvailable{1});
    EXPECT_EQ(bench.state().step, Step::propose);
    EXPECT_EQ(bench.passed(Mark::propose_on_transactions), 1U);
    bench.feed(TransactionsAvailable{1});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
}

TEST(Core, WaitsForTransactionsNoLongerThanTheInterval) {
    Bench bench(waiting(5 * second));
    bench.ring(Step::new_height);
    EXPECT_EQ(bench.timer_after.nanos, 5 * second);
    bench.ring(Step::new_round);
    EXPECT_EQ(bench.state().step, Step::propose);
    EXPECT_EQ(bench.passed(Mark::propose_after_wait), 1U);
}

TEST(Core, TransactionsThatComeEarlyWaitForTheCommitTimeout) {
    Bench bench(waiting(0));
    bench.feed(TransactionsAvailable{1});
    EXPECT_EQ(bench.timer, (Timer{1, 0, Step::new_round}));
    EXPECT_EQ(bench.timer_after.nanos, second + 1'000'000);
    bench.ring(Step::new_round);
    EXPECT_EQ(bench.state().step, Step::propose);
    EXPECT_TRUE(bench.has_notice(Notice::new_round)) << "the round is begun, not left out";
}

TEST(Core, AProofBlockDoesNotWait) {
    BenchOptions options = waiting(0);
    options.proof_block_needed = true;
    Bench bench(options);
    bench.feed(TransactionsAvailable{1});
    EXPECT_EQ(bench.last_refusal, Refusal::nobody_waits);
    bench.ring(Step::new_height);
    EXPECT_EQ(bench.state().step, Step::propose);
}

TEST(Core, LaterRoundsDoNotWaitForTransactions) {
    Bench bench(waiting(0));
    bench.ring(Step::new_height);
    bench.prevotes(3, 1, nil);
    EXPECT_EQ(bench.state().round, 1);
    EXPECT_EQ(bench.state().step, Step::propose);
}

TEST(Core, WantsAHeightFirstAndEachOnlyOnce) {
    Core core;
    EXPECT_EQ(core.step({{}, TimerRang{}}).error(), Refusal::no_height_started);
    Bench bench;
    bench.start(1);
    EXPECT_EQ(bench.last_refusal, Refusal::height_out_of_order);
}

TEST(Core, GoesOnFromAStoredCommit) {
    Bench decided;
    decide(decided, make_block(1, "a"));
    ASSERT_EQ(decided.decisions.size(), 1U);

    Bench bench;  // at height 1; it has synchronised that block meanwhile
    bench.start(2);
    EXPECT_EQ(bench.last_refusal, Refusal::last_commit_unfit) << "there is none";
    types::Commit poor = commit_of(decided.decisions[0]);
    poor.signatures[0] = types::CommitSig::absent();
    bench.start(2, Shared<types::Commit>::make(poor));
    EXPECT_EQ(bench.last_refusal, Refusal::last_commit_unfit) << "no two thirds";
    bench.start(3, decided.decisions[0].commit);
    EXPECT_EQ(bench.last_refusal, Refusal::last_commit_unfit) << "of another height";
    bench.start(2, decided.decisions[0].commit);
    EXPECT_FALSE(bench.last_refusal.has_value());
    EXPECT_EQ(bench.state().height, 2);
    ASSERT_TRUE(bench.state().last_commit.has_value());
    EXPECT_EQ(bench.state().last_commit->make_commit(), commit_of(decided.decisions[0]));
}

TEST(Core, TheProposerOfTheNextHeightCarriesTheLastCommit) {
    Bench bench({.own_proposes_in = 1});
    decide(bench, make_block(1, "a"));
    bench.start(2);
    bench.ring(Step::new_height);
    bench.prevotes(3, 1, nil);  // the bench keeps one validator set for all heights
    ASSERT_EQ(bench.builds_asked.size(), 1U);
    const auto& commit = std::get<Shared<types::Commit>>(bench.builds_asked[0].last_commit);
    EXPECT_EQ(*commit, commit_of(bench.decisions.at(0)));
}

// A replay of the log is the same inputs once more.
TEST(Core, SameInputsLeadToTheSameStateAndEffects) {
    Bench bench;
    const HeldBlock block = make_block(1, "a");
    bench.ring(Step::new_height);
    bench.prevotes(3, 2, nil);
    bench.propose(block, 0);
    bench.ring(Step::propose);
    Core core;
    std::vector<Outward> outward;
    for (const Input& input : bench.inputs) {
        const Core fork = core;
        const auto ready = core.step(input);
        Core again = fork;
        EXPECT_EQ(again.step(input), ready);
    }
    EXPECT_EQ(core, bench.core);
    EXPECT_EQ(core.digest(), bench.core.digest());
    EXPECT_EQ(core.marks().passed(Mark::l56_skip_to_round), 1U);
}

}  // namespace
}  // namespace tandem::consensus
