#include "rpc/go_json.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <vector>

#include "wire/utf8.h"

namespace tandem::rpc {

namespace {

using wire::JsonKind;

constexpr std::size_t shown_depth_max = 64;  // of nested values in an error text

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// A byte as Go shows it in an error: taken for a character of Latin-1.
std::string quoted_byte(char c) {
    if (c == '\'') return R"('\'')";
    if (c == '"') return R"('"')";
    const auto byte = static_cast<unsigned char>(c);
    std::string text;
    if (byte < 0x80) {
        text = go_quote(std::string_view(&c, 1));
    } else if (byte < 0xa0 || byte == 0xad) {  // controls, and the hyphen that nobody sees
        text = byte < 0xa0 ? fmt::format("\"\\u{:04x}\"", byte) : "\"\\u00ad\"";
    } else if (byte == 0xa0) {
        text = "\"\\u00a0\"";
    } else {
        text = {'"', static_cast<char>(0xc0U | (byte >> 6U)),
                static_cast<char>(0x80U | (byte & 0x3fU)), '"'};
    }
    return '\'' + text.substr(1, text.size() - 2) + '\'';
}

/// Walks over one value byte by byte, as Go's scanner does.
class Scan {
  public:
    explicit Scan(std::string_view text) : text_(text) {}

    /// False with fault() set. Open brackets are kept on a list, not on the stack.
    bool value();
    bool nothing_more() {
        skip_blanks();
        return at_ == text_.size() || fail_at("after top-level value");
    }
    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] const std::string& fault() const { return fault_; }
    [[nodiscard]] bool at_end() const { return at_end_; }
    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    }

  private:
    bool fail_at(std::string_view context) {
        if (at_ >= text_.size()) {
            at_end_ = true;
            fault_ = "unexpected end of JSON input";
        } else {
            fault_ = fmt::format("invalid character {} {}", quoted_byte(text_[at_]), context);
        }
        return false;
    }
    [[nodiscard]] bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
    bool string();
    bool escape();
    bool number();
    bool digits(std::string_view context) {
        if (at_ >= text_.size() || !is_digit(text_[at_])) return fail_at(context);
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        return true;
    }
    bool literal(std::string_view word) {
        for (std::size_t i = 0; i < word.size(); ++i, ++at_)
            if (!is_at(word[i]))
                return fail_at(fmt::format("in literal {} (expecting '{}')", word, word[i]));
        return true;
    }
    bool scalar();
    bool open();
    bool key();
    bool close_or_go_on(bool& whole);

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<char> open_;
    std::string fault_;
    bool at_end_ = false;
};

bool Scan::string() {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
        if (static_cast<unsigned char>(text_[at_]) < 0x20) return fail_at("in string literal");
        if (text_[at_] == '\\') {
            if (!escape()) return false;
        } else {
            ++at_;
        }
    }
    if (at_ == text_.size()) return fail_at("");
    ++at_;
    return true;
}

bool Scan::escape() {
    ++at_;
    if (at_ == text_.size()) return fail_at("");
    if (text_[at_] != 'u') {
        if (!std::string_view("bfnrt\\/\"").contains(text_[at_]))
            return fail_at("in string escape code");
        ++at_;
        return true;
    }
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_)
        if (at_ == text_.size() || !is_hex_digit(text_[at_]))
            return fail_at("in \\u hexadecimal character escape");
    return true;
}

bool Scan::number() {
    if (is_at('-')) {
        ++at_;
        if (at_ >= text_.size() || !is_digit(text_[at_])) return fail_at("in numeric literal");
    }
    if (is_at('0'))
        ++at_;
    else if (!digits("in numeric literal"))
        return false;
    if (is_at('.')) {
        ++at_;
        if (!digits("after decimal point in numeric literal")) return false;
    }
    if (is_at('e') || is_at('E')) {
        ++at_;
        if (is_at('+') || is_at('-')) ++at_;
        return digits("in exponent of numeric literal");
    }
    return true;
}

bool Scan::scalar() {
    switch (text_[at_]) {
        case '"':
            return string();
        case 't':
            return literal("true");
        case 'f':
            return literal("false");
        case 'n':
            return literal("null");
        default:
            break;
    }
    if (text_[at_] == '-' || is_digit(text_[at_])) return number();
    return fail_at("looking for beginning of value");
}

bool Scan::key() {
    skip_blanks();
    if (!is_at('"')) return fail_at("looking for beginning of object key string");
    if (!string()) return false;
    skip_blanks();
    if (!is_at(':')) return fail_at("after object key");
    ++at_;
    return true;
}

/// Behind a value: closes what ends here. `whole` when nothing is open any more.
bool Scan::close_or_go_on(bool& whole) {
    for (;;) {
        whole = open_.empty();
        if (whole) return true;
        skip_blanks();
        const bool in_object = open_.back() == '{';
        if (is_at(in_object ? '}' : ']')) {
            ++at_;
            open_.pop_back();
            continue;
        }
        if (!is_at(','))
            return fail_at(in_object ? "after object key:value pair" : "after array element");
        ++at_;
        return !in_object || key();
    }
}

bool Scan::value() {
    for (bool whole = false; !whole;) {
        skip_blanks();
        if (at_ == text_.size()) return fail_at("");
        if (is_at('{') || is_at('[')) {
            if (open_.size() == wire::json_depth_max) {
                fault_ = "exceeded max depth";
                return false;
            }
            open_.push_back(text_[at_++]);
            skip_blanks();
            if (!is_at(open_.back() == '{' ? '}' : ']')) {
                if (open_.back() == '{' && !key()) return false;
                continue;
            }
        } else if (!scalar()) {
            return false;
        }
        if (!close_or_go_on(whole)) return false;
    }
    return true;
}

void append_value(std::string& out, const wire::JsonValue& value, std::size_t depth) {
    if (depth > shown_depth_max) {
        out += "...";
        return;
    }
    switch (value.kind()) {
        case JsonKind::null:
            out += "<nil>";
            return;
        case JsonKind::boolean:
            out += value.boolean() ? "true" : "false";
            return;
        case JsonKind::string:
            out += value.string();
            return;
        case JsonKind::number: {
            double number = 0;
            const auto raw = value.raw();
            std::from_chars(raw.data(), raw.data() + raw.size(), number);
            out += fmt::format("{}", number);
            return;
        }
        case JsonKind::array: {
            out += '[';
            bool first = true;
            for (const wire::JsonValue element : value.elements()) {
                if (!std::exchange(first, false)) out += ' ';
                append_value(out, element, depth + 1);
            }
            out += ']';
            return;
        }
        case JsonKind::object: {
            std::map<std::string, std::string> members;
            for (const wire::JsonMember member : value.members()) {
                std::string text;
                append_value(text, member.value, depth + 1);
                members[member.name.string()] = std::move(text);
            }
            out += "map[";
            bool first = true;
            for (const auto& [name, text] : members) {
                if (!std::exchange(first, false)) out += ' ';
                out.append(name).append(1, ':').append(text);
            }
            out += ']';
            return;
        }
    }
}

}  // namespace

std::optional<std::string> go_json_fault(std::string_view text, GoJsonMode mode) {
    Scan scan(text);
    if (scan.value() && (mode == GoJsonMode::stream || scan.nothing_more())) return std::nullopt;
    if (mode == GoJsonMode::stream && scan.at_end()) {
        const bool blank = std::ranges::all_of(text, is_blank);
        return blank ? "EOF" : "unexpected EOF";
    }
    return scan.fault();
}

std::size_t go_json_length(std::string_view text) {
    Scan scan(text);
    (void)scan.value();
    return scan.at();
}

std::string_view go_kind_name(wire::JsonKind kind) {
    switch (kind) {
        case JsonKind::null:
            return "null";
        case JsonKind::boolean:
            return "bool";
        case JsonKind::number:
            return "number";
        case JsonKind::string:
            return "string";
        case JsonKind::array:
            return "array";
        case JsonKind::object:
            return "object";
    }
    return "";
}

std::string go_kind_fault(const wire::JsonValue& value, std::string_view type) {
    return fmt::format("json: cannot unmarshal {} into Go value of type {}",
                       go_kind_name(value.kind()), type);
}

std::string go_quote(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        const auto byte = static_cast<unsigned char>(c);
        const std::size_t length = byte < 0x80 ? 1 : wire::utf8_length(text.substr(at));
        if (length == 0) {
            out += fmt::format("\\x{:02x}", byte);
            ++at;
            continue;
        }
        constexpr std::string_view named = "\a\b\f\n\r\t\v";
        constexpr std::string_view letters = "abfnrtv";
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (const auto name = named.find(c); name != std::string_view::npos && c != 0) {
            out += '\\';
            out += letters[name];
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += text.substr(at, length);
        }
        at += length;
    }
    return out + '"';
}

std::string go_value_text(const wire::JsonValue& value) {
    std::string text;
    append_value(text, value, 0);
    return text;
}

}  // namespace tandem::rpc
