// What a seed decides before anything happens: who plays, by which parameters, with which faults,
// and who lies. What is given on the command line is not drawn.
//
// Here too are the figures of a network's shape that tests and the hunt for planted bugs rely on:
// small networks most of the time, because thirds and ties are met there, and large ones sometimes.
#pragma once
#include "base/random.h"
#include "consensus/inputs.h"
#include "seats/params.h"
#include "sim/faults.h"
#include "sim/liar.h"
#include "sim/network.h"

namespace tandem::sim {

struct Options {
    std::optional<std::size_t> seats;
    std::optional<std::size_t> standbys;
    std::optional<std::uint32_t> n;
    std::optional<std::uint32_t> k;
    std::int64_t heights = 300;
    FaultKinds faults;
};

struct NodePlan {
    Liar::Character character;  // of a lying seat's node
    bool has_twin = false;      // another process with the same keys
};

struct SeatPlan {
    std::int64_t power = 10;
    std::vector<NodePlan> nodes;
    bool lies = false;
    bool forgets = false;  // what its nodes signed, at every start
};

struct Plan {
    std::vector<SeatPlan> seats;
    seats::Params params;
    std::int64_t initial_height = 1;
    consensus::Config timeouts;
    FaultKinds faults;  // that happen
    NetworkSins sins;
    Nanos pause_max = 0;       // between faults
    bool within_third = true;  // liars and failing validators together hold less than a third

    [[nodiscard]] std::int64_t total_power() const;
};

[[nodiscard]] Plan draw_plan(base::SeededRandom& random, const Options& options);

}  // namespace tandem::sim
