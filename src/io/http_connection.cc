#include "io/http_connection.h"

#include <ctime>
#include <fmt/chrono.h>

#include "io/http_websocket.h"

namespace tandem::io {

namespace {

std::string text_of(beast::string_view text) {
    return {text.data(), text.size()};
}

std::int64_t unix_now() {
    return static_cast<std::int64_t>(std::time(nullptr));
}

template <typename Response>
void add_headers(Response& response, const Headers& headers) {
    for (const auto& [name, value] : headers) response.insert(name, value);
}

}  // namespace

std::string http_date(std::int64_t unix_seconds) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                       fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
}

template <typename Stream>
void HttpConnection<Stream>::start() {
    ticket_->name(this->weak_from_this());
    if constexpr (std::same_as<Stream, TlsStream>) {
        beast::get_lowest_layer(stream_).expires_after(shared_->config.read_timeout);
        stream_.async_handshake(boost::asio::ssl::stream_base::server,
                                [self = self()](error_code error) {
                                    if (!error) self->read();
                                });
    } else {
        read();
    }
}

template <typename Stream>
void HttpConnection<Stream>::read() {
    if (finishing_) return close_gently();
    parser_.emplace();
    parser_->header_limit(shared_->config.header_bytes_max);
    parser_->body_limit(shared_->config.body_bytes_max);
    is_idle_ = buffer_.size() == 0;
    beast::get_lowest_layer(stream_).expires_after(shared_->config.read_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = self()](error_code error, std::size_t) { self->take(error); });
}

template <typename Stream>
void HttpConnection<Stream>::take(error_code error) {
    is_idle_ = false;
    if (error && error != http::error::body_limit) return refuse_reading(error);
    const bool is_too_large = error == http::error::body_limit;
    request_ = parser_->release();
    keep_alive_ = !is_too_large && request_.keep_alive();
    if (auto preflight = cors_preflight(shared_->config.cors, cors_request())) {
        cors_ = std::move(*preflight);
        return answer({204, {}, {}});
    }
    cors_ = cors_headers(shared_->config.cors, cors_request());
    if (!is_too_large && wants_websocket()) return open_websocket();
    if (is_too_large) request_.body().clear();
    request_.body().shrink_to_fit();
    if (shared_->handler == nullptr) return;
    rpc::HttpRequest asked;
    asked.verb = text_of(request_.method_string());
    asked.target = text_of(request_.target());
    if (request_.count(http::field::host) > 0) asked.host = text_of(request_[http::field::host]);
    asked.is_http_1_0 = request_.version() < 11;
    asked.content_type = text_of(request_[http::field::content_type]);
    asked.body = std::move(request_.body());
    asked.body_too_large = is_too_large;
    asked.client = client_;
    const std::uint64_t question = ++question_;
    beast::get_lowest_layer(stream_).expires_never();
    answer_timer_.expires_after(shared_->config.write_timeout);
    answer_timer_.async_wait([weak = this->weak_from_this(), question](error_code cancelled) {
        const auto self = weak.lock();
        if (!cancelled && self && self->question_ == question) self->abort();
    });
    kept_ = self();
    shared_->handler->handle(std::move(asked),
                             [weak = this->weak_from_this(), question](rpc::HttpResponse response) {
                                 const auto self = weak.lock();
                                 if (self && self->question_ == question)
                                     self->answer(std::move(response));
                             });
}

/// What came is no HTTP, or too much of it; or nothing came.
template <typename Stream>
void HttpConnection<Stream>::refuse_reading(error_code error) {
    const bool is_gone = error == http::error::end_of_stream || error == beast::error::timeout ||
                         error.category() != make_error_code(http::error::bad_method).category();
    if (is_gone) return close_gently();
    request_ = {};
    keep_alive_ = false;
    cors_.clear();
    answer(error == http::error::header_limit ? rpc::headers_too_large()
                                              : rpc::malformed_request());
}

template <typename Stream>
CorsRequest HttpConnection<Stream>::cors_request() const {
    const auto view = [&](http::field name) {
        const beast::string_view value = request_[name];
        return std::string_view(value.data(), value.size());
    };
    const beast::string_view verb = request_.method_string();
    return {{verb.data(), verb.size()},
            view(http::field::origin),
            view(http::field::access_control_request_method),
            view(http::field::access_control_request_headers)};
}

template <typename Stream>
bool HttpConnection<Stream>::wants_websocket() const {
    const beast::string_view target = request_.target();
    return websocket::is_upgrade(request_) && target.substr(0, target.find('?')) == "/websocket";
}

template <typename Stream>
void HttpConnection<Stream>::open_websocket() {
    auto socket =
        std::make_shared<WebSocketConnection<Stream>>(std::move(stream_), shared_, ticket_);
    ticket_->name(socket);
    socket->start(std::move(request_), client_);
}

template <typename Stream>
void HttpConnection<Stream>::answer(rpc::HttpResponse response) {
    const auto alive = self();
    ++question_;
    answer_timer_.cancel();
    kept_.reset();
    keep_alive_ = keep_alive_ && !response.closes_connection && !finishing_;
    const auto fill = [&](auto& message) {
        message.result(static_cast<unsigned>(response.status));
        message.version(11);
        add_headers(message, response.headers);
        add_headers(message, cors_);
        if (response.tells_time) {
            const std::int64_t now = unix_now();
            message.set("X-Server-Time", std::to_string(now));
            message.set(http::field::date, http_date(now));
        }
        message.keep_alive(keep_alive_);
    };
    if (request_.method() == http::verb::head) {
        http::response<http::empty_body> message;
        fill(message);
        message.content_length(response.body.size());
        return send(std::move(message));
    }
    http::response<http::string_body> message;
    fill(message);
    if (response.status != 204) message.content_length(response.body.size());
    message.body() = std::move(response.body);
    send(std::move(message));
}

template <typename Stream>
template <typename Body>
void HttpConnection<Stream>::send(http::response<Body> response) {
    const auto kept = std::make_shared<http::response<Body>>(std::move(response));
    beast::get_lowest_layer(stream_).expires_after(shared_->config.write_timeout);
    http::async_write(stream_, *kept, [self = self(), kept](error_code error, std::size_t) {
        if (error) return;
        if (self->keep_alive_) return self->read();
        self->close_gently();
    });
}

/// Says that no more is coming. What the other side still sends is not waited for.
template <typename Stream>
void HttpConnection<Stream>::close_gently() {
    if constexpr (std::same_as<Stream, TlsStream>) {
        beast::get_lowest_layer(stream_).expires_after(shared_->config.stop_timeout);
        stream_.async_shutdown([self = self()](error_code) {});
    } else {
        error_code ignored;
        stream_.socket().shutdown(stream_protocol::socket::shutdown_send, ignored);
    }
}

template class HttpConnection<PlainStream>;
template class HttpConnection<TlsStream>;

}  // namespace tandem::io
