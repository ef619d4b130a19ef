#include "io/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <list>

#include "io/http_connection.h"
#include "io/unix_socket.h"

namespace tandem::io {

namespace asio = boost::asio;
using base::refuse;

namespace {

constexpr std::string_view tcp_scheme = "tcp://", unix_scheme = "unix://";
constexpr std::chrono::milliseconds accept_pause{100};  // after the kernel refused a socket

struct HostPort {
    std::string host, port;
};

/// "host:port", "[::1]:port", ":port".
std::optional<HostPort> split(std::string_view address) {
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == address.size()) return std::nullopt;
    std::string_view host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return HostPort{std::string(host), std::string(address.substr(colon + 1))};
}

/// "127.0.0.1:80" or "[::1]:80". REQUIRES: an address of TCP.
std::string shown(const stream_protocol::endpoint& raw) {
    asio::ip::tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), raw.data(), std::min(raw.size(), endpoint.capacity()));
    endpoint.resize(raw.size());
    const std::string host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? '[' + host + ']' : host) + ':' +
           std::to_string(endpoint.port());
}

base::Verdict load_files(asio::ssl::context& tls, const TlsFiles& files) {
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                    asio::ssl::context::no_tlsv1_1);
    error_code error;
    tls.use_certificate_chain_file(files.certificate, error);
    if (error)
        return refuse("rpc.tls_cert_file", fmt::format("the certificate {} cannot be used: {}",
                                                       files.certificate, error.message()));
    // Refused as well where it is not the certificate's.
    tls.use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error)
        return refuse("rpc.tls_key_file",
                      fmt::format("the key {} cannot be used: {}", files.key, error.message()));
    return {};
}

}  // namespace

base::Verdict check_tls_files(const TlsFiles& files) {
    asio::ssl::context tls(asio::ssl::context::tls_server);
    return load_files(tls, files);
}

void MetricsHandler::handle(rpc::HttpRequest request,
                            std::function<void(rpc::HttpResponse)> reply) {
    rpc::HttpResponse response;
    response.tells_time = false;
    if (request.target.substr(0, request.target.find('?')) != "/metrics") {
        response.status = 404;
        response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
        response.body = "404 page not found\n";
    } else {
        response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
        response.body = text_();
    }
    reply(std::move(response));
}

struct HttpServer::Core : std::enable_shared_from_this<HttpServer::Core> {
    using Acceptor = asio::basic_socket_acceptor<stream_protocol, asio::io_context::executor_type>;
    using Socket = asio::basic_stream_socket<stream_protocol, asio::io_context::executor_type>;

    struct Listener {
        explicit Listener(asio::io_context& loop) : acceptor(loop.get_executor()), pause(loop) {}
        Acceptor acceptor;
        asio::steady_timer pause;
        std::string address;
        std::string unix_path;  // removed at the end; empty for TCP
        bool is_accepting = false;
    };

    Core(asio::io_context& event_loop, HttpHandler& handler, HttpServerConfig config)
        : loop(event_loop), stop_timer(event_loop) {
        shared->handler = &handler;
        shared->config = std::move(config);
    }

    [[nodiscard]] base::Verdict load_tls();
    [[nodiscard]] base::Verdict listen(const std::string& address);
    [[nodiscard]] base::Verdict open(Listener& listener, const stream_protocol::endpoint& endpoint,
                                     const std::string& shown);
    void accept(Listener& listener);
    void begin(Socket socket);
    void connection_closed();
    void stop(std::function<void()> done);
    void end();

    asio::io_context& loop;
    std::shared_ptr<HttpShared> shared = std::make_shared<HttpShared>();
    std::optional<asio::ssl::context> tls;
    std::list<Listener> listeners;
    asio::steady_timer stop_timer;
    std::function<void()> stopped;
};

base::Verdict HttpServer::Core::load_tls() {
    if (!shared->config.tls) return {};
    tls.emplace(asio::ssl::context::tls_server);
    return load_files(*tls, *shared->config.tls);
}

base::Verdict HttpServer::Core::open(Listener& listener, const stream_protocol::endpoint& endpoint,
                                     const std::string& shown) {
    error_code error;
    listener.acceptor.open(endpoint.protocol(), error);
    if (!error && listener.unix_path.empty())
        listener.acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) listener.acceptor.bind(endpoint, error);
    if (!error) listener.acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    return refuse(shared->config.setting,
                  fmt::format("cannot listen on {}: {}. Is another process using it? "
                              "Choose another address.",
                              shown, error.message()));
}

base::Verdict HttpServer::Core::listen(const std::string& address) {
    Listener& listener = listeners.emplace_back(loop);
    if (address.starts_with(unix_scheme)) {
        listener.unix_path = address.substr(unix_scheme.size());
        listener.address = "unix:" + listener.unix_path;
        if (listener.unix_path.empty() || listener.unix_path.size() > 100)
            return refuse(shared->config.setting,
                          address + " has no path, or one of more than 100 bytes");
        remove_dead_socket(loop, listener.unix_path);
        const auto verdict =
            open(listener, asio::local::stream_protocol::endpoint(listener.unix_path), address);
        if (!verdict) listener.unix_path.clear();  // it is not ours
        return verdict;
    }
    const auto parts =
        split(address.starts_with(tcp_scheme) ? std::string_view(address).substr(tcp_scheme.size())
                                              : std::string_view(address));
    if (!parts)
        return refuse(shared->config.setting,
                      address + " is no address, such as tcp://127.0.0.1:26657");
    asio::ip::tcp::resolver resolver(loop);
    error_code error;
    const auto found = resolver.resolve(parts->host.empty() ? "0.0.0.0" : parts->host, parts->port,
                                        asio::ip::tcp::resolver::passive, error);
    if (error || found.empty())
        return refuse(shared->config.setting,
                      fmt::format("{} cannot be resolved: {}", address, error.message()));
    TANDEM_TRY(open(listener, found.begin()->endpoint(), address));
    listener.address = shown(listener.acceptor.local_endpoint(error));
    return {};
}

void HttpServer::Core::accept(Listener& listener) {
    const bool is_full = shared->open.size() >= shared->config.connections_max;
    if (listener.is_accepting || is_full || shared->stopping) return;
    listener.is_accepting = true;
    listener.acceptor.async_accept(
        [weak = weak_from_this(), &listener](error_code error, Socket socket) {
            const auto core = weak.lock();
            if (!core || error == asio::error::operation_aborted) return;
            listener.is_accepting = false;
            if (!error) {
                core->begin(std::move(socket));
                return core->accept(listener);
            }
            // Such as no file descriptor left: it may get better.
            listener.pause.expires_after(accept_pause);
            listener.pause.async_wait([weak, &listener](error_code cancelled) {
                if (const auto again = weak.lock(); again && !cancelled) again->accept(listener);
            });
        });
}

void HttpServer::Core::begin(Socket socket) {
    error_code error;
    const auto ticket = std::make_shared<ConnectionTicket>(shared);
    const auto remote = socket.remote_endpoint(error);
    std::string client = fmt::format("unix-{}", ticket->number());
    if (!error && remote.protocol().family() != AF_UNIX) {
        client = shown(remote);
        socket.set_option(asio::ip::tcp::no_delay(true), error);
    }
    PlainStream plain(std::move(socket));
    if (tls)
        std::make_shared<HttpConnection<TlsStream>>(TlsStream(std::move(plain), *tls), shared,
                                                    ticket, std::move(client))
            ->start();
    else
        std::make_shared<HttpConnection<PlainStream>>(std::move(plain), shared, ticket,
                                                      std::move(client))
            ->start();
}

void HttpServer::Core::connection_closed() {
    if (shared->stopping) {
        if (shared->open.empty()) end();
        return;
    }
    for (Listener& listener : listeners) accept(listener);
}

void HttpServer::Core::stop(std::function<void()> done) {
    stopped = std::move(done);
    shared->stopping = true;
    error_code ignored;
    for (Listener& listener : listeners) {
        listener.acceptor.close(ignored);
        listener.pause.cancel();
        if (!listener.unix_path.empty()) std::filesystem::remove(listener.unix_path);
    }
    const auto open = shared->open;  // closing changes the table
    for (const auto& [number, connection] : open)
        if (const auto alive = connection.lock()) alive->finish();
    if (shared->open.empty()) return end();
    stop_timer.expires_after(shared->config.stop_timeout);
    stop_timer.async_wait([weak = weak_from_this()](error_code cancelled) {
        const auto core = weak.lock();
        if (!core || cancelled) return;
        const auto left = core->shared->open;
        for (const auto& [number, connection] : left)
            if (const auto alive = connection.lock()) alive->abort();
        core->end();
    });
}

void HttpServer::Core::end() {
    stop_timer.cancel();
    if (stopped) asio::post(loop, std::exchange(stopped, nullptr));
}

base::Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& loop,
                                                            HttpHandler& handler,
                                                            HttpServerConfig config) {
    auto core = std::make_shared<Core>(loop, handler, std::move(config));
    core->shared->closed = [weak = core->weak_from_this()] {
        if (const auto alive = weak.lock()) alive->connection_closed();
    };
    std::unique_ptr<HttpServer> server(new HttpServer(core));
    TANDEM_TRY(core->load_tls());
    for (const std::string& address : core->shared->config.listen)
        TANDEM_TRY(core->listen(address));
    for (Core::Listener& listener : core->listeners) core->accept(listener);
    return server;
}

HttpServer::~HttpServer() {
    HttpShared& shared = *core_->shared;
    shared.handler = nullptr;
    shared.closed = nullptr;
    if (!shared.stopping) core_->stop(nullptr);
    core_->stop_timer.cancel();
    const auto left = shared.open;
    for (const auto& [number, connection] : left)
        if (const auto alive = connection.lock()) alive->abort();
}

std::vector<std::string> HttpServer::addresses() const {
    std::vector<std::string> list;
    for (const Core::Listener& listener : core_->listeners) list.push_back(listener.address);
    return list;
}

std::size_t HttpServer::connections() const {
    return core_->shared->open.size();
}

void HttpServer::stop(std::function<void()> done) {
    core_->stop(std::move(done));
}

}  // namespace tandem::io
