#include "seats/app_hash.h"

#include "crypto/merkle.h"
#include "types/hashing.h"
#include "types/part_set.h"

namespace tandem::seats {
namespace {

using types::Bytes;
using types::BytesView;

/// Data of a "simple:v" operator.
struct ValueOp {
    Bytes key;
    base::Box<crypto::MerkleProof> proof;
};

}  // namespace
}  // namespace tandem::seats

namespace tandem::wire {

template <>
struct Described<seats::ValueOp> {
    static constexpr std::string_view name = "ValueOp";
    static constexpr auto fields = std::tuple{field<1>("key", &seats::ValueOp::key),
                                              field<2>("proof", &seats::ValueOp::proof)};
};

}  // namespace tandem::wire

namespace tandem::seats {
namespace {

/// One leaf: the key and the SHA-256 of the value, each behind its length as a varint.
Bytes leaf(std::string_view key, BytesView value) {
    const crypto::Digest hash = crypto::sha256(value);
    Bytes bytes(1 + key.size() + 1 + hash.size());
    static_assert(seats_leaf_key.size() < 0x80);  // one byte of length
    wire::BackwardWriter writer(bytes);
    writer.write_bytes(hash);
    writer.write_bytes(base::as_bytes(key));
    return bytes;
}

crypto::MerkleProofs prove(BytesView application_hash, BytesView seats_hash) {
    const Bytes app = leaf(app_leaf_key, application_hash);
    const Bytes seats = leaf(seats_leaf_key, seats_hash);
    static_assert(app_leaf_key < seats_leaf_key);  // leaves stand in the order of their keys
    return crypto::merkle_proofs(std::array<BytesView, 2>{app, seats});
}

types::ProofOp value_op(std::string_view key, crypto::MerkleProof proof) {
    const Bytes key_bytes = base::to_bytes(base::as_bytes(key));
    return {"simple:v", key_bytes, wire::encode(ValueOp{key_bytes, std::move(proof)})};
}

}  // namespace

types::Hash engine_app_hash(BytesView application_hash, BytesView seats_hash) {
    return types::to_hash(prove(application_hash, seats_hash).root);
}

types::ProofOp app_proof_op(BytesView application_hash, BytesView seats_hash) {
    return value_op(app_leaf_key, std::move(prove(application_hash, seats_hash).proofs[0]));
}

types::ProofOp seats_proof_op(BytesView application_hash, BytesView seats_hash) {
    return value_op(seats_leaf_key, std::move(prove(application_hash, seats_hash).proofs[1]));
}

}  // namespace tandem::seats
