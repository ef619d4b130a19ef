// Both ends of a remote signer's connection, over real sockets, on one loop.
#include "io/remote_signer.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "crypto/ed25519.h"
#include "io/signer_dialer.h"
#include "io/testing.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

class QuietReporter final : public node::Reporter {
  public:
    [[nodiscard]] bool wants(node::LogLevel, std::string_view) const override { return true; }
    void report(node::LogLevel, std::string_view, std::string_view text) override {
        said.emplace_back(text);
    }
    [[nodiscard]] bool has_said(std::string_view what) const {
        return std::ranges::any_of(
            said, [what](const std::string& line) { return line.find(what) != line.npos; });
    }
    std::vector<std::string> said;
};

crypto::PrivateKey key_of(std::uint8_t number) {
    const base::Bytes seed(crypto::ed25519_seed_size, number);
    const auto pair = crypto::Ed25519PrivateKey::from_seed(seed);
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, pair.bytes());
    TANDEM_CHECK(key.has_value());
    return std::move(*key);
}

class RemoteSignerTest : public ::testing::TestWithParam<bool> {
  protected:
    using Timing = signer::RemoteClient::Timing;

    void listen(Timing timing = {}) {
        const std::string wanted =
            GetParam() ? "unix://" + (folder.path() / "signer.sock").string() : "tcp://127.0.0.1:0";
        auto opened = RemoteSigner::listen(loop, reporter, wanted, "chain", timing);
        ASSERT_TRUE(opened) << opened.error().why;
        node = std::move(*opened);
    }
    void dial(std::uint8_t key = 1, types::LastSigned last = {}) {
        service.emplace("chain", types::GuardedKey(key_of(key), std::move(last)),
                        [](const types::LastSigned&) {});
        auto started = SignerDialer::start(loop, reporter, *service, node->address());
        ASSERT_TRUE(started) << started.error().why;
        dialer = std::move(*started);
    }
    bool run_until(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + seconds(20);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            if (loop.stopped()) loop.restart();
            loop.run_one_for(milliseconds(100));
        }
        return true;
    }
    void ask(std::int32_t round, std::uint8_t block = 1) {
        types::Vote vote;
        vote.type = types::SignedMsgType::prevote;
        vote.height = 5;
        vote.round = round;
        vote.block_id.hash.assign(types::hash_bytes, block);
        vote.block_id.part_set_header = {1, vote.block_id.hash};
        node->client().sign(vote, [this](base::Result<types::Vote> answer) {
            answers.push_back(std::move(answer));
        });
    }

    TemporaryFolder folder;
    QuietReporter reporter;
    asio::io_context loop{1};
    std::optional<signer::RemoteService> service;
    std::unique_ptr<RemoteSigner> node;
    std::unique_ptr<SignerDialer> dialer;
    std::vector<base::Result<types::Vote>> answers;
};

TEST_P(RemoteSignerTest, ASignerComesAndSigns) {
    listen();
    dial();
    const auto key = node->wait_for_key();
    ASSERT_TRUE(key) << key.error().why;
    EXPECT_EQ(node->client().public_key(), key_of(1).public_key());
    ask(1);
    ask(2);
    ask(2, 2);
    ASSERT_TRUE(run_until([&] { return answers.size() == 3; }));
    ASSERT_TRUE(answers[0] && answers[1]);
    EXPECT_TRUE(crypto::verify(key_of(1).public_key(), types::sign_bytes("chain", *answers[1]),
                               answers[1]->signature));
    EXPECT_EQ(answers[2].error().check, "signer.refused");
    EXPECT_TRUE(reporter.has_said("refused: error signing vote: conflicting data"));
}

TEST_P(RemoteSignerTest, ASignerThatWentComesBack) {
    listen();
    dial();
    ASSERT_TRUE(node->wait_for_key());
    dialer.reset();
    ASSERT_TRUE(run_until([&] { return !node->is_connected(); }));
    ask(1);
    dial();
    ASSERT_TRUE(run_until([&] { return answers.size() == 1; }));
    EXPECT_TRUE(answers[0]);
}

TEST_P(RemoteSignerTest, AValidatorThatWentIsDialledAgain) {
    listen();
    const std::string address = node->address();
    dial();
    ASSERT_TRUE(node->wait_for_key());
    node.reset();
    ASSERT_TRUE(run_until([&] { return reporter.has_said("cannot be reached"); }));
    auto again = RemoteSigner::listen(loop, reporter, address, "chain");
    ASSERT_TRUE(again) << again.error().why;
    node = std::move(*again);
    EXPECT_TRUE(node->wait_for_key());
}

TEST_P(RemoteSignerTest, NobodyComes) {
    Timing timing;
    timing.connect = milliseconds(50);
    listen(timing);
    const auto key = node->wait_for_key();
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().check, "priv_validator_laddr");
}

TEST_P(RemoteSignerTest, ASignerOfAnotherChainIsRefused) {
    listen();
    service.emplace("other", types::GuardedKey(key_of(1), {}), [](const types::LastSigned&) {});
    dialer = std::move(*SignerDialer::start(loop, reporter, *service, node->address()));
    const auto key = node->wait_for_key();
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().check, "signer.refused");
}

TEST_P(RemoteSignerTest, AStrangerInBetweenIsSentAway) {
    listen();
    dial();
    ASSERT_TRUE(node->wait_for_key());
    dialer.reset();
    ASSERT_TRUE(run_until([&] { return !node->is_connected(); }));
    ask(1);
    dial(2);
    ASSERT_TRUE(run_until([&] { return reporter.has_said("and this node votes with"); }));
    EXPECT_EQ(service->counts().signed_messages, 0u);
    dialer.reset();
    dial(1);
    ASSERT_TRUE(run_until([&] { return answers.size() == 1; }));
    EXPECT_TRUE(answers[0]);
}

INSTANTIATE_TEST_SUITE_P(Sockets, RemoteSignerTest, ::testing::Values(false, true),
                         [](const auto& which) { return which.param ? "File" : "Tcp"; });

TEST(RemoteSignerAddress, MustBeOne) {
    asio::io_context loop;
    QuietReporter reporter;
    for (const char* address : {"127.0.0.1:1", "udp://127.0.0.1:1", "tcp://127.0.0.1", "unix://"}) {
        const auto opened = RemoteSigner::listen(loop, reporter, address, "chain");
        ASSERT_FALSE(opened) << address;
        EXPECT_EQ(opened.error().check, "priv_validator_laddr");
    }
}

}  // namespace
}  // namespace tandem::io
