#include "tandem/duration_text.h"

#include <array>
#include <fmt/format.h>
#include <limits>
#include <optional>

namespace tandem::program {
namespace {

using base::refuse;
using base::Result;
using types::Duration;

struct Unit {
    std::string_view name;
    std::uint64_t nanos;
};

// The micro sign and the Greek letter both stand for a millionth.
constexpr std::array units{
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"\xc2\xb5s", 1'000},
    Unit{"\xce\xbcs", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
};

/// Nanoseconds that a Duration can hold on its negative side.
constexpr std::uint64_t nanos_max = std::uint64_t{1} << 63;

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "1.5" of "1.5h", taken off the front.
struct Number {
    std::uint64_t whole = 0;
    std::uint64_t fraction = 0;  // in units of 1 / scale
    std::uint64_t scale = 1;
    std::size_t digits = 0;
};

std::optional<Number> take_number(std::string_view& text) {
    Number number;
    while (!text.empty() && is_digit(text[0])) {
        const auto digit = static_cast<std::uint64_t>(text[0] - '0');
        if (number.whole > (nanos_max - digit) / 10) return std::nullopt;
        number.whole = number.whole * 10 + digit;
        ++number.digits;
        text.remove_prefix(1);
    }
    if (text.empty() || text[0] != '.') return number;
    text.remove_prefix(1);
    while (!text.empty() && is_digit(text[0])) {
        if (number.scale < 1'000'000'000'000'000) {  // beyond, a nanosecond of an hour is passed
            number.fraction = number.fraction * 10 + static_cast<std::uint64_t>(text[0] - '0');
            number.scale *= 10;
        }
        ++number.digits;
        text.remove_prefix(1);
    }
    return number;
}

const Unit* take_unit(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && text[length] != '.' && !is_digit(text[length])) ++length;
    const std::string_view name = text.substr(0, length);
    text.remove_prefix(length);
    for (const Unit& unit : units)
        if (unit.name == name) return &unit;
    return nullptr;
}

}  // namespace

Result<Duration> duration_from_text(std::string_view text) {
    const auto refused = [whole = std::string(text)](std::string_view why) {
        return refuse("duration", fmt::format("\"{}\" {}; write for example \"1m30s\" or \"250ms\"",
                                              whole, why));
    };
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text == "0") return Duration{};
    if (text.empty()) return refused("is no span of time");
    std::uint64_t total = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number) return refused("is too long");
        if (number->digits == 0) return refused("is no span of time");
        const Unit* unit = take_unit(text);
        if (unit == nullptr) return refused("lacks a unit (ns, us, ms, s, m, h)");
        if (number->whole > nanos_max / unit->nanos) return refused("is too long");
        // Wide enough for a fraction of fifteen digits times an hour.
        const auto part =
            static_cast<long double>(number->fraction) *
            (static_cast<long double>(unit->nanos) / static_cast<long double>(number->scale));
        const std::uint64_t nanos = number->whole * unit->nanos + static_cast<std::uint64_t>(part);
        if (nanos > nanos_max - total) return refused("is too long");
        total += nanos;
    }
    if (negative) return Duration{static_cast<std::int64_t>(~total + 1)};
    if (total == nanos_max) return refused("is too long");
    return Duration{static_cast<std::int64_t>(total)};
}

std::string to_text(Duration span) {
    if (span.nanos == 0) return "0s";
    const bool negative = span.nanos < 0;
    std::uint64_t nanos = static_cast<std::uint64_t>(span.nanos);
    if (negative) nanos = ~nanos + 1;

    // A number of `unit` with what is left as its fraction.
    const auto decimal = [](std::uint64_t value, std::uint64_t unit, int digits) {
        std::string text = std::to_string(value / unit);
        if (value % unit == 0) return text;
        text += fmt::format(".{:0{}}", value % unit, digits);
        while (text.back() == '0') text.pop_back();
        return text;
    };
    std::string text;
    if (nanos < 1'000)
        text = fmt::format("{}ns", nanos);
    else if (nanos < 1'000'000)
        text = decimal(nanos, 1'000, 3) + "\xc2\xb5s";
    else if (nanos < 1'000'000'000)
        text = decimal(nanos, 1'000'000, 6) + "ms";
    else {
        const std::uint64_t minutes = nanos / 60'000'000'000;
        if (minutes >= 60) text += fmt::format("{}h", minutes / 60);
        if (minutes > 0) text += fmt::format("{}m", minutes % 60);
        text += decimal(nanos % 60'000'000'000, 1'000'000'000, 9) + "s";
    }
    return negative ? "-" + text : text;
}

}  // namespace tandem::program
