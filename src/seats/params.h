// The parameters of the seat rule: agreed by the whole chain, never a matter of one node.
//
// K, M and C may be written as 0, which means the formula evaluated with the present N and powers;
// the functions below give the values in force. All are set by the genesis and changed by
// operations that more than two thirds of the power sign.
#pragma once
#include <cstdint>
#include <limits>

#include "base/refusal.h"
#include "wire/message.h"

namespace tandem::seats {

using base::Bytes;
using base::BytesView;
using base::Refusal;
using base::refuse;
using base::Result;
using base::Verdict;
using wire::Duration;
using wire::Timestamp;

inline constexpr std::uint32_t window_records = 64;  // kept per node, whatever N is
inline constexpr std::uint32_t run_records_default = 5;
inline constexpr std::uint32_t run_records_min = 2;
inline constexpr std::int64_t records_max = 1'000'000'000;  // of M and C where they are given
inline constexpr Duration run_time_max{86'400 * wire::nanos_per_second};
static_assert(run_time_max.nanos <= std::numeric_limits<std::int64_t>::max() / 5,
              "3T bounds lag_time, 5T a wedge");

struct Params {
    std::uint32_t run_records = run_records_default;  // N, 2 to 64
    std::uint32_t alive_records = 0;                  // K, 1 to N; 0: floor(2N/3)+1
    std::int64_t wedged_records = 0;                  // M, at least N; 0: formula
    std::int64_t cooldown_blocks = 0;                 // C; 0: 4N
    Duration run_time{wire::nanos_per_second};        // T, above 0, at most a day
    std::uint32_t heartbeat_lag_blocks = 1;           // lag < N
    Duration heartbeat_lag_time{250'000'000};         // lag_time <= 3T
    bool power_guard = true;

    bool operator==(const Params&) const = default;

    [[nodiscard]] std::uint32_t k() const noexcept {
        return alive_records != 0 ? alive_records : 2 * run_records / 3 + 1;
    }
    [[nodiscard]] std::int64_t c() const noexcept {
        return cooldown_blocks != 0 ? cooldown_blocks : 4 * std::int64_t{run_records};
    }
    /// M for a seat of `power` among `total`: the larger of 5N and 3 x total / power, rounded up.
    /// REQUIRES: 0 < power <= total <= types::total_voting_power_max.
    [[nodiscard]] std::int64_t m(std::int64_t total, std::int64_t power) const noexcept;
};

/// Ranges and relations; the refusal names the parameter.
[[nodiscard]] Verdict validate(const Params& params);

}  // namespace tandem::seats

namespace tandem::wire {

/// A parameter is written also when it is zero. One that is absent reads as its default, which is
/// then written, so that bytes which lack one are not canonical: nothing forgotten passes for a
/// choice.
template <int Number, typename T>
struct ParameterField : Field<Number, seats::Params, T> {
    [[nodiscard]] std::size_t size(const seats::Params& params) const {
        return varint_size(make_tag(Number, WireType::varint)) + varint_size(value_of(params));
    }
    void write(BackwardWriter& writer, const seats::Params& params) const {
        writer.write_varint(value_of(params));
        writer.write_tag(Number, WireType::varint);
    }

  private:
    [[nodiscard]] std::uint64_t value_of(const seats::Params& params) const {
        return FieldCodec<T>::to_wire(params.*(this->member));
    }
};

template <int Number, typename T>
[[nodiscard]] constexpr ParameterField<Number, T> parameter(std::string_view name,
                                                            T seats::Params::* member) {
    return {{name, member}};
}

template <>
struct Described<seats::Params> {
    using Params = seats::Params;
    static constexpr std::string_view name = "SeatParams";
    static constexpr auto fields =
        std::tuple{parameter<1>("run_records", &Params::run_records),
                   parameter<2>("alive_records", &Params::alive_records),
                   parameter<3>("wedged_records", &Params::wedged_records),
                   parameter<4>("cooldown_blocks", &Params::cooldown_blocks),
                   field<5>("run_time", &Params::run_time),
                   parameter<6>("heartbeat_lag_blocks", &Params::heartbeat_lag_blocks),
                   field<7>("heartbeat_lag_time", &Params::heartbeat_lag_time),
                   parameter<8>("power_guard", &Params::power_guard)};
};

}  // namespace tandem::wire
