// Findings in words.
#include <fmt/format.h>

#include "seats/rule.h"
#include "sim/naive.h"

namespace tandem::sim {
namespace {

std::string seconds(wire::Duration span) {
    return fmt::format("{}.{:03} s", span.nanos / 1'000'000'000,
                       span.nanos % 1'000'000'000 / 1'000'000);
}

}  // namespace

std::vector<std::string> explanation(const Finding& finding, const seats::Params& params) {
    std::vector<std::string> lines;
    const std::int64_t n = params.run_records;
    const std::int64_t k = params.k();
    if (!finding.to.empty())
        lines.push_back(fmt::format("{} moves from {} to {} ({})", finding.seat, finding.validator,
                                    finding.to, seats::to_text(finding.reason)));
    else
        lines.push_back(fmt::format("{} stays with {}", finding.seat, finding.validator));
    if (finding.run == 0 && finding.unsigned_series == 0)
        lines.push_back("the newest counted record calls the validator SIGNED, or none counts yet");
    if (finding.run > 0)
        lines.push_back(fmt::format(
            "run: {} of {} records since height {}; seen by power {} of {} (needs a third); lasted "
            "{} of {}",
            finding.run, n, finding.run_from, finding.witnesses, finding.total,
            seconds(finding.run_lasted), seconds(params.run_time)));
    if (finding.unsigned_series > 0)
        lines.push_back(fmt::format("unsigned: {} of {} records; lasted {} of {}",
                                    finding.unsigned_series, finding.wedged_after,
                                    seconds(finding.series_lasted),
                                    seconds({5 * params.run_time.nanos})));
    if (finding.pending) lines.push_back("a switch is pending");
    if (finding.paused) lines.push_back("the rule is paused for this seat");
    if (finding.cooling) lines.push_back("the cooldown of its last switch runs");
    if (finding.quarantined) lines.push_back("its validator is quarantined");
    for (const Finding::Standby& standby : finding.standbys)
        lines.push_back(fmt::format(
            "{}: alive in {} of the last {} records (needs {}), {}{}", standby.name, standby.alive,
            n, k, standby.alive_now ? "alive in the newest" : "not alive in the newest",
            standby.quarantined ? ", quarantined" : ""));
    if (finding.standbys.empty()) lines.push_back("it has no standby");
    return lines;
}

}  // namespace tandem::sim
