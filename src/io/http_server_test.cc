#include "io/http_server.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <cstdio>
#include <future>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <thread>

#include "io/testing.h"
#include "rpc/testing.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using std::chrono_literals::operator""ms;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr auto patience = std::chrono::seconds(30);

/// A server over an environment of its own, on a thread; a client speaks to it from the test's.
class HttpServerTest : public ::testing::Test {
  protected:
    ~HttpServerTest() override {
        if (!thread_.joinable()) return;
        asio::post(loop, [this] {
            server.reset();
            work_.reset();
        });
        thread_.join();
    }
    void start() {
        config.listen = {"tcp://127.0.0.1:0"};
        start_as_configured();
    }
    void start_as_configured() {
        auto made = HttpServer::start(loop, handler, config);
        ASSERT_TRUE(made.has_value()) << made.error().why;
        server = std::move(*made);
        addresses = server->addresses();
        thread_ = std::thread([this] { loop.run(); });
    }
    /// Does `work` on the loop's thread.
    template <typename Work>
    auto on_loop(Work work) {
        std::packaged_task<decltype(work())()> task(std::move(work));
        auto result = task.get_future();
        asio::post(loop, [&task] { task(); });
        return result.get();
    }
    /// Looks again and again, on the loop's thread.
    template <typename Condition>
    bool comes_true(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!on_loop(condition)) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }
    [[nodiscard]] tcp::endpoint endpoint() const {
        const std::string& address = addresses.at(0);
        const auto port = std::stoi(address.substr(address.rfind(':') + 1));
        return {asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)};
    }
    tcp::socket connect() {
        tcp::socket socket(client_loop);
        socket.connect(endpoint());
        return socket;
    }
    template <typename Socket>
    static void send(Socket& socket, std::string_view text) {
        asio::write(socket, asio::buffer(text.data(), text.size()));
    }
    /// One answer with its body, as its Content-Length says.
    template <typename Socket>
    static std::string receive(Socket& socket, std::string_view verb = "GET") {
        std::string text;
        ErrorCode error;
        const auto head = asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n", error);
        if (error) return text;
        const auto at = text.find("Content-Length: ");
        if (at == std::string::npos || verb == "HEAD") return text;
        const std::size_t length = std::stoul(text.substr(at + 16));
        if (text.size() < head + length)
            asio::read(socket, asio::dynamic_buffer(text),
                       asio::transfer_exactly(head + length - text.size()), error);
        return text;
    }
    /// What is still to come until the other side closes.
    template <typename Socket>
    static std::string receive_all(Socket& socket) {
        std::string text;
        ErrorCode error;
        asio::read(socket, asio::dynamic_buffer(text), error);
        return text;
    }
    std::string ask(std::string_view request) {
        auto socket = connect();
        send(socket, request);
        return receive(socket);
    }
    std::string get(const std::string& target) {
        return ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    asio::io_context loop, client_loop;
    rpc::TestEnvironment environment;
    rpc::EventBus bus{{}};
    rpc::MemoryIndexStorage storage;
    rpc::KeyValueIndexer indexer{storage};
    rpc::Service service{environment, bus, indexer, {}};
    RpcHandler handler{service};
    HttpServerConfig config;
    std::unique_ptr<HttpServer> server;
    std::vector<std::string> addresses;

  private:
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{
        asio::make_work_guard(loop)};
    std::thread thread_;
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_F(HttpServerTest, AnswersOneRequestAfterTheOther) {
    start();
    auto socket = connect();
    for (int i = 0; i < 3; ++i) {
        send(socket, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        const std::string answer = receive(socket);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_TRUE(answer.ends_with("{\"jsonrpc\":\"2.0\",\"id\":-1,\"result\":{}}")) << answer;
        EXPECT_TRUE(has(answer, "X-Server-Time: ")) << answer;
        EXPECT_TRUE(has(answer, "Content-Type: application/json\r\n")) << answer;
    }
}

TEST_F(HttpServerTest, TakesWhatClientsReallySend) {
    start();
    // Characters that a URI should have escaped, and the forms of HTTP.
    EXPECT_TRUE(has(get("/abci_query?data=\"a<b>\""), "\"response\""));
    EXPECT_TRUE(has(get("/tx_search?query=\"tx.height='1'\""), "total_count"));
    EXPECT_TRUE(has(ask("GET /health HTTP/1.0\r\n\r\n"), "\"result\":{}"));
    EXPECT_TRUE(has(ask("DELETE /health HTTP/1.1\r\nHost: x\r\n\r\n"), "\"result\":{}"));
    EXPECT_TRUE(has(ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "1c\r\n{\"id\":1,\"method\":\"health\"}  \r\n0\r\n\r\n"),
                    "\"id\":1"));
    EXPECT_TRUE(has(get("//health"), "307 Temporary Redirect"));
    EXPECT_TRUE(has(get("/nothing"), "404 Not Found"));
}

TEST_F(HttpServerTest, AHeadHasNoBodyAndItsLength) {
    start();
    auto socket = connect();
    send(socket, "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string head = receive(socket, "HEAD");
    EXPECT_TRUE(has(head, "Content-Length: 37\r\n")) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    send(socket, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(receive(socket).starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequestAndCloses) {
    start();
    for (const std::string request :
         {"GET\r\n\r\n", "nonsense\r\n\r\n", "GET /health HTTP/1.1\r\n\r\n"}) {
        auto socket = connect();
        send(socket, request);
        const std::string answer = receive_all(socket);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
        EXPECT_FALSE(has(answer, "X-Server-Time"));
    }
}

TEST_F(HttpServerTest, HoldsItsLimitsOnBytes) {
    config.body_bytes_max = 1000;
    config.header_bytes_max = 2000;
    start();
    auto body = connect();
    send(body,
         "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, ' '));
    const std::string too_large = receive_all(body);
    EXPECT_TRUE(too_large.starts_with("HTTP/1.1 400")) << too_large;
    EXPECT_TRUE(has(too_large, "http: request body too large")) << too_large;
    auto head = connect();
    send(head, "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(3000, 'a'));
    EXPECT_TRUE(receive_all(head).starts_with("HTTP/1.1 431"));
    EXPECT_TRUE(has(
        ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, ' ')),
        "unexpected end of JSON input"));
}

TEST_F(HttpServerTest, WhoeverSendsSlowlyIsClosed) {
    config.read_timeout = 20ms;
    start();
    auto socket = connect();
    send(socket, "GET /health HTTP/1.1\r\nHo");
    EXPECT_EQ(receive_all(socket), "");
    auto idle = connect();
    EXPECT_EQ(receive_all(idle), "");
    EXPECT_TRUE(comes_true([&] { return server->connections() == 0; }));
}

TEST_F(HttpServerTest, FurtherConnectionsWaitUntilThereIsRoom) {
    config.connections_max = 1;
    start();
    auto first = connect();
    send(first, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(has(receive(first), "200 OK"));
    auto second = connect();
    send(second, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(on_loop([&] { return server->connections(); }), 1U);
    first.close();
    EXPECT_TRUE(has(receive(second), "200 OK"));
}

TEST_F(HttpServerTest, AnAnswerThatDoesNotComeClosesTheConnection) {
    config.write_timeout = 20ms;
    environment.answers_info_later = true;
    start();
    EXPECT_EQ(get("/abci_info"), "");
    on_loop([&] { environment.infos.at(0)(abci::ResponseInfo{}); });
    EXPECT_TRUE(comes_true([&] { return server->connections() == 0; }));
}

TEST_F(HttpServerTest, StoppingLetsAnswersOut) {
    environment.answers_info_later = true;
    start();
    auto idle = connect(), asking = connect();
    send(asking, "GET /abci_info HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(
        comes_true([&] { return environment.infos.size() == 1 && server->connections() == 2; }));
    bool done = false;
    on_loop([&] { server->stop([&] { done = true; }); });
    EXPECT_EQ(receive_all(idle), "");
    EXPECT_FALSE(on_loop([&] { return done; }));
    on_loop([&] { environment.infos.at(0)(abci::ResponseInfo{}); });
    EXPECT_TRUE(has(receive_all(asking), "\"response\""));
    EXPECT_TRUE(comes_true([&] { return done; }));
    tcp::socket refused(client_loop);
    ErrorCode error;
    refused.connect(endpoint(), error);
    EXPECT_TRUE(error);
}

TEST_F(HttpServerTest, AnAddressThatIsTakenIsRefused) {
    start();
    HttpServerConfig again;
    again.listen = {"tcp://" + addresses.at(0)};
    asio::io_context other;
    const auto server_again = HttpServer::start(other, handler, again);
    ASSERT_FALSE(server_again);
    EXPECT_EQ(server_again.error().check, "rpc.laddr");
    again.listen = {"nonsense"};
    EXPECT_FALSE(HttpServer::start(other, handler, again));
}

TEST_F(HttpServerTest, ServesAFileSystemSocket) {
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "rpc.sock").string();
    config.listen = {"unix://" + path};
    start_as_configured();
    asio::local::stream_protocol::socket socket(client_loop);
    socket.connect(asio::local::stream_protocol::endpoint(path));
    send(socket, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(has(receive(socket), "200 OK"));
    on_loop([&] { server.reset(); });
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(HttpServerTest, SharesItsAnswersWithTheOriginsThatAreConfigured) {
    config.cors.origins = {"https://a.org"};
    start();
    EXPECT_TRUE(has(ask("GET /health HTTP/1.1\r\nHost: x\r\nOrigin: https://a.org\r\n\r\n"),
                    "Access-Control-Allow-Origin: https://a.org\r\n"));
    const std::string preflight =
        ask("OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: https://a.org\r\n"
            "Access-Control-Request-Method: POST\r\n\r\n");
    EXPECT_TRUE(preflight.starts_with("HTTP/1.1 204 No Content")) << preflight;
    EXPECT_TRUE(has(preflight, "Access-Control-Allow-Methods: POST"));
}

TEST_F(HttpServerTest, MetricsAreAPageOfText) {
    MetricsHandler metrics([] { return std::string("height 5\n"); });
    asio::io_context other;
    config.listen = {"tcp://127.0.0.1:0"};
    auto made = HttpServer::start(other, metrics, config);
    ASSERT_TRUE(made);
    addresses = (*made)->addresses();
    std::thread thread([&] { other.run(); });
    EXPECT_TRUE(get("/metrics").ends_with("height 5\n"));
    EXPECT_TRUE(has(get("/health"), "404 Not Found"));
    asio::post(other, [&] { made->reset(); });
    thread.join();
}

// ---- WebSockets

using WebSocket = boost::beast::websocket::stream<tcp::socket>;

class HttpWebSocketTest : public HttpServerTest {
  protected:
    WebSocket open() {
        WebSocket socket(connect());
        socket.handshake("x", "/websocket");
        return socket;
    }
    static std::string read(WebSocket& socket) {
        boost::beast::flat_buffer buffer;
        ErrorCode error;
        socket.read(buffer, error);
        if (error) return "(" + error.message() + ")";
        return boost::beast::buffers_to_string(buffer.data());
    }
    static void write(WebSocket& socket, std::string_view text) {
        socket.write(asio::buffer(text.data(), text.size()));
    }
    void publish(std::size_t bytes = 1) {
        rpc::Event event;
        event.type = "t";
        event.map["tm.event"] = {"X"};
        event.value = [bytes] { return '"' + std::string(bytes, 'x') + '"'; };
        bus.publish(event);
    }
};

TEST_F(HttpWebSocketTest, CallsAndEventsComeThrough) {
    start();
    auto socket = open();
    write(socket, R"({"id":1,"method":"health"})");
    EXPECT_EQ(read(socket), R"({"jsonrpc":"2.0","id":1,"result":{}})");
    write(socket, R"({"id":2,"method":"subscribe","params":["tm.event='X'"]})");
    EXPECT_EQ(read(socket), R"({"jsonrpc":"2.0","id":2,"result":{}})");
    on_loop([&] { publish(); });
    EXPECT_TRUE(has(read(socket), R"("data":{"type":"t","value":"x"})"));
    socket.close(boost::beast::websocket::close_code::normal);
    EXPECT_TRUE(comes_true([&] { return bus.clients() == 0 && server->connections() == 0; }));
}

/// As broadcast_tx_commit: nothing is read or written until the answer comes.
TEST_F(HttpWebSocketTest, StaysOpenWhileAnAnswerIsWaitedFor) {
    environment.answers_info_later = true;
    start();
    auto socket = open();
    write(socket, R"({"id":1,"method":"abci_info"})");
    ASSERT_TRUE(comes_true([&] { return environment.infos.size() == 1; }));
    on_loop([&] { environment.infos.at(0)(abci::ResponseInfo{}); });
    EXPECT_TRUE(has(read(socket), R"("response")"));
    write(socket, R"({"id":2,"method":"health"})");
    EXPECT_EQ(read(socket), R"({"jsonrpc":"2.0","id":2,"result":{}})");
    write(socket, R"({"id":3,"method":"abci_info"})");
    ASSERT_TRUE(comes_true([&] { return environment.infos.size() == 2; }));
    bool done = false;
    on_loop([&] { server->stop([&] { done = true; }); });
    EXPECT_TRUE(comes_true([&] { return done && server->connections() == 0; }));
}

TEST_F(HttpWebSocketTest, AnsweringPingsKeepsASilentConnectionOpen) {
    config.silence_max = 400ms;
    start();
    auto deaf = open();  // nobody reads, so nobody answers its pings
    auto socket = open();
    std::size_t pings = 0;
    socket.control_callback([&](boost::beast::websocket::frame_type kind, auto) {
        if (kind != boost::beast::websocket::frame_type::ping || ++pings != 4) return;
        on_loop([&] { publish(); });
    });
    write(socket, R"({"id":2,"method":"subscribe","params":["tm.event='X'"]})");
    EXPECT_TRUE(has(read(socket), "\"result\":{}"));
    EXPECT_TRUE(has(read(socket), "tm.event"));  // comes with the fourth ping
    EXPECT_GE(pings, 4U);
    EXPECT_TRUE(comes_true([&] { return server->connections() == 1; }));
}

TEST_F(HttpWebSocketTest, WhoeverDoesNotReadIsDropped) {
    config.frame_timeout = 100ms;
    start();
    auto socket = open();
    write(socket, R"({"id":2,"method":"subscribe","params":["tm.event='X'"]})");
    EXPECT_TRUE(has(read(socket), "\"result\":{}"));
    EXPECT_TRUE(comes_true([&] {
        publish(1'000'000);
        return server->connections() == 0;
    }));
    EXPECT_TRUE(comes_true([&] { return bus.clients() == 0; }));
}

TEST_F(HttpWebSocketTest, MessagesAreLimited) {
    config.body_bytes_max = 1000;
    start();
    auto socket = open();
    write(socket, std::string(1001, ' '));
    EXPECT_EQ(read(socket).front(), '(');
    EXPECT_TRUE(comes_true([&] { return server->connections() == 0; }));
}

TEST_F(HttpWebSocketTest, StoppingClosesIt) {
    start();
    auto socket = open();
    bool done = false;
    on_loop([&] { server->stop([&] { done = true; }); });
    EXPECT_EQ(read(socket).front(), '(');
    EXPECT_EQ(socket.reason().code, boost::beast::websocket::close_code::normal);
    EXPECT_TRUE(comes_true([&] { return done; }));
}

/// The server is stopped after each number of turns of its loop while an upgrade is asked for.
TEST_F(HttpWebSocketTest, StoppingInTheMiddleOfAnUpgradeWaitsForItsAnswer) {
    constexpr std::string_view upgrade =
        "GET /websocket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    config.listen = {"tcp://127.0.0.1:0"};
    config.stop_timeout = 10ms;  // this client says nothing more
    for (std::size_t turns = 1; turns < 12; ++turns) {
        auto started = HttpServer::start(loop, handler, config);
        ASSERT_TRUE(started) << started.error().why;
        addresses = (*started)->addresses();
        tcp::socket socket = connect();
        asio::write(socket, asio::buffer(upgrade));
        for (std::size_t turn = 0; turn < turns; ++turn) loop.poll_one();
        bool done = false;
        (*started)->stop([&] { done = true; });
        while (!done && loop.run_one() > 0) {
        }
        EXPECT_TRUE(done) << turns;
    }
}

// ---- TLS

/// A key and a certificate that it signed itself, as PEM files.
TlsFiles make_certificate(const std::filesystem::path& folder) {
    using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    const TlsFiles files{(folder / "cert.pem").string(), (folder / "key.pem").string()};
    const File certificate_file(std::fopen(files.certificate.c_str(), "w"), std::fclose);
    const File key_file(std::fopen(files.key.c_str(), "w"), std::fclose);
    PEM_write_X509(certificate_file.get(), certificate.get());
    PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return files;
}

TEST_F(HttpWebSocketTest, TlsCarriesBoth) {
    const TemporaryFolder folder;
    config.tls = make_certificate(folder.path());
    start();
    asio::ssl::context context(asio::ssl::context::tls_client);
    asio::ssl::stream<tcp::socket> socket(connect(), context);
    socket.handshake(asio::ssl::stream_base::client);
    send(socket, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(has(receive(socket), "200 OK"));

    boost::beast::websocket::stream<asio::ssl::stream<tcp::socket>> frames(connect(), context);
    frames.next_layer().handshake(asio::ssl::stream_base::client);
    frames.handshake("x", "/websocket");
    frames.write(asio::buffer(std::string(R"({"id":1,"method":"health"})")));
    boost::beast::flat_buffer buffer;
    frames.read(buffer);
    EXPECT_EQ(boost::beast::buffers_to_string(buffer.data()),
              R"({"jsonrpc":"2.0","id":1,"result":{}})");

    auto plain = connect();
    send(plain, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(has(receive_all(plain), "200 OK"));
}

TEST_F(HttpServerTest, FilesOfTlsThatCannotBeUsedAreRefused) {
    config.listen = {"tcp://127.0.0.1:0"};
    config.tls = {"/nowhere/cert.pem", "/nowhere/key.pem"};
    const auto made = HttpServer::start(loop, handler, config);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().check, "rpc.tls_cert_file");

    const TemporaryFolder one, other;
    const TlsFiles files = make_certificate(one.path());
    EXPECT_TRUE(check_tls_files(files));
    const auto mixed = check_tls_files({files.certificate, make_certificate(other.path()).key});
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().check, "rpc.tls_key_file");
    EXPECT_EQ(check_tls_files({files.key, files.key}).error().check, "rpc.tls_cert_file");
}

}  // namespace
}  // namespace tandem::io
