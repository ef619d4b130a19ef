#include "io/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/folder_lock.h"
#include "io/testing.h"

namespace tandem::io {
namespace {

namespace fs = std::filesystem;

base::BytesView bytes(std::string_view text) {
    return base::as_bytes(text);
}

std::string content(const fs::path& path) {
    const auto read = read_file(path, 1 << 20);
    return read ? std::string(base::as_text(*read)) : read.error().check;
}

TEST(Files, AreReadWhole) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "a";
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 100'000U}) {
        const std::string text(size, 'x');
        ASSERT_TRUE(replace_file(path, bytes(text), 0600));
        EXPECT_EQ(content(path), text);
        EXPECT_TRUE(read_file(path, size));
        if (size > 0) {
            const auto refused = read_file(path, size - 1);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().check, "file.too_long");
        }
    }
    EXPECT_EQ(content(folder.path() / "none"), "file.missing");
    EXPECT_EQ(content(folder.path()), "file.read") << "a folder";
}

TEST(Files, AreReplacedWhole) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "a";
    ASSERT_TRUE(replace_file(path, bytes("old"), 0644));
    ASSERT_TRUE(replace_file(path, bytes("new"), 0600));
    EXPECT_EQ(content(path), "new");
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(Files, StayAsTheyWereWhenReplacingFails) {
    const TemporaryFolder folder;
    fs::create_directory(folder.path() / "a");
    std::ignore = replace_file(folder.path() / "a" / "inside", bytes("kept"), 0600);
    const auto refused = replace_file(folder.path() / "a", bytes("new"), 0600);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().check, "file.write");
    EXPECT_NE(refused.error().why.find((folder.path() / "a").string()), std::string::npos);
    EXPECT_EQ(content(folder.path() / "a" / "inside"), "kept");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
    EXPECT_FALSE(replace_file(folder.path() / "none" / "a", bytes("new"), 0600));
}

TEST(FolderLock, IsHeldByOne) {
    const TemporaryFolder folder;
    {
        const auto lock = FolderLock::take(folder.path());
        ASSERT_TRUE(lock) << lock.error().why;
        const auto second = FolderLock::take(folder.path());
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().check, "folder.busy");
        EXPECT_NE(second.error().why.find("process " + std::to_string(::getpid())),
                  std::string::npos)
            << second.error().why;
    }
    EXPECT_TRUE(FolderLock::take(folder.path()));
    const auto missing = FolderLock::take(folder.path() / "none");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().check, "folder.lock");
}

TEST(FolderLock, EndsWithItsProcess) {
    const TemporaryFolder folder;
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto lock = FolderLock::take(folder.path());
        const char answer = lock ? 'y' : 'n';
        if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
        while (true) ::pause();
    }
    char answer = 0;
    ASSERT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    const auto refused = FolderLock::take(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().why.find("process " + std::to_string(child)), std::string::npos)
        << refused.error().why;
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(FolderLock::take(folder.path()));
    ::close(ready[0]);
    ::close(ready[1]);
}

}  // namespace
}  // namespace tandem::io
