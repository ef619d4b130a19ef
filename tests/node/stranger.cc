#include "p2p/testing.h"
#include "tests/node/virtual_network.h"
#include "wire/framing.h"

namespace tandem::testing {

namespace {

constexpr Time flight = std::chrono::milliseconds(1);
constexpr std::size_t payload_bytes = types::packet_payload_bytes_default;

crypto::SecretArray<32> secret_of(std::uint64_t number) {
    std::array<std::uint8_t, 32> bytes{};
    bytes[1] = 200;
    bytes[2] = static_cast<std::uint8_t>(number);
    bytes[3] = static_cast<std::uint8_t>(number >> 8U);
    return crypto::SecretArray<32>(std::span<const std::uint8_t, 32>(bytes));
}

/// Every channel that a node may use.
std::vector<types::PacketAssembler::OpenChannel> all_channels() {
    std::vector<types::PacketAssembler::OpenChannel> open;
    for (const p2p::Channel& channel : node::open_channels(1'000'000))
        open.push_back({channel.id, channel.message_bytes_max});
    return open;
}

}  // namespace

types::NodeInfo Stranger::good_info(const VirtualNetwork& network, const crypto::SigningKey& key) {
    types::NodeInfo info;
    info.protocol_version = {types::p2p_protocol, types::block_protocol, 0};
    info.default_node_id = types::node_id(key.public_key());
    info.listen_addr = "tcp://127.0.0.1:9";
    info.network = network.genesis.chain_id;
    info.version = "0.38.26";
    info.channels = {0x40, 0x20, 0x21, 0x22, 0x23, 0x30, 0x38, 0x60, 0x61, 0x00};
    info.moniker = "stranger";
    info.other = {"on", "tcp://127.0.0.1:8"};
    return info;
}

Stranger::Stranger(VirtualNetwork& network, VirtualNode& node,
                   std::shared_ptr<const crypto::SigningKey> key, types::NodeInfo info)
    : network_(network),
      node_(node),
      key_(std::move(key)),
      info_(std::move(info)),
      secret_(*key_, secret_of(network.next_link_)),
      cable_(std::make_shared<VirtualNetwork::Cable>()),
      assembler_(all_channels(), payload_bytes) {
    cable_->ends[0] = nullptr;
    cable_->ends[1] = &node;
    cable_->lives[1] = node.life_;
    for (LinkId& number : cable_->numbers) number = {network.next_link_++};
    cable_->stranger = [this](base::BytesView bytes) { take(bytes); };
    node.cables_[cable_->numbers[1]] = {cable_, 1};
    node.turn(node.life_, [&](node::Node& running) {
        running.link_opened(cable_->numbers[1], std::nullopt, {});
    });
    send();
}

Stranger::~Stranger() {
    cable_->stranger = [](base::BytesView) {};
}

void Stranger::take(base::BytesView bytes) {
    if (!secret_.receive(bytes)) throw std::runtime_error("the node's bytes cannot be opened");
    if (secret_.established() && !std::exchange(has_said_info_, true))
        secret_.write(wire::encode_delimited(info_));
    if (secret_.established() && !peer_info_) {
        const wire::Frame frame = wire::next_frame(secret_.input(), types::node_info_bytes_max);
        if (frame.state == wire::FrameState::complete) {
            auto info = wire::decode<types::NodeInfo>(frame.body);
            if (!info) throw std::runtime_error("the node's NodeInfo cannot be read");
            peer_info_ = std::move(*info);
            secret_.consume(frame.consumed);
        }
    }
    if (peer_info_) take_packets();
    send();
}

void Stranger::take_packets() {
    while (true) {
        auto step = assembler_.take(secret_.input());
        if (!step) throw std::runtime_error(step.error().why);
        if (step->consumed == 0) return;
        secret_.consume(step->consumed);
        if (!step->event) continue;
        if (auto* message = std::get_if<types::ChannelMessage>(&*step->event))
            heard.push_back(std::move(*message));
        else if (std::holds_alternative<types::PacketPong>(*step->event))
            ++pongs;
    }
}

void Stranger::say(std::uint8_t channel, base::BytesView message) {
    base::Bytes packets;
    types::MessageCutter cutter(channel, message, payload_bytes);
    while (!cutter.done()) cutter.append_next(packets);
    secret_.write(packets);
    send();
}

void Stranger::say_packet(const types::Packet& packet) {
    secret_.write(wire::encode_delimited(packet));
    send();
}

void Stranger::send() {
    base::Bytes bytes = secret_.take_output();
    if (bytes.empty()) return;
    network_.clock.after(flight, [cable = cable_, bytes = std::move(bytes)]() mutable {
        if (cable->open) cable->ends[1]->deliver(cable, 1, std::move(bytes));
    });
}

}  // namespace tandem::testing
