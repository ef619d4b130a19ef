#include "base/bytes.h"

#include <array>

namespace tandem::base {
namespace {

constexpr std::string_view lower_digits = "0123456789abcdef";
constexpr std::string_view upper_digits = "0123456789ABCDEF";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> base64_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < base64_digits.size(); ++i)
        values[static_cast<std::uint8_t>(base64_digits[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// Appends the bytes of one quantum of `count` (2 to 4) base64 digits held in `bits`, which has
/// room for four.
void append_quantum(Bytes& out, std::uint32_t bits, int count) {
    out.push_back(static_cast<std::uint8_t>(bits >> 16));
    if (count > 2) out.push_back(static_cast<std::uint8_t>(bits >> 8));
    if (count > 3) out.push_back(static_cast<std::uint8_t>(bits));
}

}  // namespace

std::string to_hex(BytesView bytes, HexCase letters) {
    const std::string_view digits = letters == HexCase::upper ? upper_digits : lower_digits;
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return bytes;
}

std::string to_base64(BytesView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = static_cast<std::uint32_t>(bytes[i]) << 16;
        if (have > 1) bits |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
        if (have > 2) bits |= bytes[i + 2];
        text.push_back(base64_digits[bits >> 18]);
        text.push_back(base64_digits[(bits >> 12) & 63]);
        text.push_back(have > 1 ? base64_digits[(bits >> 6) & 63] : '=');
        text.push_back(have > 2 ? base64_digits[bits & 63] : '=');
    }
    return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
    Bytes out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int digits = 0;
    int padding = 0;
    for (const char c : text) {
        if (c == '\r' || c == '\n') continue;
        if (c == '=') {
            ++padding;
            if (digits + padding > 4 || digits < 2) return std::nullopt;
            continue;
        }
        const std::uint8_t value = base64_values[static_cast<std::uint8_t>(c)];
        if (value == no_digit || padding > 0) return std::nullopt;
        bits |= static_cast<std::uint32_t>(value) << (18 - 6 * digits);
        if (++digits == 4) {
            append_quantum(out, bits, digits);
            bits = 0;
            digits = 0;
        }
    }
    if (digits == 0) return padding == 0 ? std::optional(std::move(out)) : std::nullopt;
    if (digits + padding != 4) return std::nullopt;
    append_quantum(out, bits, digits);
    return out;
}

}  // namespace tandem::base
