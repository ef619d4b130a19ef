// Byte strings: the three shapes that everything else is made of, and hexadecimal text.
#pragma once
#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::base {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

/// Boost's small_vector of Debian 12 keeps only whole words in place: of 20 bytes asked for, 16.
constexpr std::size_t whole_words(std::size_t bytes) noexcept {
    return (bytes + 7) / 8 * 8;
}

/// A byte string that is usually at most N bytes long and then needs no allocation. Longer ones
/// are held as well: what a stranger sent has the length that he chose, until it was checked.
template <std::size_t N>
class SmallBytes : public boost::container::small_vector<std::uint8_t, whole_words(N)> {
    using Vector = boost::container::small_vector<std::uint8_t, whole_words(N)>;

  public:
    using Vector::Vector;
    SmallBytes() = default;
    explicit SmallBytes(BytesView bytes) : Vector(bytes.begin(), bytes.end()) {}

    // Boost's iterators of Debian 12 do not make a contiguous range, which std::span asks for.
    operator BytesView() const noexcept {  // NOLINT(google-explicit-constructor): as from a vector
        return {this->data(), this->size()};
    }

    friend bool operator==(const SmallBytes& a, const SmallBytes& b) noexcept {
        return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
    }
    friend std::strong_ordering operator<=>(const SmallBytes& a, const SmallBytes& b) noexcept {
        return std::lexicographical_compare_three_way(a.data(), a.data() + a.size(), b.data(),
                                                      b.data() + b.size());
    }
};

/// Any of the owning or viewing byte strings above.
template <typename T>
concept ByteString = requires(const T& value) {
    { value.data() } -> std::convertible_to<const std::uint8_t*>;
    { value.size() } -> std::convertible_to<std::size_t>;
} && std::same_as<std::remove_cv_t<typename T::value_type>, std::uint8_t>;

/// SmallBytes need this, for their iterators do not convert to a span by themselves.
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
