// Where an application listens: "tcp://HOST:PORT", "HOST:PORT" or "unix://PATH". Inside io.
#pragma once
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <expected>
#include <string>

#include "base/refusal.h"

namespace tandem::io {

struct AbciPlace {
    std::string path;  // of a socket in the file system; empty: host and port
    std::string host, port;

    /// The first address of `host`; looks it up where it is a name.
    [[nodiscard]] boost::asio::generic::stream_protocol::endpoint endpoint(
        boost::asio::io_context& loop, boost::system::error_code& error) const;

    using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
    /// Binds and listens; a socket that a kill left behind is taken away first. The place as it is
    /// then, with the port that was given, as a client writes it.
    [[nodiscard]] std::expected<std::string, boost::system::error_code> listen(
        boost::asio::io_context& loop, Acceptor& acceptor) const;
};

/// Refused ("abci.address") for what is neither.
[[nodiscard]] base::Result<AbciPlace> abci_place(std::string_view text);

}  // namespace tandem::io
