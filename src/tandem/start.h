// `tandem start`: one node, from its home folder to its end.
#pragma once
#include "tandem/cli.h"

namespace tandem::program {

/// Runs until SIGTERM or SIGINT, or says why it did not start. The configuration is valid,
/// environment and flags included.
[[nodiscard]] Outcome start(const Home& home, const Config& config);

}  // namespace tandem::program
