// Where a built-in application keeps its state: ordered keys and values, written once a block.
//
// An application holds what its block changed until Commit and then hands over one batch, which
// becomes durable as a whole: after a crash the state is that of one height, never between two.
//
// Rejected: writing as transactions are executed, which FinalizeBlock without its Commit would
// leave behind.
//
// Not here: the database itself (io).
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace tandem::ledger {

using base::Bytes;
using base::BytesView;

struct Change {
    Bytes key;
    std::optional<Bytes> value;  // nothing: the key goes
};

/// What can be read: the present state, or one of a time before.
class StorageView {
  public:
    virtual ~StorageView() = default;
    [[nodiscard]] virtual std::optional<Bytes> get(BytesView key) const = 0;
    /// The keys that begin with `prefix` and are not before `from`, in order, while `visit` says
    /// to go on.
    virtual void scan(BytesView prefix, BytesView from,
                      const std::function<bool(BytesView key, BytesView value)>& visit) const = 0;
};

class Storage : public StorageView {
  public:
    /// As it is now, whatever is written later. It costs no copy, and holds what it shows until it
    /// goes; it must go before the storage does.
    [[nodiscard]] virtual std::unique_ptr<const StorageView> view() const = 0;
    /// All of it or nothing, durable on return; of several changes of a key the last counts. An
    /// implementation that cannot write stops the process.
    virtual void write(std::vector<Change> changes) = 0;
};

/// Lives as long as the process: what `kvstore` of a stock node is, and what tests use.
class MemoryStorage final : public Storage {
  public:
    [[nodiscard]] std::optional<Bytes> get(BytesView key) const override {
        const auto found = values_->find(base::to_bytes(key));
        if (found == values_->end()) return std::nullopt;
        return found->second;
    }
    void scan(BytesView prefix, BytesView from,
              const std::function<bool(BytesView, BytesView)>& visit) const override {
        const BytesView first = base::compare(prefix, from) < 0 ? from : prefix;
        for (auto at = values_->lower_bound(base::to_bytes(first)); at != values_->end(); ++at) {
            const BytesView key = at->first;
            if (key.size() < prefix.size() || !base::equal(key.first(prefix.size()), prefix))
                return;
            if (!visit(key, at->second)) return;
        }
    }
    [[nodiscard]] std::unique_ptr<const StorageView> view() const override {
        return std::make_unique<MemoryStorage>(*this);
    }
    void write(std::vector<Change> changes) override {
        if (values_.use_count() > 1) values_ = std::make_shared<Map>(*values_);
        for (Change& change : changes) {
            if (change.value)
                values_->insert_or_assign(std::move(change.key), std::move(*change.value));
            else
                values_->erase(change.key);
        }
    }

  private:
    using Map = std::map<Bytes, Bytes>;
    std::shared_ptr<Map> values_ = std::make_shared<Map>();  // copied by who writes, when shared
};

}  // namespace tandem::ledger
