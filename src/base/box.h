// A value that may be absent and lives on the heap: copied with its owner, compared by content.
#pragma once
#include <memory>
#include <utility>

#include "base/check.h"

namespace tandem::base {

/// As std::optional, for values too large to reserve room for when absent: an empty Box costs one
/// pointer, so that a stranger's message of many empty elements stays small in memory.
template <typename T>
class Box {
  public:
    using value_type = T;

    Box() noexcept = default;
    Box(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: as std::optional
    Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Box(Box&&) noexcept = default;
    Box& operator=(const Box& other) {
        if (this != &other) value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
        return *this;
    }
    Box& operator=(Box&&) noexcept = default;
    ~Box() = default;

    [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
    explicit operator bool() const noexcept { return has_value(); }

    /// REQUIRES: has_value().
    [[nodiscard]] T& operator*() {
        TANDEM_CHECK(value_ != nullptr);
        return *value_;
    }
    [[nodiscard]] const T& operator*() const {
        TANDEM_CHECK(value_ != nullptr);
        return *value_;
    }
    [[nodiscard]] T* operator->() { return &**this; }
    [[nodiscard]] const T* operator->() const { return &**this; }

    T& emplace() {
        value_ = std::make_unique<T>();
        return *value_;
    }
    void reset() noexcept { value_.reset(); }

    friend bool operator==(const Box& a, const Box& b) {
        if (a.has_value() != b.has_value()) return false;
        return !a.has_value() || *a == *b;
    }

  private:
    std::unique_ptr<T> value_;
};

}  // namespace tandem::base
