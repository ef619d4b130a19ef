// Chains that nobody thought of: random commands, and the second opinion must agree throughout.
//
// Unlike the simulator, which torments consensus and disks, this torments the rule and the
// operations: several in one block, on seats that switch, leave, come or are convicted just then.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "sim/scenario.h"

namespace tandem::sim {
namespace {

class RandomScenario {
  public:
    explicit RandomScenario(std::uint64_t seed) : random_(seed) {
        const std::size_t seats = 4 + random_.below(4);
        std::string powers;
        for (std::size_t i = 0; i < seats; ++i)
            powers += fmt::format("{}{}", i == 0 ? "" : ",", 8 + random_.below(5));
        const std::uint64_t n = 2 + random_.below(5);
        add(fmt::format(
            "network seats={} standbys=2 powers={} N={} K={} C={} M={} T={} guard={} "
            "block-time={}",
            seats, powers, n, random_.below(n + 1), random_.below(12),
            random_.chance(1, 3) ? 0 : n + random_.below(4), 100 + random_.below(700),
            random_.chance(1, 4) ? "off" : "on", std::array{20, 200, 1000}[random_.below(3)]));
        for (std::size_t i = 0; i < seats; ++i) seats_.emplace_back(names.at(i));
        std::int64_t height = 3;
        for (int i = 0; i < 14; ++i) {
            height += static_cast<std::int64_t>(1 + random_.below(12));
            for (std::uint64_t j = 0; j <= random_.below(4); ++j) add_event(height);
            add(fmt::format("run to-height={}", height));
            // Should it have stopped: whoever is left cannot decide, so everybody comes back.
            if (random_.chance(1, 5)) heal_all();
        }
        heal_all();
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    static constexpr std::array<std::string_view, 8> names{"alpha",   "beta", "gamma", "delta",
                                                           "epsilon", "zeta", "eta",   "theta"};

    void add(const std::string& line) { text_ += line + "\n"; }
    std::string any_seat() { return seats_[random_.below(seats_.size())]; }
    std::string any_node(const std::string& seat) {
        return fmt::format("{}-{}", seat, 1 + random_.below(3));
    }
    void heal_all() {
        for (const std::string& seat : seats_)
            for (int n = 1; n <= 3; ++n) {
                add(fmt::format("restart node={}-{}", seat, n));
                add(fmt::format("heal node={}-{}", seat, n));
            }
    }
    void add_event(std::int64_t height) {
        const std::string seat = any_seat();
        const std::string node = any_node(seat);
        const std::string at = fmt::format(" at-height={}", height);
        switch (random_.below(5)) {
            case 0: {
                static constexpr std::array<std::string_view, 8> verbs{
                    "crash", "restart", "freeze", "wake", "wedge", "wedge", "steal-liveness-key",
                    "heal"};
                return add(
                    fmt::format("{} node={}{}", verbs[random_.below(verbs.size())], node, at));
            }
            case 1:
                if (random_.chance(1, 3)) add(fmt::format("evidence node={}{}", node, at));
                return;
            case 2:
                if (random_.chance(1, 2))
                    add(fmt::format("lie node={} kind={} of={} from-height={} to-height={}",
                                    any_node(any_seat()),
                                    std::array{"omit-heartbeats", "call-dead", "no-record",
                                               "bad-signature"}[random_.below(4)],
                                    node, height, height + 4));
                return;
            default:
                return add("operate " + operation(seat, node) + at);
        }
    }
    std::string operation(const std::string& seat, const std::string& node) {
        const std::string own = fmt::format("seat={} op=", seat);
        const std::string fresh = fmt::format("{}-x{}", seat, ++made_);
        switch (random_.below(14)) {
            case 0:
            case 1:
            case 2:
                return own + "switchover to=" + node;
            case 3:
                return own + "pause";
            case 4:
                return own + "resume";
            case 5:
                return own + fmt::format("add-standby node={}", fresh);
            case 6:
                return own +
                       fmt::format("replace-standby old={} node={} keys={}", node, node, fresh);
            case 7:
                return own + "remove-standby node=" + node;
            case 8:
                return own + fmt::format("replace-liveness-key node={} keys={}", node, fresh);
            case 9:
                return own + fmt::format("rotate-admin-key keys={}", fresh);
            case 10:
                return fmt::format("op=add-seat id=new{} power={}", made_, 5 + random_.below(10));
            case 11:
                return fmt::format("op=remove-seat id={}", seat);
            case 12:
                return fmt::format("op=change-power id={} power={}", seat, 6 + random_.below(8));
            default:
                return fmt::format("op=change-params N={} K={} M={} C={} guard={}",
                                   2 + random_.below(5), random_.below(4), random_.below(30),
                                   random_.below(20), random_.chance(1, 3) ? "off" : "on");
        }
    }

    base::SeededRandom random_;
    std::string text_ = "# Random.\n";
    std::vector<std::string> seats_;
    std::uint64_t made_ = 0;
};

TEST(RandomScenarios, NeverDividesTheTwoOpinions) {
    std::map<std::string, std::size_t> seen;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const RandomScenario scenario(seed);
        const auto cases = read_scenarios(scenario.text());
        ASSERT_TRUE(cases.has_value()) << cases.error().why;
        const auto outcome = run_scenario(cases->front());
        ASSERT_TRUE(outcome.has_value()) << "seed " << seed << ": " << outcome.error().why << "\n"
                                         << scenario.text();
        ASSERT_TRUE(outcome->violations.empty())
            << "seed " << seed << ": " << outcome->violations.front() << "\n"
            << scenario.text();
        for (const std::string& line : outcome->transcript)
            for (const std::string_view word :
                 {"(wedged)", "(evidence)", "(switchover)", "switch ", "accepted", "power_guard",
                  "too_soon", "not_alive", "switch_pending", "leaving", "not_a_standby", "halted"})
                if (line.find(word) != std::string::npos) ++seen[std::string(word)];
    }
    for (const std::string_view word : {"(wedged)", "(evidence)", "(switchover)", "accepted",
                                        "power_guard", "leaving", "not_a_standby"})
        EXPECT_GT(seen[std::string(word)], 0U) << word << " is not reached any more";
}

}  // namespace
}  // namespace tandem::sim
