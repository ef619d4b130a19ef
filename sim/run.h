// One seed: a network is made, tormented, healed, and judged.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/judge.h"

namespace tandem::sim {

/// Kinds of faults; a seed draws some of those that are allowed (a swarm).
struct FaultKinds {
    bool loss = true;          // loss, delay, duplication, reordering
    bool partition = true;     // one-way and both ways
    bool crash = true;         // at any event, and in the middle of writes
    bool freeze = true;        // long pauses
    bool clock = true;         // jumps
    bool heartbeat = true;     // heartbeats alone are lost
    bool operations = true;    // switchovers, pauses
    bool beyond_third = true;  // more than a third down, and back

    [[nodiscard]] static FaultKinds none();
    /// "all", "none" or names separated by commas; nothing for an unknown name.
    [[nodiscard]] static std::optional<FaultKinds> from_text(std::string_view text);
};

struct Options {
    std::size_t seats = 4;
    std::size_t standbys = 1;
    std::int64_t heights = 300;
    std::uint32_t n = 5;
    std::uint32_t k = 0;
    FaultKinds faults;
    Judge::Watch watch;  // of the second opinion, after every height
};

struct Summary {
    std::uint64_t seed = 0;
    std::int64_t heights = 0;
    std::uint64_t node_heights = 0;
    std::uint64_t crashes = 0;
    std::uint64_t partitions = 0;
    std::uint64_t freezes = 0;
    std::array<std::uint64_t, 5> switches{};  // by seats::SwitchReason
    std::uint64_t invalid_records = 0;
    std::uint64_t signatures = 0;
    std::string trace;  // equal for equal runs
    std::vector<Violation> violations;
};

[[nodiscard]] Summary run_seed(std::uint64_t seed, const Options& options);

}  // namespace tandem::sim
