#include "tandem/light_events.h"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <utility>

#include "rpc/light_answers.h"
#include "wire/json_write.h"

namespace tandem::program {
namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

constexpr std::chrono::seconds connect_timeout{4};
constexpr std::size_t event_bytes_max = std::size_t{256} << 20;

std::string subscription(const std::string& query) {
    wire::JsonWriter writer;
    writer.begin_object();
    writer.name("jsonrpc").string("2.0");
    writer.name("id").number(1);
    writer.name("method").string("subscribe");
    writer.name("params").begin_object().name("query").string(query).end_object();
    writer.end_object();
    return writer.take();
}

}  // namespace

UpstreamEvents::UpstreamEvents(boost::asio::io_context& loop, io::RpcAddress node,
                               std::string query, rpc::Answerer::Subscriber subscriber)
    : node_(std::move(node)),
      request_(subscription(query)),
      subscriber_(std::move(subscriber)),
      resolver_(loop),
      socket_(loop) {}

void UpstreamEvents::start() {
    resolver_.async_resolve(
        node_.host, node_.port,
        [self = shared_from_this()](const ErrorCode& error, const auto& found) {
            if (error) return self->end(error.message());
            auto& stream = beast::get_lowest_layer(self->socket_);
            stream.expires_after(connect_timeout);
            stream.async_connect(
                found, [self](const ErrorCode& result, const auto&) { self->connected(result); });
        });
}

void UpstreamEvents::connected(const ErrorCode& error) {
    if (error) return end(error.message());
    beast::get_lowest_layer(socket_).expires_never();  // the WebSocket has times of its own
    socket_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
    socket_.read_message_max(event_bytes_max);
    socket_.async_handshake(node_.to_text(), "/websocket",
                            [self = shared_from_this()](const ErrorCode& result) {
                                if (result) return self->end(result.message());
                                self->subscribe();
                            });
}

void UpstreamEvents::subscribe() {
    socket_.text(true);
    socket_.async_write(boost::asio::buffer(request_),
                        [self = shared_from_this()](const ErrorCode& error, std::size_t /*bytes*/) {
                            if (error) return self->end(error.message());
                            self->read();
                        });
}

void UpstreamEvents::read() {
    if (!is_open_) return;
    socket_.async_read(
        buffer_, [self = shared_from_this()](const ErrorCode& error, std::size_t /*bytes*/) {
            if (error) return self->end(error.message());
            const std::string message = beast::buffers_to_string(self->buffer_.cdata());
            self->buffer_.consume(self->buffer_.size());
            self->take(message);
            self->read();
        });
}

void UpstreamEvents::take(std::string_view message) {
    const auto answer = wire::parse_json(message);
    const auto result = answer ? rpc::light::member(*answer, "result") : std::nullopt;
    if (!result) return end("the primary refuses: " + std::string(message));
    // The first answer says that the subscription stands, and nothing else.
    if (!rpc::light::member(*result, "data") || !is_open_) return;
    if (!subscriber_.deliver(result->raw())) end("client is not pulling messages fast enough");
}

void UpstreamEvents::end(std::string_view reason) {
    if (!std::exchange(is_open_, false)) return;
    beast::get_lowest_layer(socket_).close();
    subscriber_.ended(reason);
}

void UpstreamEvents::close() {
    is_open_ = false;
    resolver_.cancel();
    beast::get_lowest_layer(socket_).close();
}

}  // namespace tandem::program
