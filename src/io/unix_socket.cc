#include "io/unix_socket.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

namespace tandem::io {

void remove_dead_socket(boost::asio::io_context& loop, const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::is_socket(path, ignored)) return;
    boost::asio::local::stream_protocol::socket probe(loop);
    boost::system::error_code error;
    probe.connect(boost::asio::local::stream_protocol::endpoint(path), error);
    if (error == boost::asio::error::connection_refused) std::filesystem::remove(path, ignored);
}

}  // namespace tandem::io
