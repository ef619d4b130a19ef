// Inside the HTTP server: an open WebSocket. rpc::WebSocketSession says what is sent; here are the
// bytes, the pings and the deadlines.
#pragma once
#include <boost/asio/post.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "io/http_connection.h"

namespace tandem::io {

namespace websocket = boost::beast::websocket;

template <typename Stream>
class WebSocketConnection final : public OpenConnection,
                                  public std::enable_shared_from_this<WebSocketConnection<Stream>> {
  public:
    WebSocketConnection(Stream stream, std::shared_ptr<HttpShared> shared,
                        std::shared_ptr<ConnectionTicket> ticket)
        : socket_(std::move(stream)),
          shared_(std::move(shared)),
          ticket_(std::move(ticket)),
          frame_timer_(socket_.get_executor()) {}

    template <typename Request>
    void start(Request request, const std::string& client) {
        beast::get_lowest_layer(socket_).expires_never();  // the WebSocket has times of its own
        websocket::stream_base::timeout times{};
        times.handshake_timeout = shared_->config.read_timeout;
        times.idle_timeout = shared_->config.silence_max;
        times.keep_alive_pings = true;
        socket_.set_option(times);
        socket_.read_message_max(shared_->config.body_bytes_max);
        socket_.text(true);
        const auto kept = std::make_shared<Request>(std::move(request));
        is_writing_ = true;  // the answer to the upgrade: finish() has to wait for it
        socket_.async_accept(*kept,
                             [self = this->shared_from_this(), kept, client](error_code error) {
                                 self->is_writing_ = false;
                                 if (error) return self->end();
                                 if (self->is_closing_) return self->close();
                                 if (self->shared_->handler == nullptr) return;
                                 self->open(client);
                             });
    }
    void finish() override {
        if (is_closing_) return;
        is_closing_ = true;
        if (!is_writing_) close();
    }
    void abort() override {
        frame_timer_.cancel();
        beast::get_lowest_layer(socket_).close();
        kept_.reset();
    }

  private:
    void open(const std::string& client) {
        session_ = shared_->handler->open_websocket(
            client, [weak = this->weak_from_this(), executor = socket_.get_executor()] {
                boost::asio::post(executor, [weak] {
                    if (const auto self = weak.lock()) self->go_on();
                });
            });
        if (!session_) return close();
        kept_ = this->shared_from_this();
        go_on();
    }
    /// Writes what waits, and reads where there is room for more.
    void go_on() {
        write();
        read();
    }
    void read() {
        if (is_reading_ || is_closing_ || session_->is_busy()) return;
        is_reading_ = true;
        socket_.async_read(
            buffer_, [self = this->shared_from_this()](error_code error, std::size_t) {
                self->is_reading_ = false;
                if (error) return self->end();
                const auto data = self->buffer_.cdata();
                self->session_->receive({static_cast<const char*>(data.data()), data.size()});
                self->buffer_.consume(self->buffer_.size());
                self->go_on();
            });
    }
    void write() {
        if (is_writing_ || has_ended_) return;
        const std::string* frame = session_->next();
        if (frame == nullptr) {
            if (is_closing_ || session_->should_close()) close();
            return;
        }
        is_writing_ = true;
        frame_timer_.expires_after(shared_->config.frame_timeout);
        frame_timer_.async_wait([weak = this->weak_from_this()](error_code error) {
            if (error) return;
            if (const auto self = weak.lock()) self->abort();  // it does not read
        });
        socket_.async_write(boost::asio::buffer(*frame),
                            [self = this->shared_from_this()](error_code error, std::size_t) {
                                self->is_writing_ = false;
                                self->frame_timer_.cancel();
                                if (error) return self->end();
                                self->session_->sent();
                                self->go_on();
                            });
    }
    void close() {
        is_closing_ = true;
        if (has_ended_) return;
        has_ended_ = true;
        socket_.async_close(websocket::close_code::normal,
                            [self = this->shared_from_this()](error_code) { self->end(); });
    }
    void end() {
        has_ended_ = true;
        is_closing_ = true;
        frame_timer_.cancel();
        kept_.reset();
    }

    websocket::stream<Stream> socket_;
    std::shared_ptr<HttpShared> shared_;
    std::shared_ptr<ConnectionTicket> ticket_;
    boost::asio::steady_timer frame_timer_;
    beast::flat_buffer buffer_;
    std::unique_ptr<rpc::WebSocketSession> session_;
    std::shared_ptr<void> kept_;  // itself while open: it may wait for an answer and for no byte
    bool is_reading_ = false, is_writing_ = false, is_closing_ = false, has_ended_ = false;
};

}  // namespace tandem::io
