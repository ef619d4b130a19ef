#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

#include "abci/messages.h"
#include "io/abci_client.h"
#include "io/abci_server.h"
#include "io/exit_codes.h"
#include "io/testing.h"
#include "ledger/kvstore.h"
#include "wire/framing.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using base::Bytes;

/// kvstore behind a socket, on a thread of its own.
class AbciSocketTest : public ::testing::Test {
  protected:
    ~AbciSocketTest() override {
        asio::post(loop_, [this] {
            server_.reset();
            work_.reset();
        });
        if (thread_.joinable()) thread_.join();
    }
    void serve(const std::string& address) {
        auto server = AbciServer::start(loop_, application_, address);
        ASSERT_TRUE(server) << server.error().why;
        server_ = std::move(*server);
        address_ = server_->address();
        thread_ = std::thread([this] { loop_.run(); });
    }
    [[nodiscard]] std::unique_ptr<AbciClient> client() const {
        auto made = AbciClient::connect(address_, [](const std::string&) {});
        EXPECT_TRUE(made) << made.error().why;
        return std::move(*made);
    }

    std::string address_;

  private:
    asio::io_context loop_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
    ledger::MemoryStorage storage_;
    ledger::KvStore application_{storage_};
    std::unique_ptr<AbciServer> server_;
    std::thread thread_;
};

/// The life of a block, and what is asked about it.
void expect_a_block(AbciClient& client) {
    EXPECT_EQ(client.echo("heard"), "heard");
    EXPECT_EQ(client.info({}).last_block_height, 0);
    abci::RequestInitChain begin;
    begin.initial_height = 1;
    EXPECT_EQ(client.init_chain(begin).app_hash.size(), 8U);
    const Bytes tx = base::to_bytes(base::as_bytes(std::string_view("name=value")));
    abci::RequestCheckTx check;
    check.tx = tx;
    EXPECT_EQ(client.check_tx(check).code, 0U);
    abci::RequestPrepareProposal prepare;
    prepare.max_tx_bytes = 1000;
    prepare.height = 1;
    prepare.txs = wire::Txs::copy_of(std::array{tx});
    const auto prepared = client.prepare_proposal(prepare);
    ASSERT_EQ(prepared.txs.size(), 1U);
    abci::RequestFinalizeBlock block;
    block.height = 1;
    block.txs = prepared.txs;
    const auto result = client.finalize_block(block);
    ASSERT_EQ(result.tx_results.size(), 1U);
    EXPECT_EQ(result.tx_results[0].code, 0U);
    EXPECT_EQ(client.commit({}).retain_height, 0);
    abci::RequestQuery query;
    query.data = base::to_bytes(base::as_bytes(std::string_view("name")));
    EXPECT_EQ(base::as_text(client.query(query).value), "value");
    EXPECT_EQ(client.info({}).last_block_height, 1);
    EXPECT_TRUE(client.list_snapshots({}).snapshots.empty());
}

TEST_F(AbciSocketTest, CarriesTheLifeOfABlockOverTcp) {
    serve("tcp://127.0.0.1:0");
    expect_a_block(*client());
}

TEST_F(AbciSocketTest, CarriesTheLifeOfABlockOverAFile) {
    const TemporaryFolder folder;
    serve("unix://" + (folder.path() / "application").string());
    expect_a_block(*client());
}

TEST_F(AbciSocketTest, AFileThatAKillLeftBehindIsInNobodysWay) {
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "application").string();
    {
        boost::asio::io_context loop;
        const boost::asio::local::stream_protocol::acceptor killed(
            loop, boost::asio::local::stream_protocol::endpoint(path));
    }
    ASSERT_TRUE(std::filesystem::is_socket(path));
    serve("unix://" + path);
    expect_a_block(*client());
}

TEST_F(AbciSocketTest, ChecksManyTransactionsWithoutAWait) {
    serve("tcp://127.0.0.1:0");
    const auto connected = client();
    EXPECT_TRUE(connected->check_txs({}).empty());
    const Bytes good = base::to_bytes(base::as_bytes("name=" + std::string(600, 'x')));
    const Bytes bad = base::to_bytes(base::as_bytes(std::string_view("no value")));
    std::vector<abci::RequestCheckTx> requests;
    for (int i = 0; i < 20'000; ++i)  // more than both sockets hold
        requests.push_back({i % 3 == 0 ? bad : good, abci::CheckTxType::recheck});
    const auto answers = connected->check_txs(requests);
    ASSERT_EQ(answers.size(), requests.size());
    for (std::size_t i = 0; i < answers.size(); ++i)
        ASSERT_EQ(answers[i].code == 0, i % 3 != 0) << i;
    EXPECT_EQ(connected->check_tx(requests[0]).code, answers[0].code) << "nothing is left over";
    for (const std::size_t few : {1U, 2U, 100U})
        EXPECT_EQ(connected->check_txs(std::span(requests).first(few)).size(), few);
}

TEST_F(AbciSocketTest, CarriesWhatTakesManyReads) {
    serve("tcp://127.0.0.1:0");
    const auto connected = client();
    const std::string text(5'000'000, 'x');
    EXPECT_EQ(connected->echo(text), text);
}

/// What the server says to these bytes until it closes.
std::string conversation(const std::string& address, const Bytes& sent) {
    asio::io_context loop;
    asio::ip::tcp::socket socket(loop);
    const auto port = std::stoi(address.substr(address.rfind(':') + 1));
    socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
    asio::write(socket, asio::buffer(sent));
    Bytes received;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(received), error);
    const wire::Frame frame = wire::next_frame(received, 1000);
    if (frame.state != wire::FrameState::complete) return "no frame";
    const auto response = wire::decode<abci::Response>(frame.body);
    const auto* exception =
        response ? std::get_if<abci::ResponseException>(&response->value) : nullptr;
    return exception == nullptr ? "no exception" : exception->error;
}

TEST_F(AbciSocketTest, WhatIsNoRequestGetsAnExceptionAndTheEnd) {
    serve("tcp://127.0.0.1:0");
    EXPECT_EQ(conversation(address_, {0}), "a request of a kind that is not known");
    EXPECT_EQ(conversation(address_, {2, 0xff, 0xff}), "a request cannot be read");
    EXPECT_EQ(conversation(address_, Bytes(10, 0xff)), "a frame is malformed or too long");
    EXPECT_EQ(conversation(address_, {0xff, 0xff, 0xff, 0xff, 0x7f}),
              "a frame is malformed or too long");
    EXPECT_EQ(client()->echo("still"), "still");
}

TEST_F(AbciSocketTest, AnswersWaitForTheFlush) {
    serve("tcp://127.0.0.1:0");
    asio::io_context loop;
    asio::ip::tcp::socket socket(loop);
    const auto port = std::stoi(address_.substr(address_.rfind(':') + 1));
    socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
    asio::write(socket,
                asio::buffer(wire::encode_delimited(abci::Request{abci::RequestEcho{"first"}})));
    // On another connection a whole conversation takes place; still nothing came here.
    EXPECT_EQ(client()->echo("second"), "second");
    EXPECT_EQ(socket.available(), 0U);
    asio::write(socket, asio::buffer(wire::encode_delimited(abci::Request{abci::RequestFlush{}})));
    const Bytes expected = wire::encode_delimited(abci::Response{abci::ResponseEcho{"first"}});
    Bytes received(expected.size());
    asio::read(socket, asio::buffer(received));
    EXPECT_EQ(received, expected);
}

/// An application that says `answer` to whatever comes on its first connection, and closes.
void with_application_that_says(const Bytes& answer, void (*ask)(AbciClient&)) {
    asio::io_context loop;
    asio::ip::tcp::acceptor acceptor(
        loop, asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    const std::string address = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    std::jthread application([&] {
        std::vector<asio::ip::tcp::socket> sockets;
        sockets.reserve(4);
        for (int each = 0; each < 4; ++each) sockets.push_back(acceptor.accept());
        boost::system::error_code error;
        asio::write(sockets[0], asio::buffer(answer), error);
        sockets[0].shutdown(asio::ip::tcp::socket::shutdown_send, error);
        Bytes heard;
        asio::read(sockets[0], asio::dynamic_buffer(heard), error);  // until the client is gone
    });
    auto client = AbciClient::connect(address, [](const std::string&) {});
    ask(**client);
}

TEST(AbciClientDeathTest, AnApplicationThatCannotGoOnEndsTheProcess) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto ended = ::testing::ExitedWithCode(exit_code::broken);
    const auto ask = [](AbciClient& client) { (void)client.info({}); };
    const auto says = [](abci::Response response) { return wire::encode_delimited(response); };
    EXPECT_EXIT(with_application_that_says({}, ask), ended, "query connection: it closed");
    EXPECT_EXIT(with_application_that_says(says({abci::ResponseException{"lost my disk"}}), ask),
                ended, "RequestInfo.*exception: lost my disk");
    EXPECT_EXIT(with_application_that_says(says({abci::ResponseCommit{}}), ask), ended,
                "it answered something else");
    EXPECT_EXIT(with_application_that_says(Bytes(10, 0xff), ask), ended, "it sent no frame");
    EXPECT_EXIT(with_application_that_says({2, 0xff, 0xff}, ask), ended, "cannot be read");
}

TEST(AbciClient, AddressesAreTcpOrAFile) {
    const auto refusal = [](const std::string& address) {
        const auto made = AbciClient::connect(address, [](const std::string&) {});
        return made ? "" : made.error().check;
    };
    for (const char* address : {"kvstor", "", "tcp://", "tcp://host", "tcp://host:123456",
                                "unix://", "http://host:1", "tcp://a/b:1"})
        EXPECT_EQ(refusal(address), "abci.address") << address;
}

}  // namespace
}  // namespace tandem::io
