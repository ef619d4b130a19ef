#include "types/bit_array.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

constexpr std::size_t word_bits = 64;

std::size_t words_for(std::size_t bits) {
    return (bits + word_bits - 1) / word_bits;
}

}  // namespace

Verdict validate_basic(const BitArrayMessage& message) {
    // In wrapping arithmetic, with a division that truncates toward zero, as CometBFT reckons.
    const auto wrapped =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(message.bits) + (word_bits - 1));
    const std::int64_t wanted = wrapped / static_cast<std::int64_t>(word_bits);
    if (static_cast<std::int64_t>(message.elems.size()) != wanted)
        return refuse("elems",
                      fmt::format("{} elements for {} bits", message.elems.size(), message.bits));
    return {};
}

BitArray BitArray::from_message(const BitArrayMessage& message) {
    BitArray array;
    if (message.bits <= 0) return array;
    array.bits_ = static_cast<std::size_t>(message.bits);
    array.elems_ = message.elems;
    TANDEM_CHECK(array.elems_.size() == words_for(array.bits_));
    return array;
}

BitArrayMessage BitArray::to_message() const {
    return {static_cast<std::int64_t>(bits_), elems_};
}

std::optional<BitArray> BitArray::from_text(std::string_view text) {
    BitArray array(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != 'x' && text[i] != '_') return std::nullopt;
        array.set(i, text[i] == 'x');
    }
    return array;
}

std::string BitArray::to_text() const {
    std::string text(bits_, '_');
    for (std::size_t i = 0; i < bits_; ++i)
        if (get(i)) text[i] = 'x';
    return text;
}

bool BitArray::get(std::size_t index) const noexcept {
    return index < bits_ && ((elems_[index / word_bits] >> (index % word_bits)) & 1) != 0;
}

bool BitArray::set(std::size_t index, bool value) noexcept {
    if (index >= bits_) return false;
    const std::uint64_t bit = std::uint64_t{1} << (index % word_bits);
    std::uint64_t& word = elems_[index / word_bits];
    word = value ? word | bit : word & ~bit;
    return true;
}

std::size_t BitArray::count() const noexcept {
    std::size_t total = 0;
    for (std::size_t i = 0; i < elems_.size(); ++i) {
        const std::size_t used = std::min(word_bits, bits_ - i * word_bits);
        const std::uint64_t mask =
            used == word_bits ? ~std::uint64_t{0} : (std::uint64_t{1} << used) - 1;
        total += static_cast<std::size_t>(std::popcount(elems_[i] & mask));
    }
    return total;
}

bool BitArray::is_full() const noexcept {
    return count() == bits_;
}

bool BitArray::is_empty() const noexcept {
    return std::ranges::all_of(elems_, [](std::uint64_t word) { return word == 0; });
}

Bytes BitArray::bytes() const {
    Bytes out((bits_ + 7) / 8);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(elems_[i / 8] >> (8 * (i % 8)));
    return out;
}

BitArray BitArray::or_with(const BitArray& other) const {
    BitArray result(std::max(bits_, other.bits_));
    std::ranges::copy(elems_, result.elems_.begin());
    const std::size_t shared = std::min(elems_.size(), other.elems_.size());
    for (std::size_t i = 0; i < shared; ++i) result.elems_[i] |= other.elems_[i];
    return result;
}

BitArray BitArray::and_with(const BitArray& other) const {
    BitArray result = bits_ <= other.bits_ ? *this : other;
    const BitArray& longer = bits_ <= other.bits_ ? other : *this;
    for (std::size_t i = 0; i < result.elems_.size(); ++i) result.elems_[i] &= longer.elems_[i];
    return result;
}

BitArray BitArray::inverted() const {
    BitArray result = *this;
    for (std::uint64_t& word : result.elems_) word = ~word;
    return result;
}

BitArray BitArray::without(const BitArray& other) const {
    BitArray result = *this;
    const std::size_t shared = std::min(elems_.size(), other.elems_.size());
    for (std::size_t i = 0; i < shared; ++i) result.elems_[i] &= ~other.elems_[i];
    return result;
}

void BitArray::update(const BitArray& other) {
    const std::size_t shared = std::min(elems_.size(), other.elems_.size());
    std::copy_n(other.elems_.begin(), shared, elems_.begin());
}

}  // namespace tandem::types
