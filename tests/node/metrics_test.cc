// The metrics of nodes in a network under a virtual clock: what they say is what happened.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tandem/node_metrics.h"
#include "tests/node/virtual_network.h"

namespace tandem::testing {
namespace {

using program::NodeMetrics;

/// Samples of a page by what stands before the value, the label chain_id left out.
class Samples {
  public:
    explicit Samples(const NodeMetrics& metrics, const std::string& chain_id)
        : text_(metrics.text()) {
        const std::string label = fmt::format("chain_id=\"{}\"", chain_id);
        std::istringstream lines(text_);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with('#')) continue;
            const auto at = line.find(label);
            const auto space = line.rfind(' ');
            EXPECT_NE(at, std::string::npos) << line;
            if (at == std::string::npos) continue;
            std::string name = line.substr(0, at);
            const std::string rest = line.substr(at + label.size(), space - at - label.size());
            name += rest.starts_with(',') ? rest.substr(1) : rest;
            EXPECT_TRUE(values_.emplace(name, std::stod(line.substr(space))).second) << line;
        }
    }
    /// -1: not there.
    [[nodiscard]] double of(const std::string& name) const {
        const auto found = values_.find(name.ends_with('}') ? name : name + "{}");
        return found == values_.end() ? -1 : found->second;
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::map<std::string, double> values_;
};

NodeMetrics::Parts parts_of(VirtualNetwork& network, std::size_t index) {
    return {.node = network[index].node(),
            .host = network[index],
            .seats = network[index].seats(),
            .application = nullptr,
            .chain_id = network.genesis.chain_id,
            .metrics_namespace = "cometbft"};
}

TEST(Metrics, OfAValidatorSayWhatHappened) {
    VirtualNetwork network(4, 4);
    network.start_all();
    NodeMetrics metrics(parts_of(network, 0));
    network[0].node().add_observer(metrics);
    ASSERT_TRUE(network.run_to_height(1));
    ASSERT_TRUE(network[0].submit("name=satoshi"));
    EXPECT_FALSE(network[0].submit("name=satoshi"));
    EXPECT_NE(network[0].submit("no transaction of kvstore")->code, 0U);
    EXPECT_EQ(Samples(metrics, network.genesis.chain_id).of("cometbft_mempool_size"), 1);
    ASSERT_TRUE(network.run_to_height(10));

    const Samples samples(metrics, network.genesis.chain_id);
    const auto height = static_cast<double>(network[0].height());
    EXPECT_EQ(samples.of("cometbft_consensus_height"), height);
    EXPECT_EQ(samples.of("cometbft_consensus_latest_block_height"), height);
    EXPECT_EQ(samples.of("cometbft_blocksync_syncing"), 0);
    EXPECT_EQ(samples.of("cometbft_consensus_validators"), 4);
    EXPECT_EQ(samples.of("cometbft_consensus_validators_power"), 40);
    EXPECT_EQ(samples.of("cometbft_consensus_byzantine_validators"), 0);
    EXPECT_EQ(samples.of("cometbft_consensus_total_txs"), 1);
    EXPECT_EQ(samples.of("cometbft_consensus_num_txs"), 0);
    EXPECT_GT(samples.of("cometbft_consensus_block_size_bytes"), 0);
    EXPECT_EQ(samples.of("cometbft_consensus_block_interval_seconds_count"), height - 1);
    EXPECT_GT(samples.of("cometbft_consensus_proposal_create_count"), 0);
    EXPECT_GT(samples.of("cometbft_consensus_step_duration_seconds_count{step=\"Propose\"}"), 0);
    EXPECT_GE(samples.of("cometbft_consensus_round_duration_seconds_count"), height - 1);
    const std::string own = fmt::format(
        "{{validator_address=\"{}\"}}",
        base::to_hex(base::view(crypto::address(network[0].key())), base::HexCase::upper));
    EXPECT_EQ(samples.of("cometbft_consensus_validator_power" + own), 10);
    EXPECT_EQ(samples.of("cometbft_consensus_validator_last_signed_height" + own), height - 1);

    EXPECT_EQ(samples.of("cometbft_mempool_size"), 0);
    EXPECT_EQ(samples.of("cometbft_mempool_tx_size_bytes_count"), 1);
    EXPECT_EQ(samples.of("cometbft_mempool_tx_size_bytes_sum"), 12);
    EXPECT_EQ(samples.of("cometbft_mempool_failed_txs"), 1);

    EXPECT_EQ(samples.of("cometbft_p2p_peers"), 3);
    EXPECT_GT(
        samples.of("cometbft_p2p_message_receive_bytes_total{message_type=\"consensus_Vote\"}"), 0);
    EXPECT_GT(samples.of("cometbft_p2p_message_send_bytes_total{message_type=\"mempool_Txs\"}"), 0);
    const std::string peer = network[1].address().id;
    EXPECT_GT(samples.of(fmt::format(
                  "cometbft_p2p_peer_send_bytes_total{{peer_id=\"{}\",chID=\"0x22\"}}", peer)),
              0);
    EXPECT_GE(samples.of(fmt::format("cometbft_consensus_block_parts{{peer_id=\"{}\"}}", peer)), 0);
    // What this node has not measured, or the chain has not, is not there.
    for (const char* name : {"tandem_seats", "statesync", "abci_connection", "block_processing"})
        EXPECT_EQ(samples.text().find(name), std::string::npos) << name;
}

TEST(Metrics, SameRunSameText) {
    const auto text = [] {
        VirtualNetwork network(VirtualNetwork::Seats{});
        network.start_all();
        NodeMetrics metrics(parts_of(network, 1));
        network[1].node().add_observer(metrics);
        EXPECT_TRUE(network.run_to_height(6));
        return metrics.text();
    };
    EXPECT_EQ(text(), text());
}

TEST(Metrics, MissingValidatorIsCounted) {
    VirtualNetwork network(4, 4);
    network.start_all();
    NodeMetrics metrics(parts_of(network, 0));
    network[0].node().add_observer(metrics);
    ASSERT_TRUE(network.run_to_height(3));
    network[3].crash();
    const std::int64_t from = network[0].height();
    ASSERT_TRUE(network.run_until([&] { return network[0].height() >= from + 4; }));
    const Samples samples(metrics, network.genesis.chain_id);
    EXPECT_EQ(samples.of("cometbft_consensus_missing_validators"), 1);
    EXPECT_EQ(samples.of("cometbft_consensus_missing_validators_power"), 10);
    EXPECT_EQ(samples.of("cometbft_p2p_peers"), 2);
}

TEST(Metrics, OfSeatsFollowAFailover) {
    VirtualNetwork network(VirtualNetwork::Seats{});
    network.start_all();
    NodeMetrics metrics(parts_of(network, 1));
    network[1].node().add_observer(metrics);
    ASSERT_TRUE(network.run_to_height(10));
    const auto now = [&] { return Samples(metrics, network.genesis.chain_id); };
    // Each block brings a new one.
    const auto state = [&network]() -> const seats::State& { return network[1].seats()->state(); };
    const seats::Seat seat = state().seats[0];
    const std::string of_seat = fmt::format("{{seat=\"{}\"}}", seat.id);
    const auto of_node = [&](std::size_t i) {
        return fmt::format("{{seat=\"{}\",node=\"{}\"}}", seat.id, seat.nodes[i].name);
    };
    const Samples before = now();
    EXPECT_EQ(before.of("tandem_seats_margin_validators"), 1);
    EXPECT_EQ(before.of("tandem_seats_live_standbys" + of_seat), 1);
    EXPECT_EQ(before.of("tandem_seats_node_validator" + of_node(0)), 1);
    EXPECT_EQ(before.of("tandem_seats_node_alive" + of_node(1)), 1);
    EXPECT_EQ(before.of("tandem_seats_own_validator" + of_node(1)), 0);
    EXPECT_GT(before.of("tandem_seats_node_records_since_dead" + of_node(1)), 5);
    EXPECT_GT(before.of("tandem_seats_records_total{result=\"valid\"}"), 5);
    EXPECT_EQ(before.of("tandem_seats_records_total{result=\"invalid\"}"), 0);
    EXPECT_GT(before.of("tandem_seats_heartbeats_sent_total"), 5);
    EXPECT_GT(before.of("tandem_seats_heartbeats_received_total{result=\"kept\"}"), 5);
    EXPECT_EQ(before.of("tandem_seats_last_switch_height" + of_seat), -1);

    network[0].crash();
    ASSERT_TRUE(network.run_until([&] { return state().seats[0].run.length > 1; }));
    EXPECT_EQ(now().of("tandem_seats_run_records" + of_seat), 2);
    EXPECT_EQ(now().of("tandem_seats_node_alive" + of_node(0)), 0);
    EXPECT_EQ(now().of("tandem_seats_margin_validators"), 0);
    ASSERT_TRUE(network.run_until([&] { return !state().recent_switches.empty(); }));
    EXPECT_EQ(now().of("tandem_seats_pending_switch" + of_seat), 1);
    ASSERT_TRUE(network.run_until([&] { return network[1].is_validator(); }));
    const std::int64_t later = network[1].height() + 5;
    ASSERT_TRUE(network.run_until([&] { return network[1].height() >= later; }));

    const Samples after = now();
    EXPECT_EQ(after.of("tandem_seats_pending_switch" + of_seat), 0);
    EXPECT_EQ(after.of("tandem_seats_own_validator" + of_node(1)), 1);
    EXPECT_EQ(after.of("tandem_seats_node_validator" + of_node(0)), 0);
    EXPECT_EQ(after.of("tandem_seats_live_standbys" + of_seat), 0);
    EXPECT_EQ(after.of("tandem_seats_last_switch_height" + of_seat),
              static_cast<double>(state().recent_switches.back().decided_height));
    EXPECT_EQ(after.of(fmt::format("tandem_seats_switches_total{{seat=\"{}\",reason=\"{}\"}}",
                                   seat.id, to_text(seats::SwitchReason::run))),
              1);
    EXPECT_EQ(after.of("tandem_seats_margin_validators"), 1);
}

}  // namespace
}  // namespace tandem::testing
