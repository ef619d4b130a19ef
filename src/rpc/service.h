// RPC as a value: requests in, answers out, over HTTP or over a WebSocket. Who owns sockets
// (io/http_server) hands in what came and sends what comes back.
//
//     GET  /method?name=value     URI form; any verb will do, as in CometBFT
//     POST /                      JSON-RPC 2.0, one request or a batch
//     GET  / /dashboard           HTML: the list of methods; a page to look at (dashboard.h)
//     GET  /ready /ready?lag=N /validator /standby     200 or 503 (health.h)
//     /websocket                  JSON-RPC with subscriptions (websocket.h)
//
// Requests of a batch are answered in order, each after the one before. Answers that wait for a
// block or for the application do not hold up anybody else's.
//
// Error texts are those of CometBFT, down to what Go's JSON reader says of a bad number: clients
// match on them, and the golden vectors hold them.
//
// Not here: sockets, TLS, CORS, timeouts, limits on connections (io/http_server.h).
#pragma once
#include <span>

#include "rpc/arguments.h"
#include "rpc/environment.h"
#include "rpc/event_bus.h"
#include "rpc/indexer.h"

namespace tandem::rpc {

class Answerer;

struct ServiceConfig {
    std::size_t body_bytes_max = 1'000'000;
    std::size_t batch_requests_max = 10;      // 0: no limit
    Duration commit_timeout{10'000'000'000};  // of broadcast_tx_commit
    bool unsafe_routes = false;
    std::span<const std::string_view> routes = {};  // names, sorted; empty: all
    std::size_t subscription_events_max = 200;      // that a subscriber may have waiting
    std::size_t websocket_frames_max = 200;         // further answers that may wait beside them
    bool close_slow_clients = false;                // experimental_close_on_slow_client
    Answerer* answerer = nullptr;                   // null: the routes answer. Borrowed
};

struct RouteContext;
struct Route;

/// Who answers in the place of the routes' own handlers and of the bus: a proxy. What is asked was
/// converted, and its refusals become errors, as for a node.
class Answerer {
  public:
    virtual ~Answerer() = default;
    /// `answer` gets JSON, at once or later, on the same thread.
    virtual void answer(const Route& route, std::vector<Argument> arguments,
                        Reply<std::string> answer) = 0;

    struct Subscriber {
        std::function<bool(std::string_view result)> deliver;  // JSON; false: no room
        std::function<void(std::string_view reason)> ended;    // not by the client itself
    };
    [[nodiscard]] virtual Verdict subscribe(const std::string& client, const Query& query,
                                            const std::string& text, Subscriber subscriber) = 0;
    [[nodiscard]] virtual Verdict unsubscribe(const std::string& client, const Query& query) = 0;
    [[nodiscard]] virtual Verdict unsubscribe_all(const std::string& client) = 0;
};

struct HttpRequest {
    std::string verb = "GET";
    std::string target = "/";
    std::optional<std::string> host;  // the header; needed from HTTP/1.1 on
    bool is_http_1_0 = false;
    std::string content_type;
    std::string body;
    bool body_too_large = false;  // it was not read
    std::string client;           // remote address, "ip:port"
};

struct HttpResponse {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;  // but for those of the transport
    std::string body;
    bool tells_time = true;          // the transport adds X-Server-Time
    bool closes_connection = false;  // what came cannot be told from what follows
};

/// What is wrong with a request line or header that could not be read.
[[nodiscard]] HttpResponse malformed_request();
[[nodiscard]] HttpResponse headers_too_large();

class Service {
  public:
    /// What is borrowed outlives this, and every call of an Environment's reply.
    Service(Environment& environment, EventBus& bus, const Indexer& indexer, ServiceConfig config);
    ~Service();

    /// `reply` is called once, at once or later, and not after this is gone.
    void handle(HttpRequest request, std::function<void(HttpResponse)> reply);

    // ---- For WebSocketSession.
    [[nodiscard]] const ServiceConfig& config() const noexcept;
    [[nodiscard]] EventBus& bus() noexcept;
    [[nodiscard]] RouteContext context(std::string client) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::rpc
