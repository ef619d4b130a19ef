// Held byte for byte against what a node of CometBFT answered and published about its chain.
#include "abci/json.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tandem::abci {
namespace {

using wire::JsonKind;
using wire::JsonValue;

std::ifstream open_vectors(const std::string& path) {
    std::ifstream file(std::string(TANDEM_VECTORS_DIR) + "/net/" + path);
    if (!file) throw std::runtime_error("no vectors at " + path);
    return file;
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

std::int64_t quoted_number(std::string_view raw) {
    return std::stoll(std::string(raw.substr(1)));
}

/// What the application answered to each block of the chain of the vectors.
std::map<std::int64_t, ResponseFinalizeBlock> chain_responses() {
    std::map<std::int64_t, ResponseFinalizeBlock> out;
    std::string line;
    for (auto file = open_vectors("chain-main.jsonl"); std::getline(file, line);) {
        const auto json = nlohmann::json::parse(line);
        const auto bytes =
            base::from_hex(json.at("finalize_block_response").get<std::string>()).value();
        out[std::stoll(json.at("height").get<std::string>())] =
            wire::decode<ResponseFinalizeBlock>(bytes).value();
    }
    return out;
}

/// All texts that the node sent.
std::vector<std::string> node_texts() {
    std::vector<std::string> out;
    const auto answers = nlohmann::json::parse(open_vectors("rpc-http.json"));
    for (const auto& answer : answers.at("cases")) {
        const auto& node = answer.at("out");
        if (node.is_object() && node.contains("body") && node.at("body").is_string())
            out.push_back(node.at("body").get<std::string>());
    }
    const auto connections = nlohmann::json::parse(open_vectors("rpc-websocket.json"));
    for (const auto& connection : connections.at("cases"))
        for (const auto& frame : connection.at("out").at("frames"))
            out.push_back(frame.at("text").get<std::string>());
    return out;
}

template <typename T>
std::string written(const T& value) {
    wire::JsonWriter writer;
    write_json(writer, value);
    return writer.take();
}

TEST(AbciJson, ShowsResultsOfBlocks) {
    const auto chain = chain_responses();
    std::size_t count = 0;
    for (const std::string& text : node_texts()) {
        if (raw_at(text, "result.txs_results").empty()) continue;
        const std::int64_t height = quoted_number(raw_at(text, "result.height"));
        wire::JsonWriter writer;
        write_block_results(writer, height, chain.at(height));
        EXPECT_EQ(writer.take(), raw_at(text, "result"));
        ++count;
    }
    EXPECT_GE(count, 5U);
}

TEST(AbciJson, ShowsEventsOfBlocks) {
    const auto chain = chain_responses();
    std::size_t count = 0;
    for (const std::string& text : node_texts()) {
        const auto raw = raw_at(text, "result.data.value.result_finalize_block");
        if (raw.empty()) continue;
        const std::int64_t height =
            quoted_number(raw_at(text, "result.data.value.block.header.height"));
        EXPECT_EQ(written(chain.at(height)), raw);
        ++count;
    }
    EXPECT_GE(count, 3U);
}

TEST(AbciJson, ShowsEventsOfTransactions) {
    const auto chain = chain_responses();
    std::size_t count = 0;
    for (const std::string& text : node_texts()) {
        const auto raw = raw_at(text, "result.data.value.TxResult");
        if (raw.empty()) continue;
        TxResult result;
        result.height = quoted_number(raw_at(raw, "height"));
        const auto index = raw_at(raw, "index");
        result.index =
            static_cast<std::uint32_t>(index.empty() ? 0 : std::stoul(std::string(index)));
        result.tx = base::from_base64(wire::parse_json(raw_at(raw, "tx"))->string()).value();
        result.result = chain.at(result.height).tx_results.at(result.index);
        EXPECT_EQ(written(result), raw);
        ++count;
    }
    EXPECT_GE(count, 3U);
}

TEST(AbciJson, WritesChecksOfTransactionsWithAllFields) {
    ResponseCheckTx response;
    response.gas_wanted = 1;
    EXPECT_EQ(written(response), R"({"code":0,"data":null,"log":"","info":"","gas_wanted":"1",)"
                                 R"("gas_used":"0","events":[],"codespace":""})");
    response.events = {{"", {}}};
    response.data = {1};
    EXPECT_EQ(written(response), R"({"code":0,"data":"AQ==","log":"","info":"","gas_wanted":"1",)"
                                 R"("gas_used":"0","events":[{"type":"","attributes":[]}],)"
                                 R"("codespace":""})");
}

TEST(AbciJson, WritesQueries) {
    ResponseQuery response;
    response.log = "does not exist";
    response.height = 150;
    EXPECT_EQ(written(response),
              R"({"code":0,"log":"does not exist","info":"","index":"0","key":null,"value":null,)"
              R"("proofOps":null,"height":"150","codespace":""})");
    response.proof_ops = types::ProofOps{{{"simple:v", {1}, {}}}};
    EXPECT_TRUE(written(response).contains(
        R"("proofOps":{"ops":[{"type":"simple:v","key":"AQ==","data":null}]})"));
}

TEST(AbciJson, WritesPlainMessagesWithoutZeros) {
    EXPECT_EQ(written(ResponseInfo{}), "{}");
    EXPECT_EQ(written(ResponseInfo{"{\"size\":503}", "2.0.0", 1, 150, {0xee, 0x07}}),
              R"({"data":"{\"size\":503}","version":"2.0.0","app_version":"1",)"
              R"("last_block_height":"150","last_block_app_hash":"7gc="})");
    ValidatorUpdate update;
    update.pub_key = {crypto::KeyType::secp256k1, {1, 2, 3}};
    EXPECT_EQ(written(update),
              R"({"pub_key":{"Sum":{"type":"tendermint.crypto.PublicKey_Secp256K1",)"
              R"("value":{"secp256k1":"AQID"}}}})");
    EXPECT_EQ(written(ValidatorUpdate{{}, 5}), R"({"pub_key":{"Sum":null},"power":"5"})");
    ResponseFinalizeBlock response;
    EXPECT_EQ(written(response), R"({"validator_updates":[]})");
    response.events = {{"e", {}}, {"", {{"k", "v", false}}}};
    response.consensus_param_updates = types::ConsensusParamsMessage{};
    EXPECT_EQ(written(response),
              R"({"events":[{"type":"e"},{"attributes":[{"key":"k","value":"v","index":false}]}],)"
              R"("validator_updates":[],"consensus_param_updates":{}})");
    EXPECT_EQ(written(std::span<const Event>()), "null");
    EXPECT_EQ(written(TxResult{}), R"({"result":{}})");
}

}  // namespace
}  // namespace tandem::abci
