// A byte string that is mostly short: hashes, addresses, keys, signatures.
//
// Boost's small_vector does the same and takes twice as long to copy, which counts because a
// block's hashes are copied everywhere, always.
#pragma once
#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <span>
#include <vector>

#include "base/box.h"

namespace tandem::base {

/// As std::vector, but up to N bytes stand in place and need no allocation. Longer ones are held
/// as well: what a stranger sent has the length that he chose, until it was checked.
template <std::size_t N>
class SmallBytes {
  public:
    using value_type = std::uint8_t;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = std::uint8_t&;
    using const_reference = const std::uint8_t&;
    using iterator = std::uint8_t*;
    using const_iterator = const std::uint8_t*;

    SmallBytes() noexcept = default;
    explicit SmallBytes(std::span<const std::uint8_t> bytes)
        : SmallBytes(bytes.begin(), bytes.end()) {}
    explicit SmallBytes(std::size_t count, std::uint8_t value = 0) { resize(count, value); }
    SmallBytes(std::initializer_list<std::uint8_t> bytes)
        : SmallBytes(bytes.begin(), bytes.end()) {}
    template <std::forward_iterator I>
    SmallBytes(I first, I last) {
        assign(first, last);
    }

    [[nodiscard]] std::size_t size() const noexcept { return beyond_ ? beyond_->size() : size_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::uint8_t* data() noexcept {
        return beyond_ ? beyond_->data() : place_.data();
    }
    [[nodiscard]] const std::uint8_t* data() const noexcept {
        return beyond_ ? beyond_->data() : place_.data();
    }
    [[nodiscard]] iterator begin() noexcept { return data(); }
    [[nodiscard]] iterator end() noexcept { return data() + size(); }
    [[nodiscard]] const_iterator begin() const noexcept { return data(); }
    [[nodiscard]] const_iterator end() const noexcept { return data() + size(); }
    /// REQUIRES, of these four: there is such a byte.
    [[nodiscard]] std::uint8_t& operator[](std::size_t index) noexcept { return data()[index]; }
    [[nodiscard]] std::uint8_t operator[](std::size_t index) const noexcept {
        return data()[index];
    }
    [[nodiscard]] std::uint8_t& back() noexcept { return data()[size() - 1]; }
    [[nodiscard]] std::uint8_t back() const noexcept { return data()[size() - 1]; }

    /// REQUIRES: the bytes are not ours.
    template <std::forward_iterator I>
    void assign(I first, I last) {
        const auto count = static_cast<std::size_t>(std::distance(first, last));
        if (count > N) {
            beyond_ = std::vector<std::uint8_t>(first, last);
            return;
        }
        beyond_.reset();
        std::copy(first, last, place_.data());
        size_ = count;
    }
    void assign(std::size_t count, std::uint8_t value) {
        clear();
        resize(count, value);
    }
    void clear() noexcept {
        beyond_.reset();
        size_ = 0;
    }
    void resize(std::size_t count, std::uint8_t value = 0) {
        if (!beyond_ && count > N) beyond_ = std::vector<std::uint8_t>(begin(), end());
        if (beyond_) return beyond_->resize(count, value);
        if (count > size_) std::memset(place_.data() + size_, value, count - size_);
        size_ = count;
    }
    void push_back(std::uint8_t byte) { resize(size() + 1, byte); }
    /// REQUIRES: not empty.
    void pop_back() { resize(size() - 1); }

    friend bool operator==(const SmallBytes& a, const SmallBytes& b) noexcept {
        return std::ranges::equal(a, b);
    }
    friend std::strong_ordering operator<=>(const SmallBytes& a, const SmallBytes& b) noexcept {
        return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
    }

  private:
    std::array<std::uint8_t, N> place_{};
    std::size_t size_ = 0;                   // of what stands in place; invariant: at most N
    Box<std::vector<std::uint8_t>> beyond_;  // all of it, once it was longer
};

}  // namespace tandem::base
