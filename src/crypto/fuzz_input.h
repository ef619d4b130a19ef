// Takes what a fuzz target needs from the bytes that a fuzzer invents: from the front, and zeros
// or nothing once they are used up.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace tandem::crypto {

class FuzzInput {
  public:
    FuzzInput(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    std::uint8_t byte() { return array<1>()[0]; }

    template <std::size_t N>
    std::array<std::uint8_t, N> array() {
        std::array<std::uint8_t, N> out{};
        std::ranges::copy(bytes(N), out.begin());
        return out;
    }

    std::int64_t int64() {
        std::uint64_t value = 0;
        for (const std::uint8_t digit : array<8>()) value = value << 8 | digit;
        return static_cast<std::int64_t>(value);
    }

    /// At most `count` bytes.
    base::BytesView bytes(std::size_t count) {
        const base::BytesView out = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(out.size());
        return out;
    }

    /// As many bytes as the next byte says.
    base::BytesView prefixed() { return bytes(byte()); }

    base::BytesView all() { return bytes(rest_.size()); }

  private:
    base::BytesView rest_;
};

}  // namespace tandem::crypto
