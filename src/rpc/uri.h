// The target of a request: "/path?name=value&name=value", and forms of the same kind in a body.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::rpc {

struct Form {
    std::vector<std::pair<std::string, std::string>> fields;

    /// The first one with this name, or "".
    [[nodiscard]] std::string_view get(std::string_view name) const;
};

struct Target {
    std::string path;   // decoded
    std::string query;  // as it stands
};

/// Nothing where the path has a broken escape.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);
/// Fields with a broken escape or a ";" are passed over, as in Go.
[[nodiscard]] Form parse_form(std::string_view text);
/// Without doubled slashes, "." and ".."; a slash at the end stays.
[[nodiscard]] std::string clean_path(std::string_view path);

}  // namespace tandem::rpc
