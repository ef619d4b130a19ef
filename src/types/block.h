// Blocks: a header, transactions, evidence, and the commit of the block before.
#pragma once
#include "types/evidence.h"
#include "wire/txs.h"

namespace tandem::types {

struct Data {
    wire::Txs txs;

    bool operator==(const Data&) const = default;
};

struct Block {
    Header header;
    Data data;
    EvidenceList evidence;
    base::Box<Commit> last_commit;  // an empty commit of height 0 in the first block

    bool operator==(const Block&) const = default;
};

/// What a store keeps of a block beside its parts, and RPC lists.
struct BlockMeta {
    BlockId block_id;
    std::int64_t block_size = 0;  // bytes of the encoded block
    Header header;
    std::int64_t num_txs = 0;

    bool operator==(const BlockMeta&) const = default;
};

/// Merkle root over the SHA-256 hashes of the transactions.
[[nodiscard]] Hash hash_of(const Data& data);
[[nodiscard]] Hash hash_of_tx(BytesView tx);

/// The header hash, after the hashes of the body that the header lacks have been filled in; empty
/// while there is no last commit.
[[nodiscard]] Hash hash_of(Block& block);
/// Fills last_commit_hash, data_hash and evidence_hash where they are empty.
void fill_header(Block& block);

/// Reading a block runs its basic validation as well.
[[nodiscard]] Verdict check_decoded(Block& block);
[[nodiscard]] Verdict validate_basic(const Block& block);
[[nodiscard]] Verdict check_decoded(const BlockMeta& meta);
[[nodiscard]] Verdict validate_basic(const BlockMeta& meta);

// ---- Size arithmetic (wire page, section 13; v0.38.26 reckons with 3309-byte signatures).
inline constexpr std::int64_t header_bytes_max = 626;
inline constexpr std::int64_t block_overhead_bytes = 11;
inline constexpr std::int64_t commit_overhead_bytes = 94;
inline constexpr std::int64_t commit_sig_bytes_max = 3355 + 3;

/// The longest encoding of a commit of `validators` signatures.
[[nodiscard]] std::int64_t commit_bytes_max(std::int64_t validators);
/// Room for transactions in a block of `block_bytes`; refused where it is negative.
[[nodiscard]] Result<std::int64_t> data_bytes_max(std::int64_t block_bytes,
                                                  std::int64_t evidence_bytes,
                                                  std::int64_t validators);
/// What a transaction takes of that room: tag, length and bytes.
[[nodiscard]] std::int64_t tx_bytes_in_data(std::size_t tx_bytes);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::Data> {
    static constexpr std::string_view name = "Data";
    static constexpr auto fields = std::tuple{field<1>("txs", &types::Data::txs)};
};

template <>
struct Described<types::Block> {
    using Block = types::Block;
    static constexpr std::string_view name = "Block";
    static constexpr auto fields = std::tuple{
        field<1>("header", &Block::header), field<2>("data", &Block::data),
        field<3>("evidence", &Block::evidence), field<4>("last_commit", &Block::last_commit)};
};

template <>
struct Described<types::BlockMeta> {
    using BlockMeta = types::BlockMeta;
    static constexpr std::string_view name = "BlockMeta";
    static constexpr auto fields = std::tuple{
        field<1>("block_id", &BlockMeta::block_id), field<2>("block_size", &BlockMeta::block_size),
        field<3>("header", &BlockMeta::header), field<4>("num_txs", &BlockMeta::num_txs)};
};

}  // namespace tandem::wire
