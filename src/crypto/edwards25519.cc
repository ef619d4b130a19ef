#include "crypto/edwards25519.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace tandem::crypto::edwards25519 {
namespace {

using field25519::add, field25519::Element, field25519::equal, field25519::is_odd,
    field25519::is_zero, field25519::multiply, field25519::negate, field25519::one,
    field25519::square, field25519::subtract, field25519::subtract_loose, field25519::zero;

// d = -121665 / 121666
constexpr Element curve_d{
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
constexpr Element curve_2d{
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
constexpr Element root_of_minus_one{
    {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};
// y = 4/5, x odd
constexpr Point minus_base{
    {{0x1d29f70da2ad3, 0x3ed5b4b09a6d5, 0x0a48e8e5b4ce2, 0x6009fad8ee701, 0x5e96c92c3291a}},
    {{0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666}},
    one,
    {{0x1754c5a48224a, 0x7f115d5a15244, 0x550720b7c3d81, 0x4cd4c8ad8b8cd, 0x1878a0f028748}}};
constexpr Point neutral{zero, one, one, zero};

/// What a point is turned into before it is added many times. Limbs of the first two below 2^53.
struct Addend {
    Element y_plus_x, y_minus_x, z, t_2d;
};

/// A sum as the formulas leave it: x = X/Z, y = Y/T. Loose.
struct Completed {
    Element x, y, z, t;
};

Addend to_addend(const Point& p) noexcept {
    return {add(p.y, p.x), subtract(p.y, p.x), p.z, multiply(p.t, curve_2d)};
}

Point to_point(const Completed& c) noexcept {
    return {multiply(c.x, c.t), multiply(c.y, c.z), multiply(c.z, c.t), multiply(c.x, c.y)};
}

// The formulas are "add-2008-hwcd-3" and "dbl-2008-hwcd" of Hisil, Wong, Carter and Dawson,
// Twisted Edwards Curves Revisited, section 3, with their factors 2 drawn into the addend.

Completed complete(const Element& a, const Element& b, const Element& c,
                   const Element& z) noexcept {
    const Element d = add(z, z);
    return {subtract(a, b), add(a, b), add(d, c), subtract(d, c)};
}

/// `q` is any addend, `z` the product of both Z.
template <typename AnyAddend>
Completed sum(const Point& p, const AnyAddend& q, const Element& z) noexcept {
    return complete(multiply(add(p.y, p.x), q.y_plus_x), multiply(subtract(p.y, p.x), q.y_minus_x),
                    multiply(p.t, q.t_2d), z);
}

template <typename AnyAddend>
Completed difference(const Point& p, const AnyAddend& q, const Element& z) noexcept {
    const Completed mirrored =
        complete(multiply(add(p.y, p.x), q.y_minus_x), multiply(subtract(p.y, p.x), q.y_plus_x),
                 multiply(p.t, q.t_2d), z);
    return {mirrored.x, mirrored.y, mirrored.t, mirrored.z};
}

Completed sum(const Point& p, const Addend& q) noexcept {
    return sum(p, q, multiply(p.z, q.z));
}

Completed difference(const Point& p, const Addend& q) noexcept {
    return difference(p, q, multiply(p.z, q.z));
}

/// Takes X, Y and Z, not T.
Completed twice(const Point& p) noexcept {
    const Element xx = square(p.x);
    const Element yy = square(p.y);
    const Element zz = square(p.z);
    const Element y = add(yy, xx);
    const Element z = subtract(yy, xx);
    return {subtract_loose(square(add(p.x, p.y)), y), y, z, subtract_loose(add(zz, zz), z)};
}

/// Point without T, for another doubling.
Point to_point_without_t(const Completed& c) noexcept {
    return {multiply(c.x, c.t), multiply(c.y, c.z), multiply(c.z, c.t), zero};
}

constexpr int window = 5;
constexpr std::size_t multiples = 1U << (window - 2);  // 1, 3, 5, ... 15
constexpr std::size_t digits = 256;

using Multiples = std::array<Addend, multiples>;

Multiples odd_multiples(const Point& p) noexcept {
    Multiples table;
    table[0] = to_addend(p);
    const Addend twice_p = to_addend(to_point(twice(p)));
    Point multiple = p;
    for (std::size_t i = 1; i < multiples; ++i) {
        multiple = to_point(sum(multiple, twice_p));
        table[i] = to_addend(multiple);
    }
    return table;
}

/// Writes the signed digits of `scalar`: zero or odd, of absolute value below 2^(window - 1), at
/// most one in `window` neighbours not zero. Digit i goes to out[i * stride].
void signed_digits(const Scalar& scalar, std::int8_t* out, std::size_t stride) noexcept {
    std::array<std::uint64_t, 5> words{};
    for (std::size_t i = 0; i < scalar.size(); ++i)
        words[i / 8] |= std::uint64_t{scalar[i]} << (8 * (i % 8));
    std::uint64_t borrowed = 0;  // what the digits so far have taken too much
    for (std::size_t at = 0; at < digits;) {
        const std::uint64_t low = words[at / 64] >> (at % 64);
        const std::uint64_t high = at % 64 == 0 ? 0 : words[at / 64 + 1] << (64 - at % 64);
        const std::uint64_t bits = ((low | high) & ((1U << window) - 1)) + borrowed;
        if (bits % 2 == 0) {
            ++at;
            continue;
        }
        borrowed = bits >> (window - 1);
        const auto digit =
            static_cast<std::int64_t>(bits) - static_cast<std::int64_t>(borrowed << window);
        out[at * stride] = static_cast<std::int8_t>(digit);
        at += window;
    }
}

Point straus(std::span<const Term> terms) {
    std::vector<Multiples> tables(terms.size());
    std::vector<std::int8_t> expansion(digits * terms.size());
    for (std::size_t i = 0; i < terms.size(); ++i) {
        tables[i] = odd_multiples(terms[i].point);
        signed_digits(terms[i].scalar, expansion.data() + i, terms.size());
    }
    Point total = neutral;
    for (std::size_t at = digits; at-- > 0;) {
        Completed next = twice(total);
        const std::int8_t* column = expansion.data() + at * terms.size();
        for (std::size_t i = 0; i < terms.size(); ++i) {
            const int digit = column[i];
            if (digit == 0) continue;
            const Point before = to_point(next);
            const Addend& addend =
                tables[i][static_cast<std::size_t>(digit < 0 ? -digit : digit) / 2];
            next = digit > 0 ? sum(before, addend) : difference(before, addend);
        }
        total = at > 0 ? to_point_without_t(next) : to_point(next);
    }
    return total;
}

/// 1/Z of each, for the price of one inversion.
std::vector<Element> inverted_z(std::span<const Point> points) {
    std::vector<Element> inverses(points.size());  // first: the product of all Z before
    Element product = one;
    for (std::size_t i = 0; i < points.size(); ++i) {
        inverses[i] = product;
        product = multiply(product, points[i].z);
    }
    Element inverse = field25519::invert(product);
    for (std::size_t i = points.size(); i-- > 0;) {
        inverses[i] = multiply(inverses[i], inverse);
        inverse = multiply(inverse, points[i].z);
    }
    return inverses;
}

constexpr std::size_t nibbles = 64;

/// Signed digits to the base 16, each from -8 to 8. REQUIRES: the scalar is below 2^253.
std::array<std::int8_t, nibbles> signed_nibbles(const Scalar& scalar) noexcept {
    std::array<std::int8_t, nibbles> out;
    int carried = 0;
    for (std::size_t i = 0; i < nibbles; ++i) {
        const int digit = ((scalar[i / 2] >> (4 * (i % 2))) & 15) + carried;
        carried = i + 1 < nibbles && digit >= 8 ? 1 : 0;
        out[i] = static_cast<std::int8_t>(digit - 16 * carried);
    }
    return out;
}

bool has_small_order(Point point) noexcept {
    for (int i = 0; i < 3; ++i) point = to_point(twice(point));
    return is_zero(point.x) && equal(point.y, point.z);
}

}  // namespace

const Point& minus_base_point() noexcept {
    return minus_base;
}

std::optional<Point> decode_negated(std::span<const std::uint8_t, 32> encoding) noexcept {
    // x^2 = u / v, and x = u v^3 (u v^7)^((p-5)/8) up to a root of -1 (RFC 8032 section 5.1.3).
    const Element y = field25519::from_bytes(encoding);
    const Element yy = square(y);
    const Element u = subtract(yy, one);
    const Element v = add(multiply(yy, curve_d), one);
    const Element v3 = multiply(square(v), v);
    const Element uv7 = multiply(multiply(square(v3), v), u);
    Element x = multiply(multiply(field25519::power_p58(uv7), v3), u);
    const Element vxx = multiply(v, square(x));
    if (!equal(u, vxx)) {
        if (!is_zero(add(u, vxx))) return std::nullopt;
        x = multiply(x, root_of_minus_one);
    }
    const bool sign_bit = (encoding[31] & 0x80) != 0;
    if (is_odd(x) == sign_bit) x = multiply(negate(x), one);
    return Point{x, y, one, multiply(x, y)};
}

bool sum_has_small_order(std::span<const Term> terms) {
    return has_small_order(straus(terms));
}

PreparedPoint::PreparedPoint(const Point& point) {
    std::vector<Point> points;
    points.reserve(rows * row_multiples);
    Point first = point;  // of the row
    for (std::size_t row = 0; row < rows; ++row) {
        const auto addend = to_addend(first);
        points.push_back(first);
        for (std::size_t i = 1; i < row_multiples; ++i)
            points.push_back(to_point(sum(points.back(), addend)));
        first = points.back();  // times 8; the next row begins with 256 times the first
        for (int i = 0; i < 5; ++i) first = to_point(twice(first));
    }
    const std::vector<Element> inverses = inverted_z(points);
    for (std::size_t i = 0; i < points.size(); ++i) {
        const Element x = multiply(points[i].x, inverses[i]);
        const Element y = multiply(points[i].y, inverses[i]);
        table_[i / row_multiples][i % row_multiples] = {add(y, x), subtract(y, x),
                                                        multiply(multiply(x, y), curve_2d)};
    }
}

bool PreparedPoint::sum_has_small_order(const Product& a, const Product& b,
                                        const Point& c) noexcept {
    const auto digits_of_a = signed_nibbles(a.scalar);
    const auto digits_of_b = signed_nibbles(b.scalar);
    Point total = neutral;
    const auto add_digit = [&total](const PreparedPoint& point, std::size_t at, int digit) {
        if (digit == 0) return;
        const Addend& addend =
            point.table_[at / 2][static_cast<std::size_t>(digit < 0 ? -digit : digit) - 1];
        total =
            to_point(digit > 0 ? sum(total, addend, total.z) : difference(total, addend, total.z));
    };
    for (const std::size_t half : {1U, 0U}) {  // the rows serve the odd digits and the even ones
        for (std::size_t at = half; at < nibbles; at += 2) {
            add_digit(a.point, at, digits_of_a[at]);
            add_digit(b.point, at, digits_of_b[at]);
        }
        if (half == 1)
            for (int i = 0; i < 4; ++i) total = to_point(twice(total));
    }
    return has_small_order(to_point(sum(total, to_addend(c))));
}

bool is_canonical(std::span<const std::uint8_t, 32> scalar) noexcept {
    return std::ranges::lexicographical_compare(scalar.rbegin(), scalar.rend(),
                                                group_order.rbegin(), group_order.rend());
}

}  // namespace tandem::crypto::edwards25519
