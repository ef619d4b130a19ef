// A value that many hold and nobody changes: handed on by reference count, compared by content.
//
// Inputs, effects and copies of a core pass validator sets, votes and blocks on without copying
// them; two cores that came by the same value on different ways still compare equal.
#pragma once
#include <memory>
#include <utility>

#include "base/check.h"

namespace tandem::consensus {

template <typename T>
class Shared {
  public:
    Shared() noexcept = default;
    Shared(std::shared_ptr<const T> value) noexcept  // NOLINT(google-explicit-constructor)
        : value_(std::move(value)) {}
    template <typename... Args>
    [[nodiscard]] static Shared make(Args&&... args) {
        return Shared(std::make_shared<const T>(std::forward<Args>(args)...));
    }

    [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
    explicit operator bool() const noexcept { return has_value(); }
    /// REQUIRES: has_value().
    [[nodiscard]] const T& operator*() const {
        TANDEM_CHECK(value_ != nullptr);
        return *value_;
    }
    [[nodiscard]] const T* operator->() const { return &**this; }
    [[nodiscard]] const std::shared_ptr<const T>& pointer() const noexcept { return value_; }

    friend bool operator==(const Shared& a, const Shared& b) {
        if (a.value_ == b.value_) return true;
        return a.value_ && b.value_ && *a.value_ == *b.value_;
    }

  private:
    std::shared_ptr<const T> value_;
};

}  // namespace tandem::consensus
