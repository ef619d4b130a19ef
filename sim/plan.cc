#include "sim/plan.h"

#include <numeric>

namespace tandem::sim {
namespace {

template <typename T, std::size_t Size>
T pick(base::SeededRandom& random, const std::array<T, Size>& among) {
    return among[random.below(Size)];
}

void draw_params(base::SeededRandom& random, const Options& options, seats::Params& params) {
    const std::array<std::uint32_t, 8> runs{2, 3, 4, 5, 5, 5, 6, 8};
    params.run_records = options.n.value_or(pick(random, runs));
    if (options.k) params.run_records = std::max(params.run_records, *options.k);
    const std::uint32_t n = params.run_records;
    const auto k = random.chance(1, 3) ? static_cast<std::uint32_t>(1 + random.below(n)) : 0U;
    params.alive_records = options.k.value_or(k);
    if (!options.faults.any()) return;  // the defaults, on which bounds can be held
    if (random.chance(1, 3))
        params.run_time = {static_cast<Nanos>(random.below(900) + 100) * millisecond};
    if (random.chance(1, 3)) params.wedged_records = n + static_cast<std::int64_t>(random.below(9));
    if (random.chance(1, 3))
        params.cooldown_blocks = 1 + static_cast<std::int64_t>(random.below(12));
    if (random.chance(1, 4)) {
        params.heartbeat_lag_blocks = static_cast<std::uint32_t>(random.below(n));
        params.heartbeat_lag_time = {static_cast<Nanos>(random.below(300)) * millisecond};
    } else if (random.chance(1, 6)) {  // only the newest heartbeat will do
        params.heartbeat_lag_blocks = 0;
        params.heartbeat_lag_time = {static_cast<Nanos>(random.below(5)) * millisecond};
    }
    params.power_guard = !random.chance(1, 6);
}

void draw_seats(base::SeededRandom& random, const Options& options, Plan& plan) {
    const std::array<std::size_t, 16> numbers{4, 4, 4, 4, 4, 4, 5, 5, 6, 6, 7, 7, 3, 3, 1, 10};
    const std::array<std::size_t, 8> extra{1, 1, 1, 1, 1, 2, 2, 3};
    plan.seats.resize(options.seats.value_or(pick(random, numbers)));
    const std::size_t standbys = options.standbys.value_or(pick(random, extra));
    const bool equal = !options.faults.any() || random.chance(3, 5);
    for (SeatPlan& seat : plan.seats) {
        if (!equal) seat.power = 1 + static_cast<std::int64_t>(random.below(20));
        std::size_t own = standbys;
        if (!options.standbys && random.chance(1, 8)) own = random.below(standbys + 2);
        seat.nodes.resize(1 + own);
    }
}

Liar::Character draw_character(base::SeededRandom& random) {
    Liar::Character character;
    character.lie_chance = random.below(101);
    character.withholds_parts = random.chance(1, 4);
    character.spams = random.chance(1, 3);
    character.executes_nothing = random.chance(1, 5);
    return character;
}

/// Seats in random order, as long as they hold less than a third.
void draw_liars(base::SeededRandom& random, Plan& plan) {
    std::vector<std::size_t> order(plan.seats.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    std::int64_t lying = 0;
    for (const std::size_t index : order) {
        SeatPlan& seat = plan.seats[index];
        if (3 * (lying + seat.power) >= plan.total_power()) continue;
        if (lying > 0 && random.chance(1, 2)) continue;
        lying += seat.power;
        seat.lies = true;
        seat.forgets = random.chance(1, 3);
        for (NodePlan& node : seat.nodes) {
            node.character = draw_character(random);
            node.has_twin = !node.character.executes_nothing && random.chance(1, 4);
        }
    }
}

consensus::Config draw_timeouts(base::SeededRandom& random) {
    const std::array<Nanos, 4> commit_times{5 * millisecond, 50 * millisecond, 200 * millisecond,
                                            600 * millisecond};
    consensus::Config timeouts;
    timeouts.timeout_propose = {400 * millisecond};
    timeouts.timeout_propose_delta = {200 * millisecond};
    timeouts.timeout_prevote = {150 * millisecond};
    timeouts.timeout_prevote_delta = {100 * millisecond};
    timeouts.timeout_precommit = {150 * millisecond};
    timeouts.timeout_precommit_delta = {100 * millisecond};
    timeouts.timeout_commit = {pick(random, commit_times)};
    return timeouts;
}

/// Of a chain that goes on where another one ended: of one digit, and of many.
std::int64_t draw_initial_height(base::SeededRandom& random) {
    return 2 + static_cast<std::int64_t>(random.below(std::uint64_t{8} << (4 * random.below(10))));
}

void draw_faults(base::SeededRandom& random, const FaultKinds& allowed, Plan& plan) {
    for (const FaultName& entry : fault_names) {
        const bool rare = entry.name == "views" || entry.name == "liars";
        plan.faults.*entry.kind = allowed.*entry.kind && random.chance(rare ? 2 : 3, 5);
    }
    if (plan.faults.loss) {
        plan.sins.loss = random.below(60);
        plan.sins.duplication = random.below(60);
        plan.sins.delay_max = static_cast<Nanos>(5 + random.below(150)) * millisecond;
        plan.sins.vote_loss = random.below(100);
    }
    if (plan.faults.heartbeat) plan.sins.heartbeat_loss = random.below(400);
    plan.pause_max = static_cast<Nanos>(600 + random.below(2500)) * millisecond;
    plan.within_third = random.chance(1, 2);
}

}  // namespace

std::int64_t Plan::total_power() const {
    std::int64_t total = 0;
    for (const SeatPlan& seat : seats) total += seat.power;
    return total;
}

Plan draw_plan(base::SeededRandom& random, const Options& options) {
    Plan plan;
    draw_params(random, options, plan.params);
    draw_seats(random, options, plan);
    plan.timeouts = draw_timeouts(random);
    if (random.chance(1, 6)) plan.initial_height = draw_initial_height(random);
    plan.faults = FaultKinds::none();
    if (options.faults.any()) draw_faults(random, options.faults, plan);
    if (plan.faults.liars) draw_liars(random, plan);
    return plan;
}

}  // namespace tandem::sim
