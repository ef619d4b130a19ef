// One seed: a network is made, tormented, healed, and judged.
#pragma once
#include "sim/judge.h"
#include "sim/plan.h"
#include "sim/torment.h"

namespace tandem::sim {

struct Summary {
    std::uint64_t seed = 0;
    std::int64_t heights = 0;
    std::uint64_t node_heights = 0;
    Tally tally;
    LieCounts lies{};
    std::uint64_t liars = 0;                  // seats that lie
    std::uint64_t evidence = 0;               // pieces in blocks
    std::uint64_t halts = 0;                  // with a third gone, until it came back
    std::array<std::uint64_t, 5> switches{};  // by seats::SwitchReason
    std::uint64_t invalid_records = 0;
    std::uint64_t signatures = 0;
    std::string trace;  // equal for equal runs
    std::vector<Violation> violations;
};

/// `watch` sees the second opinion after every height.
[[nodiscard]] Summary run_seed(std::uint64_t seed, const Options& options, Judge::Watch watch = {});

}  // namespace tandem::sim
