// Commands that work on the stores of a node that does not run, each in a file of its own.
#pragma once
#include "tandem/cli.h"

namespace tandem::program {

void add_reindex(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);

}  // namespace tandem::program
