// Writing protobuf bytes from the last to the first, so that each length is known when it is
// written and no nested size is computed twice.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "wire/reader.h"

namespace tandem::wire {

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) noexcept {
    return static_cast<std::size_t>(std::bit_width(value | 1) + 6) / 7;
}

[[nodiscard]] constexpr std::uint64_t make_tag(std::uint32_t number, WireType type) noexcept {
    return (static_cast<std::uint64_t>(number) << 3) | static_cast<std::uint64_t>(type);
}

class BackwardWriter {
  public:
    /// Fills `buffer` from its end; the caller sized it by the encoded size of what comes.
    explicit BackwardWriter(std::span<std::uint8_t> buffer) noexcept
        : begin_(buffer.data()), position_(buffer.data() + buffer.size()) {}

    void write_varint(std::uint64_t value) {
        std::uint8_t* out = take(varint_size(value));
        while (value >= 0x80) {
            *out++ = static_cast<std::uint8_t>(value | 0x80);
            value >>= 7;
        }
        *out = static_cast<std::uint8_t>(value);
    }

    void write_fixed64(std::uint64_t value) {
        std::uint8_t* out = take(8);
        for (unsigned i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }

    void write_raw(BytesView bytes) {
        std::uint8_t* out = take(bytes.size());
        if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
    }

    /// `bytes` behind their length.
    void write_bytes(BytesView bytes) {
        write_raw(bytes);
        write_varint(bytes.size());
    }

    void write_tag(std::uint32_t number, WireType type) { write_varint(make_tag(number, type)); }

    /// Where the bytes written so far begin; differences of two marks are lengths.
    [[nodiscard]] const std::uint8_t* mark() const noexcept { return position_; }
    [[nodiscard]] bool full() const noexcept { return position_ == begin_; }

  private:
    std::uint8_t* take(std::size_t count) {
        TANDEM_CHECK(static_cast<std::size_t>(position_ - begin_) >= count);
        position_ -= count;
        return position_;
    }

    std::uint8_t* begin_;
    std::uint8_t* position_;
};

}  // namespace tandem::wire
