// sign_bytes, hashes, part_set, bit_array, params: what blocks and their parts are made of.
#include "abci/results.h"
#include "crypto/ed25519.h"
#include "tests/vectors_program/convert.h"
#include "types/block.h"
#include "types/json.h"
#include "types/params.h"
#include "types/part_set.h"
#include "types/validator_set.h"

namespace tandem::vectors {
namespace {

// ---- sign_bytes

void run_sign_bytes(Case& c) {
    const std::string chain_id = string_from(c.in().at("chain_id"));
    const std::string kind = c.kind();
    base::Bytes bytes;
    if (kind == "vote") {
        bytes = types::sign_bytes(chain_id, message_from<types::Vote>(c.in().at("vote")));
    } else if (kind == "vote_extension") {
        bytes = types::extension_sign_bytes(chain_id, message_from<types::Vote>(c.in().at("vote")));
    } else if (kind == "proposal") {
        bytes = types::sign_bytes(chain_id, message_from<types::Proposal>(c.in().at("proposal")));
    } else {
        return c.unknown(kind);
    }
    c.expect("sign_bytes", hex(bytes));
    const auto key = crypto::Ed25519PrivateKey::from_seed(bytes_from(c.in().at("priv_key_seed")));
    c.expect("signature", hex(key.sign(bytes)));
}

// ---- hashes

void hash_evidence(Case& c) {
    types::EvidenceList list;
    Json each = Json::array();
    for (const Json& evidence : c.in().at("evidence")) {
        list.evidence.push_back(message_from<types::Evidence>(evidence));
        each.push_back(hex(types::hash_of(list.evidence.back())));
    }
    c.expect("hash", hex(types::hash_of(list)));
    c.expect("hash_each", each);
    c.expect("byte_size", std::to_string(wire::encoded_size(list)));
}

void hash_data(Case& c) {
    types::Data data;
    member_from(c.in().at("txs"), data.txs);
    Json each = Json::array();
    for (const base::BytesView tx : data.txs) each.push_back(hex(types::hash_of_tx(tx)));
    c.expect("hash", hex(types::hash_of(data)));
    c.expect("tx_hashes", each);
}

void hash_block(Case& c) {
    auto block = message_from<types::Block>(c.in().at("block"));
    const types::Hash hash = types::hash_of(block);
    const base::Bytes encoded = wire::encode(block);
    c.expect("hash", hex(hash));
    c.expect("encoded", hex(encoded));
    c.expect("size", std::to_string(encoded.size()));
    c.expect("data_hash", hex(types::hash_of(block.data)));
    c.expect("last_commit_hash", hex(types::hash_of(*block.last_commit)));
    c.expect("evidence_hash", hex(types::hash_of(block.evidence)));
    expect_message(c, c.out(), "part_set_header", types::PartSet::split(encoded).header());
}

void hash_results(Case& c) {
    std::vector<abci::ExecTxResult> results;
    for (const Json& result : c.in().at("tx_results"))
        results.push_back(message_from<abci::ExecTxResult>(result));
    c.expect("hash", hex(abci::results_hash(results)));
}

void hash_validators(Case& c) {
    const auto message = message_from<types::ValidatorSetMessage>(c.in().at("validator_set"));
    const auto set = types::ValidatorSet::from_message(message);
    if (!set) return c.fail("validator_set", "a valid set", set.error().why);
    c.expect("hash", hex(set->hash()));
    c.expect("total_voting_power", std::to_string(set->total_voting_power()));
}

void run_hashes(Case& c) {
    const std::string kind = c.kind();
    if (kind == "header") {
        c.expect("hash", hex(types::hash_of(message_from<types::Header>(c.in().at("header")))));
    } else if (kind == "commit") {
        c.expect("hash", hex(types::hash_of(message_from<types::Commit>(c.in().at("commit")))));
    } else if (kind == "data") {
        hash_data(c);
    } else if (kind == "evidence_list") {
        hash_evidence(c);
    } else if (kind == "validator_set") {
        hash_validators(c);
    } else if (kind == "consensus_params") {
        const auto params = types::from_message(
            message_from<types::ConsensusParamsMessage>(c.in().at("consensus_params")));
        if (!params) return c.fail("consensus_params", "all parts", params.error().check);
        c.expect("hash", hex(types::hash_of(*params)));
    } else if (kind == "results") {
        hash_results(c);
    } else if (kind == "block") {
        hash_block(c);
    } else if (kind == "address") {
        const auto type = crypto::key_type_from_name(c.in().at("key_type").get<std::string>());
        if (!type) return c.unknown("key type " + c.in().at("key_type").dump());
        const base::Bytes key = bytes_from(c.in().at("pub_key"));
        c.expect("hash", hex(crypto::address({*type, {key.begin(), key.end()}})));
    } else {
        c.unknown(kind);
    }
}

// ---- part_set

/// Byte i of the endless pattern is (7i + 3) mod 256.
base::Bytes pattern(std::size_t from, std::size_t to) {
    base::Bytes bytes;
    bytes.reserve(to - from);
    for (std::size_t i = from; i < to; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 7 + 3));
    return bytes;
}

void split_parts(Case& c) {
    const base::Bytes data = c.in().contains("data_pattern")
                                 ? pattern(0, uint64_from(c.in().at("data_pattern")))
                                 : bytes_from(c.in().at("data"));
    const auto set = types::PartSet::split(
        data, static_cast<std::uint32_t>(uint64_from(c.in().at("part_size"))));
    expect_message(c, c.out(), "header", set.header());
    c.expect("byte_size", std::to_string(set.byte_size()));
    if (set.is_complete() && *set.assemble() != data)
        c.fail("assembled", "the data", "other bytes");
    const Json& parts = c.out().at("parts");
    const Json& proofs = c.out().at("proofs");
    if (parts.size() != set.total() || proofs.size() != set.total())
        return c.fail("parts", std::to_string(parts.size()), std::to_string(set.total()));
    for (std::uint32_t i = 0; i < set.total(); ++i) {
        const types::Part& part = *set.part(i);
        const std::string where = "part " + std::to_string(i) + " ";
        c.expect_at(parts[i], "size", part.bytes.size(), where);
        c.expect_at(parts[i], "encoded_sha256", hex(crypto::sha256(wire::encode(part))), where);
        if (message_from<crypto::MerkleProof>(proofs[i]) != part.proof)
            c.fail(where + "proof", proofs[i].dump(), hex(wire::encode(part.proof)));
    }
}

void add_parts(Case& c) {
    auto set = types::PartSet::expecting(message_from<types::PartSetHeader>(c.in().at("header")));
    const Json& steps = c.out().at("steps");
    std::size_t step = 0;
    for (const Json& json : c.in().at("parts")) {
        types::Part part;
        part.index = static_cast<std::uint32_t>(uint64_from(json.at("index")));
        part.proof = message_from<crypto::MerkleProof>(json.at("proof"));
        part.bytes = json.contains("bytes_pattern")
                         ? pattern(json.at("bytes_pattern")[0], json.at("bytes_pattern")[1])
                         : bytes_from(json.at("bytes"));
        const Json& expected = steps.at(step);
        const std::string where = "step " + std::to_string(step++) + " ";
        c.expect_at(expected.at("validate_basic"), "ok", types::validate_basic(part).has_value(),
                    where + "validate_basic.");
        const auto added = set.add(std::move(part));
        c.expect_at(expected.at("add_part"), "ok", added.has_value(), where + "add_part.");
        c.expect_at(expected.at("add_part"), "added", added.value_or(false), where + "add_part.");
        c.expect_at(expected, "count", set.count(), where);
        c.expect_at(expected, "byte_size", std::to_string(set.byte_size()), where);
        c.expect_at(expected, "complete", set.is_complete(), where);
    }
    if (step != steps.size()) c.fail("steps", std::to_string(steps.size()), std::to_string(step));
}

void run_part_set(Case& c) {
    if (c.kind() == "split") return split_parts(c);
    if (c.kind() == "add_part") return add_parts(c);
    c.unknown(c.kind());
}

// ---- bit_array

types::BitArray array_from(const Json& text) {
    const auto array = types::BitArray::from_text(text.get<std::string>());
    if (!array) throw BadVector("not a bit array: " + text.dump());
    return *array;
}

void combine_arrays(Case& c) {
    types::BitArray array = array_from(c.in().at("bits"));
    const std::string op = c.in().at("op").get<std::string>();
    const types::BitArray other =
        c.in().contains("other") ? array_from(c.in().at("other")) : types::BitArray();
    if (op == "or") {
        array = array.or_with(other);
    } else if (op == "and") {
        array = array.and_with(other);
    } else if (op == "sub") {
        array = array.without(other);
    } else if (op == "not") {
        array = array.inverted();
    } else if (op == "update") {
        array.update(other);
    } else {
        return c.unknown("op " + op);
    }
    c.expect("bits", array.to_text());
    c.expect("encoded", hex(wire::encode(array.to_message())));
}

void run_bit_array(Case& c) {
    const std::string kind = c.kind();
    if (kind == "encode") {
        const types::BitArray array = array_from(c.in().at("bits"));
        c.expect("bytes", hex(array.bytes()));
        c.expect("encoded", hex(wire::encode(array.to_message())));
        c.expect("is_empty", array.is_empty());
        c.expect("is_full", array.is_full());
        c.expect("json", types::bit_array_to_json(array));
    } else if (kind == "op") {
        combine_arrays(c);
    } else if (kind == "json") {
        const auto array = types::bit_array_from_json(c.in().at("json").get<std::string>());
        c.expect("ok", array.has_value());
        if (array) c.expect("bits", array->to_text());
    } else {
        c.unknown(kind);
    }
}

// ---- params

void run_params(Case& c) {
    const std::int64_t height = int64_from(c.in().at("height"));
    if (c.kind() == "extensions_enabled") {
        const types::AbciParams params{int64_from(c.in().at("enable_height"))};
        c.expect("ok", height >= 1);  // which extensions_enabled requires
        if (height >= 1) c.expect("enabled", params.extensions_enabled(height));
        return;
    }
    if (c.kind() != "update") return c.unknown(c.kind());
    const auto params =
        types::from_message(message_from<types::ConsensusParamsMessage>(c.in().at("params")));
    if (!params) return c.fail("params", "all parts", params.error().check);
    types::ConsensusParamsMessage update;
    if (!c.in().at("updates").is_null())
        update = message_from<types::ConsensusParamsMessage>(c.in().at("updates"));
    const types::ConsensusParams after = types::updated(*params, update);
    expect_message(c, c.out(), "params", types::to_message(after));
    c.expect("hash", hex(types::hash_of(after)));
    c.expect_at(c.out().at("validate_basic"), "ok", types::validate_basic(after).has_value(),
                "validate_basic.");
    c.expect_at(c.out().at("validate_update"), "ok",
                types::validate_update(*params, update, height).has_value(), "validate_update.");
}

const RegisterTopic sign_bytes_topic("sign_bytes", run_sign_bytes);
const RegisterTopic hashes_topic("hashes", run_hashes);
const RegisterTopic part_set_topic("part_set", run_part_set);
const RegisterTopic bit_array_topic("bit_array", run_bit_array);
const RegisterTopic params_topic("params", run_params);

}  // namespace
}  // namespace tandem::vectors
