// The node's database (store/key_values.h) on RocksDB.
//
// Every batch goes into RocksDB's write-ahead log and is found again in order after a crash;
// sync() is one barrier over that log. Its settings are for a small process: a few MiB of memory,
// large values (parts of blocks) beside the tree and not in it, so that they are not copied again
// and again, no compression, no threads but one or two for what happens behind the scenes.
//
// A write, a barrier or a background job that fails ends the process (failure.h).
//
// Rejected: one database a purpose, as CometBFT has it. One has one barrier.
#pragma once
#include <filesystem>
#include <memory>

#include "base/refusal.h"
#include "store/key_values.h"

namespace tandem::io {

struct RocksConfig {
    std::size_t memory_bytes = std::size_t{16} << 20;  // written and not yet in a file
    std::size_t cache_bytes = std::size_t{8} << 20;    // for reading
    bool create_if_missing = true;
    bool is_read_only = false;  // nothing on the disk changes, and nothing can be written
};

class RocksDatabase final : public store::KeyValues {
  public:
    /// Refused: "database.missing", "database.busy" (another process has it open),
    /// "database.damaged", "database.open"; with the folder and what to do.
    [[nodiscard]] static base::Result<std::unique_ptr<RocksDatabase>> open(
        const std::filesystem::path& folder, RocksConfig config = {});
    /// What was not synced may be lost if the machine goes down next, but not otherwise.
    ~RocksDatabase() override;

    [[nodiscard]] std::optional<store::Bytes> get(store::BytesView key) const override;
    void write(const store::Batch& batch) override;
    void sync() override;
    void visit(store::BytesView first, store::BytesView end, store::Direction direction,
               const Visitor& visitor) const override;
    [[nodiscard]] std::unique_ptr<const store::KeyValuesView> view() const override;

    /// Gives room back that removed entries held. Takes its time.
    void compact();

  private:
    struct Impl;
    class View;
    explicit RocksDatabase(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::io
