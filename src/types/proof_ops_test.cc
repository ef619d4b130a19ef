#include "types/proof_ops.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "types/part_set.h"

namespace tandem::types {
namespace {

using nlohmann::json;

std::string text(const json& value) {
    return value.get<std::string>();
}

Bytes bytes_of(const json& value) {
    return base::from_hex(text(value)).value();
}

base::SmallBytes<32> small(const json& value) {
    const Bytes bytes = bytes_of(value);
    return {bytes.begin(), bytes.end()};
}

crypto::MerkleProof proof_of(const json& value) {
    crypto::MerkleProof proof{std::stoll(text(value.at("total"))),
                              std::stoll(text(value.at("index"))),
                              small(value.at("leaf_hash")),
                              {}};
    for (const json& aunt : value.at("aunts")) proof.aunts.push_back(small(aunt));
    return proof;
}

ProofOps ops_of(const json& value) {
    ProofOps proof;
    for (const json& op : value.at("ops"))
        proof.ops.push_back({text(op.at("type")), bytes_of(op.at("key")), bytes_of(op.at("data"))});
    return proof;
}

void expect_key_path(const json& in, const json& out) {
    const auto keys = parse_key_path(text(in.at("path")));
    ASSERT_EQ(keys.has_value(), out.at("ok").get<bool>());
    if (!keys) return;
    std::vector<std::string> written;
    for (const Bytes& key : *keys) written.push_back(base::to_hex(key));
    EXPECT_EQ(written, out.at("keys").get<std::vector<std::string>>());
}

void expect_run(const json& in, const json& out) {
    std::vector<Bytes> arguments;
    for (const json& argument : in.at("args")) arguments.push_back(bytes_of(argument));
    const auto result = run_value_op(bytes_of(in.at("key")), proof_of(in.at("proof")), arguments);
    ASSERT_EQ(result.has_value(), out.at("ok").get<bool>());
    if (!result) return;
    EXPECT_EQ(base::to_hex(*result), text(out.at("result").at(0)));
}

void expect_chain(const json& in, const json& out) {
    const ProofOps proof = ops_of(in.at("ops"));
    EXPECT_EQ(base::to_hex(wire::encode(proof)), text(out.at("encoded")));
    EXPECT_EQ(verify_value(proof, bytes_of(in.at("root")), text(in.at("keypath")),
                           bytes_of(in.at("value")))
                  .has_value(),
              out.at("verify").at("ok").get<bool>());
}

void expect_tx_proof(const json& in, const json& out) {
    const json& value = in.at("tx_proof");
    const TxProof proof{bytes_of(value.at("root_hash")), bytes_of(value.at("data")),
                        proof_of(value.at("proof"))};
    EXPECT_EQ(base::to_hex(wire::encode(proof)), text(out.at("encoded")));
    EXPECT_EQ(validate(proof, bytes_of(in.at("data_hash"))).has_value(),
              out.at("validate").at("ok").get<bool>());
}

TEST(ProofOps, GoldenVectors) {
    std::ifstream file(TANDEM_VECTORS_DIR "/types/merkle.json");
    ASSERT_TRUE(file) << "no vectors";
    std::map<std::string, int> checked;
    const json all = json::parse(file);
    for (const json& one : all.at("cases")) {
        SCOPED_TRACE(text(one.at("name")));
        const std::string kind = text(one.at("in").at("kind"));
        ++checked[kind];
        if (kind == "key_path") expect_key_path(one.at("in"), one.at("out"));
        if (kind == "value_op_run") expect_run(one.at("in"), one.at("out"));
        if (kind == "value_op") expect_chain(one.at("in"), one.at("out"));
        if (kind == "tx_proof") expect_tx_proof(one.at("in"), one.at("out"));
    }
    for (const char* kind : {"key_path", "value_op_run", "value_op", "tx_proof"})
        EXPECT_GT(checked[kind], 0) << kind;
}

/// A chain of one operator over a tree of one leaf, and the root it leads to.
std::pair<ProofOps, Bytes> chain_of_one(const Bytes& value, crypto::MerkleProof proof) {
    Bytes leaf = {1, 'k', 32};
    base::append(leaf, crypto::sha256(value));
    const crypto::Digest root = crypto::leaf_hash(leaf);
    proof.leaf_hash.assign(root.begin(), root.end());
    Bytes data = {0x12};  // member 2, a Proof, with its length
    const Bytes encoded = wire::encode_delimited(proof);
    base::append(data, encoded);
    return {{{{"simple:v", {'k'}, data}}}, base::to_bytes(root)};
}

TEST(ProofOps, NamesTheCheckThatRefusedIt) {
    const Bytes value = {'v'};
    const auto [good, root] = chain_of_one(value, {1, 0, {}, {}});
    const auto check = [&hash = root](const ProofOps& proof, std::string_view path, BytesView of) {
        const Verdict verdict = verify_value(proof, hash, path, of);
        return verdict ? std::string() : std::string(verdict.error().check);
    };
    EXPECT_EQ(check(good, "/k", value), "");
    EXPECT_EQ(check(good, "k", value), "key_path.slash");
    EXPECT_EQ(check(good, "/x:6", value), "key_path.hex");
    EXPECT_EQ(check(good, "/%6", value), "key_path.escape");
    EXPECT_EQ(check(good, "/l", value), "proof_op.key");
    EXPECT_EQ(check(good, "/store/k", value), "proof_ops.key_path");
    EXPECT_EQ(check(good, "/k", root), "proof_op.leaf_hash");
    EXPECT_EQ(check({}, "/k", value), "proof_ops.root");
    EXPECT_EQ(check({{{"iavl:v", {'k'}, {}}}}, "/k", value), "proof_op.type");
    EXPECT_EQ(check({{{"simple:v", {'k'}, {}}}}, "/k", value), "proof_op.proof");
    EXPECT_EQ(check(chain_of_one(value, {-1, 0, {}, {}}).first, "/k", value),
              "proof_op.proof.total");
    EXPECT_EQ(check(chain_of_one(value, {0, 0, {}, {}}).first, "/k", value), "proof.index");
}

TEST(ProofOps, KeyUnderTheWholePathIsUsedOnce) {
    const Bytes value = {'v'};
    auto [proof, root] = chain_of_one(value, {1, 0, {}, {}});
    proof.ops.push_back(proof.ops[0]);
    EXPECT_EQ(verify_value(proof, root, "/k", value).error().check, "proof_op.key");
}

}  // namespace
}  // namespace tandem::types
