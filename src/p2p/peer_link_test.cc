#include "p2p/peer_link.h"

#include <gtest/gtest.h>

#include "p2p/testing.h"
#include "types/key_files.h"

namespace tandem::p2p {
namespace {

using testing::ephemeral;
using testing::FixedKey;

constexpr Time start = std::chrono::seconds(5);
constexpr std::uint8_t votes = 0x22;
constexpr std::uint8_t heartbeats = 0x54;

struct Side {
    explicit Side(std::uint8_t number) : key(number) {
        local.info.protocol_version = {8, 11, 0};
        local.info.default_node_id = types::node_id(key.public_key());
        local.info.listen_addr = "tcp://127.0.0.1:26656";
        local.info.network = "chain";
        local.info.version = "0.38.0";
        local.info.moniker = "side";
        local.info.channels = {votes, heartbeats};
        local.channels = {{votes, 7, 10, 1000}, {heartbeats, 9, 10, 1000}};
    }
    FixedKey key;
    LocalNode local{key, {}, {}, {}};
    std::optional<PeerLink> link;
    std::vector<types::ChannelMessage> heard;
};

struct PeerLinkTest : ::testing::Test {
    void connect(std::string expected = "") {
        a.link.emplace(a.local, ephemeral(3), std::move(expected), start);
        b.link.emplace(b.local, ephemeral(4), "", start);
    }
    /// Until neither says anything; the first refusal.
    base::Verdict talk() {
        for (;;) {
            const base::Bytes from_a = a.link->produce(start, 100'000);
            const base::Bytes from_b = b.link->produce(start, 100'000);
            if (from_a.empty() && from_b.empty()) return {};
            TANDEM_TRY(b.link->receive(from_a, start, b.heard));
            TANDEM_TRY(a.link->receive(from_b, start, a.heard));
        }
    }
    std::string refusal() {
        const base::Verdict verdict = talk();
        return verdict ? "" : verdict.error().check;
    }
    Side a{1}, b{2};
};

Connection::Message message(std::string_view text) {
    return std::make_shared<const base::Bytes>(text.begin(), text.end());
}

TEST_F(PeerLinkTest, IntroducesAdmitsAndTalks) {
    connect(b.local.id());
    ASSERT_TRUE(talk());
    ASSERT_TRUE(a.link->waits_for_admission());
    ASSERT_TRUE(b.link->waits_for_admission());
    EXPECT_EQ(a.link->peer_info(), b.local.info);
    EXPECT_EQ(b.link->peer_id(), a.local.id());
    EXPECT_FALSE(a.link->send(votes, message("early")));
    ASSERT_TRUE(a.link->admit(start, a.heard));
    ASSERT_TRUE(a.link->send(votes, message("one")));
    ASSERT_TRUE(talk());
    EXPECT_TRUE(b.heard.empty()) << "what is said before the admission waits";
    ASSERT_TRUE(b.link->admit(start, b.heard));
    EXPECT_EQ(b.heard, (std::vector<types::ChannelMessage>{{votes, {'o', 'n', 'e'}}}));
}

TEST_F(PeerLinkTest, SendsOnlyOnChannelsThatThePeerHas) {
    b.local.info.channels = {votes};
    connect();
    ASSERT_TRUE(talk());
    ASSERT_TRUE(a.link->admit(start, a.heard));
    EXPECT_TRUE(a.link->can_send(votes));
    EXPECT_FALSE(a.link->can_send(heartbeats));
    EXPECT_FALSE(a.link->send(heartbeats, message("x")));
}

TEST_F(PeerLinkTest, RefusesAnotherNodeThanTheOneDialled) {
    connect(std::string(40, 'a'));
    EXPECT_EQ(refusal(), "peer.id");
}

TEST_F(PeerLinkTest, RefusesItself) {
    connect();
    b.link.emplace(a.local, ephemeral(4), "", start);
    EXPECT_EQ(refusal(), "peer.ourselves");
}

TEST_F(PeerLinkTest, RefusesWhoLiesAboutItsName) {
    b.local.info.default_node_id = std::string(40, 'b');
    connect();
    EXPECT_EQ(refusal(), "peer.node_info");
}

TEST_F(PeerLinkTest, RefusesAnotherChain) {
    b.local.info.network = "another";
    connect();
    EXPECT_NE(refusal(), "");
}

TEST_F(PeerLinkTest, EndsSlowHandshakes) {
    connect();
    EXPECT_EQ(a.link->next_wake(start), start + handshake_step_time_max);
    EXPECT_TRUE(a.link->tick(start + handshake_step_time_max - Time(1)));
    EXPECT_FALSE(a.link->tick(start + handshake_step_time_max));
}

TEST_F(PeerLinkTest, PingsOnceOpen) {
    connect();
    ASSERT_TRUE(talk());
    ASSERT_TRUE(a.link->admit(start, a.heard));
    EXPECT_TRUE(a.link->tick(start + handshake_step_time_max));
    EXPECT_GT(a.link->next_wake(start), start + handshake_step_time_max);
}

}  // namespace
}  // namespace tandem::p2p
