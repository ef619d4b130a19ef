// Memory for secrets: wiped when it is given up, copied only on purpose, never printed.
//
// There is no comparison and no text form, so a key cannot slip into a log or a test message.
// Not here: locking pages in memory, which is the business of the process that holds the keys.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace tandem::crypto {

/// Overwrites with zeros in a way that the compiler may not leave out.
void wipe(std::span<std::uint8_t> bytes) noexcept;

/// N secret bytes. Moved-from objects hold zeros.
template <std::size_t N>
class SecretArray {
  public:
    SecretArray() noexcept : bytes_{} {}
    explicit SecretArray(std::span<const std::uint8_t, N> bytes) noexcept {
        std::ranges::copy(bytes, bytes_.begin());
    }
    SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
    SecretArray& operator=(SecretArray&& other) noexcept {
        if (this != &other) {
            bytes_ = other.bytes_;
            wipe(other.bytes_);
        }
        return *this;
    }
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;
    ~SecretArray() { wipe(bytes_); }

    [[nodiscard]] SecretArray clone() const noexcept {
        return SecretArray(std::span<const std::uint8_t, N>(bytes_));
    }
    [[nodiscard]] std::span<std::uint8_t, N> span() noexcept { return bytes_; }
    [[nodiscard]] std::span<const std::uint8_t, N> span() const noexcept { return bytes_; }

  private:
    std::array<std::uint8_t, N> bytes_;
};

/// Secret bytes of any number. Moved-from objects are empty.
class SecretBytes {
  public:
    SecretBytes() = default;
    explicit SecretBytes(base::BytesView bytes) : bytes_(bytes.begin(), bytes.end()) {}
    /// Takes over a buffer that was read elsewhere; no copy of it stays behind.
    explicit SecretBytes(base::Bytes&& bytes) noexcept : bytes_(std::move(bytes)) {}
    SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        if (this != &other) {
            wipe(bytes_);
            bytes_ = std::exchange(other.bytes_, {});
        }
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() { wipe(bytes_); }

    [[nodiscard]] SecretBytes clone() const { return SecretBytes(base::BytesView(bytes_)); }
    [[nodiscard]] base::BytesView view() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  private:
    base::Bytes bytes_;
};

}  // namespace tandem::crypto
