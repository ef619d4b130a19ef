// The rule: whether a seat moves in this block (seats page, section 4).
//
//     V's run is at least N records long, and
//     the seats that proposed the run's records hold at least a third of the voting power, and
//     the blocks that carry its first and its newest record are at least T apart, and
//     S has been ALIVE in at least K of the last N records, the newest among them
//       => S becomes the validator and V becomes a sync node
//
// Why that is safe: the run counts only what is in committed blocks, so every node reaches the
// same decision; a third of the power cannot all lie, so one honest proposer at least has seen the
// silence; S cannot be ALIVE without executing the chain. The decision binds from two heights
// later, whose consensus has not begun, so no vote of V and S can ever meet at one height.
//
// Judging is a table over facts; rule_test.cc walks all of its inputs.
#pragma once
#include "seats/state.h"

namespace tandem::seats {

[[nodiscard]] std::string_view to_text(SwitchReason reason) noexcept;

/// Names of the key types that the consensus parameters allow for validators.
using KeyTypes = std::span<const std::string>;
[[nodiscard]] bool allows(KeyTypes key_types, const PublicKey& key) noexcept;

/// Everything that the decision about one seat depends on.
struct SeatFacts {
    bool in_set = false;   // of the newest decided set
    bool pending = false;  // a switch decided and not yet in effect
    bool paused = false;
    bool cooling = false;        // the cooldown of the last switch by the rule has not ended
    bool run_long = false;       // run >= N
    bool run_witnessed = false;  // proposers of the run hold a third
    bool run_lasted = false;     // T between its first and newest block
    bool wedged = false;         // M records without SIGNED, over 5T
    bool candidate = false;      // some S qualifies

    bool operator==(const SeatFacts&) const = default;
};

enum class Decision : std::uint8_t {
    keep,  // the validator is not silent
    wait_not_in_set,
    wait_pending,
    wait_paused,
    wait_cooldown,
    wait_run_length,  // silent, but not for N records yet
    wait_witnesses,
    wait_time,
    wait_candidate,  // silent long enough, and no standby qualifies
    switch_run,
    switch_wedged,
};

/// `silent`: the run is not empty. See the table in rule.cc.
[[nodiscard]] Decision decide(const SeatFacts& facts, bool silent) noexcept;

/// The facts of `seat` when the rule runs in block `height` of time `time`, whose record was
/// already counted.
[[nodiscard]] SeatFacts seat_facts(const State& state, const Seat& seat, std::int64_t height,
                                   Timestamp time, KeyTypes key_types);

/// The best standby under the rule, or nothing: not quarantined, newest record ALIVE, ALIVE in at
/// least K of the last N, and of a key type that may stand in the set; the most ALIVE among the
/// last N wins, then the order in the list.
[[nodiscard]] std::optional<std::uint32_t> candidate_under_rule(const State& state,
                                                                const Seat& seat,
                                                                KeyTypes key_types);

/// Counts one record that judges height `judged` and stands in a block of time `time` proposed by
/// a node of `proposer_seat`: windows, run and unsigned series of every seat that it counts for,
/// and the liveness of every node. `statuses` are per registered node.
void count_record(State& state, std::int64_t judged, Timestamp time, std::string_view proposer_seat,
                  std::span<const Status> statuses);

/// Makes node `to` the validator of the set of `height` + 2 and starts windows, run and series
/// afresh from there. REQUIRES: no switch of the seat is pending at `height`.
void apply_switch(State& state, Seat& seat, std::uint32_t to, std::int64_t height,
                  SwitchReason reason);

}  // namespace tandem::seats
