#include "crypto/ed25519.h"

#include <gtest/gtest.h>
#include <string>

#include "base/random.h"
#include "crypto/ed25519_twin.h"
#include "crypto/public_key.h"
#include "crypto/test_support.h"

namespace tandem::crypto {
namespace {

using base::as_bytes, base::Bytes, base::BytesView;
using test::hex, test::hex_array;

struct Signed {
    Bytes public_key, message, signature;
};

bool verify_prepared(const Signed& one) {
    const auto key = Ed25519PreparedKey::from_bytes(one.public_key);
    return key && key->verify(one.message, one.signature);
}

/// Single check, check with a prepared key, batch of one and twin; they must say the same.
bool verdict_of(const Signed& one) {
    const bool single = ed25519_verify(one.public_key, one.message, one.signature);
    Ed25519Batch batch;
    const bool added = batch.add(one.public_key, one.message, one.signature);
    EXPECT_EQ(added, one.public_key.size() == 32 && one.signature.size() == 64);
    EXPECT_EQ(batch.verify().all, single);
    EXPECT_EQ(verify_prepared(one), single);
    EXPECT_EQ(twin::verify(one.public_key, one.message, one.signature), single);
    return single;
}

Signed signed_with(std::uint64_t seed, std::size_t message_size) {
    base::SeededRandom random(seed);
    const Ed25519PrivateKey key = Ed25519PrivateKey::from_seed(random.bytes(32));
    Bytes message = random.bytes(message_size);
    const auto public_key = key.public_key();
    const auto signature = key.sign(message);
    return {base::to_bytes(public_key), std::move(message), base::to_bytes(signature)};
}

/// A signature that fulfils the equation under a key a B + A_torsion with R = r B + R_torsion.
Signed signed_with_torsion(base::SeededRandom& random, std::string_view key_torsion,
                           std::string_view point_torsion, bool plain_key, bool plain_point) {
    const auto random_scalar = [&random] {
        std::array<std::uint8_t, 64> wide;
        std::ranges::copy(random.bytes(64), wide.begin());
        return twin::reduced(wide);
    };
    const twin::Encoding a = plain_key ? random_scalar() : twin::Encoding{};
    const twin::Encoding r = plain_point ? random_scalar() : twin::Encoding{};
    // A torsion point by itself keeps the encoding that it was given.
    const auto point = [](const twin::Encoding& scalar, std::string_view torsion) {
        const auto encoding = hex_array<32>(torsion);
        return scalar == twin::Encoding{} ? encoding
                                          : twin::sum(twin::base_product(scalar), encoding).value();
    };
    const twin::Encoding key = point(a, key_torsion);
    const twin::Encoding commitment = point(r, point_torsion);
    const Bytes message = random.bytes(10);
    const twin::Encoding challenge = twin::reduced(sha512({commitment, key, message}));
    twin::Encoding response;
    crypto_core_ed25519_scalar_mul(response.data(), challenge.data(), a.data());
    crypto_core_ed25519_scalar_add(response.data(), response.data(), r.data());
    Signed out{base::to_bytes(key), message, base::to_bytes(commitment)};
    base::append(out.signature, response);
    return out;
}

TEST(Ed25519, ExamplesOfRfc8032) {
    const auto key = Ed25519PrivateKey::from_seed(
        hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    EXPECT_EQ(base::to_hex(key.public_key()),
              "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const Bytes message = {0x72};
    EXPECT_EQ(base::to_hex(key.sign(message)),
              "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    EXPECT_TRUE(ed25519_verify(key.public_key(), message, key.sign(message)));
}

TEST(Ed25519, RefusesEveryChangedBit) {
    const Signed good = signed_with(1, 20);
    EXPECT_TRUE(verdict_of(good));
    const auto expect_sensitive = [&good](Bytes Signed::* part) {
        for (std::size_t bit = 0; bit < 8 * (good.*part).size(); ++bit) {
            Signed changed = good;
            std::uint8_t& byte = (changed.*part)[bit / 8];
            byte = static_cast<std::uint8_t>(byte ^ (1U << bit % 8));
            EXPECT_FALSE(verdict_of(changed)) << "bit " << bit;
        }
    };
    expect_sensitive(&Signed::public_key);
    expect_sensitive(&Signed::message);
    expect_sensitive(&Signed::signature);
}

TEST(Ed25519, RefusesOtherLengths) {
    const Signed good = signed_with(2, 20);
    for (const std::size_t size : {0U, 1U, 31U, 33U, 64U}) {
        Signed changed = good;
        changed.public_key.resize(size);
        EXPECT_FALSE(verdict_of(changed));
    }
    for (const std::size_t size : {0U, 32U, 63U, 65U, 128U}) {
        Signed changed = good;
        changed.signature.resize(size);
        EXPECT_FALSE(verdict_of(changed));
    }
}

// The 196 cases that gave ZIP-215 its name, and the same on top of honest points.
TEST(Ed25519, AcceptsSmallAndMixedOrderInEveryEncoding) {
    base::SeededRandom random(3);
    for (const std::string_view key : twin::small_order_encodings)
        for (const std::string_view point : twin::small_order_encodings)
            for (const bool plain_key : {false, true})
                for (const bool plain_point : {false, true}) {
                    Signed one = signed_with_torsion(random, key, point, plain_key, plain_point);
                    EXPECT_TRUE(verdict_of(one)) << key << " " << point;
                    one.signature[32] ^= 1;
                    EXPECT_FALSE(verdict_of(one)) << key << " " << point;
                }
}

TEST(Ed25519, RefusesResponsesThatAreNotReduced) {
    const Signed good = signed_with(4, 20);
    Signed changed = good;  // S + L, which still fits 32 bytes
    unsigned carry = 0;
    constexpr std::array<std::uint8_t, 32> order = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                                    0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                                    0,    0,    0,    0,    0,    0,    0,    0,
                                                    0,    0,    0,    0,    0,    0,    0,    0x10};
    for (std::size_t i = 0; i < order.size(); ++i) {
        carry += changed.signature[32 + i] + unsigned{order[i]};
        changed.signature[32 + i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    ASSERT_EQ(carry, 0U);
    EXPECT_FALSE(verdict_of(changed));
}

TEST(Ed25519Batch, FindsTheBadOnesWhereverTheyAre) {
    base::SeededRandom random(5);
    for (const std::size_t count : {1U, 2U, 3U, 64U, 127U, 128U, 129U, 300U}) {
        std::vector<Signed> all;
        for (std::size_t i = 0; i < count; ++i) {
            if (random.chance(1, 8))
                all.push_back(signed_with_torsion(random, twin::small_order_encodings[i % 14],
                                                  twin::small_order_encodings[i % 11], i % 3 != 0,
                                                  i % 5 != 0));
            else
                all.push_back(signed_with(random.next(), random.below(200)));
        }
        std::vector<bool> valid(count, true);
        for (int bad = 0; bad < 4; ++bad) {
            Ed25519Batch batch;
            batch.reserve(count);
            for (const Signed& one : all)
                ASSERT_TRUE(batch.add(one.public_key, one.message, one.signature));
            EXPECT_EQ(batch.size(), count);
            const Ed25519Batch::Outcome outcome = batch.verify();
            EXPECT_EQ(outcome.all, std::ranges::count(valid, false) == 0);
            EXPECT_EQ(outcome.each, valid);
            const std::size_t next = random.below(count);
            std::uint8_t& byte = all[next].signature[random.below(64)];
            byte = static_cast<std::uint8_t>(byte ^ (1U << random.below(8)));
            valid[next] =
                ed25519_verify(all[next].public_key, all[next].message, all[next].signature);
        }
    }
}

// Two entries whose errors cancel in a sum with equal weights.
TEST(Ed25519Batch, ErrorsThatCancelAreFound) {
    std::vector<Signed> all = {signed_with(6, 20), signed_with(7, 20)};
    const std::array<std::uint8_t, 32> one = {1};
    std::uint8_t* const first = all[0].signature.data() + 32;
    std::uint8_t* const second = all[1].signature.data() + 32;
    crypto_core_ed25519_scalar_add(first, first, one.data());
    crypto_core_ed25519_scalar_sub(second, second, one.data());
    Ed25519Batch batch;
    for (const Signed& entry : all)
        ASSERT_TRUE(batch.add(entry.public_key, entry.message, entry.signature));
    EXPECT_EQ(batch.verify().each, std::vector<bool>({false, false}));
}

TEST(Ed25519Batch, WithoutEntriesIsNotOk) {
    Ed25519Batch batch;
    EXPECT_FALSE(batch.verify().all);
    EXPECT_TRUE(batch.verify().each.empty());
    EXPECT_FALSE(batch.add({}, {}, {}));
    EXPECT_EQ(batch.size(), 0U);
}

TEST(Ed25519PrivateKey, ComesFromSeedOrFromSeedAndPublicKey) {
    const Bytes seed = base::SeededRandom(8).bytes(32);
    const Ed25519PrivateKey key = Ed25519PrivateKey::from_seed(seed);
    EXPECT_TRUE(base::equal(key.bytes().first<32>(), seed));
    const auto again = Ed25519PrivateKey::from_bytes(key.bytes());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_key(), key.public_key());
    EXPECT_EQ(again->clone().sign(seed), key.sign(seed));
    EXPECT_EQ(Ed25519PrivateKey::from_bytes(seed).error().check, "ed25519.private_key_size");
    Bytes mismatched = base::to_bytes(key.bytes());
    mismatched[63] ^= 1;
    EXPECT_EQ(Ed25519PrivateKey::from_bytes(mismatched).error().check,
              "ed25519.private_key_public");
}

void expect_golden_signature(const nlohmann::json& in, const nlohmann::json& out) {
    const auto key = Ed25519PrivateKey::from_seed(test::bytes_of(in.at("seed")));
    EXPECT_EQ(base::to_hex(key.bytes()), test::text(out.at("priv_key")));
    EXPECT_EQ(base::to_hex(key.public_key()), test::text(out.at("pub_key")));
    EXPECT_EQ(base::to_hex(key.sign(test::bytes_of(in.at("message")))),
              test::text(out.at("signature")));
    const auto bytes = key.public_key();
    const PublicKey plain{KeyType::ed25519, {bytes.begin(), bytes.end()}};
    EXPECT_EQ(base::to_hex(base::view(address(plain))), test::text(out.at("address")));
}

Signed signed_of(const nlohmann::json& in) {
    return {test::bytes_of(in.at("pub_key")), test::bytes_of(in.at("message")),
            test::bytes_of(in.at("signature"))};
}

void expect_golden_batch(const nlohmann::json& in, const nlohmann::json& out) {
    Ed25519Batch batch;
    bool refused = false;
    for (const auto& entry : in.at("entries")) {
        const Signed one = signed_of(entry);
        refused = !batch.add(one.public_key, one.message, one.signature) || refused;
    }
    EXPECT_EQ(refused, out.at("add_error").get<bool>());
    if (refused) return;
    const Ed25519Batch::Outcome outcome = batch.verify();
    EXPECT_EQ(outcome.all, out.at("ok").get<bool>());
    const auto& each = out.at("each");
    EXPECT_EQ(outcome.each, each.is_null() ? std::vector<bool>() : each.get<std::vector<bool>>());
}

TEST(Ed25519, GoldenVectors) {
    int checked = 0;
    for (const auto& one : test::golden_cases("types/ed25519.json")) {
        SCOPED_TRACE(test::text(one.at("name")));
        const auto& in = one.at("in");
        const auto& out = one.at("out");
        ++checked;
        if (in.at("kind") == "sign")
            expect_golden_signature(in, out);
        else if (in.at("kind") == "verify")
            EXPECT_EQ(verdict_of(signed_of(in)), out.at("ok").get<bool>());
        else if (in.at("kind") == "batch")
            expect_golden_batch(in, out);
        else
            FAIL() << "a kind of case that this test does not know";
    }
    EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace tandem::crypto
