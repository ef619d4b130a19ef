// `tandem-sim explain SEED [--height H]`: why each seat did or did not move, from the records.
#pragma once
#include "sim/run.h"

namespace tandem::sim {

/// Without a height: every height at which a seat moves, and the newest reasons of every seat that
/// waits. The exit code.
[[nodiscard]] int explain_command(std::uint64_t seed, Options options,
                                  std::optional<std::int64_t> height);

}  // namespace tandem::sim
