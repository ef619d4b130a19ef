#include "seats/state.h"

#include <gtest/gtest.h>

#include "seats/random_state.h"
#include "seats/rule.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

using test::Chain;
using test::CheapChain;

std::vector<Status> all_alive(const State& state) {
    std::vector<Status> statuses;
    for (const Seat& seat : state.seats)
        for (std::size_t i = 0; i < seat.nodes.size(); ++i)
            statuses.push_back(i == seat.validator ? Status::has_signed : Status::heard);
    return statuses;
}

/// 100 blocks: alpha's validator silent in the last ten of them, beta switching, gamma leaving, a
/// seat "old" that left with its keys.
State rich_state() {
    CheapChain chain(4, 3);
    State& state = chain.state();
    state.retired_seats = {"old"};
    const PublicKey old_key = test::CheapKey("old consensus").public_key();
    state.retired_keys = {{old_key, "old", old_key},
                          {test::CheapKey("old liveness").public_key(), "old", {}}};
    for (std::int64_t height = 1; height <= 100; ++height) {
        chain.execute_block();
        if (height == 1) continue;
        std::vector<Status> statuses = all_alive(state);
        if (height > 90) statuses[0] = Status::dead;
        count_record(state, height - 1, state.recent_blocks.back().time,
                     height % 2 == 0 ? "gamma" : "delta", statuses);
    }
    apply_switch(state, state.seats[1], 2, 100, SwitchReason::run);
    state.seats[2].leaves_at = 102;
    state.seats[3].last_switchover = 50;
    state.seats[3].cooldown = {40, test::at_ms(1'700'000'040'000)};
    return state;
}

/// The refusal of a rich state after one change; "" where it is still valid.
template <typename Change>
std::string broken_by(Change&& change) {
    State state = rich_state();
    change(state);
    const Verdict verdict = validate(state);
    return verdict ? "" : verdict.error().check;
}

TEST(State, FindsSeatsBlocksAndNodes) {
    State state = rich_state();
    EXPECT_EQ(state.find_seat("beta"), &state.seats[1]);
    EXPECT_EQ(state.find_seat("epsilon"), nullptr);
    EXPECT_EQ(state.node_count(), 12U);
    EXPECT_EQ(state.total_power(), 30) << "gamma is leaving";
    EXPECT_EQ(state.present_power("beta"), 10);
    EXPECT_EQ(state.present_power("gamma"), 0);
    EXPECT_EQ(state.present_power("old"), 0);
    EXPECT_EQ(state.block(36), nullptr);
    EXPECT_EQ(state.block(37)->height, 37);
    EXPECT_EQ(state.block(100)->height, 100);
    EXPECT_EQ(state.block(101), nullptr);
    EXPECT_EQ(State{}.block(0), nullptr);
    const Node& node = state.seats[3].nodes[1];
    EXPECT_EQ(find_by_consensus_address(state, test::address_of(node.consensus_key)),
              (NodeRef{3, 1}));
    EXPECT_FALSE(find_by_consensus_address(state, test::address_of(node.liveness_key)));
}

TEST(State, DecidedSetHasTheNextValidatorOfEverySeatThatStays) {
    const State state = rich_state();
    const auto set = decided_set(state);
    ASSERT_EQ(set.size(), 3U);
    EXPECT_EQ(set[0].pub_key, state.seats[0].nodes[0].consensus_key);
    EXPECT_EQ(set[1].pub_key, state.seats[1].nodes[2].consensus_key) << "decided, not yet in force";
    EXPECT_EQ(set[2].pub_key, state.seats[3].nodes[0].consensus_key);
}

TEST(State, NamesHaveOneTo64PlainCharacters) {
    EXPECT_TRUE(is_valid_name("Org.7_north-2"));
    EXPECT_TRUE(is_valid_name(std::string(64, 'a')));
    for (const std::string& name :
         {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a/b"),
          std::string("\xc3\xa9"), std::string("a\0", 2)})
        EXPECT_FALSE(is_valid_name(name)) << name;
}

TEST(Window, KeepsWhatWasSignedWithinWhatWasAlive) {
    Window window;
    for (int i = 0; i < 200; ++i) window.push(static_cast<Status>(i % 3));
    EXPECT_EQ(window.signed_bits & ~window.alive_bits, 0U);
    EXPECT_EQ(window.alive_among_last(3), 2U);
    EXPECT_EQ(window.alive_among_last(0), 0U);
    EXPECT_EQ(window.alive_among_last(1000), window.alive_among_last(64));
}

TEST(Invariants, HoldForARichState) {
    EXPECT_EQ(broken_by([](State&) {}), "");
    check_invariants(rich_state());
}

TEST(Invariants, AbortOnABrokenOne) {
    State state = rich_state();
    state.seats[0].validator = 3;
    EXPECT_DEATH(check_invariants(state), "invariant_3");
}

TEST(Invariants, EachIsChecked) {
    struct Case {
        int invariant;
        std::string_view what;
        void (*change)(State&);
    };
    const Case cases[] = {
        {1, "no chain id", [](State& s) { s.chain_id.clear(); }},
        {1, "long chain id", [](State& s) { s.chain_id.assign(51, 'c'); }},
        {1, "initial height 0", [](State& s) { s.initial_height = 0; }},
        {1, "before its beginning", [](State& s) { s.initial_height = 102; }},
        {1, "height", [](State& s) { s.height = heights_max + 1; }},
        {2, "no power", [](State& s) { s.seats[0].power = 0; }},
        {2, "too much", [](State& s) { s.seats[0].power = types::total_voting_power_max; }},
        {2, "empty set", [](State& s) { s.seats.clear(); }},
        {3, "no such validator", [](State& s) { s.seats[0].validator = 3; }},
        {3, "no nodes", [](State& s) { s.seats[0].nodes.clear(); }},
        {3, "too many nodes", [](State& s) { s.seats[0].nodes.resize(nodes_max - 8); }},
        {4, "id", [](State& s) { s.seats[0].id = "a/b"; }},
        {4, "id twice", [](State& s) { s.seats[0].id = "beta"; }},
        {4, "retired id in use", [](State& s) { s.retired_seats.emplace_back("beta"); }},
        {4, "retired id", [](State& s) { s.retired_seats.emplace_back(""); }},
        {4, "node name", [](State& s) { s.seats[0].nodes[1].name.clear(); }},
        {4, "node name twice", [](State& s) { s.seats[0].nodes[1].name = "alpha-1"; }},
        {4, "retired key of nobody", [](State& s) { s.retired_keys[0].seat = "nobody"; }},
        {4, "proposer nobody", [](State& s) { s.seats[0].run.proposer_seats = {"nobody"}; }},
        {5, "key twice", [](State& s) { s.seats[0].nodes[1].liveness_key = s.seats[1].admin_key; }},
        {5, "retired key in use", [](State& s) { s.seats[0].admin_key = s.retired_keys[1].key; }},
        {5, "short key",
         [](State& s) {
             PublicKey key = s.seats[0].nodes[1].consensus_key;
             key.bytes.resize(31);
             s.seats[0].nodes[1].consensus_key = key;
         }},
        {5, "liveness key of another kind",
         [](State& s) { s.seats[0].nodes[1].liveness_key.type = crypto::KeyType::secp256k1; }},
        {5, "no admin key", [](State& s) { s.seats[0].admin_key = {}; }},
        {5, "identity of another seat",
         [](State& s) { s.seats[0].identity = s.seats[1].identity; }},
        {5, "identity that is no consensus key",
         [](State& s) { s.seats[0].identity = s.seats[0].nodes[0].liveness_key; }},
        {5, "identity of another seat's retired key",
         [](State& s) { s.seats[0].identity = s.retired_keys[0].key; }},
        {5, "short identity", [](State& s) { s.retired_keys[0].identity.bytes.resize(3); }},
        {6, "to nobody", [](State& s) { s.seats[1].pending->from = 9; }},
        {6, "to itself", [](State& s) { s.seats[1].pending->from = 2; }},
        {6, "not the validator", [](State& s) { s.seats[1].pending->to = 1; }},
        {6, "at once", [](State& s) { s.seats[1].pending->effective_height = 101; }},
        {6, "decided later", [](State& s) { s.seats[1].pending->decided_height = 101; }},
        {6, "long in force", [](State& s) { s.seats[1].pending->decided_height = 98; }},
        {6, "counting too early", [](State& s) { s.seats[1].count_from = 101; }},
        {6, "no reason", [](State& s) { s.seats[1].pending->reason = SwitchReason{}; }},
        {7, "left already", [](State& s) { s.seats[2].leaves_at = 100; }},
        {7, "leaves late", [](State& s) { s.seats[2].leaves_at = 103; }},
        {7, "leaves and switches", [](State& s) { s.seats[1].leaves_at = 102; }},
        {8, "counts too early", [](State& s) { s.seats[0].count_from = 0; }},
        {8, "counts too late", [](State& s) { s.seats[0].count_from = 103; }},
        {9, "long window", [](State& s) { s.seats[0].nodes[1].window.count = 65; }},
        {9, "older than the seat", [](State& s) { s.seats[1].nodes[0].window.count = 1; }},
        {9, "before its start", [](State& s) { s.seats[0].nodes[1].window.count = 3; }},
        {9, "signed and dead", [](State& s) { s.seats[0].nodes[0].window.signed_bits |= 1; }},
        {9, "liveness", [](State& s) { s.seats[0].nodes[0].liveness = Liveness{3}; }},
        {10, "a run longer than the series", [](State& s) { s.seats[0].run.length = 11; }},
        {10, "negative run", [](State& s) { s.seats[3].run.length = -1; }},
        {10, "more than was counted", [](State& s) { s.seats[0].unsigned_series.length = 100; }},
        {10, "disagrees with the window", [](State& s) { s.seats[0].unsigned_series.length = 11; }},
        {10, "first time without a run",
         [](State& s) { s.seats[3].run.first_time = test::at_ms(0); }},
        {10, "time out of range", [](State& s) { s.seats[0].run.first_time.nanos = -1; }},
        {10, "no proposers", [](State& s) { s.seats[0].run.proposer_seats.clear(); }},
        {10, "proposers without a run", [](State& s) { s.seats[3].run.proposer_seats = {"beta"}; }},
        {10, "unsorted", [](State& s) { s.seats[0].run.proposer_seats = {"gamma", "delta"}; }},
        {10, "twice", [](State& s) { s.seats[0].run.proposer_seats = {"delta", "delta"}; }},
        {11, "late cooldown", [](State& s) { s.seats[0].cooldown.effective_height = 103; }},
        {11, "time before it began",
         [](State& s) { s.seats[1].cooldown.effective_time = test::at_ms(0); }},
        {11, "switchover to come", [](State& s) { s.seats[0].last_switchover = 101; }},
        {12, "a block too few", [](State& s) { s.recent_blocks.erase(s.recent_blocks.begin()); }},
        {12, "not the last ones", [](State& s) { s.recent_blocks[5].height = 1; }},
        {12, "block hash", [](State& s) { s.recent_blocks[5].block_hash.clear(); }},
        {12, "app hash", [](State& s) { s.recent_blocks[5].app_hash.clear(); }},
        {12, "long app hash", [](State& s) { s.recent_blocks.back().app_hash.push_back(0); }},
        {12, "time", [](State& s) { s.recent_blocks[5].time.nanos = -1; }},
        {13, "too many", [](State& s) { s.recent_switches.resize(65, s.recent_switches[0]); }},
        {13, "to come", [](State& s) { s.recent_switches[0].decided_height = 101; }},
        {13, "in force at once", [](State& s) { s.recent_switches[0].effective_height = 101; }},
        {13, "of no seat", [](State& s) { s.recent_switches[0].seat.clear(); }},
        {13, "to itself", [](State& s) { s.recent_switches[0].to = s.recent_switches[0].from; }},
        {13, "no reason", [](State& s) { s.recent_switches[0].reason = SwitchReason{7}; }},
    };
    for (const Case& broken : cases)
        EXPECT_EQ(broken_by(broken.change), "state.invariant_" + std::to_string(broken.invariant))
            << broken.what;
    EXPECT_EQ(broken_by([](State& s) { s.params.run_records = 1; }), "params.run_records");
    EXPECT_EQ(broken_by([](State& s) { s.recent_blocks.back().app_hash.clear(); }), "")
        << "the newest application hash may be unknown";
}

TEST(StateCodec, WhatIsWrittenIsReadButTheNewestApplicationHash) {
    State state = rich_state();
    const auto read = decode_state(encode_state(state));
    ASSERT_TRUE(read.has_value()) << read.error().why;
    EXPECT_NE(*read, state);
    state.recent_blocks.back().app_hash.clear();
    EXPECT_EQ(*read, state);
}

TEST(StateCodec, TheHashDoesNotDependOnTheNewestApplicationHash) {
    State state = rich_state();
    const Bytes hash = state_hash(state);
    EXPECT_EQ(hash, base::to_bytes(crypto::sha256(encode_state(state))));
    state.recent_blocks.back().app_hash.assign(32, 0xee);
    EXPECT_EQ(state_hash(state), hash);
    state.recent_blocks[62].app_hash.assign(32, 0xee);
    EXPECT_NE(state_hash(state), hash);
}

TEST(StateCodec, RandomStatesAreReadAsTheyWereWritten) {
    base::SeededRandom dice(7);
    for (int i = 0; i < 300; ++i) {
        State state = test::RandomChain(dice).chain().state();
        const Bytes bytes = encode_state(state);
        if (!state.recent_blocks.empty()) state.recent_blocks.back().app_hash.clear();
        const auto read = decode_state(bytes);
        ASSERT_TRUE(read.has_value()) << i << ": " << read.error().check << " " << read.error().why;
        ASSERT_EQ(*read, state) << i;
    }
}

TEST(StateCodec, RefusesOtherSpellingsOfTheSameState) {
    const Bytes bytes = encode_state(rich_state());
    const auto refusal_of = [](const Bytes& changed) {
        const auto read = decode_state(changed);
        return read ? "" : read.error().check;
    };
    Bytes longer = bytes;
    longer.insert(longer.end(), {0x10, 0x01});  // initial_height once more
    EXPECT_EQ(refusal_of(longer), "state.canonical");
    longer = bytes;
    longer.insert(longer.end(), {0x78, 0x01});  // a field that nobody knows
    EXPECT_EQ(refusal_of(longer), "state.canonical");
    Bytes cut = bytes;
    cut.pop_back();
    EXPECT_EQ(refusal_of(cut), "wire.decode");
    EXPECT_NE(refusal_of({}), "");
}

TEST(StateCodec, RefusesANewestApplicationHash) {
    State state = rich_state();
    const Bytes without = encode_state(state);
    state.recent_blocks.push_back(state.recent_blocks.back());
    state.recent_blocks.erase(state.recent_blocks.begin());
    EXPECT_FALSE(decode_state(encode_state(state)).has_value()) << "block 100 twice";
    EXPECT_TRUE(decode_state(without).has_value());
}

TEST(StateCodec, ManyEmptyElementsCostNoMemory) {
    Bytes bytes;
    for (int i = 0; i < 100'000; ++i) bytes.insert(bytes.end(), {0x32, 0x00});  // empty seats
    const auto read = decode_state(bytes);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().check, "state.elements");
}

}  // namespace
}  // namespace tandem::seats
