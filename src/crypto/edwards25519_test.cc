#include "crypto/edwards25519.h"

#include <gtest/gtest.h>
#include <memory>
#include <openssl/bn.h>

#include "base/random.h"
#include "crypto/ed25519_twin.h"
#include "crypto/test_support.h"

namespace tandem::crypto {
namespace {

using base::BytesView;
using test::hex_array;

// ---- The field, against libcrypto's big numbers.

using Number = std::unique_ptr<BIGNUM, decltype([](BIGNUM* n) { BN_free(n); })>;

Number number_of(const field25519::Element& a) {
    Number total(BN_new());
    Number limb(BN_new());
    BN_zero(total.get());
    for (std::size_t i = 5; i-- > 0;) {
        BN_lshift(total.get(), total.get(), 51);
        BN_set_word(limb.get(), a.limbs[i]);
        BN_add(total.get(), total.get(), limb.get());
    }
    return total;
}

struct Field {
    std::unique_ptr<BN_CTX, decltype([](BN_CTX* c) { BN_CTX_free(c); })> context{BN_CTX_new()};
    Number p;

    Field() {
        BIGNUM* raw = nullptr;
        BN_hex2bn(&raw, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
        p.reset(raw);
    }
    /// Whether `a` stands for `expected` modulo p, and canonical(a) is that number itself.
    void expect(const field25519::Element& a, const Number& expected) const {
        Number want(BN_new());
        BN_nnmod(want.get(), expected.get(), p.get(), context.get());
        Number have(BN_new());
        BN_nnmod(have.get(), number_of(a).get(), p.get(), context.get());
        EXPECT_EQ(BN_cmp(have.get(), want.get()), 0);
        EXPECT_EQ(BN_cmp(number_of(field25519::canonical(a)).get(), want.get()), 0);
        EXPECT_EQ(field25519::is_zero(a), BN_is_zero(want.get()) == 1);
        EXPECT_EQ(field25519::is_odd(a), BN_is_odd(want.get()) == 1);
    }
};

/// Elements that sit on the edges of the limbs and of p, and random ones with up to `bits` bits
/// in a limb.
std::vector<field25519::Element> elements(int bits) {
    std::vector<field25519::Element> out = {field25519::zero, field25519::one};
    const std::uint64_t full = (std::uint64_t{1} << bits) - 1;
    out.push_back({{full, full, full, full, full}});
    const std::uint64_t mask = field25519::limb_mask;
    for (std::uint64_t low = mask - 40; low <= mask + 40; ++low)
        out.push_back({{low, mask, mask, mask, mask}});
    base::SeededRandom random(1);
    for (int i = 0; i < 200; ++i) {
        field25519::Element a{};
        for (std::uint64_t& limb : a.limbs) limb = random.next() & full;
        out.push_back(a);
    }
    return out;
}

TEST(Field25519, MultipliesAsBigNumbersDo) {
    const Field field;
    const auto all = elements(54);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& a = all[i];
        const auto& b = all[(i * 7 + 3) % all.size()];
        Number expected(BN_new());
        BN_mul(expected.get(), number_of(a).get(), number_of(b).get(), field.context.get());
        field.expect(field25519::multiply(a, b), expected);
        BN_sqr(expected.get(), number_of(a).get(), field.context.get());
        field.expect(field25519::square(a), expected);
        field.expect(a, number_of(a));
    }
}

TEST(Field25519, AddsAndSubtractsWithinItsBounds) {
    const Field field;
    const auto reduced = elements(51);
    const auto loose = elements(52);
    for (std::size_t i = 0; i < reduced.size(); ++i) {
        const auto& a = loose[(i * 7 + 3) % loose.size()];
        const auto& b = reduced[i];
        Number expected(BN_new());
        BN_add(expected.get(), number_of(a).get(), number_of(b).get());
        field.expect(field25519::add(a, b), expected);
        BN_sub(expected.get(), number_of(a).get(), number_of(b).get());
        field.expect(field25519::subtract(a, b), expected);
        BN_sub(expected.get(), number_of(b).get(), number_of(a).get());
        field.expect(field25519::subtract_loose(b, a), expected);
        EXPECT_EQ(field25519::equal(a, b), BN_nnmod(expected.get(), expected.get(), field.p.get(),
                                                    field.context.get()) == 1 &&
                                               BN_is_zero(expected.get()) == 1);
        EXPECT_TRUE(field25519::equal(b, b));
    }
}

TEST(Field25519, RaisesToTheExponentOfSquareRoots) {
    const Field field;
    Number exponent(BN_dup(field.p.get()));
    BN_sub_word(exponent.get(), 5);
    BN_rshift(exponent.get(), exponent.get(), 3);
    for (const auto& a : elements(51)) {
        Number expected(BN_new());
        BN_mod_exp(expected.get(), number_of(a).get(), exponent.get(), field.p.get(),
                   field.context.get());
        field.expect(field25519::power_p58(a), expected);
    }
}

TEST(Field25519, ReadsTheLow255Bits) {
    base::SeededRandom random(2);
    for (int i = 0; i < 100; ++i) {
        base::Bytes bytes = random.bytes(32);
        const auto element = field25519::from_bytes(std::span(bytes).first<32>());
        bytes[31] &= 0x7f;
        Number expected(BN_lebin2bn(bytes.data(), 32, nullptr));
        EXPECT_EQ(BN_cmp(number_of(element).get(), expected.get()), 0);
    }
}

// ---- The group, against libsodium's.

using edwards25519::Scalar, edwards25519::Term;

constexpr std::string_view base_point =
    "5866666666666666666666666666666666666666666666666666666666666666";

edwards25519::Point negated(const twin::Encoding& encoding) {
    return edwards25519::decode_negated(encoding).value();
}

Scalar random_scalar(base::SeededRandom& random) {
    std::array<std::uint8_t, 64> wide;
    std::ranges::copy(random.bytes(64), wide.begin());
    return twin::reduced(wide);
}

Scalar sum_of(const Scalar& a, const Scalar& b) {
    Scalar out;
    crypto_core_ed25519_scalar_add(out.data(), a.data(), b.data());
    return out;
}

Scalar minus(const Scalar& a) {
    Scalar out;
    crypto_core_ed25519_scalar_negate(out.data(), a.data());
    return out;
}

TEST(Edwards25519, BasePointIsThatOfRfc8032) {
    const edwards25519::Point& constant = edwards25519::minus_base_point();
    const edwards25519::Point decoded = negated(hex_array<32>(base_point));
    EXPECT_TRUE(field25519::equal(constant.x, decoded.x));
    EXPECT_TRUE(field25519::equal(constant.y, decoded.y));
    EXPECT_TRUE(field25519::equal(constant.z, decoded.z));
    EXPECT_TRUE(field25519::equal(constant.t, decoded.t));
}

TEST(Edwards25519, DecodesWhatLibsodiumDecodes) {
    base::SeededRandom random(3);
    int decoded = 0;
    const auto expect_same = [&decoded](const twin::Encoding& encoding) {
        const bool ours = edwards25519::decode_negated(encoding).has_value();
        EXPECT_EQ(ours, twin::sum(encoding, twin::neutral).has_value()) << base::to_hex(encoding);
        decoded += ours ? 1 : 0;
    };
    for (int i = 0; i < 1000; ++i) {
        twin::Encoding encoding;
        std::ranges::copy(random.bytes(32), encoding.begin());
        expect_same(encoding);
    }
    EXPECT_GT(decoded, 400);
    EXPECT_LT(decoded, 600);
    // Every y from -20 to 20, and the same as p + y where that fits, with either sign bit.
    for (int low = 0; low <= 40; ++low) {
        for (const int sign : {0, 0x80}) {
            twin::Encoding small{static_cast<std::uint8_t>(low)};
            small[31] = static_cast<std::uint8_t>(sign);
            expect_same(small);
            twin::Encoding large;
            large.fill(0xff);
            large[0] = static_cast<std::uint8_t>(0xff - low);
            large[31] = static_cast<std::uint8_t>(0x7f | sign);
            expect_same(large);
        }
    }
}

TEST(Edwards25519, SmallOrderVanishesTimesEight) {
    for (const std::string_view text : twin::small_order_encodings) {
        const std::array<Term, 1> one = {{{Scalar{1}, negated(hex_array<32>(text))}}};
        EXPECT_TRUE(edwards25519::sum_has_small_order(one)) << text;
    }
    const std::array<Term, 1> base_alone = {{{Scalar{1}, edwards25519::minus_base_point()}}};
    EXPECT_FALSE(edwards25519::sum_has_small_order(base_alone));
    EXPECT_TRUE(edwards25519::sum_has_small_order({}));
}

TEST(Edwards25519, MultiplesOfTheBasePointFollowTheGroupOrder) {
    const auto vanishes = [](const Scalar& scalar) {
        const std::array<Term, 1> term = {{{scalar, edwards25519::minus_base_point()}}};
        return edwards25519::sum_has_small_order(term);
    };
    EXPECT_TRUE(vanishes(Scalar{}));
    EXPECT_TRUE(vanishes(edwards25519::group_order));
    for (const int difference : {-1, 1}) {
        Scalar near = edwards25519::group_order;
        near[0] = static_cast<std::uint8_t>(near[0] + difference);
        EXPECT_FALSE(vanishes(near));
        EXPECT_EQ(edwards25519::is_canonical(near), difference < 0);
    }
    EXPECT_FALSE(edwards25519::is_canonical(edwards25519::group_order));
    Scalar largest;
    largest.fill(0xff);
    largest[31] = 0x7f;
    EXPECT_FALSE(vanishes(largest));
}

TEST(Edwards25519, SumsAgreeWithLibsodium) {
    base::SeededRandom random(4);
    for (int round = 0; round < 60; ++round) {
        // P_i = p_i B + T_i; then sum s_i P_i - (sum s_i p_i) B has small order.
        std::vector<Term> terms;
        Scalar total{};
        const std::uint64_t count = random.below(9) + 1;
        for (std::uint64_t i = 0; i < count; ++i) {
            const Scalar factor = random_scalar(random);
            Scalar scalar = random_scalar(random);
            if (random.chance(1, 3)) std::fill(scalar.begin() + 16, scalar.end(), std::uint8_t{0});
            const auto torsion = hex_array<32>(
                twin::small_order_encodings[random.below(twin::small_order_encodings.size())]);
            terms.push_back(
                {scalar, negated(twin::sum(twin::base_product(factor), torsion).value())});
            Scalar product;
            crypto_core_ed25519_scalar_mul(product.data(), scalar.data(), factor.data());
            total = sum_of(total, product);
        }
        terms.push_back({minus(total), edwards25519::minus_base_point()});
        EXPECT_TRUE(edwards25519::sum_has_small_order(terms));
        terms[0].scalar = sum_of(terms[0].scalar, Scalar{1});
        EXPECT_FALSE(edwards25519::sum_has_small_order(terms));
    }
}

TEST(PreparedPoint, AgreesWithSums) {
    using edwards25519::Point, edwards25519::PreparedPoint;
    base::SeededRandom random(5);
    const Point& base = edwards25519::minus_base_point();
    const PreparedPoint prepared_base(base);
    // Digits of every value and all carries: scalars with long rows of the same digit too.
    const auto scalar = [&random] {
        Scalar out = random_scalar(random);
        if (random.chance(1, 3)) {
            out.fill(static_cast<std::uint8_t>(17 * random.below(16)));
            out[31] &= 0x0f;
        }
        return out;
    };
    for (int round = 0; round < 60; ++round) {
        const Scalar factor = random_scalar(random);
        const auto torsion = hex_array<32>(
            twin::small_order_encodings[random.below(twin::small_order_encodings.size())]);
        const Point point = negated(twin::sum(twin::base_product(factor), torsion).value());
        const PreparedPoint prepared(point);
        const Scalar a = scalar();
        const Scalar b = scalar();
        // c = -(a point + b base) but for the torsion
        Scalar total;
        crypto_core_ed25519_scalar_mul(total.data(), a.data(), factor.data());
        total = sum_of(total, b);
        const Point c = negated(twin::base_product(minus(total)));
        const auto vanishes = [&](const Scalar& a_scalar, const Point& rest) {
            const bool sum =
                PreparedPoint::sum_has_small_order({a_scalar, prepared}, {b, prepared_base}, rest);
            const std::array<Term, 3> terms = {{{a_scalar, point}, {b, base}, {Scalar{1}, rest}}};
            EXPECT_EQ(edwards25519::sum_has_small_order(terms), sum);
            return sum;
        };
        EXPECT_TRUE(vanishes(a, c));
        Scalar near = a;
        near[random.below(31)] ^= 1;
        EXPECT_FALSE(vanishes(near, c));
        EXPECT_FALSE(vanishes(a, base));
    }
}

}  // namespace
}  // namespace tandem::crypto
