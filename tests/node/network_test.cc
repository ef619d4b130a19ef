// Whole nodes, the real wire between them, under a virtual clock.
#include <gtest/gtest.h>
#include <set>

#include "p2p/testing.h"
#include "tests/node/heard_application.h"
#include "tests/node/virtual_network.h"
#include "types/decode.h"
#include "types/mempool_messages.h"

namespace tandem::testing {
namespace {

void expect_same_chain(VirtualNetwork& network, std::int64_t height) {
    const auto first = network[0].blocks().meta(height);
    ASSERT_TRUE(first);
    for (std::size_t i = 1; i < network.size(); ++i) {
        if (!network[i].running()) continue;
        const auto other = network[i].blocks().meta(height);
        ASSERT_TRUE(other) << "node " << i;
        EXPECT_EQ(other->block_id, first->block_id) << "node " << i;
    }
}

TEST(Network, OneValidatorMakesBlocks) {
    VirtualNetwork network(1, 1);
    network.start_all();
    EXPECT_TRUE(network.run_to_height(5));
}

TEST(Network, FourValidatorsAgree) {
    VirtualNetwork network(4, 4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(10));
    for (std::int64_t height = 1; height <= 10; ++height) expect_same_chain(network, height);
    EXPECT_EQ(network[0].node().peers().size(), 3U);
}

TEST(Network, OneThatOnlyWatchesFollows) {
    VirtualNetwork network(5, 4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(10));
    expect_same_chain(network, 10);
}

TEST(Network, TransactionsTravelAndAreExecuted) {
    VirtualNetwork network(4, 4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(1));
    ASSERT_TRUE(network[2].submit("name=satoshi"));
    ASSERT_TRUE(network.run_until([&] {
        for (std::size_t i = 0; i < network.size(); ++i)
            if (network[i].node().engine().state().app_hash == types::Hash{}) return false;
        return network[0].node().mempool().size() == 0 && network[0].height() > 1 &&
               network[0].blocks().block(network[0].height())->header.app_hash !=
                   network[0].blocks().block(1)->header.app_hash;
    }));
    EXPECT_EQ(network[2].node().mempool().size(), 0U);
}

TEST(Network, KilledValidatorComesBackAndCatchesUp) {
    VirtualNetwork network(4, 4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    network[3].crash();
    ASSERT_TRUE(network.run_to_height(8));
    network[3].start();
    ASSERT_EQ(network[3].refusal(), "");
    ASSERT_TRUE(network.run_to_height(12));
    expect_same_chain(network, 12);
}

TEST(Network, WholeNetworkKilledAtOnceGoesOn) {
    VirtualNetwork network(4, 4);
    network.start_all();
    for (std::int64_t height = 2; height <= 20; height += 2) {
        ASSERT_TRUE(network.run_to_height(height));
        for (std::size_t i = 0; i < network.size(); ++i) network[i].crash();
        network.start_all();
        for (std::size_t i = 0; i < network.size(); ++i) ASSERT_EQ(network[i].refusal(), "");
    }
    ASSERT_TRUE(network.run_to_height(22));
    expect_same_chain(network, 22);
}

/// The process ends while its application executes a block.
struct Killed {};
class KillingApplication final : public HeardApplication {
  public:
    /// At block `in` from now on; 0: never.
    KillingApplication(abci::Application& inner, std::vector<abci::Request>& heard, int& in)
        : HeardApplication(inner, heard), in_(in) {}
    abci::ResponseFinalizeBlock finalize_block(const abci::RequestFinalizeBlock& request) override {
        if (in_ > 0 && --in_ == 0) throw Killed();
        return HeardApplication::finalize_block(request);
    }

  private:
    int& in_;
};

/// Nodes 0 to 2 decide the blocks; node 3 is told of votes and fetches what it missed.
class KilledWhileItExecutes : public ::testing::TestWithParam<bool> {
  protected:
    VirtualNetwork network{4, 3};
    std::vector<abci::Request> heard;
    int kills_in = 0;

    void SetUp() override {
        network.around_application = [this](std::size_t node, abci::Application& inner) {
            return std::make_unique<KillingApplication>(inner, heard, node == 3 ? kills_in : never);
        };
        network.start_all();
        ASSERT_TRUE(network.run_to_height(3));
    }
    /// By the power, or by kill -9.
    void end() { GetParam() ? network[3].crash() : network[3].kill(); }
    void expect_it_comes_back() {
        network[3].start();
        ASSERT_EQ(network[3].refusal(), "");
        const std::int64_t height = network[0].height() + 3;
        ASSERT_TRUE(network.run_to_height(height));
        expect_same_chain(network, height);
    }

  private:
    int never = 0;
};

TEST_P(KilledWhileItExecutes, InConsensus) {
    for (kills_in = 1; network[0].height() < 40;) {
        const int blocks = kills_in;
        EXPECT_THROW((void)network.run_to_height(network[0].height() + blocks + 1), Killed);
        end();
        expect_it_comes_back();
        kills_in = blocks % 4 + 1;
    }
}

TEST_P(KilledWhileItExecutes, InBlockSync) {
    for (int fetched = 1; fetched <= 4; ++fetched) {
        end();
        ASSERT_TRUE(network.run_to_height(network[0].height() + 20));
        network[3].start();
        kills_in = fetched;
        EXPECT_THROW((void)network.run_to_height(network[0].height() + 2), Killed);
        EXPECT_FALSE(network[3].node().engine().consensus_runs());
        end();
        expect_it_comes_back();
    }
}

INSTANTIATE_TEST_SUITE_P(Network, KilledWhileItExecutes, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& by) {
                             return by.param ? "Power" : "Kill";
                         });

TEST(Network, EachPartAndTransactionComesToANodeOnce) {
    VirtualNetwork network(4, 4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    const auto twice = [&] {
        std::uint64_t times = 0;
        for (std::size_t i = 0; i < network.size(); ++i)
            times += network[i].node().engine().duplicates().parts +
                     network[i].node().mempool().counts().seen;
        return times;
    };
    const std::uint64_t before = twice();  // they did not know each other's peers at first
    for (std::size_t i = 0; i < 40; ++i) {
        ASSERT_TRUE(
            network[i % 4].submit("key" + std::to_string(i) + "=" + std::string(9000, 'x')));
        ASSERT_TRUE(network.run_to_height(network[0].height() + 1));
    }
    EXPECT_EQ(twice(), before);
    for (std::size_t i = 0; i < network.size(); ++i)
        EXPECT_EQ(network[i].node().mempool().counts().taken_bytes.count(), 40U) << "node " << i;
}

/// Four validators, of whom nodes 0 and 3 are neighbours, and yet what 0 says comes to 3 late.
class LateNeighbour : public ::testing::Test {
  protected:
    VirtualNetwork network{4, 4};

    void begin(std::chrono::milliseconds timeout_commit) {
        network.timeouts.timeout_commit = {std::chrono::nanoseconds(timeout_commit).count()};
        network.start_all();
        ASSERT_TRUE(network.run_to_height(3));
        network.flight_between = [](std::size_t from, std::size_t to) {
            return from == 0 && to == 3 ? Time(std::chrono::hours(1)) : Time(1'000'000);
        };
    }
};

TEST_F(LateNeighbour, PartsAndVotesComeFromTheOthers) {
    begin(std::chrono::milliseconds(100));
    const Time before = network.clock.now();
    ASSERT_TRUE(network.run_to_height(network[3].height() + 20));
    // Per height: the pause after it, and what node 3 was spared of its proposal, prevote and
    // precommit.
    EXPECT_LE(network.clock.now() - before,
              20 * Time(std::chrono::milliseconds(100 + 3 * 100 + 20)));
    expect_same_chain(network, network[3].height());
}

TEST_F(LateNeighbour, TransactionsComeFromTheOthersOnceItIsGone) {
    begin(std::chrono::seconds(30));
    const std::int64_t height = network[3].height();
    ASSERT_TRUE(network[0].submit("key=value"));
    const auto got_it = [&](std::size_t node) {
        return network[node].node().mempool().size() == 1;
    };
    ASSERT_TRUE(network.run_until([&] { return got_it(1) && got_it(2); }));
    EXPECT_FALSE(network.run_until([&] { return got_it(3); }, std::chrono::seconds(5)));
    network[0].crash();
    EXPECT_TRUE(network.run_until([&] { return got_it(3); }, std::chrono::seconds(5)));
    EXPECT_EQ(network[3].height(), height) << "before the next block";
}

TEST(Network, BarriersPerHeight) {
    VirtualNetwork network(4, 4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(2));
    const auto barriers = [&](std::size_t i) {
        return network[i].log().barriers() + network[i].database().syncs();
    };
    std::size_t before = 0;
    for (std::size_t i = 0; i < 4; ++i) before += barriers(i);
    const std::int64_t from = network[0].height();
    ASSERT_TRUE(network.run_to_height(from + 40));
    std::size_t after = 0;
    for (std::size_t i = 0; i < 4; ++i) after += barriers(i);
    // Three a height and node, and one more at the proposer: 13 for four nodes.
    EXPECT_LE(after - before, 40U * 13U + 13U);
}

// ---- Seats

TEST(SeatsNetwork, HealthySeatsStayWhereTheyAre) {
    VirtualNetwork network(VirtualNetwork::Seats{});
    network.start_all();
    ASSERT_TRUE(network.run_to_height(30));
    for (std::size_t i = 0; i < network.size(); ++i)
        EXPECT_EQ(network[i].is_validator(), i % 2 == 0) << "node " << i;
    expect_same_chain(network, 30);
}

TEST(SeatsNetwork, StandbyTakesOverAndTheOldValidatorComesBackAsStandby) {
    VirtualNetwork network(VirtualNetwork::Seats{});
    network.start_all();
    ASSERT_TRUE(network.run_to_height(10));
    network[0].crash();
    ASSERT_TRUE(network.run_until([&] { return network[1].is_validator(); }));
    const std::int64_t decided = network[1].height();
    ASSERT_TRUE(network.run_to_height(decided + 10));
    network[0].start();
    ASSERT_EQ(network[0].refusal(), "");
    ASSERT_TRUE(network.run_to_height(decided + 30));
    EXPECT_FALSE(network[0].is_validator());
    EXPECT_TRUE(network[1].is_validator());
    expect_same_chain(network, decided + 30);
    // And back again.
    network[1].crash();
    ASSERT_TRUE(network.run_until([&] { return network[0].is_validator(); }));
}

TEST(SeatsNetwork, FromTheFirstRecordThatCallsItDeadSevenCommitsLackTheSeat) {
    VirtualNetwork network(VirtualNetwork::Seats{});
    network.start_all();
    ASSERT_TRUE(network.run_to_height(10));
    network[0].crash();
    ASSERT_TRUE(network.run_until([&] { return network[1].is_validator(); }));
    ASSERT_TRUE(network.run_to_height(network[1].height() + 5));
    const auto address = [&](std::size_t node) { return crypto::address(network[node].key()); };
    std::int64_t effective = 10;  // first height whose set has the standby
    while (network[1].validators(effective)->find(base::view(address(1))) == nullptr) ++effective;
    const auto signed_by_seat = [&](std::int64_t height) {
        const auto commit = network[1].blocks().canonical_commit(height);
        const auto set = network[1].validators(height);
        const auto index = set->index_of(base::view(address(height < effective ? 0 : 1))).value();
        return commit->signatures[index].block_id_flag == types::BlockIdFlag::commit;
    };
    for (std::int64_t height = effective - (5 + 2); height < effective; ++height)
        EXPECT_FALSE(signed_by_seat(height)) << height;
    EXPECT_TRUE(signed_by_seat(effective) || signed_by_seat(effective + 1));
}

/// The transactions that a stranger was sent and that are heartbeats.
std::vector<base::Bytes> heartbeats_heard(const Stranger& stranger) {
    std::vector<base::Bytes> found;
    for (const types::ChannelMessage& heard : stranger.heard) {
        if (heard.channel != static_cast<std::uint8_t>(types::ChannelId::mempool)) continue;
        const auto message = types::decode_checked<types::MempoolMessage>(heard.message);
        if (!message) continue;
        for (const base::BytesView tx : std::get<types::MempoolTxs>(message->sum).txs)
            if (seats::classify(tx) == seats::TxKind::heartbeat)
                found.push_back(base::to_bytes(tx));
    }
    return found;
}

TEST(SeatsNetwork, AnEngineWithoutTheChannelGetsAndGivesHeartbeatsAsTransactions) {
    VirtualNetwork network(VirtualNetwork::Seats{});
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    const auto key = std::make_shared<p2p::testing::FixedKey>(200);
    Stranger stranger(network, network[0], key, Stranger::good_info(network, *key));
    std::set<base::Bytes> senders;
    ASSERT_TRUE(network.run_until([&] {
        for (const base::Bytes& tx : heartbeats_heard(stranger))
            senders.insert(seats::decode_heartbeat(tx)->node_address);
        return senders.size() == network.size();
    })) << "one of every node, standbys included";

    // It says one back: the node knows it already, and its mempool stays empty.
    const auto before = network[0].node().heartbeats();
    const base::Bytes heartbeat = heartbeats_heard(stranger).back();
    const base::BytesView one[] = {heartbeat};
    types::MempoolMessage message;
    message.sum = types::MempoolTxs{wire::Txs::copy_of(one)};
    stranger.say(static_cast<std::uint8_t>(types::ChannelId::mempool), wire::encode(message));
    ASSERT_TRUE(network.run_until([&] {
        const auto now = network[0].node().heartbeats();
        return now.known + now.refused > before.known + before.refused;
    }));
    EXPECT_EQ(network[0].node().mempool().size(), 0U);
    EXPECT_FALSE(stranger.closed());
}

}  // namespace
}  // namespace tandem::testing
