// ECDSA over secp256k1 as CometBFT uses it: SHA-256 of the message, 64 bytes R | S big endian,
// nonces as in RFC 6979, S in the lower half of the group order.
//
// Surprises that the golden vectors hold us to: R and S are first reduced modulo the group order,
// so the same signature has up to four spellings; and a public key is parsed only when something
// is verified, then in any of the SEC 1 forms, although keys in messages are always 33 bytes.
// The curve is libsecp256k1's.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/refusal.h"
#include "crypto/secret.h"

namespace tandem::crypto {

inline constexpr std::size_t secp256k1_public_key_size = 33;
inline constexpr std::size_t secp256k1_private_key_size = 32;
inline constexpr std::size_t secp256k1_signature_size = 64;

using Secp256k1PublicKey = std::array<std::uint8_t, secp256k1_public_key_size>;
using Secp256k1Signature = std::array<std::uint8_t, secp256k1_signature_size>;

/// False also when a length is wrong or the public key is not a point of the curve.
[[nodiscard]] bool secp256k1_verify(base::BytesView public_key, base::BytesView message,
                                    base::BytesView signature) noexcept;

class Secp256k1PrivateKey {
  public:
    /// Refused unless it is 32 bytes, big endian, and a number from 1 to the group order - 1.
    [[nodiscard]] static base::Result<Secp256k1PrivateKey> from_bytes(base::BytesView bytes);

    [[nodiscard]] Secp256k1PublicKey public_key() const;
    [[nodiscard]] Secp256k1Signature sign(base::BytesView message) const;
    /// The number itself, to be written to a key file.
    [[nodiscard]] std::span<const std::uint8_t, secp256k1_private_key_size> bytes() const noexcept {
        return bytes_.span();
    }
    [[nodiscard]] Secp256k1PrivateKey clone() const noexcept;

  private:
    Secp256k1PrivateKey() = default;
    SecretArray<secp256k1_private_key_size> bytes_;
};

}  // namespace tandem::crypto
