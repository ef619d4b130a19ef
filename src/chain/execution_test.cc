#include "chain/execution.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"

namespace tandem::chain {
namespace {

using Step = ExecutionStep;

std::string_view name(Step step) {
    constexpr std::array<std::string_view, 13> names{
        "validate_block", "store_block",  "log_end_height", "finalize_block", "store_answer",
        "update_state",   "make_durable", "commit",         "update_mempool", "update_evidence",
        "save_state",     "prune",        "publish"};
    return names.at(static_cast<std::size_t>(step));
}

abci::ResponseFinalizeBlock answer_with(std::size_t results) {
    abci::ResponseFinalizeBlock answer;
    answer.tx_results.resize(results);
    answer.app_hash = {5};
    return answer;
}

struct ExecutionTest : ::testing::Test {
    TestChain chain{{10, 20, 30}};
    BuiltBlock built;

    ExecutionTest() {
        chain.advance();
        built = chain.build({{1}, {2}});
    }
    DecidedBlock decided() const { return {built.id, built.block, built.parts, {}}; }
    Execution make(ExecutionMode mode) const {
        if (mode == ExecutionMode::replayed)
            return Execution::replay(1, decided(), chain.state.last_validators.shared(), Hash({5}));
        Execution execution(mode, chain.state, decided());
        if (mode == ExecutionMode::stored_and_committed)
            execution.use_stored_answer(answer_with(2), Hash({5}));
        return execution;
    }
    static void carry_out(Execution& execution, Step step) {
        switch (step) {
            case Step::validate_block:
                EXPECT_TRUE(execution.validate(test_validation()));
                break;
            case Step::finalize_block:
                EXPECT_TRUE(execution.finalized(answer_with(2)));
                break;
            case Step::update_state:
                EXPECT_TRUE(execution.update());
                break;
            case Step::commit:
                execution.committed({7});
                break;
            default:
                execution.done();
        }
    }
    std::string order(ExecutionMode mode) const {
        Execution execution = make(mode);
        std::string text;
        while (const auto step = execution.next()) {
            text += std::string(text.empty() ? "" : " ") + std::string(name(*step));
            carry_out(execution, *step);
        }
        return text;
    }
};

// These lines are the promise that recovery.h builds on.
TEST_F(ExecutionTest, TheOrderOfEachMode) {
    EXPECT_EQ(order(ExecutionMode::decided),
              "validate_block store_block log_end_height finalize_block store_answer update_state "
              "make_durable commit update_mempool update_evidence save_state prune publish");
    EXPECT_EQ(order(ExecutionMode::stored),
              "validate_block finalize_block store_answer update_state make_durable commit "
              "update_evidence save_state prune publish");
    EXPECT_EQ(order(ExecutionMode::stored_and_committed),
              "validate_block update_state update_evidence save_state publish");
    EXPECT_EQ(order(ExecutionMode::replayed), "finalize_block commit");
}

TEST_F(ExecutionTest, TheTableListsEachStepOnceInTheOrderOfItsNumbers) {
    for (std::size_t i = 0; i < execution_order.size(); ++i)
        EXPECT_EQ(static_cast<std::size_t>(execution_order[i].step), i);
}

// What the application may have forgotten after Commit is on the disk before it.
TEST_F(ExecutionTest, NothingIsCommittedBeforeTheBarrier) {
    for (const ExecutionMode mode : {ExecutionMode::decided, ExecutionMode::stored}) {
        Execution execution = make(mode);
        bool durable = false;
        while (const auto step = execution.next()) {
            if (*step == Step::make_durable) durable = true;
            if (*step == Step::store_block || *step == Step::log_end_height ||
                *step == Step::store_answer) {
                EXPECT_FALSE(durable);
            }
            if (*step == Step::commit || *step == Step::save_state) {
                EXPECT_TRUE(durable);
            }
            carry_out(execution, *step);
        }
    }
}

TEST_F(ExecutionTest, AllModesLeadToTheSameState) {
    std::vector<State> states;
    for (const ExecutionMode mode :
         {ExecutionMode::decided, ExecutionMode::stored, ExecutionMode::stored_and_committed}) {
        Execution execution = make(mode);
        while (const auto step = execution.next()) carry_out(execution, *step);
        states.push_back(execution.state_after());
    }
    EXPECT_EQ(states[0].last_block_height, 2);
    EXPECT_EQ(states[0], states[1]);
    EXPECT_EQ(states[0], states[2]);
}

TEST_F(ExecutionTest, TheApplicationSeesTheSameInEveryMode) {
    const auto request = make(ExecutionMode::decided).request();
    EXPECT_EQ(request, make(ExecutionMode::stored).request());
    EXPECT_EQ(request, make(ExecutionMode::replayed).request());
    EXPECT_EQ(request.decided_last_commit.votes.size(), 3u);
}

TEST_F(ExecutionTest, StepsCannotBeSkipped) {
    Execution execution = make(ExecutionMode::decided);
    EXPECT_DEATH(execution.done(), "validate_block");
    EXPECT_DEATH((void)execution.update(), "next\\(\\) == step");
    EXPECT_DEATH(execution.committed({}), "next\\(\\) == step");
    execution.skip_validation();
    EXPECT_EQ(execution.next(), Step::store_block);
    EXPECT_DEATH((void)execution.state_after(), "after_");
    EXPECT_DEATH(Execution(ExecutionMode::replayed, chain.state, decided()), "replayed");
}

TEST_F(ExecutionTest, AnInvalidBlockStaysBeforeTheFirstStep) {
    types::Block wrong = *built.block;
    wrong.header.app_hash = Hash({1, 2, 3, 4});
    const auto whole = with_parts(wrong);
    Execution execution(ExecutionMode::decided, chain.state,
                        {whole.id, whole.block, whole.parts, {}});
    EXPECT_FALSE(execution.validate(test_validation()));
    EXPECT_EQ(execution.next(), Step::validate_block);
}

TEST_F(ExecutionTest, ResultsMustBeAsManyAsTransactions) {
    for (const std::size_t results : {0u, 1u, 3u}) {
        Execution execution = make(ExecutionMode::replayed);
        const Verdict verdict = execution.finalized(answer_with(results));
        ASSERT_FALSE(verdict);
        EXPECT_EQ(verdict.error().check, "finalize_block.tx_results");
        EXPECT_EQ(execution.next(), Step::finalize_block);
    }
}

TEST_F(ExecutionTest, AReplayMustComeToTheHashOfTheChain) {
    auto execution =
        Execution::replay(1, decided(), chain.state.last_validators.shared(), Hash({6}));
    const Verdict verdict = execution.finalized(answer_with(2));
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().check, "recovery.app_hash");
}

TEST_F(ExecutionTest, AStoredAnswerWithoutHashTakesThatOfInfo) {
    Execution execution(ExecutionMode::stored_and_committed, chain.state, decided());
    auto answer = answer_with(2);
    answer.app_hash.clear();
    execution.use_stored_answer(answer, Hash({8}));
    while (const auto step = execution.next()) carry_out(execution, *step);
    EXPECT_EQ(execution.state_after().app_hash, Hash({8}));
}

TEST_F(ExecutionTest, TheApplicationSaysWhatToPrune) {
    Execution execution = make(ExecutionMode::decided);
    while (const auto step = execution.next()) carry_out(execution, *step);
    EXPECT_EQ(execution.retain_height(), 7);
}

}  // namespace
}  // namespace tandem::chain
