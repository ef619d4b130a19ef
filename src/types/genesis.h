// The genesis document: what all nodes of a chain agree on before its first block.
//
// A text is accepted and refused exactly as CometBFT does it, whatever it looks like: a genesis
// that one node loads and another refuses, or loads with another value in it, is a network that
// does not start. What is accepted though it looks like a mistake, such as a member that no one
// knows, comes back as a warning with its line. A refusal names line and field, what was expected,
// and a similarly named member where there is one.
//
// Three verdicts follow each other: the document (genesis_from_json), the state that it makes
// (genesis_state), and whether this build can run that chain (check_usable), which CometBFT does
// not ask.
//
// Not here: reading the file, and the clock that stands in for a missing genesis time (io).
#pragma once
#include "types/state.h"
#include "wire/json_read.h"

namespace tandem::types {

struct GenesisValidator {
    Address address;
    PublicKey pub_key;
    std::int64_t power = 0;
    std::string name;

    bool operator==(const GenesisValidator&) const = default;
};

struct GenesisDoc {
    Timestamp genesis_time;
    std::string chain_id;
    std::int64_t initial_height = 0;
    ConsensusParams consensus_params;
    std::vector<GenesisValidator> validators;  // may be empty: then InitChain names them
    Hash app_hash;                             // any length
    std::string app_state;  // JSON byte for byte as it stands, for InitChain; empty: none

    bool operator==(const GenesisDoc&) const = default;
};

struct GenesisReading {
    GenesisDoc doc;
    std::vector<wire::JsonWarning> warnings;
    std::size_t warnings_dropped = 0;  // above wire::json_warnings_max
};

/// Parses, checks and completes: height 0 becomes 1, missing parameters the defaults, missing
/// addresses those of the keys, and a missing time `now`.
[[nodiscard]] Result<GenesisReading> genesis_from_json(std::string_view text, Timestamp now);

/// Checks a document as genesis_from_json does, and completes it. The refusal's check is a path,
/// such as "validators[0].power".
[[nodiscard]] Verdict validate_and_complete(GenesisDoc& doc, Timestamp now);

/// As the node stores it: one line, and `app_state` without blanks.
/// REQUIRES: app_state is JSON or empty.
[[nodiscard]] std::string to_json(const GenesisDoc& doc);
/// As it writes the file: indented by two blanks.
[[nodiscard]] std::string genesis_file_text(const GenesisDoc& doc);

/// SHA-256 of the file's bytes, by which an operator may pin a genesis.
[[nodiscard]] Hash genesis_file_hash(std::string_view text);

/// The state before the first block. Refused where the validators make no set: a negative power,
/// too much power in all, a key that stands twice. The application's version and the results hash
/// are for the handshake to fill. REQUIRES: a completed document.
[[nodiscard]] Result<State> genesis_state(const GenesisDoc& doc);

/// Whether this build can follow the chain: it verifies signatures of every validator's kind of
/// key, and the genesis time can travel. REQUIRES: a completed document.
[[nodiscard]] Verdict check_usable(const GenesisDoc& doc);

}  // namespace tandem::types
