#include "crypto/secp256k1.h"

#include <gtest/gtest.h>

#include "crypto/public_key.h"
#include "crypto/test_support.h"

namespace tandem::crypto {
namespace {

using base::as_bytes, base::Bytes, base::BytesView;
using test::hex;

const Secp256k1PrivateKey& example_key() {
    static const Secp256k1PrivateKey key =
        Secp256k1PrivateKey::from_bytes(
            hex("c5ea65c1aaf5fbea73f42baf52b45523467184cd128a24973fea3b80c4d8f174"))
            .value();
    return key;
}

TEST(Secp256k1, ExampleOfTheProtocolDescription) {
    const Secp256k1PublicKey key = example_key().public_key();
    EXPECT_EQ(base::to_hex(key),
              "033f8d02adc51a231184ec44ec1f5fbf80b52394ea5bb31017176338fbc23a69d4");
    const Secp256k1Signature signature = example_key().sign(as_bytes("hello"));
    EXPECT_EQ(base::to_hex(signature),
              "b15035c7ead9c309503c264d0b8e55b71fda4243a11bfb8ba41034bb1be6f969"
              "4fba895b720364a2b00433b8858c53c22cc63a4b42e63f394ad2718c82c96226");
    EXPECT_TRUE(secp256k1_verify(key, as_bytes("hello"), signature));
    EXPECT_FALSE(secp256k1_verify(key, as_bytes("hallo"), signature));
}

TEST(Secp256k1, RefusesEveryChangedBit) {
    const Secp256k1PublicKey key = example_key().public_key();
    const Secp256k1Signature signature = example_key().sign({});
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
        Secp256k1Signature changed = signature;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << bit % 8));
        EXPECT_FALSE(secp256k1_verify(key, {}, changed));
    }
    for (std::size_t size = 0; size < signature.size(); ++size)
        EXPECT_FALSE(secp256k1_verify(key, {}, BytesView(signature).first(size)));
}

TEST(Secp256k1, PrivateKeysAreNumbersBelowTheOrder) {
    const auto check_of = [](std::string_view text) {
        const auto key = Secp256k1PrivateKey::from_bytes(hex(text));
        return key ? std::string() : std::string(key.error().check);
    };
    const std::string order_less_a_byte(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd03641");
    EXPECT_EQ(check_of(order_less_a_byte + "40"), "");
    EXPECT_EQ(check_of(order_less_a_byte + "41"), "secp256k1.private_key_range");
    EXPECT_EQ(check_of(std::string(64, '0')), "secp256k1.private_key_range");
    EXPECT_EQ(check_of(std::string(63, '0') + "1"), "");
    EXPECT_EQ(check_of(order_less_a_byte), "secp256k1.private_key_size");
}

TEST(OtherKeys, GoldenVectors) {
    int checked = 0;
    for (const auto& one : test::golden_cases("types/other_keys.json")) {
        SCOPED_TRACE(test::text(one.at("name")));
        const auto& in = one.at("in");
        const auto& out = one.at("out");
        const KeyType type = key_type_from_name(in.at("key_type").get<std::string>()).value();
        const Bytes message = test::bytes_of(in.at("message"));
        const bool is_signing = in.at("kind") == "sign";
        const Bytes public_bytes = test::bytes_of((is_signing ? out : in).at("pub_key"));
        const PublicKey key{type, {public_bytes.begin(), public_bytes.end()}};
        if (is_signing) {
            EXPECT_EQ(key.bytes.size(), public_key_size(type));
            EXPECT_EQ(base::to_hex(base::view(address(key))), test::text(out.at("address")));
            EXPECT_EQ(test::bytes_of(out.at("signature")).size(), signature_size(type));
        }
        if (!can_verify(type)) {
            EXPECT_EQ(type, KeyType::ml_dsa_65);
            EXPECT_FALSE(
                verify(key, message, test::bytes_of((is_signing ? out : in).at("signature"))));
            continue;
        }
        ++checked;
        if (is_signing) {
            const auto secret =
                PrivateKey::from_bytes(type, test::bytes_of(in.at("priv_key"))).value();
            EXPECT_EQ(secret.public_key(), key);
            EXPECT_EQ(base::to_hex(base::view(secret.sign(message))),
                      test::text(out.at("signature")));
        } else {
            EXPECT_EQ(verify(key, message, test::bytes_of(in.at("signature"))),
                      out.at("ok").get<bool>());
        }
    }
    EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace tandem::crypto
