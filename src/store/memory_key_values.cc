#include "store/memory_key_values.h"

#include "base/check.h"

namespace tandem::store {

std::optional<Bytes> MemoryKeyValues::get(BytesView key) const {
    const auto found = now_->find(base::to_bytes(key));
    if (found == now_->end()) return std::nullopt;
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
    if (now_.use_count() > 1) now_ = std::make_shared<Map>(*now_);
    apply(*now_, batch);
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
    now_ = std::make_shared<Map>(durable_);
}

void MemoryKeyValues::visit(BytesView first, BytesView end, Direction direction,
                            const Visitor& visitor) const {
    if (!end.empty() && base::compare(first, end) >= 0) return;
    const std::shared_ptr<const Map> map = now_;  // stays as it is, whatever the visitor writes
    const auto from = map->lower_bound(base::to_bytes(first));
    const auto to = end.empty() ? map->end() : map->lower_bound(base::to_bytes(end));
    if (direction == Direction::ascending) {
        for (auto at = from; at != to; ++at)
            if (!visitor(at->first, at->second)) return;
    } else {
        for (auto at = to; at != from;) {
            --at;
            if (!visitor(at->first, at->second)) return;
        }
    }
}

}  // namespace tandem::store
