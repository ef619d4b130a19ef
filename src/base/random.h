// Dice for simulations and tests: every number follows from one seed, on every machine.
#pragma once
#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace tandem::base {

/// xoshiro256** (Blackman and Vigna), seeded through splitmix64. Not for keys or nonces.
class SeededRandom {
  public:
    explicit SeededRandom(std::uint64_t seed) noexcept;

    [[nodiscard]] std::uint64_t next() noexcept;
    /// Uniform in [0, bound). REQUIRES: bound > 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;
    /// True with a chance of `numerator` in `denominator`.
    [[nodiscard]] bool chance(std::uint64_t numerator, std::uint64_t denominator) noexcept;
    [[nodiscard]] Bytes bytes(std::size_t count);

    bool operator==(const SeededRandom&) const = default;

  private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace tandem::base
