// Attacks before a node knows whom it talks to.
#include <thread>
#include <vector>

#include "p2p/testing.h"
#include "tests/hostile/attacks.h"

namespace tandem::hostile {
namespace {

constexpr std::size_t flood_sockets = 100;  // more than max_num_inbound_peers
constexpr std::size_t poisoners = 30;
constexpr std::size_t one_mebibyte = 1'048'576;
constexpr milliseconds drip_interval{200};

/// Shows one key, and signs with another.
class ForeignKey final : public crypto::SigningKey {
  public:
    [[nodiscard]] crypto::PublicKey public_key() const override { return shown_.public_key(); }
    [[nodiscard]] crypto::SignatureBytes sign(base::BytesView message) const override {
        return own_.sign(message);
    }

  private:
    p2p::testing::FixedKey shown_{1};
    p2p::testing::FixedKey own_{2};
};

std::string judge(HostilePeer& peer, Reaction expected) {
    if (expected == Reaction::closes && !peer.closes_within(reaction_max))
        return "the node did not hang up";
    if (expected == Reaction::stays && (peer.closed() || !peer.answers_ping_within(reaction_max)))
        return peer.closed() ? "the node hung up" : "the node answers no ping";
    return {};
}

base::Bytes text(std::string_view bytes) {
    return {bytes.begin(), bytes.end()};
}

void be_slow(HostilePeer& peer) {
    const base::Bytes first =
        wire::encode_delimited(types::EphemeralKeyMessage{peer.random.bytes(32)});
    for (const std::uint8_t byte : first)
        if (peer.closes_within(drip_interval) || !peer.send_raw({&byte, 1})) return;
}

void introduce_as(HostilePeer& peer, const std::function<void(types::NodeInfo&)>& change) {
    if (!peer.seal()) return;
    types::NodeInfo info = peer.good_info();
    change(info);
    (void)peer.introduce(info);
}

std::string flood_connections(const Target& target) {
    std::vector<std::unique_ptr<HostilePeer>> peers;
    for (std::size_t i = 0; i < flood_sockets; ++i)
        peers.push_back(std::make_unique<HostilePeer>(target));
    std::size_t open = 0;
    for (auto& peer : peers)
        if (!peer->closes_within(reaction_max)) ++open;
    return open == 0 ? "" : "the node keeps silent connections: " + std::to_string(open);
}

/// Each says that it listens somewhere else, in a network of its own.
std::string poison_address_book(const Target& target) {
    for (std::size_t i = 0; i < poisoners; ++i) {
        HostilePeer peer(target);
        types::NodeInfo info = peer.good_info();
        info.listen_addr = "tcp://" + std::to_string(20 + i) + "." +
                           std::to_string(peer.random.below(256)) + ".1.1:26656";
        if (peer.seal() && peer.introduce(info)) (void)peer.height();
    }
    return {};
}

const auto& table() {
    static const std::vector<Attack> attacks{
        {"garbage-first", "noise instead of a key",
         on_bare_connection(Reaction::closes, [](auto& p) { p.send_raw(p.random.bytes(4096)); })},
        {"http-first", "a request of another protocol",
         on_bare_connection(
             Reaction::closes,
             [](auto& p) { p.send_raw(text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")); })},
        {"first-length-lies", "a first message that says it has a gibibyte",
         on_bare_connection(
             Reaction::closes,
             [](auto& p) { p.send_raw(base::Bytes{0x80, 0x80, 0x80, 0x80, 0x04, 0x0a, 0x20}); })},
        {"first-length-endless", "a length that never ends",
         on_bare_connection(Reaction::closes, [](auto& p) { p.send_raw(base::Bytes(32, 0xff)); })},
        {"half-open", "a connection, and then nothing",
         on_bare_connection(Reaction::closes, [](auto&) {})},
        {"slow-first", "a key, byte by byte", on_bare_connection(Reaction::closes, be_slow)},
        {"low-order-key", "an ephemeral key that leaves no secret",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                p.send_raw(wire::encode_delimited(
                                    types::EphemeralKeyMessage{base::Bytes(32, 0)}));
                            })},
        {"garbage-sealed", "noise where sealed frames are due",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                p.send_raw(wire::encode_delimited(
                                    types::EphemeralKeyMessage{p.random.bytes(32)}));
                                p.send_raw(p.random.bytes(2 * p2p::sealed_frame_bytes));
                            })},
        {"silent-sealed", "a key, and then nothing",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                p.send_raw(wire::encode_delimited(
                                    types::EphemeralKeyMessage{p.random.bytes(32)}));
                            })},
        {"garbage-signature", "sealed noise instead of a signature",
         on_bare_connection(
             Reaction::closes,
             [](auto& p) { p.write_instead_of_signature(base::Bytes(1024, 0x03)); })},
        {"signature-length-lies", "a signature that says it has more than a mebibyte",
         on_bare_connection(
             Reaction::closes,
             [](auto& p) { p.write_instead_of_signature(base::Bytes{0x81, 0x80, 0x40}); })},
        {"signature-too-long", "a signature of a mebibyte that never ends",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                base::Bytes bytes{0x80, 0x80, 0x40};
                                bytes.resize(one_mebibyte);
                                p.write_instead_of_signature(bytes);
                            })},
        {"foreign-key", "a signature by another key",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                p.key = std::make_shared<ForeignKey>();
                                (void)p.seal();
                            })},
        {"no-introduction", "sealed, and then nothing",
         on_bare_connection(Reaction::closes, [](auto& p) { (void)p.seal(); })},
        {"garbage-introduction", "noise instead of a NodeInfo",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                if (p.seal()) p.write_plain(p.random.bytes(2048));
                            })},
        {"introduction-too-long", "a NodeInfo of 10241 bytes",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                introduce_as(p, [](types::NodeInfo& info) {
                                    info.moniker.assign(10'241, 'm');
                                });
                            })},
        {"another-chain", "a NodeInfo of another network",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                introduce_as(p,
                                             [](types::NodeInfo& info) { info.network += "-2"; });
                            })},
        {"another-name", "a NodeInfo that is somebody else's",
         on_bare_connection(Reaction::closes,
                            [](auto& p) {
                                introduce_as(p, [](types::NodeInfo& info) {
                                    info.default_node_id =
                                        types::node_id(p2p::testing::FixedKey(1).public_key());
                                });
                            })},
        {"connection-flood", "a hundred connections that say nothing", flood_connections},
        {"address-book-poisoning", "thirty peers that say they listen all over the world",
         poison_address_book},
    };
    return attacks;
}

}  // namespace

std::function<std::string(const Target&)> on_bare_connection(
    Reaction expected, std::function<void(HostilePeer&)> act) {
    return [expected, act = std::move(act)](const Target& target) {
        HostilePeer peer(target);
        act(peer);
        return judge(peer, expected);
    };
}

std::function<std::string(const Target&)> on_open_connection(
    Reaction expected, std::function<void(HostilePeer&)> act) {
    return [expected, act = std::move(act)](const Target& target) -> std::string {
        HostilePeer peer(target);
        if (!peer.meet()) return "the node let nobody in";
        act(peer);
        return judge(peer, expected);
    };
}

std::span<const Attack> attacks_on_handshake() {
    return table();
}

}  // namespace tandem::hostile
