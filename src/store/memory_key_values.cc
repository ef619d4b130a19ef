#include "store/memory_key_values.h"

#include "base/check.h"

namespace tandem::store {

std::optional<Bytes> MemoryKeyValues::get(BytesView key) const {
    const auto found = now_.find(base::to_bytes(key));
    if (found == now_.end()) return std::nullopt;
    return found->second;
}

void MemoryKeyValues::apply(Map& map, const Batch& batch) {
    for (const Batch::Change& change : batch.changes()) {
        switch (change.kind) {
            case Batch::Kind::put:
                map.insert_or_assign(change.key, change.value);
                break;
            case Batch::Kind::remove:
                map.erase(change.key);
                break;
            case Batch::Kind::remove_range:
                if (change.key < change.value)
                    map.erase(map.lower_bound(change.key), map.lower_bound(change.value));
                break;
        }
    }
}

void MemoryKeyValues::write(const Batch& batch) {
    apply(now_, batch);
    waiting_.push_back(batch);
}

void MemoryKeyValues::sync() {
    for (const Batch& batch : waiting_) apply(durable_, batch);
    waiting_.clear();
    ++syncs_;
}

void MemoryKeyValues::crash(std::size_t survivors) {
    TANDEM_CHECK(survivors <= waiting_.size());
    for (std::size_t i = 0; i < survivors; ++i) apply(durable_, waiting_[i]);
    waiting_.clear();
    now_ = durable_;
}

void MemoryKeyValues::visit(BytesView first, BytesView end, Direction direction,
                            const Visitor& visitor) const {
    auto from = now_.lower_bound(base::to_bytes(first));
    const auto to = end.empty() ? now_.end() : now_.lower_bound(base::to_bytes(end));
    if (!end.empty() && base::compare(first, end) >= 0) return;
    // A copy: the visitor may write.
    std::vector<std::pair<Bytes, Bytes>> entries(from, to);
    if (direction == Direction::descending) std::ranges::reverse(entries);
    for (const auto& [key, value] : entries)
        if (!visitor(key, value)) return;
}

}  // namespace tandem::store
