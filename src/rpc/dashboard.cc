#include "rpc/dashboard.h"

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/sha256.h"

namespace tandem::rpc {
namespace {

constexpr int status_ok = 200;

/// The hash, as a policy names it, of what stands between <tag> and </tag>. The page has each once.
std::string source_of(std::string_view tag) {
    const std::string open = "<" + std::string(tag) + ">";
    const std::string close = "</" + std::string(tag) + ">";
    const std::size_t begin = dashboard_html.find(open);
    const std::size_t end = dashboard_html.find(close);
    TANDEM_CHECK(begin < end && end != std::string_view::npos);
    const std::string_view text =
        dashboard_html.substr(begin + open.size(), end - begin - open.size());
    return "'sha256-" + base::to_base64(crypto::sha256(base::as_bytes(text))) + "'";
}

}  // namespace

HttpResponse dashboard_response() {
    const std::string policy =
        "default-src 'none'; script-src " + source_of("script") + "; style-src " +
        source_of("style") +
        "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return {status_ok,
            {{"Content-Type", "text/html; charset=utf-8"},
             {"Content-Security-Policy", policy},
             {"X-Content-Type-Options", "nosniff"},
             {"Referrer-Policy", "no-referrer"},
             {"Cache-Control", "no-cache"}},
            std::string(dashboard_html)};
}

}  // namespace tandem::rpc
