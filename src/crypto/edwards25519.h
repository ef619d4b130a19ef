// The group of edwards25519, as far as verifying needs it: decoding points the way ZIP-215 does,
// and deciding whether a sum of multiples of points vanishes. Internal to crypto.
//
// The curve is -x^2 + y^2 = 1 + d x^2 y^2 over the field of 2^255 - 19, of order 8 L. Its addition
// law is complete: the same formulas hold for all points, also equal ones and those of small
// order. Sums are made by Straus's method: all terms share one chain of doublings, and each adds
// a small odd multiple of its point wherever its signed-digit expansion (width-5 NAF) has one.
// For the few hundred terms of a commit that beats bucket methods, which need more terms to gain.
//
// A point that is multiplied again and again, as a validator's key, is worth a table of its own:
// then a product takes 64 additions and hardly a doubling (PreparedPoint).
//
// Time and memory access depend on the values. Only for what is public.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "crypto/field25519.h"

namespace tandem::crypto::edwards25519 {

/// Less than 2^255, little endian.
using Scalar = std::array<std::uint8_t, 32>;

/// L = 2^252 + 27742317777372353535851937790883648493, the order of the base point.
inline constexpr Scalar group_order = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/// x = X/Z, y = Y/Z, x y = T/Z; coordinates are reduced elements.
struct Point {
    field25519::Element x, y, z, t;
};

/// The point -B, where B is the base point (RFC 8032 section 5.1).
[[nodiscard]] const Point& minus_base_point() noexcept;

/// Minus the point that the bytes encode, which is what a verifier needs. As in ZIP-215: y is any
/// number of 255 bits, and the sign bit may be set when x is 0. Nothing when no point has this y.
[[nodiscard]] std::optional<Point> decode_negated(
    std::span<const std::uint8_t, 32> encoding) noexcept;

struct Term {
    Scalar scalar;
    Point point;
};

/// Whether 8 times the sum of scalar times point over all terms is the neutral element.
[[nodiscard]] bool sum_has_small_order(std::span<const Term> terms);

/// A point with the multiples that make its products cheap: 30 KiB, made in the time of two sums.
class PreparedPoint {
  public:
    explicit PreparedPoint(const Point& point);

    struct Product;  // a scalar with its prepared point
    /// As sum_has_small_order, of two products and a point. REQUIRES: scalars are below 2^253.
    [[nodiscard]] static bool sum_has_small_order(const Product& a, const Product& b,
                                                  const Point& c) noexcept;

  private:
    /// Of a point with Z = 1; the first two loose.
    struct Addend {
        field25519::Element y_plus_x, y_minus_x, t_2d;
    };
    static constexpr std::size_t rows = 32;
    static constexpr std::size_t row_multiples = 8;

    // Row i holds the multiples 1 to 8 of 256^i times the point.
    std::array<std::array<Addend, row_multiples>, rows> table_;
};

struct PreparedPoint::Product {
    const Scalar& scalar;
    const PreparedPoint& point;
};

/// Whether the scalar is below the group order.
[[nodiscard]] bool is_canonical(std::span<const std::uint8_t, 32> scalar) noexcept;

}  // namespace tandem::crypto::edwards25519
