// tandem-sim: torments a whole network in one process, and judges it.
#include <CLI/CLI.hpp>
#include <atomic>
#include <fmt/format.h>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>

#include "sim/explain.h"
#include "sim/mutants.h"
#include "sim/run.h"
#include "sim/scenario.h"

namespace tandem::sim {
namespace {

constexpr int exit_violation = 1;
constexpr int exit_usage = 2;

thread_local std::uint64_t current_seed = 0;

/// A broken invariant aborts; the seed that did it must not be lost.
void name_the_seed(const char*, const char*, int) {
    std::fprintf(stderr, "tandem-sim: in seed %llu\n",
                 static_cast<unsigned long long>(current_seed));
}

struct Arguments {
    std::string seeds = "1..100";
    Options options;
    std::string faults = "all";
    unsigned jobs = 1;
    std::string output = "text";
};

std::optional<std::pair<std::uint64_t, std::uint64_t>> seed_range(const std::string& text) {
    const std::size_t dots = text.find("..");
    try {
        const std::uint64_t first = std::stoull(text.substr(0, dots));
        const std::uint64_t last =
            dots == std::string::npos ? first : std::stoull(text.substr(dots + 2));
        if (first > last) return std::nullopt;
        return std::pair(first, last);
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

std::string command_for(const Arguments& arguments, std::uint64_t seed) {
    const Options& options = arguments.options;
    std::string command = fmt::format("tandem-sim run --seeds {}..{} --heights {} --faults {}",
                                      seed, seed, options.heights, arguments.faults);
    if (options.seats) command += fmt::format(" --seats {}", *options.seats);
    if (options.standbys) command += fmt::format(" --standbys {}", *options.standbys);
    if (options.n) command += fmt::format(" --N {}", *options.n);
    if (options.k) command += fmt::format(" --K {}", *options.k);
    return command;
}

struct Totals {
    std::uint64_t seeds = 0, heights = 0, node_heights = 0, liars = 0, evidence = 0, halts = 0,
                  invalid_records = 0, signatures = 0;
    Tally tally;
    LieCounts lies{};
    std::array<std::uint64_t, 5> switches{};
    std::vector<Summary> failed;

    void add(Summary summary) {
        ++seeds;
        heights += static_cast<std::uint64_t>(summary.heights);
        node_heights += summary.node_heights;
        liars += summary.liars;
        evidence += summary.evidence;
        halts += summary.halts;
        invalid_records += summary.invalid_records;
        signatures += summary.signatures;
        for (std::uint64_t Tally::* count : {&Tally::crashes, &Tally::partitions, &Tally::freezes,
                                             &Tally::channel_cuts, &Tally::outages, &Tally::wedges,
                                             &Tally::splits, &Tally::restores, &Tally::operations})
            tally.*count += summary.tally.*count;
        for (std::size_t i = 0; i < lie_count; ++i) lies[i] += summary.lies[i];
        for (std::size_t i = 0; i < switches.size(); ++i) switches[i] += summary.switches[i];
        if (!summary.violations.empty()) failed.push_back(std::move(summary));
    }
    [[nodiscard]] std::uint64_t all_switches() const {
        return switches[1] + switches[2] + switches[3];
    }
    [[nodiscard]] std::uint64_t all_lies() const {
        std::uint64_t sum = 0;
        for (const std::uint64_t count : lies) sum += count;
        return sum;
    }
};

Totals run_all(const Arguments& arguments, std::uint64_t first, std::uint64_t last) {
    Totals totals;
    std::mutex mutex;
    std::atomic<std::uint64_t> next{first};
    const bool shows_progress = isatty(STDERR_FILENO) != 0;
    const auto work = [&] {
        for (std::uint64_t seed = next++; seed <= last; seed = next++) {
            current_seed = seed;
            Summary summary = run_seed(seed, arguments.options);
            const std::scoped_lock lock(mutex);
            totals.add(std::move(summary));
            if (shows_progress)
                std::cerr << fmt::format("\r{} of {} seeds, {} failed ", totals.seeds,
                                         last - first + 1, totals.failed.size());
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < arguments.jobs; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (shows_progress) std::cerr << "\n";
    return totals;
}

void print_json(const Arguments& arguments, const Totals& totals) {
    nlohmann::json json{{"seeds", totals.seeds},
                        {"heights", totals.heights},
                        {"node_heights", totals.node_heights},
                        {"crashes", totals.tally.crashes},
                        {"partitions", totals.tally.partitions},
                        {"freezes", totals.tally.freezes},
                        {"channel_cuts", totals.tally.channel_cuts},
                        {"outages", totals.tally.outages},
                        {"wedges", totals.tally.wedges},
                        {"splits", totals.tally.splits},
                        {"restores", totals.tally.restores},
                        {"operations", totals.tally.operations},
                        {"halts", totals.halts},
                        {"liars", totals.liars},
                        {"evidence", totals.evidence},
                        {"invalid_records", totals.invalid_records},
                        {"signatures", totals.signatures},
                        {"switches",
                         {{"run", totals.switches[1]},
                          {"wedged", totals.switches[2]},
                          {"evidence", totals.switches[3]},
                          {"all", totals.all_switches()}}},
                        {"switchovers", totals.switches[4]},
                        {"lies", nlohmann::json::object()},
                        {"violations", nlohmann::json::array()}};
    for (std::size_t i = 1; i < lie_count; ++i)
        json["lies"][std::string(to_text(static_cast<Lie>(i)))] = totals.lies[i];
    for (const Summary& summary : totals.failed)
        for (const Violation& violation : summary.violations)
            json["violations"].push_back({{"seed", summary.seed},
                                          {"height", violation.height},
                                          {"what", violation.what},
                                          {"command", command_for(arguments, summary.seed)}});
    std::cout << json.dump(2) << "\n";
}

void print_text(const Arguments& arguments, const Totals& totals) {
    const Tally& tally = totals.tally;
    std::cout << fmt::format(
        "seeds {}, heights {}, node-heights {}, signatures {}\n"
        "crashes {}, partitions {}, freezes {}, channel cuts {}, outages {}, wedges {}, "
        "splits {}, disks restored {}, "
        "operations {}, halts with a third gone {}\n"
        "lying seats {}, lies {}, evidence in blocks {}, blocks without a valid record {}\n"
        "switches {}: run {}, wedged {}, evidence {}; switchovers {}\n",
        totals.seeds, totals.heights, totals.node_heights, totals.signatures, tally.crashes,
        tally.partitions, tally.freezes, tally.channel_cuts, tally.outages, tally.wedges,
        tally.splits, tally.restores, tally.operations, totals.halts, totals.liars,
        totals.all_lies(), totals.evidence, totals.invalid_records, totals.all_switches(),
        totals.switches[1], totals.switches[2], totals.switches[3], totals.switches[4]);
    std::string line;
    for (std::size_t i = 1; i < lie_count; ++i)
        if (totals.lies[i] > 0)
            line += fmt::format("{}{} {}", line.empty() ? "lies: " : ", ",
                                to_text(static_cast<Lie>(i)), totals.lies[i]);
    std::cout << line << (line.empty() ? "" : "\n")
              << fmt::format("violations {}\n", totals.failed.size());
    for (const Summary& summary : totals.failed) {
        for (const Violation& violation : summary.violations)
            std::cout << fmt::format("  seed {} height {}: {}\n", summary.seed, violation.height,
                                     violation.what);
        std::cout << "    " << command_for(arguments, summary.seed) << "\n";
    }
}

int unknown_faults() {
    std::cerr << "tandem-sim: --faults takes all, none, or a list of " << fault_list() << "\n";
    return exit_usage;
}

int run(Arguments& arguments) {
    const auto seeds = seed_range(arguments.seeds);
    const auto faults = FaultKinds::from_text(arguments.faults);
    if (!faults) return unknown_faults();
    if (!seeds) {
        std::cerr << "tandem-sim: --seeds takes A..B, for instance 1..1000\n";
        return exit_usage;
    }
    arguments.options.faults = *faults;
    base::check_failure_hook = name_the_seed;
    const Totals totals = run_all(arguments, seeds->first, seeds->second);
    if (arguments.output == "json")
        print_json(arguments, totals);
    else
        print_text(arguments, totals);
    return totals.failed.empty() ? 0 : exit_violation;
}

/// What makes a network and its faults, besides the seed.
void add_network_options(CLI::App& command, Arguments& arguments) {
    command.add_option("--seats", arguments.options.seats, "none given: drawn by each seed")
        ->check(CLI::Range(1, 128));
    command.add_option("--standbys", arguments.options.standbys, "per seat; likewise")
        ->check(CLI::Range(0, 7));
    command.add_option("--heights", arguments.options.heights)
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command.add_option("--N", arguments.options.n, "records of a run; likewise")
        ->check(CLI::Range(2, 64));
    command.add_option("--K", arguments.options.k, "of them alive, 0 by formula; likewise")
        ->check(CLI::Range(0, 64));
    command.add_option("--faults", arguments.faults, "all, none, or a list")->capture_default_str();
}

}  // namespace
}  // namespace tandem::sim

int main(int argc, char** argv) {
    using namespace tandem::sim;
    if (argc > 1 && std::string_view(argv[1]) == "mutants") return become_mutants_program(argv + 1);
    CLI::App app{"Deterministic simulation of a Tandem network: one number repeats a run."};
    app.require_subcommand(1);
    Arguments arguments;
    CLI::App* command = app.add_subcommand(
        "run",
        "run seeds; exit code 1 on a violation.\nExample: tandem-sim run --seeds 1..1000 "
        "--heights 300 --jobs 2");
    command->add_option("--seeds", arguments.seeds, "first..last")->capture_default_str();
    add_network_options(*command, arguments);
    command->add_option("--jobs", arguments.jobs, "threads")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->add_option("--output", arguments.output)
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app.add_subcommand("mutants",
                       "run the planted bugs and say after how many seeds each is found");
    std::vector<std::string> files;
    bool rewrite = false;
    CLI::App* scenario = app.add_subcommand(
        "scenario",
        "run scenarios; exit code 1 where a transcript differs.\nExample: tandem-sim "
        "scenario tests/scenarios/seats/*.txt");
    scenario->add_option("files", files)->required();
    scenario->add_flag("--rewrite", rewrite, "write the transcripts that came out into the files");
    std::uint64_t seed = 0;
    std::optional<std::int64_t> height;
    CLI::App* explain = app.add_subcommand(
        "explain",
        "why each seat did or did not move, from the records.\nExample: tandem-sim "
        "explain 7 --height 120");
    explain->add_option("seed", seed)->required();
    explain->add_option("--height", height);
    add_network_options(*explain, arguments);
    CLI11_PARSE(app, argc, argv);
    if (*scenario) return scenario_command(files, rewrite);
    if (*explain) {
        const auto faults = FaultKinds::from_text(arguments.faults);
        if (!faults) return unknown_faults();
        arguments.options.faults = *faults;
        return explain_command(seed, arguments.options, height);
    }
    return run(arguments);
}
