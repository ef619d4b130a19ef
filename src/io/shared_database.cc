#include "io/shared_database.h"

namespace tandem::io {
namespace {

using base::Bytes;
using base::BytesView;
using store::Key;
using store::KeySpace;

Bytes own_key(KeySpace space, BytesView key) {
    return Key(space).add(key).bytes();
}

/// The first key behind all that begin with the byte of `space`.
Bytes end_of(KeySpace space) {
    return {static_cast<std::uint8_t>(static_cast<std::uint8_t>(space) + 1)};
}

using Visitor = std::function<bool(BytesView key, BytesView value)>;

void visit_own(const store::KeyValuesView& database, BytesView first, BytesView end,
               const Visitor& visitor) {
    database.visit(first, end, store::Direction::ascending,
                   [&](BytesView key, BytesView value) { return visitor(key.subspan(1), value); });
}

std::optional<Bytes> get_own(const store::KeyValuesView& database, BytesView key) {
    return database.get(own_key(KeySpace::application, key));
}

void scan_own(const store::KeyValuesView& database, BytesView prefix, BytesView from,
              const Visitor& visit) {
    const BytesView first = base::compare(prefix, from) < 0 ? from : prefix;
    visit_own(database, own_key(KeySpace::application, first), end_of(KeySpace::application),
              [&](BytesView key, BytesView value) {
                  const bool fits =
                      key.size() >= prefix.size() && base::equal(key.first(prefix.size()), prefix);
                  return fits && visit(key, value);
              });
}

class ApplicationView final : public ledger::StorageView {
  public:
    explicit ApplicationView(std::unique_ptr<const store::KeyValuesView> view)
        : view_(std::move(view)) {}
    [[nodiscard]] std::optional<Bytes> get(BytesView key) const override {
        return get_own(*view_, key);
    }
    void scan(BytesView prefix, BytesView from, const Visitor& visit) const override {
        scan_own(*view_, prefix, from, visit);
    }

  private:
    std::unique_ptr<const store::KeyValuesView> view_;
};

}  // namespace

std::optional<Bytes> ApplicationStorage::get(BytesView key) const {
    return get_own(*database_, key);
}

void ApplicationStorage::scan(BytesView prefix, BytesView from, const Visitor& visit) const {
    scan_own(*database_, prefix, from, visit);
}

std::unique_ptr<const ledger::StorageView> ApplicationStorage::view() const {
    return std::make_unique<ApplicationView>(database_->view());
}

void ApplicationStorage::write(std::vector<ledger::Change> changes) {
    store::Batch batch;
    for (ledger::Change& change : changes) {
        Bytes key = own_key(KeySpace::application, change.key);
        if (change.value)
            batch.put(std::move(key), std::move(*change.value));
        else
            batch.remove(std::move(key));
    }
    database_->write(batch);
}

std::optional<Bytes> SharedIndexStorage::get(BytesView key) const {
    return database_->get(own_key(KeySpace::index, key));
}

void SharedIndexStorage::visit(BytesView first, BytesView end, const Visitor& visit) const {
    const Bytes own_end = end.empty() ? end_of(KeySpace::index) : own_key(KeySpace::index, end);
    visit_own(*database_, own_key(KeySpace::index, first), own_end, visit);
}

void SharedIndexStorage::write(std::vector<Entry> entries) {
    store::Batch batch;
    for (Entry& entry : entries)
        batch.put(own_key(KeySpace::index, entry.key), std::move(entry.value));
    database_->write(batch);
}

}  // namespace tandem::io
