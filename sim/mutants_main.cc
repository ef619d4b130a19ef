// tandem-sim-mutants: the simulator with planted bugs. Called by `tandem-sim mutants`.
#include <CLI/CLI.hpp>

#include "sim/mutants.h"

int main(int argc, char** argv) {
    using namespace tandem::sim;
    CLI::App app{
        "Runs every planted bug and says after how many seeds it is found; exit code 1 "
        "when too few are.\nExample: tandem-sim mutants --jobs 2"};
    app.name("tandem-sim mutants");
    MutantsOptions options;
    std::string output = "text";
    app.add_option("--seeds-max", options.seeds_max, "seeds to try for each bug")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--heights", options.heights, "of each seed")
        ->check(CLI::Range(20, 1'000'000))
        ->capture_default_str();
    app.add_option("--jobs", options.jobs, "processes")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option("--output", output)
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    options.scenarios = "tests/scenarios";
    app.add_option("--scenarios", options.scenarios, "folder of scenarios to try behind the seeds")
        ->capture_default_str();
    app.add_option("NAME", options.names, "of bugs in sim/mutants.list; none: all of them");
    CLI11_PARSE(app, argc, argv);
    options.json = output == "json";
    return hunt_mutants(options);
}
