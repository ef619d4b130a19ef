// Scenarios as text: commands in, a transcript out, reviewed as a diff.
//
//     # A validator dies; its standby has been in step; the seat moves once and stays.
//     network seats=4 standbys=1 N=5 K=5
//     crash node=beta-1 at-height=20
//     run to-height=32
//     ----
//     22: record  beta-1 DEAD 1/5   beta-2 HEARD 5/5
//     ...
//
// A file holds several cases, one line `====` between two. Lines that begin with `#` are comments.
// A command is a verb and options `name=value`. The first command chooses what stands on the bench:
// `network` a chain of seats (seats_scenario.h), `core` one consensus machine
// (consensus_scenario.h).
//
// Not here: the command line, files (scenario_command.cc).
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/refusal.h"

namespace tandem::sim {

struct Command {
    std::size_t line = 0;  // in its file, from 1
    std::string verb;
    std::vector<std::pair<std::string, std::string>> options;

    /// The value of an option, or `otherwise`.
    [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise = "") const;
    [[nodiscard]] bool has(std::string_view name) const;
    /// A whole number; refused where it is none.
    [[nodiscard]] base::Result<std::int64_t> number(std::string_view name,
                                                    std::int64_t otherwise) const;
    /// Whole numbers separated by commas.
    [[nodiscard]] base::Result<std::vector<std::int64_t>> numbers(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
};

/// What a command may look like.
struct CommandShape {
    std::string_view verb;
    std::vector<std::string_view> options;
};

/// Checks verb and options; the refusal names the nearest that are known.
[[nodiscard]] base::Verdict check_shape(const Command& command,
                                        const std::vector<CommandShape>& known);
/// "unknown node beta-3; did you mean beta-2?"
[[nodiscard]] base::Refusal unknown(std::string_view kind, std::string_view name,
                                    const std::vector<std::string>& known);

/// What stands on the bench. Commands append to the transcript.
class Harness {
  public:
    virtual ~Harness() = default;
    [[nodiscard]] virtual base::Verdict execute(const Command& command) = 0;

    std::vector<std::string> transcript;
    /// Findings that no golden transcript may excuse.
    std::vector<std::string> violations;
};

struct ScenarioCase {
    std::size_t line = 0;  // of its first line
    std::string text;      // commands and comments as they stand
    std::vector<Command> commands;
    std::vector<std::string> expected;  // lines of the transcript
};

[[nodiscard]] base::Result<std::vector<ScenarioCase>> read_scenarios(std::string_view text);

struct ScenarioOutcome {
    std::vector<std::string> transcript;
    std::vector<std::string> violations;
};
/// The refusal's `why` begins with the line.
[[nodiscard]] base::Result<ScenarioOutcome> run_scenario(const ScenarioCase& scenario);

/// The cases with these transcripts, as their file should be.
[[nodiscard]] std::string write_scenarios(const std::vector<ScenarioCase>& cases);
/// Lines that are there (-) and lines that should be (+), with what surrounds them.
[[nodiscard]] std::string difference(const std::vector<std::string>& expected,
                                     const std::vector<std::string>& found);

/// `tandem-sim scenario FILE... [--rewrite]`; the exit code.
[[nodiscard]] int scenario_command(const std::vector<std::string>& files, bool rewrite);

}  // namespace tandem::sim
