// KeyValues in memory, for tests and for the simulator. What was written and what is durable are
// two things here, as on a disk: crash() goes back to a prefix of the batches.
#pragma once
#include <map>
#include <memory>

#include "store/key_values.h"

namespace tandem::store {

class MemoryKeyValues final : public KeyValues {
  public:
    MemoryKeyValues() = default;
    MemoryKeyValues(const MemoryKeyValues& other)
        : KeyValues(other),
          now_(std::make_shared<Map>(*other.now_)),
          durable_(other.durable_),
          waiting_(other.waiting_),
          syncs_(other.syncs_) {}
    MemoryKeyValues& operator=(const MemoryKeyValues&) = delete;

    [[nodiscard]] std::optional<Bytes> get(BytesView key) const override;
    void write(const Batch& batch) override;
    void sync() override;
    void visit(BytesView first, BytesView end, Direction direction,
               const Visitor& visitor) const override;
    [[nodiscard]] std::unique_ptr<const KeyValuesView> view() const override;

    /// Batches that a crash may take.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    /// The power goes; `survivors` of the waiting batches, the oldest ones, had reached the disk.
    void crash(std::size_t survivors = 0);
    [[nodiscard]] std::size_t syncs() const noexcept { return syncs_; }
    [[nodiscard]] std::size_t size() const noexcept { return now_->size(); }

  private:
    using Map = std::map<Bytes, Bytes>;
    class View;
    static void apply(Map& map, const Batch& batch);

    std::shared_ptr<Map> now_ = std::make_shared<Map>();  // copied when a visitor writes
    Map durable_;
    std::vector<Batch> waiting_;  // now_ is durable_ and then these
    std::size_t syncs_ = 0;
};

}  // namespace tandem::store
