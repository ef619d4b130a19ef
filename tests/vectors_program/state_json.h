// States and validator sets in the shape in which the vectors show them.
#pragma once
#include "tests/vectors_program/registry.h"
#include "types/state.h"

namespace tandem::vectors {

/// With hash, priorities and proposer; null for the empty set.
[[nodiscard]] Json to_json(const types::ValidatorSet& set);
[[nodiscard]] Json to_json(const types::ConsensusParams& params);
[[nodiscard]] Json to_json(const types::BlockId& id);
[[nodiscard]] Json to_json(const types::State& state);

}  // namespace tandem::vectors
