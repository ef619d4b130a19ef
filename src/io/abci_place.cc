#include "io/abci_place.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <cstring>
#include <fmt/format.h>
#include <sys/un.h>

#include "io/unix_socket.h"

namespace tandem::io {

namespace asio = boost::asio;

base::Result<AbciPlace> abci_place(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with("unix://")) {
        rest.remove_prefix(7);
        if (!rest.empty() && rest.size() < sizeof(sockaddr_un::sun_path))
            return AbciPlace{std::string(rest), {}, {}};
    } else {
        if (rest.starts_with("tcp://")) rest.remove_prefix(6);
        const std::size_t colon = rest.rfind(':');
        const auto port = colon == rest.npos ? std::string_view() : rest.substr(colon + 1);
        std::string_view host = rest.substr(0, colon);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        const bool is_number =
            !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos;
        if (is_number && host.find('/') == host.npos)
            return AbciPlace{{}, std::string(host.empty() ? "127.0.0.1" : host), std::string(port)};
    }
    return base::refuse("abci.address", fmt::format("\"{}\" is no address of an application: write "
                                                    "tcp://HOST:PORT or unix://PATH",
                                                    text));
}

asio::generic::stream_protocol::endpoint AbciPlace::endpoint(
    asio::io_context& loop, boost::system::error_code& error) const {
    if (!path.empty()) return asio::local::stream_protocol::endpoint(path);
    asio::ip::tcp::resolver resolver(loop);
    const auto found = resolver.resolve(host, port, error);
    if (error) return {};
    return found.begin()->endpoint();
}

std::expected<std::string, boost::system::error_code> AbciPlace::listen(asio::io_context& loop,
                                                                        Acceptor& acceptor) const {
    boost::system::error_code error;
    if (!path.empty()) remove_dead_socket(loop, path);
    const auto at = endpoint(loop, error);
    if (!error) acceptor.open(at.protocol(), error);
    if (!error && path.empty()) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(at, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return std::unexpected(error);
    if (!path.empty()) return "unix://" + path;
    asio::ip::tcp::endpoint bound;
    const auto local = acceptor.local_endpoint();
    bound.resize(local.size());
    std::memcpy(bound.data(), local.data(), local.size());
    return fmt::format("tcp://{}:{}", host, bound.port());
}

}  // namespace tandem::io
