// A node's disk in a simulation: what was written and what is durable are two things.
//
// Writes wait in order; a barrier makes all of them durable. A crash keeps a prefix of what waits,
// of any length down to none: the lost rest is what a cache forgets when the power goes.
#pragma once
#include <map>
#include <variant>

#include "chain/execution.h"
#include "consensus/inputs.h"
#include "seats/seats_application.h"
#include "sim/application.h"
#include "types/sign_guard.h"

namespace tandem::sim {

struct EndHeight {
    std::int64_t height = 0;
};
struct Watermark {
    base::Bytes record;
};
using LogEntry = std::variant<consensus::Input, EndHeight, Watermark>;

struct StoredBlock {
    types::BlockId id;
    consensus::Shared<types::Block> block;
    consensus::Shared<types::PartSet> parts;
    consensus::CommitRecord commit;
};

struct DiskContents {
    std::vector<LogEntry> log;
    std::map<std::int64_t, StoredBlock> blocks;
    std::map<std::int64_t, abci::ResponseFinalizeBlock> answers;
    std::optional<chain::State> state;
};

/// Thrown in the middle of a node's work when its planned crash comes; everything that the process
/// held is lost then, so nobody catches it but the one who ends the process.
struct PowerCut {};

class Disk {
  public:
    using Write = std::function<void(DiskContents&)>;

    /// Position of the write: durable once durable() reaches it.
    std::uint64_t write(Write change) {
        touch();
        waiting_.push_back(std::move(change));
        return durable_ + waiting_.size();
    }
    [[nodiscard]] std::uint64_t written() const noexcept { return durable_ + waiting_.size(); }
    [[nodiscard]] std::uint64_t durable() const noexcept { return durable_; }
    void barrier(std::uint64_t up_to) {
        touch();
        while (durable_ < up_to && !waiting_.empty()) apply_first();
    }
    /// The power goes: `kept` of the waiting writes have reached the platter.
    void crash(std::size_t kept) {
        for (std::size_t i = 0; i < kept && !waiting_.empty(); ++i) apply_first();
        waiting_.clear();
    }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    [[nodiscard]] const DiskContents& contents() const noexcept { return contents_; }
    /// The power goes at the n-th write, barrier or commit from now on.
    void plan_crash(std::uint64_t touches) noexcept { crash_in_ = touches; }
    /// Counts one access to the disk.
    void touch() {
        if (crash_in_ != 0 && --crash_in_ == 0) throw PowerCut{};
    }
    void wipe() { *this = Disk(); }

    // Processes of their own, which make their commits durable by themselves.
    ApplicationDisk application;
    std::optional<seats::CommitPoint> seats_point;

  private:
    void apply_first() {
        waiting_.front()(contents_);
        waiting_.erase(waiting_.begin());
        ++durable_;
    }

    DiskContents contents_;
    std::vector<Write> waiting_;
    std::uint64_t durable_ = 0;
    std::uint64_t crash_in_ = 0;  // 0: none planned
};

}  // namespace tandem::sim
