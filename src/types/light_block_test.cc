#include "types/light_block.h"

#include <gtest/gtest.h>

#include "types/decode.h"
#include "types/signing_testing.h"

namespace tandem::types {
namespace {

using testing::chain_id;
using testing::make_header;
using testing::make_signers;
using testing::sign_header;
using testing::Signers;

std::string check_of(const Verdict& verdict) {
    return verdict ? "" : verdict.error().check;
}

LightBlock make_block() {
    const Signers signers = make_signers({3, 2, 1});
    return {sign_header(make_header(5, signers.set, signers.set), signers),
            signers.set.to_message()};
}

struct SpoiledBlock {
    std::string_view check;
    void (*spoil)(LightBlock&);
};

TEST(LightBlock, IsValidAsAWhole) {
    EXPECT_EQ(check_of(validate_basic(make_block(), chain_id)), "");
    EXPECT_EQ(check_of(validate_basic(make_block(), "x")), "signed_header.header.chain_id");
    constexpr SpoiledBlock table[] = {
        {"signed_header", [](LightBlock& block) { block.signed_header.reset(); }},
        {"validator_set", [](LightBlock& block) { block.validator_set.reset(); }},
        {"signed_header.header", [](LightBlock& block) { block.signed_header->header.reset(); }},
        {"signed_header.commit", [](LightBlock& block) { block.signed_header->commit.reset(); }},
        {"signed_header.commit.height",
         [](LightBlock& block) { ++block.signed_header->commit->height; }},
        {"signed_header.commit.block_id",
         [](LightBlock& block) { block.signed_header->header->data_hash[0] ^= 1; }},
        {"validator_set.hash",
         [](LightBlock& block) { ++block.validator_set->validators[0].voting_power; }},
        {"validator_set.proposer",
         [](LightBlock& block) { block.validator_set->proposer.reset(); }},
    };
    for (const SpoiledBlock& row : table) {
        LightBlock block = make_block();
        row.spoil(block);
        EXPECT_EQ(check_of(validate_basic(block, chain_id)), row.check);
    }
}

TEST(LightBlock, IsReadWithoutTheTotalPower) {
    LightBlock block = make_block();
    const LightBlock good = block;
    block.validator_set->total_voting_power = 9;
    EXPECT_EQ(decode_checked<LightBlock>(wire::encode(block)).value(), good);
    EXPECT_TRUE(decode_checked<LightBlock>({}));
    block.validator_set->validators[0].pub_key.bytes.pop_back();
    EXPECT_EQ(decode_checked<LightBlock>(wire::encode(block)).error().check,
              "validator_set.validators.pub_key");
}

TEST(PublicKey, HasAKnownKindAndItsSize) {
    using crypto::KeyType;
    for (const KeyType type : {KeyType::ed25519, KeyType::secp256k1, KeyType::ml_dsa_65}) {
        PublicKey key{type, {}};
        key.bytes.resize(crypto::public_key_size(type));
        EXPECT_TRUE(check_decoded(key));
        key.bytes.push_back(0);
        EXPECT_FALSE(check_decoded(key));
    }
    EXPECT_FALSE(check_decoded(PublicKey{}));
    EXPECT_FALSE(check_decoded(PublicKey{static_cast<KeyType>(3), {}}));
}

}  // namespace
}  // namespace tandem::types
