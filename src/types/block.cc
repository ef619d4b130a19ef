#include "types/block.h"

#include <fmt/format.h>

#include "crypto/merkle.h"
#include "types/hashing.h"

namespace tandem::types {

Hash hash_of_tx(BytesView tx) {
    return to_hash(crypto::sha256(tx));
}

Hash hash_of(const Data& data) {
    crypto::MerkleRoot root;
    for (const BytesView tx : data.txs) root.add(crypto::sha256(tx));  // a double hash (trap 9)
    return to_hash(root.root());
}

void fill_header(Block& block) {
    Header& header = block.header;
    if (header.last_commit_hash.empty() && block.last_commit)
        header.last_commit_hash = hash_of(*block.last_commit);
    if (header.data_hash.empty()) header.data_hash = hash_of(block.data);
    if (header.evidence_hash.empty()) header.evidence_hash = hash_of(block.evidence);
}

Hash hash_of(Block& block) {
    if (!block.last_commit) return {};
    fill_header(block);
    return hash_of(block.header);
}

Verdict check_decoded(Block& block) {
    TANDEM_TRY(within("header", check_decoded(block.header)));
    TANDEM_TRY(within("evidence", check_decoded(block.evidence)));
    if (block.last_commit) TANDEM_TRY(within("last_commit", check_decoded(*block.last_commit)));
    return validate_basic(block);
}

Verdict validate_basic(const Block& block) {
    TANDEM_TRY(within("header", validate_basic(block.header)));
    if (!block.last_commit) return refuse("last_commit", "is missing");
    TANDEM_TRY(within("last_commit", validate_basic(*block.last_commit)));
    if (block.header.last_commit_hash != hash_of(*block.last_commit))
        return refuse("header.last_commit_hash", "is not the hash of the last commit");
    if (block.header.data_hash != hash_of(block.data))
        return refuse("header.data_hash", "is not the hash of the transactions");
    for (const Evidence& evidence : block.evidence.evidence)
        TANDEM_TRY(within("evidence", validate_basic(evidence)));
    if (block.header.evidence_hash != hash_of(block.evidence))
        return refuse("header.evidence_hash", "is not the hash of the evidence");
    return {};
}

Verdict check_decoded(const BlockMeta& meta) {
    TANDEM_TRY(within("block_id", validate_basic(meta.block_id)));
    return within("header", check_decoded(meta.header));
}

Verdict validate_basic(const BlockMeta& meta) {
    TANDEM_TRY(within("block_id", validate_basic(meta.block_id)));
    if (meta.block_id.hash != hash_of(meta.header))
        return refuse("block_id.hash", "is not the hash of the header");
    return {};
}

std::int64_t commit_bytes_max(std::int64_t validators) {
    return commit_overhead_bytes + commit_sig_bytes_max * validators;
}

Result<std::int64_t> data_bytes_max(std::int64_t block_bytes, std::int64_t evidence_bytes,
                                    std::int64_t validators) {
    const std::int64_t room = block_bytes - block_overhead_bytes - header_bytes_max -
                              commit_bytes_max(validators) - evidence_bytes;
    if (room < 0)
        return refuse("block.max_bytes",
                      fmt::format("a block of {} bytes has no room beside a commit of {} "
                                  "validators and {} bytes of evidence; {} more are needed",
                                  block_bytes, validators, evidence_bytes, -room));
    return room;
}

std::int64_t tx_bytes_in_data(std::size_t tx_bytes) {
    return static_cast<std::int64_t>(1 + wire::varint_size(tx_bytes) + tx_bytes);
}

}  // namespace tandem::types
