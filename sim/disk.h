// A node's disk in a simulation: what was written and what is durable are two things.
//
// There are two streams, as in a real node: the log, and the database of blocks, answers and
// states, which keeps an order of its own (a write-ahead log within). Nothing orders one against
// the other but a barrier. A crash keeps a prefix of what waits in each, of any length down to
// none; the record at which the log was cut may be torn, which a reader takes for the end.
#pragma once
#include <deque>
#include <map>
#include <variant>

#include "base/random.h"
#include "chain/execution.h"
#include "consensus/inputs.h"
#include "seats/seats_application.h"
#include "sim/application.h"

namespace tandem::sim {

struct EndHeight {
    std::int64_t height = 0;
};
struct Watermark {
    base::Bytes record;
};
/// Half a record: its checksum does not hold.
struct Torn {};
using LogEntry = std::variant<consensus::Input, EndHeight, Watermark, Torn>;

struct StoredBlock {
    types::BlockId id;
    consensus::Shared<types::Block> block;
    consensus::Shared<types::PartSet> parts;
    consensus::CommitRecord commit;
};

/// The commit for the block before, as `carrier` carries it.
[[nodiscard]] consensus::CommitRecord canonical_commit(const StoredBlock& carrier);

struct Database {
    std::map<std::int64_t, StoredBlock> blocks;
    std::optional<std::pair<std::int64_t, abci::ResponseFinalizeBlock>> answer;  // the newest
    std::optional<chain::State> state;
};

/// Thrown in the middle of a node's work when its planned crash comes; everything that the process
/// held is lost then, so nobody catches it but the one who ends the process.
struct PowerCut {};

class Disk {
  public:
    // ---- The log. Positions count all entries ever written.
    template <typename Entry>
    const LogEntry& append(Entry entry) {
        touch();
        return log_.emplace_back(std::move(entry));
    }
    [[nodiscard]] std::uint64_t log_end() const noexcept { return log_begin_ + log_.size(); }
    [[nodiscard]] std::uint64_t log_durable() const noexcept { return log_durable_; }
    void sync_log(std::uint64_t up_to) {
        touch();
        log_durable_ = std::max(log_durable_, std::min(up_to, log_end()));
    }
    [[nodiscard]] const std::deque<LogEntry>& log() const noexcept { return log_; }
    /// Drops entries that no recovery asks for: those before the two newest markers, but for the
    /// newest watermark. REQUIRES: the older of the two is durable.
    void shorten_log();

    // ---- The database.
    using DatabaseWrite = std::variant<StoredBlock, chain::State,
                                       std::pair<std::int64_t, abci::ResponseFinalizeBlock>>;
    void put(DatabaseWrite change) {
        touch();
        waiting_.push_back(std::move(change));
    }
    [[nodiscard]] const Database& database() const noexcept { return database_; }

    void sync_database();

    // ---- The power.
    /// It goes; `luck` decides how much of what waits has reached the platter.
    void crash(base::SeededRandom& luck);
    /// It will go at the n-th write, barrier or commit from now on; 0: it will not.
    void plan_crash(std::uint64_t touches) noexcept { crash_in_ = touches; }
    /// Counts one access to the disk.
    void touch() {
        if (crash_in_ != 0 && --crash_in_ == 0) throw PowerCut{};
    }
    /// What a backup would hold.
    [[nodiscard]] Disk image() const;
    /// The log of another time: what an operator does who restores one file and not the rest.
    void put_log_of(const Disk& other);
    /// All that an imported priv_validator_state.json holds: the newest watermark.
    void keep_watermark_only();
    /// What a reader of the log does first.
    void cut_torn_end();
    /// Whoever wants to sign twice begins here: markers stay, inputs and watermarks go.
    void forget_what_was_signed();

    // Processes of their own, which make their commits durable by themselves.
    ApplicationDisk application;
    std::optional<seats::CommitPoint> seats_point;

  private:
    void apply(DatabaseWrite& change);

    std::deque<LogEntry> log_;
    std::uint64_t log_begin_ = 0;    // position of the first entry
    std::uint64_t log_durable_ = 0;  // entries before this position are safe
    Database database_;
    std::deque<DatabaseWrite> waiting_;
    std::uint64_t crash_in_ = 0;
};

}  // namespace tandem::sim
