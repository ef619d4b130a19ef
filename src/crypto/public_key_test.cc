#include "crypto/public_key.h"

#include <gtest/gtest.h>

#include "crypto/test_support.h"

namespace tandem::crypto {
namespace {

using base::as_bytes, base::Bytes;
using test::hex;

constexpr std::array<KeyType, 3> all_types = {KeyType::ed25519, KeyType::secp256k1,
                                              KeyType::ml_dsa_65};

TEST(KeyType, NamesAreThoseOfConsensusParameters) {
    EXPECT_EQ(key_type_name(KeyType::ed25519), "ed25519");
    EXPECT_EQ(key_type_name(KeyType::secp256k1), "secp256k1");
    EXPECT_EQ(key_type_name(KeyType::ml_dsa_65), "ml_dsa_65");
    for (const KeyType type : all_types) EXPECT_EQ(key_type_from_name(key_type_name(type)), type);
    EXPECT_EQ(key_type_from_name("sr25519"), std::nullopt);
    EXPECT_EQ(key_type_from_name(""), std::nullopt);
    EXPECT_EQ(key_type_name(KeyType::none), "");
    EXPECT_EQ(key_type_name(static_cast<KeyType>(3)), "");
}

TEST(KeyType, WhatThisBuildCanDo) {
    EXPECT_TRUE(can_verify(KeyType::ed25519));
    EXPECT_TRUE(can_verify(KeyType::secp256k1));
    EXPECT_FALSE(can_verify(KeyType::ml_dsa_65));
    EXPECT_FALSE(can_verify(KeyType::none));
    for (const KeyType type : all_types) EXPECT_EQ(supports_batch(type), type == KeyType::ed25519);
}

TEST(PublicKey, AddressesDependOnTheKind) {
    const Bytes bytes = hex("7e8aa3c0b825823977de206507b940ee443ee3137c2fa64ae5cc23731a645ab6");
    PublicKey key{KeyType::ed25519, {bytes.begin(), bytes.end()}};
    EXPECT_EQ(base::to_hex(base::view(address(key))), "eac48adb5003abb2d82251707578b6dcdd42aec9");
    key.type = KeyType::ml_dsa_65;
    EXPECT_EQ(base::to_hex(base::view(address(key))), "eac48adb5003abb2d82251707578b6dcdd42aec9");
    key.type = KeyType::none;
    EXPECT_TRUE(address(key).empty());
    const Bytes point = hex("033f8d02adc51a231184ec44ec1f5fbf80b52394ea5bb31017176338fbc23a69d4");
    const PublicKey other{KeyType::secp256k1, {point.begin(), point.end()}};
    EXPECT_EQ(base::to_hex(base::view(address(other))), "a2b90df0dbe1742baa4df2bfa48a79b2de4a758e");
}

TEST(PrivateKey, SignsWhatItsPublicKeyVerifies) {
    const Bytes ed25519 =
        hex("c5ea65c1aaf5fbea73f42baf52b45523467184cd128a24973fea3b80c4d8f173"
            "7e8aa3c0b825823977de206507b940ee443ee3137c2fa64ae5cc23731a645ab6");
    const Bytes secp256k1 = hex("c5ea65c1aaf5fbea73f42baf52b45523467184cd128a24973fea3b80c4d8f174");
    for (const auto& [type, bytes] :
         {std::pair(KeyType::ed25519, ed25519), std::pair(KeyType::secp256k1, secp256k1)}) {
        const PrivateKey key = PrivateKey::from_bytes(type, bytes).value();
        EXPECT_EQ(key.type(), type);
        EXPECT_TRUE(base::equal(key.bytes(), bytes));
        const auto signature = key.clone().sign(as_bytes("tandem"));
        EXPECT_TRUE(verify(key.public_key(), as_bytes("tandem"), base::view(signature)));
        EXPECT_FALSE(verify(key.public_key(), as_bytes("random"), base::view(signature)));
        PublicKey mistaken = key.public_key();
        mistaken.type = KeyType::none;
        EXPECT_FALSE(verify(mistaken, as_bytes("tandem"), base::view(signature)));
    }
}

TEST(PrivateKey, NamesTheCheckThatRefusedIt) {
    const auto check_of = [](KeyType type, const Bytes& bytes) {
        const auto key = PrivateKey::from_bytes(type, bytes);
        return key ? std::string() : std::string(key.error().check);
    };
    EXPECT_EQ(check_of(KeyType::ed25519, Bytes(32)), "ed25519.private_key_size");
    EXPECT_EQ(check_of(KeyType::ed25519, Bytes(64)), "ed25519.private_key_public");
    EXPECT_EQ(check_of(KeyType::secp256k1, Bytes(32)), "secp256k1.private_key_range");
    EXPECT_EQ(check_of(KeyType::ml_dsa_65, Bytes(4032)), "private_key.type");
    EXPECT_EQ(check_of(KeyType::none, {}), "private_key.type");
}

}  // namespace
}  // namespace tandem::crypto
