#include "tandem/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "crypto/secret.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;
using base::Bytes;
using base::BytesView;
using base::refuse;
using base::Result;
using base::Verdict;

std::string words_of(int error) {
    return std::generic_category().message(error);
}

std::unexpected<base::Refusal> failed(std::string_view check, std::string_view doing,
                                      const fs::path& path, int error) {
    std::string why = fmt::format("cannot {} {}: {}", doing, path.string(), words_of(error));
    if (error == ENOSPC || error == EDQUOT) why += "; make room and try again";
    if (error == EACCES || error == EPERM) why += "; is this your folder?";
    return refuse(check, std::move(why));
}

/// A descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const noexcept { return number_; }

  private:
    int number_;
};

Result<std::string> read_open(const Descriptor& file, const fs::path& path, std::size_t bytes_max) {
    std::string text;
    std::array<char, 16'384> buffer;
    for (;;) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("file.read", "read", path, errno);
        if (count == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > bytes_max)
            return refuse("file.size",
                          fmt::format("{} has more than {} bytes; is it the right file?",
                                      path.string(), bytes_max));
    }
}

Verdict sync_folder(const fs::path& folder) {
    const Descriptor open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (open.get() < 0 || ::fsync(open.get()) != 0)
        return failed("file.sync", "sync the folder", folder, errno);
    return {};
}

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

bool is_there(const fs::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

Result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return failed("file.open", "open", path, errno);
    return read_open(file, path, bytes_max);
}

Result<std::string> read_secret_file(const fs::path& path, std::size_t bytes_max) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return failed("file.open", "open", path, errno);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return failed("file.open", "look at", path, errno);
    if ((status.st_mode & 077U) != 0)
        return refuse("file.mode",
                      fmt::format("{} holds a secret, but others than its owner may use it (mode "
                                  "{:04o}); run: chmod 600 {}",
                                  path.string(), status.st_mode & 07777U, path.string()));
    return read_open(file, path, bytes_max);
}

Result<FolderLock> FolderLock::take(const fs::path& folder) {
    if (!is_there(folder)) return FolderLock(-1);
    const fs::path path = folder / lock_file;
    FolderLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (lock.descriptor_ < 0) return failed("file.open", "open", path, errno);
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return failed("file.lock", "lock", path, errno);
        std::array<char, 32> holder{};
        const ssize_t count = ::pread(lock.descriptor_, holder.data(), holder.size() - 1, 0);
        return refuse("busy", fmt::format("{} is in use by the running process {}; stop it first",
                                          folder.string(), count > 0 ? holder.data() : "?"));
    }
    const std::string own = std::to_string(::getpid());
    if (::ftruncate(lock.descriptor_, 0) != 0 ||
        ::pwrite(lock.descriptor_, own.data(), own.size(), 0) < 0)
        return failed("file.lock", "write", path, errno);
    return lock;
}

FolderLock::~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

FileBatch::~FileBatch() {
    for (File& file : files_) crypto::wipe(file.content);
}

void FileBatch::create(fs::path path, BytesView content, unsigned mode) {
    files_.push_back({std::move(path), base::to_bytes(content), mode, true, {}});
}

void FileBatch::replace(fs::path path, BytesView content, unsigned mode) {
    files_.push_back({std::move(path), base::to_bytes(content), mode, false, {}});
}

void FileBatch::folder(fs::path path) {
    folders_.push_back(std::move(path));
}

Verdict FileBatch::make_folder(const fs::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
        if (S_ISDIR(status.st_mode)) return {};
        return refuse("file.folder",
                      fmt::format("{} is needed as a folder, but is none", path.string()));
    }
    // ENOTDIR: one of its parents is a file, and will be named.
    if (errno != ENOENT && errno != ENOTDIR) return failed("file.folder", "look at", path, errno);
    if (path.has_parent_path()) TANDEM_TRY(make_folder(path.parent_path()));
    if (::mkdir(path.c_str(), static_cast<mode_t>(folder_mode_)) != 0 && errno != EEXIST)
        return failed("file.folder", "make the folder", path, errno);
    made_folders_.push_back(path);
    return {};
}

Verdict FileBatch::write(File& file) {
    if (file.is_new && is_there(file.path))
        return refuse("file.exists", fmt::format("{} already exists", file.path.string()));
    TANDEM_TRY(make_folder(folder_of(file.path)));
    fs::path other = file.path;
    other += fmt::format(".{}.new", ::getpid());
    const Descriptor open(::open(other.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                 static_cast<mode_t>(file.mode)));
    if (open.get() < 0) return failed("file.write", "write", file.path, errno);
    file.written = other;
    BytesView rest = file.content;
    while (!rest.empty()) {
        const ssize_t count = ::write(open.get(), rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("file.write", "write", file.path, errno);
        rest = rest.subspan(static_cast<std::size_t>(count));
    }
    // The umask has no say in who may read a key.
    if (::fchmod(open.get(), static_cast<mode_t>(file.mode)) != 0 || ::fsync(open.get()) != 0)
        return failed("file.write", "write", file.path, errno);
    return {};
}

Verdict FileBatch::move_into_place(File& file) {
    if (!file.is_new) {
        if (::rename(file.written.c_str(), file.path.c_str()) != 0)
            return failed("file.write", "write", file.path, errno);
        file.written.clear();
        return {};
    }
    // A link fails where a file stands, so that two commands at once cannot overwrite a key.
    if (::link(file.written.c_str(), file.path.c_str()) != 0) {
        if (errno == EEXIST)
            return refuse("file.exists", fmt::format("{} already exists", file.path.string()));
        return failed("file.write", "write", file.path, errno);
    }
    made_files_.push_back(file.path);
    ::unlink(file.written.c_str());
    file.written.clear();
    return {};
}

Verdict FileBatch::commit() {
    const auto all = [this]() -> Verdict {
        for (const fs::path& path : folders_) TANDEM_TRY(make_folder(path));
        for (File& file : files_) TANDEM_TRY(write(file));
        // New files first: a replaced one cannot be brought back.
        for (File& file : files_)
            if (file.is_new) TANDEM_TRY(move_into_place(file));
        for (File& file : files_)
            if (!file.is_new) TANDEM_TRY(move_into_place(file));
        for (const File& file : files_) TANDEM_TRY(sync_folder(folder_of(file.path)));
        return {};
    };
    Verdict verdict = all();
    if (!verdict) undo();
    return verdict;
}

void FileBatch::undo() {
    for (const File& file : files_)
        if (!file.written.empty()) ::unlink(file.written.c_str());
    for (const fs::path& path : made_files_) ::unlink(path.c_str());
    for (std::size_t i = made_folders_.size(); i-- > 0;) ::rmdir(made_folders_[i].c_str());
}

}  // namespace tandem::program
