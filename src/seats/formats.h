// What the byte strings of seats have in common: the magic of special transactions, the domain
// tags of everything that is signed, fixed-width numbers, and limits (docs/formats/README.md).
//
// Numbers of fixed width are big endian. A text or key inside signed bytes stands behind its
// length as two bytes, so that no two different lists of parts give the same bytes; and the tag
// comes first, so that no signature of one kind can be taken for one of another.
#pragma once
#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"
#include "crypto/public_key.h"
#include "seats/params.h"

namespace tandem::seats {

/// Every special transaction begins with these three bytes and a letter; every transaction that
/// begins with these three is special, whatever follows.
inline constexpr std::array<std::uint8_t, 3> magic_prefix{0x00, 'T', 'D'};
inline constexpr std::uint8_t record_letter = 'R';
inline constexpr std::uint8_t admin_letter = 'A';
inline constexpr std::uint8_t heartbeat_letter = 'H';
inline constexpr std::uint8_t format_version = 1;  // the byte behind the magic
inline constexpr std::size_t preamble_bytes = magic_prefix.size() + 2;

namespace domain {
inline constexpr std::string_view record = "tandem/record/1";
inline constexpr std::string_view heartbeat = "tandem/heartbeat/1";
inline constexpr std::string_view admin = "tandem/admin/1";
inline constexpr std::string_view registration = "tandem/registration/1";
inline constexpr std::string_view admin_key = "tandem/admin-key/1";
}  // namespace domain

/// Whether `bytes` begin with the magic, this letter and the version.
[[nodiscard]] inline bool has_preamble(BytesView bytes, std::uint8_t letter) noexcept {
    return bytes.size() >= preamble_bytes &&
           std::ranges::equal(bytes.first(magic_prefix.size()), magic_prefix) &&
           bytes[magic_prefix.size()] == letter && bytes[magic_prefix.size() + 1] == format_version;
}

/// Writes from the front.
class FixedWriter {
  public:
    FixedWriter() = default;
    /// Magic and version of a special transaction.
    static FixedWriter special(std::uint8_t letter, std::size_t bytes) {
        FixedWriter writer;
        writer.out_.reserve(bytes);
        return writer.raw(magic_prefix).number<1>(letter).number<1>(format_version);
    }
    /// Tag and chain id of what is signed.
    static FixedWriter signed_bytes(std::string_view tag, std::string_view chain_id) {
        FixedWriter writer;
        writer.out_.reserve(256);
        return writer.text(tag).text(chain_id);
    }

    template <std::size_t Width>
    FixedWriter& number(std::uint64_t value) {
        for (std::size_t i = Width; i-- > 0;)
            out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        return *this;
    }
    FixedWriter& height(std::int64_t value) { return number<8>(static_cast<std::uint64_t>(value)); }
    FixedWriter& raw(BytesView bytes) {
        base::append(out_, bytes);
        return *this;
    }
    FixedWriter& prefixed(BytesView bytes) {
        TANDEM_CHECK(bytes.size() <= 0xffff);
        return number<2>(bytes.size()).raw(bytes);
    }
    FixedWriter& text(std::string_view text) { return prefixed(base::as_bytes(text)); }
    /// The kind, by its number in CometBFT's PublicKey message, and the bytes.
    FixedWriter& key(const crypto::PublicKey& key) {
        return number<1>(static_cast<std::uint64_t>(key.type)).prefixed(key.bytes);
    }

    [[nodiscard]] Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

/// Reads from the front what a caller knows to be there.
class FixedReader {
  public:
    explicit FixedReader(BytesView bytes) noexcept : rest_(bytes) {}

    template <std::size_t Width>
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : raw(Width)) value = value << 8 | byte;
        return value;
    }
    std::int64_t height() { return static_cast<std::int64_t>(number<8>()); }
    /// REQUIRES: so many bytes are left.
    BytesView raw(std::size_t count) {
        TANDEM_CHECK(count <= rest_.size());
        const BytesView out = rest_.first(count);
        rest_ = rest_.subspan(count);
        return out;
    }
    Bytes bytes(std::size_t count) { return base::to_bytes(raw(count)); }
    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

  private:
    BytesView rest_;
};

}  // namespace tandem::seats
