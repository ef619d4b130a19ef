// Parts of the node's database for those who ask for a map of their own: a built-in application and
// the index of transactions. Their keys stand behind a byte that is theirs (store/keys.h).
//
// Neither syncs. Batches are kept in order, so what the application committed at H is there
// whenever anything that came later is; and the node makes everything of H durable before it lets
// the application commit H+1 (chain/execution.h).
#pragma once
#include "ledger/storage.h"
#include "rpc/indexer.h"
#include "store/keys.h"

namespace tandem::io {

class ApplicationStorage final : public ledger::Storage {
  public:
    /// `database` is borrowed.
    explicit ApplicationStorage(store::KeyValues& database) : database_(&database) {}

    [[nodiscard]] std::optional<base::Bytes> get(base::BytesView key) const override;
    void scan(base::BytesView prefix, base::BytesView from,
              const std::function<bool(base::BytesView key, base::BytesView value)>& visit)
        const override;
    [[nodiscard]] std::unique_ptr<const ledger::StorageView> view() const override;
    void write(std::vector<ledger::Change> changes) override;

  private:
    store::KeyValues* database_;
};

class SharedIndexStorage final : public rpc::IndexStorage {
  public:
    /// `database` is borrowed.
    explicit SharedIndexStorage(store::KeyValues& database) : database_(&database) {}

    [[nodiscard]] std::optional<base::Bytes> get(base::BytesView key) const override;
    void visit(base::BytesView first, base::BytesView end,
               const std::function<bool(base::BytesView key, base::BytesView value)>& visit)
        const override;
    void write(std::vector<Entry> entries) override;

  private:
    store::KeyValues* database_;
};

}  // namespace tandem::io
