#include "sim/scenario.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/nearest_name.h"
#include "sim/consensus_scenario.h"
#include "sim/seats_scenario.h"

namespace tandem::sim {
namespace {

constexpr std::string_view transcript_mark = "----";
constexpr std::string_view case_mark = "====";

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return text;
}

base::Result<Command> read_command(std::size_t line, std::string_view text) {
    Command command;
    command.line = line;
    for (const std::string_view word : split(text, ' ')) {
        if (word.empty()) continue;
        if (command.verb.empty()) {
            command.verb = word;
            continue;
        }
        const std::size_t equals = word.find('=');
        if (equals == 0 || equals == std::string_view::npos)
            return base::refuse("scenario.option",
                                fmt::format("line {}: '{}' is no name=value", line, word));
        if (command.has(word.substr(0, equals)))
            return base::refuse("scenario.option", fmt::format("line {}: {} stands there twice",
                                                               line, word.substr(0, equals)));
        command.options.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    return command;
}

}  // namespace

// ---- Commands

std::string Command::text(std::string_view name, std::string_view otherwise) const {
    for (const auto& [key, value] : options)
        if (key == name) return value;
    return std::string(otherwise);
}

bool Command::has(std::string_view name) const {
    return std::ranges::any_of(options, [&](const auto& option) { return option.first == name; });
}

namespace {

base::Result<std::int64_t> read_number(std::string_view name, std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return base::refuse("scenario.number",
                            fmt::format("{} takes a whole number, not '{}'", name, text));
    return value;
}

}  // namespace

base::Result<std::int64_t> Command::number(std::string_view name, std::int64_t otherwise) const {
    if (!has(name)) return otherwise;
    return read_number(name, text(name));
}

base::Result<std::vector<std::int64_t>> Command::numbers(std::string_view name) const {
    std::vector<std::int64_t> values;
    for (const std::string& one : list(name)) {
        const auto value = read_number(name, one);
        if (!value) return std::unexpected(value.error());
        values.push_back(*value);
    }
    return values;
}

std::vector<std::string> Command::list(std::string_view name) const {
    std::vector<std::string> values;
    if (!has(name)) return values;
    const std::string all = text(name);
    for (const std::string_view one : split(all, ',')) values.emplace_back(one);
    return values;
}

base::Refusal unknown(std::string_view kind, std::string_view name,
                      const std::vector<std::string>& known) {
    const std::vector<std::string_view> views(known.begin(), known.end());
    const std::string_view nearest = base::nearest_name(name, views);
    std::string why = fmt::format("unknown {} '{}'", kind, name);
    if (!nearest.empty())
        why += fmt::format("; did you mean '{}'?", nearest);
    else
        why += fmt::format("; known are {}", fmt::join(known, ", "));
    return {"scenario.unknown", why};
}

base::Verdict check_shape(const Command& command, const std::vector<CommandShape>& known) {
    std::vector<std::string> verbs;
    for (const CommandShape& shape : known) {
        verbs.emplace_back(shape.verb);
        if (shape.verb != command.verb) continue;
        for (const auto& [name, value] : command.options)
            if (std::ranges::find(shape.options, name) == shape.options.end())
                return std::unexpected(
                    unknown("option", name, {shape.options.begin(), shape.options.end()}));
        return {};
    }
    return std::unexpected(unknown("command", command.verb, verbs));
}

// ---- Files

base::Result<std::vector<ScenarioCase>> read_scenarios(std::string_view text) {
    std::vector<ScenarioCase> cases(1);
    cases.back().line = 1;
    bool in_transcript = false;
    std::size_t line = 0;
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const std::string_view raw : split(text, '\n')) {
        ++line;
        ScenarioCase& now = cases.back();
        if (raw == case_mark) {
            cases.emplace_back().line = line + 1;
            in_transcript = false;
        } else if (in_transcript) {
            now.expected.emplace_back(raw);
        } else if (raw == transcript_mark) {
            in_transcript = true;
        } else {
            now.text += fmt::format("{}\n", raw);
            const std::string_view stripped = trimmed(raw);
            if (stripped.empty() || stripped.front() == '#') continue;
            auto command = read_command(line, stripped);
            if (!command) return std::unexpected(command.error());
            now.commands.push_back(std::move(*command));
        }
    }
    for (const ScenarioCase& scenario : cases) {
        if (scenario.commands.empty())
            return base::refuse("scenario.empty",
                                fmt::format("line {}: a case without commands", scenario.line));
        if (!scenario.text.starts_with('#'))
            return base::refuse("scenario.comment",
                                fmt::format("line {}: a case opens with a comment that says what "
                                            "is asked and why the outcome is right",
                                            scenario.line));
    }
    return cases;
}

std::string write_scenarios(const std::vector<ScenarioCase>& cases) {
    std::string out;
    for (const ScenarioCase& scenario : cases) {
        if (!out.empty()) out += fmt::format("{}\n", case_mark);
        out += scenario.text + fmt::format("{}\n", transcript_mark);
        for (const std::string& line : scenario.expected) out += line + "\n";
    }
    return out;
}

base::Result<ScenarioOutcome> run_scenario(const ScenarioCase& scenario) {
    std::unique_ptr<Harness> harness;
    const Command& first = scenario.commands.front();
    if (first.verb == "network")
        harness = make_seats_harness();
    else if (first.verb == "core")
        harness = make_consensus_harness();
    else
        return base::refuse("scenario.first",
                            fmt::format("line {}: a case begins with 'network' or 'core', not '{}'",
                                        first.line, first.verb));
    for (const Command& command : scenario.commands)
        if (const auto done = harness->execute(command); !done)
            return base::refuse(done.error().check,
                                fmt::format("line {}: {}", command.line, done.error().why));
    return ScenarioOutcome{std::move(harness->transcript), std::move(harness->violations)};
}

/// By the longest common subsequence; transcripts are short.
std::string difference(const std::vector<std::string>& expected,
                       const std::vector<std::string>& found) {
    const std::size_t rows = expected.size(), columns = found.size();
    std::vector<std::vector<std::size_t>> common(rows + 1, std::vector<std::size_t>(columns + 1));
    for (std::size_t i = rows; i-- > 0;)
        for (std::size_t j = columns; j-- > 0;)
            common[i][j] = expected[i] == found[j] ? common[i + 1][j + 1] + 1
                                                   : std::max(common[i + 1][j], common[i][j + 1]);
    std::string out;
    std::size_t i = 0, j = 0;
    while (i < rows || j < columns) {
        if (i < rows && j < columns && expected[i] == found[j]) {
            out += fmt::format("  {}\n", expected[i++]);
            ++j;
        } else if (i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1])) {
            out += fmt::format("- {}\n", expected[i++]);
        } else {
            out += fmt::format("+ {}\n", found[j++]);
        }
    }
    return out;
}

}  // namespace tandem::sim
