#include "seats/rule.h"

#include <gtest/gtest.h>

namespace tandem::seats {
namespace {

const std::vector<std::string> ed25519_only{"ed25519"};

PublicKey key(std::uint8_t number) {
    PublicKey made{crypto::KeyType::ed25519, {}};
    made.bytes.assign(32, number);
    return made;
}

/// `seats` seats of power 10 with two nodes each, ids s0, s1, ...
State make_state(std::size_t seats) {
    State state;
    state.chain_id = "test";
    for (std::size_t i = 0; i < seats; ++i) {
        Seat seat;
        seat.id = "s" + std::to_string(i);
        seat.power = 10;
        seat.count_from = 1;
        for (const char* name : {"a", "b"}) {
            Node node;
            node.name = name;
            node.consensus_key = key(static_cast<std::uint8_t>(2 * i + (name[0] == 'b' ? 1 : 0)));
            seat.nodes.push_back(node);
        }
        state.seats.push_back(seat);
    }
    return state;
}

Timestamp at(std::int64_t milliseconds) {
    return {milliseconds / 1000, static_cast<std::int32_t>(milliseconds % 1000 * 1'000'000)};
}

/// Statuses of all nodes: all SIGNED or HEARD but for the first seat's two.
std::vector<Status> statuses(const State& state, Status validator, Status standby) {
    std::vector<Status> all;
    for (std::size_t i = 0; i < state.seats.size(); ++i) {
        all.push_back(i == 0 ? validator : Status::has_signed);
        all.push_back(i == 0 ? standby : Status::heard);
    }
    return all;
}

SeatFacts facts_of(const State& state, std::int64_t height, std::int64_t milliseconds) {
    return seat_facts(state, state.seats[0], height, at(milliseconds), ed25519_only);
}

TEST(Decide, EveryInputMeetsTheRuleAsTheSeatsPageStatesIt) {
    for (unsigned bits = 0; bits < 1024; ++bits) {
        const auto bit = [bits](unsigned index) { return ((bits >> index) & 1) != 0; };
        SeatFacts facts;
        facts.in_set = bit(0);
        facts.pending = bit(1);
        facts.paused = bit(2);
        facts.cooling = bit(3);
        facts.run_long = bit(4);
        facts.run_witnessed = bit(5);
        facts.run_lasted = bit(6);
        facts.wedged = bit(7);
        facts.candidate = bit(8);
        const bool silent = bit(9);
        if (facts.run_long && !silent) continue;  // a run of N >= 2 records is not empty
        const bool first_three_lines = facts.run_long && facts.run_witnessed && facts.run_lasted;
        const bool moves = facts.in_set && !facts.pending && !facts.paused && !facts.cooling &&
                           facts.candidate && (first_three_lines || facts.wedged);
        const Decision decision = decide(facts, silent);
        EXPECT_EQ(decision == Decision::switch_run || decision == Decision::switch_wedged, moves)
            << bits;
        if (moves) {
            EXPECT_EQ(decision == Decision::switch_run, first_three_lines) << bits;
        }
        if (decision == Decision::keep) {
            EXPECT_FALSE(silent || facts.wedged) << bits;
        }
    }
}

TEST(Window, RecordsBeforeItsStartAreNotAlive) {
    Window window;
    EXPECT_EQ(window.alive_among_last(5), 0U);
    window.push(Status::heard);
    window.push(Status::has_signed);
    window.push(Status::dead);
    EXPECT_EQ(window.alive_among_last(5), 2U);
    EXPECT_EQ(window.alive_among_last(2), 1U);
    EXPECT_FALSE(window.newest_alive());
    EXPECT_EQ(window.signed_bits, 0b10U);
    for (int i = 0; i < 100; ++i) window.push(Status::heard);
    EXPECT_EQ(window.count, window_records);
    EXPECT_EQ(window.alive_among_last(64), 64U);
}

TEST(CountRecord, ARunGrowsWithoutLimitAndEndsWithOneSignOfLife) {
    State state = make_state(4);
    for (std::int64_t judged = 1; judged <= 200; ++judged)
        count_record(state, judged, at(judged * 100), judged % 2 == 0 ? "s1" : "s2",
                     statuses(state, Status::dead, Status::heard));
    EXPECT_EQ(state.seats[0].run.length, 200);
    EXPECT_EQ(state.seats[0].run.first_time, at(100));
    EXPECT_EQ(state.seats[0].run.proposer_seats, (std::vector<std::string>{"s1", "s2"}));
    count_record(state, 201, at(20'100), "s3", statuses(state, Status::heard, Status::heard));
    EXPECT_EQ(state.seats[0].run, seats::Run{});
    EXPECT_EQ(state.seats[0].unsigned_series.length, 201) << "heard is not signed";
    count_record(state, 202, at(20'200), "s3", statuses(state, Status::has_signed, Status::heard));
    EXPECT_EQ(state.seats[0].unsigned_series, UnsignedSeries{});
}

TEST(CountRecord, RecordsThatJudgeHeightsBeforeCountFromDoNotCount) {
    State state = make_state(4);
    state.seats[0].count_from = 10;
    count_record(state, 9, at(900), "s1", statuses(state, Status::dead, Status::heard));
    EXPECT_EQ(state.seats[0].run.length, 0);
    EXPECT_EQ(state.seats[0].nodes[1].window.count, 0U);
    EXPECT_EQ(state.seats[0].nodes[0].liveness, Liveness::dead) << "but liveness is known";
    EXPECT_EQ(state.seats[1].nodes[0].window.count, 1U) << "and other seats count";
    count_record(state, 10, at(1000), "s1", statuses(state, Status::dead, Status::heard));
    EXPECT_EQ(state.seats[0].run.length, 1);
}

TEST(SeatFacts, AThirdOfThePowerMustHaveProposedTheRun) {
    State state = make_state(4);  // total 40, a third is 13.3
    for (std::int64_t judged = 1; judged <= 20; ++judged)
        count_record(state, judged, at(judged * 1000), "s1",
                     statuses(state, Status::dead, Status::heard));
    EXPECT_FALSE(facts_of(state, 21, 21'000).run_witnessed) << "one seat of four, however often";
    count_record(state, 21, at(21'000), "s2", statuses(state, Status::dead, Status::heard));
    EXPECT_TRUE(facts_of(state, 22, 22'000).run_witnessed);

    State three = make_state(3);
    count_record(three, 1, at(1000), "s1", statuses(three, Status::dead, Status::heard));
    EXPECT_TRUE(facts_of(three, 2, 2000).run_witnessed) << "exactly a third is enough";
}

TEST(SeatFacts, PowersOfProposersAreThePresentOnes) {
    State state = make_state(4);
    count_record(state, 1, at(1000), "s1", statuses(state, Status::dead, Status::heard));
    count_record(state, 2, at(2000), "s2", statuses(state, Status::dead, Status::heard));
    EXPECT_TRUE(facts_of(state, 3, 2000).run_witnessed);
    state.seats[2].leaves_at = 5;  // 10 of 30 remain: exactly a third
    EXPECT_TRUE(facts_of(state, 3, 2000).run_witnessed);
    state.seats[1].power = 4;  // 4 of 24
    EXPECT_FALSE(facts_of(state, 3, 2000).run_witnessed);
}

TEST(SeatFacts, FirstAndNewestBlockMustBeTApart) {
    State state = make_state(4);
    for (std::int64_t judged = 1; judged <= 5; ++judged)
        count_record(state, judged, at(judged * 5), "s1",
                     statuses(state, Status::dead, Status::heard));
    EXPECT_FALSE(facts_of(state, 6, 25).run_lasted);
    EXPECT_FALSE(facts_of(state, 6, 1004).run_lasted);
    EXPECT_TRUE(facts_of(state, 6, 1005).run_lasted) << "exactly T is enough";
}

TEST(SeatFacts, WedgedNeedsMRecordsWithoutSignedOverFiveT) {
    State state = make_state(4);  // M = max(25, 12) = 25
    for (std::int64_t judged = 1; judged <= 24; ++judged)
        count_record(state, judged, at(judged * 1000), "s1",
                     statuses(state, Status::heard, Status::heard));
    EXPECT_FALSE(facts_of(state, 25, 24'000).wedged);
    count_record(state, 25, at(25'000), "s1", statuses(state, Status::heard, Status::heard));
    EXPECT_TRUE(facts_of(state, 26, 25'000).wedged);
    EXPECT_FALSE(facts_of(state, 26, 5'999).wedged) << "over 5T of block time";
    EXPECT_TRUE(facts_of(state, 26, 6'000).wedged);
    EXPECT_EQ(decide(facts_of(state, 26, 25'000), false), Decision::switch_wedged);
}

TEST(Candidate, NewestAliveAndKAmongTheLastN) {
    State state = make_state(4);  // K = 4 of N = 5
    const auto push = [&](Status standby) {
        state.seats[0].nodes[1].window.push(standby);
        return candidate_under_rule(state, state.seats[0], ed25519_only).has_value();
    };
    EXPECT_FALSE(push(Status::heard));
    EXPECT_FALSE(push(Status::heard));
    EXPECT_FALSE(push(Status::dead));
    EXPECT_FALSE(push(Status::heard));
    EXPECT_TRUE(push(Status::heard)) << "four of five";
    EXPECT_FALSE(push(Status::dead)) << "the newest must be ALIVE";
    state.seats[0].nodes[1].window = {};
    for (int i = 0; i < 5; ++i) (void)push(Status::heard);
    state.seats[0].nodes[1].quarantined = true;
    EXPECT_FALSE(candidate_under_rule(state, state.seats[0], ed25519_only).has_value());
    state.seats[0].nodes[1].quarantined = false;
    EXPECT_FALSE(candidate_under_rule(state, state.seats[0], std::vector<std::string>{"secp256k1"})
                     .has_value())
        << "a key type that the parameters do not allow";
}

TEST(Candidate, TheMostAliveWinsThenTheOrderInTheList) {
    State state = make_state(4);
    Seat& seat = state.seats[0];
    Node third = seat.nodes[1];
    third.name = "c";
    seat.nodes.push_back(third);
    for (int i = 0; i < 5; ++i) {
        seat.nodes[1].window.push(i == 0 ? Status::dead : Status::heard);
        seat.nodes[2].window.push(Status::heard);
    }
    EXPECT_EQ(candidate_under_rule(state, seat, ed25519_only), 2U);
    seat.nodes[1].window.push(Status::heard);
    seat.nodes[2].window.push(Status::heard);
    EXPECT_EQ(candidate_under_rule(state, seat, ed25519_only), 1U) << "both five of five";
    seat.validator = 1;
    EXPECT_EQ(candidate_under_rule(state, seat, ed25519_only), 2U) << "never the validator itself";
}

TEST(ApplySwitch, TakesEffectTwoHeightsLaterAndStartsAfresh) {
    State state = make_state(4);
    for (std::int64_t judged = 1; judged <= 5; ++judged)
        count_record(state, judged, at(judged * 1000), "s1",
                     statuses(state, Status::dead, Status::heard));
    Seat& seat = state.seats[0];
    apply_switch(state, seat, 1, 6, SwitchReason::run);
    EXPECT_EQ(seat.validator, 1U);
    EXPECT_EQ(seat.pending->effective_height, 8);
    EXPECT_TRUE(seat.has_pending(6));
    EXPECT_TRUE(seat.has_pending(7));
    EXPECT_FALSE(seat.has_pending(8));
    EXPECT_EQ(seat.count_from, 8);
    EXPECT_EQ(seat.run, seats::Run{});
    EXPECT_EQ(seat.nodes[1].window, Window{});
    EXPECT_EQ(seat.cooldown.effective_height, 8);
    EXPECT_EQ(state.recent_switches.back().from, "a");
    EXPECT_EQ(decided_set(state)[0].pub_key, seat.nodes[1].consensus_key);
}

TEST(Cooldown, EndsAfterCBlocksAndTheirShareOfT) {
    State state = make_state(4);  // N = 5, C = 20, T = 1 s: 20 blocks and 4 s
    state.seats[0].cooldown = {100, at(50'000)};
    EXPECT_TRUE(facts_of(state, 99, 60'000).cooling);
    EXPECT_TRUE(facts_of(state, 119, 60'000).cooling);
    EXPECT_FALSE(facts_of(state, 120, 60'000).cooling);
    EXPECT_TRUE(facts_of(state, 120, 53'999).cooling);
    EXPECT_FALSE(facts_of(state, 120, 54'000).cooling);
    state.params.cooldown_blocks = 7;  // 7/5 of T
    EXPECT_TRUE(facts_of(state, 107, 51'399).cooling);
    EXPECT_FALSE(facts_of(state, 107, 51'400).cooling);
}

TEST(Cooldown, OnlySwitchesByTheRuleStartIt) {
    for (const SwitchReason reason : {SwitchReason::evidence, SwitchReason::switchover}) {
        State state = make_state(4);
        apply_switch(state, state.seats[0], 1, 6, reason);
        EXPECT_EQ(state.seats[0].cooldown, Cooldown{});
    }
    State state = make_state(4);
    apply_switch(state, state.seats[0], 1, 6, SwitchReason::wedged);
    EXPECT_EQ(state.seats[0].cooldown.effective_height, 8);
}

TEST(Formulas, KMAndC) {
    Params params;
    EXPECT_EQ(params.k(), 4U);
    params.run_records = 2;
    EXPECT_EQ(params.k(), 2U);
    params.run_records = 3;
    EXPECT_EQ(params.k(), 3U);
    params.run_records = 64;
    EXPECT_EQ(params.k(), 43U);
    EXPECT_EQ(params.c(), 256);
    params.run_records = 5;
    EXPECT_EQ(params.m(40, 10), 25);
    EXPECT_EQ(params.m(100, 3), 100);
    EXPECT_EQ(params.m(100, 7), 43) << "300/7 rounded up";
    EXPECT_EQ(params.m(types::total_voting_power_max, 1), 3 * types::total_voting_power_max);
    params.wedged_records = 9;
    EXPECT_EQ(params.m(40, 10), 9);
}

}  // namespace
}  // namespace tandem::seats
