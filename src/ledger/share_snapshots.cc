#include "ledger/share_snapshots.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "ledger/share_block.h"
#include "wire/message.h"

namespace tandem::ledger {

/// Entries of the tree in the order of a snapshot; of records all versions, under the record's key.
struct ShareChunkEntry {
    Bytes key;
    Bytes value;
};

struct ShareChunk {
    std::string chain_id;
    std::int64_t height = 0;
    std::vector<ShareChunkEntry> entries;
};

}  // namespace tandem::ledger

namespace tandem::wire {

template <>
struct Described<ledger::ShareChunkEntry> {
    static constexpr std::string_view name = "ShareChunkEntry";
    static constexpr auto fields = std::tuple{field<1>("key", &ledger::ShareChunkEntry::key),
                                              field<2>("value", &ledger::ShareChunkEntry::value)};
};

template <>
struct Described<ledger::ShareChunk> {
    static constexpr std::string_view name = "ShareChunk";
    static constexpr auto fields = std::tuple{field<1>("chain_id", &ledger::ShareChunk::chain_id),
                                              field<2>("height", &ledger::ShareChunk::height),
                                              field<3>("entries", &ledger::ShareChunk::entries)};
};

}  // namespace tandem::wire

namespace tandem::ledger {

namespace {

using abci::ApplySnapshotChunkResult;
using abci::OfferSnapshotResult;

// What of the storage travels, in this order: entries that are not records, then records by their
// versions. The rest of the tree follows from it.
constexpr std::array<std::string_view, 4> parts = {"so/", "sm/", "sn/", "v"};
constexpr std::size_t versions_part = 3;
constexpr std::size_t version_bytes = 9;  // behind a record's key: a zero and the number

constexpr std::string_view restoring_key = "restoring";
constexpr std::size_t removed_at_once = 10'000;

Bytes bytes_of(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

bool begins_with(BytesView bytes, std::string_view prefix) {
    return base::as_text(bytes).starts_with(prefix);
}

void remove_all_but_the_marker(Storage& storage) {
    while (true) {
        std::vector<Change> removals;
        storage.scan({}, {}, [&](BytesView key, BytesView) {
            if (base::as_text(key) != restoring_key)
                removals.push_back({base::to_bytes(key), std::nullopt});
            return removals.size() < removed_at_once;
        });
        if (removals.empty()) return;
        storage.write(std::move(removals));
    }
}

abci::ResponseApplySnapshotChunk result(ApplySnapshotChunkResult what) {
    abci::ResponseApplySnapshotChunk response;
    response.result = what;
    return response;
}

}  // namespace

// ---- Making

void ShareSnapshots::committed(std::int64_t height, std::string_view chain_id) {
    const bool is_making = !snapshots_.empty() && !snapshots_.back().complete;
    if (rules_.interval > 0 && height % rules_.interval == 0 && !is_making) {
        Snapshot begun;
        begun.height = height;
        begun.chain_id = chain_id;
        begun.view = storage_.view();
        begun.places.emplace_back();
        snapshots_.push_back(std::move(begun));
    }
    if (snapshots_.empty() || snapshots_.back().complete) return;
    Snapshot& newest = snapshots_.back();
    Place place = newest.places.back();
    const crypto::Digest digest = crypto::sha256(read(newest, place));
    base::append(newest.hashes, digest);
    if (place.part < parts.size()) {
        newest.places.push_back(std::move(place));
        return;
    }
    newest.complete = true;
    drop_old();
}

void ShareSnapshots::drop_old() {
    while (snapshots_.size() > rules_.kept_max) {
        const auto idle = std::ranges::find(snapshots_, false, &Snapshot::asked);
        const bool is_old = std::distance(snapshots_.begin(), idle) <
                            static_cast<std::ptrdiff_t>(snapshots_.size() - rules_.kept_max);
        if (is_old)
            snapshots_.erase(idle);
        else if (snapshots_.size() > rules_.held_max)
            snapshots_.pop_front();
        else
            break;
    }
    for (Snapshot& snapshot : snapshots_) snapshot.asked = false;
}

/// The chunk that begins at `place`, which moves to where the next one begins.
Bytes ShareSnapshots::read(const Snapshot& snapshot, Place& place) const {
    ShareChunk chunk{snapshot.chain_id, snapshot.height, {}};
    std::size_t bytes = 0;
    while (place.part < parts.size() && bytes < rules_.chunk_bytes_max) {
        const BytesView prefix = base::as_bytes(parts.at(place.part));
        const std::size_t behind = place.part == versions_part ? version_bytes : 0;
        bool ended = true;
        snapshot.view->scan(prefix, place.from, [&](BytesView key, BytesView value) {
            if (bytes >= rules_.chunk_bytes_max) {
                place.from = base::to_bytes(key);
                return ended = false;
            }
            const BytesView entry = key.subspan(1, key.size() - 1 - behind);
            chunk.entries.push_back({base::to_bytes(entry), base::to_bytes(value)});
            bytes += entry.size() + value.size();
            return true;
        });
        if (ended) place = {place.part + 1, {}};
    }
    return wire::encode(chunk);
}

abci::ResponseListSnapshots ShareSnapshots::list() const {
    abci::ResponseListSnapshots response;
    for (const Snapshot& made : snapshots_) {
        abci::Snapshot snapshot;
        snapshot.height = static_cast<std::uint64_t>(made.height);
        snapshot.format = format;
        if (made.complete) {
            const crypto::Digest digest = crypto::sha256(made.hashes);
            snapshot.chunks = static_cast<std::uint32_t>(made.places.size());
            snapshot.hash.assign(digest.begin(), digest.end());
            snapshot.metadata = made.hashes;
        }
        response.snapshots.push_back(std::move(snapshot));
    }
    return response;
}

Bytes ShareSnapshots::chunk(const abci::RequestLoadSnapshotChunk& request) {
    for (Snapshot& made : snapshots_)
        if (made.complete && request.format == format &&
            static_cast<std::uint64_t>(made.height) == request.height &&
            request.chunk < made.places.size()) {
            made.asked = true;
            Place place = made.places[request.chunk];
            return read(made, place);
        }
    return {};
}

// ---- Restoring

void ShareRestore::undo_unfinished(Storage& storage) {
    if (!storage.get(base::as_bytes(restoring_key))) return;
    remove_all_but_the_marker(storage);
    storage.write({{bytes_of(restoring_key), std::nullopt}});
}

OfferSnapshotResult ShareRestore::begin(const abci::RequestOfferSnapshot& request,
                                        std::string_view chain_id) {
    constexpr std::size_t hash_bytes = std::tuple_size_v<crypto::Digest>;
    if (!request.snapshot) return OfferSnapshotResult::reject;
    const abci::Snapshot& snapshot = *request.snapshot;
    if (snapshot.format != ShareSnapshots::format) return OfferSnapshotResult::reject_format;
    if (snapshot.chunks < 1 || snapshot.metadata.size() != snapshot.chunks * hash_bytes ||
        !base::equal(snapshot.hash, crypto::sha256(snapshot.metadata)))
        return OfferSnapshotResult::reject;
    storage_.write({{bytes_of(restoring_key), Bytes{}}});
    remove_all_but_the_marker(storage_);
    tree_.clear();
    runs_ = true;
    height_ = static_cast<std::int64_t>(snapshot.height);
    chain_id_ = chain_id;
    app_hash_ = request.app_hash;
    hashes_ = snapshot.metadata;
    next_ = 0;
    return OfferSnapshotResult::accept;
}

void ShareRestore::give_up() {
    undo_unfinished(storage_);
    tree_.clear();
    runs_ = false;
}

abci::ResponseApplySnapshotChunk ShareRestore::apply(
    const abci::RequestApplySnapshotChunk& request,
    const std::function<Change(std::int64_t height, const std::string& chain_id)>& position) {
    if (!runs_) return result(ApplySnapshotChunkResult::abort);
    if (request.index != next_) return result(ApplySnapshotChunkResult::retry_snapshot);
    const crypto::Digest digest = crypto::sha256(request.chunk);
    if (!base::equal(digest, BytesView(hashes_).subspan(next_ * digest.size(), digest.size()))) {
        auto response = result(ApplySnapshotChunkResult::retry);
        response.refetch_chunks.push_back(request.index);
        if (!request.sender.empty()) response.reject_senders.push_back(request.sender);
        return response;
    }
    ++next_;
    const bool is_last = next_ * digest.size() == hashes_.size();
    if (!take_entries(request.chunk) || (is_last && !base::equal(tree_.root(), app_hash_))) {
        give_up();
        return result(ApplySnapshotChunkResult::reject_snapshot);
    }
    if (is_last) {
        storage_.write({position(height_, chain_id_), {bytes_of(restoring_key), std::nullopt}});
        runs_ = false;
    }
    return result(ApplySnapshotChunkResult::accept);
}

/// False: no state that this application comes to has such entries.
bool ShareRestore::take_entries(BytesView bytes) {
    auto chunk = wire::decode<ShareChunk>(bytes);
    if (!chunk || chunk->height != height_) return false;
    if (chain_id_.empty()) chain_id_ = chunk->chain_id;
    if (chunk->chain_id != chain_id_) return false;
    EntryChanges changes;
    std::vector<Change> versions;
    for (ShareChunkEntry& entry : chunk->entries) {
        const auto changed = changes.find(entry.key);
        const auto before = changed == changes.end() ? tree_.get(entry.key) : changed->second;
        if (begins_with(entry.key, "r/")) {
            const auto record = share::decode_entry<share::Record>(entry.value);
            if (!record || share::encode(*record) != entry.value) return false;
            std::int64_t version = 0;
            Bytes previous;
            if (before) {
                const auto older = share::decode_entry<share::Record>(*before);
                TANDEM_CHECK(older.has_value());  // it was taken here
                version = older->version;
                const crypto::Digest digest = crypto::sha256(*before);
                previous.assign(digest.begin(), digest.end());
            }
            if (record->version != version + 1 || record->previous != previous) return false;
            versions.push_back({version_key(entry.key, record->version), entry.value});
        } else if (before || !(begins_with(entry.key, "o/") || begins_with(entry.key, "m/") ||
                               begins_with(entry.key, "n/"))) {
            return false;
        }
        changes[std::move(entry.key)] = std::move(entry.value);
    }
    auto outcome = tree_.outcome_of(changes);
    tree_.apply(outcome);
    std::ranges::move(versions, std::back_inserter(outcome.writes));
    storage_.write(std::move(outcome.writes));
    return true;
}

}  // namespace tandem::ledger
