// Cross-origin resource sharing as CometBFT's configuration has it: which pages of other origins
// may read our answers in a browser. Off while no origin is configured.
//
// WebSockets are open to every origin, as in CometBFT: browsers do not ask.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem::io {

struct CorsConfig {
    std::vector<std::string> origins;  // "*", "https://a.org", "https://*.a.org"; none: off
    std::vector<std::string> methods = {"HEAD", "GET", "POST"};
    std::vector<std::string> headers = {"Origin", "Accept", "Content-Type", "X-Requested-With",
                                        "X-Server-Time"};
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct CorsRequest {
    std::string_view verb;
    std::string_view origin;             // the header, or ""
    std::string_view requested_method;   // of a preflight, or ""
    std::string_view requested_headers;  // "a, b"
};

/// What is added to an answer.
[[nodiscard]] Headers cors_headers(const CorsConfig& config, const CorsRequest& request);
/// The whole answer to a preflight, which no handler sees; nothing for another request.
[[nodiscard]] std::optional<Headers> cors_preflight(const CorsConfig& config,
                                                    const CorsRequest& request);

}  // namespace tandem::io
