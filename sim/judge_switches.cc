// Switches as somebody sees them who knows the machines, and the power that moves in one block.
#include <fmt/format.h>

#include "sim/judge.h"

namespace tandem::sim {

/// Whoever is promoted has executed a block that is fresh for the newest record, and is not
/// convicted. (Liars may sign what they have not executed.)
void Judge::judge_switch(const seats::SwitchFact& fact, const seats::State& seats) {
    const std::int64_t height = fact.decided_height;
    if (const seats::Seat* seat = seats.find_seat(fact.seat); seat != nullptr)
        for (const seats::Node& node : seat->nodes)
            if (node.name == fact.to && node.quarantined)
                blame(height, fact.to + " is promoted though it is in quarantine");
    for (const auto& [index, player] : players_)
        if (player.name == fact.to && player.lies) return;
    const auto before = states_.find(height - 1);
    if (before == states_.end()) return;
    const seats::Params& params = before->second.params;
    const std::int64_t judged = height - 1;
    const std::int64_t has = std::min(executed_[fact.to], judged);
    const auto time = times_.find(has);
    const bool soon = time != times_.end() && wire::difference(times_.at(judged), time->second) <=
                                                  params.heartbeat_lag_time;
    if (has < judged - std::int64_t{params.heartbeat_lag_blocks} && !soon)
        blame(height, fmt::format("{} is promoted and has executed {} only", fact.to, has));
}

/// An operation that moves power is refused when all that moves in its block, itself included,
/// reaches a third, unless nothing else moves. Operations come last, so where one was accepted
/// beside something else, the sum is below a third.
void Judge::judge_power_guard(const seats::State& before, const seats::State& after) {
    if (!before.params.power_guard || !after.params.power_guard) return;
    std::int64_t moved = 0;
    std::size_t movers = 0;
    bool by_operation = false;
    const auto note = [&](std::int64_t power) {
        if (power <= 0) return;
        moved += power;
        ++movers;
    };
    for (const seats::SwitchFact& fact : after.recent_switches) {
        if (fact.decided_height != after.height) continue;
        by_operation = by_operation || fact.reason == seats::SwitchReason::switchover;
        note(std::min(before.present_power(fact.seat), after.present_power(fact.seat)));
    }
    const auto changed = [&](std::string_view id) {
        const std::int64_t delta = after.present_power(id) - before.present_power(id);
        by_operation = by_operation || delta != 0;
        note(delta < 0 ? -delta : delta);
    };
    for (const seats::Seat& seat : after.seats) changed(seat.id);
    for (const seats::Seat& seat : before.seats)
        if (after.find_seat(seat.id) == nullptr) changed(seat.id);
    if (by_operation && movers > 1 && 3 * moved >= before.total_power())
        blame(after.height,
              fmt::format("operations move {} of {} at once", moved, before.total_power()));
}

}  // namespace tandem::sim
