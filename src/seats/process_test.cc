// What a block does to the seats, step by step (seats page, section 4): record, evidence, rule,
// operations, the application's updates, and the difference of the decided sets.
#include "seats/process.h"

#include <gtest/gtest.h>

#include "seats/test_blocks.h"

namespace tandem::seats {
namespace {

using test::Blocks;
using test::Done;
using test::Plan;

const Plan alpha_dead{.silent = {"alpha-1"}};

// ---- Record and rule

TEST(Process, WhereFDiesBlockFPlusNDecidesForTheSetTwoLater) {
    Blocks blocks;
    blocks.repeat(9);                          // up to block 9, whose record judges 8
    Done done = blocks.repeat(4, alpha_dead);  // records of 10 to 13: F = 9, a run of four
    EXPECT_TRUE(done.switches.empty());
    done = blocks.next(alpha_dead);
    ASSERT_EQ(done.switches.size(), 1U);
    const SwitchFact wanted{"alpha", "alpha-1", "alpha-2", SwitchReason::run, 14, 16};
    EXPECT_EQ(done.switches[0], wanted);
    ASSERT_EQ(done.updates.size(), 2U) << "the new key with the seat's power, the old one without";
    EXPECT_EQ(done.updates[0].pub_key, blocks.node("alpha-2").consensus_key);
    EXPECT_EQ(done.updates[0].power, 10);
    EXPECT_EQ(done.updates[1].pub_key, blocks.node("alpha-1").consensus_key);
    EXPECT_EQ(done.updates[1].power, 0);
    EXPECT_EQ(done.events_of("seat_switch"), 1U);
    // alpha-1 is the validator still in 14 and 15: its silence there does not count any more.
    done = blocks.repeat(2, alpha_dead);
    EXPECT_TRUE(done.updates.empty());
    EXPECT_EQ(blocks.seat("alpha").run.length, 0);
    EXPECT_FALSE(blocks.seat("alpha").has_pending(blocks.height() + 1)) << "in effect since 16";
    done = blocks.next(alpha_dead);
    EXPECT_EQ(blocks.node("alpha-2").window.signed_bits, 1U) << "the record in 17 judges 16";
}

TEST(Process, ARunIsNotBrokenByBlocksWithoutARecord) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.repeat(3, alpha_dead);
    Plan no_record = alpha_dead;
    no_record.record = false;
    const Done gap = blocks.next(no_record);
    EXPECT_EQ(gap.events_of("seat_record_invalid"), 1U);
    EXPECT_EQ(blocks.seat("alpha").run.length, 3);
    EXPECT_EQ(blocks.node("alpha-2").window.count, 7U) << "windows stay as they are";
    EXPECT_TRUE(blocks.next(alpha_dead).switches.empty());
    EXPECT_EQ(blocks.next(alpha_dead).switches.size(), 1U) << "the fifth record of the run";
}

TEST(Process, WithoutARecordNoRuleRunsAndNoSwitchHappens) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.seat("alpha").paused = true;
    blocks.repeat(5, alpha_dead);
    blocks.seat("alpha").paused = false;  // the run is complete: any record moves the seat
    Plan plan = alpha_dead;
    plan.record = false;
    plan.convicted = {"beta-1"};
    plan.operations = {blocks.own("gamma", Switchover{"gamma-2"}), blocks.own("delta", Pause{})};
    const Done done = blocks.next(plan);
    EXPECT_TRUE(done.switches.empty());
    EXPECT_TRUE(blocks.node("beta-1").quarantined) << "convictions proceed";
    EXPECT_EQ(done.code(0), AdminCode::no_record);
    EXPECT_EQ(done.code(1), AdminCode::ok) << "other operations proceed";
    EXPECT_EQ(blocks.next(alpha_dead).switches.size(), 2U) << "alpha by rule, beta by evidence";
}

TEST(Process, TheInitialHeightHasNoRecordAndSaysNothingAboutIt) {
    Blocks blocks(4, 2, 10);
    Plan plan;
    plan.operations = {blocks.own("alpha", Pause{}), blocks.own("beta", Switchover{"beta-2"})};
    const Done done = blocks.next(plan);
    EXPECT_TRUE(done.events_of("seat_record_invalid") == 0);
    EXPECT_EQ(done.code(0), AdminCode::ok) << "operations proceed at the initial height";
    EXPECT_EQ(done.code(1), AdminCode::no_record);
    EXPECT_EQ(blocks.node("alpha-1").liveness, Liveness::unknown);
    blocks.next();
    EXPECT_EQ(blocks.node("alpha-1").liveness, Liveness::alive);
    EXPECT_EQ(blocks.node("alpha-1").window.count, 1U) << "the record in 11 judges 10";
}

TEST(Process, AnInvalidRecordIsNoRecord) {
    Blocks blocks;
    blocks.repeat(5);
    const State before = blocks.state();
    const Bytes address = test::address_of(blocks.node("beta-1").consensus_key);
    const BlockContext context{6, test::at_ms(0), before.recent_blocks[0].block_hash, address, {},
                               {}};
    for (const Bytes& first : {Bytes{}, Bytes{1, 2, 3}, Bytes{0, 'T', 'D', 'R', 1}}) {
        BlockProcess process(before, context, blocks.verifier(), nullptr);
        process.record_step(first);
        EXPECT_FALSE(process.has_valid_record());
        EXPECT_FALSE(process.record_refusal().empty());
    }
}

TEST(Process, TheRuleNeedsKOfTheStandbyAndLeavesTheSeatWhereNobodyQualifies) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.repeat(10, {.silent = {"alpha-1", "alpha-2"}});
    EXPECT_EQ(blocks.validator("alpha"), "alpha-1");
    EXPECT_TRUE(blocks.repeat(3, alpha_dead).switches.empty()) << "ALIVE in three of the last five";
    EXPECT_EQ(blocks.next(alpha_dead).switches.size(), 1U) << "in four: K";
}

TEST(Process, AWedgedValidatorIsReplacedThoughItTalks) {
    Blocks blocks;
    blocks.repeat(5);
    const Plan wedged{.heard = {"alpha-1"}};
    EXPECT_TRUE(blocks.repeat(24, wedged).switches.empty());
    const Done done = blocks.next(wedged);  // M = 5N = 25
    ASSERT_EQ(done.switches.size(), 1U);
    EXPECT_EQ(done.switches[0].reason, SwitchReason::wedged);
    const Plan nil{.nil = {"beta-1"}};
    EXPECT_TRUE(blocks.repeat(24, nil).switches.empty());
    EXPECT_EQ(blocks.next(nil).switches.size(), 1U) << "nor does a vote for nil count as SIGNED";
}

TEST(Process, PausedSeatsCountOnAndMoveAtResume) {
    Blocks blocks;
    blocks.repeat(5);
    EXPECT_EQ(blocks.execute(blocks.own("alpha", Pause{})), AdminCode::ok);
    EXPECT_TRUE(blocks.repeat(20, alpha_dead).switches.empty());
    EXPECT_EQ(blocks.seat("alpha").run.length, 20);
    Plan resume = alpha_dead;
    resume.operations = {blocks.own("alpha", Resume{})};
    EXPECT_TRUE(blocks.next(resume).switches.empty()) << "the rule sees it from the next block on";
    EXPECT_EQ(blocks.next(alpha_dead).switches.size(), 1U);
}

TEST(Process, ACooldownRunsFromTheBlockInWhichTheSwitchTakesEffect) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.repeat(5, alpha_dead);  // decided in 10, in effect at 12, C = 20
    ASSERT_EQ(blocks.validator("alpha"), "alpha-2");
    EXPECT_EQ(blocks.seat("alpha").cooldown.effective_height, 12);
    blocks.next();
    EXPECT_EQ(blocks.seat("alpha").cooldown.effective_time, Timestamp{}) << "block 12 is to come";
    blocks.next();
    EXPECT_EQ(blocks.seat("alpha").cooldown.effective_time, blocks.state().block(12)->time);
    const Plan second{.silent = {"alpha-2"}};
    EXPECT_TRUE(blocks.repeat(19, second).switches.empty());
    EXPECT_EQ(blocks.height(), 31);
    EXPECT_EQ(blocks.next(second).switches.size(), 1U) << "the first block from E+C on";
}

TEST(Process, TwoSeatsMoveInOneBlock) {
    Blocks blocks(7);
    blocks.repeat(5);
    const Plan both{.silent = {"alpha-1", "beta-1"}};
    const Done done = blocks.repeat(5, both);
    EXPECT_EQ(done.switches.size(), 2U);
    ASSERT_EQ(done.updates.size(), 4U);
    EXPECT_EQ(done.updates[0].pub_key, blocks.node("alpha-2").consensus_key);
    EXPECT_EQ(done.updates[1].pub_key, blocks.node("beta-2").consensus_key);
    EXPECT_EQ(done.updates[2].pub_key, blocks.node("alpha-1").consensus_key);
    EXPECT_EQ(done.updates[3].pub_key, blocks.node("beta-1").consensus_key);
}

// ---- Evidence

TEST(Process, EvidenceActsInItsOwnBlockAndBeforeTheRule) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.repeat(4, alpha_dead);
    Plan plan = alpha_dead;
    plan.convicted = {"alpha-1"};
    const Done done = blocks.next(plan);  // the fifth record of the run as well
    ASSERT_EQ(done.switches.size(), 1U) << "a seat has at most one switch in a block";
    EXPECT_EQ(done.switches[0].reason, SwitchReason::evidence);
    EXPECT_EQ(done.events_of("seat_quarantine"), 1U);
    EXPECT_EQ(blocks.seat("alpha").cooldown, Cooldown{}) << "evidence starts no cooldown";
}

TEST(Process, NeitherPauseNorCooldownNorNorKDelayEvidence) {
    Blocks blocks;
    blocks.repeat(3);
    blocks.seat("alpha").paused = true;
    blocks.seat("alpha").cooldown = {2, test::at_ms(1'700'000'000'000)};
    blocks.next({.silent = {"alpha-2"}});
    const Done done = blocks.next({.convicted = {"alpha-1"}});
    ASSERT_EQ(done.switches.size(), 1U) << "alpha-2 was ALIVE in the newest record, no more";
    EXPECT_EQ(done.switches[0].to, "alpha-2");
}

TEST(Process, EvidenceWaitsForALiveStandby) {
    Blocks blocks;
    blocks.repeat(5);
    EXPECT_TRUE(blocks.next({.silent = {"alpha-2"}, .convicted = {"alpha-1"}}).switches.empty());
    EXPECT_TRUE(blocks.repeat(3, {.silent = {"alpha-2"}}).switches.empty());
    EXPECT_EQ(blocks.next().switches.size(), 1U);
}

TEST(Process, ConvictedWhileItsSwitchIsPendingTheSeatSwitchesAgainOnceItTookEffect) {
    Blocks blocks(4, 3);
    blocks.repeat(5);
    ASSERT_EQ(blocks.next({.convicted = {"alpha-1"}}).switches.size(), 1U);  // in effect at 8
    EXPECT_TRUE(blocks.next({.convicted = {"alpha-2"}}).switches.empty()) << "it stands";
    const Done done = blocks.next();
    ASSERT_EQ(done.switches.size(), 1U);
    const SwitchFact wanted{"alpha", "alpha-2", "alpha-3", SwitchReason::evidence, 8, 10};
    EXPECT_EQ(done.switches[0], wanted);
}

TEST(Process, AQuarantinedStandbyIsNeverPromoted) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.next({.convicted = {"alpha-2"}});
    EXPECT_TRUE(blocks.repeat(10, alpha_dead).switches.empty());
    EXPECT_EQ(blocks.execute(blocks.own("alpha", Switchover{"alpha-2"})), AdminCode::quarantined);
    // Until the admin replaces it, with new keys.
    Plan plan = alpha_dead;
    plan.operations = {
        blocks.own("alpha", ReplaceStandby{"alpha-2", test::registration("alpha", "alpha-3")})};
    EXPECT_EQ(blocks.next(plan).code(), AdminCode::ok);
    EXPECT_TRUE(blocks.repeat(3, alpha_dead).switches.empty());
    EXPECT_EQ(blocks.next(alpha_dead).switches.size(), 1U) << "its window began with K records";
}

TEST(Process, EvidenceChoosesTheMostAliveThenTheOrderInTheList) {
    Blocks blocks(4, 4);
    blocks.repeat(5);
    blocks.next({.silent = {"alpha-2"}});
    blocks.next();
    const Done done = blocks.next({.convicted = {"alpha-1"}});
    ASSERT_EQ(done.switches.size(), 1U);
    EXPECT_EQ(done.switches[0].to, "alpha-3");
}

TEST(Process, EvidenceAgainstWhomTheRegistryDoesNotKnowIsNothing) {
    Blocks blocks;
    blocks.repeat(5);
    const Node gone = blocks.node("alpha-2");
    ASSERT_EQ(blocks.execute(blocks.own("alpha", RemoveStandby{"alpha-2"})), AdminCode::ok);
    const State before = blocks.state();
    abci::Misbehavior misbehavior;
    misbehavior.validator.address = crypto::address(gone.consensus_key);
    const std::vector<abci::Misbehavior> list{misbehavior};
    const BlockContext context{before.height + 1, test::at_ms(0), Bytes(32, 1), {}, {}, list};
    BlockProcess process(before, context, blocks.verifier(), nullptr);
    process.evidence_step();
    EXPECT_EQ(process.state().seats, before.seats);
}

// ---- Order of the steps

TEST(Process, AnOperationIsSeenByTheRuleFromTheNextBlockOn) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.repeat(4, alpha_dead);
    Plan plan = alpha_dead;
    plan.operations = {blocks.own("alpha", Pause{})};
    const Done done = blocks.next(plan);
    EXPECT_EQ(done.switches.size(), 1U);
    EXPECT_EQ(done.code(), AdminCode::ok);
}

TEST(Process, AnOperationSeesWhatRuleAndEvidenceDidBeforeIt) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.repeat(4, alpha_dead);
    Plan plan = alpha_dead;
    plan.convicted = {"beta-2"};
    plan.operations = {blocks.own("alpha", Switchover{"alpha-2"}),
                       blocks.own("beta", Switchover{"beta-2"})};
    const Done done = blocks.next(plan);
    EXPECT_EQ(done.code(0), AdminCode::switch_pending);
    EXPECT_EQ(done.code(1), AdminCode::quarantined);
}

TEST(Process, AReplacedLivenessKeySignsFromTheNextBlockOn) {
    Blocks blocks;
    blocks.repeat(5);
    const PublicKey fresh = test::CheapKey("fresh").public_key();
    NodeRegistration renewed{"alpha-1", blocks.node("alpha-1").consensus_key, fresh, {}, {}};
    const Bytes message = registration_sign_bytes("tandem-example", "alpha", renewed);
    Plan plan{.proposer = "alpha"};
    plan.operations = {blocks.own(
        "alpha",
        ReplaceLivenessKey{"alpha-1", fresh,
                           base::to_bytes(base::view(test::CheapKey(fresh).sign(message)))})};
    const Done done = blocks.next(plan);  // its own record is signed by the old key, and holds
    EXPECT_EQ(done.record_refusal, "");
    EXPECT_EQ(done.code(), AdminCode::ok);
    EXPECT_EQ(blocks.node("alpha-1").window.count, 5U) << "the window stays";
    EXPECT_EQ(blocks.next({.proposer = "alpha"}).record_refusal, "") << "now by the new one";
}

// ---- Seats that come and go

TEST(Process, ALeavingSeatIsInTheRecordsUpToHPlus2) {
    Blocks blocks;
    blocks.repeat(5);
    const Seat delta = blocks.seat("delta");
    Plan plan;
    plan.operations = {blocks.quorum(RemoveSeat{"delta"})};
    Done done = blocks.next(plan);  // H = 6
    ASSERT_EQ(done.updates.size(), 1U);
    EXPECT_EQ(done.updates[0].pub_key, delta.nodes[0].consensus_key);
    EXPECT_EQ(done.updates[0].power, 0);
    EXPECT_EQ(blocks.seat("delta").leaves_at, 8);
    EXPECT_EQ(blocks.state().total_power(), 30) << "a leaving seat has none";
    EXPECT_TRUE(blocks.next().updates.empty());
    EXPECT_EQ(blocks.state().node_count(), 8U);
    blocks.next();  // the record in 8 judges 7, for which delta has signed
    EXPECT_EQ(blocks.state().find_seat("delta"), nullptr);
    EXPECT_EQ(blocks.state().retired_seats, std::vector<std::string>{"delta"});
    EXPECT_EQ(blocks.state().retired_keys.size(), 5U) << "admin key and two of each node";
    EXPECT_EQ(blocks.next().record_refusal, "");
}

TEST(Process, RemovalOfASeatThatTheRuleMovesInTheSameBlock) {
    Blocks blocks(7);
    blocks.repeat(5);
    blocks.repeat(4, alpha_dead);
    blocks.state().params.power_guard = false;
    Plan plan = alpha_dead;
    plan.operations = {blocks.quorum(RemoveSeat{"alpha"})};
    const Done done = blocks.next(plan);
    EXPECT_EQ(done.code(), AdminCode::ok);
    ASSERT_EQ(done.updates.size(), 1U) << "the difference, never a list of what was done";
    EXPECT_EQ(done.updates[0].pub_key, blocks.node("alpha-1").consensus_key);
    EXPECT_EQ(done.updates[0].power, 0);
}

TEST(Process, RemovalWhileASwitchIsPendingRemovesTheNodeThatWasDecided) {
    Blocks blocks(7);
    blocks.repeat(5);
    blocks.repeat(5, alpha_dead);
    Plan plan = alpha_dead;
    plan.operations = {blocks.quorum(RemoveSeat{"alpha"})};
    const Done done = blocks.next(plan);
    EXPECT_EQ(done.code(), AdminCode::ok);
    ASSERT_EQ(done.updates.size(), 1U);
    EXPECT_EQ(done.updates[0].pub_key, blocks.node("alpha-2").consensus_key);
    EXPECT_FALSE(blocks.seat("alpha").pending) << "the removal wins";
    blocks.repeat(3, alpha_dead);
    EXPECT_EQ(blocks.state().find_seat("alpha"), nullptr);
}

TEST(Process, PowersSpeakOfTheNodeDecidedForHPlus2) {
    Blocks blocks(7);
    blocks.repeat(5);
    blocks.repeat(4, alpha_dead);
    blocks.state().params.power_guard = false;
    Plan plan = alpha_dead;
    plan.operations = {blocks.quorum(ChangePower{"alpha", 12})};
    const Done done = blocks.next(plan);
    ASSERT_EQ(done.updates.size(), 2U);
    EXPECT_EQ(done.updates[0].pub_key, blocks.node("alpha-2").consensus_key);
    EXPECT_EQ(done.updates[0].power, 12);
    EXPECT_EQ(done.updates[1].power, 0);
}

TEST(Process, ANewSeatCountsFromTheRecordThatJudgesItsFirstHeight) {
    Blocks blocks;
    blocks.repeat(5);
    Plan plan;
    const PublicKey admin = test::CheapKey("epsilon admin").public_key();
    plan.operations = {blocks.quorum(AddSeat{
        "epsilon",
        10,
        admin,
        test::admin_proof("epsilon", admin),
        {test::registration("epsilon", "epsilon-1"), test::registration("epsilon", "epsilon-2")}})};
    const Done done = blocks.next(plan);  // H = 6: in the set of 8
    ASSERT_EQ(done.code(), AdminCode::ok);
    ASSERT_EQ(done.updates.size(), 1U);
    EXPECT_EQ(done.updates[0].pub_key, blocks.node("epsilon-1").consensus_key);
    blocks.repeat(2);
    EXPECT_EQ(blocks.node("epsilon-2").window.count, 0U) << "the record in 8 judges 7";
    EXPECT_EQ(blocks.node("epsilon-2").liveness, Liveness::alive) << "and lists it";
    blocks.next();
    EXPECT_EQ(blocks.node("epsilon-2").window.count, 1U);
    EXPECT_EQ(blocks.node("epsilon-1").window.signed_bits, 1U);
}

// ---- The application's updates

TEST(ApplicationUpdates, SetPowersOfSeatsWhereTheGenesisAllowsIt) {
    Blocks blocks;
    blocks.repeat(3);
    const PublicKey identity = blocks.seat("beta").identity;
    const Done done = blocks.next({.application = {{identity, 12}}});
    ASSERT_EQ(done.updates.size(), 1U);
    EXPECT_EQ(done.updates[0].power, 12);
    EXPECT_EQ(blocks.seat("beta").power, 12);
    EXPECT_EQ(done.events_of("seat_application_update_dropped"), 0U);
    blocks.state().application_sets_powers = false;
    const Done dropped = blocks.next({.application = {{identity, 13}}});
    EXPECT_TRUE(dropped.updates.empty());
    EXPECT_EQ(dropped.events_of("seat_application_update_dropped"), 1U);
}

TEST(ApplicationUpdates, ReachTheNodeThatHoldsTheSeat) {
    Blocks blocks;
    blocks.repeat(5);
    blocks.repeat(5, alpha_dead);
    const Done done = blocks.next({.application = {{blocks.seat("alpha").identity, 11}}});
    ASSERT_EQ(done.updates.size(), 1U);
    EXPECT_EQ(done.updates[0].pub_key, blocks.node("alpha-2").consensus_key);
    EXPECT_EQ(done.updates[0].power, 11);
}

TEST(ApplicationUpdates, EverythingElseIsDropped) {
    Blocks blocks;
    blocks.repeat(3);
    const PublicKey alpha = blocks.seat("alpha").identity;
    const PublicKey stranger = test::CheapKey("stranger").public_key();
    const PublicKey standby = blocks.node("alpha-2").consensus_key;
    const std::vector<abci::ValidatorUpdate> refused{{alpha, 0},
                                                     {alpha, -1},
                                                     {stranger, 10},
                                                     {standby, 10},
                                                     {alpha, types::total_voting_power_max - 29}};
    for (const abci::ValidatorUpdate& update : refused) {
        const Done done = blocks.next({.application = {update}});
        EXPECT_TRUE(done.updates.empty()) << update.power;
        EXPECT_EQ(done.events_of("seat_application_update_dropped"), 1U) << update.power;
    }
    EXPECT_EQ(
        blocks.next({.application = {{alpha, types::total_voting_power_max - 30}}}).updates.size(),
        1U)
        << "the largest total";
}

TEST(ApplicationUpdates, OfASeatThatAnOperationTouchedOrThatLeavesAreDropped) {
    Blocks blocks(7);
    blocks.repeat(3);
    const PublicKey beta = blocks.seat("beta").identity;
    Plan plan{.application = {{beta, 12}, {blocks.seat("alpha").identity, 13}}};
    plan.operations = {blocks.quorum(ChangePower{"beta", 11}), blocks.own("alpha", Pause{})};
    EXPECT_EQ(blocks.next(plan).events_of("seat_application_update_dropped"), 2U);
    EXPECT_EQ(blocks.seat("beta").power, 11);
    EXPECT_EQ(blocks.seat("alpha").power, 10);
    plan = {.application = {{blocks.seat("alpha").identity, 13}}};
    plan.operations = {blocks.own("alpha", Pause{})};  // refused: paused already
    EXPECT_EQ(blocks.next(plan).updates.size(), 1U) << "one that was refused has touched nothing";
    ASSERT_EQ(blocks.execute(blocks.quorum(RemoveSeat{"beta"})), AdminCode::ok);
    EXPECT_EQ(
        blocks.next({.application = {{beta, 12}}}).events_of("seat_application_update_dropped"),
        1U);
}

class ParamsUpdate : public testing::Test {
  public:
    /// The outcome of an update of the application in the next block.
    bool take(std::optional<std::int64_t> block_bytes, std::vector<std::string> key_types = {}) {
        types::ConsensusParamsMessage update;
        if (block_bytes) {
            update.block = types::BlockParams{};
            update.block->max_bytes = *block_bytes;
        }
        if (!key_types.empty()) {
            update.validator = types::ValidatorParams{};
            update.validator->pub_key_types = std::move(key_types);
        }
        const State before = blocks.state();
        const Bytes hash(32, 1);  // the context borrows it
        const BlockContext context{before.height + 1, test::at_ms(0), hash, {}, {}, {}};
        BlockProcess process(before, context, blocks.verifier(), nullptr);
        const bool taken = process.params_step(update);
        EXPECT_EQ(process.state().chain_params, before.chain_params) << "from the next block on";
        after = std::move(process).finish().state.chain_params;
        return taken;
    }
    Blocks blocks{4, 2};
    ChainParams after;
};

TEST_F(ParamsUpdate, HoldsFromTheNextBlockOn) {
    blocks.repeat(3);
    EXPECT_TRUE(take(8'000'000, {"ed25519", "secp256k1"}));
    EXPECT_EQ(after.block_bytes_max, 8'000'000);
    EXPECT_EQ(after.key_types.size(), 2U);
    EXPECT_TRUE(take(std::nullopt));
    EXPECT_EQ(after, blocks.state().chain_params) << "what is absent stays";
}

TEST_F(ParamsUpdate, IsDroppedWhereTheRecordWouldNotFitABlock) {
    blocks.repeat(3);
    const ChainParams before = blocks.state().chain_params;
    std::int64_t smallest = before.evidence_bytes_max;
    while (!fits_block(8, 4, smallest, before.evidence_bytes_max)) ++smallest;
    EXPECT_TRUE(take(smallest));
    EXPECT_FALSE(take(smallest - 1));
    EXPECT_EQ(after, before);
    // A seat that leaves still signs the commits of the two blocks to come.
    ASSERT_EQ(blocks.execute(blocks.quorum(RemoveSeat{"delta"})), AdminCode::ok);
    EXPECT_FALSE(take(smallest - 1));
}

// ---- What everybody can see

TEST(Events, LivenessWhenItChanges) {
    Blocks blocks;
    EXPECT_EQ(blocks.repeat(3).events_of("seat_liveness"), 0U) << "alive from the start is no news";
    EXPECT_EQ(blocks.next({.silent = {"alpha-2"}}).events_of("seat_liveness"), 1U);
    EXPECT_EQ(blocks.next({.silent = {"alpha-2"}}).events_of("seat_liveness"), 0U);
    EXPECT_EQ(blocks.next().events_of("seat_liveness"), 1U);
}

TEST(Events, ExposedAndDownBeforeItMatters) {
    Blocks blocks(4, 2);
    blocks.repeat(3);
    EXPECT_EQ(blocks.next({.silent = {"alpha-2"}}).events_of("seat_exposed"), 1U);
    const Done down = blocks.next({.silent = {"alpha-1", "alpha-2"}});
    EXPECT_EQ(down.events_of("seat_down"), 1U);
    EXPECT_EQ(down.events_of("seat_exposed"), 0U);
    EXPECT_EQ(blocks.next({.silent = {"alpha-1", "alpha-2"}}).events_of("seat_down"), 0U);
    const Done back = blocks.next();
    EXPECT_EQ(back.events_of("seat_down") + back.events_of("seat_exposed"), 0U);
    EXPECT_EQ(blocks.next({.convicted = {"alpha-2"}}).events_of("seat_exposed"), 1U)
        << "a quarantined standby is no standby";
}

TEST(Events, AreIndexable) {
    Blocks blocks;
    blocks.repeat(5);
    const Done done = blocks.repeat(5, alpha_dead);
    ASSERT_FALSE(done.events.empty());
    for (const abci::Event& event : done.events)
        for (const abci::EventAttribute& attribute : event.attributes)
            EXPECT_TRUE(attribute.index) << event.type;
}

TEST(Process, KeepsTheLast64BlocksWhateverTheParametersAre) {
    Blocks blocks;
    blocks.repeat(70);
    EXPECT_EQ(blocks.state().recent_blocks.size(), 64U);
    EXPECT_EQ(blocks.state().recent_blocks.front().height, 7);
    EXPECT_EQ(blocks.node("alpha-1").window.count, 64U);
}

}  // namespace
}  // namespace tandem::seats
