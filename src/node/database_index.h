// The index of transactions and blocks in the node's own database (rpc/indexer.h).
#pragma once
#include "rpc/indexer.h"
#include "store/keys.h"

namespace tandem::node {

class DatabaseIndex final : public rpc::IndexStorage {
  public:
    /// `database` is borrowed.
    explicit DatabaseIndex(store::KeyValues& database) : database_(&database) {}

    [[nodiscard]] std::optional<base::Bytes> get(base::BytesView key) const override {
        return database_->get(place(key));
    }
    void visit(base::BytesView first, base::BytesView end,
               const std::function<bool(base::BytesView, base::BytesView)>& visit) const override {
        database_->visit(place(first), place(end), store::Direction::ascending,
                         [&](base::BytesView key, base::BytesView value) {
                             return visit(key.subspan(1), value);
                         });
    }
    void write(std::vector<Entry> entries) override {
        store::Batch batch;
        for (Entry& entry : entries) batch.put(place(entry.key), std::move(entry.value));
        database_->write(batch);
    }

  private:
    [[nodiscard]] static base::Bytes place(base::BytesView key) {
        return store::Key(store::KeySpace::index).add(key);
    }
    store::KeyValues* database_;
};

}  // namespace tandem::node
