#include "store/seats_store.h"

#include "abci/messages.h"
#include "store/storage.h"

namespace tandem::store {

/// A state, which is encoded without the newest application hash, with that hash and the
/// application's own.
struct SeatsEntry {
    Bytes state;
    Bytes newest_app_hash;
    Bytes application_hash;
};

struct SeatsPoint {
    std::int64_t height = 0;
    std::int64_t height_before = 0;  // one less, but after a restore the same
    abci::ResponseFinalizeBlock answer;
};

}  // namespace tandem::store

namespace tandem::wire {

template <>
struct Described<store::SeatsEntry> {
    static constexpr std::string_view name = "SeatsEntry";
    static constexpr auto fields =
        std::tuple{field<1>("state", &store::SeatsEntry::state),
                   field<2>("newest_app_hash", &store::SeatsEntry::newest_app_hash),
                   field<3>("application_hash", &store::SeatsEntry::application_hash)};
};

template <>
struct Described<store::SeatsPoint> {
    static constexpr std::string_view name = "SeatsPoint";
    static constexpr auto fields =
        std::tuple{field<1>("height", &store::SeatsPoint::height),
                   field<2>("height_before", &store::SeatsPoint::height_before),
                   field<3>("answer", &store::SeatsPoint::answer)};
};

}  // namespace tandem::wire

namespace tandem::store {
namespace {

Bytes point_key() {
    return Key(KeySpace::seats).add(base::as_bytes("p")).bytes();
}
Bytes state_key(std::int64_t height) {
    return Key(KeySpace::seats).add(base::as_bytes("s")).add_u64(height).bytes();
}
Bytes kept_key(std::int64_t height) {
    return Key(KeySpace::seats).add(base::as_bytes("k")).add_u64(height).bytes();
}

Bytes entry_bytes(const seats::State& state, BytesView application_hash) {
    SeatsEntry entry{seats::encode_state(state), {}, base::to_bytes(application_hash)};
    if (!state.recent_blocks.empty())
        entry.newest_app_hash = base::to_bytes(state.recent_blocks.back().app_hash);
    return wire::encode(entry);
}

std::optional<seats::StateStore::Kept> load_entry(const KeyValues& database, const Bytes& key) {
    const auto entry = load<SeatsEntry>(database, key);
    if (!entry) return std::nullopt;
    auto state = seats::decode_state(entry->state);
    if (!state) damaged(key, state.error());
    if (!state->recent_blocks.empty())
        state->recent_blocks.back().app_hash = types::Hash(BytesView(entry->newest_app_hash));
    return seats::StateStore::Kept{std::move(*state), entry->application_hash};
}

}  // namespace

void SeatsStore::write(const Batch& batch) {
    database_->write(batch);
    if (durability_ == SeatsDurability::at_once) database_->sync();
}

void SeatsStore::save(seats::CommitPoint point) {
    const std::int64_t after = point.after.height;
    const std::int64_t before = point.before.height;
    Batch batch;
    // One entry leaves a block; the first block of a process clears what an earlier life left.
    if (newest_ != before) {
        batch.remove_range(state_key(0), state_key(before));
        batch.put(state_key(before), entry_bytes(point.before, point.application_hash_before));
    } else if (before > 0) {
        batch.remove(state_key(before - 1));
    }
    batch.put(state_key(after), entry_bytes(point.after, point.application_hash_after));
    batch.put(point_key(), wire::encode(SeatsPoint{after, before, std::move(point.answer)}));
    newest_ = after;
    write(batch);
}

std::optional<seats::CommitPoint> SeatsStore::load() {
    auto point = store::load<SeatsPoint>(*database_, point_key());
    if (!point) return std::nullopt;
    auto after = load_entry(*database_, state_key(point->height));
    auto before = load_entry(*database_, state_key(point->height_before));
    if (!after || !before)
        damaged(point_key(), {"seats.state", "a state that the commit point needs is missing"});
    return seats::CommitPoint{std::move(after->state), std::move(before->state),
                              std::move(after->application_hash),
                              std::move(before->application_hash), std::move(point->answer)};
}

void SeatsStore::keep_for_snapshots(std::int64_t height, const seats::State& state,
                                    BytesView application_hash) {
    Batch batch;
    batch.put(kept_key(height), entry_bytes(state, application_hash));
    write(batch);
}

void SeatsStore::drop_for_snapshots(std::int64_t height) {
    Batch batch;
    batch.remove(kept_key(height));
    write(batch);
}

std::optional<seats::StateStore::Kept> SeatsStore::load_for_snapshots(std::int64_t height) {
    return load_entry(*database_, kept_key(height));
}

std::vector<std::int64_t> SeatsStore::kept_for_snapshots() {
    std::vector<std::int64_t> heights;
    const Bytes first = kept_key(0);
    const Bytes end = kept_key(std::numeric_limits<std::int64_t>::max());
    database_->visit(first, end, Direction::ascending, [&](BytesView key, BytesView) {
        if (const auto height = height_in(key, 2)) heights.push_back(*height);
        return true;
    });
    return heights;
}

}  // namespace tandem::store
