#include "wire/json_read.h"

#include <charconv>
#include <fmt/format.h>

#include "base/nearest_name.h"

namespace tandem::wire {
namespace {

constexpr std::size_t shown_bytes_max = 40;

std::string shown(std::string_view raw) {
    if (raw.size() <= shown_bytes_max) return std::string(raw);
    return std::string(raw.substr(0, shown_bytes_max)) + "...";
}

std::string_view kind_name(JsonKind kind) noexcept {
    switch (kind) {
        case JsonKind::null:
            return "null";
        case JsonKind::boolean:
            return "a boolean";
        case JsonKind::number:
            return "a number";
        case JsonKind::string:
            return "a string";
        case JsonKind::array:
            return "an array";
        case JsonKind::object:
            break;
    }
    return "an object";
}

std::string describe(const JsonValue& value) {
    switch (value.kind()) {
        case JsonKind::boolean:
            return std::string(value.raw());
        case JsonKind::number:
            return "the number " + shown(value.raw());
        case JsonKind::string:
            return "the string " + shown(value.raw());
        default:
            return std::string(kind_name(value.kind()));
    }
}

/// Whether `text` is a JSON number without fraction and exponent.
bool is_integer(std::string_view text) noexcept {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.empty() || (text.front() == '0' && text.size() > 1)) return false;
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

template <typename T>
std::optional<T> integer_from(std::string_view text) noexcept {
    if (!is_integer(text)) return std::nullopt;
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <typename T>
bool read_bare(JsonReading& reading, const JsonValue& value, T& out) {
    const auto number =
        value.kind() == JsonKind::number ? integer_from<T>(value.raw()) : std::optional<T>();
    if (!number)
        return reading.fail(value,
                            fmt::format("an integer from {} to {}", std::numeric_limits<T>::min(),
                                        std::numeric_limits<T>::max()));
    out = *number;
    return true;
}

template <typename T>
bool read_quoted(JsonReading& reading, const JsonValue& value, T& out) {
    std::optional<T> number;
    if (value.kind() == JsonKind::string) {
        // What is quoted is JSON in its own right: blanks and null pass, escapes do not.
        std::string_view text = value.raw_string();
        while (text.starts_with(' ')) text.remove_prefix(1);
        while (text.ends_with(' ')) text.remove_suffix(1);
        number = text == "null" ? T{0} : integer_from<T>(text);
    }
    if (!number)
        return reading.fail(
            value, fmt::format("an integer from {} to {} in quotes, such as \"10\"",
                               std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    out = *number;
    return true;
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_in_any_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::string JsonWarning::text() const {
    return fmt::format("line {}: {}: {}", line, member, why);
}

std::string JsonReading::path(std::string_view member) const {
    std::string text;
    const auto append_name = [&](std::string_view name) {
        if (!text.empty()) text.push_back('.');
        text += name;
    };
    for (const Segment& segment : path_) {
        if (segment.name.empty()) {
            text += fmt::format("[{}]", segment.index);
        } else {
            append_name(segment.name);
        }
    }
    if (!member.empty()) append_name(member);
    return text;
}

std::string JsonReading::check() const {
    std::string text;
    for (const Segment& segment : path_) {
        if (segment.name.empty()) continue;
        if (!text.empty()) text.push_back('.');
        text += segment.name;
    }
    return text.empty() ? "value" : text;
}

bool JsonReading::fail(const JsonValue& at, std::string_view expected) {
    const std::string found =
        shows_values_ ? describe(at) : std::string(kind_name(at.kind())) + " that does not fit";
    return fail_because(at, fmt::format("expected {}, found {}", expected, found));
}

bool JsonReading::fail_because(const JsonValue& at, std::string why) {
    const std::string where = path();
    refusal_ = {check(), where.empty() ? fmt::format("line {}: {}", at.line(), why)
                                       : fmt::format("line {}: {}: {}", at.line(), where, why)};
    return false;
}

bool JsonReading::drops_warning() {
    if (warnings_.size() < json_warnings_max) return false;
    ++warnings_dropped_;
    return true;
}

void JsonReading::warn(const JsonValue& at, std::string_view member, std::string why,
                       std::string_view nearest) {
    if (drops_warning()) return;
    warnings_.push_back(
        {at.line(), path(member), nearest.empty() ? "" : path(nearest), std::move(why)});
}

void JsonReading::unknown_member(const JsonValue& name, std::span<const std::string_view> known) {
    if (drops_warning()) return;  // before the work: a stranger may send many
    const std::string text = name.string();
    const std::string_view nearest = base::nearest_name(text, known);
    warn(name, shown(text),
         nearest.empty()
             ? "no such member is known; it is ignored"
             : fmt::format("no such member is known; it is ignored. Did you mean \"{}\"?", nearest),
         nearest);
}

void JsonReading::repeated_member(const JsonValue& name) {
    if (drops_warning()) return;
    warn(name, shown(name.string()), "stands here once more; the last one counts");
}

bool read_json(JsonReading& reading, const JsonValue& value, bool& out) {
    if (value.kind() != JsonKind::boolean) return reading.fail(value, "true or false");
    out = value.boolean();
    return true;
}

bool read_json(JsonReading& reading, const JsonValue& value, std::string& out) {
    if (value.kind() != JsonKind::string) return reading.fail(value, "a string");
    out = value.string();
    return true;
}

bool read_json(JsonReading& reading, const JsonValue& value, std::int64_t& out) {
    return read_quoted(reading, value, out);
}
bool read_json(JsonReading& reading, const JsonValue& value, std::uint64_t& out) {
    return read_quoted(reading, value, out);
}
bool read_json(JsonReading& reading, const JsonValue& value, std::int32_t& out) {
    return read_bare(reading, value, out);
}
bool read_json(JsonReading& reading, const JsonValue& value, std::uint32_t& out) {
    return read_bare(reading, value, out);
}
bool read_json(JsonReading& reading, const JsonValue& value, std::int8_t& out) {
    return read_bare(reading, value, out);
}
bool read_json(JsonReading& reading, const JsonValue& value, std::uint8_t& out) {
    return read_bare(reading, value, out);
}

bool read_json_base64(JsonReading& reading, const JsonValue& value, base::Bytes& out) {
    if (value.kind() == JsonKind::array) {
        out.clear();
        for (const JsonValue element : value.elements()) {
            std::uint8_t byte = 0;
            if (!element.is_null() && !read_json(reading, element, byte)) return false;
            out.push_back(byte);
        }
        return true;
    }
    auto bytes = value.kind() == JsonKind::string ? base::from_base64(value.string())
                                                  : std::optional<base::Bytes>();
    if (!bytes) return reading.fail(value, "bytes in base64, with padding");
    out = std::move(*bytes);
    return true;
}

bool read_json_hex(JsonReading& reading, const JsonValue& value, base::Bytes& out) {
    auto bytes = value.kind() == JsonKind::string ? base::from_hex(value.raw_string())
                                                  : std::optional<base::Bytes>();
    if (!bytes) return reading.fail(value, "bytes as pairs of hexadecimal digits");
    out = std::move(*bytes);
    return true;
}

std::optional<JsonTagged> read_json_tagged(JsonReading& reading, const JsonValue& value) {
    static constexpr std::array<std::string_view, 2> known = {"type", "value"};
    constexpr std::string_view expected = R"(an object {"type": ..., "value": ...})";
    const auto fail = [&](const JsonValue& at, std::string_view what) {
        reading.fail(at, what);
        return std::nullopt;
    };
    if (value.kind() != JsonKind::object) return fail(value, expected);
    std::string type;
    std::optional<JsonValue> type_value;
    std::optional<JsonValue> inner;
    for (const auto& [name, member] : value.members()) {
        const std::string text = name.string();
        if (equal_in_any_case(text, known[0])) {
            if (member.is_null()) continue;  // leaves the one before
            if (member.kind() != JsonKind::string) {
                const JsonReading::Step step(reading, known[0]);
                return fail(member, "a string");
            }
            type = member.string();
            type_value = member;
        } else if (equal_in_any_case(text, known[1])) {
            inner = member;
        } else {
            reading.unknown_member(name, known);
        }
    }
    if (type.empty() || !type_value || !inner) return fail(value, expected);
    return JsonTagged{std::move(type), *type_value, *inner};
}

}  // namespace tandem::wire
