// Arithmetic modulo p = 2^255 - 19, for points of edwards25519. Internal to crypto.
//
// An element is five limbs of 51 bits, least significant first, each with room to spare: a limb
// may exceed 51 bits, and an element may be any representative of its class. Two grades:
//   reduced  limbs below 2^51 + 2^15: what multiply, square and from_bytes yield
//   loose    limbs below 2^54: what sums and differences yield; fit to be multiplied
// Each function says what it takes. Time does not depend on the values, but nobody relies on it:
// secrets are handled by libsodium alone.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace tandem::crypto::field25519 {

__extension__ typedef unsigned __int128 Wide;

struct Element {
    std::array<std::uint64_t, 5> limbs;
};

inline constexpr std::uint64_t limb_mask = (std::uint64_t{1} << 51) - 1;
inline constexpr Element zero{{0, 0, 0, 0, 0}};
inline constexpr Element one{{1, 0, 0, 0, 0}};

/// Sum of two elements whose limbs add up to less than 2^54.
[[nodiscard]] constexpr Element add(const Element& a, const Element& b) noexcept {
    return {{a.limbs[0] + b.limbs[0], a.limbs[1] + b.limbs[1], a.limbs[2] + b.limbs[2],
             a.limbs[3] + b.limbs[3], a.limbs[4] + b.limbs[4]}};
}

/// a - b, by way of a + m p - b with m p in limbs too large to go below zero. The result exceeds
/// the limbs of `a` by less than m 2^51.
template <std::uint64_t m>
[[nodiscard]] constexpr Element subtract_with(const Element& a, const Element& b) noexcept {
    constexpr std::uint64_t low = m * (limb_mask - 18);
    constexpr std::uint64_t high = m * limb_mask;
    return {{a.limbs[0] + low - b.limbs[0], a.limbs[1] + high - b.limbs[1],
             a.limbs[2] + high - b.limbs[2], a.limbs[3] + high - b.limbs[3],
             a.limbs[4] + high - b.limbs[4]}};
}

/// a - b for reduced b; loose, below the limbs of `a` + 2^52.
[[nodiscard]] constexpr Element subtract(const Element& a, const Element& b) noexcept {
    return subtract_with<2>(a, b);
}

/// a - b for b with limbs below 2^53 - 2^7 and `a` below 2^53; loose.
[[nodiscard]] constexpr Element subtract_loose(const Element& a, const Element& b) noexcept {
    return subtract_with<4>(a, b);
}

[[nodiscard]] constexpr Element negate(const Element& reduced) noexcept {
    return subtract(zero, reduced);
}

/// Carries five products of up to 115 bits. The highest limb has no factor 19 in it and stays
/// below 2^111, so that its carry times 19 fits 64 bits.
[[nodiscard]] constexpr Element carry(Wide t0, Wide t1, Wide t2, Wide t3, Wide t4) noexcept {
    const auto low = [](Wide value) { return static_cast<std::uint64_t>(value) & limb_mask; };
    t1 += static_cast<std::uint64_t>(t0 >> 51);
    t2 += static_cast<std::uint64_t>(t1 >> 51);
    t3 += static_cast<std::uint64_t>(t2 >> 51);
    t4 += static_cast<std::uint64_t>(t3 >> 51);
    const std::uint64_t r0 = low(t0) + 19 * static_cast<std::uint64_t>(t4 >> 51);
    return {{r0 & limb_mask, low(t1) + (r0 >> 51), low(t2), low(t3), low(t4)}};
}

/// Product of loose elements; reduced.
[[nodiscard]] constexpr Element multiply(const Element& a, const Element& b) noexcept {
    const auto [a0, a1, a2, a3, a4] = a.limbs;
    const auto [b0, b1, b2, b3, b4] = b.limbs;
    // Whatever lies beyond 2^255 comes back times 19.
    const std::uint64_t c1 = 19 * b1;
    const std::uint64_t c2 = 19 * b2;
    const std::uint64_t c3 = 19 * b3;
    const std::uint64_t c4 = 19 * b4;
    const auto product = [](std::uint64_t x, std::uint64_t y) { return Wide{x} * y; };
    return carry(
        product(a0, b0) + product(a1, c4) + product(a2, c3) + product(a3, c2) + product(a4, c1),
        product(a0, b1) + product(a1, b0) + product(a2, c4) + product(a3, c3) + product(a4, c2),
        product(a0, b2) + product(a1, b1) + product(a2, b0) + product(a3, c4) + product(a4, c3),
        product(a0, b3) + product(a1, b2) + product(a2, b1) + product(a3, b0) + product(a4, c4),
        product(a0, b4) + product(a1, b3) + product(a2, b2) + product(a3, b1) + product(a4, b0));
}

/// Square of a loose element; reduced.
[[nodiscard]] constexpr Element square(const Element& a) noexcept {
    const auto [a0, a1, a2, a3, a4] = a.limbs;
    const std::uint64_t twice0 = 2 * a0;
    const std::uint64_t twice1 = 2 * a1;
    const std::uint64_t c3 = 19 * a3;
    const std::uint64_t c4 = 19 * a4;
    const auto product = [](std::uint64_t x, std::uint64_t y) { return Wide{x} * y; };
    return carry(product(a0, a0) + product(twice1, c4) + product(2 * a2, c3),
                 product(twice0, a1) + product(2 * a2, c4) + product(a3, c3),
                 product(twice0, a2) + product(a1, a1) + product(2 * a3, c4),
                 product(twice0, a3) + product(twice1, a2) + product(a4, c4),
                 product(twice0, a4) + product(twice1, a3) + product(a2, a2));
}

[[nodiscard]] constexpr Element square_times(Element a, int times) noexcept {
    for (int i = 0; i < times; ++i) a = square(a);
    return a;
}

/// a^((p - 5) / 8) = a^(2^252 - 3), by a chain of powers a^(2^k - 1).
[[nodiscard]] constexpr Element power_p58(const Element& a) noexcept {
    const Element a2 = square(a);
    const Element a9 = multiply(square_times(a2, 2), a);
    const Element a11 = multiply(a9, a2);
    const Element k5 = multiply(square(a11), a9);
    const Element k10 = multiply(square_times(k5, 5), k5);
    const Element k20 = multiply(square_times(k10, 10), k10);
    const Element k40 = multiply(square_times(k20, 20), k20);
    const Element k50 = multiply(square_times(k40, 10), k10);
    const Element k100 = multiply(square_times(k50, 50), k50);
    const Element k200 = multiply(square_times(k100, 100), k100);
    const Element k250 = multiply(square_times(k200, 50), k50);
    return multiply(square_times(k250, 2), a);
}

/// 1/a = a^(p - 2); 0 for 0.
[[nodiscard]] constexpr Element invert(const Element& a) noexcept {
    return multiply(square_times(power_p58(a), 3), multiply(square(a), a));
}

/// The low 255 bits, little endian, whatever their value: p and above are taken modulo p.
[[nodiscard]] inline Element from_bytes(std::span<const std::uint8_t, 32> bytes) noexcept {
    const auto word = [&bytes](std::size_t at) {
        std::uint64_t value = 0;
        for (std::size_t i = 8; i-- > 0;) value = value << 8 | bytes[at + i];
        return value;
    };
    return {{word(0) & limb_mask, word(6) >> 3 & limb_mask, word(12) >> 6 & limb_mask,
             word(19) >> 1 & limb_mask, word(24) >> 12 & limb_mask}};
}

/// The one representative in [0, p), in limbs of exactly 51 bits, of a loose element.
[[nodiscard]] constexpr Element canonical(const Element& a) noexcept {
    auto [r0, r1, r2, r3, r4] = a.limbs;
    // Two rounds of carrying bring every limb to 51 bits but for a possible last carry.
    for (int round = 0; round < 2; ++round) {
        r1 += r0 >> 51;
        r2 += r1 >> 51;
        r3 += r2 >> 51;
        r4 += r3 >> 51;
        r0 = (r0 & limb_mask) + 19 * (r4 >> 51);
        r1 &= limb_mask;
        r2 &= limb_mask;
        r3 &= limb_mask;
        r4 &= limb_mask;
    }
    // The value is now below 2^255 + 19. It is p or more exactly when adding 19 reaches 2^255.
    std::uint64_t excess = (r0 + 19) >> 51;
    excess = (r1 + excess) >> 51;
    excess = (r2 + excess) >> 51;
    excess = (r3 + excess) >> 51;
    excess = (r4 + excess) >> 51;
    r0 += 19 * excess;
    r1 += r0 >> 51;
    r2 += r1 >> 51;
    r3 += r2 >> 51;
    r4 += r3 >> 51;
    return {{r0 & limb_mask, r1 & limb_mask, r2 & limb_mask, r3 & limb_mask, r4 & limb_mask}};
}

[[nodiscard]] constexpr bool is_zero(const Element& a) noexcept {
    return canonical(a).limbs == zero.limbs;
}

[[nodiscard]] constexpr bool is_odd(const Element& a) noexcept {
    return (canonical(a).limbs[0] & 1) != 0;
}

/// Equality of a loose and a reduced element; `a` with limbs below 2^53.
[[nodiscard]] constexpr bool equal(const Element& a, const Element& reduced) noexcept {
    return is_zero(subtract(a, reduced));
}

}  // namespace tandem::crypto::field25519
