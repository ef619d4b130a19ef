// What a node of CometBFT answered over RPC, and the chain that it answered about: our JSON of the
// chain's blocks, commits, validators and so on is held against the answers byte for byte.
#include "types/json.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "types/genesis.h"

namespace tandem::types {
namespace {

using wire::JsonKind;
using wire::JsonValue;

std::ifstream open_vectors(const std::string& path) {
    std::ifstream file(std::string(TANDEM_VECTORS_DIR) + "/net/" + path);
    if (!file) throw std::runtime_error("no vectors at " + path);
    return file;
}

Bytes hex(const nlohmann::json& text) {
    return base::from_hex(text.get<std::string>()).value();
}

/// The value behind names with dots, as it stands in the text; empty where it is not there.
std::string_view raw_at(std::string_view text, std::string_view path) {
    auto value = wire::parse_json(text);
    while (value && !path.empty()) {
        const std::string_view name = path.substr(0, path.find('.'));
        path.remove_prefix(std::min(path.size(), name.size() + 1));
        std::optional<JsonValue> next;
        if (value->kind() == JsonKind::object)
            for (const auto& [member, inner] : value->members())
                if (member.string_is(name)) next = inner;
        if (!next) return {};
        value = *next;
    }
    return value ? value->raw() : std::string_view();
}

std::vector<std::string_view> elements_at(std::string_view text, std::string_view path) {
    std::vector<std::string_view> out;
    const std::string_view raw = raw_at(text, path);
    if (raw.starts_with('['))
        for (const JsonValue element : wire::parse_json(raw)->elements())
            out.push_back(element.raw());
    return out;
}

class RpcAnswers : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        std::string line;
        for (auto file = open_vectors("chain-main.jsonl"); std::getline(file, line);) {
            auto height = nlohmann::json::parse(line);
            const auto key = std::stoll(height.at("height").get<std::string>());
            chain_[key] = std::move(height);
        }
        const auto answers = nlohmann::json::parse(open_vectors("rpc-http.json"));
        for (const auto& answer : answers.at("cases")) {
            const std::string name = answer.at("name").get<std::string>();
            const auto& out = answer.at("out");
            if (!out.is_object() || !out.contains("body") || !out.at("body").is_string()) continue;
            bodies_.emplace_back(name, out.at("body").get<std::string>());
            if (answer.at("in").contains("request"))
                requests_.emplace_back(name, answer.at("in").at("request").get<std::string>());
        }
    }

    template <typename T>
    static T message(std::int64_t height, const char* member) {
        auto decoded = wire::decode<T>(hex(chain_.at(height).at(member)));
        if (!decoded) throw std::runtime_error(decoded.error().to_refusal().why);
        return std::move(*decoded);
    }
    static std::int64_t height_of(std::string_view header) {
        const std::string_view raw = raw_at(header, "height");
        return std::stoll(std::string(raw.substr(1)));
    }
    /// Calls `judge` with every answer that has something at `path`, and counts them.
    template <typename Judge>
    static std::size_t for_answers(std::string_view path, Judge&& judge) {
        std::size_t count = 0;
        for (const auto& [name, body] : bodies_) {
            const std::string_view raw = raw_at(body, path);
            if (raw.empty() || raw == "null") continue;
            SCOPED_TRACE(name);
            judge(std::string_view(body), raw);
            ++count;
        }
        return count;
    }

    static inline std::map<std::int64_t, nlohmann::json> chain_;
    static inline std::vector<std::pair<std::string, std::string>> bodies_, requests_;
};

TEST_F(RpcAnswers, ShowBlocks) {
    const std::size_t count =
        for_answers("result.block", [](std::string_view body, std::string_view raw) {
            const std::int64_t height = height_of(raw_at(raw, "header"));
            EXPECT_EQ(to_json(message<Block>(height, "block")), raw);
            EXPECT_EQ(to_json(message<BlockMeta>(height, "block_meta").block_id),
                      raw_at(body, "result.block_id"));
        });
    EXPECT_GE(count, 8U);
}

TEST_F(RpcAnswers, ShowHeaders) {
    const std::size_t count = for_answers("result.header", [](auto, std::string_view raw) {
        EXPECT_EQ(to_json(message<BlockMeta>(height_of(raw), "block_meta").header), raw);
        EXPECT_EQ(to_json(*from_json<Header>(raw)), raw);
    });
    EXPECT_GE(count, 6U);
}

TEST_F(RpcAnswers, ShowCommits) {
    std::size_t canonical = 0;
    for_answers("result.signed_header", [&](std::string_view body, std::string_view raw) {
        EXPECT_EQ(to_json(*from_json<SignedHeader>(raw)), raw);
        // Of the newest block the node shows what it saw, and that may grow.
        if (raw_at(body, "result.canonical") != "true") return;
        const std::int64_t height = height_of(raw_at(raw, "header"));
        const SignedHeader header{message<BlockMeta>(height, "block_meta").header,
                                  message<Commit>(height, "commit")};
        EXPECT_EQ(to_json(header), raw);
        ++canonical;
    });
    EXPECT_GE(canonical, 4U);
}

TEST_F(RpcAnswers, ShowBlockMetas) {
    std::size_t metas = 0;
    for_answers("result.block_metas", [&](auto, std::string_view raw) {
        for (const std::string_view meta : elements_at(raw, "")) {
            const std::int64_t height = height_of(raw_at(meta, "header"));
            EXPECT_EQ(to_json(message<BlockMeta>(height, "block_meta")), meta);
            EXPECT_EQ(to_json(*from_json<BlockMeta>(meta)), meta);
            ++metas;
        }
    });
    EXPECT_GE(metas, 20U);
}

TEST_F(RpcAnswers, ShowValidators) {
    std::size_t validators = 0;
    for_answers("result.validators", [&](std::string_view body, std::string_view raw) {
        const std::int64_t height =
            std::stoll(std::string(raw_at(body, "result.block_height").substr(1)));
        for (const std::string_view element : elements_at(raw, "")) {
            const auto read = from_json<Validator>(element);
            ASSERT_TRUE(read) << read.error().why;
            EXPECT_EQ(to_json(*read), element);
            ++validators;
            if (!chain_.contains(height)) continue;  // the set of the height to come
            const auto set = message<ValidatorSetMessage>(height, "validator_set");
            EXPECT_NE(std::ranges::find(set.validators, *read), set.validators.end());
        }
        const bool whole = raw_at(body, "result.count") == raw_at(body, "result.total");
        if (!whole || !chain_.contains(height)) return;
        EXPECT_TRUE(to_json(message<ValidatorSetMessage>(height, "validator_set"))
                        .starts_with(R"({"validators":)" + std::string(raw)));
    });
    EXPECT_GE(validators, 20U);
}

TEST_F(RpcAnswers, ShowValidatorSets) {
    const std::size_t count =
        for_answers("result.round_state.last_validators", [](auto, std::string_view raw) {
            const auto set = from_json<ValidatorSetMessage>(raw);
            ASSERT_TRUE(set) << set.error().why;
            EXPECT_EQ(to_json(*set), raw);
        });
    EXPECT_GE(count, 1U);
}

TEST_F(RpcAnswers, ShowConsensusParams) {
    const std::size_t count =
        for_answers("result.consensus_params", [](std::string_view body, std::string_view raw) {
            const std::int64_t height =
                std::stoll(std::string(raw_at(body, "result.block_height").substr(1)));
            EXPECT_EQ(to_json(*from_json<ConsensusParams>(raw)), raw);
            if (!chain_.contains(height)) return;
            const auto encoded = hex(chain_.at(height).at("consensus_params"));
            const auto params = from_message(*wire::decode<ConsensusParamsMessage>(encoded));
            EXPECT_EQ(to_json(*params), raw);
        });
    EXPECT_GE(count, 3U);
}

TEST_F(RpcAnswers, ShowProofsOfTransactions) {
    std::size_t proofs = 0;
    for_answers("result.proof", [&](std::string_view body, std::string_view raw) {
        const std::int64_t height =
            std::stoll(std::string(raw_at(body, "result.height").substr(1)));
        const auto index = std::stoul(std::string(raw_at(body, "result.index")));
        const Block block = message<Block>(height, "block");
        EXPECT_EQ(to_json(prove_tx(block.data.txs.views(), index)), raw);
        EXPECT_EQ(to_json(*from_json<TxProof>(raw)), raw);
        ++proofs;
    });
    EXPECT_GE(proofs, 3U);
}

TEST_F(RpcAnswers, ShowTheGenesis) {
    const std::size_t count = for_answers("result.genesis", [](auto, std::string_view raw) {
        const auto genesis = genesis_from_json(raw, {});
        ASSERT_TRUE(genesis) << genesis.error().why;
        EXPECT_EQ(to_json(genesis->doc), raw);
        EXPECT_TRUE(genesis->warnings.empty());
    });
    EXPECT_GE(count, 1U);
}

// The node answers with the hash of evidence that it took.
TEST_F(RpcAnswers, TakeEvidence) {
    std::size_t taken = 0;
    std::size_t misread = 0;
    for (const auto& [name, request] : requests_) {
        if (!name.contains("broadcast_evidence") || !request.starts_with("POST")) continue;
        SCOPED_TRACE(name);
        const auto body = std::string_view(request).substr(request.find("\r\n\r\n") + 4);
        std::string_view raw = raw_at(body, "params.evidence");
        if (const auto list = elements_at(body, "params"); !list.empty()) raw = list[0];
        if (raw.empty()) continue;
        const auto evidence = from_json<Evidence>(raw);
        const auto named = std::ranges::find(bodies_, name, &decltype(bodies_)::value_type::first);
        const std::string_view answer = named->second;
        if (answer.contains("error converting")) {
            EXPECT_FALSE(evidence);
            ++misread;
            continue;
        }
        ASSERT_TRUE(evidence) << evidence.error().why;
        const std::string_view hash = raw_at(answer, "result.hash");
        if (hash.empty()) continue;
        EXPECT_EQ(to_json(*evidence), raw);
        EXPECT_EQ('"' + base::to_base64(base::view(hash_of(*evidence))) + '"', hash);
        ++taken;
    }
    EXPECT_GE(taken, 2U);
    EXPECT_GE(misread, 2U);
}

TEST_F(RpcAnswers, VotesInEventsAreReadAndWrittenTheSame) {
    std::size_t count = 0;
    const auto connections = nlohmann::json::parse(open_vectors("rpc-websocket.json"));
    for (const auto& connection : connections.at("cases"))
        for (const auto& frame : connection.at("out").at("frames")) {
            const auto text = frame.at("text").get<std::string>();
            const std::string_view raw = raw_at(text, "result.data.value.Vote");
            if (raw.empty()) continue;
            const auto vote = from_json<Vote>(raw);
            ASSERT_TRUE(vote) << vote.error().why;
            EXPECT_EQ(to_json(*vote), raw);
            EXPECT_TRUE(validate_basic(*vote));
            ++count;
        }
    EXPECT_GE(count, 10U);
}

TEST_F(RpcAnswers, EveryBlockOfTheChainHasEvidenceAndCommitsThatAreReadBack) {
    std::size_t evidence = 0;
    for (const auto& [height, line] : chain_) {
        const Block block = message<Block>(height, "block");
        ASSERT_EQ(from_json<EvidenceList>(to_json(block.evidence)), block.evidence) << height;
        ASSERT_EQ(from_json<Commit>(to_json(*block.last_commit)), *block.last_commit) << height;
        evidence += block.evidence.evidence.size();
    }
    EXPECT_GE(evidence, 2U);
}

TEST_F(RpcAnswers, AttacksOnLightClientsAreReadBack) {
    const LightBlock block{
        SignedHeader{message<BlockMeta>(16, "block_meta").header, message<Commit>(16, "commit")},
        message<ValidatorSetMessage>(16, "validator_set")};
    Evidence evidence;
    evidence.sum = base::Box<LightClientAttackEvidence>(LightClientAttackEvidence{
        block, 12, block.validator_set->validators, 77, Timestamp{1'700'000'000, 5}});
    const std::string text = to_json(evidence);
    EXPECT_TRUE(text.starts_with(
        R"({"type":"tendermint/LightClientAttackEvidence","value":{"ConflictingBlock":)"
        R"({"signed_header":{"header":{"version":{"block":"11","app":"1"},)"));
    EXPECT_TRUE(text.ends_with(
        R"(],"TotalVotingPower":"77","Timestamp":"2023-11-14T22:13:20.000000005Z"}})"));
    EXPECT_EQ(from_json<Evidence>(text), evidence);
}

// ---- What the chain of the vectors does not show.

TEST(Json, LeavesOutVersionsThatAreZero) {
    EXPECT_TRUE(to_json(Header{}).starts_with(R"({"version":{},"chain_id":"","height":"0",)"
                                              R"("time":"0001-01-01T00:00:00Z",)"));
}

TEST(Json, NamesTheTypeOfAProposalAsGoDoes) {
    EXPECT_EQ(to_json(Proposal{}), R"({"Type":0,"height":"0","round":0,"pol_round":0,)"
                                   R"("block_id":{"hash":"","parts":{"total":0,"hash":""}},)"
                                   R"("timestamp":"0001-01-01T00:00:00Z","signature":null})");
}

TEST(Json, WritesOnlyWhatAnUpdateOfParametersChanges) {
    ConsensusParamsMessage update;
    EXPECT_EQ(to_json(update), "{}");
    update.block = BlockParams{200, -1};
    update.evidence = EvidenceParams{};
    update.abci = AbciParams{};
    const std::string text = to_json(update);
    EXPECT_EQ(text, R"({"block":{"max_bytes":"200","max_gas":"-1"},)"
                    R"("evidence":{"max_age_duration":"0"},"abci":{}})");
    EXPECT_EQ(from_json<ConsensusParamsMessage>(text), update);
}

TEST(Json, ReadsKeysOfEveryKind) {
    for (const auto& [type, name] :
         {std::pair{crypto::KeyType::ed25519, "tendermint/PubKeyEd25519"},
          std::pair{crypto::KeyType::secp256k1, "tendermint/PubKeySecp256k1"},
          std::pair{crypto::KeyType::ml_dsa_65, "cometbft/PubKeyMlDsa65"}}) {
        const std::string text = std::string(R"({"type":")") + name + R"(","value":"AQID"})";
        const auto key = from_json<PublicKey>(text);
        ASSERT_TRUE(key) << key.error().why;
        EXPECT_EQ(key->type, type);
        EXPECT_EQ(to_json(*key), text);
    }
    EXPECT_EQ(to_json(PublicKey{}), "null");
    EXPECT_EQ(from_json<PublicKey>("null"), PublicKey{});
    EXPECT_EQ(from_json<PublicKey>(R"({"type":"tendermint/PubKeyEd25518","value":""})").error().why,
              "line 1: type: expected one of tendermint/PubKeyEd25519, "
              "tendermint/PubKeySecp256k1, cometbft/PubKeyMlDsa65 (did you mean "
              "tendermint/PubKeyEd25519?), found the string \"tendermint/PubKeyEd25518\"");
    EXPECT_FALSE(from_json<PublicKey>(R"({"type":"tendermint/PrivKeyEd25519","value":""})"));
}

TEST(Json, KeepsFlagsToOneByte) {
    EXPECT_TRUE(from_json<CommitSig>(R"({"block_id_flag":255})"));
    EXPECT_FALSE(from_json<CommitSig>(R"({"block_id_flag":256})"));
}

TEST(Json, WritesBitArraysAsLetters) {
    EXPECT_EQ(bit_array_to_json(*BitArray::from_text("x_x")), "\"x_x\"");
    EXPECT_EQ(bit_array_from_json("\"x_x\"")->to_text(), "x_x");
    EXPECT_EQ(bit_array_from_json("null")->size(), 0U);
    EXPECT_FALSE(bit_array_from_json("\"x\" "));
    EXPECT_FALSE(bit_array_from_json("\""));
    EXPECT_FALSE(bit_array_from_json("\"\\u0078\""));
}

}  // namespace
}  // namespace tandem::types
