// Planted bugs, and whether the simulator finds them.
//
// sim/mutants.list has the bugs. scripts/plant-mutants puts them into copies of the sources, each
// behind a number; the program tandem-sim-mutants is the simulator with these copies. Every bug is
// chosen in a child process of its own, which runs seed after seed until a judge finds a violation
// or a check of the code itself ends the process; after the first seeds also all scenarios. What is
// found by neither is a hole in the net: a judge, a fault or a scenario is missing.
//
// Two alarms watch over the alarm: without a bug the same seeds must be clean, and the canary,
// which nobody could overlook, must be found.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::sim {

struct Mutant {
    std::string_view name;
    std::string_view file;
    int line = 0;
    std::string_view change;
    std::string_view belief;  // of a reviewer who lets it pass
};

/// By number, which begins at 1. Generated from sim/mutants.list.
[[nodiscard]] std::span<const Mutant> all_mutants() noexcept;

struct MutantsOptions {
    std::uint64_t seeds_max = 500;
    std::int64_t heights = 120;  // of each seed
    unsigned jobs = 1;
    bool json = false;
    std::vector<std::string> names;  // none: all
    std::string scenarios;           // folder; nothing in it: no scenarios are tried
    int percent_min = 95;            // of the bugs that must be found
};

/// Prints how each bug was found; 0 when enough were, and both alarms hold.
[[nodiscard]] int hunt_mutants(const MutantsOptions& options);

/// Runs all scenarios of a folder: what is wrong with the first that fails, or "".
[[nodiscard]] std::string first_failing_scenario(const std::string& folder);

/// In the program that has no bugs: becomes tandem-sim-mutants, which lies beside it. `argv` is
/// what it is to be called with, its name first. Returns, with a message, only when it cannot.
[[nodiscard]] int become_mutants_program(char** argv);

}  // namespace tandem::sim
