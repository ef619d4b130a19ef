// A peer that says anything, before the handshake is done and after it; the first byte chooses how
// far it goes along. Whatever it says, nothing is held beyond the limits, and a peer without the
// key that it names is never believed.
#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "p2p/connection.h"
#include "p2p/testing.h"
#include "types/p2p_messages.h"

namespace tandem::p2p {
namespace {

constexpr std::array<Channel, 2> channels{{{0x20, 6, 10, 3000}, {0x21, 10, 10, 100}}};

void before_the_handshake(crypto::FuzzInput& input) {
    const testing::FixedKey key(1);
    SecretConnection connection(key, testing::ephemeral(3));
    while (!input.empty())
        if (!connection.receive(input.prefixed())) break;
    // Whoever does not compute with our ephemeral key cannot seal a frame.
    TANDEM_CHECK(!connection.established());
    TANDEM_CHECK(connection.input().empty());
}

void inside_the_first_frames(crypto::FuzzInput& input) {
    testing::Pair pair;
    static_cast<void>(pair.a.receive(pair.b.take_output()));
    // The peer has the keys of the session, and writes what it likes in place of a signature.
    const auto peer = testing::ephemeral(4);
    const auto peer_public = crypto::x25519_public_key(peer.span());
    const auto own_public = crypto::x25519_public_key(testing::ephemeral(3).span());
    auto keys = crypto::derive_session_keys(peer.span(), peer_public, own_public);
    TANDEM_CHECK(keys.has_value());
    FrameSealer sealer(keys->send.span());
    base::Bytes wire;
    while (!input.empty()) sealer.seal(input.prefixed(), wire);
    const bool taken = pair.a.receive(wire).has_value();
    TANDEM_CHECK(taken || !pair.a.established() || !wire.empty());
    if (pair.a.established()) TANDEM_CHECK(pair.a.peer_key().type == crypto::KeyType::ed25519);
}

void packets(crypto::FuzzInput& input) {
    Connection connection(channels, {}, Time(0));
    base::Bytes held;
    Time now(0);
    while (!input.empty()) {
        base::append(held, input.prefixed());
        std::vector<types::ChannelMessage> messages;
        const auto taken = connection.receive(held, now, messages);
        if (!taken) return;
        TANDEM_CHECK(*taken <= held.size());
        held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(*taken));
        TANDEM_CHECK(held.size() <= types::packet_bytes_max(1024) + 10);
        for (const auto& message : messages)
            TANDEM_CHECK(message.message.size() <= (message.channel == 0x20 ? 3000U : 100U));
        base::Bytes out;
        connection.produce(now, 1, out);
        TANDEM_CHECK(out.size() <= 6);  // a ping and a pong
        now += std::chrono::seconds(input.byte());
        if (!connection.tick(now)) return;
        TANDEM_CHECK(connection.next_wake(now) >= now);
    }
}

}  // namespace
}  // namespace tandem::p2p

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::crypto::FuzzInput input(data, size);
    switch (input.byte() % 3) {
        case 0:
            tandem::p2p::before_the_handshake(input);
            break;
        case 1:
            tandem::p2p::inside_the_first_frames(input);
            break;
        default:
            tandem::p2p::packets(input);
    }
    return 0;
}
