// Verdicts and bytes are held against CometBFT's by the vectors (topic genesis); here is what the
// user reads, and what only this build refuses.
#include "types/genesis.h"

#include <gtest/gtest.h>

namespace tandem::types {
namespace {

constexpr Timestamp now{1'700'000'000, 7};
constexpr std::string_view address = "FBF61B9E79B0D6AFE6259E5F11309E26F53A5950";
constexpr std::string_view key =
    R"({"type":"tendermint/PubKeyEd25519","value":"2rwv8PKR7w/LtfR8D5LAxbU3Y/QtCKivZKpWpceMN+Q="})";

std::string refusal(std::string_view text) {
    const auto genesis = genesis_from_json(text, now);
    return genesis ? "accepted" : genesis.error().check + "|" + genesis.error().why;
}

std::string with_validator(std::string_view members) {
    return "{\"chain_id\":\"c\",\n\"validators\":[\n{" + std::string(members) + "}]}";
}

TEST(Genesis, CompletesWhatIsMissing) {
    const auto genesis = genesis_from_json(
        with_validator("\"pub_key\":" + std::string(key) + ",\"power\":\"5\""), now);
    ASSERT_TRUE(genesis) << genesis.error().why;
    const GenesisDoc& doc = genesis->doc;
    EXPECT_EQ(doc.genesis_time, now);
    EXPECT_EQ(doc.initial_height, 1);
    EXPECT_EQ(doc.consensus_params, ConsensusParams::defaults());
    EXPECT_EQ(base::to_hex(base::view(doc.validators[0].address), base::HexCase::upper), address);
    EXPECT_TRUE(genesis->warnings.empty());
}

TEST(Genesis, KeepsAppStateAsItStands) {
    const std::string text = "{\"chain_id\":\"c\",\"app_state\": {\"b\" : 1,\n\"a\":\"<\"} }";
    const auto genesis = genesis_from_json(text, now);
    ASSERT_TRUE(genesis) << genesis.error().why;
    EXPECT_EQ(genesis->doc.app_state, "{\"b\" : 1,\n\"a\":\"<\"}");
    EXPECT_TRUE(to_json(genesis->doc).ends_with(R"("app_state":{"b":1,"a":"\u003c"}})"));
}

TEST(Genesis, WarnsOfMembersThatItPassesOver) {
    const auto genesis = genesis_from_json(
        "{\"chain_id\":\"c\",\n\"consensus_param\":{},\n\"note\":1,\"chain_id\":\"d\"}", now);
    ASSERT_TRUE(genesis) << genesis.error().why;
    EXPECT_EQ(genesis->doc.chain_id, "d");
    std::vector<std::string> texts;
    for (const auto& warning : genesis->warnings) texts.push_back(warning.text());
    EXPECT_EQ(texts,
              (std::vector<std::string>{
                  "line 2: consensus_param: no such member is known; it is ignored. Did you mean "
                  "\"consensus_params\"?",
                  "line 3: note: no such member is known; it is ignored",
                  "line 3: chain_id: stands here once more; the last one counts"}));
}

TEST(Genesis, SaysWhereAndWhatWasExpected) {
    EXPECT_EQ(refusal("{\n\"chain_id\" \"c\"}"),
              "genesis.json|line 2, column 12: expected ':' behind the name, found '\"'");
    EXPECT_EQ(refusal("{\"chain_id\":\"c\",\n\"initial_height\":5}"),
              "genesis.initial_height|line 2: initial_height: expected an integer from "
              "-9223372036854775808 to 9223372036854775807 in quotes, such as \"10\", found the "
              "number 5");
    EXPECT_EQ(
        refusal("{\"chain_id\":\"c\",\"genesis_time\":\"2024-02-30T00:00:00Z\"}"),
        "genesis.genesis_time|line 1: genesis_time: the time \"2024-02-30T00:00:00Z\" names a "
        "day that the calendar lacks");
    EXPECT_EQ(refusal("[]"), "genesis.value|line 1: expected an object, found an array");
}

TEST(Genesis, PointsAtASimilarNameWhereOneIsMissing) {
    EXPECT_EQ(refusal("{\n\"chainid\":\"c\"}"),
              "genesis.chain_id|line 1: chain_id: is missing or empty (line 2 has \"chainid\"; did "
              "you mean \"chain_id\"?)");
    EXPECT_EQ(refusal("{\"chain_id\":\"c\",\"consensus_params\":{\n\"blok\":{}}}").substr(0, 48),
              "genesis.consensus_params.block.max_bytes|line 1:");
    EXPECT_TRUE(refusal("{\"chain_id\":\"c\",\"consensus_params\":{\n\"blok\":{}}}")
                    .ends_with("(line 2 has \"consensus_params.blok\"; did you mean "
                               "\"consensus_params.block\"?)"));
}

TEST(Genesis, NamesTheValidator) {
    const std::string good = "\"pub_key\":" + std::string(key);
    EXPECT_EQ(refusal(with_validator(good + ",\"power\":\"0\"")),
              "genesis.validators.power|line 3: validators[0].power: is 0; leave such a validator "
              "out");
    EXPECT_EQ(refusal(with_validator("\"power\":\"1\"")),
              "genesis.validators.pub_key|line 3: validators[0].pub_key: is missing");
    EXPECT_EQ(
        refusal(with_validator(
            R"("pub_key":{"type":"tendermint/PubKeyEd25519","value":"AAAA"},"power":"1")")),
        "genesis.validators.pub_key.value|line 3: validators[0].pub_key.value: has 3 bytes; a "
        "key of kind ed25519 has 32");
    EXPECT_EQ(refusal(with_validator(good + R"(,"power":"1","address":"00")")),
              "genesis.validators.address|line 3: validators[0].address: is 00, but the key's "
              "address is " +
                  std::string(address) + "; leave it empty to have it filled in");
}

TEST(Genesis, MakesAStateOrSaysWhyNot) {
    GenesisDoc doc;
    doc.chain_id = "c";
    doc.consensus_params = ConsensusParams::defaults();
    PublicKey public_key{.type = crypto::KeyType::ed25519, .bytes = {}};
    public_key.bytes.resize(32, 1);
    doc.validators = {{{}, public_key, 5, "a"}, {{}, public_key, 7, "b"}};
    ASSERT_TRUE(validate_and_complete(doc, now));
    const auto twice = genesis_state(doc);
    ASSERT_FALSE(twice);
    EXPECT_TRUE(twice.error().check.starts_with("genesis.validators.")) << twice.error().check;
    doc.validators.pop_back();
    const auto state = genesis_state(doc);
    ASSERT_TRUE(state) << state.error().why;
    EXPECT_EQ(state->last_block_time, now);
    EXPECT_EQ(state->validators.size(), 1U);
    EXPECT_TRUE(state->last_validators.empty());
    EXPECT_EQ(state->last_height_validators_changed, 1);
}

TEST(Genesis, TellsWhetherThisBuildCanFollowTheChain) {
    GenesisDoc doc;
    doc.genesis_time = now;
    PublicKey public_key{.type = crypto::KeyType::ed25519, .bytes = {}};
    doc.validators = {{{}, public_key, 5, "a"}};
    EXPECT_TRUE(check_usable(doc));
    doc.validators.push_back({{}, {.type = crypto::KeyType::ml_dsa_65, .bytes = {}}, 5, "quantum"});
    const Verdict verdict = check_usable(doc);
    if (crypto::can_verify(crypto::KeyType::ml_dsa_65)) {
        EXPECT_TRUE(verdict);
    } else {
        ASSERT_FALSE(verdict);
        EXPECT_EQ(verdict.error().why,
                  "validators[1] (quantum) has a key of kind ml_dsa_65, whose signatures this "
                  "build cannot verify; it cannot follow this chain");
    }
    doc.validators.clear();
    doc.genesis_time = Timestamp{-62'167'219'200, 0};
    EXPECT_EQ(check_usable(doc).error().check, "genesis.genesis_time");
}

TEST(Genesis, WarnsOfKindsOfKeysThatMayCome) {
    const std::string text =
        R"({"chain_id":"c","consensus_params":{"block":{"max_bytes":"1000","max_gas":"-1"},)"
        R"("evidence":{"max_age_num_blocks":"1","max_age_duration":"1","max_bytes":"10"},)"
        R"("validator":{"pub_key_types":["ed25519","ml_dsa_65"]},"version":{},"abci":{}}})";
    const auto genesis = genesis_from_json(text, now);
    ASSERT_TRUE(genesis) << genesis.error().why;
    if (crypto::can_verify(crypto::KeyType::ml_dsa_65)) {
        EXPECT_TRUE(genesis->warnings.empty());
    } else {
        ASSERT_EQ(genesis->warnings.size(), 1U);
        EXPECT_EQ(genesis->warnings[0].member, "consensus_params.validator.pub_key_types");
    }
}

TEST(Genesis, PinsTheFileByItsBytes) {
    EXPECT_EQ(base::to_hex(base::view(genesis_file_hash(""))),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace tandem::types
