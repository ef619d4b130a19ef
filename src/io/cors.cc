#include "io/cors.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>

namespace tandem::io {

namespace {

bool allows_every_origin(const CorsConfig& config) {
    return std::ranges::find(config.origins, "*") != config.origins.end();
}

/// A pattern holds one "*" at most.
bool origin_fits(const std::string& pattern, std::string_view origin) {
    const std::size_t star = pattern.find('*');
    if (star == std::string::npos) return boost::iequals(pattern, origin);
    const std::string_view head = std::string_view(pattern).substr(0, star);
    const std::string_view tail = std::string_view(pattern).substr(star + 1);
    return origin.size() >= head.size() + tail.size() && boost::istarts_with(origin, head) &&
           boost::iends_with(origin, tail);
}

bool allows_origin(const CorsConfig& config, std::string_view origin) {
    return std::ranges::any_of(
        config.origins, [&](const std::string& pattern) { return origin_fits(pattern, origin); });
}

bool allows_method(const CorsConfig& config, std::string_view method) {
    return boost::iequals(method, "OPTIONS") ||
           std::ranges::any_of(config.methods, [&](const std::string& allowed) {
               return boost::iequals(allowed, method);
           });
}

bool allows_headers(const CorsConfig& config, std::string_view list) {
    if (std::ranges::find(config.headers, "*") != config.headers.end()) return true;
    while (!list.empty()) {
        const std::string_view part = list.substr(0, list.find(','));
        list.remove_prefix(std::min(part.size() + 1, list.size()));
        const std::string name = boost::trim_copy(std::string(part));
        const bool allowed =
            name.empty() || std::ranges::any_of(config.headers, [&](const std::string& header) {
                return boost::iequals(header, name);
            });
        if (!allowed) return false;
    }
    return true;
}

std::string allowed_origin(const CorsConfig& config, std::string_view origin) {
    return allows_every_origin(config) ? "*" : std::string(origin);
}

}  // namespace

Headers cors_headers(const CorsConfig& config, const CorsRequest& request) {
    if (config.origins.empty()) return {};
    Headers headers = {{"Vary", "Origin"}};
    if (!request.origin.empty() && allows_origin(config, request.origin) &&
        allows_method(config, request.verb))
        headers.emplace_back("Access-Control-Allow-Origin", allowed_origin(config, request.origin));
    return headers;
}

std::optional<Headers> cors_preflight(const CorsConfig& config, const CorsRequest& request) {
    if (config.origins.empty() || request.verb != "OPTIONS" || request.requested_method.empty())
        return std::nullopt;
    Headers headers = {
        {"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}};
    if (request.origin.empty() || !allows_origin(config, request.origin) ||
        !allows_method(config, request.requested_method) ||
        !allows_headers(config, request.requested_headers))
        return headers;
    headers.emplace_back("Access-Control-Allow-Origin", allowed_origin(config, request.origin));
    headers.emplace_back("Access-Control-Allow-Methods", std::string(request.requested_method));
    if (!request.requested_headers.empty())
        headers.emplace_back("Access-Control-Allow-Headers",
                             std::string(request.requested_headers));
    return headers;
}

}  // namespace tandem::io
