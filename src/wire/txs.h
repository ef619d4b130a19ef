// The transactions of a block, or of a request about one: views into one shared buffer.
//
// A block of a megabyte holds thousands of transactions and is handed from the wire to the
// application and to the store. Each transaction is a view; the buffer behind them is immutable,
// shared and counted, so that a copy of a Txs copies no transaction (docs/adr/0004).
#pragma once
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace tandem::wire {

class Txs {
  public:
    using value_type = base::BytesView;

    Txs() = default;
    /// Copies the given transactions into one buffer.
    [[nodiscard]] static Txs copy_of(std::span<const base::BytesView> transactions);
    [[nodiscard]] static Txs copy_of(std::span<const base::Bytes> transactions);

    /// Adds a view. REQUIRES: `owner` keeps the bytes of `transaction` alive, and is the owner of
    /// every view added before.
    void push_view(base::BytesView transaction, const std::shared_ptr<const base::Bytes>& owner);

    [[nodiscard]] std::size_t size() const noexcept { return views_.size(); }
    [[nodiscard]] bool empty() const noexcept { return views_.empty(); }
    [[nodiscard]] base::BytesView operator[](std::size_t index) const { return views_[index]; }
    [[nodiscard]] auto begin() const noexcept { return views_.begin(); }
    [[nodiscard]] auto end() const noexcept { return views_.end(); }
    [[nodiscard]] std::span<const base::BytesView> views() const noexcept { return views_; }

    friend bool operator==(const Txs& a, const Txs& b) {
        return std::ranges::equal(a.views_, b.views_, base::equal);
    }

  private:
    std::shared_ptr<const base::Bytes> owner_;
    std::vector<base::BytesView> views_;  // each inside *owner_, or empty
};

}  // namespace tandem::wire
