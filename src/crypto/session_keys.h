// The key schedule of CometBFT's SecretConnection: from two ephemeral X25519 keys to the keys of
// both directions and the challenge that either side signs with its long-term key.
//
// Not here: the handshake's messages and the sealed frames (p2p).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "crypto/secret.h"
#include "crypto/x25519.h"

namespace tandem::crypto {

struct SessionKeys {
    SecretArray<32> receive;
    SecretArray<32> send;
    std::array<std::uint8_t, 32> challenge;  // the same on both sides
};

/// Nothing when the peer's ephemeral key has low order: the handshake must end then.
[[nodiscard]] std::optional<SessionKeys> derive_session_keys(
    std::span<const std::uint8_t, 32> own_secret, const X25519PublicKey& own_public,
    const X25519PublicKey& peer_public) noexcept;

}  // namespace tandem::crypto
