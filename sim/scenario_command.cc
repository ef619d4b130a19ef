// `tandem-sim scenario FILE... [--rewrite]`
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <sstream>

#include "sim/scenario.h"

namespace tandem::sim {
namespace {

constexpr int exit_different = 1;
constexpr int exit_usage = 2;

/// Runs the cases of one file; `cases` get their transcripts.
int run_file(const std::string& file, std::vector<ScenarioCase>& cases, bool rewrite) {
    int exit_code = 0;
    for (ScenarioCase& scenario : cases) {
        const auto outcome = run_scenario(scenario);
        if (!outcome) {
            std::cerr << fmt::format("{}: {}\n", file, outcome.error().why);
            return exit_usage;
        }
        for (const std::string& violation : outcome->violations)
            std::cerr << fmt::format("{}:{}: {}\n", file, scenario.line, violation);
        if (!outcome->violations.empty()) exit_code = exit_different;
        if (outcome->transcript == scenario.expected) continue;
        if (!rewrite) {
            std::cout << fmt::format("{}:{}: the transcript differs\n{}", file, scenario.line,
                                     difference(scenario.expected, outcome->transcript));
            exit_code = exit_different;
        }
        scenario.expected = outcome->transcript;
    }
    return exit_code;
}

}  // namespace

int scenario_command(const std::vector<std::string>& files, bool rewrite) {
    int exit_code = 0;
    std::size_t count = 0;
    for (const std::string& file : files) {
        std::ifstream in(file, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        if (!in) {
            std::cerr << fmt::format("tandem-sim: {} cannot be read\n", file);
            exit_code = exit_usage;
            continue;
        }
        auto cases = read_scenarios(text.view());
        if (!cases) {
            std::cerr << fmt::format("{}: {}\n", file, cases.error().why);
            exit_code = exit_usage;
            continue;
        }
        count += cases->size();
        exit_code = std::max(exit_code, run_file(file, *cases, rewrite));
        if (!rewrite) continue;
        const std::string whole = write_scenarios(*cases);
        if (whole == text.view()) continue;
        std::ofstream out(file, std::ios::binary | std::ios::trunc);
        out << whole;
        if (!out.flush()) {
            std::cerr << fmt::format("tandem-sim: {} cannot be written\n", file);
            exit_code = exit_usage;
        } else {
            std::cout << fmt::format("{} rewritten\n", file);
        }
    }
    std::cout << fmt::format("{} scenarios in {} files: {}\n", count, files.size(),
                             exit_code == 0 ? "as expected" : "FAILED");
    return exit_code;
}

}  // namespace tandem::sim
