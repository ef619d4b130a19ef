#include "tests/hostile/hostile_peer.h"

#include <boost/asio/buffer.hpp>
#include <poll.h>
#include <stdexcept>

#include "crypto/session_keys.h"
#include "io/fresh_secret.h"
#include "node/node.h"
#include "p2p/frames.h"
#include "p2p/testing.h"
#include "wire/framing.h"

namespace tandem::hostile {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t read_bytes = 64 * 1024;
constexpr milliseconds step_time_max{5'000};

std::uint64_t fresh_seed() {
    const auto secret = io::fresh_secret();
    std::uint64_t seed = 0;
    for (std::size_t i = 0; i < 8; ++i) seed = seed << 8U | secret.span()[i];
    return seed;
}

std::vector<types::PacketAssembler::OpenChannel> all_channels() {
    std::vector<types::PacketAssembler::OpenChannel> open;
    for (const p2p::Channel& channel : node::open_channels(1'000'000))
        open.push_back({channel.id, channel.message_bytes_max});
    return open;
}

/// Waits for the socket; which of `events` there are, and 0 where none came.
short wait_for(asio::ip::tcp::socket& socket, short events, milliseconds limit) {
    pollfd look{socket.native_handle(), events, 0};
    const int found = ::poll(&look, 1, static_cast<int>(limit.count()));
    return found > 0 ? look.revents : short{0};
}

milliseconds left(Clock::time_point end) {
    return std::max(std::chrono::duration_cast<milliseconds>(end - Clock::now()), milliseconds(0));
}

}  // namespace

HostilePeer::HostilePeer(Target target)
    : key(std::make_shared<p2p::testing::FixedKey>(base::BytesView(io::fresh_secret().span()))),
      random(fresh_seed()),
      target_(std::move(target)),
      socket_(loop_),
      assembler_(all_channels(), types::packet_payload_bytes_default) {
    error_code error;
    const auto address = asio::ip::make_address(target_.host, error);
    if (error) throw std::runtime_error(target_.host + " is no address");
    socket_.connect({address, target_.port}, error);
    if (error) throw std::runtime_error("cannot connect: " + error.message());
    socket_.non_blocking(true);
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
}

types::NodeInfo HostilePeer::good_info() const {
    types::NodeInfo info;
    info.protocol_version = {types::p2p_protocol, types::block_protocol, 0};
    info.default_node_id = types::node_id(key->public_key());
    info.listen_addr = "tcp://127.0.0.1:9";
    info.network = target_.chain_id;
    info.version = "0.38.26";
    info.channels = {0x40, 0x20, 0x21, 0x22, 0x23, 0x30, 0x38, 0x60, 0x61, node::heartbeat_channel,
                     0x00};
    info.moniker = "hostile";
    info.other = {"on", "tcp://127.0.0.1:8"};
    return info;
}

// ---- The handshake

bool HostilePeer::seal() {
    secret_.emplace(*key, io::fresh_secret());
    return flush() && listen(step_time_max, [this] { return secret_->established(); });
}

bool HostilePeer::introduce(const types::NodeInfo& info) {
    return write_plain(wire::encode_delimited(info)) &&
           listen(step_time_max, [this] { return introduced_; });
}

void HostilePeer::write_instead_of_signature(base::BytesView plain) {
    const auto secret = io::fresh_secret();
    const auto own = crypto::x25519_public_key(secret.span());
    reads_ = false;  // what comes is read below
    send_raw(
        wire::encode_delimited(types::EphemeralKeyMessage{base::Bytes(own.begin(), own.end())}));
    // The node's first message: 3 bytes in front of its key.
    constexpr std::size_t head = 3;
    std::array<std::uint8_t, head + 32> first{};
    std::size_t count = 0;
    const auto end = Clock::now() + step_time_max;
    while (count < first.size() && left(end).count() > 0) {
        if (wait_for(socket_, POLLIN, left(end)) == 0) break;
        error_code error;
        count += socket_.read_some(asio::buffer(first.data() + count, first.size() - count), error);
        if (error && error != asio::error::would_block) break;
    }
    if (count < first.size()) throw std::runtime_error("the node sent no key");
    crypto::X25519PublicKey theirs{};
    std::copy(first.begin() + head, first.end(), theirs.begin());
    const auto keys = crypto::derive_session_keys(secret.span(), own, theirs);
    if (!keys) throw std::runtime_error("the node's key is no good");
    p2p::FrameSealer sealer(keys->send.span());
    base::Bytes sealed;
    sealer.seal(plain, sealed);
    send_raw(sealed);
}

std::int64_t HostilePeer::height() {
    if (!listen(step_time_max, [this] { return height_ > 0; }))
        throw std::runtime_error("the node does not say where it stands");
    return height_;
}

// ---- Saying

bool HostilePeer::send_raw(base::BytesView bytes) {
    base::append(unsent_, bytes);
    auto end = Clock::now() + patience;
    std::size_t sent = 0;
    // What is heard meanwhile may want an answer, which then stands behind what is being sent.
    while (sent < unsent_.size() && !closed_) {
        const short ready =
            wait_for(socket_, static_cast<short>(reads_ ? POLLIN | POLLOUT : POLLOUT), left(end));
        if (ready == 0) break;
        if ((ready & POLLOUT) != 0) {
            error_code error;
            const std::size_t count = socket_.write_some(
                asio::buffer(unsent_.data() + sent, unsent_.size() - sent), error);
            if (error && error != asio::error::would_block) closed_ = true;
            if (count > 0) end = Clock::now() + patience;
            sent += count;
        }
        if ((ready & (POLLIN | POLLERR | POLLHUP)) != 0) read_some();
    }
    const bool is_all = sent == unsent_.size();
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
    return is_all && !closed_;
}

bool HostilePeer::flush() {
    return send_raw(secret_->take_output());
}

bool HostilePeer::write_plain(base::BytesView plain) {
    secret_->write(plain);
    return flush();
}

bool HostilePeer::say(std::uint8_t channel, base::BytesView message) {
    base::Bytes packets;
    types::MessageCutter cutter(channel, message, types::packet_payload_bytes_default);
    while (!cutter.done()) cutter.append_next(packets);
    return write_plain(packets);
}

bool HostilePeer::say(std::uint8_t channel, const types::ConsensusMessage& message) {
    return say(channel, wire::encode(message));
}

bool HostilePeer::say_piece(std::uint8_t channel, base::BytesView piece, bool ends) {
    return write_plain(wire::encode_delimited(
        types::Packet{types::PacketMsg{channel, ends, {piece.begin(), piece.end()}}}));
}

// ---- Looking

bool HostilePeer::listen(milliseconds limit, const std::function<bool()>& condition) {
    const auto end = Clock::now() + limit;
    while (!condition()) {
        if (closed_ || wait_for(socket_, POLLIN, left(end)) == 0) return false;
        read_some();
        if (!unsent_.empty()) send_raw({});
    }
    return true;
}

bool HostilePeer::closes_within(milliseconds limit) {
    reads_ = true;  // what the node said before is in the way of its end
    return listen(limit, [this] { return closed_; }) || closed_;
}

bool HostilePeer::answers_ping_within(milliseconds limit) {
    const std::size_t before = pongs_;
    return write_plain(wire::encode_delimited(types::Packet{types::PacketPing{}})) &&
           listen(limit, [&] { return pongs_ > before; });
}

void HostilePeer::read_some() {
    std::array<std::uint8_t, read_bytes> input;
    error_code error;
    const std::size_t count = socket_.read_some(asio::buffer(input), error);
    if (error && error != asio::error::would_block) closed_ = true;
    if (count > 0 && secret_) take(base::BytesView(input.data(), count));
}

void HostilePeer::take(base::BytesView bytes) {
    if (!secret_->receive(bytes)) throw std::runtime_error("the node's bytes cannot be opened");
    if (secret_->established() && !introduced_) {
        const wire::Frame frame = wire::next_frame(secret_->input(), types::node_info_bytes_max);
        if (frame.state == wire::FrameState::complete) {
            introduced_ = true;
            secret_->consume(frame.consumed);
        }
    }
    if (introduced_) take_packets();
    base::append(unsent_, secret_->take_output());
}

void HostilePeer::take_packets() {
    while (true) {
        auto step = assembler_.take(secret_->input());
        if (!step) throw std::runtime_error(step.error().why);
        if (step->consumed == 0) return;
        secret_->consume(step->consumed);
        if (!step->event) continue;
        if (std::holds_alternative<types::PacketPong>(*step->event)) ++pongs_;
        if (std::holds_alternative<types::PacketPing>(*step->event))
            secret_->write(wire::encode_delimited(types::Packet{types::PacketPong{}}));
        const auto* message = std::get_if<types::ChannelMessage>(&*step->event);
        if (message == nullptr) continue;
        ++heard_[message->channel];
        if (message->channel != 0x20) continue;
        const auto said = wire::decode<types::ConsensusMessage>(message->message);
        if (!said) throw std::runtime_error("the node's message cannot be read");
        if (const auto* at = std::get_if<types::NewRoundStep>(&said->sum)) height_ = at->height;
    }
}

}  // namespace tandem::hostile
