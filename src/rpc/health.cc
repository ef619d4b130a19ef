#include "rpc/health.h"

#include <charconv>

#include "rpc/uri.h"
#include "wire/json_write.h"

namespace tandem::rpc {
namespace {

constexpr int status_ok = 200, status_bad_request = 400, status_unavailable = 503;

/// The most blocks that one may be behind; nothing where that is no number.
std::optional<std::int64_t> lag_max(std::string_view query) {
    const Form form = parse_form(query);
    const std::string_view text = form.get("lag");
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
    if (text.empty()) return most;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), most);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return most;
}

}  // namespace

bool is_health_endpoint(std::string_view path) {
    return path == "/ready" || path == "/validator" || path == "/standby";
}

HttpResponse health_response(std::string_view path, std::string_view query, const Readiness& now,
                             std::int64_t latest_height) {
    bool yes = path == "/validator" ? now.is_validator : now.is_standby;
    if (path == "/ready") {
        const auto most = lag_max(query);
        if (!most)
            return {status_bad_request,
                    {{"Content-Type", "text/plain; charset=utf-8"},
                     {"X-Content-Type-Options", "nosniff"}},
                    "lag is a number of blocks, such as /ready?lag=5\n"};
        yes = !now.catching_up && now.behind_blocks <= *most;
    }
    wire::JsonWriter writer;
    writer.begin_object();
    writer.name(path.substr(1)).boolean(yes);
    writer.name("catching_up").boolean(now.catching_up);
    writer.name("behind_blocks").quoted(now.behind_blocks);
    writer.name("latest_block_height").quoted(latest_height);
    writer.end_object();
    return {yes ? status_ok : status_unavailable,
            {{"Content-Type", "application/json"}},
            writer.take()};
}

}  // namespace tandem::rpc
