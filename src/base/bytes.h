// Byte strings: the three shapes that everything else is made of, and hexadecimal text.
#pragma once
#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/small_bytes.h"

namespace tandem::base {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

/// Any of the owning or viewing byte strings above.
template <typename T>
concept ByteString = requires(const T& value) {
    { value.data() } -> std::convertible_to<const std::uint8_t*>;
    { value.size() } -> std::convertible_to<std::size_t>;
} && std::same_as<std::remove_cv_t<typename T::value_type>, std::uint8_t>;

template <ByteString T>
[[nodiscard]] BytesView view(const T& bytes) noexcept {
    return {bytes.data(), bytes.size()};
}

[[nodiscard]] inline BytesView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[nodiscard]] inline std::string_view as_text(BytesView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Bytes to_bytes(BytesView bytes) {
    return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline bool equal(BytesView a, BytesView b) noexcept {
    return std::ranges::equal(a, b);
}

[[nodiscard]] inline std::strong_ordering compare(BytesView a, BytesView b) noexcept {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

inline void append(Bytes& to, BytesView more) {
    to.insert(to.end(), more.begin(), more.end());
}

enum class HexCase : std::uint8_t { lower, upper };

[[nodiscard]] std::string to_hex(BytesView bytes, HexCase letters = HexCase::lower);

/// Reads pairs of hexadecimal digits of either case; nothing for an odd length or another
/// character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

/// Standard alphabet with padding (RFC 4648 section 4).
[[nodiscard]] std::string to_base64(BytesView bytes);

/// As Go's encoding/base64.StdEncoding reads it: padding required, line breaks skipped, unused
/// bits of the last character not checked.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace tandem::base
