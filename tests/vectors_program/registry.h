// The golden-vector program: one runner per topic, cases in, disagreements out.
//
// A topic file registers a runner under the topic's name. The runner gets one case ("in" and
// "out" of the vector file) and compares every member of "out" that it knows how to compute; a
// case kind, message or member that it does not know is a failure, never skipped in silence. What
// cannot pass yet is listed by name with the reason (pending) and printed at each run.
#pragma once
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tandem::vectors {

using Json = nlohmann::json;

/// One disagreement: what was compared, and both sides as text.
struct Mismatch {
    std::string what;
    std::string expected;
    std::string got;
};

/// Collects the disagreements of one case.
class Case {
  public:
    Case(const Json& in, const Json& out, std::string name)
        : in_(in), out_(out), name_(std::move(name)) {}

    [[nodiscard]] const Json& in() const { return in_; }
    [[nodiscard]] const Json& out() const { return out_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// The kind of the case, or "".
    [[nodiscard]] std::string kind() const { return in_.value("kind", std::string()); }

    /// Compares with out[member].
    void expect(const std::string& member, const Json& got) { expect_at(out_, member, got); }
    /// Compares with where[member]; a member that is not there is a failure as well.
    void expect_at(const Json& where, const std::string& member, const Json& got,
                   const std::string& prefix = "");
    void fail(std::string what, std::string expected, std::string got) {
        mismatches_.push_back({std::move(what), std::move(expected), std::move(got)});
    }
    /// Members of `out` beside these are a failure: nobody compared them.
    void know_members(std::initializer_list<std::string_view> known) {
        for (const auto& [member, value] : out_.items())
            if (std::ranges::find(known, member) == known.end()) unknown("member " + member);
    }
    /// The runner does not know this kind of case.
    void unknown(const std::string& what) { fail("unknown case kind", "a known one", what); }
    /// This case cannot be judged yet; counts neither as passed nor as failed. The reason is one of
    /// pending_cases().
    void pending(std::string reason) { pending_ = std::move(reason); }

    [[nodiscard]] const std::vector<Mismatch>& mismatches() const { return mismatches_; }
    [[nodiscard]] const std::string& pending_reason() const { return pending_; }

  private:
    const Json& in_;
    const Json& out_;
    std::string name_;
    std::vector<Mismatch> mismatches_;
    std::string pending_;
};

using Runner = std::function<void(Case&)>;

/// Runs one case of a file under its name; false when it failed.
using RunCase = std::function<bool(const std::string& name, const Json& in, const Json& out,
                                   const Runner& runner)>;
/// For topics whose files are not lists of cases: finds the cases of a file by itself.
using FileRunner =
    std::function<void(const std::filesystem::path& path, const Json& file, const RunCase& run)>;

/// Every topic that the program knows, by the name in the vector file.
std::map<std::string, Runner>& runners();
std::map<std::string, FileRunner>& file_runners();
/// Topics that a later part of the project brings, with the reason.
std::map<std::string, std::string>& pending_topics();
/// The same for some cases of a topic: each reason that its runner may give.
std::set<std::pair<std::string, std::string>>& pending_cases();

struct RegisterTopic {
    RegisterTopic(const std::string& topic, Runner runner) {
        runners().emplace(topic, std::move(runner));
    }
};

struct RegisterFile {
    RegisterFile(const std::string& topic, FileRunner runner) {
        file_runners().emplace(topic, std::move(runner));
    }
};

struct RegisterPending {
    RegisterPending(const std::string& topic, const std::string& reason) {
        pending_topics().emplace(topic, reason);
    }
};

struct RegisterPendingCases {
    RegisterPendingCases(std::initializer_list<std::string> topics, std::string_view reason) {
        for (const std::string& topic : topics) pending_cases().emplace(topic, reason);
    }
};

}  // namespace tandem::vectors
