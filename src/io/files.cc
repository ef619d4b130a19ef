#include "io/files.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tandem::io {
namespace {

std::unexpected<base::Refusal> refuse_errno(std::string_view check, std::string_view what,
                                            const std::filesystem::path& path, int error) {
    return base::refuse(check,
                        fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(error)));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (is_open()) ::close(number_);
        number_ = other.release();
    }
    return *this;
}

Descriptor::~Descriptor() {
    if (is_open()) ::close(number_);
}

int Descriptor::release() noexcept {
    return std::exchange(number_, -1);
}

base::Result<base::Bytes> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open())
        return refuse_errno(errno == ENOENT ? "file.missing" : "file.read", "open", path, errno);
    base::Bytes content;
    struct stat status{};
    if (::fstat(file.get(), &status) == 0 && status.st_size > 0)
        content.reserve(std::min(static_cast<std::size_t>(status.st_size), bytes_max) + 1);
    while (true) {
        const std::size_t before = content.size();
        const std::size_t step = std::max<std::size_t>(content.capacity() - before, 4096);
        content.resize(before + step);
        const ssize_t got = ::read(file.get(), content.data() + before, step);
        if (got < 0 && errno == EINTR) {
            content.resize(before);
            continue;
        }
        if (got < 0) return refuse_errno("file.read", "read", path, errno);
        content.resize(before + static_cast<std::size_t>(got));
        if (content.size() > bytes_max)
            return base::refuse("file.too_long",
                                fmt::format("{} has more than {} bytes", path.string(), bytes_max));
        if (got == 0) return content;
    }
}

int write_all(int descriptor, base::BytesView bytes, std::uint64_t offset) noexcept {
    while (!bytes.empty()) {
        const ssize_t done =
            ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return errno;
        if (done == 0) return EIO;
        bytes = bytes.subspan(static_cast<std::size_t>(done));
        offset += static_cast<std::uint64_t>(done);
    }
    return 0;
}

int sync_folder(const std::filesystem::path& folder) noexcept {
    const Descriptor opened(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open()) return errno;
    return ::fsync(opened.get()) == 0 ? 0 : errno;
}

base::Verdict replace_file(const std::filesystem::path& path, base::BytesView content,
                           unsigned mode) {
    const std::filesystem::path other =
        path.parent_path() / fmt::format(".{}.{}.new", path.filename().string(), ::getpid());
    const auto give_up = [&](std::string_view what, int error) {
        ::unlink(other.c_str());
        return refuse_errno("file.write", what, path, error);
    };
    ::unlink(other.c_str());
    const Descriptor file(::open(other.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) return give_up("create a new version of", errno);
    if (::fchmod(file.get(), static_cast<mode_t>(mode)) != 0)
        return give_up("set the permissions of", errno);
    if (const int error = write_all(file.get(), content, 0)) return give_up("write", error);
    if (::fsync(file.get()) != 0) return give_up("sync", errno);
    if (::rename(other.c_str(), path.c_str()) != 0) return give_up("replace", errno);
    if (const int error = sync_folder(path.parent_path()))
        return give_up("sync the folder of", error);
    return {};
}

}  // namespace tandem::io
