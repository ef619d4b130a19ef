// A node as RPC sees it, in a network under a virtual clock: what is published, and what the index
// holds.
#include "node/rpc_environment.h"

#include <gtest/gtest.h>

#include "rpc/testing.h"
#include "tests/node/virtual_network.h"

namespace tandem::testing {
namespace {

std::int64_t height_in(std::string_view json) {
    const std::string_view name = "\"height\":\"";
    const std::size_t at = json.find(name);
    return at == std::string_view::npos ? -1
                                        : std::stoll(std::string(json.substr(at + name.size())));
}

class RpcEnvironmentTest : public ::testing::Test {
  protected:
    /// Watches the first node. REQUIRES: it runs.
    void watch() {
        environment.emplace(node::RpcEnvironment::Parts{.node = network[0].node(),
                                                        .engine = network[0].parts(),
                                                        .local = network[0].local(),
                                                        .bus = bus,
                                                        .indexer = indexer,
                                                        .genesis = network.genesis,
                                                        .listeners = {}});
        network[0].node().add_observer(*environment);
        environment->recovered();
    }
    void commit(std::string_view tx) {
        ASSERT_TRUE(network[0].submit(tx));
        const std::int64_t height = network[0].height();
        ASSERT_TRUE(network.run_until([&] { return network[0].height() >= height + 3; }));
    }
    [[nodiscard]] bool is_found(std::string_view tx) const {
        return indexer.find_tx(base::view(types::hash_of_tx(base::as_bytes(tx))))->has_value();
    }

    VirtualNetwork network{4, 4};
    rpc::MemoryIndexStorage storage;
    rpc::KeyValueIndexer indexer{storage};
    rpc::EventBus bus{{}};
    std::optional<node::RpcEnvironment> environment;
};

TEST_F(RpcEnvironmentTest, WhatIsPublishedCanBeFoundAndStaysInOrder) {
    network.start_all();
    watch();
    std::int64_t block = 0, not_found = 0, early = 0, steps = 0;
    const auto query = rpc::Query::parse("tm.event EXISTS");
    ASSERT_TRUE(bus.subscribe("me", *query,
                              {[&](const rpc::PublishedEvent& event) {
                                   const auto is = [&](std::string_view type) {
                                       return event.events->contains(type);
                                   };
                                   if (is("\"NewBlock\"")) block = height_in(*event.data);
                                   if (is("\"Tx\"") && !is_found("name=satoshi")) ++not_found;
                                   if (is("\"NewRoundStep\"")) {
                                       ++steps;
                                       if (block > 0 && height_in(*event.data) != block + 1)
                                           ++early;
                                   }
                                   return true;
                               },
                               [](std::string_view) {}}));
    commit("name=satoshi");
    EXPECT_TRUE(is_found("name=satoshi"));
    EXPECT_EQ(not_found, 0);
    EXPECT_GT(block, 1);
    EXPECT_GT(steps, 3 * block);
    EXPECT_EQ(early, 0) << "a step of a height was told before the block below it";
}

TEST_F(RpcEnvironmentTest, SaysWhatConnectionsCarried) {
    network.start_all();
    watch();
    ASSERT_TRUE(network.run_to_height(3));
    const rpc::NetInfo info = environment->net_info();
    ASSERT_EQ(info.peers.size(), 3U);
    for (const rpc::PeerStatus& peer : info.peers) {
        EXPECT_GT(peer.sent.samples, 10);
        EXPECT_GT(peer.received.bytes, 10 * peer.received.samples);
        EXPECT_GT(peer.received.rate_average, 0);
        EXPECT_LE(peer.sent.rate_average, peer.sent.bytes);
        EXPECT_EQ(peer.sent.duration.nanos, peer.duration.nanos);
        const auto votes = std::ranges::find(peer.channels, 0x22, &rpc::ChannelStatus::id);
        ASSERT_NE(votes, peer.channels.end());
        EXPECT_GT(votes->recently_sent, 0);
    }
}

TEST_F(RpcEnvironmentTest, IndexesWhatAProcessBeforeDidNot) {
    network.start_all();
    watch();
    ASSERT_TRUE(network.run_to_height(3));
    const std::int64_t indexed = network[0].height();
    environment.reset();
    network[0].kill();
    network[0].start();
    commit("name=satoshi");  // nobody watches
    EXPECT_FALSE(is_found("name=satoshi"));
    EXPECT_EQ(indexer.newest_block(1), indexed);
    watch();
    EXPECT_TRUE(is_found("name=satoshi"));
    EXPECT_EQ(indexer.newest_block(1), network[0].height());
    EXPECT_EQ(indexer.search_blocks(*rpc::Query::parse("block.height>0"))->size(),
              static_cast<std::size_t>(network[0].height()));
}

TEST_F(RpcEnvironmentTest, KeepsTheResultsOfBlocksThatArePruned) {
    network.retain_blocks = 3;
    network.start_all();
    watch();
    ASSERT_TRUE(network.run_to_height(1));
    commit("name=satoshi");
    const auto place =
        indexer.find_tx(base::view(types::hash_of_tx(base::as_bytes("name=satoshi"))));
    ASSERT_TRUE(place && *place);
    EXPECT_FALSE(*indexer.kept_tx(**place));
    ASSERT_TRUE(network.run_until([&] { return network[0].blocks().base() > (*place)->height; }));
    const auto kept = indexer.kept_tx(**place);
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ(base::as_text((*kept)->tx), "name=satoshi");
    EXPECT_EQ((*kept)->result.events.size(), 2U);
}

}  // namespace
}  // namespace tandem::testing
