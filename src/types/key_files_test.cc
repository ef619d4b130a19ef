// Texts and verdicts are held against CometBFT's by the vectors (topics key_files, file_pv, files);
// here is what the vectors do not show.
#include "types/key_files.h"

#include <gtest/gtest.h>

namespace tandem::types {
namespace {

// Seed SHA-256("tandem-0"), as in the wire page.
constexpr std::string_view key_hex =
    "c5ea65c1aaf5fbea73f42baf52b45523467184cd128a24973fea3b80c4d8f173"
    "7e8aa3c0b825823977de206507b940ee443ee3137c2fa64ae5cc23731a645ab6";

Bytes key_bytes() {
    return base::from_hex(key_hex).value();
}

crypto::PrivateKey private_key() {
    return crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, key_bytes()).value();
}

std::string text_of(const crypto::SecretBytes& secret) {
    return std::string(base::as_text(secret.view()));
}

std::string node_key_with(BytesView bytes, std::string_view type = "tendermint/PrivKeyEd25519") {
    return R"({"priv_key":{"type":")" + std::string(type) + R"(","value":")" +
           base::to_base64(bytes) + "\"}}";
}

TEST(NodeKey, IsWrittenAndRead) {
    const std::string text = text_of(node_key_text(private_key()));
    EXPECT_EQ(text, node_key_with(key_bytes()));
    const auto read = node_key_from_json(text);
    ASSERT_TRUE(read) << read.error().why;
    EXPECT_EQ(node_id(read->key.public_key), "eac48adb5003abb2d82251707578b6dcdd42aec9");
    EXPECT_TRUE(signing_key("node_key", read->key));
}

// CometBFT takes the id from what stands behind the seed, whatever it is, and fails to sign later.
TEST(NodeKey, LoadsAsInCometBftButSignsOnlyWhenWhole) {
    Bytes bytes = key_bytes();
    bytes.pop_back();
    const auto short_key = node_key_from_json(node_key_with(bytes));
    ASSERT_TRUE(short_key) << short_key.error().why;
    EXPECT_EQ(short_key->key.public_key.bytes.back(), 0);
    EXPECT_FALSE(signing_key("node_key", short_key->key));
    bytes.resize(32);
    EXPECT_FALSE(node_key_from_json(node_key_with(bytes)));
    Bytes swapped = key_bytes();
    swapped[0] ^= 1;  // the public half is that of another seed
    const auto mixed = node_key_from_json(node_key_with(swapped));
    ASSERT_TRUE(mixed) << mixed.error().why;
    const auto refusal = signing_key("node_key", mixed->key);
    ASSERT_FALSE(refusal);
    EXPECT_EQ(refusal.error().check, "node_key");
}

TEST(NodeKey, TakesBytesAsNumbers) {
    std::string list;
    for (const std::uint8_t byte : key_bytes())
        list += (list.empty() ? "" : ",") + std::to_string(byte);
    const auto read = node_key_from_json(
        R"({"priv_key":{"type":"tendermint/PrivKeyEd25519","value":[)" + list + "]}}");
    ASSERT_TRUE(read) << read.error().why;
    EXPECT_TRUE(signing_key("node_key", read->key));
}

TEST(NodeKey, RefusalsShowNoSecret) {
    const std::string secret = base::to_base64(key_bytes());
    for (const std::string& text :
         {"{\"priv_key\":\"" + secret + "\"}",
          "{\"priv_key\":{\"type\":\"" + secret + "\",\"value\":\"\"}}",
          "{\"priv_key\":{\"type\":\"tendermint/PrivKeyEd25519\",\"value\":\"" + secret + "!\"}}",
          "{\"priv_key\":{\"type\":\"tendermint/PrivKeyEd25519\",\"value\":{\"a\":\"" + secret +
              "\"}}}",
          "{\"priv_key\":{\"type\":\"tendermint/PrivKeyEd25519\",\"value\":[1,\"" + secret +
              "\"]}}",
          "\"" + secret + "\""}) {
        const auto read = node_key_from_json(text);
        ASSERT_FALSE(read) << text;
        EXPECT_FALSE(read.error().why.contains(secret.substr(0, 8))) << read.error().why;
        EXPECT_TRUE(read.error().check.starts_with("node_key.")) << read.error().check;
    }
}

TEST(NodeKey, RefusesWhatCannotBeDerived) {
    EXPECT_EQ(node_key_from_json("{}").error().why, "the member priv_key is missing");
    EXPECT_FALSE(node_key_from_json(node_key_with(key_bytes(), "tendermint/PubKeyEd25519")));
    EXPECT_FALSE(node_key_from_json(node_key_with(key_bytes(), "cometbft/PrivKeyMlDsa65")));
    const auto unknown = node_key_from_json(node_key_with(key_bytes(), "tendermint/PrivKeyEd2551"));
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().why.contains("did you mean tendermint/PrivKeyEd25519?"))
        << unknown.error().why;
}

TEST(ValidatorKey, WarnsWhereThePublicPartIsAnothers) {
    std::string text = text_of(validator_key_text(private_key()));
    const auto good = validator_key_from_json(text);
    ASSERT_TRUE(good) << good.error().why;
    EXPECT_TRUE(good->warnings.empty());
    text.replace(text.find("EAC48ADB"), 8, "00000000");
    const auto read = validator_key_from_json(text);
    ASSERT_TRUE(read) << read.error().why;
    ASSERT_EQ(read->warnings.size(), 1U);
    EXPECT_EQ(read->warnings[0].member, "address");
    EXPECT_EQ(node_id(read->key.public_key), "eac48adb5003abb2d82251707578b6dcdd42aec9");
    text.replace(text.find("00000000"), 8, "zz000000");
    EXPECT_FALSE(validator_key_from_json(text));
}

TEST(LastSignedFile, IsReadAndWritten) {
    const LastSigned last{9'223'372'036'854'775'807, 3, SignStep::precommit, Signature(64, 1),
                          Bytes{1, 2}};
    const auto read = last_signed_from_json(last_signed_text(last));
    ASSERT_TRUE(read) << read.error().why;
    EXPECT_EQ(read->last, last);
    EXPECT_TRUE(read->warnings.empty());
    EXPECT_EQ(last_signed_text({}), "{\n  \"height\": \"0\",\n  \"round\": 0,\n  \"step\": 0\n}");
}

TEST(LastSignedFile, WarnsOfWhatWeakensTheGuard) {
    const auto read = last_signed_from_json("{\"Height\":\"5\",\"round\":1}");
    ASSERT_TRUE(read) << read.error().why;
    EXPECT_EQ(read->last.height, 0);
    std::vector<std::string> members;
    for (const auto& warning : read->warnings) members.push_back(warning.member);
    EXPECT_EQ(members, (std::vector<std::string>{"Height", "height", "step"}));
}

TEST(LastSignedFile, RefusesOtherTypes) {
    for (const char* text : {"", "[]", "{\"height\":5}", "{\"round\":\"1\"}", "{\"step\":128}",
                             "{\"step\":1.0}", "{\"signbytes\":\"0\"}", "{\"signature\":\"!\"}"}) {
        const auto read = last_signed_from_json(text);
        ASSERT_FALSE(read) << text;
        EXPECT_TRUE(read.error().check.starts_with("priv_validator_state.")) << text;
    }
    EXPECT_TRUE(last_signed_from_json("null"));
}

}  // namespace
}  // namespace tandem::types
