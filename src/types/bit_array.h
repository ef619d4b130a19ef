// Bit arrays: which votes or parts somebody has.
#pragma once
#include "types/basic.h"

namespace tandem::types {

/// As it travels. Bit i is bit i mod 64 of elems[i / 64].
struct BitArrayMessage {
    std::int64_t bits = 0;
    std::vector<std::uint64_t> elems;

    bool operator==(const BitArrayMessage&) const = default;
};

/// The element count fits the bits: the one check that CometBFT makes, by which -126 to 0 bits
/// pass without elements.
[[nodiscard]] Verdict validate_basic(const BitArrayMessage& message);

class BitArray {
  public:
    BitArray() = default;
    explicit BitArray(std::size_t bits) : bits_(bits), elems_((bits + 63) / 64) {}

    /// REQUIRES: the message passed validate_basic. Negative sizes become empty arrays; excess
    /// bits of the last element are kept, as CometBFT keeps them.
    [[nodiscard]] static BitArray from_message(const BitArrayMessage& message);
    [[nodiscard]] BitArrayMessage to_message() const;
    /// `x` for set and `_` for not set.
    [[nodiscard]] static std::optional<BitArray> from_text(std::string_view text);
    [[nodiscard]] std::string to_text() const;

    [[nodiscard]] std::size_t size() const noexcept { return bits_; }
    /// False out of range.
    [[nodiscard]] bool get(std::size_t index) const noexcept;
    /// False out of range, where nothing happens.
    bool set(std::size_t index, bool value) noexcept;
    [[nodiscard]] std::size_t count() const noexcept;  // set bits within size()
    [[nodiscard]] bool is_full() const noexcept;
    [[nodiscard]] bool is_empty() const noexcept;
    /// Eight bits a byte, lowest first.
    [[nodiscard]] Bytes bytes() const;

    /// As long as the longer of the two. As CometBFT has it, words of `other` beyond those of this
    /// are lost.
    [[nodiscard]] BitArray or_with(const BitArray& other) const;
    /// As long as the shorter of the two.
    [[nodiscard]] BitArray and_with(const BitArray& other) const;
    [[nodiscard]] BitArray inverted() const;
    /// Bits set here and not in `other`; as long as this.
    [[nodiscard]] BitArray without(const BitArray& other) const;
    /// Copies the elements of `other` over the first ones of this; the size stays.
    void update(const BitArray& other);

    bool operator==(const BitArray&) const = default;

  private:
    std::size_t bits_ = 0;
    std::vector<std::uint64_t> elems_;  // invariant: (bits_ + 63) / 64 of them
};

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::BitArrayMessage> {
    using BitArrayMessage = types::BitArrayMessage;
    static constexpr std::string_view name = "BitArray";
    static constexpr auto fields = std::tuple{field<1>("bits", &BitArrayMessage::bits),
                                              field<2>("elems", &BitArrayMessage::elems)};
};

}  // namespace tandem::wire
