// The log (store/log.h) on a disk.
//
//     <folder>/segment-00000000000000000007     and the one before it
//
// Appended frames gather in memory and go to the file at a barrier, or when many have gathered.
// A barrier (fdatasync) runs on a thread of its own, so that the node goes on meanwhile: frames
// that come while one runs wait for the next, all together. A segment is made longer ahead of what
// is written, so that a full disk is met early and a barrier has no new length to write.
//
// open() reads and changes nothing, for the node may refuse to start on what it finds. The first
// append begins: it cuts a torn end, or makes the first segment.
//
// A write or barrier that fails ends the process (failure.h). One thread uses this; the callback
// comes from another.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "io/files.h"
#include "node/host.h"
#include "store/log.h"

namespace tandem::io {

struct LogFileConfig {
    std::size_t segment_bytes = store::log_segment_bytes;
    std::size_t ahead_bytes = std::size_t{1} << 20;     // by which a segment is made longer
    std::size_t buffer_bytes = std::size_t{256} << 10;  // gathered before they are written
    /// A barrier is done; called on the barrier's thread, so hand it on.
    std::function<void()> barrier_done = {};
};

class LogFile final : public node::Log {
  public:
    struct Opened;
    /// Refused: as store::read_log, "file.*".
    [[nodiscard]] static base::Result<Opened> open(std::filesystem::path folder,
                                                   std::string chain_id, LogFileConfig config = {});
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;
    /// Waits for a barrier that runs; what was not asked to be durable may be lost.
    ~LogFile() override;

    // ---- node::Log. Positions are bytes since open().
    signer::LogPosition append(const consensus::Input& input) override;
    /// May begin a new segment, and then waits for the disk.
    signer::LogPosition append_marker(std::int64_t height) override;
    signer::LogPosition append_watermark(base::BytesView record) override;
    [[nodiscard]] signer::LogPosition durable() const override;
    void ask_barrier() override;
    void sync() override;

    [[nodiscard]] signer::LogPosition end() const noexcept { return {end_}; }
    /// Barriers so far.
    [[nodiscard]] std::uint64_t barriers() const;

  private:
    LogFile(std::filesystem::path folder, LogFileConfig config, store::LogWriter writer);
    [[nodiscard]] std::filesystem::path segment_path(std::uint64_t number) const;
    void begin();
    void open_segment();
    void begin_segment();
    template <typename Write>
    signer::LogPosition append_frame(Write write);
    void flush();
    void run_barriers();

    std::filesystem::path folder_;
    LogFileConfig config_;
    store::LogWriter writer_;

    // How it was found; until begin().
    bool begun_ = false;
    bool is_new_ = true;
    std::vector<std::filesystem::path> leftovers_;  // segments without a head, too old ones

    base::Bytes buffer_;          // frames that are not in the file yet
    std::filesystem::path path_;  // of the present segment
    std::uint64_t offset_ = 0;    // in it, where buffer_ goes
    std::uint64_t length_ = 0;    // of the file
    std::uint64_t end_ = 0;

    // ---- Shared with the thread of barriers.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Descriptor file_;            // replaced only while no barrier runs
    std::uint64_t wanted_ = 0;   // to be durable; it is in the file already
    std::uint64_t durable_ = 0;  // <= wanted_
    std::uint64_t barriers_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

struct LogFile::Opened {
    store::LogContents contents;
    std::unique_ptr<LogFile> log;
};

}  // namespace tandem::io
