// An HTTP server on one event loop: RPC with its WebSockets, and the metrics.
//
// Connections cost little and are bounded: in number, in the bytes of a request's head and body, in
// the time that a request may take to arrive and its answer to be taken. Whoever sends slowly or
// does not read is closed. While the bound on their number is reached, none are accepted: they wait
// in the kernel's queue, as with CometBFT.
//
// What a request means is the handler's: rpc::Service, or a function that returns a text.
//
// Rejected: a thread of its own. Answers are read from the node's stores, which have one owner; a
// slow client costs the loop nothing, since nothing here waits.
//
// Not here: what is answered (rpc), the loop (network_host.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/cors.h"
#include "rpc/service.h"
#include "rpc/websocket.h"

namespace tandem::io {

struct TlsFiles {
    std::string certificate;  // PEM, the chain
    std::string key;          // PEM
};
/// Refused, "rpc.tls_cert_file" or "rpc.tls_key_file": cannot be used, or not of one another.
[[nodiscard]] base::Verdict check_tls_files(const TlsFiles& files);

struct HttpServerConfig {
    std::vector<std::string> listen;    // "tcp://host:port", port 0: any; "unix:///path"
    std::string setting = "rpc.laddr";  // what names `listen` in config.toml, for refusals
    CorsConfig cors;
    std::optional<TlsFiles> tls;  // none: plain
    std::size_t connections_max = 900;
    std::size_t body_bytes_max = 1'000'000;
    std::uint32_t header_bytes_max = 1U << 20U;
    std::chrono::milliseconds read_timeout{10'000};   // for a whole request, or between two
    std::chrono::milliseconds write_timeout{11'000};  // for an answer to be made and taken
    std::chrono::milliseconds silence_max{30'000};    // on a WebSocket; pings go out before
    std::chrono::milliseconds frame_timeout{10'000};  // for a message to be taken
    std::chrono::milliseconds stop_timeout{2'000};    // for answers under way when stopping
};

/// What a server asks. Borrowed by it.
class HttpHandler {
  public:
    virtual ~HttpHandler() = default;
    /// `reply` is called once, at once or later, or never again.
    virtual void handle(rpc::HttpRequest request, std::function<void(rpc::HttpResponse)> reply) = 0;
    /// Null: no WebSockets here.
    [[nodiscard]] virtual std::unique_ptr<rpc::WebSocketSession> open_websocket(
        const std::string& client, std::function<void()> wake) = 0;
};

/// RPC. The service outlives this.
class RpcHandler final : public HttpHandler {
  public:
    explicit RpcHandler(rpc::Service& service) : service_(service) {}
    void handle(rpc::HttpRequest request, std::function<void(rpc::HttpResponse)> reply) override {
        service_.handle(std::move(request), std::move(reply));
    }
    std::unique_ptr<rpc::WebSocketSession> open_websocket(const std::string& client,
                                                          std::function<void()> wake) override {
        return std::make_unique<rpc::WebSocketSession>(service_, client, std::move(wake));
    }

  private:
    rpc::Service& service_;
};

/// One page of text under /metrics, as Prometheus reads it.
class MetricsHandler final : public HttpHandler {
  public:
    explicit MetricsHandler(std::function<std::string()> text) : text_(std::move(text)) {}
    void handle(rpc::HttpRequest request, std::function<void(rpc::HttpResponse)> reply) override;
    std::unique_ptr<rpc::WebSocketSession> open_websocket(const std::string&,
                                                          std::function<void()>) override {
        return nullptr;
    }

  private:
    std::function<std::string()> text_;
};

class HttpServer {
  public:
    /// Refused, with what to do, when an address cannot be had or a file of TLS cannot be used;
    /// then nothing stays open. `loop` and `handler` outlive this.
    [[nodiscard]] static base::Result<std::unique_ptr<HttpServer>> start(
        boost::asio::io_context& loop, HttpHandler& handler, HttpServerConfig config);
    /// Closes everything at once.
    ~HttpServer();

    /// "127.0.0.1:26657", "unix:/path", in the order of `listen`.
    [[nodiscard]] std::vector<std::string> addresses() const;
    [[nodiscard]] std::size_t connections() const;
    /// Accepts no more, closes what is idle, lets answers under way out, and then calls `done`; at
    /// the latest after stop_timeout.
    void stop(std::function<void()> done);

  private:
    struct Core;
    explicit HttpServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
    std::shared_ptr<Core> core_;
};

}  // namespace tandem::io
