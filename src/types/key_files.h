// The files that hold a node's secrets and what it last signed: node_key.json,
// priv_validator_key.json and priv_validator_state.json, between their texts and values.
//
// They are read as CometBFT reads them. It looks at a key's bytes late or never, so that a key of a
// wrong length loads and fails at its first use; hence reading gives a StoredKey, and only
// signing_key says whether one can sign. Messages never show what a secret file holds.
//
// Not here: opening, replacing and syncing files (io); when to sign (sign_guard.h).
#pragma once
#include "crypto/public_key.h"
#include "types/basic.h"
#include "types/sign_guard.h"
#include "wire/json_read.h"

namespace tandem::types {

/// Owner may read and write, nobody else: of all three files.
inline constexpr unsigned secret_file_mode = 0600;

/// A private key as it stands in a file: a known kind, and bytes of any number.
struct StoredKey {
    crypto::KeyType type = crypto::KeyType::none;
    crypto::SecretBytes bytes;
    crypto::PublicKey public_key;  // as CometBFT derives it from the bytes
};

/// The key that signs, or why this one cannot. `check` names its file in the refusal.
[[nodiscard]] Result<crypto::PrivateKey> signing_key(std::string_view check, const StoredKey& key);

struct KeyReading {
    StoredKey key;
    std::vector<wire::JsonWarning> warnings;
};

// ---- node_key.json: by which peers know this node.

[[nodiscard]] Result<KeyReading> node_key_from_json(std::string_view text);
[[nodiscard]] crypto::SecretBytes node_key_text(const crypto::PrivateKey& key);

/// Forty hexadecimal digits: the address of the key.
[[nodiscard]] std::string node_id(const crypto::PublicKey& key);

// ---- priv_validator_key.json: with which this node votes.

/// The address and public key in the file must be well formed, but those of the private key count,
/// as in CometBFT; a difference is warned of.
[[nodiscard]] Result<KeyReading> validator_key_from_json(std::string_view text);
[[nodiscard]] crypto::SecretBytes validator_key_text(const crypto::PrivateKey& key);

// ---- priv_validator_state.json: what was signed last.

struct LastSignedReading {
    LastSigned last;
    std::vector<wire::JsonWarning> warnings;
};

/// A member that is missing is zero, as CometBFT takes it; since that weakens the guard against
/// signing twice, it is warned of.
[[nodiscard]] Result<LastSignedReading> last_signed_from_json(std::string_view text);
[[nodiscard]] std::string last_signed_text(const LastSigned& last);

}  // namespace tandem::types
