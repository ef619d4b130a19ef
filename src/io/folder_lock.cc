#include "io/folder_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace tandem::io {
namespace {

std::string holder(int descriptor) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(descriptor, text.data(), text.size() - 1, 0);
    std::string_view number(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    number = number.substr(0, number.find_first_not_of("0123456789"));
    return number.empty() ? "another process" : fmt::format("process {}", number);
}

}  // namespace

base::Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / file_name;
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.is_open())
        return base::refuse("folder.lock",
                            fmt::format("cannot open {}: {}", path.string(), std::strerror(errno)));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return base::refuse(
                "folder.busy",
                fmt::format("{} uses {}: stop it first, or give another folder (--home)",
                            holder(file.get()), folder.string()));
        return base::refuse("folder.lock",
                            fmt::format("cannot lock {}: {}", path.string(), std::strerror(errno)));
    }
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.get(), 0) != 0 || write_all(file.get(), base::as_bytes(text), 0) != 0)
        return base::refuse(
            "folder.lock", fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
    return FolderLock(std::move(file));
}

}  // namespace tandem::io
