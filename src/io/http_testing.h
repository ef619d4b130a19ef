// A server of HTTP for tests of clients: it answers each POST by a function, on a thread of its
// own.
#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tandem::io {

class TestHttpServer {
  public:
    struct Answer {
        std::string body;
        bool close = false;  // the connection, behind the answer
    };
    /// Called on the server's thread, one request at a time.
    using Handler = std::function<Answer(const std::string& body)>;

    explicit TestHttpServer(Handler handler)
        : handler_(std::move(handler)),
          acceptor_(loop_, {boost::asio::ip::make_address("127.0.0.1"), 0}),
          thread_([this] { serve(); }) {}
    TestHttpServer(const TestHttpServer&) = delete;
    TestHttpServer& operator=(const TestHttpServer&) = delete;
    ~TestHttpServer() {
        // The last connection wakes the thread and tells it to end.
        stopping_ = true;
        boost::system::error_code ignored;
        boost::asio::ip::tcp::socket socket(loop_);
        socket.connect(acceptor_.local_endpoint(ignored), ignored);
        thread_.join();
    }

    [[nodiscard]] std::string port() const {
        return std::to_string(acceptor_.local_endpoint().port());
    }
    [[nodiscard]] std::string address() const { return "tcp://127.0.0.1:" + port(); }

  private:
    void serve() {
        while (true) {
            boost::system::error_code error;
            boost::asio::ip::tcp::socket socket(loop_);
            acceptor_.accept(socket, error);
            if (stopping_ || error) return;
            serve_connection(socket);
        }
    }
    void serve_connection(boost::asio::ip::tcp::socket& socket) {
        namespace http = boost::beast::http;
        boost::beast::flat_buffer buffer;
        for (;;) {
            boost::system::error_code error;
            http::request<http::string_body> request;
            http::read(socket, buffer, request, error);
            if (error) return;
            const Answer answer = handler_(request.body());
            http::response<http::string_body> response(http::status::ok, 11);
            response.body() = answer.body;
            response.keep_alive(true);
            response.prepare_payload();
            http::write(socket, response, error);
            if (error || answer.close) return;
        }
    }

    Handler handler_;
    std::atomic<bool> stopping_ = false;
    boost::asio::io_context loop_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::thread thread_;
};

}  // namespace tandem::io
