// Spans of time as Go writes them: "1h15m30.918s", "-1.5h", "300ms". config.toml has them so.
#pragma once
#include <string>
#include <string_view>

#include "types/basic.h"

namespace tandem::program {

/// Takes what Go's time.ParseDuration takes: a sign, then numbers with a unit (ns, us, ms, s, m, h)
/// each, or 0. Digits beyond a nanosecond are dropped. Refused beyond 64 bits of nanoseconds.
[[nodiscard]] base::Result<types::Duration> duration_from_text(std::string_view text);

/// As Go prints it: "0s", "100ms", "1m0s", "168h0m0s".
[[nodiscard]] std::string to_text(types::Duration span);

}  // namespace tandem::program
