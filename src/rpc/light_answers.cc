#include "rpc/light_answers.h"

#include <charconv>
#include <vector>

#include "abci/json.h"
#include "abci/results.h"
#include "types/block.h"
#include "types/json.h"
#include "types/params.h"
#include "types/part_set.h"
#include "wire/json_write.h"

namespace tandem::rpc::light {

using base::refuse;
using base::Result;
using base::Verdict;
using types::LightBlock;
using wire::JsonKind;
using wire::JsonValue;

namespace {

const types::Header& header_of(const LightBlock& block) {
    return *block.signed_header->header;
}

std::unexpected<base::Refusal> differs(const LightBlock& trusted, std::string_view what) {
    return refuse("light." + std::string(what),
                  "the primary shows another " + std::string(what) + " of block " +
                      std::to_string(header_of(trusted).height) + " than the verified header has");
}

template <typename T>
Result<T> typed_member(const JsonValue& answer, std::string_view name) {
    const auto found = member(answer, name);
    if (!found) return refuse("light.answer", "the answer has no " + std::string(name));
    return types::from_json<T>(found->raw());
}

Verdict check_header_value(const JsonValue& header, const LightBlock& trusted) {
    const auto read = types::from_json<types::Header>(header.raw());
    if (!read) return std::unexpected(read.error());
    if (types::hash_of(*read) != types::hash_of(header_of(trusted)))
        return differs(trusted, "header");
    return {};
}

Verdict check_block_id(const JsonValue& answer, const LightBlock& trusted) {
    const auto id = typed_member<types::BlockId>(answer, "block_id");
    if (!id) return std::unexpected(id.error());
    if (*id != trusted.signed_header->commit->block_id) return differs(trusted, "block_id");
    return {};
}

/// Elements of an array; none for null, nothing for anything else.
std::optional<std::vector<JsonValue>> list_of(const std::optional<JsonValue>& value) {
    std::vector<JsonValue> list;
    if (!value || value->is_null()) return list;
    if (value->kind() != JsonKind::array) return std::nullopt;
    for (const JsonValue& element : value->elements()) list.push_back(element);
    return list;
}

Verdict check_txs(const JsonValue& block, const LightBlock& trusted) {
    const auto data = member(block, "data");
    const auto list = data ? list_of(member(*data, "txs")) : std::nullopt;
    if (!list) return refuse("light.answer", "the block has no list of transactions");
    std::vector<base::Bytes> txs(list->size());
    wire::JsonReading reading;
    for (std::size_t i = 0; i < txs.size(); ++i)
        if ((*list)[i].is_null() || !wire::read_json_base64(reading, (*list)[i], txs[i]))
            return refuse("light.answer", "a transaction is no base64");
    if (types::hash_of(types::Data{wire::Txs::copy_of(txs)}) != header_of(trusted).data_hash)
        return differs(trusted, "transactions");
    return {};
}

}  // namespace

std::optional<JsonValue> member(const JsonValue& answer, std::string_view name) {
    if (answer.kind() != JsonKind::object) return std::nullopt;
    std::optional<JsonValue> found;  // the last one counts, as for every reader
    for (const auto& [key, value] : answer.members())
        if (key.string_is(name)) found = value;
    return found;
}

std::optional<std::int64_t> integer_at(const JsonValue& answer,
                                       std::initializer_list<std::string_view> path) {
    JsonValue value = answer;
    for (const std::string_view name : path) {
        const auto found = member(value, name);
        if (!found) return std::nullopt;
        value = *found;
    }
    if (value.kind() != JsonKind::string) return std::nullopt;
    const std::string_view digits = value.raw_string();
    std::int64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
    return number;
}

Verdict check_block(const JsonValue& answer, const LightBlock& trusted) {
    const auto block = member(answer, "block");
    if (!block || block->kind() != JsonKind::object)
        return refuse("light.answer", "the answer has no block");
    const auto header = member(*block, "header");
    if (!header) return refuse("light.answer", "the block has no header");
    TANDEM_TRY(check_header_value(*header, trusted));
    TANDEM_TRY(check_block_id(answer, trusted));
    TANDEM_TRY(check_txs(*block, trusted));
    const auto commit = typed_member<types::Commit>(*block, "last_commit");
    if (!commit) return std::unexpected(commit.error());
    if (types::hash_of(*commit) != header_of(trusted).last_commit_hash)
        return differs(trusted, "last_commit");
    // The hash covers signatures alone; what they are for stands in the header.
    if (header_of(trusted).height > 1 && commit->block_id != header_of(trusted).last_block_id)
        return differs(trusted, "last_commit");
    const auto evidence = typed_member<types::EvidenceList>(*block, "evidence");
    if (!evidence) return std::unexpected(evidence.error());
    if (types::hash_of(*evidence) != header_of(trusted).evidence_hash)
        return differs(trusted, "evidence");
    return {};
}

Verdict check_header(const JsonValue& answer, const LightBlock& trusted) {
    const auto header = member(answer, "header");
    if (!header) return refuse("light.answer", "the answer has no header");
    return check_header_value(*header, trusted);
}

Verdict check_meta(const JsonValue& meta, const LightBlock& trusted) {
    TANDEM_TRY(check_header(meta, trusted));
    return check_block_id(meta, trusted);
}

Verdict check_results(const JsonValue& answer, const LightBlock& next) {
    const auto list = list_of(member(answer, "txs_results"));
    if (!list) return refuse("light.answer", "the answer has no list of results");
    std::vector<abci::ExecTxResult> results;
    for (const JsonValue& element : *list) {
        auto result = abci::from_json<abci::ExecTxResult>(element);
        if (!result) return std::unexpected(result.error());
        results.push_back(std::move(*result));
    }
    if (abci::results_hash(results) != header_of(next).last_results_hash)
        return refuse("light.results", "the primary shows other results of block " +
                                           std::to_string(header_of(next).height - 1) +
                                           " than the header after it");
    return {};
}

Verdict check_params(const JsonValue& answer, const LightBlock& trusted) {
    const auto params = typed_member<types::ConsensusParams>(answer, "consensus_params");
    if (!params) return std::unexpected(params.error());
    if (types::hash_of(*params) != header_of(trusted).consensus_hash)
        return differs(trusted, "consensus_params");
    return {};
}

Verdict check_tx(const JsonValue& answer, base::BytesView hash, const LightBlock& trusted) {
    const auto proof = typed_member<types::TxProof>(answer, "proof");
    if (!proof) return std::unexpected(proof.error());
    if (!proof->proof) return refuse("light.answer", "the transaction has no proof");
    TANDEM_TRY(types::validate(*proof, header_of(trusted).data_hash));
    wire::JsonReading reading;
    base::Bytes tx, named;
    const auto tx_value = member(answer, "tx"), hash_value = member(answer, "hash");
    if (!tx_value || tx_value->is_null() || !wire::read_json_base64(reading, *tx_value, tx) ||
        !hash_value || hash_value->is_null() || !wire::read_json_hex(reading, *hash_value, named))
        return refuse("light.answer", "the answer has no transaction");
    const auto real = types::hash_of_tx(tx);
    if (tx != proof->data || !base::equal(named, real) ||
        (!hash.empty() && !base::equal(hash, real)))
        return differs(trusted, "transaction");
    const auto index = member(answer, "index");
    if (!index || index->raw() != std::to_string(proof->proof->index))
        return differs(trusted, "place of a transaction");
    return {};
}

std::string without_proof(const JsonValue& tx) {
    wire::JsonWriter writer;
    writer.begin_object();
    for (const auto& [name, value] : tx.members())
        if (!name.string_is("proof")) writer.name(name.string()).raw(value.raw());
    writer.end_object();
    return writer.take();
}

Result<QueryAnswer> read_query(const JsonValue& answer) {
    const auto response = member(answer, "response");
    if (!response) return refuse("light.answer", "the answer has no response");
    auto read = abci::from_json<abci::ResponseQuery>(*response);
    if (!read) return std::unexpected(read.error());
    if (read->code != 0)
        return refuse("light.query", "the application refuses the query with code " +
                                         std::to_string(read->code) + ": " + read->log);
    if (read->key.empty()) return refuse("light.query", "empty key");
    if (!read->proof_ops || read->proof_ops->ops.empty())
        return refuse("light.query", "no proof ops");
    if (read->height <= 0) return refuse("light.query", "zero or negative height");
    return QueryAnswer{read->height, std::move(read->key), std::move(read->value),
                       std::move(*read->proof_ops)};
}

Verdict check_query(const QueryAnswer& answer, std::string_view key_path, const LightBlock& next) {
    std::string path(key_path);
    if (path.empty()) {
        bool has_key = false;
        for (const types::ProofOp& op : answer.proof.ops) {
            if (op.key.empty()) continue;
            if (!has_key && op.key != answer.key)
                return refuse("light.query", "the proof is about another key than the answer");
            has_key = true;
            path.insert(0, "/x:" + base::to_hex(op.key));
        }
        if (!has_key) return refuse("light.query", "the proof names no key");
    }
    return types::verify_value(answer.proof, header_of(next).app_hash, path, answer.value);
}

}  // namespace tandem::rpc::light
