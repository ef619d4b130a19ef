// The files that a new node begins with: its keys, and what it signed last.
//
// A key that is there is used, never replaced. Made are, where missing:
//
//     priv_validator_key.json, priv_validator_state.json   node_key.json   liveness_key.json
#pragma once
#include "crypto/verifier.h"
#include "tandem/cli.h"
#include "tandem/files.h"
#include "types/genesis.h"
#include "types/key_files.h"

namespace tandem::program {

/// An Ed25519 key from the system's dice.
[[nodiscard]] crypto::PrivateKey fresh_key();
/// Letters and digits.
[[nodiscard]] std::string random_letters(std::size_t count);
[[nodiscard]] base::Bytes random_bytes(std::size_t count);
[[nodiscard]] types::Timestamp wall_clock();

/// A key of a file, as those who sign take it.
class FileKey final : public crypto::SigningKey {
  public:
    explicit FileKey(crypto::PrivateKey key) : key_(std::move(key)) {}
    [[nodiscard]] crypto::PublicKey public_key() const override { return key_.public_key(); }
    [[nodiscard]] crypto::SignatureBytes sign(base::BytesView message) const override {
        return key_.sign(message);
    }

  private:
    crypto::PrivateKey key_;
};

/// Keys as they stand in the files. Refused with the file's path; the secret ones also when others
/// may read them.
[[nodiscard]] Result<crypto::PrivateKey> load_node_key(const std::filesystem::path& path);
[[nodiscard]] Result<crypto::PrivateKey> load_validator_key(const std::filesystem::path& path);

/// What the key signed last, as the file says. Nothing where there is no file: the caller knows
/// whether that may be.
[[nodiscard]] Result<types::LastSigned> load_last_signed(const std::filesystem::path& path);

struct PublicKeys {
    crypto::PublicKey node;
    crypto::PublicKey validator;
    crypto::PublicKey liveness;
};

/// Reads or makes a node's keys; what is made goes into `batch`. `log` gets what CometBFT says of
/// the first two.
[[nodiscard]] Result<PublicKeys> prepare_keys(const Home& home, const Config& config,
                                              FileBatch& batch, std::vector<LogLine>& log);

/// The chain's first file, completed (types::genesis_from_json). Nothing is warned of here.
[[nodiscard]] Result<types::GenesisReading> load_genesis(const std::filesystem::path& path);

/// A genesis with the usual parameters, as init and testnet write it: no height, which means 1.
[[nodiscard]] types::GenesisDoc usual_genesis(std::string chain_id);

}  // namespace tandem::program
