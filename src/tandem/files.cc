#include "tandem/files.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "io/files.h"

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
    if (error == EACCES || error == EPERM) return refuse("file.permission", std::move(why));
    return refuse(check, std::move(why));
}

Verdict sync_folder(const fs::path& folder) {
    if (const int error = io::sync_folder(folder); error != 0)
        return failed("file.sync", "sync the folder", folder, error);
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
    const auto content = io::read_file(path, bytes_max);
    if (!content) return std::unexpected(content.error());
    return std::string(base::as_text(*content));
}

Result<crypto::SecretBytes> read_secret_file(const fs::path& path, std::size_t bytes_max) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077U) != 0)
        return refuse("file.mode",
                      fmt::format("{} holds a secret, but others than its owner may use it (mode "
                                  "{:04o}); run: chmod 600 {}",
                                  path.string(), status.st_mode & 07777U, path.string()));
    auto content = io::read_file(path, bytes_max);
    if (!content) return std::unexpected(content.error());
    return crypto::SecretBytes(std::move(*content));
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
    const io::Descriptor open(::open(other.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                     static_cast<mode_t>(file.mode)));
    if (!open.is_open()) return failed("file.write", "write", file.path, errno);
    file.written = other;
    if (const int error = io::write_all(open.get(), file.content, 0); error != 0)
        return failed("file.write", "write", file.path, error);
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
