#include "seats/rule.h"

#include <array>

namespace tandem::seats {
namespace {

__extension__ using Int128 = __int128;

Int128 nanos_between(Timestamp earlier, Timestamp later) {
    const Int128 seconds = static_cast<Int128>(later.seconds) - earlier.seconds;
    return seconds * wire::nanos_per_second + later.nanos - earlier.nanos;
}

bool lasted(Timestamp first, Timestamp newest, Duration wanted, std::int64_t times) {
    return nanos_between(first, newest) >= static_cast<Int128>(wanted.nanos) * times;
}

/// At least a third of the power, each seat with what it has now.
bool hold_a_third(const State& state, const std::vector<std::string>& seats) {
    std::int64_t power = 0;
    for (const std::string& seat : seats) power += state.present_power(seat);
    return 3 * power >= state.total_power();
}

/// Until C blocks after block E and (C/N) x T after its time.
bool is_cooling(const Params& params, const Cooldown& cooldown, std::int64_t height,
                Timestamp time) {
    if (cooldown.effective_height == 0) return false;
    if (height < cooldown.effective_height + params.c()) return true;
    const Int128 nanos = nanos_between(cooldown.effective_time, time);
    return nanos * params.run_records < static_cast<Int128>(params.c()) * params.run_time.nanos;
}

void count_for_seat(Seat& seat, Timestamp time, std::string_view proposer_seat,
                    std::span<const Status> statuses) {
    for (std::size_t i = 0; i < seat.nodes.size(); ++i) seat.nodes[i].window.push(statuses[i]);
    const Status validator = statuses[seat.validator];
    if (validator == Status::dead) {
        if (seat.run.length++ == 0) seat.run.first_time = time;
        auto& proposers = seat.run.proposer_seats;
        const auto place = std::ranges::lower_bound(proposers, proposer_seat);
        if (place == proposers.end() || *place != proposer_seat)
            proposers.insert(place, std::string(proposer_seat));
    } else {
        seat.run = {};
    }
    if (validator == Status::has_signed) {
        seat.unsigned_series = {};
    } else if (seat.unsigned_series.length++ == 0) {
        seat.unsigned_series.first_time = time;
    }
}

}  // namespace

std::string_view to_text(SwitchReason reason) noexcept {
    switch (reason) {
        case SwitchReason::run:
            return "run";
        case SwitchReason::wedged:
            return "wedged";
        case SwitchReason::evidence:
            return "evidence";
        case SwitchReason::switchover:
            return "switchover";
    }
    return "unknown";
}

Decision decide(const SeatFacts& facts, bool silent) noexcept {
    struct Row {
        bool holds;
        Decision decision;
    };
    const bool run_complete = facts.run_long && facts.run_witnessed && facts.run_lasted;
    const bool triggered = facts.wedged || run_complete;
    // The first row that holds decides.
    const std::array rows{
        Row{!facts.in_set, Decision::wait_not_in_set},
        Row{facts.pending, Decision::wait_pending},
        Row{!silent && !facts.wedged, Decision::keep},
        Row{facts.paused, Decision::wait_paused},
        Row{!triggered && !facts.run_long, Decision::wait_run_length},
        Row{!triggered && !facts.run_witnessed, Decision::wait_witnesses},
        Row{!triggered, Decision::wait_time},
        Row{facts.cooling, Decision::wait_cooldown},
        Row{!facts.candidate, Decision::wait_candidate},
        Row{run_complete && silent, Decision::switch_run},
        Row{true, Decision::switch_wedged},
    };
    return std::ranges::find_if(rows, &Row::holds)->decision;
}

SeatFacts seat_facts(const State& state, const Seat& seat, std::int64_t height, Timestamp time,
                     KeyTypes key_types) {
    const Params& params = state.params;
    SeatFacts facts;
    facts.in_set = seat.in_set();
    facts.pending = seat.has_pending(height);
    facts.paused = seat.paused;
    facts.cooling = is_cooling(params, seat.cooldown, height, time);
    facts.run_long = seat.run.length >= params.run_records;
    facts.run_witnessed = hold_a_third(state, seat.run.proposer_seats);
    facts.run_lasted = seat.run.length > 0 && lasted(seat.run.first_time, time, params.run_time, 1);
    facts.wedged = seat.in_set() && seat.unsigned_series.length > 0 &&
                   seat.unsigned_series.length >= params.m(state.total_power(), seat.power) &&
                   lasted(seat.unsigned_series.first_time, time, params.run_time, 5);
    facts.candidate = candidate_under_rule(state, seat, key_types).has_value();
    return facts;
}

bool allows(KeyTypes key_types, const PublicKey& key) noexcept {
    return std::ranges::find(key_types, crypto::key_type_name(key.type)) != key_types.end();
}

std::optional<std::uint32_t> candidate_under_rule(const State& state, const Seat& seat,
                                                  KeyTypes key_types) {
    const Params& params = state.params;
    std::optional<std::uint32_t> best;
    std::uint32_t best_alive = 0;
    for (std::uint32_t i = 0; i < seat.nodes.size(); ++i) {
        const Node& node = seat.nodes[i];
        if (i == seat.validator || node.quarantined || !node.window.newest_alive()) continue;
        if (!allows(key_types, node.consensus_key)) continue;
        const std::uint32_t alive = node.window.alive_among_last(params.run_records);
        if (alive < params.k() || alive <= best_alive) continue;
        best = i;
        best_alive = alive;
    }
    return best;
}

void count_record(State& state, std::int64_t judged, Timestamp time, std::string_view proposer_seat,
                  std::span<const Status> statuses) {
    for (Seat& seat : state.seats) {
        const auto of_seat = statuses.first(seat.nodes.size());
        statuses = statuses.subspan(seat.nodes.size());
        for (std::size_t i = 0; i < seat.nodes.size(); ++i)
            seat.nodes[i].liveness = is_alive(of_seat[i]) ? Liveness::alive : Liveness::dead;
        if (judged >= seat.count_from) count_for_seat(seat, time, proposer_seat, of_seat);
    }
}

void apply_switch(State& state, Seat& seat, std::uint32_t to, std::int64_t height,
                  SwitchReason reason) {
    TANDEM_CHECK(!seat.has_pending(height) && seat.in_set());
    TANDEM_CHECK(to < seat.nodes.size() && to != seat.validator);
    const std::int64_t effective = height + 2;
    seat.pending = PendingSwitch{seat.validator, to, height, effective, reason};
    state.recent_switches.push_back(
        {seat.id, seat.nodes[seat.validator].name, seat.nodes[to].name, reason, height, effective});
    if (state.recent_switches.size() > switch_facts_max)
        state.recent_switches.erase(state.recent_switches.begin());
    seat.validator = to;
    seat.count_from = effective;
    seat.run = {};
    seat.unsigned_series = {};
    for (Node& node : seat.nodes) node.window = {};
    if (reason == SwitchReason::run || reason == SwitchReason::wedged)
        seat.cooldown = {effective, Timestamp{}};
}

}  // namespace tandem::seats
