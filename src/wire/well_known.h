// google.protobuf.Timestamp and Duration as CometBFT holds them in memory.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>

namespace tandem::wire {

inline constexpr std::int64_t timestamp_seconds_min = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t timestamp_seconds_end = 253'402'300'800;  // 10000-01-01T00:00:00Z
inline constexpr std::int64_t nanos_per_second = 1'000'000'000;

/// An instant, UTC. The default is the "zero time" of CometBFT, the first instant of year 1, which
/// is what a field that is absent from the wire means; a field that is present but empty is the
/// Unix epoch {0, 0}.
struct Timestamp {
    std::int64_t seconds = timestamp_seconds_min;  // since the Unix epoch
    std::int32_t nanos = 0;                        // [0, 10^9)

    auto operator<=>(const Timestamp&) const = default;

    /// Year 1 to 9999 with nanoseconds in range: what may stand on the wire.
    [[nodiscard]] constexpr bool in_range() const noexcept {
        return seconds >= timestamp_seconds_min && seconds < timestamp_seconds_end && nanos >= 0 &&
               nanos < nanos_per_second;
    }
    [[nodiscard]] constexpr bool is_zero_time() const noexcept { return *this == Timestamp{}; }
};

/// A span of time in nanoseconds, as Go's time.Duration.
struct Duration {
    std::int64_t nanos = 0;

    auto operator<=>(const Duration&) const = default;
};

/// `time` + `span`; saturates at the ends of what 64 bits of seconds hold.
[[nodiscard]] Timestamp add(Timestamp time, Duration span) noexcept;

/// `later` - `earlier`, saturated to the range of Duration as Go's Time.Sub does.
[[nodiscard]] Duration difference(Timestamp later, Timestamp earlier) noexcept;

/// The two numbers of the Duration message, or nothing where they do not make a Duration: mixed
/// signs, nanoseconds of a second or more, more than 64 bits of nanoseconds.
[[nodiscard]] std::optional<Duration> duration_from_parts(std::int64_t seconds,
                                                          std::int32_t nanos) noexcept;

}  // namespace tandem::wire
