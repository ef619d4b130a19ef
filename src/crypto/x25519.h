// Diffie-Hellman on Curve25519 (RFC 7748), by libsodium.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "crypto/secret.h"

namespace tandem::crypto {

using X25519PublicKey = std::array<std::uint8_t, 32>;

/// Any 32 bytes are a secret.
[[nodiscard]] X25519PublicKey x25519_public_key(std::span<const std::uint8_t, 32> secret) noexcept;

/// The shared secret; nothing when the peer's point has low order, so that the result would be
/// zero whatever our secret is. The top bit of `peer` is ignored.
[[nodiscard]] std::optional<SecretArray<32>> x25519(
    std::span<const std::uint8_t, 32> secret, std::span<const std::uint8_t, 32> peer) noexcept;

}  // namespace tandem::crypto
