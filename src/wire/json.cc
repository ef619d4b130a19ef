#include "wire/json.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/check.h"
#include "wire/utf8.h"

namespace tandem::wire {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20;
}

/// Value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Holds a text against the grammar, without recursion.
class Checker {
  public:
    explicit Checker(std::string_view text) : text_(text) {}

    base::Verdict run();

  private:
    enum class Want : std::uint8_t { value, value_or_end, name, name_or_end, comma_or_end };

    [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }
    [[nodiscard]] char here() const noexcept { return text_[position_]; }
    void skip_blanks() noexcept {
        while (!at_end() && is_blank(here())) ++position_;
    }
    base::Verdict fail(std::string_view expected) const;
    base::Verdict value();
    base::Verdict name();
    base::Verdict comma_or_end();
    base::Verdict string();
    base::Verdict escape();
    base::Verdict number();
    base::Verdict digits();
    base::Verdict literal(std::string_view word);
    base::Verdict open(char bracket, Want want);
    void close() noexcept {
        ++position_;
        open_.pop_back();
        want_ = Want::comma_or_end;
    }

    std::string_view text_;
    std::size_t position_ = 0;
    std::string open_;  // the brackets that are open, outermost first
    Want want_ = Want::value;
};

base::Verdict Checker::fail(std::string_view expected) const {
    const std::string_view before = text_.substr(0, position_);
    const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    std::string found = "the end of the text";
    if (!at_end()) {
        const char c = here();
        found = c > ' ' && c <= '~' ? fmt::format("'{}'", c)
                                    : fmt::format("byte {:#04x}", static_cast<unsigned char>(c));
    }
    return base::refuse("json", fmt::format("line {}, column {}: expected {}, found {}", line,
                                            position_ - line_start + 1, expected, found));
}

base::Verdict Checker::run() {
    for (;;) {
        skip_blanks();
        switch (want_) {
            case Want::value_or_end:
                if (!at_end() && here() == ']') {
                    close();
                    break;
                }
                [[fallthrough]];
            case Want::value:
                TANDEM_TRY(value());
                break;
            case Want::name_or_end:
                if (!at_end() && here() == '}') {
                    close();
                    break;
                }
                [[fallthrough]];
            case Want::name:
                TANDEM_TRY(name());
                break;
            case Want::comma_or_end:
                if (!open_.empty()) {
                    TANDEM_TRY(comma_or_end());
                    break;
                }
                if (at_end()) return {};
                return fail("nothing but blanks behind the value");
        }
    }
}

base::Verdict Checker::value() {
    const char c = at_end() ? '\0' : here();
    want_ = Want::comma_or_end;
    if (c == '{') return open(c, Want::name_or_end);
    if (c == '[') return open(c, Want::value_or_end);
    if (c == '"') return string();
    if (c == 't') return literal("true");
    if (c == 'f') return literal("false");
    if (c == 'n') return literal("null");
    if (c == '-' || is_digit(c)) return number();
    return fail("a value");
}

base::Verdict Checker::open(char bracket, Want want) {
    if (open_.size() == json_depth_max) return fail("values nested at most 10,000 deep");
    open_.push_back(bracket);
    ++position_;
    want_ = want;
    return {};
}

base::Verdict Checker::name() {
    if (at_end() || here() != '"') return fail("a name in quotes");
    TANDEM_TRY(string());
    skip_blanks();
    if (at_end() || here() != ':') return fail("':' behind the name");
    ++position_;
    want_ = Want::value;
    return {};
}

base::Verdict Checker::comma_or_end() {
    const bool in_object = open_.back() == '{';
    if (!at_end() && here() == ',') {
        ++position_;
        want_ = in_object ? Want::name : Want::value;
        return {};
    }
    if (at_end() || here() != (in_object ? '}' : ']'))
        return fail(in_object ? "',' or '}'" : "',' or ']'");
    close();
    return {};
}

base::Verdict Checker::string() {
    for (++position_; !at_end(); ++position_) {
        const char c = here();
        if (c == '"') {
            ++position_;
            return {};
        }
        if (is_control(c)) return fail("control characters in a string written as escapes");
        if (c == '\\') TANDEM_TRY(escape());
    }
    return fail("the closing quote of a string");
}

/// Leaves the position at the last character of the escape.
base::Verdict Checker::escape() {
    ++position_;
    const char c = at_end() ? '\0' : here();
    if (c != '\0' && std::string_view("\"\\/bfnrt").contains(c)) return {};
    if (c != 'u') return fail("one of \" \\ / b f n r t u behind a backslash");
    for (int i = 0; i < 4; ++i) {
        ++position_;
        if (at_end() || hex_value(here()) < 0) return fail("four hexadecimal digits behind \\u");
    }
    return {};
}

base::Verdict Checker::digits() {
    if (at_end() || !is_digit(here())) return fail("a digit");
    while (!at_end() && is_digit(here())) ++position_;
    return {};
}

base::Verdict Checker::number() {
    if (here() == '-') ++position_;
    if (!at_end() && here() == '0') {
        ++position_;  // what follows a leading zero is no part of the number
    } else {
        TANDEM_TRY(digits());
    }
    if (!at_end() && here() == '.') {
        ++position_;
        TANDEM_TRY(digits());
    }
    if (!at_end() && (here() == 'e' || here() == 'E')) {
        ++position_;
        if (!at_end() && (here() == '+' || here() == '-')) ++position_;
        TANDEM_TRY(digits());
    }
    return {};
}

base::Verdict Checker::literal(std::string_view word) {
    for (const char c : word) {
        if (at_end() || here() != c) return fail(word);
        ++position_;
    }
    return {};
}

/// Length of the string at the front of a checked text, quotes included.
std::size_t string_length(std::string_view text) noexcept {
    std::size_t i = 1;
    while (text[i] != '"') i += text[i] == '\\' ? 2U : 1U;
    return i + 1;
}

/// Length of the value at the front of a checked text.
std::size_t value_length(std::string_view text) noexcept {
    if (text.front() == '"') return string_length(text);
    if (text.front() != '{' && text.front() != '[') {
        const auto end = std::ranges::find_if(
            text, [](char c) { return is_blank(c) || c == ',' || c == ']' || c == '}'; });
        return static_cast<std::size_t>(end - text.begin());
    }
    std::size_t depth = 0;
    std::size_t i = 0;
    do {
        const char c = text[i];
        if (c == '"') {
            i += string_length(text.substr(i));
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++i;
    } while (depth > 0);
    return i;
}

void append_utf8(std::string& out, std::uint32_t rune) {
    const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
    const auto continuation = [&](unsigned shift) { byte(0x80 | ((rune >> shift) & 0x3F)); };
    if (rune < 0x80) return byte(rune);
    if (rune < 0x800) {
        byte(0xC0 | (rune >> 6));
    } else if (rune < 0x10000) {
        byte(0xE0 | (rune >> 12));
        continuation(6);
    } else {
        byte(0xF0 | (rune >> 18));
        continuation(12);
        continuation(6);
    }
    continuation(0);
}

/// The number behind \u at the front of `text`, or nothing where no such escape stands.
std::optional<std::uint32_t> unicode_escape(std::string_view text) noexcept {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 2; i < 6; ++i)
        value = value * 16 + static_cast<std::uint32_t>(hex_value(text[i]));
    return value;
}

constexpr bool is_high_surrogate(std::uint32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
constexpr bool is_low_surrogate(std::uint32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

/// Appends what the escape at the front of `text` stands for; returns the bytes that it takes.
std::size_t append_escape(std::string& out, std::string_view text) {
    constexpr std::size_t unit_bytes = 6;
    if (const auto unit = unicode_escape(text)) {
        if (!is_high_surrogate(*unit) && !is_low_surrogate(*unit)) {
            append_utf8(out, *unit);
            return unit_bytes;
        }
        const auto next = unicode_escape(text.substr(unit_bytes));
        if (!is_high_surrogate(*unit) || !next || !is_low_surrogate(*next)) {
            out += replacement;  // half a pair; what follows stands for itself
            return unit_bytes;
        }
        append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*next - 0xDC00));
        return 2 * unit_bytes;
    }
    constexpr std::string_view letters = "bfnrt";
    constexpr std::string_view meanings = "\b\f\n\r\t";
    const std::size_t index = letters.find(text[1]);
    out.push_back(index == std::string_view::npos ? text[1] : meanings[index]);
    return 2;
}

}  // namespace

base::Result<JsonValue> parse_json(std::string_view text) {
    TANDEM_TRY(Checker(text).run());
    std::string_view value = text;
    while (is_blank(value.front())) value.remove_prefix(1);
    while (is_blank(value.back())) value.remove_suffix(1);
    return JsonValue(text, value);
}

JsonKind JsonValue::kind() const noexcept {
    switch (raw_.front()) {
        case '{':
            return JsonKind::object;
        case '[':
            return JsonKind::array;
        case '"':
            return JsonKind::string;
        case 'n':
            return JsonKind::null;
        case 't':
        case 'f':
            return JsonKind::boolean;
        default:
            return JsonKind::number;
    }
}

std::size_t JsonValue::line() const noexcept {
    return static_cast<std::size_t>(std::count(text_.begin(), raw_.begin(), '\n')) + 1;
}

bool JsonValue::boolean() const {
    TANDEM_CHECK(kind() == JsonKind::boolean);
    return raw_.front() == 't';
}

std::string_view JsonValue::raw_string() const {
    TANDEM_CHECK(kind() == JsonKind::string);
    return raw_.substr(1, raw_.size() - 2);
}

std::string JsonValue::string() const {
    std::string_view rest = raw_string();
    std::string out;
    out.reserve(rest.size());
    while (!rest.empty()) {
        std::size_t taken = 0;
        if (rest.front() == '\\') {
            taken = append_escape(out, rest);
        } else if (const std::size_t length = utf8_length(rest); length != 0) {
            out += rest.substr(0, length);
            taken = length;
        } else {
            out += replacement;
            taken = 1;
        }
        rest.remove_prefix(taken);
    }
    return out;
}

bool JsonValue::string_is(std::string_view wanted) const {
    const std::string_view written = raw_string();
    return written.contains('\\') ? string() == wanted : written == wanted;
}

JsonElements JsonValue::elements() const {
    TANDEM_CHECK(kind() == JsonKind::array);
    return JsonElements(*this);
}

JsonMembers JsonValue::members() const {
    TANDEM_CHECK(kind() == JsonKind::object);
    return JsonMembers(*this);
}

JsonWalk::JsonWalk(const JsonValue& container) noexcept
    : text_(container.text_), rest_(container.raw_.substr(1)) {
    skip_blanks();
}

void JsonWalk::skip_blanks() noexcept {
    while (is_blank(rest_.front())) rest_.remove_prefix(1);
}

bool JsonWalk::at_end() const noexcept {
    return rest_.front() == ']' || rest_.front() == '}';
}

JsonValue JsonWalk::next() {
    TANDEM_CHECK(!at_end());
    const JsonValue value(text_, rest_.substr(0, value_length(rest_)));
    rest_.remove_prefix(value.raw_.size());
    skip_blanks();
    if (rest_.front() == ',' || rest_.front() == ':') {
        rest_.remove_prefix(1);
        skip_blanks();
    }
    return value;
}

}  // namespace tandem::wire
