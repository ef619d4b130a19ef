// Chains of merkle proof operators, as an application's answer to a query carries them: each
// operator proves the root that the one before it computed.
//
// The only operator known here is "simple:v": its argument is the value under its key in a merkle
// tree whose leaves are key and hash of the value, each behind its length as a varint. A key path
// says under which keys the chain is to have passed, outermost first.
//
// Not here: operators of other trees (ics23, iavl), which belong to applications.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "crypto/merkle.h"
#include "types/basic.h"

namespace tandem::types {

struct ProofOp {
    std::string type;  // names the operator, for instance "simple:v"
    Bytes key;
    Bytes data;  // the operator's own encoding of its proof

    bool operator==(const ProofOp&) const = default;
};

struct ProofOps {
    std::vector<ProofOp> ops;  // from the value upward

    bool operator==(const ProofOps&) const = default;
};

/// The keys of a path: "/" before each, then its bytes with %XX escapes, or "x:" and hexadecimal
/// digits. "/store/x:6b31" has the keys "store" and "k1".
[[nodiscard]] Result<std::vector<Bytes>> parse_key_path(std::string_view path);

/// The root that operator "simple:v" computes for `key` from its arguments, of which it wants
/// exactly one: the value.
[[nodiscard]] Result<crypto::Digest> run_value_op(BytesView key, const crypto::MerkleProof& proof,
                                                  std::span<const Bytes> arguments);

/// Operator "simple:v" for the value under `key`, whose proof is about the leaf that value_leaf
/// makes of both.
[[nodiscard]] ProofOp make_value_op(BytesView key, const crypto::MerkleProof& proof);
/// The leaf of a tree of such values: key and hash of the value, each behind its length.
[[nodiscard]] Bytes value_leaf(BytesView key, const crypto::Digest& value_hash);

/// Whether the chain leads from `value` to `root` by way of all keys of `key_path`. An operator
/// without a key uses none of them.
[[nodiscard]] Verdict verify_value(const ProofOps& proof, BytesView root, std::string_view key_path,
                                   BytesView value);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::ProofOp> {
    static constexpr std::string_view name = "ProofOp";
    static constexpr auto fields =
        std::tuple{field<1>("type", &types::ProofOp::type), field<2>("key", &types::ProofOp::key),
                   field<3>("data", &types::ProofOp::data)};
};

template <>
struct Described<types::ProofOps> {
    static constexpr std::string_view name = "ProofOps";
    static constexpr auto fields = std::tuple{field<1>("ops", &types::ProofOps::ops)};
};

}  // namespace tandem::wire
