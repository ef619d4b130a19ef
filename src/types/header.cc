#include "types/header.h"

#include <fmt/format.h>

#include "crypto/merkle.h"
#include "types/hashing.h"

namespace tandem::types {
namespace {

/// Field 1 of a StringValue or BytesValue; an empty value makes an empty leaf (trap 6).
Bytes wrapped(BytesView value) {
    if (value.empty()) return {};
    Bytes out(wire::MemberCodec<BytesView>::size(1, value));
    wire::BackwardWriter writer(out);
    wire::MemberCodec<BytesView>::write(writer, 1, value);
    return out;
}

Bytes wrapped(std::int64_t value) {
    Bytes out(wire::FieldCodec<std::int64_t>::size(1, value));
    wire::BackwardWriter writer(out);
    wire::FieldCodec<std::int64_t>::write(writer, 1, value);
    return out;
}

}  // namespace

Hash hash_of(const Header& header) {
    if (header.validators_hash.empty()) return {};
    crypto::MerkleRoot root;
    root.add(wire::encode(header.version));
    root.add(wrapped(base::as_bytes(header.chain_id)));
    root.add(wrapped(header.height));
    root.add(wire::encode(header.time));
    root.add(wire::encode(header.last_block_id));
    for (const BytesView value : std::initializer_list<BytesView>{
             header.last_commit_hash, header.data_hash, header.validators_hash,
             header.next_validators_hash, header.consensus_hash, header.app_hash,
             header.last_results_hash, header.evidence_hash, header.proposer_address})
        root.add(wrapped(value));
    return to_hash(root.root());
}

Verdict check_decoded(const Header& header) {
    return validate_basic(header);
}

Verdict validate_basic(const Header& header) {
    if (header.version.block != block_protocol)
        return refuse("version.block", fmt::format("{} is not the block protocol {}",
                                                   header.version.block, block_protocol));
    if (header.chain_id.size() > chain_id_bytes_max)
        return refuse("chain_id", fmt::format("has {} bytes, more than {}", header.chain_id.size(),
                                              chain_id_bytes_max));
    if (header.height <= 0)
        return refuse("height", fmt::format("{} is not positive", header.height));
    TANDEM_TRY(within("last_block_id", validate_basic(header.last_block_id)));
    TANDEM_TRY(validate_hash("last_commit_hash", header.last_commit_hash));
    TANDEM_TRY(validate_hash("data_hash", header.data_hash));
    TANDEM_TRY(validate_hash("evidence_hash", header.evidence_hash));
    if (header.proposer_address.size() != address_bytes)
        return refuse("proposer_address",
                      fmt::format("has {} bytes instead of {}", header.proposer_address.size(),
                                  address_bytes));
    TANDEM_TRY(validate_hash("validators_hash", header.validators_hash));
    TANDEM_TRY(validate_hash("next_validators_hash", header.next_validators_hash));
    TANDEM_TRY(validate_hash("consensus_hash", header.consensus_hash));
    return validate_hash("last_results_hash", header.last_results_hash);
}

}  // namespace tandem::types
