// Where seats keeps its state: seats::StateStore on the database.
//
// Of a commit point, only what is new is written: the state after H. The state before H is the one
// that was written as the state after H-1, and stays until H+1 comes.
//
//     "Z" "p"          -> H and the application's answer to it
//     "Z" "s" height   -> state after that height with the application's own hash: H-1 and H
//     "Z" "k" height   -> likewise, kept for a snapshot
#pragma once
#include "seats/seats_application.h"
#include "store/keys.h"

namespace tandem::store {

/// What a save must be when it returns.
enum class SeatsDurability : std::uint8_t {
    /// Ordered before what the application writes into the same database, and made durable with
    /// it: for built-in applications.
    with_application,
    /// On the disk: for applications that keep their own state elsewhere.
    at_once,
};

class SeatsStore final : public seats::StateStore {
  public:
    /// `database` is borrowed.
    SeatsStore(KeyValues& database, SeatsDurability durability)
        : database_(&database), durability_(durability) {}

    void save(seats::CommitPoint point) override;
    [[nodiscard]] std::optional<seats::CommitPoint> load() override;
    void keep_for_snapshots(std::int64_t height, const seats::State& state,
                            BytesView application_hash) override;
    void drop_for_snapshots(std::int64_t height) override;
    [[nodiscard]] std::optional<Kept> load_for_snapshots(std::int64_t height) override;
    [[nodiscard]] std::vector<std::int64_t> kept_for_snapshots() override;

  private:
    void write(const Batch& batch);

    KeyValues* database_;
    SeatsDurability durability_;
    std::optional<std::int64_t> newest_;  // height of the state that the last save() wrote
};

}  // namespace tandem::store
