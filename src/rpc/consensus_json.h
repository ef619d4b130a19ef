// Where consensus stands, as /consensus_state and /dump_consensus_state show it, and votes as text.
#pragma once
#include "consensus/state.h"
#include "types/evidence.h"
#include "wire/json_write.h"

namespace tandem::rpc {

/// "Vote{0:0A9E372B6FAA 151/00/SIGNED_MSG_TYPE_PREVOTE(Prevote) 3AFAB4C3E75C 451FFF9B1D9D
/// 000000000000 @ 2026-11-23T01:54:45.248280392Z}"
[[nodiscard]] std::string vote_text(const types::Vote& vote);
[[nodiscard]] std::string evidence_text(const types::Evidence& evidence);

void write_round_state(wire::JsonWriter& writer, const consensus::State& state);
void write_full_round_state(wire::JsonWriter& writer, const consensus::State& state);

}  // namespace tandem::rpc
