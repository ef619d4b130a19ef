// ed25519, other_keys, merkle: keys, signatures, trees and proofs.
#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "crypto/public_key.h"
#include "tests/vectors_program/convert.h"
#include "tests/vectors_program/verify_support.h"
#include "types/part_set.h"
#include "types/proof_ops.h"

namespace tandem::vectors {
namespace {

using base::Bytes;

crypto::PublicKey key_from(crypto::KeyType type, const Json& json) {
    const Bytes bytes = bytes_from(json);
    return {type, {bytes.begin(), bytes.end()}};
}

// ---- ed25519

void sign_ed25519(Case& c) {
    const auto key = crypto::Ed25519PrivateKey::from_seed(bytes_from(c.in().at("seed")));
    c.expect("pub_key", hex(key.public_key()));
    c.expect("priv_key", hex(key.bytes()));
    c.expect("signature", hex(key.sign(bytes_from(c.in().at("message")))));
    const auto bytes = key.public_key();
    c.expect("address",
             hex(crypto::address({crypto::KeyType::ed25519, {bytes.begin(), bytes.end()}})));
}

void verify_ed25519(Case& c) {
    const Bytes key = bytes_from(c.in().at("pub_key"));
    const Bytes message = bytes_from(c.in().at("message"));
    const Bytes signature = bytes_from(c.in().at("signature"));
    c.expect("ok", crypto::ed25519_verify(key, message, signature));
    crypto::Ed25519Batch batch;
    const bool alone = batch.add(key, message, signature) && batch.verify().all;
    if (c.out().contains("batch")) c.expect("batch", alone);
    if (alone != crypto::ed25519_verify(key, message, signature))
        c.fail("batch against single", "equal", "different");
}

void batch_ed25519(Case& c) {
    crypto::Ed25519Batch batch;
    bool add_error = false;
    if (!c.in().at("entries").is_null())
        for (const Json& entry : c.in().at("entries"))
            add_error = !batch.add(bytes_from(entry.at("pub_key")), bytes_from(entry.at("message")),
                                   bytes_from(entry.at("signature"))) ||
                        add_error;
    c.expect("add_error", add_error);
    if (add_error) return c.expect("ok", false);
    const auto outcome = batch.verify();
    c.expect("ok", outcome.all);
    if (!c.out().at("each").is_null()) c.expect("each", Json(outcome.each));
}

void run_ed25519(Case& c) {
    if (c.kind() == "sign") return sign_ed25519(c);
    if (c.kind() == "verify") return verify_ed25519(c);
    if (c.kind() == "batch") return batch_ed25519(c);
    c.unknown(c.kind());
}

// ---- other_keys

void run_other_keys(Case& c) {
    const auto type = crypto::key_type_from_name(c.in().at("key_type").get<std::string>());
    if (!type) return c.unknown("key type " + c.in().at("key_type").dump());
    if (!crypto::can_verify(*type)) {
        // What needs no signature is judged all the same.
        if (c.kind() == "sign") {
            const auto key = key_from(*type, c.out().at("pub_key"));
            c.expect("address", hex(crypto::address(key)));
            if (key.bytes.size() != crypto::public_key_size(*type))
                c.fail("pub_key", std::to_string(crypto::public_key_size(*type)),
                       std::to_string(key.bytes.size()));
        }
        return c.pending(std::string(no_ml_dsa));
    }
    const Bytes message = bytes_from(c.in().at("message"));
    if (c.kind() == "verify") {
        const auto key = key_from(*type, c.in().at("pub_key"));
        return c.expect("ok", crypto::verify(key, message, bytes_from(c.in().at("signature"))));
    }
    if (c.kind() != "sign") return c.unknown(c.kind());
    const auto key = crypto::PrivateKey::from_bytes(*type, bytes_from(c.in().at("priv_key")));
    if (!key) return c.fail("priv_key", "a key", key.error().why);
    c.expect("pub_key", hex(key->public_key().bytes));
    c.expect("address", hex(crypto::address(key->public_key())));
    c.expect("signature", hex(key->sign(message)));
}

// ---- merkle

void expect_ok(Case& c, const std::string& member, bool ok) {
    c.expect_at(c.out().at(member), "ok", ok, member + ".");
}

void run_tree(Case& c) {
    std::vector<Bytes> items;
    for (const Json& item : c.in().at("items")) items.push_back(bytes_from(item));
    const std::vector<base::BytesView> views(items.begin(), items.end());
    c.expect("root", hex(crypto::merkle_root(views)));
    const auto made = crypto::merkle_proofs(views);
    c.expect("root", hex(made.root));
    for (const Json& expected : c.out().at("proofs")) {
        const auto proof = message_from<crypto::MerkleProof>(expected);
        const auto index = static_cast<std::size_t>(proof.index);
        if (index >= made.proofs.size() || made.proofs[index] != proof)
            c.fail("proof " + std::to_string(index), expected.dump(), "another");
    }
}

void run_proof(Case& c) {
    const auto proof = message_from<crypto::MerkleProof>(c.in().at("proof"));
    expect_ok(c, "validate_basic", crypto::validate_basic(proof).has_value());
    expect_ok(c, "verify",
              crypto::verify(proof, bytes_from(c.in().at("root")), bytes_from(c.in().at("leaf")))
                  .has_value());
}

void run_tx_proof(Case& c) {
    const auto proof = message_from<types::TxProof>(c.in().at("tx_proof"));
    c.expect("encoded", hex(wire::encode(proof)));
    expect_ok(c, "validate",
              types::validate(proof, bytes_from(c.in().at("data_hash"))).has_value());
}

void run_value_op(Case& c) {
    const auto ops = message_from<types::ProofOps>(c.in().at("ops"));
    c.expect("encoded", hex(wire::encode(ops)));
    expect_ok(c, "verify",
              types::verify_value(ops, bytes_from(c.in().at("root")),
                                  string_from(c.in().at("keypath")), bytes_from(c.in().at("value")))
                  .has_value());
}

void run_value_op_alone(Case& c) {
    std::vector<Bytes> arguments;
    for (const Json& argument : c.in().at("args")) arguments.push_back(bytes_from(argument));
    const auto root =
        types::run_value_op(bytes_from(c.in().at("key")),
                            message_from<crypto::MerkleProof>(c.in().at("proof")), arguments);
    c.expect("ok", root.has_value());
    c.expect("result", root ? Json::array({hex(*root)}) : Json::array());
}

void run_key_path(Case& c) {
    const auto keys = types::parse_key_path(string_from(c.in().at("path")));
    c.expect("ok", keys.has_value());
    Json got = Json::array();
    if (keys)
        for (const Bytes& key : *keys) got.push_back(hex(key));
    c.expect("keys", got);
}

void run_merkle(Case& c) {
    const std::string kind = c.kind();
    if (kind == "tree") return run_tree(c);
    if (kind == "verify") return run_proof(c);
    if (kind == "tx_proof") return run_tx_proof(c);
    if (kind == "value_op") return run_value_op(c);
    if (kind == "value_op_run") return run_value_op_alone(c);
    if (kind == "key_path") return run_key_path(c);
    c.unknown(kind);
}

const RegisterTopic ed25519_topic("ed25519", run_ed25519);
const RegisterTopic other_keys_topic("other_keys", run_other_keys);
const RegisterTopic merkle_topic("merkle", run_merkle);

}  // namespace
}  // namespace tandem::vectors
