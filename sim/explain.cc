#include "sim/explain.h"

#include <fmt/format.h>
#include <iostream>

namespace tandem::sim {
namespace {

void print(std::int64_t height, const Finding& finding, const seats::Params& params) {
    std::cout << fmt::format("height {}, {}\n", height, finding.seat);
    for (const std::string& line : explanation(finding, params))
        std::cout << "    " << line << "\n";
}

void print_switchovers(std::int64_t height, const SecondOpinion& opinion) {
    for (const Fact& fact : opinion.facts())
        if (const auto* switched = std::get_if<Switched>(&fact);
            switched != nullptr && switched->reason == seats::SwitchReason::switchover) {
            const Registry registry = opinion.registry();
            const Registry::Seat* seat = registry.seat_of(switched->to);
            if (seat == nullptr) continue;
            std::cout << fmt::format("height {}, {}\n    its admin moves it from {} to {}\n",
                                     height, switched->seat, seat->find(switched->from)->name,
                                     seat->find(switched->to)->name);
        }
}

void print_record(std::int64_t height, const SecondOpinion& opinion) {
    std::string line;
    for (const auto& [name, status] : opinion.record())
        line += fmt::format("  {} {}", name,
                            status == seats::Status::dead    ? "DEAD"
                            : status == seats::Status::heard ? "HEARD"
                                                             : "SIGNED");
    std::cout << fmt::format("height {}, record:{}\n", height,
                             line.empty() ? " none, " + opinion.record_refusal() : line);
}

}  // namespace

int explain_command(std::uint64_t seed, Options options, std::optional<std::int64_t> height) {
    bool found = false;
    if (height) options.heights = std::max(options.heights, *height);
    const auto watch = [&](std::int64_t now, const SecondOpinion& opinion) {
        const seats::Params params = opinion.registry().params;
        if (height && now == *height) {
            found = true;
            print_record(now, opinion);
            for (const Finding& finding : opinion.findings()) print(now, finding, params);
            print_switchovers(now, opinion);
        } else if (!height) {
            for (const Finding& finding : opinion.findings()) {
                // A seat whose run is long enough and that stays all the same is worth a word once.
                const bool waits = finding.to.empty() && finding.run == params.run_records;
                if (!finding.to.empty() || waits) print(now, finding, params);
            }
            print_switchovers(now, opinion);
        }
    };
    const Summary summary = run_seed(seed, options, watch);
    for (const Violation& violation : summary.violations)
        std::cout << fmt::format("violation at height {}: {}\n", violation.height, violation.what);
    if (height && !found) {
        std::cerr << fmt::format("tandem-sim: seed {} ends at height {}\n", seed, summary.heights);
        return 2;
    }
    std::cout << fmt::format(
        "seed {}: {} heights, {} switches\n", seed, summary.heights,
        summary.switches[1] + summary.switches[2] + summary.switches[3] + summary.switches[4]);
    return summary.violations.empty() ? 0 : 1;
}

}  // namespace tandem::sim
