// The database as the stores see it: an ordered map from bytes to bytes.
//
// It is the world's argument. The node gives one on a disk (io), tests and the simulator give one
// in memory; what stands above cannot tell them apart.
//
// Two promises carry everything that is built on it:
//
//   - a batch is there as a whole or not at all, and later batches never without earlier ones:
//     after a crash, what is left is a prefix of what was written;
//   - after sync(), everything written before it survives a crash.
//
// Nothing here can fail as a value. A database that cannot write has lost the ground that the node
// stands on: the implementation ends the process with a message (house rules, "the machine's").
//
// Rejected: transactions that read what they wrote (nobody needs them), several maps with names
// (a first byte does the same, and one map has one barrier: keys.h).
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace tandem::store {

using base::Bytes;
using base::BytesView;

/// Changes that take effect together, in the order in which they were added.
class Batch {
  public:
    enum class Kind : std::uint8_t { put, remove, remove_range };
    struct Change {
        Kind kind = Kind::put;
        Bytes key;    // of a range: its first key
        Bytes value;  // of a range: its end, which stays
    };

    void put(Bytes key, Bytes value) {
        changes_.push_back({Kind::put, std::move(key), std::move(value)});
    }
    void remove(Bytes key) { changes_.push_back({Kind::remove, std::move(key), {}}); }
    /// Every key from `first` on that is below `end`.
    void remove_range(Bytes first, Bytes end) {
        changes_.push_back({Kind::remove_range, std::move(first), std::move(end)});
    }

    [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }
    [[nodiscard]] bool empty() const noexcept { return changes_.empty(); }

  private:
    std::vector<Change> changes_;
};

enum class Direction : std::uint8_t { ascending, descending };

/// What can be read: the present, or a time before.
class KeyValuesView {
  public:
    virtual ~KeyValuesView() = default;

    [[nodiscard]] virtual std::optional<Bytes> get(BytesView key) const = 0;
    /// False: enough. The views are good until the visitor returns.
    using Visitor = std::function<bool(BytesView key, BytesView value)>;
    /// Each entry with first <= key < end, as they were at the beginning of the call: the visitor
    /// may write. An empty `end` stands for no end.
    virtual void visit(BytesView first, BytesView end, Direction direction,
                       const Visitor& visitor) const = 0;
};

class KeyValues : public KeyValuesView {
  public:
    /// Visible at once, durable after the next sync().
    virtual void write(const Batch& batch) = 0;
    /// A durable barrier for all that was written before.
    virtual void sync() = 0;
    /// As it is now, whatever is written later. Costs no copy; what was overwritten since stays on
    /// the disk until it goes. It must go before the database does, and a crash ends it.
    [[nodiscard]] virtual std::unique_ptr<const KeyValuesView> view() const = 0;

    void put(Bytes key, Bytes value) {
        Batch batch;
        batch.put(std::move(key), std::move(value));
        write(batch);
    }
};

}  // namespace tandem::store
