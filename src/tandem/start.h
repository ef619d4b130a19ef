// `tandem start`: one node, from its home folder to its end.
#pragma once
#include "tandem/home.h"

namespace tandem::program {

/// Runs until it is told to end or cannot go on; returns the exit code. The configuration is
/// valid, environment and flags included.
[[nodiscard]] int start(const Home& home, const Config& config);

}  // namespace tandem::program
