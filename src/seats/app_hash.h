// The application hash that the engine sees: the root of a merkle map with two leaves, `app` for
// the application's own hash and `seats` for the state of seats, in the form that CometBFT's
// "simple:v" proofs verify. So the application's own proofs are extended by one operator, and
// standard verifiers go through it.
#pragma once
#include "types/basic.h"
#include "types/proof_ops.h"

namespace tandem::seats {

inline constexpr std::string_view app_leaf_key = "app";
inline constexpr std::string_view seats_leaf_key = "seats";

/// `seats_hash` is state_hash() (state.h).
[[nodiscard]] types::Hash engine_app_hash(types::BytesView application_hash,
                                          types::BytesView seats_hash);

/// The operator that leads from the application's hash to the engine's.
[[nodiscard]] types::ProofOp app_proof_op(types::BytesView application_hash,
                                          types::BytesView seats_hash);
/// The same for the seats' hash.
[[nodiscard]] types::ProofOp seats_proof_op(types::BytesView application_hash,
                                            types::BytesView seats_hash);

}  // namespace tandem::seats
