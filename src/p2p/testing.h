// What the tests of this folder share: keys, and two ends that talk to each other.
#pragma once
#include "crypto/ed25519.h"
#include "p2p/secret_connection.h"

namespace tandem::p2p::testing {

/// A key that is the same at each run.
class FixedKey final : public crypto::SigningKey {
  public:
    explicit FixedKey(std::uint8_t number)
        : key_(crypto::Ed25519PrivateKey::from_seed(base::Bytes(32, number))) {}
    explicit FixedKey(base::BytesView seed) : key_(crypto::Ed25519PrivateKey::from_seed(seed)) {}

    [[nodiscard]] crypto::PublicKey public_key() const override {
        const auto bytes = key_.public_key();
        return {crypto::KeyType::ed25519, {bytes.begin(), bytes.end()}};
    }
    [[nodiscard]] crypto::SignatureBytes sign(base::BytesView message) const override {
        return crypto::SignatureBytes(base::BytesView(key_.sign(message)));
    }

  private:
    crypto::Ed25519PrivateKey key_;
};

inline crypto::SecretArray<32> ephemeral(std::uint8_t number) {
    std::array<std::uint8_t, 32> bytes;
    bytes.fill(number);
    return crypto::SecretArray<32>(std::span<const std::uint8_t, 32>(bytes));
}

/// Two ends whose handshake is done.
struct Pair {
    FixedKey a_key{1}, b_key{2};
    SecretConnection a{a_key, ephemeral(3)};
    SecretConnection b{b_key, ephemeral(4)};

    /// Lets both ends hear each other until neither has more to say; the first refusal, if any.
    base::Verdict talk() {
        while (a.output_bytes() + b.output_bytes() > 0) {
            TANDEM_TRY(b.receive(a.take_output()));
            TANDEM_TRY(a.receive(b.take_output()));
        }
        return {};
    }
};

}  // namespace tandem::p2p::testing
