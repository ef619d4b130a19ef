#include "store/block_store.h"

#include "store/storage.h"
#include "types/store_messages.h"

namespace tandem::store {
namespace {

constexpr std::int64_t height_max = std::numeric_limits<std::int64_t>::max();

Bytes bounds_key() {
    return Key(KeySpace::block_store);
}
Bytes part_key(std::int64_t height, std::uint32_t index) {
    return Key(KeySpace::block_part, height).add_u32(index).bytes();
}
Bytes hash_key(BytesView hash) {
    return Key(KeySpace::block_hash).add(hash).bytes();
}

template <wire::Message M>
Shared<M> load_shared(const KeyValues& database, KeySpace space, std::int64_t height) {
    auto message = load<M>(database, Key(space, height).bytes());
    if (!message) return {};
    return Shared<M>::make(std::move(*message));
}

}  // namespace

BlockStore::BlockStore(KeyValues& database, std::size_t cache_bytes_max)
    : database_(&database), cache_bytes_max_(cache_bytes_max) {
    if (const auto bounds = load<types::BlockStoreState>(database, bounds_key())) {
        base_ = bounds->base;
        height_ = bounds->height;
    }
    database.visit(Key(KeySpace::block_meta, 0), Key(KeySpace::block_meta, height_max),
                   Direction::ascending, [&](BytesView key, BytesView) {
                       first_meta_ = height_in(key).value_or(0);
                       return false;
                   });
}

void BlockStore::write_bounds(Batch& batch) {
    batch.put(bounds_key(), wire::encode(types::BlockStoreState{base_, height_}));
}

void BlockStore::save(const chain::DecidedBlock& decided) {
    TANDEM_CHECK(decided.block && decided.parts && decided.parts->is_complete());
    const std::int64_t height = decided.block->header.height;
    TANDEM_CHECK(height_ == 0 || height == height_ + 1);
    types::BlockMeta meta{decided.id, decided.parts->byte_size(), decided.block->header,
                          static_cast<std::int64_t>(decided.block->data.txs.size())};
    Batch batch;
    for (std::uint32_t i = 0; i < decided.parts->total(); ++i)
        batch.put(part_key(height, i), wire::encode(*decided.parts->part(i)));
    batch.put(Key(KeySpace::block_meta, height), wire::encode(meta));
    batch.put(hash_key(decided.id.hash), Key(KeySpace::block_hash).add_u64(height).bytes());
    if (const auto& last = decided.block->last_commit; last && last->height > 0) {
        batch.put(Key(KeySpace::commit, last->height), wire::encode(*last));
        batch.remove(Key(KeySpace::seen_commit, last->height));
    }
    if (const auto* commit = std::get_if<Shared<types::Commit>>(&decided.commit))
        batch.put(Key(KeySpace::seen_commit, height), wire::encode(**commit));
    else if (const auto* extended = std::get_if<Shared<types::ExtendedCommit>>(&decided.commit))
        batch.put(Key(KeySpace::extended_commit, height), wire::encode(**extended));
    else
        TANDEM_CHECK(false && "a decided block has a commit");
    height_ = height;
    if (base_ == 0) base_ = height;
    if (first_meta_ == 0) first_meta_ = height;
    write_bounds(batch);
    database_->write(batch);
    remember(decided, std::move(meta));
}

void BlockStore::save_seen_commit(std::int64_t height, const types::Commit& commit) {
    database_->put(Key(KeySpace::seen_commit, height), wire::encode(commit));
}

// ---- The newest blocks in memory

const BlockStore::Cached* BlockStore::cached(std::int64_t height) const {
    const auto found = cache_.find(height);
    return found == cache_.end() ? nullptr : &found->second;
}

void BlockStore::remember(const chain::DecidedBlock& decided, types::BlockMeta meta) {
    const std::int64_t height = decided.block->header.height;
    Cached entry{std::move(meta), decided.block, decided.parts, {}, {}, {}};
    if (const auto* commit = std::get_if<Shared<types::Commit>>(&decided.commit))
        entry.seen = *commit;
    else
        entry.extended = std::get<Shared<types::ExtendedCommit>>(decided.commit);
    if (const auto before = cache_.find(height - 1); before != cache_.end()) {
        before->second.canonical = Shared<types::Commit>::make(*decided.block->last_commit);
        before->second.seen = {};
    }
    cache_bytes_ += static_cast<std::size_t>(entry.meta.block_size);
    cache_.insert_or_assign(height, std::move(entry));
    while (cache_bytes_ > cache_bytes_max_ && cache_.size() > 1) {
        cache_bytes_ -= static_cast<std::size_t>(cache_.begin()->second.meta.block_size);
        cache_.erase(cache_.begin());
    }
}

// ---- Reading

std::optional<types::BlockMeta> BlockStore::meta(std::int64_t height) const {
    if (const Cached* entry = cached(height)) return entry->meta;
    return load<types::BlockMeta>(*database_, Key(KeySpace::block_meta, height).bytes());
}

std::optional<types::PartSetHeader> BlockStore::parts_header(std::int64_t height) const {
    if (const Cached* entry = cached(height)) return entry->meta.block_id.part_set_header;
    if (height < base_ || height > height_) return std::nullopt;
    const auto found = meta(height);
    if (!found) return std::nullopt;
    return found->block_id.part_set_header;
}

std::optional<types::Part> BlockStore::part(std::int64_t height, std::uint32_t index) const {
    if (const Cached* entry = cached(height)) {
        const types::Part* held = entry->parts->part(index);
        return held == nullptr ? std::nullopt : std::optional(*held);
    }
    return load<types::Part>(*database_, part_key(height, index));
}

std::optional<chain::DecidedBlock> BlockStore::decided(std::int64_t height) const {
    if (const Cached* entry = cached(height))
        return chain::DecidedBlock{entry->meta.block_id, entry->block, entry->parts,
                                   commit(height)};
    if (height < base_ || height > height_ || height <= 0) return std::nullopt;
    const Bytes key = Key(KeySpace::block_meta, height);
    const auto found = meta(height);
    if (!found) damaged(key, {"block.missing", "a block between the bounds of the store"});
    auto parts = types::PartSet::expecting(found->block_id.part_set_header);
    for (std::uint32_t i = 0; i < parts.total(); ++i) {
        auto held = part(height, i);
        if (!held) damaged(part_key(height, i), {"part.missing", "a part of a block"});
        if (const auto added = parts.add(std::move(*held)); !added)
            damaged(part_key(height, i), added.error());
    }
    const auto bytes = parts.assemble();
    auto block = types::decode_checked<types::Block>(*bytes, bytes);
    if (!block) damaged(key, block.error());
    return chain::DecidedBlock{found->block_id, Shared<types::Block>::make(std::move(*block)),
                               Shared<types::PartSet>::make(std::move(parts)), commit(height)};
}

Shared<types::Block> BlockStore::block(std::int64_t height) const {
    const auto found = decided(height);
    return found ? found->block : Shared<types::Block>();
}

std::optional<Bytes> BlockStore::block_bytes(std::int64_t height) const {
    if (const Cached* entry = cached(height)) return *entry->parts->assemble();
    const auto header = parts_header(height);
    if (!header) return std::nullopt;
    Bytes bytes;
    for (std::uint32_t i = 0; i < header->total; ++i) {
        const auto held = part(height, i);
        if (!held) damaged(part_key(height, i), {"part.missing", "a part of a block"});
        base::append(bytes, held->bytes);
    }
    return bytes;
}

Shared<types::Commit> BlockStore::canonical_commit(std::int64_t height) const {
    if (const Cached* entry = cached(height)) return entry->canonical;
    return load_shared<types::Commit>(*database_, KeySpace::commit, height);
}

Shared<types::Commit> BlockStore::seen_commit(std::int64_t height) const {
    if (auto found = canonical_commit(height)) return found;
    if (const Cached* entry = cached(height); entry != nullptr && entry->seen) return entry->seen;
    if (auto found = load_shared<types::Commit>(*database_, KeySpace::seen_commit, height))
        return found;
    const auto extended = extended_commit(height);
    if (!extended) return {};
    return Shared<types::Commit>::make(extended->without_extensions());
}

Shared<types::ExtendedCommit> BlockStore::extended_commit(std::int64_t height) const {
    if (const Cached* entry = cached(height)) return entry->extended;
    return load_shared<types::ExtendedCommit>(*database_, KeySpace::extended_commit, height);
}

CommitRecord BlockStore::commit(std::int64_t height) const {
    if (auto extended = extended_commit(height)) return extended;
    if (auto plain = seen_commit(height)) return plain;
    return std::monostate{};
}

std::optional<std::int64_t> BlockStore::height_of(BytesView block_hash) const {
    const auto value = database_->get(hash_key(block_hash));
    if (!value) return std::nullopt;
    return height_in(*value);
}

// ---- Removing

// Key by key: RocksDB pays for each range that was removed in every read, until it is compacted.

void BlockStore::remove_meta(Batch& batch, std::int64_t height) {
    batch.remove(Key(KeySpace::block_meta, height));
    batch.remove(Key(KeySpace::commit, height));
    batch.remove(Key(KeySpace::seen_commit, height));
}

/// All but the meta and the commits.
void BlockStore::remove_block(Batch& batch, std::int64_t height) {
    if (const auto found = meta(height)) {
        for (std::uint32_t i = 0; i < found->block_id.part_set_header.total; ++i)
            batch.remove(part_key(height, i));
        batch.remove(hash_key(found->block_id.hash));
    }
    batch.remove(Key(KeySpace::extended_commit, height));
    if (const auto held = cache_.find(height); held != cache_.end()) {
        cache_bytes_ -= static_cast<std::size_t>(held->second.meta.block_size);
        cache_.erase(held);
    }
}

std::int64_t BlockStore::prune(std::int64_t height, std::int64_t evidence_from,
                               std::int64_t blocks_max) {
    TANDEM_CHECK(height <= height_ && blocks_max > 0);
    if (base_ == 0 || height <= base_) return 0;
    const std::int64_t end = std::min(height, base_ + blocks_max);
    const std::int64_t pruned = end - base_;
    Batch batch;
    for (; base_ < end; ++base_) remove_block(batch, base_);
    // What is kept for evidence alone, and what an earlier call had kept.
    const std::int64_t metas_end = std::min({end, evidence_from, first_meta_ + 2 * blocks_max});
    for (; first_meta_ < metas_end; ++first_meta_) remove_meta(batch, first_meta_);
    write_bounds(batch);
    database_->write(batch);
    return pruned;
}

void BlockStore::remove_newest() {
    TANDEM_CHECK(height_ > 0);
    const std::int64_t height = height_;
    // The commit for the block before was carried by this block; it is all that there is now.
    Batch batch;
    if (const auto commit = canonical_commit(height - 1)) {
        batch.put(Key(KeySpace::seen_commit, height - 1), wire::encode(*commit));
        batch.remove(Key(KeySpace::commit, height - 1));
    }
    if (const auto before = cache_.find(height - 1); before != cache_.end()) {
        before->second.seen = before->second.canonical;
        before->second.canonical = {};
    }
    remove_block(batch, height);
    remove_meta(batch, height);
    height_ = base_ == height ? 0 : height - 1;
    if (height_ == 0) base_ = 0;
    if (first_meta_ == height) first_meta_ = 0;
    write_bounds(batch);
    database_->write(batch);
}

}  // namespace tandem::store
