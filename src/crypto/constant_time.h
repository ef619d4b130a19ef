// Comparison whose duration says nothing about where two secrets differ.
#pragma once
#include "base/bytes.h"

namespace tandem::crypto {

/// The lengths are no secret: different ones are told apart at once.
[[nodiscard]] bool constant_time_equal(base::BytesView a, base::BytesView b) noexcept;

}  // namespace tandem::crypto
