#include "io/rpc_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <optional>

#include "wire/json.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using base::refuse;
using base::Result;
using nlohmann::json;

constexpr int depth_max = 100;

/// Whether brackets are nested deeper than any honest answer's: whoever walks them needs a stack.
bool is_too_deep(std::string_view text) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > depth_max) return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

Result<json> result_of(const std::string& body, const std::string& method) {
    json answer = is_too_deep(body) ? json() : json::parse(body, nullptr, false);
    if (!answer.is_object() || (!answer.contains("result") && !answer.contains("error")))
        return refuse(
            "rpc.answer",
            fmt::format("the answer to {} is no JSON-RPC; is this a node's RPC port?", method));
    if (const auto error = answer.find("error"); error != answer.end() && !error->is_null()) {
        for (const char* name : {"data", "message"}) {
            const auto text = error->find(name);
            if (text != error->end() && text->is_string() && !text->get<std::string>().empty())
                return refuse("rpc.error", text->get<std::string>());
        }
        return refuse("rpc.error", "unknown error");
    }
    return std::move(answer["result"]);
}

}  // namespace

Result<RpcAddress> rpc_address(std::string_view text) {
    const std::string whole(text);
    text = text.substr(0, text.find(','));
    for (const std::string_view scheme : {"tcp://", "http://"})
        if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon);
    const std::string_view port =
        colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const bool is_number =
        !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos;
    if (!is_number || text.find("//") != text.npos || text.find(' ') != text.npos)
        return refuse("rpc.address", fmt::format("\"{}\" is no address of a node's RPC; write "
                                                 "tcp://HOST:PORT",
                                                 whole));
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    return RpcAddress{std::string(host), std::string(port)};
}

struct RpcClient::Impl {
    RpcAddress address;
    std::chrono::milliseconds timeout;
    asio::io_context loop;
    std::optional<beast::tcp_stream> stream;
    beast::flat_buffer buffer;

    [[nodiscard]] base::Refusal unreachable(const boost::system::error_code& error) const {
        const std::string why = error == beast::error::timeout
                                    ? fmt::format("no answer within {} s", timeout.count() / 1000)
                                    : error.message();
        return {"rpc.unreachable",
                fmt::format("cannot ask the node at {}: {}. Does it run? Name another with --node",
                            address.to_text(), why)};
    }

    boost::system::error_code connect() {
        boost::system::error_code error;
        asio::ip::tcp::resolver resolver(loop);
        const auto found = resolver.resolve(address.host, address.port, error);
        if (error) return error;
        stream.emplace(loop);
        buffer.clear();
        stream->expires_after(timeout);
        stream->async_connect(
            found, [&error](const boost::system::error_code& result,
                            const asio::ip::tcp::endpoint& /*where*/) { error = result; });
        run();
        return error;
    }

    void run() {
        loop.restart();
        loop.run();
    }

    boost::system::error_code exchange(const http::request<http::string_body>& request,
                                       std::string& body) {
        boost::system::error_code error;
        http::response_parser<http::string_body> parser;
        parser.body_limit(answer_bytes_max);
        stream->expires_after(timeout);
        http::async_write(*stream, request,
                          [&](const boost::system::error_code& result, std::size_t /*bytes*/) {
                              error = result;
                              if (error) return;
                              http::async_read(*stream, buffer, parser,
                                               [&](const boost::system::error_code& read,
                                                   std::size_t /*bytes*/) { error = read; });
                          });
        run();
        if (error || !parser.keep_alive()) stream.reset();
        if (!error) body = std::move(parser.get().body());
        return error;
    }

    Result<std::string> ask(const http::request<http::string_body>& request, bool may_repeat) {
        const bool was_connected = stream.has_value();
        for (int attempt = 0;; ++attempt) {
            if (!stream)
                if (const auto error = connect(); error) {
                    stream.reset();
                    return std::unexpected(unreachable(error));
                }
            std::string body;
            const auto error = exchange(request, body);
            if (!error) return body;
            const bool was_closed = error != beast::error::timeout;
            if (attempt == 0 && was_connected && was_closed && may_repeat) continue;
            return std::unexpected(unreachable(error));
        }
    }
};

RpcClient::RpcClient(RpcAddress address, std::chrono::milliseconds timeout)
    : impl_(std::make_unique<Impl>()) {
    impl_->address = std::move(address);
    impl_->timeout = timeout;
}
RpcClient::RpcClient(RpcClient&&) noexcept = default;
RpcClient::~RpcClient() = default;

const RpcAddress& RpcClient::address() const noexcept {
    return impl_->address;
}

Result<json> RpcClient::call(const std::string& method, json params) {
    const auto body = body_of(method, std::move(params));
    if (!body) return std::unexpected(body.error());
    return result_of(*body, method);
}

Result<std::string> RpcClient::call_text(const std::string& method, json params) {
    const auto body = body_of(method, std::move(params));
    if (!body) return std::unexpected(body.error());
    if (const auto answer = wire::parse_json(*body);
        answer && answer->kind() == wire::JsonKind::object) {
        std::optional<wire::JsonValue> result, error;
        for (const auto& [name, value] : answer->members()) {
            if (name.string_is("result")) result = value;
            if (name.string_is("error") && !value.is_null()) error = value;
        }
        if (result && !error) return std::string(result->raw());
    }
    // What is wrong, in the same words.
    const auto refused = result_of(*body, method);
    if (!refused) return std::unexpected(refused.error());
    return refused->dump();
}

Result<std::string> RpcClient::body_of(const std::string& method, json params) {
    const bool changes = method.starts_with("broadcast_");
    // A transaction must not meet a connection that the node is about to close.
    if (changes) impl_->stream.reset();
    http::request<http::string_body> request(http::verb::post, "/", 11);
    request.set(http::field::host, impl_->address.to_text());
    request.set(http::field::content_type, "application/json");
    request.body() =
        json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}}
            .dump();
    request.prepare_payload();
    return impl_->ask(request, !changes);
}

}  // namespace tandem::io
