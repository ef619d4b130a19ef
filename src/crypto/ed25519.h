// Ed25519: signing as in RFC 8032, verification as in ZIP-215.
//
// All validators must agree on every signature, also on those that nobody honest makes, and one
// at a time must agree with many at once. RFC 8032 leaves room there; ZIP-215 does not:
//   - S must be below the group order;
//   - the public key A and the point R may be any point of the curve, of small or mixed order,
//     with its y written as any number of 255 bits, and with a sign bit on x = 0;
//   - accepted when [8][S]B = [8]R + [8][k]A, where k is hashed over A and R as they were given.
// The factor 8 is what makes a batch agree with single checks.
//
// libsodium's verifier is stricter, and quick: what it accepts is accepted, and only what it
// refuses is checked in full, by the group arithmetic of edwards25519.h. So is everything by a key
// that was prepared, which is quicker still. Secrets are left to
// libsodium; our arithmetic takes a time that depends on its inputs, and sees public ones only.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/refusal.h"
#include "crypto/secret.h"

namespace tandem::crypto {

namespace edwards25519 {
struct Point;
class PreparedPoint;
}  // namespace edwards25519

inline constexpr std::size_t ed25519_public_key_size = 32;
inline constexpr std::size_t ed25519_private_key_size = 64;
inline constexpr std::size_t ed25519_seed_size = 32;
inline constexpr std::size_t ed25519_signature_size = 64;

using Ed25519PublicKey = std::array<std::uint8_t, ed25519_public_key_size>;
using Ed25519Signature = std::array<std::uint8_t, ed25519_signature_size>;

/// False also when a length is wrong.
[[nodiscard]] bool ed25519_verify(base::BytesView public_key, base::BytesView message,
                                  base::BytesView signature) noexcept;

/// A public key made ready for many signatures: one takes less than half of the time.
class Ed25519PreparedKey {
  public:
    /// Takes 30 KiB, and the time of a few signatures. Nothing when the bytes are no key; then no
    /// signature verifies.
    [[nodiscard]] static std::optional<Ed25519PreparedKey> from_bytes(base::BytesView public_key);
    Ed25519PreparedKey(Ed25519PreparedKey&&) noexcept;
    Ed25519PreparedKey& operator=(Ed25519PreparedKey&&) noexcept;
    ~Ed25519PreparedKey();

    /// Agrees with ed25519_verify.
    [[nodiscard]] bool verify(base::BytesView message, base::BytesView signature) const noexcept;

  private:
    Ed25519PreparedKey(base::BytesView public_key, const edwards25519::Point& minus_point);

    Ed25519PublicKey public_key_;
    std::unique_ptr<const edwards25519::PreparedPoint> minus_point_;
};

/// Checks many signatures for less than the price of each. Agrees with ed25519_verify on every
/// entry: a batch that fails as a whole is looked at one by one.
class Ed25519Batch {
  public:
    struct Outcome {
        bool all;                // every entry is valid, and there is at least one
        std::vector<bool> each;  // by order of add
    };

    void reserve(std::size_t count) { entries_.reserve(count); }
    /// False when a length is wrong; the entry is then not part of the batch. Nothing that is
    /// given needs to outlive the call.
    [[nodiscard]] bool add(base::BytesView public_key, base::BytesView message,
                           base::BytesView signature);
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] Outcome verify() const;

  private:
    struct Entry {
        std::array<std::uint8_t, 32> public_key, point, response, challenge;  // A, R, S, k
    };
    [[nodiscard]] static bool sum_vanishes(std::span<const Entry> entries);

    std::vector<Entry> entries_;
};

/// For who keeps the bytes of a key elsewhere. REQUIRES: Ed25519PrivateKey::from_bytes took `key`.
[[nodiscard]] Ed25519Signature ed25519_sign(base::BytesView key, base::BytesView message) noexcept;

/// Seed and public key, 64 bytes, as CometBFT's key files have them.
class Ed25519PrivateKey {
  public:
    /// REQUIRES: 32 bytes.
    [[nodiscard]] static Ed25519PrivateKey from_seed(base::BytesView seed) noexcept;
    /// Refused unless it is 64 bytes, of which the last 32 are the public key of the first.
    [[nodiscard]] static base::Result<Ed25519PrivateKey> from_bytes(base::BytesView bytes);

    [[nodiscard]] Ed25519PublicKey public_key() const noexcept;
    [[nodiscard]] Ed25519Signature sign(base::BytesView message) const noexcept;
    /// Seed and public key, to be written to a key file.
    [[nodiscard]] std::span<const std::uint8_t, ed25519_private_key_size> bytes() const noexcept {
        return bytes_.span();
    }
    [[nodiscard]] Ed25519PrivateKey clone() const noexcept;

  private:
    Ed25519PrivateKey() = default;
    SecretArray<ed25519_private_key_size> bytes_;
};

}  // namespace tandem::crypto
