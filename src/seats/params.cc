#include "seats/params.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/check.h"

namespace tandem::seats {
namespace {

Verdict within_range(std::string_view name, std::int64_t value, std::int64_t min,
                     std::int64_t max) {
    if (value >= min && value <= max) return {};
    return refuse(name, fmt::format("{} is not within {} to {}", value, min, max));
}

}  // namespace

std::int64_t Params::m(std::int64_t total, std::int64_t power) const noexcept {
    TANDEM_CHECK(power > 0 && total >= power);
    if (wedged_records != 0) return wedged_records;
    const std::int64_t rotation = (3 * total + power - 1) / power;
    return std::max(5 * std::int64_t{run_records}, rotation);
}

Verdict validate(const Params& params) {
    TANDEM_TRY(
        within_range("params.run_records", params.run_records, run_records_min, window_records));
    TANDEM_TRY(within_range("params.alive_records", params.alive_records, 0, params.run_records));
    TANDEM_TRY(within_range("params.wedged_records", params.wedged_records, 0, records_max));
    if (params.wedged_records != 0 && params.wedged_records < params.run_records)
        return refuse("params.wedged_records",
                      fmt::format("{} is less than run_records {}: a wedge needs no witnesses, so "
                                  "it must not be found sooner than a death",
                                  params.wedged_records, params.run_records));
    TANDEM_TRY(within_range("params.cooldown_blocks", params.cooldown_blocks, 0, records_max));
    // Without T a chain of 5 ms blocks would move a seat after 25 ms.
    TANDEM_TRY(within_range("params.run_time", params.run_time.nanos, 1, run_time_max.nanos));
    TANDEM_TRY(within_range("params.heartbeat_lag_blocks", params.heartbeat_lag_blocks, 0,
                            std::int64_t{params.run_records} - 1));
    return within_range("params.heartbeat_lag_time", params.heartbeat_lag_time.nanos, 0,
                        3 * params.run_time.nanos);
}

}  // namespace tandem::seats
