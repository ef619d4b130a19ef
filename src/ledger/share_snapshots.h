// Snapshots of `share`: its state after one block, in chunks, from those who have it to those who
// begin (docs/formats/share.md, "Snapshots").
//
//     commit at a multiple of the interval -> a view of the storage, which costs nothing
//     each later commit                    -> one chunk is read from the view, hashed and forgotten
//     all of it was read                   -> the snapshot is offered; chunks are read again when
//                                             somebody asks for them
//
// So no block waits for a copy of the state, and nothing is held but the hashes. What it costs is
// that a snapshot ends with the process, and is offered a block later for each chunk. One that
// somebody restores from is kept longer than others.
//
// Who restores believes the application hash alone. Chunks have to have the hashes that the
// snapshot names, or else their sender lied; entries have to make the tree that has the application
// hash, and older versions of records to be those that the newer ones name by hash, or else
// whoever offered the snapshot lied. A restore that a crash ends is undone at the next start.
//
// Rejected: copying the state beside itself, which doubles the disk and stops all nodes at the same
// block; pieces by buckets of the tree, which a record of many versions makes as large as it likes.
#pragma once
#include <deque>

#include "abci/messages.h"
#include "ledger/share_tree.h"

namespace tandem::ledger {

struct ShareSnapshotRules {
    std::int64_t interval = 1000;                        // in blocks; 0: none are made
    std::size_t kept_max = 2;                            // that nobody asks for
    std::size_t held_max = 10;                           // even so
    std::size_t chunk_bytes_max = std::size_t{1} << 20;  // and one entry
};

class ShareSnapshots {
  public:
    static constexpr std::uint32_t format = 1;

    /// `storage` outlives this.
    ShareSnapshots(const Storage& storage, ShareSnapshotRules rules)
        : storage_(storage), rules_(rules) {}

    /// The storage holds the state after `height`.
    void committed(std::int64_t height, std::string_view chain_id);
    /// The storage is about to hold another state.
    void clear() { snapshots_.clear(); }
    /// One that is being made has neither chunks nor hash yet: nobody can take it, and seats knows
    /// that the state of this height will be wanted.
    [[nodiscard]] abci::ResponseListSnapshots list() const;
    /// Empty where there is no such chunk.
    [[nodiscard]] Bytes chunk(const abci::RequestLoadSnapshotChunk& request);

  private:
    struct Place {  // where a chunk begins
        std::size_t part = 0;
        Bytes from;
    };
    struct Snapshot {
        std::int64_t height = 0;
        std::string chain_id;
        std::unique_ptr<const StorageView> view;
        std::vector<Place> places;  // of all chunks; while it is made, of the next one, too
        Bytes hashes;
        bool complete = false;
        bool asked = false;  // for a chunk, since the newest one was complete
    };
    [[nodiscard]] Bytes read(const Snapshot& snapshot, Place& place) const;
    void drop_old();

    const Storage& storage_;
    ShareSnapshotRules rules_;
    std::deque<Snapshot> snapshots_;  // the oldest first; only the newest may be incomplete
};

class ShareRestore {
  public:
    /// Both outlive this.
    ShareRestore(Storage& storage, ShareTree& tree) : storage_(storage), tree_(tree) {}

    /// Takes what a process left that ended while it restored. Before a tree is made.
    static void undo_unfinished(Storage& storage);

    /// Where it is accepted, all that the storage held is gone. `chain_id`: empty for any.
    [[nodiscard]] abci::OfferSnapshotResult begin(const abci::RequestOfferSnapshot& request,
                                                  std::string_view chain_id);
    [[nodiscard]] bool runs() const noexcept { return runs_; }
    /// After the last one runs() is false; the storage is complete but for the caller's position,
    /// which becomes part of the same write.
    [[nodiscard]] abci::ResponseApplySnapshotChunk apply(
        const abci::RequestApplySnapshotChunk& request,
        const std::function<Change(std::int64_t height, const std::string& chain_id)>& position);

  private:
    [[nodiscard]] bool take_entries(BytesView bytes);
    void give_up();

    Storage& storage_;
    ShareTree& tree_;
    bool runs_ = false;
    std::int64_t height_ = 0;
    std::string chain_id_;
    Bytes app_hash_;
    Bytes hashes_;
    std::uint32_t next_ = 0;
};

}  // namespace tandem::ledger
