// What the files of `tandem query` share.
#pragma once
#include "tandem/node_client.h"

namespace tandem::program {

/// Queries of kvstore, and those that serve for every application.
void add_plain_queries(CLI::App& query, Context& context);

}  // namespace tandem::program
