// A key for tests that writes down everything it signs, and a set that it belongs to.
#pragma once
#include "crypto/sha256.h"
#include "crypto/verifier.h"
#include "types/validator_set.h"

namespace tandem::signer {

struct SignedBytes {
    base::Bytes message;
    crypto::SignatureBytes signature;
};

/// Deterministic like the real schemes: the same bytes get the same signature.
class RecordingKey final : public crypto::SigningKey {
  public:
    explicit RecordingKey(std::uint8_t number) {
        key_.type = crypto::KeyType::ed25519;
        key_.bytes.assign(crypto::public_key_size(crypto::KeyType::ed25519), number);
    }
    crypto::PublicKey public_key() const override { return key_; }
    crypto::SignatureBytes sign(base::BytesView message) const override {
        const auto digest = crypto::sha256(message);
        crypto::SignatureBytes signature(digest.begin(), digest.end());
        signed_.push_back({base::to_bytes(message), signature});
        return signature;
    }
    [[nodiscard]] const std::vector<SignedBytes>& everything_signed() const { return signed_; }

  private:
    crypto::PublicKey key_;
    mutable std::vector<SignedBytes> signed_;
};

[[nodiscard]] inline types::ValidatorSet set_of(std::span<const crypto::PublicKey> keys) {
    std::vector<types::ValidatorChange> changes;
    for (const crypto::PublicKey& key : keys) changes.push_back({key, 10});
    auto set = types::ValidatorSet::make(changes);
    TANDEM_CHECK(set.has_value());
    return std::move(*set);
}

}  // namespace tandem::signer
