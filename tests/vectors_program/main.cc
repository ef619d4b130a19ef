// tandem-vectors PATH...: runs golden vectors of CometBFT and says where we disagree.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

#include "tests/vectors_program/registry.h"

namespace tandem::vectors {

std::map<std::string, Runner>& runners() {
    static std::map<std::string, Runner> map;
    return map;
}

std::map<std::string, FileRunner>& file_runners() {
    static std::map<std::string, FileRunner> map;
    return map;
}

std::map<std::string, std::string>& pending_topics() {
    static std::map<std::string, std::string> map;
    return map;
}

std::set<std::pair<std::string, std::string>>& pending_cases() {
    static std::set<std::pair<std::string, std::string>> set;
    return set;
}

void Case::expect_at(const Json& where, const std::string& member, const Json& got,
                     const std::string& prefix) {
    const std::string what = prefix + member;
    if (!where.contains(member)) return fail(what, "(no such member in the vector)", got.dump());
    if (where.at(member) != got) fail(what, where.at(member).dump(), got.dump());
}

namespace {

constexpr std::size_t shown_text_max = 600;

struct Tally {  // of a topic
    std::size_t cases = 0, passed = 0, failed = 0;
    std::map<std::string, std::size_t> pending;  // cases, by reason
};

std::string shorten(const std::string& text) {
    if (text.size() <= shown_text_max) return text;
    return text.substr(0, shown_text_max) + fmt::format("... ({} characters)", text.size());
}

void report_failure(const std::string& topic, const std::string& name, const Case& judged) {
    for (const Mismatch& mismatch : judged.mismatches())
        std::cout << fmt::format("FAILED {}: {}: {}\n    expected {}\n    got      {}\n", topic,
                                 name, mismatch.what, shorten(mismatch.expected),
                                 shorten(mismatch.got));
}

bool run_case(const std::string& topic, const std::string& name, const Json& in, const Json& out,
              const Runner& runner, Tally& tally) {
    Case judged(in, out, name);
    try {
        runner(judged);
    } catch (const std::exception& error) {
        judged.fail("the vector cannot be read", "a known shape", error.what());
    }
    ++tally.cases;
    const std::string& reason = judged.pending_reason();
    if (!reason.empty() && !pending_cases().contains({topic, reason}))
        judged.fail("pending, but not on the list", "(no reason)", reason);
    if (!judged.mismatches().empty()) {
        ++tally.failed;
        report_failure(topic, name, judged);
        return false;
    }
    if (reason.empty())
        ++tally.passed;
    else
        ++tally.pending[reason];
    return true;
}

void run_cases(const std::filesystem::path& path, const std::string& topic, const Json& file,
               Tally& tally) {
    if (const auto whole = file_runners().find(topic); whole != file_runners().end()) {
        const RunCase run = [&](const std::string& name, const Json& in, const Json& out,
                                const Runner& runner) {
            return run_case(topic, name, in, out, runner, tally);
        };
        return whole->second(path, file, run);
    }
    const Runner& runner = runners().at(topic);
    for (const Json& json : file.at("cases"))
        run_case(topic, json.at("name").get<std::string>(), json.at("in"), json.at("out"), runner,
                 tally);
}

bool has_runner(const std::string& topic) {
    return runners().contains(topic) || file_runners().contains(topic);
}

/// Runs a file into the tally of its topic. False when the file cannot be judged at all.
bool run_file(const std::filesystem::path& path, std::map<std::string, Tally>& tallies) {
    const auto fail = [&](std::string_view why) {
        std::cout << fmt::format("FAILED {}: {}\n", path.string(), why);
        return false;
    };
    std::ifstream stream(path);
    if (!stream) return fail("cannot be opened");
    const Json file = Json::parse(stream, nullptr, /*allow_exceptions=*/false);
    if (file.is_discarded() || !file.is_object() || !file.contains("topic"))
        return fail("not a vector file (JSON with a topic)");
    const std::string topic = file.at("topic").get<std::string>();
    Tally& tally = tallies[topic];
    const auto waiting = pending_topics().find(topic);
    if (has_runner(topic)) {
        try {
            run_cases(path, topic, file, tally);
        } catch (const std::exception& error) {
            ++tally.failed;
            return fail(error.what());
        }
    } else if (waiting != pending_topics().end()) {
        const std::size_t cases = file.contains("cases") ? file.at("cases").size() : 1;
        tally.cases += cases;
        tally.pending[waiting->second] += cases;
    } else {
        return fail("unknown topic " + topic);
    }
    return true;
}

void print(const std::string& topic, const Tally& tally) {
    std::cout << fmt::format("{} {} {} {}", topic, tally.cases, tally.passed, tally.failed);
    for (const auto& [reason, count] : tally.pending)
        std::cout << fmt::format(" ({} pending: {})", count, reason);
    std::cout << "\n";
}

void list_pending() {
    for (const auto& [topic, reason] : pending_topics())
        if (!has_runner(topic)) std::cout << fmt::format("{}: {}\n", topic, reason);
    for (const auto& [topic, reason] : pending_cases())
        std::cout << fmt::format("{}, some cases: {}\n", topic, reason);
}

std::vector<std::filesystem::path> vector_files(const std::vector<std::string>& arguments) {
    std::vector<std::filesystem::path> files;
    for (const std::string& argument : arguments) {
        if (!std::filesystem::is_directory(argument)) {
            files.emplace_back(argument);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argument))
            if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace
}  // namespace tandem::vectors

int main(int argc, char** argv) {
    using namespace tandem::vectors;
    CLI::App app{
        "Runs golden vectors made by CometBFT. Prints per topic: cases, passed, failed.\n"
        "Example: tandem-vectors tests/vectors"};
    std::vector<std::string> paths;
    bool lists_pending = false;
    app.add_option("PATH", paths, "files or folders of vectors");
    app.add_flag("--pending", lists_pending,
                 "list what a later part of the project brings, and why");
    CLI11_PARSE(app, argc, argv);
    if (lists_pending) {
        list_pending();
        return 0;
    }
    const auto files = vector_files(paths);
    if (files.empty()) {
        std::cerr << "tandem-vectors: no vector files; name files or folders, e.g. tests/vectors\n";
        return 2;
    }
    bool ok = true;
    std::map<std::string, Tally> tallies;
    for (const auto& file : files) ok = run_file(file, tallies) && ok;
    for (const auto& [topic, tally] : tallies) {
        print(topic, tally);
        ok = ok && tally.failed == 0;
    }
    return ok ? 0 : 1;
}
