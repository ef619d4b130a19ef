// The hash functions that CometBFT's data is made of: SHA-256 for everything that is hashed,
// SHA-512 inside Ed25519, RIPEMD-160 for the addresses of secp256k1 keys.
//
// The work is done by libcrypto, which picks the SHA instructions of the processor. Its one-shot
// and EVP interfaces cost more than the hashing itself for the short inputs of a merkle tree, so
// the block functions below them are called directly; no call here allocates.
//
// Not here: keyed hashing and key derivation (hkdf.h), trees (merkle.h), checksums (crc32c.h).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"

namespace tandem::crypto {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 over bytes that arrive in pieces. A value: a copy goes on from the same prefix.
class Sha256 {
  public:
    Sha256() noexcept;

    Sha256& update(base::BytesView bytes) noexcept;
    /// The digest of everything so far; the object goes on to hash a new message.
    [[nodiscard]] Digest finish() noexcept;

  private:
    // Room for libcrypto's SHA256_CTX, so that its headers stay out of ours.
    alignas(std::uint64_t) std::array<std::byte, 112> state_;
};

[[nodiscard]] Digest sha256(base::BytesView bytes) noexcept;

/// The digest of a message that the caller has padded himself (FIPS 180-4 section 5.1.1), in parts
/// of whole blocks. For short messages of known length, where buffering and padding would cost as
/// much as hashing. REQUIRES: each part's size is a multiple of 64.
[[nodiscard]] Digest sha256_of_blocks(std::initializer_list<base::BytesView> blocks) noexcept;

/// SHA-512 of the parts, one after the other.
[[nodiscard]] std::array<std::uint8_t, 64> sha512(
    std::initializer_list<base::BytesView> parts) noexcept;

[[nodiscard]] std::array<std::uint8_t, 20> ripemd160(base::BytesView bytes) noexcept;

}  // namespace tandem::crypto
