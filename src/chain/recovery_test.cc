#include "chain/recovery.h"

#include <gtest/gtest.h>

namespace tandem::chain {
namespace {

using Facts = RecoveryFacts;
using Log = RecoveryFacts::Log;
using LastBlock = RecoveryPlan::LastBlock;
using LogAction = RecoveryPlan::LogAction;

/// Calls visit with every combination of small heights, for chains that begin at 1 and later.
template <typename Visit>
void walk(Visit&& visit) {
    for (const std::int64_t initial : {1, 2, 5}) {
        std::vector<std::int64_t> heights{-1, 0, 1};
        for (std::int64_t i = 0; i < 5; ++i) heights.push_back(initial + i);
        std::ranges::sort(heights);
        heights.erase(std::unique(heights.begin(), heights.end()), heights.end());
        for (const auto base : heights)
            for (const auto store : heights)
                for (const auto state : heights)
                    for (const auto application : heights)
                        for (const bool answer : {false, true}) {
                            Facts facts{initial,     base,   store,        state,
                                        application, answer, Log::missing, 0};
                            visit(facts);
                            facts.log = Log::no_marker;
                            visit(facts);
                            facts.log = Log::marker;
                            for (const auto marker : heights) {
                                facts.log_height = marker;
                                visit(facts);
                            }
                        }
    }
}

TEST(Recovery, EveryCombinationMeetsOneRowOfEachPart) {
    std::set<HandshakeRow> handshakes;
    std::set<LogRow> logs;
    std::size_t combinations = 0;
    walk([&](const Facts& facts) {
        const auto handshake = handshake_rows(facts);
        ASSERT_EQ(handshake.size(), 1u)
            << to_text(handshake.empty() ? HandshakeRow{} : handshake[1]);
        handshakes.insert(handshake[0]);
        const auto log = log_rows(facts);
        ASSERT_EQ(log.size(), 1u);
        logs.insert(log[0]);
        ++combinations;
    });
    EXPECT_EQ(handshakes.size(), 14u) << "a row that nothing reaches";
    EXPECT_EQ(logs.size(), 9u);
    EXPECT_GT(combinations, 100'000u);
}

// ---- A second opinion: carry the plan out on a toy node and look what comes of it.

std::int64_t before(const Facts& facts, std::int64_t height) {
    return height <= facts.initial_height ? 0 : height - 1;
}

struct ToyNode {
    Facts facts;
    std::int64_t application, state;
    bool broken = false;

    explicit ToyNode(const Facts& f)
        : facts(f), application(f.application_height), state(f.state_height) {}

    bool stored(std::int64_t height) const {
        return height >= facts.store_base && height <= facts.store_height && height > 0;
    }
    void show(std::int64_t height) {  // FinalizeBlock and Commit
        broken = broken || !stored(height) || application != before(facts, height);
        application = height;
    }
    void carry_out(const RecoveryPlan& plan) {
        if (plan.init_chain) broken = broken || application != 0;
        broken = broken || plan.init_chain != (facts.application_height == 0);
        broken = broken || plan.init_chain_decides != (plan.init_chain && state == 0);
        for (std::int64_t h = plan.replay_first; h <= plan.replay_last; ++h) show(h);
        if (plan.last_block == LastBlock::nothing) return;
        const std::int64_t newest = facts.store_height;
        broken = broken || state != before(facts, newest);
        if (plan.last_block == LastBlock::execute) {
            show(newest);
        } else {
            broken = broken || !facts.answer_stored || application != newest;
        }
        state = newest;
    }
};

TEST(Recovery, EveryPlanEndsWithAllAtOneHeight) {
    std::size_t plans = 0;
    walk([&](const Facts& facts) {
        const auto plan = plan_recovery(facts);
        if (!plan) return;
        ++plans;
        ToyNode node(facts);
        node.carry_out(*plan);
        const std::int64_t end = facts.store_height == 0 ? facts.state_height : facts.store_height;
        ASSERT_FALSE(node.broken) << to_text(plan->handshake);
        ASSERT_EQ(node.application, end) << to_text(plan->handshake);
        ASSERT_EQ(node.state, end) << to_text(plan->handshake);
        ASSERT_EQ(plan->height, end);
        if (plan->log_action == LogAction::replay_from_marker) {
            // The marker must be in the log: the newest one, or the one before it.
            ASSERT_EQ(facts.log, Log::marker);
            ASSERT_TRUE(facts.log_height == end || before(facts, facts.log_height) == end);
        }
    });
    EXPECT_GT(plans, 1'000u);
}

/// Whether a crash during execution.h's order, on a disk that keeps what was synced and any part
/// of the rest, can leave these facts behind. Written from the order, not from the table.
bool a_crash_can_leave(const Facts& facts) {
    const auto next = [&](std::int64_t h) { return h == 0 ? facts.initial_height : h + 1; };
    if (facts.log != Log::marker) return false;
    if (facts.store_base != (facts.store_height == 0 ? 0 : facts.initial_height)) return false;
    for (std::int64_t done : {std::int64_t{0}, facts.initial_height, facts.initial_height + 1,
                              facts.initial_height + 2}) {
        // `done` was executed whole, and a later barrier has followed or not; `now` is on its way.
        const std::int64_t now = next(done);
        const auto either = [](std::int64_t x, std::int64_t a, std::int64_t b) {
            return x == a || x == b;
        };
        const bool levels = facts.application_height == done || facts.application_height == now;
        if (!levels) continue;
        if (facts.application_height == now) {
            // Commit came after the barrier: block, marker, answer are there; the state may be
            // lost.
            if (facts.store_height == now && facts.log_height == now && facts.answer_stored &&
                either(facts.state_height, done, now))
                return true;
            continue;
        }
        if (facts.state_height == done && either(facts.store_height, done, now) &&
            either(facts.log_height, done, now))
            return true;
        // The application may not have written its own Commit through yet: it comes up with the
        // height before, though the node saved the state.
        if (facts.state_height == now && facts.store_height == now && facts.log_height == now)
            return true;
    }
    return false;
}

TEST(Recovery, WhateverACrashLeavesIsRecovered) {
    std::set<std::string> met;
    walk([&](const Facts& facts) {
        if (!a_crash_can_leave(facts)) return;
        const auto plan = plan_recovery(facts);
        ASSERT_TRUE(plan) << plan.error().check << ": " << plan.error().why;
        met.insert(std::string(to_text(plan->handshake)) + "/" + std::string(to_text(plan->log)));
    });
    EXPECT_EQ(met, (std::set<std::string>{
                       "no_blocks/level", "no_blocks/one_above", "all_level/level",
                       "all_level/one_above", "app_behind/level", "block_not_executed/level",
                       "block_not_executed/one_below", "answer_to_be_used/level"}));
}

TEST(Recovery, ARefusalSaysWhatWasFoundAndWhatToDo) {
    walk([&](const Facts& facts) {
        const auto plan = plan_recovery(facts);
        if (plan) return;
        const std::string& why = plan.error().why;
        ASSERT_TRUE(plan.error().check.starts_with("recovery."));
        ASSERT_NE(why.find("Heights: blocks"), std::string::npos);
        ASSERT_TRUE(why.find("estore") != std::string::npos ||
                    why.find("emove") != std::string::npos)
            << why;
    });
}

std::string row(const Facts& facts) {
    const auto plan = plan_recovery(facts);
    if (!plan) return plan.error().check;
    return std::string(to_text(plan->handshake)) + "/" + std::string(to_text(plan->log));
}

// ---- Cases that somebody would ask about, by name.

TEST(Recovery, CasesByName) {
    // initial, base, S, T, A, answer, log, L
    EXPECT_EQ(row({1, 0, 0, 0, 0, false, Log::missing, 0}), "no_blocks/fresh");
    EXPECT_EQ(row({1, 0, 0, 0, 3, false, Log::missing, 0}), "recovery.no_blocks_app_differs");
    EXPECT_EQ(row({1, 1, 9, 9, 0, false, Log::marker, 9}), "app_behind/level");
    EXPECT_EQ(row({1, 4, 9, 9, 0, false, Log::marker, 9}), "recovery.app_below_base");
    EXPECT_EQ(row({1, 4, 9, 9, 3, false, Log::marker, 9}), "app_behind/level");
    EXPECT_EQ(row({1, 4, 9, 9, 2, false, Log::marker, 9}), "recovery.app_below_base");
    EXPECT_EQ(row({1, 1, 9, 8, 8, true, Log::marker, 9}), "block_not_executed/level");
    EXPECT_EQ(row({1, 1, 9, 8, 9, true, Log::marker, 9}), "answer_to_be_used/level");
    EXPECT_EQ(row({1, 1, 9, 8, 9, false, Log::marker, 9}), "recovery.answer_missing");
    EXPECT_EQ(row({1, 1, 9, 7, 7, false, Log::marker, 9}), "recovery.state_too_far_below");
    EXPECT_EQ(row({1, 1, 9, 10, 9, false, Log::marker, 9}), "recovery.state_above_store");
    EXPECT_EQ(row({1, 1, 9, 9, 10, false, Log::marker, 9}), "recovery.app_above_store");
    // A chain that begins at 1000, with its first block in the store.
    EXPECT_EQ(row({1000, 1000, 1000, 0, 0, false, Log::marker, 0}), "block_not_executed/one_below");
    EXPECT_EQ(row({1000, 1000, 1000, 0, 999, false, Log::marker, 0}), "recovery.facts_absurd");
    // Synchronised by snapshot.
    EXPECT_EQ(row({1, 0, 0, 500, 500, false, Log::missing, 0}), "no_blocks_state_synced/fresh");
    EXPECT_EQ(row({1, 0, 0, 500, 500, false, Log::marker, 500}), "no_blocks_state_synced/level");
    EXPECT_EQ(row({1, 501, 501, 500, 500, false, Log::marker, 500}),
              "block_not_executed/one_below");
    // The log.
    EXPECT_EQ(row({1, 1, 9, 9, 9, false, Log::missing, 0}), "recovery.missing");
    EXPECT_EQ(row({1, 1, 9, 9, 9, false, Log::no_marker, 0}), "all_level/without_marker");
    EXPECT_EQ(row({1, 1, 9, 9, 9, false, Log::marker, 7}), "recovery.too_far_below");
    EXPECT_EQ(row({1, 1, 9, 9, 9, false, Log::marker, 8}), "all_level/one_below");
    EXPECT_EQ(row({1, 1, 9, 9, 9, false, Log::marker, 10}), "all_level/one_above");
    EXPECT_EQ(row({1, 1, 9, 9, 9, false, Log::marker, 11}), "recovery.too_far_above");
    EXPECT_EQ(row({1, 0, 0, 0, 0, false, Log::marker, 11}), "no_blocks/blocks_removed");
}

TEST(Recovery, ANewMemoryIsSaid) {
    EXPECT_TRUE(plan_recovery({1, 0, 0, 0, 0, false, Log::missing, 0})->memory_is_new);
    EXPECT_TRUE(plan_recovery({1, 0, 0, 500, 500, false, Log::missing, 0})->memory_is_new);
    EXPECT_FALSE(plan_recovery({1, 1, 9, 9, 9, false, Log::no_marker, 0})->memory_is_new);
    EXPECT_FALSE(plan_recovery({1, 1, 9, 9, 9, false, Log::marker, 9})->memory_is_new);
}

TEST(Recovery, HashesAreCompared) {
    EXPECT_TRUE(compare_application_hash(Hash({1}), Hash({1}), 5));
    const auto verdict = compare_application_hash(Hash({1}), Hash({2}), 5);
    ASSERT_FALSE(verdict);
    EXPECT_NE(verdict.error().why.find("height 5"), std::string::npos);
}

}  // namespace
}  // namespace tandem::chain
