#include "rpc/uri.h"

#include <algorithm>

namespace tandem::rpc {

namespace {

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> unescape(std::string_view text, bool plus_is_blank) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '+' && plus_is_blank) {
            out += ' ';
        } else if (c != '%') {
            out += c;
        } else {
            if (at + 2 >= text.size()) return std::nullopt;
            const int high = digit_of(text[at + 1]), low = digit_of(text[at + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            at += 2;
        }
    }
    return out;
}

}  // namespace

std::string_view Form::get(std::string_view name) const {
    const auto found = std::ranges::find(
        fields, name, [](const auto& field) { return std::string_view(field.first); });
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<Target> parse_target(std::string_view target) {
    constexpr std::string_view scheme_end = "://";
    if (!target.starts_with('/')) {  // the absolute form, as proxies send it
        const auto scheme = target.find(scheme_end);
        if (scheme == std::string_view::npos) return std::nullopt;
        const auto path = target.find('/', scheme + scheme_end.size());
        target = path == std::string_view::npos ? "/" : target.substr(path);
    }
    target = target.substr(0, target.find('#'));
    const auto mark = target.find('?');
    auto path = unescape(target.substr(0, mark), false);
    if (!path) return std::nullopt;
    return Target{std::move(*path),
                  std::string(mark == std::string_view::npos ? "" : target.substr(mark + 1))};
}

Form parse_form(std::string_view text) {
    Form form;
    while (!text.empty()) {
        const std::string_view field = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(field.size() + 1, text.size()));
        if (field.empty() || field.find(';') != std::string_view::npos) continue;
        const auto equal = field.find('=');
        auto name = unescape(field.substr(0, equal), true);
        auto value = equal == std::string_view::npos ? std::optional<std::string>("")
                                                     : unescape(field.substr(equal + 1), true);
        if (name && value) form.fields.emplace_back(std::move(*name), std::move(*value));
    }
    return form;
}

std::string clean_path(std::string_view path) {
    std::vector<std::string_view> parts;
    const bool ends_with_slash = path.ends_with('/');
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(part.size() + 1, path.size()));
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
    }
    std::string clean;
    for (const std::string_view part : parts) clean.append("/").append(part);
    if (clean.empty() || ends_with_slash) clean += '/';
    return clean;
}

}  // namespace tandem::rpc
