// Sockets in the file system. Inside io.
#pragma once
#include <boost/asio/io_context.hpp>
#include <string>

namespace tandem::io {

/// A socket that nobody listens on any more is taken away; one that is alive is not.
void remove_dead_socket(boost::asio::io_context& loop, const std::string& path);

}  // namespace tandem::io
