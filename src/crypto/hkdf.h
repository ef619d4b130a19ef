// HKDF with SHA-256 (RFC 5869): many keys from one secret.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace tandem::crypto {

inline constexpr std::size_t hkdf_sha256_output_max = 255 * 32;

/// Fills `out` from the secret `input`. An empty `salt` is the same as 32 zero bytes.
/// REQUIRES: out.size() <= hkdf_sha256_output_max.
void hkdf_sha256(base::BytesView input, base::BytesView salt, base::BytesView info,
                 std::span<std::uint8_t> out) noexcept;

}  // namespace tandem::crypto
