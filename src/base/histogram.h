// How many values fell between which bounds, and their sum: what a histogram of Prometheus needs.
//
// Plain counts, so that pure code can keep them too. Not here: the text (tandem/metrics_page.h).
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tandem::base {

class Histogram {
  public:
    /// `bounds` rise; they are borrowed, from a table that lives as long as the program.
    explicit Histogram(std::span<const double> bounds)
        : bounds_(bounds), counts_(bounds.size() + 1) {}

    /// A value that equals a bound is below it.
    void add(double value) {
        const auto bound = std::ranges::lower_bound(bounds_, value);
        ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
        ++count_;
        sum_ += value;
    }

    [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }
    /// For each bound the values between it and the one before, and then those above all.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] double sum() const noexcept { return sum_; }

  private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    double sum_ = 0;
};

}  // namespace tandem::base
