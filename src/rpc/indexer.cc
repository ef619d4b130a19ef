#include "rpc/indexer.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "crypto/sha256.h"

namespace tandem::rpc {

namespace {

using abci::TxResult;
using base::refuse;

constexpr std::string_view tx_hash_tag = "tx.hash";
constexpr std::string_view tx_height_tag = "tx.height";
constexpr std::string_view block_height_tag = "block.height";
constexpr std::uint8_t kept_key = 'h', tx_hash_key = 't', tx_again_key = 'd', tx_event_key = 'e';
constexpr std::uint8_t block_key = 'b', block_event_key = 'f';
constexpr std::size_t short_value_bytes_max = 128;
constexpr std::uint32_t long_value_mark = 0xffffffff;  // stands for a length

template <typename Integer>
void append_big_endian(Bytes& to, Integer value) {
    for (std::size_t i = sizeof(Integer); i > 0; --i)
        to.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
}

/// From the front of `bytes`, which it shortens.
template <typename Integer>
Integer take_big_endian(BytesView& bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes.first(sizeof(Integer))) value = (value << 8U) | byte;
    bytes = bytes.subspan(sizeof(Integer));
    return static_cast<Integer>(value);
}

std::int64_t take_height(BytesView& bytes) {
    return static_cast<std::int64_t>(take_big_endian<std::uint64_t>(bytes));
}

void append_text(Bytes& to, std::string_view text) {
    append_big_endian(to, static_cast<std::uint32_t>(text.size()));
    base::append(to, base::as_bytes(text));
}

/// An attribute's value as it stands in a key: a long one by its hash.
void append_value(Bytes& to, std::string_view value) {
    if (value.size() <= short_value_bytes_max) return append_text(to, value);
    append_big_endian(to, long_value_mark);
    base::append(to, base::view(crypto::sha256(base::as_bytes(value))));
}

Bytes prefix_of(std::uint8_t kind, std::string_view tag) {
    Bytes key = {kind};
    append_text(key, tag);
    return key;
}

Bytes with_height(Bytes key, std::int64_t height) {
    append_big_endian(key, static_cast<std::uint64_t>(height));
    return key;
}

/// The first key that has not this prefix and follows all that do; empty where there is none.
Bytes after_prefix(Bytes prefix) {
    while (!prefix.empty() && prefix.back() == 0xff) prefix.pop_back();
    if (!prefix.empty()) ++prefix.back();
    return prefix;
}

/// From the heights that a query names: all of it lies between them.
struct HeightRange {
    std::int64_t first = 0;
    std::int64_t last = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] bool holds(std::int64_t height) const {
        return height >= first && height <= last;
    }
};

/// The whole heights that fulfil a condition on a height, as far as it is one on a range.
HeightRange range_of(const Condition& condition) {
    HeightRange range;
    std::int64_t bound = 0;
    const std::string_view text = condition.text;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), bound);
    if (read.ec != std::errc()) bound = std::numeric_limits<std::int64_t>::max();
    const bool is_whole = read.ptr == text.data() + text.size();
    switch (condition.op) {
        case Operator::equal:
            return {bound, bound};
        case Operator::less:
            range.last = is_whole ? bound - 1 : bound;
            break;
        case Operator::less_equal:
            range.last = bound;
            break;
        case Operator::greater:
        case Operator::greater_equal:
            range.first = condition.op == Operator::greater_equal && is_whole
                              ? bound
                              : std::min(bound, std::numeric_limits<std::int64_t>::max() - 1) + 1;
            break;
        default:
            break;
    }
    return range;
}

/// What a query asks: heights apart from the rest.
struct Plan {
    HeightRange heights;
    std::vector<const Condition*> on_height;  // checked on each: the range may be too wide
    std::vector<const Condition*> on_events;
};

Plan plan_of(const Query& query, std::string_view height_tag) {
    Plan plan;
    for (const Condition& condition : query.conditions()) {
        if (condition.tag != height_tag) {
            plan.on_events.push_back(&condition);
            continue;
        }
        plan.on_height.push_back(&condition);
        const HeightRange range = range_of(condition);
        plan.heights.first = std::max(plan.heights.first, range.first);
        plan.heights.last = std::min(plan.heights.last, range.last);
    }
    return plan;
}

bool heights_hold(const Plan& plan, std::int64_t height) {
    const std::string text = std::to_string(height);
    return plan.heights.holds(height) &&
           std::ranges::all_of(plan.on_height,
                               [&](const Condition* condition) { return condition->holds(text); });
}

/// Of an index, "=" compares texts whatever the operand is.
bool index_holds(const Condition& condition, std::string_view value) {
    if (condition.op == Operator::equal) return value == condition.text;
    return condition.holds(value);
}

/// An event of a transaction, or of a block, by which conditions are joined.
struct Place {
    TxPlace tx;
    std::uint32_t event = 0;  // of those of the transaction
    friend auto operator<=>(const Place&, const Place&) = default;
};

template <typename Thing>
void keep_once(std::vector<Thing>& sorted) {
    const auto twice = std::ranges::unique(sorted);
    sorted.erase(twice.begin(), twice.end());
}

/// One search: what it reads is bounded, because whoever asks may be a stranger.
class Search {
  public:
    /// `storage` outlives this.
    Search(const IndexStorage& storage, std::size_t entries_max, Plan plan)
        : storage_(storage), entries_max_(entries_max), plan_(std::move(plan)) {}

    [[nodiscard]] const Plan& plan() const { return plan_; }
    /// Entries in order, while `visit` says true and the bound is not reached.
    void visit(BytesView first, BytesView end,
               const std::function<bool(BytesView key, BytesView value)>& visit) {
        storage_.visit(first, end, [&](BytesView key, BytesView value) {
            return count() && visit(key, value);
        });
    }
    /// The entries whose key begins with a height that the query allows, in their order.
    using AddEntry =
        std::function<void(std::int64_t height, BytesView rest_of_key, BytesView value)>;
    void visit_heights(std::uint8_t kind, const AddEntry& add) {
        const Bytes first = with_height({kind}, std::max<std::int64_t>(plan_.heights.first, 0));
        visit(first, Bytes{static_cast<std::uint8_t>(kind + 1)},
              [&](BytesView key, BytesView value) {
                  BytesView rest = key.subspan(1);
                  const std::int64_t height = take_height(rest);
                  if (height > plan_.heights.last) return false;
                  if (heights_hold(plan_, height)) add(height, rest, value);
                  return true;
              });
    }
    /// Where all conditions on events hold within one event, ascending. REQUIRES: there is one.
    [[nodiscard]] std::vector<Place> joined_places(std::uint8_t kind);
    /// False from now on where too much was read.
    bool count() { return ++read_ <= entries_max_; }
    [[nodiscard]] Verdict verdict() const {
        if (read_ <= entries_max_) return {};
        return refuse("index.search", "the search reads more than " + std::to_string(entries_max_) +
                                          " entries of the index; ask for fewer heights");
    }

  private:
    [[nodiscard]] std::vector<Place> places_of(std::uint8_t kind, const Condition& condition);
    /// What an entry of a value says: the height in its key, and its value behind the text.
    void add_places(std::vector<Place>& places, BytesView height, BytesView posting);

    const IndexStorage& storage_;
    std::size_t entries_max_;
    Plan plan_;
    std::size_t read_ = 0;
};

BytesView take_text(BytesView& bytes) {
    const auto length = take_big_endian<std::uint32_t>(bytes);
    const BytesView text = bytes.first(length);
    bytes = bytes.subspan(length);
    return text;
}

void Search::add_places(std::vector<Place>& places, BytesView height_bytes, BytesView posting) {
    const std::int64_t height = take_height(height_bytes);
    if (!heights_hold(plan_, height)) return;
    while (!posting.empty() && count()) {
        const auto index = take_big_endian<std::uint32_t>(posting);
        places.push_back({{height, index}, take_big_endian<std::uint32_t>(posting)});
    }
}

/// Where the condition holds, ascending.
std::vector<Place> Search::places_of(std::uint8_t kind, const Condition& condition) {
    std::vector<Place> places;
    const Bytes prefix = prefix_of(kind, condition.tag);
    if (condition.op == Operator::equal) {
        Bytes with_value = prefix;
        append_value(with_value, condition.text);
        visit(with_height(with_value, std::max<std::int64_t>(plan_.heights.first, 0)),
              after_prefix(with_value), [&](BytesView key, BytesView value) {
                  (void)take_text(value);
                  add_places(places, key.subspan(with_value.size()), value);
                  return true;
              });
    } else {
        visit(prefix, after_prefix(prefix), [&](BytesView key, BytesView value) {
            BytesView rest = key.subspan(prefix.size());
            const auto mark = take_big_endian<std::uint32_t>(rest);
            const bool is_long = mark == long_value_mark;
            const std::size_t length = is_long ? sizeof(crypto::Digest) : mark;
            const BytesView text = take_text(value);
            if (index_holds(condition, base::as_text(is_long ? text : rest.first(length))))
                add_places(places, rest.subspan(length), value);
            return true;
        });
    }
    std::ranges::sort(places);
    keep_once(places);
    return places;
}

std::vector<Place> Search::joined_places(std::uint8_t kind) {
    std::optional<std::vector<Place>> all;
    for (const Condition* condition : plan_.on_events) {
        std::vector<Place> places = places_of(kind, *condition);
        if (all) {
            std::vector<Place> both;
            std::ranges::set_intersection(*all, places, std::back_inserter(both));
            all = std::move(both);
        } else {
            all = std::move(places);
        }
        if (all->empty()) break;
    }
    return *all;
}

/// The entries of a block's events, by key.
class Postings {
  public:
    explicit Postings(std::int64_t height) : height_(height) {}

    void add(std::uint8_t kind, std::uint32_t index, std::span<const abci::Event> events,
             std::string_view reserved) {
        std::uint32_t number = 0;
        for (const abci::Event& event : events) {
            ++number;
            if (event.type.empty()) continue;
            for (const abci::EventAttribute& attribute : event.attributes) {
                if (attribute.key.empty() || !attribute.index) continue;
                const std::string tag = event.type + '.' + attribute.key;
                if (tag == reserved || tag == tx_hash_tag) continue;
                Bytes& entry = entry_of(kind, tag, attribute.value);
                append_big_endian(entry, index);
                append_big_endian(entry, number);
            }
        }
    }

    void append_to(std::vector<IndexStorage::Entry>& entries) && {
        for (auto& [key, value] : entries_) entries.push_back({key, std::move(value)});
    }

  private:
    [[nodiscard]] Bytes& entry_of(std::uint8_t kind, std::string_view tag, std::string_view value) {
        Bytes key = prefix_of(kind, tag);
        append_value(key, value);
        const auto [entry, is_new] = entries_.try_emplace(with_height(std::move(key), height_));
        if (is_new) append_text(entry->second, value.size() > short_value_bytes_max ? value : "");
        return entry->second;
    }

    std::int64_t height_;
    std::map<Bytes, Bytes> entries_;
};

Bytes bytes_of(const TxPlace& place) {
    Bytes bytes = with_height({}, place.height);
    append_big_endian(bytes, place.index);
    return bytes;
}

TxPlace place_from(BytesView bytes) {
    const std::int64_t height = take_height(bytes);
    return {height, take_big_endian<std::uint32_t>(bytes)};
}

Bytes keyed(std::uint8_t kind, BytesView rest) {
    Bytes key = {kind};
    base::append(key, rest);
    return key;
}

IndexStorage::Entry executed_again(const TxPlace& place, const Hash& hash) {
    return {keyed(tx_again_key, bytes_of(place)), base::to_bytes(base::view(hash))};
}

}  // namespace

void KeyValueIndexer::add(std::int64_t height, const wire::Txs& txs,
                          const abci::ResponseFinalizeBlock& answer) {
    if (answers_ == Answers::discarded) keep(height, txs, answer);
    std::vector<IndexStorage::Entry> entries;
    Postings postings(height);
    postings.add(block_event_key, 0, answer.events, block_height_tag);
    const std::size_t count = std::min(txs.size(), answer.tx_results.size());
    std::map<Hash, TxPlace> own;
    for (std::size_t i = 0; i < count; ++i) {
        const TxPlace place{height, static_cast<std::uint32_t>(i)};
        const Hash hash = types::hash_of_tx(txs[i]);
        const auto [known, is_first] = own.try_emplace(hash, place);
        if (!is_first) entries.push_back(executed_again(std::exchange(known->second, place), hash));
        postings.add(tx_event_key, place.index, answer.tx_results[i].events, tx_height_tag);
    }
    for (const auto& [hash, place] : own) {
        Bytes key = keyed(tx_hash_key, base::view(hash));
        const auto stored = storage_.get(key);
        const TxPlace other = stored ? place_from(*stored) : place;
        if (other.height != height) entries.push_back(executed_again(std::min(other, place), hash));
        if (other.height <= height) entries.push_back({std::move(key), bytes_of(place)});
    }
    std::move(postings).append_to(entries);
    Bytes txs_in_block;
    append_big_endian(txs_in_block, static_cast<std::uint32_t>(count));
    entries.push_back({with_height({block_key}, height), std::move(txs_in_block)});
    storage_.write(std::move(entries));
}

void KeyValueIndexer::keep(std::int64_t height, const wire::Txs& txs,
                           const abci::ResponseFinalizeBlock& answer) {
    std::vector<IndexStorage::Entry> entries;
    for (std::size_t i = 0; i < txs.size() && i < answer.tx_results.size(); ++i) {
        const TxPlace place{height, static_cast<std::uint32_t>(i)};
        const TxResult result{height, place.index, base::to_bytes(txs[i]), answer.tx_results[i]};
        entries.push_back({keyed(kept_key, bytes_of(place)), wire::encode(result)});
    }
    storage_.write(std::move(entries));
}

Result<std::optional<TxPlace>> KeyValueIndexer::find_tx(BytesView hash) const {
    const auto place = storage_.get(keyed(tx_hash_key, hash));
    if (!place) return std::nullopt;
    return place_from(*place);
}

Result<std::optional<TxResult>> KeyValueIndexer::kept_tx(const TxPlace& place) const {
    const auto stored = storage_.get(keyed(kept_key, bytes_of(place)));
    if (!stored) return std::nullopt;
    auto result = wire::decode<TxResult>(*stored);
    if (!result) return refuse("index.tx", "error reading TxResult: the index is damaged");
    return std::move(*result);
}

Result<std::vector<TxPlace>> KeyValueIndexer::search_txs(const Query& query) const {
    for (const Condition& condition : query.conditions()) {
        if (condition.tag != tx_hash_tag || condition.op != Operator::equal) continue;
        const auto hash = base::from_hex(condition.text);
        if (!hash)
            return refuse("index.hash",
                          "error during searching for a hash in the query: encoding/hex: invalid "
                          "hash");
        const auto place = storage_.get(keyed(tx_hash_key, *hash));
        return place ? std::vector{place_from(*place)} : std::vector<TxPlace>{};
    }
    Search search(storage_, entries_read_max_, plan_of(query, tx_height_tag));
    std::vector<TxPlace> found;
    if (search.plan().on_events.empty())
        search.visit_heights(block_key, [&](std::int64_t height, BytesView, BytesView txs) {
            const auto count = take_big_endian<std::uint32_t>(txs);
            for (std::uint32_t index = 0; index < count && search.count(); ++index)
                found.push_back({height, index});
        });
    else
        for (const Place& place : search.joined_places(tx_event_key)) found.push_back(place.tx);
    keep_once(found);
    std::vector<TxPlace> moved, last;
    search.visit_heights(tx_again_key, [&](std::int64_t height, BytesView index, BytesView hash) {
        const TxPlace place{height, take_big_endian<std::uint32_t>(index)};
        if (!std::ranges::binary_search(found, place)) return;
        moved.push_back(place);
        if (const auto newest = storage_.get(keyed(tx_hash_key, hash)))
            last.push_back(place_from(*newest));
    });
    if (!moved.empty()) {
        std::ranges::set_difference(found, moved, std::back_inserter(last));
        found = std::move(last);
        std::ranges::sort(found);
        keep_once(found);
    }
    if (const auto verdict = search.verdict(); !verdict) return std::unexpected(verdict.error());
    return found;
}

std::int64_t KeyValueIndexer::newest_block(std::int64_t first) const {
    std::int64_t newest = 0;
    storage_.visit(with_height({block_key}, first), Bytes{block_key + 1},
                   [&](BytesView key, BytesView) {
                       BytesView height = key.subspan(1);
                       newest = take_height(height);
                       return true;
                   });
    return newest;
}

Result<std::vector<std::int64_t>> KeyValueIndexer::search_blocks(const Query& query) const {
    Search search(storage_, entries_read_max_, plan_of(query, block_height_tag));
    std::vector<std::int64_t> heights;
    if (search.plan().on_events.empty())
        search.visit_heights(block_key, [&](std::int64_t height, BytesView, BytesView) {
            heights.push_back(height);
        });
    else
        for (const Place& place : search.joined_places(block_event_key))
            heights.push_back(place.tx.height);
    if (const auto verdict = search.verdict(); !verdict) return std::unexpected(verdict.error());
    keep_once(heights);
    return heights;
}

namespace {

std::unexpected<base::Refusal> indexing_disabled(std::string_view what) {
    return refuse("index.off", std::string(what) + " indexing is disabled");
}

}  // namespace

Result<std::optional<TxPlace>> NullIndexer::find_tx(BytesView) const {
    return indexing_disabled("transaction");
}
Result<std::vector<TxPlace>> NullIndexer::search_txs(const Query&) const {
    return indexing_disabled("transaction");
}
Result<std::optional<TxResult>> NullIndexer::kept_tx(const TxPlace&) const {
    return indexing_disabled("transaction");
}
Result<std::vector<std::int64_t>> NullIndexer::search_blocks(const Query&) const {
    return indexing_disabled("block");
}

}  // namespace tandem::rpc
