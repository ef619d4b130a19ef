#include "rpc/light_answers.h"

#include <gtest/gtest.h>

#include "abci/json.h"
#include "abci/results.h"
#include "crypto/sha256.h"
#include "types/block.h"
#include "types/json.h"
#include "types/part_set.h"

namespace tandem::rpc::light {
namespace {

using types::LightBlock;

/// A block of height 7 with two transactions, and what a light client trusts of it and of the next.
struct LightAnswersTest : ::testing::Test {
    types::Block block;
    LightBlock trusted, next;
    std::vector<base::Bytes> txs = {{1, 2, 3}, {4, 5}};
    abci::ResponseFinalizeBlock results;

    void SetUp() override {
        block.header.version = {11, 1};
        block.header.chain_id = "test";
        block.header.height = 7;
        block.header.time = {1'700'000'000, 5};
        block.header.last_block_id = id_of("six");
        block.header.validators_hash = block.header.next_validators_hash = some_hash("set");
        block.header.consensus_hash = types::hash_of(types::ConsensusParams::defaults());
        block.header.app_hash = some_hash("app");
        block.header.last_results_hash = some_hash("results");
        block.header.proposer_address.assign(20, 9);
        block.data.txs = wire::Txs::copy_of(txs);
        types::Commit& commit = block.last_commit.emplace();
        commit.height = 6;
        commit.block_id = block.header.last_block_id;
        commit.signatures.push_back({types::BlockIdFlag::commit,
                                     block.header.proposer_address,
                                     {1'700'000'001, 0},
                                     types::Signature(64, 7)});
        types::fill_header(block);
        trust(trusted, block.header);
        results.tx_results = {{0, {1}, "log", "info", 5, 6, {}, ""},
                              {3, {}, "", "", 7, 8, {}, "x"}};
        types::Header after = block.header;
        after.height = 8;
        after.last_results_hash = abci::results_hash(results.tx_results);
        trust(next, after);
    }
    static types::Hash some_hash(std::string_view text) {
        const auto digest = crypto::sha256(base::as_bytes(text));
        return {digest.begin(), digest.end()};
    }
    static types::BlockId id_of(std::string_view text) {
        return {some_hash(text), {1, some_hash("parts")}};
    }
    static void trust(LightBlock& out, const types::Header& header) {
        types::SignedHeader& signed_header = out.signed_header.emplace();
        signed_header.header = header;
        types::Commit& commit = signed_header.commit.emplace();
        commit.height = header.height;
        commit.block_id = {types::hash_of(header), {1, some_hash("parts")}};
    }
    std::string block_answer() const {
        wire::JsonWriter writer;
        writer.begin_object().name("block_id");
        types::write_json(writer, trusted.signed_header->commit->block_id);
        writer.name("block");
        types::write_json(writer, block);
        writer.end_object();
        return writer.take();
    }
    std::string tx_answer(std::size_t index) const {
        wire::JsonWriter writer;
        writer.begin_object();
        writer.name("hash").hex(base::view(types::hash_of_tx(txs[index])));
        writer.name("height").string("7");
        writer.name("index").number(static_cast<std::int64_t>(index));
        writer.name("tx").base64(txs[index]);
        writer.name("proof");
        types::write_json(writer, types::prove_tx(block.data.txs.views(), index));
        writer.end_object();
        return writer.take();
    }
    template <typename Check>
    static std::string fault(const std::string& text, Check check) {
        const auto answer = wire::parse_json(text);
        TANDEM_CHECK(answer.has_value());
        const base::Verdict verdict = check(*answer);
        return verdict ? "" : verdict.error().check;
    }
    static std::string replaced(std::string text, std::string_view from, std::string_view to) {
        const auto at = text.find(from);
        TANDEM_CHECK(at != std::string::npos);
        return text.replace(at, from.size(), to);
    }
};

TEST_F(LightAnswersTest, ABlockIsHeldAgainstEveryHash) {
    const auto check = [&](const wire::JsonValue& answer) { return check_block(answer, trusted); };
    const std::string honest = block_answer();
    EXPECT_EQ(fault(honest, check), "");
    EXPECT_EQ(fault(replaced(honest, "AQID", "AQIE"), check), "light.transactions");
    EXPECT_EQ(fault(replaced(honest, "[\"AQID\",", "["), check), "light.transactions");
    EXPECT_EQ(fault(replaced(honest, "[\"AQID\"", "[null"), check), "light.answer");
    EXPECT_EQ(fault(replaced(honest, "\"chain_id\":\"test\"", "\"chain_id\":\"best\""), check),
              "light.header");
    EXPECT_EQ(fault(replaced(honest, "\"total\":1", "\"total\":2"), check), "light.block_id");
    EXPECT_EQ(fault(replaced(honest, "BwcH", "BwcI"), check), "light.last_commit");
    EXPECT_EQ(fault("{}", check), "light.answer");
    EXPECT_EQ(fault(R"({"block":{}})", check), "light.answer");
    const auto of_next = [&](const wire::JsonValue& answer) { return check_block(answer, next); };
    EXPECT_EQ(fault(honest, of_next), "light.header");
}

TEST_F(LightAnswersTest, ResultsAreThoseOfTheNextHeader) {
    wire::JsonWriter writer;
    abci::write_block_results(writer, 7, results);
    const std::string honest = writer.take();
    const auto check = [&](const wire::JsonValue& answer) { return check_results(answer, next); };
    EXPECT_EQ(fault(honest, check), "");
    EXPECT_EQ(fault(replaced(honest, "\"code\":3", "\"code\":0"), check), "light.results");
    EXPECT_EQ(fault(R"({"txs_results":null})", check), "light.results");
    EXPECT_EQ(fault(R"({"txs_results":5})", check), "light.answer");
}

TEST_F(LightAnswersTest, ParametersHaveTheHashOfTheHeader) {
    const std::string honest =
        R"({"consensus_params":)" + types::to_json(types::ConsensusParams::defaults()) + '}';
    const auto check = [&](const wire::JsonValue& answer) { return check_params(answer, trusted); };
    EXPECT_EQ(fault(honest, check), "");
    EXPECT_EQ(fault(replaced(honest, "\"max_gas\":\"-1\"", "\"max_gas\":\"5\""), check),
              "light.consensus_params");
}

TEST_F(LightAnswersTest, ATransactionIsOfTheBlock) {
    const auto check = [&](const wire::JsonValue& answer) { return check_tx(answer, {}, trusted); };
    for (const std::size_t index : {std::size_t{0}, std::size_t{1}})
        EXPECT_EQ(fault(tx_answer(index), check), "");
    EXPECT_EQ(fault(replaced(tx_answer(0), "\"index\":0", "\"index\":1"), check),
              "light.place of a transaction");
    EXPECT_EQ(fault(replaced(tx_answer(0), "AQID", "AQIE"), check), "light.transaction");
    const auto other = types::hash_of_tx(txs[1]);
    const auto check_other = [&](const wire::JsonValue& answer) {
        return check_tx(answer, base::view(other), trusted);
    };
    EXPECT_EQ(fault(tx_answer(0), check_other), "light.transaction");
    EXPECT_EQ(fault(tx_answer(1), check_other), "");
    const std::string text = tx_answer(0);
    const std::string less = without_proof(*wire::parse_json(text));
    const auto parsed = wire::parse_json(less);
    ASSERT_TRUE(parsed);
    EXPECT_FALSE(member(*parsed, "proof"));
    EXPECT_EQ(integer_at(*parsed, {"height"}), 7);
}

TEST_F(LightAnswersTest, AQueryIsProvedByTheNextHeader) {
    const base::Bytes key = {'k'}, value = {'v'};
    const auto digest = crypto::sha256(value);
    const auto leaf = types::value_leaf(key, digest);
    crypto::MerkleProof proof;
    proof.total = 1;
    const auto leaf_hash = crypto::leaf_hash(leaf);
    proof.leaf_hash.assign(leaf_hash.begin(), leaf_hash.end());
    abci::ResponseQuery response;
    response.key = key;
    response.value = value;
    response.height = 7;
    const auto answer = [&] {
        wire::JsonWriter writer;
        writer.begin_object().name("response");
        abci::write_json(writer, response);
        writer.end_object();
        return writer.take();
    };
    const auto read = [](const std::string& text) { return read_query(*wire::parse_json(text)); };
    EXPECT_EQ(read(answer()).error().why, "no proof ops");
    response.proof_ops.emplace().ops.push_back(types::make_value_op(key, proof));
    auto query = read(answer());
    ASSERT_TRUE(query) << query.error().why;
    EXPECT_EQ(query->height, 7);
    types::Header after = *next.signed_header->header;
    after.app_hash.assign(leaf_hash.begin(), leaf_hash.end());
    trust(next, after);
    EXPECT_TRUE(check_query(*query, "", next));
    EXPECT_TRUE(check_query(*query, "/k", next));
    EXPECT_FALSE(check_query(*query, "/l", next));
    query->value = {'w'};
    EXPECT_FALSE(check_query(*query, "", next));
    query->value = value;
    query->key = {'l'};
    EXPECT_EQ(check_query(*query, "", next).error().check, "light.query");
    response.code = 4;
    EXPECT_NE(read(answer()).error().why.find("code 4"), std::string::npos);
}

}  // namespace
}  // namespace tandem::rpc::light
