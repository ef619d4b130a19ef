// A subscription at another node, over a WebSocket: what `tandem light` passes on. Events come as
// the node sends them; nothing proves them.
//
// On the loop alone. Not here: who subscribed (light_proxy.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <memory>

#include "io/rpc_client.h"
#include "rpc/service.h"

namespace tandem::program {

class UpstreamEvents : public std::enable_shared_from_this<UpstreamEvents> {
  public:
    UpstreamEvents(boost::asio::io_context& loop, io::RpcAddress node, std::string query,
                   rpc::Answerer::Subscriber subscriber);

    /// Lives on until it is closed, by either side.
    void start();
    /// The subscriber is not called any more.
    void close();

  private:
    using ErrorCode = boost::system::error_code;

    void connected(const ErrorCode& error);
    void subscribe();
    void read();
    void take(std::string_view message);
    void end(std::string_view reason);

    io::RpcAddress node_;
    std::string request_;
    rpc::Answerer::Subscriber subscriber_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::beast::websocket::stream<boost::beast::tcp_stream> socket_;
    boost::beast::flat_buffer buffer_;
    bool is_open_ = true;
};

}  // namespace tandem::program
