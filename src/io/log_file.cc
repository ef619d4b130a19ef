#include "io/log_file.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "io/failure.h"

namespace tandem::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "segment-";
constexpr std::size_t digits = 20;
constexpr std::size_t segment_read_bytes_max = std::size_t{8} << 30;

std::optional<std::uint64_t> number_of(const std::string& name) {
    if (!name.starts_with(prefix) || name.size() != prefix.size() + digits) return std::nullopt;
    std::uint64_t number = 0;
    const char* end = name.data() + name.size();
    const auto [at, error] = std::from_chars(name.data() + prefix.size(), end, number);
    if (error != std::errc{} || at != end) return std::nullopt;
    return number;
}

/// Numbers of the segments in the folder, ascending; none where there is no folder.
base::Result<std::vector<std::uint64_t>> segments_in(const fs::path& folder) {
    std::vector<std::uint64_t> numbers;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (const auto number = number_of(at->path().filename().string()))
            numbers.push_back(*number);
    if (error && error != std::errc::no_such_file_or_directory)
        return base::refuse("file.read",
                            fmt::format("cannot read {}: {}", folder.string(), error.message()));
    std::ranges::sort(numbers);
    return numbers;
}

}  // namespace

fs::path LogFile::segment_path(std::uint64_t number) const {
    return folder_ / fmt::format("{}{:0{}}", prefix, number, digits);
}

LogFile::LogFile(fs::path folder, LogFileConfig config, store::LogWriter writer)
    : folder_(std::move(folder)), config_(std::move(config)), writer_(std::move(writer)) {
    thread_ = std::thread([this] { run_barriers(); });
}

LogFile::~LogFile() {
    if (begun_) flush();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

base::Result<LogFile::Opened> LogFile::open(fs::path folder, std::string chain_id,
                                            LogFileConfig config) {
    auto numbers = segments_in(folder);
    if (!numbers) return std::unexpected(std::move(numbers).error());
    // The newest three: two whole ones, and one that a crash may have left unfinished.
    const std::size_t skipped = numbers->size() > 3 ? numbers->size() - 3 : 0;
    std::unique_ptr<LogFile> log(
        new LogFile(std::move(folder), std::move(config), store::LogWriter(chain_id)));
    std::vector<base::Bytes> contents;
    std::vector<store::LogSegment> segments;
    for (std::size_t i = 0; i < numbers->size(); ++i) {
        const fs::path path = log->segment_path((*numbers)[i]);
        if (i < skipped) {
            log->leftovers_.push_back(path);
            continue;
        }
        auto bytes = read_file(path, segment_read_bytes_max);
        if (!bytes) return std::unexpected(std::move(bytes).error());
        contents.push_back(std::move(*bytes));
    }
    segments.reserve(contents.size());
    for (std::size_t i = 0; i < contents.size(); ++i)
        segments.push_back({(*numbers)[skipped + i], contents[i]});
    auto read = store::read_log(segments, chain_id);
    if (!read) {
        read.error().why = fmt::format("{}: {}", log->folder_.string(), read.error().why);
        return std::unexpected(std::move(read).error());
    }
    for (std::size_t i = 0; i < read->empty_segments; ++i)
        log->leftovers_.push_back(log->segment_path((*numbers)[numbers->size() - 1 - i]));
    if (read->newest) {
        log->is_new_ = false;
        log->writer_ = store::LogWriter(*read->newest, read->good_bytes);
        log->path_ = log->segment_path(read->newest->number);
        log->offset_ = read->good_bytes;
    }
    return Opened{std::move(*read), std::move(log)};
}

// ---- The files

void LogFile::begin() {
    if (std::exchange(begun_, true)) return;
    std::error_code error;
    if (fs::create_directories(folder_, error)) {
        if (::chmod(folder_.c_str(), 0700) != 0)
            disk_failed("set the permissions of", folder_, errno);
        if (const int failed = sync_folder(folder_.parent_path()))
            disk_failed("sync", folder_.parent_path(), failed);
    }
    if (error) disk_failed("create", folder_, error.value());
    for (const fs::path& path : leftovers_)
        if (::unlink(path.c_str()) != 0) disk_failed("remove", path, errno);
    if (!leftovers_.empty())
        if (const int failed = sync_folder(folder_)) disk_failed("sync", folder_, failed);
    if (is_new_) return begin_segment();
    open_segment();
}

/// The segment that was read, its torn end cut.
void LogFile::open_segment() {
    Descriptor file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open()) disk_failed("open", path_, errno);
    if (::ftruncate(file.get(), static_cast<off_t>(offset_)) != 0)
        disk_failed("cut the torn end of", path_, errno);
    // What was read may have been in the cache of the system only.
    if (::fsync(file.get()) != 0) disk_failed("sync", path_, errno);
    length_ = offset_;
    const std::lock_guard lock(mutex_);
    file_ = std::move(file);
}

/// REQUIRES: nothing waits to become durable.
void LogFile::begin_segment() {
    const base::Bytes head = writer_.begin_segment();
    path_ = segment_path(writer_.segment());
    Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) disk_failed("create", path_, errno);
    if (const int error = write_all(file.get(), head, 0)) disk_failed("write", path_, error);
    if (::fsync(file.get()) != 0) disk_failed("sync", path_, errno);
    if (const int error = sync_folder(folder_)) disk_failed("sync", folder_, error);
    offset_ = length_ = head.size();
    {
        const std::lock_guard lock(mutex_);
        file_ = std::move(file);
    }
    // The newest two hold all that recovery can ask for.
    if (writer_.segment() < 2) return;
    const fs::path old = segment_path(writer_.segment() - 2);
    if (::unlink(old.c_str()) != 0 && errno != ENOENT) disk_failed("remove", old, errno);
}

// ---- Appending

template <typename Write>
signer::LogPosition LogFile::append_frame(Write write) {
    begin();
    if (durable() == end()) writer_.synced();
    const std::size_t before = buffer_.size();
    write(buffer_);
    end_ += buffer_.size() - before;
    if (buffer_.size() >= config_.buffer_bytes) flush();
    return end();
}

signer::LogPosition LogFile::append(const consensus::Input& input) {
    return append_frame([&](base::Bytes& out) { writer_.input(out, input); });
}

signer::LogPosition LogFile::append_watermark(base::BytesView record) {
    return append_frame([&](base::Bytes& out) { writer_.watermark(out, record); });
}

signer::LogPosition LogFile::append_marker(std::int64_t height) {
    append_frame([&](base::Bytes& out) { writer_.end_of_height(out, height); });
    if (writer_.wants_segment(config_.segment_bytes)) {
        sync();
        writer_.synced();
        begin_segment();
    }
    return end();
}

void LogFile::flush() {
    if (buffer_.empty()) return;
    const std::uint64_t after = offset_ + buffer_.size();
    if (after > length_) {
        const std::uint64_t length = after + config_.ahead_bytes;
        int error = EINTR;
        while (error == EINTR)
            error = ::posix_fallocate(file_.get(), static_cast<off_t>(length_),
                                      static_cast<off_t>(length - length_));
        if (error != 0) disk_failed("make room in", path_, error);
        length_ = length;
    }
    if (const int error = write_all(file_.get(), buffer_, offset_))
        disk_failed("write", path_, error);
    offset_ = after;
    buffer_.clear();
}

// ---- Barriers

signer::LogPosition LogFile::durable() const {
    const std::lock_guard lock(mutex_);
    return {durable_};
}

std::uint64_t LogFile::barriers() const {
    const std::lock_guard lock(mutex_);
    return barriers_;
}

void LogFile::ask_barrier() {
    flush();
    {
        const std::lock_guard lock(mutex_);
        if (wanted_ == end_) return;
        wanted_ = end_;
    }
    changed_.notify_all();
}

void LogFile::sync() {
    ask_barrier();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return durable_ == end_; });
}

void LogFile::run_barriers() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || wanted_ > durable_; });
        if (wanted_ == durable_) return;
        const std::uint64_t position = wanted_;
        const int file = file_.get();
        lock.unlock();
        if (::fdatasync(file) != 0) disk_failed("sync", path_, errno);
        lock.lock();
        durable_ = position;
        ++barriers_;
        lock.unlock();
        changed_.notify_all();
        if (config_.barrier_done) config_.barrier_done();
        lock.lock();
    }
}

}  // namespace tandem::io
