// Seats in the genesis: the application state names them, beside the application's own state.
//
//     "app_state": {"seats": {"params": {...}, "seats": [{"id": ..., "power": ..., "admin_key":
//     ...,
//                   "nodes": [{"name": ..., "consensus_key": ..., "liveness_key": ...}]}]},
//                   "app": <what the application gets>}
//
// Numbers of 64 bits, durations (nanoseconds) and keys are written as in the rest of a genesis. The
// first node of each seat is its validator at the start, and its key the seat's identity for good.
// A genesis whose application state has no "seats" has no seats: its application gets all of it,
// and the node is an ordinary one.
#pragma once
#include "seats/state.h"

namespace tandem::seats {

struct GenesisNode {
    std::string name;
    PublicKey consensus_key;
    PublicKey liveness_key;

    bool operator==(const GenesisNode&) const = default;
};

struct GenesisSeat {
    std::string id;
    std::int64_t power = 0;
    PublicKey admin_key;
    std::vector<GenesisNode> nodes;

    bool operator==(const GenesisSeat&) const = default;
};

struct Genesis {
    Params params;
    bool application_sets_powers = false;
    std::vector<GenesisSeat> seats;

    bool operator==(const Genesis&) const = default;
};

struct GenesisRead {
    std::optional<Genesis> seats;  // nothing: the chain has no seats
    Bytes application_state;       // "app" as it stands, or all of it where there are no seats
};

/// The refusal names line and member, and what was expected. Unlike in the rest of a genesis, a
/// member that nobody knows is refused, with the nearest known name.
[[nodiscard]] Result<GenesisRead> read_genesis(BytesView app_state);
[[nodiscard]] std::string write_genesis(const Genesis& genesis, std::string_view application_state);

/// What the chain itself sets; the registry must fit it.
struct ChainLimits {
    std::string chain_id;
    std::int64_t initial_height = 1;
    ChainParams params;
};

/// The state before the first block. Refused where an invariant of State would not hold, a key is
/// of no allowed kind or cannot be verified by this build, or no record would fit a block.
[[nodiscard]] Result<State> initial_state(const Genesis& genesis, const ChainLimits& limits);

}  // namespace tandem::seats
