// Whether a scenario notices the bug that this process has.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "sim/mutants.h"
#include "sim/scenario.h"

namespace tandem::sim {
namespace {

/// What is wrong with the file's cases, or "".
std::string failure_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    const auto cases = read_scenarios(text.view());
    if (!cases) return fmt::format("{}: {}", file.string(), cases.error().why);
    for (const ScenarioCase& scenario : *cases) {
        const auto outcome = run_scenario(scenario);
        const std::string where = fmt::format("{}:{}: ", file.string(), scenario.line);
        if (!outcome) return where + outcome.error().why;
        if (!outcome->violations.empty()) return where + outcome->violations.front();
        if (outcome->transcript != scenario.expected) return where + "the transcript differs";
    }
    return {};
}

}  // namespace

std::string first_failing_scenario(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::ranges::sort(files);
    for (const std::filesystem::path& file : files)
        if (std::string failure = failure_of(file); !failure.empty()) return failure;
    return {};
}

}  // namespace tandem::sim
