// JSON of CometBFT's types as its RPC answers and its events show them, byte for byte, and the
// reading of what its RPC takes (wire page, sections 16 and "RPC", shapes).
//
// Field names are CometBFT's, uneven as they are: the part-set header of a block id is "parts", and
// evidence writes "TotalVotingPower" beside "vote_a". Keys and evidence stand in envelopes,
// {"type": "tendermint/PubKeyEd25519", "value": ...}.
//
// What is read passed the checks of the dialect alone, not validate_basic. Members that are passed
// over stand in the warnings of the JsonReading.
//
// Not here: genesis.h and key_files.h have files of their own; results of transactions are abci's.
#pragma once
#include <optional>

#include "types/bit_array.h"
#include "types/block.h"
#include "types/params.h"
#include "types/part_set.h"
#include "wire/json_read.h"
#include "wire/json_write.h"

namespace tandem::types {

/// For PartSetHeader, BlockId, Header, CommitSig, Commit, Vote, Proposal, Validator, PublicKey,
/// ValidatorSetMessage, SignedHeader, LightBlock, Evidence, EvidenceList, Data, Block, BlockMeta,
/// ConsensusParams, ConsensusParamsMessage, Part, TxProof and crypto::MerkleProof.
template <typename T>
void write_json(wire::JsonWriter& writer, const T& value);
template <typename T>
[[nodiscard]] std::string to_json(const T& value);

/// For the same types but Data and Block, whose transactions are views. null gives the zero value.
template <typename T>
[[nodiscard]] bool read_json(wire::JsonReading& reading, const wire::JsonValue& value, T& out);
/// Reads all of `text`.
template <typename T>
[[nodiscard]] Result<T> from_json(std::string_view text);

/// "x" for set and "_" for not set, in quotes.
[[nodiscard]] std::string bit_array_to_json(const BitArray& array);
/// `text` is the JSON value itself, without blanks around it; null is the empty array. Nothing for
/// any other text, also for one that spells the letters as escapes.
[[nodiscard]] std::optional<BitArray> bit_array_from_json(std::string_view text);

}  // namespace tandem::types
