// A built-in application's state in the node's own database, behind a byte of its own.
//
// What an application writes at Commit is ordered behind the block that it belongs to, and becomes
// durable with the barrier of the next one; after a crash it may be a block behind the stores,
// which recovery knows how to mend (chain/recovery.h). So it costs no barrier.
#pragma once
#include "ledger/storage.h"
#include "store/keys.h"

namespace tandem::ledger {

class DatabaseStorage final : public Storage {
  public:
    /// `database` is borrowed.
    explicit DatabaseStorage(store::KeyValues& database) : database_(&database) {}

    [[nodiscard]] std::optional<Bytes> get(BytesView key) const override {
        return database_->get(place(key));
    }
    void scan(BytesView prefix, BytesView from,
              const std::function<bool(BytesView, BytesView)>& visit) const override {
        const BytesView first = base::compare(prefix, from) < 0 ? from : prefix;
        const Bytes end{static_cast<std::uint8_t>(store::KeySpace::application) + 1};
        database_->visit(place(first), end, store::Direction::ascending,
                         [&](BytesView key, BytesView value) {
                             const BytesView own = key.subspan(1);
                             if (own.size() < prefix.size() ||
                                 !base::equal(own.first(prefix.size()), prefix))
                                 return false;
                             return visit(own, value);
                         });
    }
    void write(std::vector<Change> changes) override {
        store::Batch batch;
        for (Change& change : changes) {
            if (change.value)
                batch.put(place(change.key), std::move(*change.value));
            else
                batch.remove(place(change.key));
        }
        database_->write(batch);
    }

  private:
    [[nodiscard]] static Bytes place(BytesView key) {
        return store::Key(store::KeySpace::application).add(key);
    }
    store::KeyValues* database_;
};

}  // namespace tandem::ledger
