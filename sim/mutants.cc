// The hunt: one child process for each bug, a few at a time.
#include "sim/mutants.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "sim/planted.h"
#include "sim/run.h"

namespace tandem::sim {
namespace {

constexpr int exit_holes = 1;
constexpr int exit_usage = 2;
constexpr std::uint64_t control_seeds = 60;
/// Then the scenarios have a try, and then the rest of the seeds.
constexpr std::uint64_t seeds_before_scenarios = 24;
/// A seed takes a second or less. Processor time, so that a busy machine finds nothing.
constexpr int cpu_seconds_per_seed_max = 60;

// ---- In the child. What it has to say goes up a pipe, a line each:
//        s SEED    a seed begins           c         the scenarios begin
//        f WHAT    found                   n         nothing found

int report_to = -1;

void report(const std::string& line) {
    const std::string text = line + "\n";
    // A parent that has gone away needs no report.
    if (write(report_to, text.data(), text.size()) < 0) _exit(exit_usage);
}

/// A check of the code itself has failed; the process aborts behind this.
void report_check(const char* condition, const char* file, int line) {
    report(fmt::format("f check failed: {} ({}:{})", condition, file, line));
}

void limit_resources() {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    constexpr rlim_t memory_max = rlim_t{4} << 30;
    const rlimit memory{memory_max, memory_max};
    setrlimit(RLIMIT_AS, &memory);
#endif
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    base::check_failure_hook = report_check;
}

void start_clock() {
    const itimerval limit{{0, 0}, {cpu_seconds_per_seed_max, 0}};
    setitimer(ITIMER_PROF, &limit, nullptr);  // SIGPROF ends the process
}

[[noreturn]] void search(unsigned number, std::uint64_t seeds, const MutantsOptions& hunt) {
    limit_resources();
    planted_bug = number;
    Options options;  // shape and faults are drawn
    options.heights = hunt.heights;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        report(fmt::format("s {}", seed));
        start_clock();
        const Summary summary = run_seed(seed, options);
        if (!summary.violations.empty()) {
            report("f " + summary.violations.front().what);
            _exit(0);
        }
        if (seed != std::min(seeds, seeds_before_scenarios)) continue;
        report("c");
        start_clock();
        if (const std::string failure = first_failing_scenario(hunt.scenarios); !failure.empty()) {
            report("f " + failure);
            _exit(0);
        }
    }
    report("n");
    _exit(0);
}

// ---- In the parent.

struct Outcome {
    bool found = false;
    bool by_scenario = false;
    std::uint64_t seeds = 0;  // tried, the last one included
    std::string what;
};

struct Child {
    unsigned number = 0;
    pid_t pid = -1;
    int pipe = -1;
    std::string text;
};

Outcome outcome_of(const Child& child, int status) {
    Outcome outcome;
    std::size_t begin = 0;
    while (begin < child.text.size()) {
        const std::size_t end = std::min(child.text.find('\n', begin), child.text.size());
        const std::string line = child.text.substr(begin, end - begin);
        begin = end + 1;
        if (line.starts_with("s ")) {
            outcome.seeds = std::strtoull(line.c_str() + 2, nullptr, 10);
            outcome.by_scenario = false;
        }
        if (line == "c") outcome.by_scenario = true;
        if (!line.starts_with("f ") || outcome.found) continue;
        outcome.found = true;
        outcome.what = line.substr(2);
    }
    if (outcome.found || !WIFSIGNALED(status)) return outcome;
    outcome.found = true;
    outcome.what = WTERMSIG(status) == SIGPROF
                       ? fmt::format("stuck for {} s", cpu_seconds_per_seed_max)
                       : fmt::format("died of signal {}", WTERMSIG(status));
    return outcome;
}

std::string text_of(const Outcome& outcome) {
    if (!outcome.found) return fmt::format("NOT FOUND in {} seeds", outcome.seeds);
    if (outcome.by_scenario) return "scenario    " + outcome.what;
    return fmt::format("{:4} seed{}  {}", outcome.seeds, outcome.seeds == 1 ? " " : "s",
                       outcome.what);
}

std::string_view name_of(unsigned number) {
    return number == 0 ? "(no bug)" : all_mutants()[number - 1].name;
}

/// One line as soon as it is known, and what was planted where that was not found.
void print_outcome(unsigned number, const Outcome& outcome) {
    std::cout << fmt::format("{:34} {}\n", name_of(number), text_of(outcome));
    if (number != 0 && !outcome.found) {
        const Mutant& mutant = all_mutants()[number - 1];
        std::cout << fmt::format("{:34} {}:{}: {}\n{:34} \"{}\"\n", "", mutant.file, mutant.line,
                                 mutant.change, "", mutant.belief);
    }
    std::cout.flush();
}

class Hunt {
  public:
    explicit Hunt(const MutantsOptions& options) : options_(options) {}

    /// Numbers, 0 for none planted; outcomes in the same order.
    std::vector<Outcome> run(const std::vector<unsigned>& numbers);

  private:
    void start(unsigned number);
    void listen();
    void finish(std::size_t index);

    const MutantsOptions& options_;
    std::vector<Child> children_;
    std::vector<std::pair<unsigned, Outcome>> done_;
};

void Hunt::start(unsigned number) {
    std::array<int, 2> ends{};
    TANDEM_CHECK(pipe(ends.data()) == 0);
    std::cout.flush();
    const pid_t pid = fork();
    TANDEM_CHECK(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        report_to = ends[1];
        search(number,
               number == 0 ? std::min(control_seeds, options_.seeds_max) : options_.seeds_max,
               options_);
    }
    close(ends[1]);
    children_.push_back({number, pid, ends[0], {}});
}

void Hunt::finish(std::size_t index) {
    const Child child = std::move(children_[index]);
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(index));
    close(child.pipe);
    int status = 0;
    TANDEM_CHECK(waitpid(child.pid, &status, 0) == child.pid);
    done_.emplace_back(child.number, outcome_of(child, status));
    if (!options_.json) print_outcome(child.number, done_.back().second);
}

void Hunt::listen() {
    std::vector<pollfd> pipes;
    pipes.reserve(children_.size());
    for (const Child& child : children_) pipes.push_back({child.pipe, POLLIN, 0});
    poll(pipes.data(), pipes.size(), -1);
    for (std::size_t i = pipes.size(); i-- > 0;) {
        if (pipes[i].revents == 0) continue;
        std::array<char, 4096> bytes{};
        const ssize_t got = read(pipes[i].fd, bytes.data(), bytes.size());
        if (got > 0)
            children_[i].text.append(bytes.data(), static_cast<std::size_t>(got));
        else
            finish(i);
    }
}

std::vector<Outcome> Hunt::run(const std::vector<unsigned>& numbers) {
    std::size_t next = 0;
    while (next < numbers.size() || !children_.empty()) {
        if (next < numbers.size() && children_.size() < options_.jobs)
            start(numbers[next++]);
        else
            listen();
    }
    std::vector<Outcome> outcomes;
    outcomes.reserve(numbers.size());
    for (const unsigned number : numbers)
        outcomes.push_back(
            std::ranges::find(done_, number, &std::pair<unsigned, Outcome>::first)->second);
    return outcomes;
}

/// Numbers of the bugs asked for, or nothing, with a message, for a name that there is not.
std::optional<std::vector<unsigned>> numbers_of(const std::vector<std::string>& names) {
    const auto mutants = all_mutants();
    std::vector<unsigned> numbers;
    for (unsigned i = 0; i < mutants.size(); ++i)
        if (names.empty() || std::ranges::find(names, mutants[i].name) != names.end())
            numbers.push_back(i + 1);
    for (const std::string& name : names) {
        if (std::ranges::find(mutants, name, &Mutant::name) != mutants.end()) continue;
        std::cerr << fmt::format("tandem-sim: there is no planted bug \"{}\"\n", name);
        return std::nullopt;
    }
    return numbers;
}

struct Verdicts {
    std::size_t found = 0;
    std::size_t all = 0;  // the canary aside
    bool control_clean = false;
    bool canary_found = true;  // where it was asked for

    [[nodiscard]] bool enough(int percent_min) const {
        return control_clean && canary_found &&
               found * 100 >= all * static_cast<std::size_t>(percent_min);
    }
};

bool is_canary(unsigned number) {
    return number != 0 && all_mutants()[number - 1].name == "canary";
}

Verdicts verdicts_of(const std::vector<unsigned>& numbers, const std::vector<Outcome>& outcomes) {
    Verdicts verdicts;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] == 0) {
            verdicts.control_clean = !outcomes[i].found;
        } else if (is_canary(numbers[i])) {
            verdicts.canary_found = outcomes[i].found;
        } else {
            ++verdicts.all;
            verdicts.found += outcomes[i].found ? 1U : 0U;
        }
    }
    return verdicts;
}

void print_summary(const Verdicts& verdicts) {
    std::cout << fmt::format("{} of {} planted bugs found\n", verdicts.found, verdicts.all);
    if (!verdicts.control_clean)
        std::cout << "without a bug the seeds are not clean: nothing above means anything\n";
    if (!verdicts.canary_found) std::cout << "the canary was not found: the alarm is broken\n";
}

void print_json(const std::vector<unsigned>& numbers, const std::vector<Outcome>& outcomes,
                const Verdicts& verdicts) {
    nlohmann::json json{{"found", verdicts.found},
                        {"of", verdicts.all},
                        {"control_clean", verdicts.control_clean},
                        {"canary_found", verdicts.canary_found},
                        {"mutants", nlohmann::json::array()}};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] == 0) continue;
        const Mutant& mutant = all_mutants()[numbers[i] - 1];
        json["mutants"].push_back({{"name", mutant.name},
                                   {"file", mutant.file},
                                   {"line", mutant.line},
                                   {"change", mutant.change},
                                   {"belief", mutant.belief},
                                   {"found", outcomes[i].found},
                                   {"by_scenario", outcomes[i].by_scenario && outcomes[i].found},
                                   {"seeds", outcomes[i].seeds},
                                   {"what", outcomes[i].what}});
    }
    std::cout << json.dump(2) << "\n";
}

}  // namespace

int hunt_mutants(const MutantsOptions& options) {
    auto numbers = numbers_of(options.names);
    if (!numbers) return exit_usage;
    numbers->insert(numbers->begin(), 0);
    const std::vector<Outcome> outcomes = Hunt(options).run(*numbers);
    const Verdicts verdicts = verdicts_of(*numbers, outcomes);
    if (options.json)
        print_json(*numbers, outcomes, verdicts);
    else
        print_summary(verdicts);
    return verdicts.enough(options.percent_min) ? 0 : exit_holes;
}

}  // namespace tandem::sim
