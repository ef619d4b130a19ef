// JSON-RPC 2.0 as CometBFT speaks it (wire page of the RPC, requests and errors).
//
// Surprises: a request without an id, or with a null one, is a notification and is not executed.
// Numbers are taken for doubles and cut. Names of members fit in any case. A batch of one is
// answered by a bare object. `params` that are left out are another thing than empty ones: a method
// that takes any then fails as a whole, with id -1.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/refusal.h"

namespace tandem::rpc {

/// Nothing for a notification.
using RequestId = std::variant<std::monostate, std::int64_t, std::string>;

struct Call {
    RequestId id;
    std::string method;
    std::optional<std::string> params;  // JSON
};

enum class ErrorCode : std::int32_t {
    parse_error = -32700,
    invalid_request = -32600,
    method_not_found = -32601,
    invalid_params = -32602,
    internal_error = -32603,
    server_error = -32000,
};

/// The body of a POST: what is to be answered, notifications included. The text of a refusal is
/// that of a parse error.
[[nodiscard]] base::Result<std::vector<Call>> read_calls(std::string_view body);
/// The first value of a message on a WebSocket, which is one request.
[[nodiscard]] base::Result<Call> read_call(std::string_view message);

/// `result` is JSON.
[[nodiscard]] std::string result_response(const RequestId& id, std::string_view result);
/// `data` is left out where it is empty; so is an id that is nothing.
[[nodiscard]] std::string error_response(const RequestId& id, ErrorCode code,
                                         std::string_view data = {});
/// One response as it is, several as a list, none as nothing.
[[nodiscard]] std::string joined(const std::vector<std::string>& responses);

}  // namespace tandem::rpc
