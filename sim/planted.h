// Which planted bug this process has: none, but in the child processes of tandem-sim-mutants.
// Copies of sources with bugs (scripts/plant-mutants) ask it; the sources themselves do not.
#pragma once
#include <atomic>

namespace tandem::sim {

inline std::atomic<unsigned> planted_bug{0};  // number in sim/mutants.list, from 1

[[nodiscard]] inline bool is_planted(unsigned number) noexcept {
    return planted_bug.load(std::memory_order_relaxed) == number;
}

}  // namespace tandem::sim
