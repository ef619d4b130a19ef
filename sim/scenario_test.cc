#include "sim/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/naive.h"
#include "sim/small_chain.h"

namespace tandem::sim {
namespace {

std::string refusal_of(std::string_view text) {
    const auto cases = read_scenarios(text);
    if (!cases) return cases.error().why;
    const auto outcome = run_scenario(cases->front());
    return outcome ? "" : outcome.error().why;
}

TEST(Scenario, RefusesWhatItDoesNotKnowWithLineAndNearestName) {
    EXPECT_EQ(refusal_of("# Why.\nnetwork\ncrush node=beta-1\n"),
              "line 3: unknown command 'crush'; did you mean 'crash'?");
    EXPECT_EQ(refusal_of("# Why.\nnetwork\ncrash nod=beta-1\n"),
              "line 3: unknown option 'nod'; did you mean 'node'?");
    EXPECT_EQ(refusal_of("# Why.\n\nnetwork\ncrash node=beta-3\n"),
              "line 4: unknown node 'beta-3'; did you mean 'beta-1'?");
    EXPECT_EQ(refusal_of("# Why.\nnetwork\nlie node=beta-1 kind=no-recrod\n"),
              "line 3: unknown lie 'no-recrod'; did you mean 'no-record'?");
    EXPECT_EQ(refusal_of("# Why.\nnetwork\nrun to-height=ten\n"),
              "line 3: to-height takes a whole number, not 'ten'");
    EXPECT_EQ(refusal_of("# Why.\nnetwork seats=4 seats=5\n"), "line 2: seats stands there twice");
    EXPECT_EQ(refusal_of("# Why.\ncrash node=beta-1\n"),
              "line 2: a case begins with 'network' or 'core', not 'crash'");
    EXPECT_EQ(refusal_of("# Why.\ncore\npropose block=a\n"),
              "line 3: unknown block 'a'; known are ");
}

TEST(Scenario, WantsAReasonForEveryCase) {
    EXPECT_NE(refusal_of("network\n").find("opens with a comment"), std::string::npos);
    EXPECT_NE(refusal_of("# Why.\n").find("without commands"), std::string::npos);
}

TEST(Scenario, WritesWhatItHasRead) {
    const std::string text =
        "# Why.\nnetwork seats=4\nrun to-height=3\n----\n3: done\n====\n# Why.\ncore\n----\n";
    const auto cases = read_scenarios(text);
    ASSERT_TRUE(cases.has_value());
    EXPECT_EQ(cases->size(), 2U);
    EXPECT_EQ(cases->back().line, 7U);
    EXPECT_EQ(write_scenarios(*cases), text);
}

TEST(Scenario, ShowsDifferencesInTheirSurroundings) {
    EXPECT_EQ(difference({"a", "b", "c"}, {"a", "x", "c", "d"}), "  a\n- b\n+ x\n  c\n+ d\n");
}

/// A chain on which beta-1 dies at 5, beside a second opinion that hears false claims.
class Alarm : public testing::Test {
  protected:
    Alarm()
        : chain({{}, {10, 10, 10, 10}, {1, 1, 1, 1}, 1000, 1000}),
          opinion(chain.genesis(), chain.verifier()) {}

    /// Decides the next block; what the opinion says when the chain claims what `spoil` makes of
    /// it.
    std::vector<std::string> next(
        const std::function<void(abci::ResponseFinalizeBlock&, seats::State&)>& spoil = {}) {
        const SmallChain::Decided* decided = chain.decide_next([this](std::int64_t height) {
            if (height == 5) chain.stop(*chain.find("beta-1"));
        });
        abci::ResponseFinalizeBlock answer = decided->answer;
        seats::State state = chain.seats_state();
        if (spoil) spoil(answer, state);
        return opinion.block(*decided->block, decided->id.hash, {answer, state});
    }
    void run_to(std::int64_t height) {
        while (chain.height() < height) EXPECT_EQ(next(), std::vector<std::string>{});
    }

    SmallChain chain;
    SecondOpinion opinion;
};

TEST_F(Alarm, IsSilentWhileTheChainIsRight) {
    run_to(40);
    EXPECT_EQ(chain.seats_state().recent_switches.size(), 1U);
}

TEST_F(Alarm, HearsOfASwitchThatMustNotBe) {
    run_to(9);
    const auto said = next([](abci::ResponseFinalizeBlock&, seats::State& state) {
        state.recent_switches.push_back(
            {"beta", "beta-1", "beta-2", seats::SwitchReason::run, 10, 12});
    });
    ASSERT_FALSE(said.empty());
    EXPECT_EQ(said.front(), "beta moves from beta-1 to beta-2, which is wrong");
}

TEST_F(Alarm, HearsOfASwitchThatDoesNotCome) {
    run_to(10);
    const auto said = next([](abci::ResponseFinalizeBlock& answer, seats::State& state) {
        state.recent_switches.clear();
        answer.validator_updates.clear();
    });
    EXPECT_THAT(said, testing::Contains("beta does not move from beta-1 to beta-2, as it must"));
    EXPECT_THAT(said, testing::Contains("0 validator updates, 2 were due or they differ"));
}

TEST_F(Alarm, HearsOfEveryFieldThatIsWrong) {
    using Spoil = void (*)(seats::State&);
    std::vector<Spoil> spoils;
    for (const Spoil spoil : std::initializer_list<Spoil>{
             [](seats::State& s) { ++s.seats[1].run.length; },
             [](seats::State& s) { ++s.seats[1].run.first_time.nanos; },
             [](seats::State& s) { s.seats[1].run.proposer_seats.pop_back(); },
             [](seats::State& s) { ++s.seats[1].unsigned_series.length; },
             [](seats::State& s) { s.seats[2].nodes[1].window.alive_bits ^= 4; },
             [](seats::State& s) { s.seats[2].nodes[0].window.signed_bits ^= 1; },
             [](seats::State& s) { --s.seats[2].nodes[0].window.count; },
             [](seats::State& s) { s.seats[2].nodes[0].quarantined = true; },
             [](seats::State& s) { s.seats[0].paused = true; },
             [](seats::State& s) { ++s.seats[0].nonce; }, [](seats::State& s) { ++s.quorum_nonce; },
             [](seats::State& s) { s.seats[0].validator = 1; },
             [](seats::State& s) { ++s.seats[0].count_from; },
             [](seats::State& s) { s.seats[3].cooldown.effective_height = 7; },
             [](seats::State& s) { ++s.params.run_records; },
             [](seats::State& s) { s.retired_keys.push_back({s.seats[0].admin_key, "x", {}}); }})
        spoils.push_back(spoil);
    run_to(8);
    const SmallChain::Decided* decided = chain.decide_next([](std::int64_t) {});
    for (std::size_t i = 0; i < spoils.size(); ++i) {
        seats::State state = chain.seats_state();
        spoils[i](state);
        SecondOpinion fresh = opinion;  // of the eight blocks before
        EXPECT_FALSE(
            fresh.block(*decided->block, decided->id.hash, {decided->answer, state}).empty())
            << "spoiled by number " << i;
    }
}

}  // namespace
}  // namespace tandem::sim
