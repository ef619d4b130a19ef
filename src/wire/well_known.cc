#include "wire/well_known.h"

#include <cstdlib>
#include <limits>

namespace tandem::wire {
namespace {

__extension__ using Int128 = __int128;

constexpr std::int64_t duration_seconds_max = 315'576'000'000;  // as durationpb checks it

std::int64_t saturate(Int128 value) noexcept {
    constexpr auto low = std::numeric_limits<std::int64_t>::min();
    constexpr auto high = std::numeric_limits<std::int64_t>::max();
    if (value < low) return low;
    if (value > high) return high;
    return static_cast<std::int64_t>(value);
}

}  // namespace

Timestamp add(Timestamp time, Duration span) noexcept {
    const Int128 total =
        static_cast<Int128>(time.seconds) * nanos_per_second + time.nanos + span.nanos;
    Int128 seconds = total / nanos_per_second;
    Int128 nanos = total % nanos_per_second;
    if (nanos < 0) {
        nanos += nanos_per_second;
        seconds -= 1;
    }
    return {saturate(seconds), static_cast<std::int32_t>(nanos)};
}

Duration difference(Timestamp later, Timestamp earlier) noexcept {
    const Int128 seconds = static_cast<Int128>(later.seconds) - earlier.seconds;
    return {saturate(seconds * nanos_per_second + later.nanos - earlier.nanos)};
}

std::optional<Duration> duration_from_parts(std::int64_t seconds, std::int32_t nanos) noexcept {
    if (seconds < -duration_seconds_max || seconds > duration_seconds_max) return std::nullopt;
    if (nanos <= -nanos_per_second || nanos >= nanos_per_second) return std::nullopt;
    if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) return std::nullopt;
    const Int128 total = static_cast<Int128>(seconds) * nanos_per_second + nanos;
    if (total != saturate(total)) return std::nullopt;
    return Duration{static_cast<std::int64_t>(total)};
}

}  // namespace tandem::wire
