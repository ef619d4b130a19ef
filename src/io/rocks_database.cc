#include "io/rocks_database.h"

#include <cerrno>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "io/exit_codes.h"
#include "io/failure.h"

namespace tandem::io {
namespace {

using store::Batch;
using store::Bytes;
using store::BytesView;

rocksdb::Slice slice(BytesView bytes) {
    if (bytes.empty()) return {};  // never a null pointer, which a span of nothing may be
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

BytesView bytes_of(const rocksdb::Slice& slice) {
    return {reinterpret_cast<const std::uint8_t*>(slice.data()), slice.size()};
}

[[noreturn]] void failed(std::string_view what, const std::filesystem::path& folder,
                         const rocksdb::Status& status) {
    if (status.IsNoSpace()) disk_failed(what, folder, ENOSPC);
    if (status.IsCorruption())
        end_process(exit_code::bad_data,
                    fmt::format("the database in {} is damaged: {}. Restore the data folder from a "
                                "backup together with its log, or begin with an empty one and let "
                                "the node fetch the chain from its peers.",
                                folder.string(), status.ToString()));
    end_process(exit_code::io_error,
                fmt::format("cannot {} the database in {}: {}. Look at the disk, then start the "
                            "node again: it recovers from what is there.",
                            what, folder.string(), status.ToString()));
}

/// What fails behind the scenes would make RocksDB refuse later writes, or try again by itself.
class EndOnError final : public rocksdb::EventListener {
  public:
    explicit EndOnError(std::filesystem::path folder) : folder_(std::move(folder)) {}
    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
        if (status != nullptr && !status->ok()) failed("write", folder_, *status);
    }

  private:
    std::filesystem::path folder_;
};

rocksdb::Options options_of(const std::filesystem::path& folder, const RocksConfig& config) {
    rocksdb::Options options;
    options.create_if_missing = config.create_if_missing;
    options.write_buffer_size = config.memory_bytes;
    options.max_write_buffer_number = 2;
    options.max_total_wal_size = 4 * config.memory_bytes;
    options.max_background_jobs = 2;
    options.max_open_files = 256;
    options.compression = rocksdb::kNoCompression;
    options.enable_blob_files = true;
    options.min_blob_size = 512;  // written once, and not again by each compaction
    options.blob_file_size = std::uint64_t{64} << 20;
    // A compaction writes blobs of the oldest files again, dead or not; what is pruned dies in
    // whole files anyway.
    options.enable_blob_garbage_collection = true;
    options.blob_garbage_collection_age_cutoff = 0.05;
    options.bytes_per_sync = std::uint64_t{1} << 20;
    options.allow_concurrent_memtable_write = false;  // one thread writes
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    // Its own text log and statistics.
    options.info_log_level = rocksdb::WARN_LEVEL;
    options.keep_log_file_num = 2;
    options.max_log_file_size = std::size_t{1} << 20;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.listeners.push_back(std::make_shared<EndOnError>(folder));
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(config.cache_bytes);
    table.cache_index_and_filter_blocks = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

}  // namespace

struct RocksDatabase::Impl {
    std::filesystem::path folder;
    std::unique_ptr<rocksdb::DB> database;

    /// `snapshot`: null for the present.
    [[nodiscard]] std::optional<Bytes> get(BytesView key, const rocksdb::Snapshot* snapshot) const;
    void visit(BytesView first, BytesView end, store::Direction direction, const Visitor& visitor,
               const rocksdb::Snapshot* snapshot) const;
};

class RocksDatabase::View final : public store::KeyValuesView {
  public:
    explicit View(const Impl& impl) : impl_(impl), snapshot_(impl.database->GetSnapshot()) {}
    ~View() override { impl_.database->ReleaseSnapshot(snapshot_); }
    View(const View&) = delete;
    View& operator=(const View&) = delete;

    [[nodiscard]] std::optional<Bytes> get(BytesView key) const override {
        return impl_.get(key, snapshot_);
    }
    void visit(BytesView first, BytesView end, store::Direction direction,
               const Visitor& visitor) const override {
        impl_.visit(first, end, direction, visitor, snapshot_);
    }

  private:
    const Impl& impl_;
    const rocksdb::Snapshot* snapshot_;
};

std::unique_ptr<const store::KeyValuesView> RocksDatabase::view() const {
    return std::make_unique<View>(*impl_);
}

RocksDatabase::RocksDatabase(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksDatabase::~RocksDatabase() = default;

base::Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(
    const std::filesystem::path& folder, RocksConfig config) {
    rocksdb::DB* opened = nullptr;
    if (config.is_read_only) config.create_if_missing = false;
    const rocksdb::Options options = options_of(folder, config);
    const rocksdb::Status status =
        config.is_read_only ? rocksdb::DB::OpenForReadOnly(options, folder.string(), &opened)
                            : rocksdb::DB::Open(options, folder.string(), &opened);
    if (status.ok()) {
        auto impl = std::make_unique<Impl>();
        impl->folder = folder;
        impl->database.reset(opened);
        return std::unique_ptr<RocksDatabase>(new RocksDatabase(std::move(impl)));
    }
    if (status.IsNoSpace()) failed("open", folder, status);
    const std::string text = status.ToString();
    if (status.IsCorruption())
        return base::refuse("database.damaged",
                            fmt::format("the database in {} is damaged: {}. Restore the data "
                                        "folder from a backup together with its log",
                                        folder.string(), text));
    if (status.IsIOError() && text.find("lock") != std::string::npos)
        return base::refuse(
            "database.busy",
            fmt::format("another process uses the database in {}: stop it first", folder.string()));
    const bool is_missing = status.IsInvalidArgument() || status.IsNotFound() ||
                            !std::filesystem::exists(folder / "CURRENT");
    if (is_missing && !config.create_if_missing)
        return base::refuse("database.missing",
                            fmt::format("there is no database in {}", folder.string()));
    return base::refuse("database.open", fmt::format("the database in {} cannot be opened: {}",
                                                     folder.string(), text));
}

std::optional<Bytes> RocksDatabase::Impl::get(BytesView key,
                                              const rocksdb::Snapshot* snapshot) const {
    rocksdb::ReadOptions how;
    how.snapshot = snapshot;
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        database->Get(how, database->DefaultColumnFamily(), slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) failed("read", folder, status);
    return base::to_bytes(bytes_of(value));
}

std::optional<Bytes> RocksDatabase::get(BytesView key) const {
    return impl_->get(key, nullptr);
}

void RocksDatabase::write(const Batch& batch) {
    std::size_t bytes = 64;
    for (const Batch::Change& change : batch.changes())
        bytes += change.key.size() + change.value.size() + 16;
    rocksdb::WriteBatch changes(bytes);
    rocksdb::Status status;
    for (const Batch::Change& change : batch.changes()) {
        switch (change.kind) {
            case Batch::Kind::put:
                status = changes.Put(slice(change.key), slice(change.value));
                break;
            case Batch::Kind::remove:
                status = changes.Delete(slice(change.key));
                break;
            case Batch::Kind::remove_range:
                if (change.key < change.value)
                    status = changes.DeleteRange(slice(change.key), slice(change.value));
                break;
        }
        if (!status.ok()) failed("write", impl_->folder, status);
    }
    status = impl_->database->Write(rocksdb::WriteOptions(), &changes);
    if (!status.ok()) failed("write", impl_->folder, status);
}

void RocksDatabase::sync() {
    const rocksdb::Status status = impl_->database->SyncWAL();
    if (!status.ok()) failed("sync", impl_->folder, status);
}

void RocksDatabase::visit(BytesView first, BytesView end, store::Direction direction,
                          const Visitor& visitor) const {
    impl_->visit(first, end, direction, visitor, nullptr);
}

void RocksDatabase::Impl::visit(BytesView first, BytesView end, store::Direction direction,
                                const Visitor& visitor, const rocksdb::Snapshot* snapshot) const {
    rocksdb::ReadOptions how;
    how.snapshot = snapshot;
    const rocksdb::Slice lower = slice(first);
    const rocksdb::Slice upper = slice(end);
    how.iterate_lower_bound = &lower;
    if (!end.empty()) how.iterate_upper_bound = &upper;
    if (!end.empty() && base::compare(first, end) >= 0) return;
    const std::unique_ptr<rocksdb::Iterator> at(database->NewIterator(how));
    const bool ascends = direction == store::Direction::ascending;
    if (ascends)
        at->SeekToFirst();
    else
        at->SeekToLast();
    while (at->Valid() && visitor(bytes_of(at->key()), bytes_of(at->value()))) {
        if (ascends)
            at->Next();
        else
            at->Prev();
    }
    if (!at->status().ok()) failed("read", folder, at->status());
}

void RocksDatabase::compact() {
    const rocksdb::Status status =
        impl_->database->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr);
    if (!status.ok()) failed("compact", impl_->folder, status);
}

}  // namespace tandem::io
