// Blocks of the chain, as they were decided, with the precommits for them.
//
// What is written follows CometBFT's block store: the block as its parts, its meta, the commit for
// the block before as this block carries it ("canonical"), and the commit that this node saw for
// the block itself. Two things differ. The seen commit is dropped as soon as the next block brings
// the canonical one, for nobody asks for it any more. And where there is an extended commit, the
// plain one is taken from it and not written again.
//
// The newest blocks are kept in memory as well, up to a number of bytes: whoever lags by little
// gets them without a single read.
//
// The database is trusted: entries that do not decode are the machine's fault, and end the process
// (`damaged` in storage.h).
//
// Not here: when to write (chain/execution.h), what to prune (the application says).
#pragma once
#include <map>

#include "chain/execution.h"
#include "gossip/peer_gossip.h"
#include "store/keys.h"

namespace tandem::store {

using consensus::CommitRecord;
using consensus::Shared;

class BlockStore final : public gossip::StoredBlocks {
  public:
    /// `database` is borrowed. `cache_bytes_max` bounds the blocks in memory, by encoded size.
    explicit BlockStore(KeyValues& database, std::size_t cache_bytes_max = std::size_t{8} << 20);

    /// Lowest and highest height of whole blocks; 0 while there is none.
    [[nodiscard]] std::int64_t base() const override { return base_; }
    [[nodiscard]] std::int64_t height() const noexcept { return height_; }

    /// Not durable until the database is synced. REQUIRES: the block follows height(), or the
    /// store is empty; the parts are there; a commit record that is not empty.
    void save(const chain::DecidedBlock& decided);
    /// After a state sync to `height`, whose block is not here: what StartHeight wants.
    void save_seen_commit(std::int64_t height, const types::Commit& commit);

    // ---- Reading. Nothing where it is not there (any more).
    [[nodiscard]] std::optional<types::BlockMeta> meta(std::int64_t height) const;
    [[nodiscard]] Shared<types::Block> block(std::int64_t height) const;  // or without value
    [[nodiscard]] std::optional<types::PartSetHeader> parts_header(
        std::int64_t height) const override;
    [[nodiscard]] std::optional<types::Part> part(std::int64_t height,
                                                  std::uint32_t index) const override;
    /// The block, encoded.
    [[nodiscard]] std::optional<Bytes> block_bytes(std::int64_t height) const;
    /// Block and parts as after Decide, with the best commit there is: for recovery.
    [[nodiscard]] std::optional<chain::DecidedBlock> decided(std::int64_t height) const;
    /// As block `height` + 1 carries it; so nothing for the newest height.
    [[nodiscard]] Shared<types::Commit> canonical_commit(std::int64_t height) const;
    /// As this node saw it; for older heights than the newest the canonical one.
    [[nodiscard]] Shared<types::Commit> seen_commit(std::int64_t height) const;
    [[nodiscard]] Shared<types::ExtendedCommit> extended_commit(std::int64_t height) const;
    /// Extended, else canonical, else seen: for peers, and for StartHeight::last_commit.
    [[nodiscard]] CommitRecord commit(std::int64_t height) const override;
    [[nodiscard]] std::optional<std::int64_t> height_of(BytesView block_hash) const;

    // ---- Removing.
    /// Blocks below `height` go; metas and commits of `evidence_from` and above stay, by which
    /// evidence is judged. At most `blocks_max` at a time; the number that went. Call again while
    /// it is not 0. REQUIRES: height <= height().
    std::int64_t prune(std::int64_t height, std::int64_t evidence_from,
                       std::int64_t blocks_max = 1000);
    /// The newest block goes, as a rollback asks. REQUIRES: there is one.
    void remove_newest();

  private:
    struct Cached {
        types::BlockMeta meta;
        Shared<types::Block> block;
        Shared<types::PartSet> parts;
        Shared<types::ExtendedCommit> extended;
        Shared<types::Commit> seen;
        Shared<types::Commit> canonical;
    };
    [[nodiscard]] const Cached* cached(std::int64_t height) const;
    void remember(const chain::DecidedBlock& decided, types::BlockMeta meta);
    void write_bounds(Batch& batch);
    void remove_block(Batch& batch, std::int64_t height);
    static void remove_meta(Batch& batch, std::int64_t height);

    KeyValues* database_;
    std::int64_t base_ = 0;
    std::int64_t height_ = 0;
    std::int64_t first_meta_ = 0;  // lowest height of which a meta is kept, for evidence; 0: none
    std::size_t cache_bytes_max_;
    std::size_t cache_bytes_ = 0;           // invariant: sum over cache_ of meta.block_size
    std::map<std::int64_t, Cached> cache_;  // the newest heights, without gaps
};

}  // namespace tandem::store
