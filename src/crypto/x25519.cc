#include "crypto/x25519.h"

#include <sodium/crypto_scalarmult_curve25519.h>

namespace tandem::crypto {

X25519PublicKey x25519_public_key(std::span<const std::uint8_t, 32> secret) noexcept {
    X25519PublicKey key;
    crypto_scalarmult_curve25519_base(key.data(), secret.data());
    return key;
}

std::optional<SecretArray<32>> x25519(std::span<const std::uint8_t, 32> secret,
                                      std::span<const std::uint8_t, 32> peer) noexcept {
    SecretArray<32> shared;
    // libsodium masks the top bit, and fails exactly when the result is zero.
    if (crypto_scalarmult_curve25519(shared.span().data(), secret.data(), peer.data()) != 0)
        return std::nullopt;
    return shared;
}

}  // namespace tandem::crypto
