// Inside the HTTP server: one connection, from its first byte to its end.
//
// Owned by itself: by the handlers of the operation that is under way, and while it waits for an
// answer by a member. The server knows it by a weak pointer and a place in its count; whoever makes
// the answer knows it by a weak pointer too, and may take forever.
//
// Not here: accepting (http_server.cc), WebSockets once they are open (http_websocket.h).
#pragma once
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "io/http_server.h"

namespace tandem::io {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;
using boost::asio::generic::stream_protocol;

using PlainStream = beast::basic_stream<stream_protocol, boost::asio::io_context::executor_type>;
using TlsStream = beast::ssl_stream<PlainStream>;

/// What the server asks of every connection.
class OpenConnection {
  public:
    virtual ~OpenConnection() = default;
    /// Ends as soon as what is under way is done.
    virtual void finish() = 0;
    /// Ends now.
    virtual void abort() = 0;
};

/// What connections share, and their number.
struct HttpShared {
    HttpHandler* handler = nullptr;  // null once the server is gone
    HttpServerConfig config;
    std::map<std::uint64_t, std::weak_ptr<OpenConnection>> open;
    std::uint64_t last_number = 0;
    std::function<void()> closed;  // one connection less
    bool stopping = false;
};

/// Counts a connection while it lives.
class ConnectionTicket {
  public:
    explicit ConnectionTicket(std::shared_ptr<HttpShared> shared)
        : shared_(std::move(shared)), number_(++shared_->last_number) {
        shared_->open[number_];
    }
    ConnectionTicket(const ConnectionTicket&) = delete;
    ConnectionTicket& operator=(const ConnectionTicket&) = delete;
    ~ConnectionTicket() {
        shared_->open.erase(number_);
        if (shared_->closed) shared_->closed();
    }
    void name(const std::weak_ptr<OpenConnection>& connection) {
        shared_->open[number_] = connection;
    }
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  private:
    std::shared_ptr<HttpShared> shared_;
    std::uint64_t number_;
};

/// "Mon, 02 Jan 2006 15:04:05 GMT".
[[nodiscard]] std::string http_date(std::int64_t unix_seconds);

template <typename Stream>
class HttpConnection final : public OpenConnection,
                             public std::enable_shared_from_this<HttpConnection<Stream>> {
  public:
    HttpConnection(Stream stream, std::shared_ptr<HttpShared> shared,
                   std::shared_ptr<ConnectionTicket> ticket, std::string client)
        : stream_(std::move(stream)),
          shared_(std::move(shared)),
          ticket_(std::move(ticket)),
          client_(std::move(client)),
          answer_timer_(stream_.get_executor()) {}

    void start();
    void finish() override {
        finishing_ = true;
        if (is_idle_) abort();
    }
    void abort() override {
        answer_timer_.cancel();
        beast::get_lowest_layer(stream_).cancel();
        beast::get_lowest_layer(stream_).close();
        kept_.reset();
    }

  private:
    using Parser = http::request_parser<http::string_body>;
    using Request = http::request<http::string_body>;

    auto self() { return this->shared_from_this(); }
    void read();
    void take(error_code error);
    void refuse_reading(error_code error);
    [[nodiscard]] CorsRequest cors_request() const;
    [[nodiscard]] bool wants_websocket() const;
    void open_websocket();
    void ask();
    void answer(rpc::HttpResponse response);
    template <typename Body>
    void send(http::response<Body> response);
    void close_gently();

    Stream stream_;
    std::shared_ptr<HttpShared> shared_;
    std::shared_ptr<ConnectionTicket> ticket_;
    std::string client_;
    boost::asio::steady_timer answer_timer_;
    beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    Request request_;
    Headers cors_;
    bool is_idle_ = true;  // between requests
    bool finishing_ = false;
    bool keep_alive_ = false;
    std::uint64_t question_ = 0;  // which answer is waited for
    std::shared_ptr<void> kept_;  // itself, while an answer is waited for
};

}  // namespace tandem::io
