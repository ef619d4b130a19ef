// A client of a node's JSON-RPC, for commands: one question at a time, and it waits for the answer.
//
// Rejected: WebSocket subscriptions for commands that wait; asking again needs no index, no
// subscription limit, and survives a restart of the node.
//
// Not here: what questions there are (tandem), TLS: where a node serves HTTPS only, a command is
// run beside it.
#pragma once
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/refusal.h"

namespace tandem::io {

struct RpcAddress {
    std::string host;
    std::string port;

    bool operator==(const RpcAddress&) const = default;
    [[nodiscard]] std::string to_text() const { return host + ":" + port; }
};

/// "tcp://HOST:PORT", "http://HOST:PORT/" or "HOST:PORT"; of several with commas the first. Where a
/// node listens everywhere it is asked on the loopback. Refused ("rpc.address") for anything else.
[[nodiscard]] base::Result<RpcAddress> rpc_address(std::string_view text);

class RpcClient {
  public:
    static constexpr std::size_t answer_bytes_max = std::size_t{256} << 20;

    /// `timeout` is that of one question.
    explicit RpcClient(RpcAddress address,
                       std::chrono::milliseconds timeout = std::chrono::seconds(15));
    RpcClient(RpcClient&&) noexcept;
    ~RpcClient();

    /// The answer's result. Refused: "rpc.unreachable"; "rpc.answer", which is no JSON-RPC;
    /// "rpc.error", with the node's own words. A question that changes nothing is asked again on a
    /// new connection when the node has closed the old one meanwhile; transactions
    /// ("broadcast_...") are not.
    [[nodiscard]] base::Result<nlohmann::json> call(
        const std::string& method, nlohmann::json params = nlohmann::json::object());

    /// The same as the text that the node sent.
    [[nodiscard]] base::Result<std::string> call_text(
        const std::string& method, nlohmann::json params = nlohmann::json::object());

    [[nodiscard]] const RpcAddress& address() const noexcept;

  private:
    struct Impl;
    [[nodiscard]] base::Result<std::string> body_of(const std::string& method,
                                                    nlohmann::json params);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::io
