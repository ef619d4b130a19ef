// CRC-32C (Castagnoli, RFC 3720 appendix B.4): a checksum against accidents, not against people.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace tandem::crypto {

/// Of `bytes`, or of everything that gave `previous` and then `bytes`.
[[nodiscard]] std::uint32_t crc32c(base::BytesView bytes, std::uint32_t previous = 0) noexcept;

}  // namespace tandem::crypto
