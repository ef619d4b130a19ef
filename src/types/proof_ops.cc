#include "types/proof_ops.h"

#include "types/part_set.h"

namespace tandem::types {
namespace {

constexpr std::string_view value_op_type = "simple:v";

/// What the data of operator "simple:v" holds.
struct ValueOp {
    Bytes key;  // not used: the operator's own key counts
    base::Box<crypto::MerkleProof> proof;
};

}  // namespace
}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::ValueOp> {
    static constexpr std::string_view name = "ValueOp";
    static constexpr auto fields = std::tuple{field<1>("key", &types::ValueOp::key),
                                              field<2>("proof", &types::ValueOp::proof)};
};

}  // namespace tandem::wire

namespace tandem::types {
namespace {

Result<Bytes> unescape(std::string_view part) {
    Bytes out;
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (part[i] != '%') {
            out.push_back(static_cast<std::uint8_t>(part[i]));
            continue;
        }
        const auto byte = base::from_hex(part.substr(i + 1, 2));
        if (!byte || byte->size() != 1)
            return refuse("key_path.escape",
                          "\"" + std::string(part.substr(i, 3)) +
                              "\" is no escape; '%' needs two hexadecimal digits behind it");
        out.push_back(byte->front());
        i += 2;
    }
    return out;
}

void append_delimited(Bytes& out, BytesView bytes) {
    std::size_t rest = bytes.size();
    for (; rest >= 0x80; rest >>= 7) out.push_back(static_cast<std::uint8_t>(rest | 0x80));
    out.push_back(static_cast<std::uint8_t>(rest));
    base::append(out, bytes);
}

Result<crypto::MerkleProof> decode_operator(const ProofOp& op) {
    if (op.type != value_op_type)
        return refuse("proof_op.type", "there is no proof operator \"" + op.type + "\"");
    const auto decoded = wire::decode<ValueOp>(op.data);
    if (!decoded) return std::unexpected(decoded.error().to_refusal());
    if (!decoded->proof) return refuse("proof_op.proof", "the operator holds no proof");
    TANDEM_TRY(within("proof_op", crypto::validate_basic(*decoded->proof)));
    return *decoded->proof;
}

}  // namespace

Result<std::vector<Bytes>> parse_key_path(std::string_view path) {
    if (!path.starts_with('/')) return refuse("key_path.slash", "a key path begins with '/'");
    std::vector<Bytes> keys;
    for (std::size_t begin = 1; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view part = path.substr(begin, end - begin);
        if (part.starts_with("x:")) {
            auto key = base::from_hex(part.substr(2));
            if (!key)
                return refuse("key_path.hex", "\"" + std::string(part) +
                                                  "\" is not made of pairs of hexadecimal digits");
            keys.push_back(std::move(*key));
        } else {
            Result<Bytes> key = unescape(part);
            if (!key) return std::unexpected(std::move(key).error());
            keys.push_back(std::move(*key));
        }
        begin = end + 1;
    }
    return keys;
}

Result<crypto::Digest> run_value_op(BytesView key, const crypto::MerkleProof& proof,
                                    std::span<const Bytes> arguments) {
    if (arguments.size() != 1)
        return refuse("proof_op.arguments",
                      "wants one argument, not " + std::to_string(arguments.size()));
    const Bytes leaf = value_leaf(key, crypto::sha256(arguments[0]));
    if (!base::equal(base::view(proof.leaf_hash), crypto::leaf_hash(leaf)))
        return refuse("proof_op.leaf_hash", "the proof is about another key or value");
    return crypto::compute_root(proof);
}

Bytes value_leaf(BytesView key, const crypto::Digest& value_hash) {
    Bytes leaf;
    append_delimited(leaf, key);
    append_delimited(leaf, value_hash);
    return leaf;
}

ProofOp make_value_op(BytesView key, const crypto::MerkleProof& proof) {
    return {std::string(value_op_type), base::to_bytes(key),
            wire::encode(ValueOp{base::to_bytes(key), proof})};
}

Verdict verify_value(const ProofOps& proof, BytesView root, std::string_view key_path,
                     BytesView value) {
    std::vector<crypto::MerkleProof> proofs;
    for (const ProofOp& op : proof.ops) {
        Result<crypto::MerkleProof> decoded = decode_operator(op);
        if (!decoded) return std::unexpected(std::move(decoded).error());
        proofs.push_back(std::move(*decoded));
    }
    Result<std::vector<Bytes>> keys = parse_key_path(key_path);
    if (!keys) return std::unexpected(std::move(keys).error());

    Bytes argument = base::to_bytes(value);
    for (std::size_t i = 0; i < proofs.size(); ++i) {
        const Bytes& key = proof.ops[i].key;
        if (!key.empty()) {
            if (keys->empty() || keys->back() != key)
                return refuse("proof_op.key", "operator " + std::to_string(i) +
                                                  " is about another key than the path");
            keys->pop_back();
        }
        const Result<crypto::Digest> result = run_value_op(key, proofs[i], {&argument, 1});
        if (!result) return std::unexpected(result.error());
        argument.assign(result->begin(), result->end());
    }
    if (!base::equal(argument, root))
        return refuse("proof_ops.root", "leads to root " + base::to_hex(argument) + " instead of " +
                                            base::to_hex(root));
    if (!keys->empty()) return refuse("proof_ops.key_path", "the chain ends before the key path");
    return {};
}

}  // namespace tandem::types
