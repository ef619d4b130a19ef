// node-info, mconnection and secret-connection: what two peers exchange beneath the reactors.
#include "crypto/chacha20poly1305.h"
#include "crypto/ed25519.h"
#include "crypto/session_keys.h"
#include "crypto/sha256.h"
#include "p2p/connection.h"
#include "p2p/testing.h"
#include "tests/vectors_program/convert.h"
#include "types/node_info.h"
#include "types/packets.h"
#include "wire/framing.h"

namespace tandem::vectors {
namespace {

// ---- node-info

/// "10000 times 'm'" stands for a moniker that would fill the file.
void expand(std::string& text) {
    const std::size_t times = text.find(" times '");
    if (times == std::string::npos) return;
    text = std::string(std::stoul(text.substr(0, times)), text.at(times + 8));
}

void check_node_info(Case& c) {
    c.know_members({"ok", "error", "json", "delimited", "delimited_length", "delimited_sha256"});
    auto info = message_from<types::NodeInfo>(c.in());
    expand(info.moniker);
    if (c.out().contains("delimited_length")) {
        const base::Bytes delimited = wire::encode_delimited(info);
        const std::string head = c.out().at("delimited").get<std::string>();
        c.expect("delimited", hex(delimited).substr(0, head.size()));
        c.expect("delimited_length", delimited.size());
        c.expect("delimited_sha256", hex(crypto::sha256(delimited)));
    } else {
        const base::Bytes delimited = bytes_from(c.out().at("delimited"));
        const wire::Frame frame = wire::next_frame(delimited, types::node_info_bytes_max);
        const auto read = wire::decode<types::NodeInfo>(frame.body);
        if (frame.consumed != delimited.size() || !read)
            return c.fail("delimited", "a NodeInfo", "none");
        c.expect("delimited", hex(wire::encode_delimited(*read)));
        // JSON cannot hold text that is no UTF-8: there the bytes count, and `in` is but like them.
        const bool is_text = info.moniker.find("\xEF\xBF\xBD") == std::string::npos;
        if (is_text && *read != info) c.fail("read", c.in().dump(), types::to_json(*read));
        c.expect("json", Json::parse(types::to_json(*read), nullptr, false));
        info = *read;
    }
    c.expect("ok", types::validate(info).has_value());
}

void check_peer_address(Case& c) {
    const auto address = types::peer_address_from_text(c.in().at("text").get<std::string>());
    c.know_members(
        {"ok", "error", "id", "ip", "port", "string", "proto", "local", "valid", "routable"});
    c.expect("ok", address.has_value());
    if (!address) return;
    if (!address->ip) return c.unknown("a host name");
    const std::string ip = address->ip->to_text();
    c.expect("id", address->id);
    c.expect("ip", ip);
    c.expect("port", address->port);
    c.expect("string", address->to_text());
    c.expect("proto", hex(wire::encode(types::PexAddress{address->id, ip, address->port})));
    c.expect("local", address->ip->is_local());
    c.expect_at(c.out().at("valid"), "ok", address->ip->is_valid(), "valid.");
    c.expect("routable", address->ip->is_routable());
}

void run_node_info(Case& c) {
    if (c.in().contains("priv_key")) {
        c.know_members({"id"});
        const base::Bytes key = bytes_from(c.in().at("pub_key"));
        c.expect(
            "id",
            hex(base::view(crypto::address({crypto::KeyType::ed25519, {key.begin(), key.end()}}))));
    } else if (c.in().contains("mine")) {
        c.know_members({"ok", "error"});
        const auto verdict = types::compatible(message_from<types::NodeInfo>(c.in().at("mine")),
                                               message_from<types::NodeInfo>(c.in().at("other")));
        c.expect("ok", verdict.has_value());
    } else if (c.in().contains("text")) {
        check_peer_address(c);
    } else if (c.in().contains("ip")) {
        const auto ip = types::IpAddress::from_text(c.in().at("ip").get<std::string>());
        if (!ip) return c.fail("ip", "an address", "none");
        c.know_members({"local", "valid", "routable"});
        c.expect("local", ip->is_local());
        c.expect("valid", ip->is_valid());
        c.expect("routable", ip->is_routable());
    } else {
        check_node_info(c);
    }
}

// ---- mconnection

constexpr std::array<types::PacketAssembler::OpenChannel, 2> test_channels{
    {{0x01, 5000}, {0x20, 100'000}}};

void send_message(Case& c) {
    c.know_members({"packets", "stream", "stream_head", "stream_length", "stream_sha256"});
    base::Bytes message;
    if (c.in().contains("length")) {
        for (std::size_t i = 0; i < c.in().at("length").get<std::size_t>(); ++i)
            message.push_back(static_cast<std::uint8_t>(i * 7 + 3));
    } else {
        message = bytes_from(c.in().at("message"));
    }
    types::MessageCutter cutter(c.in().at("channel").get<std::uint8_t>(), message,
                                types::packet_payload_bytes_default);
    base::Bytes stream;
    std::size_t packets = 0;
    for (; !cutter.done(); ++packets) cutter.append_next(stream);
    c.expect("packets", packets);
    if (c.out().contains("stream")) return c.expect("stream", hex(stream));
    c.expect("stream_head",
             hex(stream).substr(0, c.out().at("stream_head").get<std::string>().size()));
    c.expect("stream_length", stream.size());
    c.expect("stream_sha256", hex(crypto::sha256(stream)));
}

Json received_json(const types::ChannelMessage& message, const Json& expected) {
    Json json{{"channel", message.channel}};
    if (expected.contains("sha256")) {
        json["length"] = message.message.size();
        json["sha256"] = hex(crypto::sha256(message.message));
    } else {
        json["message"] = hex(message.message);
    }
    return json;
}

void receive_stream(Case& c) {
    c.know_members({"received", "replies", "disconnects", "error", "note"});
    types::PacketAssembler assembler(test_channels, types::packet_payload_bytes_default);
    const base::Bytes stream = bytes_from(c.in().at("stream"));
    const Json& expected = c.out().at("received");
    base::BytesView rest = stream;
    base::Bytes replies;
    Json received = Json::array();
    bool refused = false;
    while (true) {
        const auto step = assembler.take(rest);
        refused = !step.has_value();
        if (refused || step->consumed == 0) break;
        rest = rest.subspan(step->consumed);
        if (!step->event) continue;
        if (const auto* message = std::get_if<types::ChannelMessage>(&*step->event)) {
            const std::size_t index = received.size();
            received.push_back(
                received_json(*message, index < expected.size() ? expected[index] : Json()));
        } else if (std::holds_alternative<types::PacketPing>(*step->event)) {
            base::append(replies, wire::encode_delimited(types::Packet{types::PacketPong{}}));
        }
    }
    c.expect("received", received);
    c.expect("replies", hex(replies));
    c.expect("disconnects", refused);
}

/// A connection on which nothing happens, until its clocks end it.
void ping_without_answer(Case& c) {
    c.know_members({"sent", "error"});
    p2p::Connection connection({}, {}, p2p::Time(0));
    base::Bytes sent;
    for (p2p::Time now(0);;) {
        now = connection.next_wake(now);
        if (!connection.tick(now)) break;
        connection.produce(now, 1, sent);
    }
    c.expect("sent", hex(sent));
    c.expect("error", "pong timeout");
}

void run_mconnection(Case& c) {
    const std::string& name = c.name();
    if (name.starts_with("packet: ")) {
        c.know_members({"delimited"});
        const auto packet = message_from<types::Packet>(c.in());
        c.expect("delimited", hex(wire::encode_delimited(packet)));
        if (wire::decode<types::Packet>(wire::encode(packet)) != packet)
            c.fail("read", "the packet", "another");
    } else if (c.in().contains("channel")) {
        send_message(c);
    } else if (c.in().contains("stream")) {
        receive_stream(c);
    } else if (name == "ping without an answer") {
        ping_without_answer(c);
    } else {
        c.unknown(name);
    }
}

// ---- secret-connection

template <std::size_t N>
std::array<std::uint8_t, N> array_from(const Json& json) {
    const base::Bytes bytes = bytes_from(json);
    if (bytes.size() != N) throw BadVector("not the expected number of bytes");
    std::array<std::uint8_t, N> out;
    std::ranges::copy(bytes, out.begin());
    return out;
}

/// Everything that one side of a handshake knows.
struct Side {
    std::array<std::uint8_t, 32> secret;
    crypto::X25519PublicKey ephemeral;
    p2p::testing::FixedKey key;

    Side(const Json& ephemeral_secret, const Json& long_term)
        : secret(array_from<32>(ephemeral_secret)),
          ephemeral(crypto::x25519_public_key(secret)),
          key(base::BytesView(bytes_from(long_term)).first(crypto::ed25519_seed_size)) {}

    [[nodiscard]] p2p::SecretConnection connection() const {
        return {key, crypto::SecretArray<32>(std::span<const std::uint8_t, 32>(secret))};
    }
    [[nodiscard]] base::Bytes auth(base::BytesView challenge) const {
        return wire::encode_delimited(
            types::AuthSigMessage{key.public_key(), types::Signature(key.sign(challenge))});
    }
};

Json frames_of(base::BytesView stream) {
    Json frames = Json::array();
    for (; !stream.empty(); stream = stream.subspan(p2p::sealed_frame_bytes))
        frames.push_back(hex(stream.first(p2p::sealed_frame_bytes)));
    return frames;
}

crypto::ChaCha20Poly1305::Nonce nonce_of(std::uint64_t number) {
    crypto::ChaCha20Poly1305::Nonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(number >> (8 * i));
    return nonce;
}

/// What stands in a frame beyond its data is for the sender to choose. CometBFT leaves there what
/// its buffer held; ours are zeros, and those frames the vectors give too.
base::Bytes seal_as_cometbft(std::span<const std::uint8_t, 32> key, std::uint64_t number,
                             base::BytesView plain,
                             std::array<std::uint8_t, p2p::frame_bytes>& buffer) {
    crypto::ChaCha20Poly1305 cipher(key);
    base::Bytes out;
    while (!plain.empty()) {
        const base::BytesView piece =
            plain.first(std::min(plain.size(), p2p::frame_data_bytes_max));
        plain = plain.subspan(piece.size());
        for (std::size_t i = 0; i < 4; ++i)
            buffer[i] = static_cast<std::uint8_t>(piece.size() >> (8 * i));
        std::ranges::copy(piece, buffer.begin() + 4);
        base::Bytes sealed(p2p::sealed_frame_bytes);
        cipher.seal(nonce_of(number++), buffer, {}, sealed);
        base::append(out, sealed);
    }
    return out;
}

void check_writes(Case& c, const crypto::SessionKeys& keys, p2p::SecretConnection& a,
                  std::array<std::uint8_t, p2p::frame_bytes>& buffer) {
    const Json& sizes = c.in().at("a_then_writes");
    const Json& writes = c.out().at("a_writes");
    if (sizes.size() != writes.size()) return c.unknown("writes without frames");
    std::uint64_t number = 1;  // frame 0 held the signature
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const Json& expected = writes[i];
        const std::string where = "write " + std::to_string(i) + " ";
        const base::Bytes plain = bytes_from(expected.at("plain"));
        if (plain.size() != sizes[i].get<std::size_t>()) c.unknown("a plain text of another size");
        c.expect_at(expected, "first_nonce", hex(nonce_of(number)), where);
        const base::Bytes sealed = seal_as_cometbft(keys.send.span(), number, plain, buffer);
        a.write(plain);
        const base::Bytes ours = a.take_output();
        if (ours.size() != sealed.size()) c.fail(where + "size", hex(sealed), hex(ours));
        if (expected.contains("frames")) c.expect_at(expected, "frames", frames_of(sealed), where);
        if (expected.contains("frames_sha256"))
            c.expect_at(expected, "frames_sha256", hex(crypto::sha256(sealed)), where);
        if (expected.contains("frames_zero_filler") && !plain.empty())
            c.expect_at(expected, "frames_zero_filler", frames_of(ours), where);
        number += ours.size() / p2p::sealed_frame_bytes;
    }
}

void check_handshake(Case& c) {
    c.know_members({"a_eph_pub", "b_eph_pub", "a_is_lower", "dh_secret", "a_recv_key", "a_send_key",
                    "challenge", "a_hello", "b_hello", "a_auth_message", "b_auth_message",
                    "a_signature", "b_signature", "a_stream", "b_stream", "a_writes"});
    const Side a(c.in().at("a_eph_priv"), c.in().at("a_priv"));
    const Side b(c.in().at("b_eph_priv"), c.in().at("b_priv"));
    const auto keys = crypto::derive_session_keys(a.secret, a.ephemeral, b.ephemeral);
    const auto shared = crypto::x25519(a.secret, b.ephemeral);
    if (!keys || !shared) return c.fail("keys", "session keys", "none");
    c.expect("a_eph_pub", hex(a.ephemeral));
    c.expect("b_eph_pub", hex(b.ephemeral));
    c.expect("a_is_lower", a.ephemeral < b.ephemeral);
    c.expect("dh_secret", hex(shared->span()));
    c.expect("a_recv_key", hex(keys->receive.span()));
    c.expect("a_send_key", hex(keys->send.span()));
    c.expect("challenge", hex(keys->challenge));
    const base::Bytes a_auth = a.auth(keys->challenge);
    c.expect("a_auth_message", hex(a_auth));
    c.expect("b_auth_message", hex(b.auth(keys->challenge)));
    c.expect("a_signature", hex(a.key.sign(keys->challenge)));
    c.expect("b_signature", hex(b.key.sign(keys->challenge)));

    p2p::SecretConnection a_end = a.connection();
    p2p::SecretConnection b_end = b.connection();
    base::Bytes a_stream = a_end.take_output();
    base::Bytes b_stream = b_end.take_output();
    c.expect("a_hello", hex(a_stream));
    c.expect("b_hello", hex(b_stream));
    const auto hear = [&](p2p::SecretConnection& end, base::BytesView wire) {
        if (const auto verdict = end.receive(wire); !verdict)
            c.fail("handshake", "done", verdict.error().why);
        return end.take_output();
    };
    const base::Bytes a_frames = hear(a_end, b_stream);
    const base::Bytes b_frames = hear(b_end, a_stream);
    hear(a_end, b_frames);
    hear(b_end, a_frames);
    base::append(a_stream, a_frames);
    base::append(b_stream, b_frames);
    c.expect("a_stream", hex(a_stream));
    c.expect("b_stream", hex(b_stream));
    if (!a_end.established() || !b_end.established()) return c.fail("handshake", "done", "not");
    std::array<std::uint8_t, p2p::frame_bytes> buffer{};
    seal_as_cometbft(keys->send.span(), 0, a_auth, buffer);
    check_writes(c, *keys, a_end, buffer);
}

/// Opens the frames that follow a handshake, of which each side used number 0.
void check_reads(Case& c) {
    c.know_members({"reads", "end"});
    const Side node(c.in().at("node_eph_priv"), c.in().at("node_priv"));
    const Side peer(c.in().at("peer_eph_priv"), c.in().at("peer_priv"));
    p2p::SecretConnection node_end = node.connection();
    p2p::SecretConnection peer_end = peer.connection();
    const bool done = node_end.receive(peer_end.take_output()) &&
                      peer_end.receive(node_end.take_output()) &&
                      node_end.receive(peer_end.take_output());
    if (!done) return c.fail("handshake", "done", "refused");
    Json reads = Json::array();
    bool clean = true;
    for (const Json& json : c.in().at("frames")) {
        const base::Bytes sealed = bytes_from(json);
        clean = sealed.size() == p2p::sealed_frame_bytes && node_end.receive(sealed);
        if (!clean) break;
        reads.push_back(hex(node_end.input()));
        node_end.consume(node_end.input().size());
    }
    c.expect("reads", reads);
    if ((c.out().at("end") == "EOF") != clean)
        c.fail("end", c.out().at("end").dump(), clean ? "clean" : "a refusal");
}

/// A peer says this and then nothing more.
void check_verdict(Case& c) {
    c.know_members({"ok", "error"});
    const Side node(c.in().at("node_eph_priv"), c.in().at("node_priv"));
    p2p::SecretConnection connection = node.connection();
    const auto verdict = connection.receive(bytes_from(c.in().at("peer_sends")));
    if (c.out().at("ok") != connection.established())
        c.fail("ok", c.out().dump(),
               verdict ? (connection.established() ? "done" : "waits") : verdict.error().why);
}

void run_secret_connection(Case& c) {
    if (c.in().contains("a_eph_priv")) return check_handshake(c);
    if (c.in().contains("frames")) return check_reads(c);
    if (c.in().contains("peer_sends")) return check_verdict(c);
    c.unknown(c.name());
}

const RegisterTopic node_info_topic("node-info", run_node_info);
const RegisterTopic mconnection_topic("mconnection", run_mconnection);
const RegisterTopic secret_connection_topic("secret-connection", run_secret_connection);

}  // namespace
}  // namespace tandem::vectors
