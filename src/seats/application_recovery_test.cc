// Start after a crash at any point (seats page, section 5): before the application's Commit for H,
// the states after H and after H-1 are durable, so whichever of the two heights the application
// kept, seats goes on from there.
#include <gtest/gtest.h>

#include "seats/test_application.h"

namespace tandem::seats {
namespace {

using test::Rig;

/// The refusal's check, or "".
std::string recover(Rig& rig) {
    const Verdict verdict = rig.seats->recover();
    return verdict ? "" : verdict.error().check;
}

TEST(Recovery, NothingStoredAndNothingDoneIsAFirstStart) {
    Rig rig;
    EXPECT_EQ(recover(rig), "");
    EXPECT_EQ(rig.seats->info({}).last_block_height, 0);
}

TEST(Recovery, AfterInitChainAloneItIsAFirstStartAgain) {
    Rig rig;
    (void)rig.init_chain();
    rig.start();
    EXPECT_EQ(recover(rig), "");
    EXPECT_EQ(rig.seats->info({}).last_block_height, 0);
    (void)rig.init_chain();
    rig.blocks(3);
}

TEST(Recovery, TheApplicationCommitted) {
    Rig rig;
    (void)rig.init_chain();
    rig.blocks(7);
    const State state = rig.seats->state();
    const abci::ResponseInfo before = rig.seats->info({});
    rig.start();
    EXPECT_EQ(recover(rig), "");
    EXPECT_EQ(rig.seats->state(), state);
    const abci::ResponseInfo info = rig.seats->info({});
    EXPECT_EQ(info.last_block_height, 7);
    EXPECT_EQ(info.last_block_app_hash, before.last_block_app_hash);
    EXPECT_EQ(info.app_version, 7U) << "the rest is the application's own word";
    rig.blocks(3);
}

TEST(Recovery, TheApplicationDiedInItsCommit) {
    Rig rig;
    (void)rig.init_chain();
    rig.blocks(6);
    const State before = rig.seats->state();
    const Bytes hash_before = rig.seats->info({}).last_block_app_hash;
    const auto request = rig.finalize_request(rig.propose({rig.admin_tx("alpha", Pause{})}));
    rig.app->dies_in_commit = true;
    const auto first = rig.execute(request);
    rig.start();
    EXPECT_EQ(recover(rig), "");
    EXPECT_EQ(rig.seats->state(), before);
    const abci::ResponseInfo info = rig.seats->info({});
    EXPECT_EQ(info.last_block_height, 6);
    EXPECT_EQ(info.last_block_app_hash, hash_before);
    EXPECT_EQ(rig.execute(request), first) << "the same block gives the same answer";
    rig.blocks(3);
}

TEST(Recovery, AnswerAndBothStatesAreDurableBeforeTheApplicationsCommit) {
    Rig rig;
    (void)rig.init_chain();
    rig.blocks(2);
    const State before = rig.seats->state();
    const std::size_t saves = rig.store.saves;
    const auto request = rig.finalize_request(rig.propose({Rig::app_tx("x")}));
    const auto answer = rig.seats->finalize_block(request);
    EXPECT_EQ(rig.store.saves, saves) << "nothing lasts before Commit";
    EXPECT_EQ(rig.seats->state(), before);
    rig.app->dies_in_commit = true;
    (void)rig.seats->commit({});
    ASSERT_EQ(rig.store.saves, saves + 1);
    EXPECT_EQ(rig.store.point->before, before);
    EXPECT_EQ(rig.store.point->after.height, 3);
    EXPECT_EQ(rig.store.point->answer.tx_results.size(), 1U)
        << "the application's own, not what the engine sees";
    EXPECT_EQ(rig.store.point->after.recent_blocks.back().app_hash, types::Hash(answer.app_hash));
}

TEST(Recovery, CrashBetweenFinalizeBlockAndCommitLeavesTheStateBefore) {
    Rig rig;
    (void)rig.init_chain();
    rig.blocks(4);
    const State before = rig.seats->state();
    const auto request = rig.finalize_request(rig.propose());
    const auto first = rig.seats->finalize_block(request);
    rig.start();
    EXPECT_EQ(recover(rig), "");
    EXPECT_EQ(rig.seats->state(), before);
    EXPECT_EQ(rig.seats->finalize_block(request).app_hash, first.app_hash);
}

TEST(Recovery, TheFirstBlockWhateverTheInitialHeight) {
    for (const std::int64_t initial_height : {1, 10}) {
        Rig rig(initial_height);
        (void)rig.init_chain();
        rig.app->dies_in_commit = true;
        const auto request = rig.finalize_request(rig.propose());
        const auto first = rig.execute(request);
        rig.start();  // the application knows nothing, seats the first block
        EXPECT_EQ(recover(rig), "") << initial_height;
        EXPECT_EQ(rig.seats->info({}).last_block_height, 0) << "so the engine says InitChain again";
        (void)rig.init_chain();
        EXPECT_EQ(rig.execute(request), first);
        rig.blocks(2);
        rig.start();
        EXPECT_EQ(recover(rig), "");
        EXPECT_EQ(rig.seats->info({}).last_block_height, initial_height + 2);
    }
}

TEST(Recovery, HeightsThatNoCrashLeavesAreRefusedWithAWayOut) {
    for (const std::int64_t height : {1, 4, 7, 100}) {
        Rig rig;
        (void)rig.init_chain();
        rig.blocks(6);
        rig.disk.height = height;
        rig.start();
        const Verdict verdict = rig.seats->recover();
        ASSERT_FALSE(verdict) << height;
        EXPECT_EQ(verdict.error().check, "seats.recover");
        EXPECT_NE(verdict.error().why.find("Restore"), std::string::npos);
    }
    Rig rig;
    (void)rig.init_chain();
    rig.blocks(3);
    rig.store.point.reset();
    rig.start();
    EXPECT_EQ(recover(rig), "seats.recover") << "the application is ahead of nothing";
}

TEST(Recovery, AnApplicationThatLostEverythingGetsEveryBlockAgain) {
    Rig rig;
    (void)rig.init_chain();
    std::vector<abci::RequestFinalizeBlock> chain;
    std::vector<abci::ResponseFinalizeBlock> answers;
    for (int i = 0; i < 6; ++i) {
        chain.push_back(rig.finalize_request(rig.propose()));
        answers.push_back(rig.execute(chain.back()));
    }
    const State state = rig.seats->state();
    rig.disk = {};
    rig.start();
    EXPECT_EQ(recover(rig), "");
    EXPECT_EQ(rig.seats->info({}).last_block_height, 0);
    (void)rig.init_chain();
    for (std::size_t i = 0; i < chain.size(); ++i)
        EXPECT_EQ(rig.execute(chain[i]), answers[i]) << i;
    EXPECT_EQ(rig.seats->state(), state);
    rig.start();
    EXPECT_EQ(recover(rig), "") << "the states of the first life are gone";
    EXPECT_EQ(rig.seats->state(), state);
}

TEST(Recovery, AfterARestoredSnapshotOnlyItsHeightWillDo) {
    Rig rig;
    (void)rig.init_chain();
    rig.blocks(6);
    rig.store.point->before = rig.store.point->after;  // as a restore leaves it
    rig.disk.height = 5;
    rig.start();
    EXPECT_EQ(recover(rig), "seats.recover");
    rig.disk.height = 6;
    rig.start();
    EXPECT_EQ(recover(rig), "");
}

}  // namespace
}  // namespace tandem::seats
