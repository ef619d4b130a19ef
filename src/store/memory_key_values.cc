#include "store/memory_key_values.h"

#include "base/check.h"

namespace tandem::store {

namespace {

using Map = std::map<Bytes, Bytes>;

std::optional<Bytes> get_from(const Map& map, BytesView key) {
    const auto found = map.find(base::to_bytes(key));
    if (found == map.end()) return std::nullopt;
    return found->second;
}

void visit_in(const Map& map, BytesView first, BytesView end, Direction direction,
              const KeyValues::Visitor& visitor) {
    if (!end.empty() && base::compare(first, end) >= 0) return;
    const auto from = map.lower_bound(base::to_bytes(first));
    const auto to = end.empty() ? map.end() : map.lower_bound(base::to_bytes(end));
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

}  // namespace

class MemoryKeyValues::View final : public KeyValuesView {
  public:
    explicit View(std::shared_ptr<const Map> map) : map_(std::move(map)) {}
    [[nodiscard]] std::optional<Bytes> get(BytesView key) const override {
        return get_from(*map_, key);
    }
    void visit(BytesView first, BytesView end, Direction direction,
               const Visitor& visitor) const override {
        visit_in(*map_, first, end, direction, visitor);
    }

  private:
    std::shared_ptr<const Map> map_;
};

std::unique_ptr<const KeyValuesView> MemoryKeyValues::view() const {
    return std::make_unique<View>(now_);
}

std::optional<Bytes> MemoryKeyValues::get(BytesView key) const {
    return get_from(*now_, key);
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
    const std::shared_ptr<const Map> map = now_;  // stays as it is, whatever the visitor writes
    visit_in(*map, first, end, direction, visitor);
}

}  // namespace tandem::store
