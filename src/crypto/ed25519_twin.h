// A second ZIP-215 check, slow and short, for tests and fuzzing: the same equation on libsodium's
// group operations instead of ours.
//
// libsodium multiplies only points of the prime-order subgroup, so the equation is taken in the
// form [8]([S]B) = [8]R + [k]([8]A), where every point that is multiplied was made eightfold by
// additions first.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <sodium/crypto_core_ed25519.h>
#include <sodium/crypto_scalarmult_ed25519.h>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace tandem::crypto::twin {

using Encoding = std::array<std::uint8_t, 32>;

inline constexpr Encoding neutral = {1};

inline std::optional<Encoding> sum(base::BytesView p, base::BytesView q) {
    Encoding out;
    if (crypto_core_ed25519_add(out.data(), p.data(), q.data()) != 0) return std::nullopt;
    return out;
}

inline std::optional<Encoding> eightfold(base::BytesView p) {
    std::optional<Encoding> out = sum(p, p);
    for (int i = 0; i < 2 && out; ++i) out = sum(*out, *out);
    return out;
}

/// `p` must be in the prime-order subgroup, in its canonical encoding.
inline Encoding product(const Encoding& scalar, const Encoding& p) {
    Encoding out;
    if (p == neutral || scalar == Encoding{}) return neutral;
    if (crypto_scalarmult_ed25519_noclamp(out.data(), scalar.data(), p.data()) != 0) return neutral;
    return out;
}

inline Encoding base_product(const Encoding& scalar) {
    Encoding out;
    if (crypto_scalarmult_ed25519_base_noclamp(out.data(), scalar.data()) != 0) return neutral;
    return out;
}

/// The 64 bytes, little endian, modulo the group order.
inline Encoding reduced(const std::array<std::uint8_t, 64>& wide) {
    Encoding out;
    crypto_core_ed25519_scalar_reduce(out.data(), wide.data());
    return out;
}

inline bool verify(base::BytesView public_key, base::BytesView message, base::BytesView signature) {
    if (public_key.size() != 32 || signature.size() != 64) return false;
    std::array<std::uint8_t, 64> wide{};
    std::ranges::copy(signature.last(32), wide.begin());
    const Encoding response = reduced(wide);
    if (!base::equal(response, signature.last(32))) return false;
    const Encoding challenge = reduced(sha512({signature.first(32), public_key, message}));
    const auto a8 = eightfold(public_key);
    const auto r8 = eightfold(signature.first(32));
    if (!a8 || !r8) return false;
    return eightfold(base_product(response)) == sum(*r8, product(challenge, *a8));
}

/// All encodings of the eight points of small order: the canonical ones, then those with a sign
/// bit on x = 0 or with y written as p or p + 1.
inline constexpr std::array<std::string_view, 14> small_order_encodings = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};

}  // namespace tandem::crypto::twin
