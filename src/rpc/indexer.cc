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
constexpr std::uint8_t tx_key = 't', tx_place_key = 'h', tx_event_key = 'e';
constexpr std::uint8_t block_key = 'b', block_event_key = 'f';
constexpr std::size_t height_bytes = 8, number_bytes = 4;
constexpr std::size_t short_value_bytes_max = 128;
constexpr std::uint32_t long_value_mark = 0xffffffff;  // stands for a length

template <typename Integer>
void append_big_endian(Bytes& to, Integer value) {
    for (std::size_t i = sizeof(Integer); i > 0; --i)
        to.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
}

std::uint64_t read_big_endian(BytesView bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) value = (value << 8U) | byte;
    return value;
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

/// A place in the index: what follows tag and value, by which conditions are joined.
using Places = std::set<Bytes>;

/// The places where the condition holds, each of `place_bytes` bytes and beginning with a height.
Places places_of(const IndexStorage& storage, std::uint8_t kind, const Condition& condition,
                 const Plan& plan) {
    Places places;
    const Bytes prefix = prefix_of(kind, condition.tag);
    const auto add = [&](BytesView place) {
        const auto height = static_cast<std::int64_t>(read_big_endian(place.first(height_bytes)));
        if (heights_hold(plan, height)) places.insert(base::to_bytes(place));
    };
    if (condition.op == Operator::equal) {
        Bytes with_value = prefix;
        append_value(with_value, condition.text);
        const std::size_t length = with_value.size();
        const Bytes end = after_prefix(with_value);
        storage.visit(with_height(with_value, std::max<std::int64_t>(plan.heights.first, 0)), end,
                      [&](BytesView key, BytesView) {
                          add(key.subspan(length));
                          return true;
                      });
        return places;
    }
    storage.visit(prefix, after_prefix(prefix), [&](BytesView key, BytesView long_value) {
        BytesView rest = key.subspan(prefix.size());
        const std::uint64_t mark = read_big_endian(rest.first(number_bytes));
        rest = rest.subspan(number_bytes);
        const bool is_long = mark == long_value_mark;
        const auto length = is_long ? sizeof(crypto::Digest) : static_cast<std::size_t>(mark);
        const BytesView value = is_long ? long_value : rest.first(length);
        if (index_holds(condition, base::as_text(value))) add(rest.subspan(length));
        return true;
    });
    return places;
}

/// Where all conditions hold within one event. REQUIRES: at least one condition.
Places joined_places(const IndexStorage& storage, std::uint8_t kind, const Plan& plan) {
    std::optional<Places> all;
    for (const Condition* condition : plan.on_events) {
        Places places = places_of(storage, kind, *condition, plan);
        if (all)
            std::erase_if(*all, [&](const Bytes& place) { return !places.contains(place); });
        else
            all = std::move(places);
        if (all->empty()) break;
    }
    return *all;
}

void add_events(std::vector<IndexStorage::Entry>& entries, std::uint8_t kind,
                std::span<const abci::Event> events, const Bytes& place,
                std::string_view reserved) {
    std::uint32_t number = 0;
    for (const abci::Event& event : events) {
        ++number;
        if (event.type.empty()) continue;
        for (const abci::EventAttribute& attribute : event.attributes) {
            if (attribute.key.empty() || !attribute.index) continue;
            const std::string tag = event.type + '.' + attribute.key;
            if (tag == reserved || tag == tx_hash_tag) continue;
            Bytes key = prefix_of(kind, tag);
            append_value(key, attribute.value);
            base::append(key, place);
            append_big_endian(key, number);
            const bool is_long = attribute.value.size() > short_value_bytes_max;
            entries.push_back({std::move(key), is_long
                                                   ? base::to_bytes(base::as_bytes(attribute.value))
                                                   : Bytes()});
        }
    }
}

Bytes tx_place(std::int64_t height, std::uint32_t index) {
    Bytes place = with_height({}, height);
    append_big_endian(place, index);
    return place;
}

Bytes keyed(std::uint8_t kind, BytesView rest) {
    Bytes key = {kind};
    base::append(key, rest);
    return key;
}

}  // namespace

void KeyValueIndexer::add(std::int64_t height, const wire::Txs& txs,
                          const abci::ResponseFinalizeBlock& answer) {
    std::vector<IndexStorage::Entry> entries;
    entries.push_back({with_height({block_key}, height), {}});
    add_events(entries, block_event_key, answer.events, with_height({}, height), block_height_tag);
    for (std::size_t i = 0; i < txs.size() && i < answer.tx_results.size(); ++i) {
        const auto index = static_cast<std::uint32_t>(i);
        const Hash hash = types::hash_of_tx(txs[i]);
        const Bytes place = tx_place(height, index);
        const TxResult result{height, index, base::to_bytes(txs[i]), answer.tx_results[i]};
        entries.push_back({keyed(tx_key, base::view(hash)), wire::encode(result)});
        entries.push_back({keyed(tx_place_key, place), base::to_bytes(base::view(hash))});
        add_events(entries, tx_event_key, result.result.events, place, tx_height_tag);
    }
    storage_.write(std::move(entries));
}

Result<std::optional<TxResult>> KeyValueIndexer::tx(BytesView hash) const {
    const auto stored = storage_.get(keyed(tx_key, hash));
    if (!stored) return std::nullopt;
    auto result = wire::decode<TxResult>(*stored);
    if (!result) return refuse("index.tx", "error reading TxResult: the index is damaged");
    return std::move(*result);
}

Result<std::vector<TxResult>> KeyValueIndexer::search_txs(const Query& query) const {
    std::vector<TxResult> found;
    for (const Condition& condition : query.conditions()) {
        if (condition.tag != tx_hash_tag || condition.op != Operator::equal) continue;
        const auto hash = base::from_hex(condition.text);
        if (!hash)
            return refuse("index.hash",
                          "error during searching for a hash in the query: encoding/hex: invalid "
                          "hash");
        auto result = tx(*hash);
        if (!result) return std::unexpected(result.error());
        if (*result) found.push_back(std::move(**result));
        return found;
    }
    const Plan plan = plan_of(query, tx_height_tag);
    std::set<std::pair<Bytes, Bytes>> hits;  // place and hash
    const auto add = [&](BytesView place) {
        const auto hash = storage_.get(keyed(tx_place_key, place));
        if (hash) hits.emplace(base::to_bytes(place), *hash);
    };
    if (plan.on_events.empty()) {
        const Bytes first =
            with_height({tx_place_key}, std::max<std::int64_t>(plan.heights.first, 0));
        storage_.visit(first, Bytes{tx_place_key + 1}, [&](BytesView key, BytesView hash) {
            const auto height =
                static_cast<std::int64_t>(read_big_endian(key.subspan(1, height_bytes)));
            if (height > plan.heights.last) return false;
            if (heights_hold(plan, height))
                hits.emplace(base::to_bytes(key.subspan(1)), base::to_bytes(hash));
            return true;
        });
    } else {
        for (const Bytes& place : joined_places(storage_, tx_event_key, plan))
            add(BytesView(place).first(height_bytes + number_bytes));
    }
    std::set<Bytes> seen;  // one transaction may stand in two blocks; its last result is kept
    for (const auto& [place, hash] : hits) {
        if (!seen.insert(hash).second) continue;
        auto result = tx(hash);
        if (!result) return std::unexpected(result.error());
        if (*result) found.push_back(std::move(**result));
    }
    std::ranges::sort(
        found, {}, [](const TxResult& result) { return std::pair(result.height, result.index); });
    return found;
}

Result<std::vector<std::int64_t>> KeyValueIndexer::search_blocks(const Query& query) const {
    const Plan plan = plan_of(query, block_height_tag);
    std::set<std::int64_t> heights;
    if (plan.on_events.empty()) {
        const Bytes first = with_height({block_key}, std::max<std::int64_t>(plan.heights.first, 0));
        storage_.visit(first, Bytes{block_key + 1}, [&](BytesView key, BytesView) {
            const auto height = static_cast<std::int64_t>(read_big_endian(key.subspan(1)));
            if (height > plan.heights.last) return false;
            if (heights_hold(plan, height)) heights.insert(height);
            return true;
        });
    } else {
        for (const Bytes& place : joined_places(storage_, block_event_key, plan))
            heights.insert(
                static_cast<std::int64_t>(read_big_endian(BytesView(place).first(height_bytes))));
    }
    return std::vector(heights.begin(), heights.end());
}

namespace {

std::unexpected<base::Refusal> indexing_disabled(std::string_view what) {
    return refuse("index.off", std::string(what) + " indexing is disabled");
}

}  // namespace

Result<std::optional<TxResult>> NullIndexer::tx(BytesView) const {
    return indexing_disabled("transaction");
}
Result<std::vector<TxResult>> NullIndexer::search_txs(const Query&) const {
    return indexing_disabled("transaction");
}
Result<std::vector<std::int64_t>> NullIndexer::search_blocks(const Query&) const {
    return indexing_disabled("block");
}

}  // namespace tandem::rpc
