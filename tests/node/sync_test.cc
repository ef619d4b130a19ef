// How a node comes to where the others are: by a snapshot, or by blocks after it fell behind.
#include <gtest/gtest.h>

#include "ledger/share_testing.h"
#include "p2p/testing.h"
#include "tests/node/virtual_network.h"

namespace tandem::testing {
namespace {

namespace share = ledger::share;

/// Four seats of two nodes that share records; node 1, a standby, does not run yet.
class StateSync : public ::testing::Test {
  protected:
    static constexpr std::size_t newcomer = 1;
    VirtualNetwork network{VirtualNetwork::Seats{.share_snapshot_interval = 20}};
    std::uint64_t nonce = 0;

    void SetUp() override {
        for (std::size_t i = 0; i < network.size(); ++i)
            if (i != newcomer) network[i].start();
        ASSERT_TRUE(network.run_to_height(2));
        for (std::int64_t height = 4; height <= 60; height += 2) {
            write("record " + std::to_string(height));
            ASSERT_TRUE(network.run_to_height(height));
        }
        network[newcomer].begin_with_snapshot({2, 4}, 5);
    }
    void write(const std::string& key) {
        const base::Bytes value(1'000, 'v');
        const base::Bytes tx = share::test::signed_tx(
            "acme/w", ++nonce, share::Put{"open", share::test::bytes(key), value, 0});
        const auto answer = network[2].submit(base::as_text(tx));
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->code, 0U) << answer->log;
    }
    VirtualNode& node() { return network[newcomer]; }
    bool is_in_step() {
        return node().running() && !node().node().syncs_state() &&
               node().node().engine().consensus_runs() &&
               node().height() >= network[2].height() - 1 && node().height() > 60;
    }
    void expect_in_step() {
        ASSERT_TRUE(network.run_until([&] { return is_in_step(); }));
        EXPECT_EQ(node().refusal(), "");
        EXPECT_TRUE(node().reported("restored the snapshot of height"));
        EXPECT_GT(node().blocks().base(), 20);
        const std::int64_t height = node().height() + 3;
        ASSERT_TRUE(network.run_to_height(height));
        EXPECT_EQ(node().blocks().meta(height)->header, network[2].blocks().meta(height)->header);
    }
};

TEST_F(StateSync, AStandbyJoinsByASnapshotAndTakesItsSeatOver) {
    node().start();
    expect_in_step();
    EXPECT_FALSE(node().is_validator());
    network[0].crash();
    ASSERT_TRUE(network.run_until([&] { return node().is_validator(); }));
    const std::int64_t height = node().height();
    const auto own = crypto::address(node().key());
    ASSERT_TRUE(network.run_until([&] {
        for (std::int64_t at = height; at < node().height(); ++at)
            for (const types::CommitSig& signature :
                 node().blocks().canonical_commit(at)->signatures)
                if (signature.validator_address == own &&
                    signature.block_id_flag == types::BlockIdFlag::commit)
                    return true;
        return false;
    })) << "it never signed";
    write("after the switch");
    ASSERT_TRUE(network.run_to_height(node().height() + 5));
}

TEST_F(StateSync, AfterACrashAtAnyMomentItBeginsAnewOrGoesOn) {
    for (const char* const moment :
         {"looking for snapshots", "verifying the snapshot", "is offered to the application",
          "restored chunk", "restored the snapshot of height", "consensus goes on"}) {
        node().reports.clear();
        if (!node().running()) node().start();
        ASSERT_TRUE(network.run_until([&] { return node().reported(moment); })) << moment;
        node().crash();
        node().start();
        EXPECT_EQ(node().refusal(), "") << moment;
    }
    ASSERT_TRUE(network.run_until([&] { return is_in_step(); }));
    const std::int64_t height = node().height() + 3;
    ASSERT_TRUE(network.run_to_height(height));
    EXPECT_EQ(node().blocks().meta(height)->header, network[2].blocks().meta(height)->header);
}

TEST_F(StateSync, ACrashInTheMiddleLeavesNothingBehind) {
    node().start();
    ASSERT_TRUE(network.run_until([&] { return node().reported("takes it"); }));
    node().crash();
    node().reports.clear();
    node().start();
    EXPECT_TRUE(node().reported("restore undone"));
    expect_in_step();
}

TEST_F(StateSync, WhoHasAStateDoesNotBeginWithASnapshot) {
    node().start();
    expect_in_step();
    node().crash();
    node().reports.clear();
    node().start();
    EXPECT_EQ(node().refusal(), "");
    EXPECT_FALSE(node().node().syncs_state());
    ASSERT_TRUE(network.run_until([&] { return is_in_step(); }));
}

TEST_F(StateSync, AServerThatLiesConfirmsNothing) {
    node().lie = [](std::size_t server, types::LightBlock& block) {
        if (server == 4) block.signed_header->header->time.seconds += 1;
    };
    node().start();
    ASSERT_TRUE(network.run_until([&] { return node().reported("no second server could"); }));
    EXPECT_FALSE(node().reported("is offered to the application"));
}

TEST_F(StateSync, ATrustedHashThatNobodyHasEndsTheProcess) {
    node().begin_with_snapshot({2, 4}, 5);
    node().lie = [](std::size_t, types::LightBlock& block) {
        if (block.signed_header->header->height == 5) block = {};
    };
    node().start();
    EXPECT_FALSE(network.run_until([&] { return is_in_step(); }, std::chrono::seconds(10)));
    node().crash();
    node().lie = nullptr;
    node().distrust();
    node().start();
    EXPECT_THROW(
        {
            try {
                (void)network.run_until([&] { return is_in_step(); });
            } catch (const std::runtime_error& stopped) {
                EXPECT_NE(std::string(stopped.what()).find("statesync.trust_hash"),
                          std::string::npos)
                    << stopped.what();
                throw;
            }
        },
        std::runtime_error);
}

// ---- Falling behind

TEST(FallingBehind, AValidatorThatWasCutOffFetchesBlocksAndVotesAgain) {
    VirtualNetwork network(5, 5);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    network[4].cut_off(true);
    ASSERT_TRUE(network.run_until([&] { return network[0].height() >= 500; }));
    const std::int64_t left_at = network[4].height();
    EXPECT_LT(left_at, 10);
    network[4].cut_off(false);
    ASSERT_TRUE(network.run_until([&] { return !network[4].node().peers().empty(); }));
    const Time connected_at = network.clock.now();
    ASSERT_TRUE(network.run_until([&] { return network[4].height() >= network[0].height() - 1; }));
    EXPECT_LT(network.clock.now() - connected_at, std::chrono::seconds(10));
    EXPECT_TRUE(network[4].reported("fetching blocks"));
    EXPECT_TRUE(network[4].reported("consensus goes on"));
    const std::int64_t back_at = network[4].height();
    ASSERT_TRUE(network.run_to_height(back_at + 10));
    const auto own = crypto::address(network[4].key());
    int signed_blocks = 0;
    for (std::int64_t height = back_at; height < back_at + 9; ++height)
        for (const types::CommitSig& signature :
             network[0].blocks().canonical_commit(height)->signatures)
            signed_blocks += signature.validator_address == own ? 1 : 0;
    EXPECT_GT(signed_blocks, 5);
    EXPECT_EQ(network[0].blocks().meta(back_at)->block_id,
              network[4].blocks().meta(back_at)->block_id);
    for (std::int64_t height = 1; height <= back_at; ++height)
        EXPECT_TRUE(network[0].blocks().block(height)->evidence.evidence.empty());
}

TEST(FallingBehind, WhatAPeerClaimsCostsAValidatorNoVotes) {
    VirtualNetwork network(4, 4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    const auto key = std::make_shared<p2p::testing::FixedKey>(77);
    Stranger liar(network, network[0], key, Stranger::good_info(network, *key));
    ASSERT_TRUE(network.run_until([&] { return liar.introduced(); }));
    const auto claim = [&] {
        types::ConsensusMessage step;
        step.sum = types::NewRoundStep{1'000'000 + network[0].height(), 0, 1, 0, 0};
        liar.say(0x20, wire::encode(step));
        types::BlocksyncMessage status;
        status.sum = types::StatusResponse{2'000'000, 1};
        liar.say(0x40, wire::encode(status));
    };
    const std::int64_t from = network[0].height();
    for (std::int64_t height = from; height < from + 200; ++height) {
        if (!liar.closed()) claim();
        ASSERT_TRUE(network.run_to_height(height));
    }
    EXPECT_TRUE(network[0].reported("fetching blocks"));
    const auto own = crypto::address(network[0].key());
    int missed = 0;
    for (std::int64_t height = from; height < from + 190; ++height) {
        bool has_signed = false;
        for (const types::CommitSig& signature :
             network[1].blocks().canonical_commit(height)->signatures)
            has_signed |= signature.validator_address == own;
        missed += has_signed ? 0 : 1;
    }
    EXPECT_LE(missed, 5);
}

}  // namespace
}  // namespace tandem::testing
