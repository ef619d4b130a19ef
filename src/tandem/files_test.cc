// Files of commands: what a batch writes, never overwrites, and takes away when it fails.
#include "tandem/files.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tandem/testing.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;
using testing::mode_of;
using testing::TempFolder;
using testing::text_of;

TEST(FileBatch, WritesWithItsModesWhateverTheMaskIs) {
    const TempFolder temp;
    const mode_t mask = ::umask(0077);
    FileBatch batch(0700);
    batch.create(temp.path / "a/b/key", base::as_bytes("secret"), 0600);
    batch.create(temp.path / "a/open", base::as_bytes("text"), 0644);
    batch.folder(temp.path / "a/empty");
    EXPECT_TRUE(batch.commit());
    ::umask(mask);
    EXPECT_EQ(text_of(temp.path / "a/b/key"), "secret");
    EXPECT_EQ(mode_of(temp.path / "a/b/key"), 0600U);
    EXPECT_EQ(mode_of(temp.path / "a/open"), 0644U);
    EXPECT_EQ(mode_of(temp.path / "a/b"), 0700U);
    EXPECT_TRUE(fs::is_directory(temp.path / "a/empty"));
    EXPECT_EQ(temp.files().size(), 2U) << "nothing else is left";
}

TEST(FileBatch, NeverOverwritesWhatItCreates) {
    const TempFolder temp;
    std::ofstream(temp.path / "key") << "old";
    FileBatch batch(0700);
    batch.create(temp.path / "sub/other", base::as_bytes("x"), 0600);
    batch.replace(temp.path / "config", base::as_bytes("x"), 0600);
    batch.create(temp.path / "key", base::as_bytes("new"), 0600);
    const auto verdict = batch.commit();
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().check, "file.exists");
    EXPECT_EQ(text_of(temp.path / "key"), "old");
    EXPECT_EQ(temp.files().size(), 1U);
    EXPECT_FALSE(fs::exists(temp.path / "sub"));
}

TEST(FileBatch, ADanglingLinkCountsAsThere) {
    const TempFolder temp;
    fs::create_symlink(temp.path / "nowhere", temp.path / "key");
    FileBatch batch(0700);
    batch.create(temp.path / "key", base::as_bytes("new"), 0600);
    EXPECT_FALSE(batch.commit());
    EXPECT_FALSE(fs::exists(temp.path / "nowhere"));
}

TEST(FileBatch, ReplacesWholeFiles) {
    const TempFolder temp;
    std::ofstream(temp.path / "state") << "a longer old text";
    FileBatch batch(0700);
    batch.replace(temp.path / "state", base::as_bytes("new"), 0600);
    ASSERT_TRUE(batch.commit());
    EXPECT_EQ(text_of(temp.path / "state"), "new");
    EXPECT_EQ(mode_of(temp.path / "state"), 0600U);
}

TEST(FileBatch, AFileWhereAFolderIsNeededIsNamed) {
    const TempFolder temp;
    std::ofstream(temp.path / "config") << "x";
    FileBatch batch(0700);
    batch.create(temp.path / "config/key", base::as_bytes("x"), 0600);
    const auto verdict = batch.commit();
    ASSERT_FALSE(verdict);
    EXPECT_NE(verdict.error().why.find((temp.path / "config").string()), std::string::npos);
    EXPECT_EQ(text_of(temp.path / "config"), "x");
}

TEST(ReadFile, RefusesWithPathAndReason) {
    const TempFolder temp;
    std::ofstream(temp.path / "big") << std::string(100, 'x');
    EXPECT_FALSE(read_file(temp.path / "big", 99));
    EXPECT_TRUE(read_file(temp.path / "big", 100));
    const auto missing = read_file(temp.path / "none", 100);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().why,
              "cannot open " + (temp.path / "none").string() + ": No such file or directory");
    const auto folder = read_file(temp.path, 100);
    EXPECT_FALSE(folder);
}

TEST(ReadFile, ASecretThatOthersMayReadIsRefused) {
    const TempFolder temp;
    const fs::path path = temp.path / "key";
    std::ofstream(path) << "x";
    for (const unsigned mode : {0644U, 0640U, 0604U, 0620U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        const auto text = read_secret_file(path, 100);
        ASSERT_FALSE(text) << mode;
        EXPECT_NE(text.error().why.find("chmod 600 " + path.string()), std::string::npos);
    }
    for (const unsigned mode : {0600U, 0400U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        EXPECT_TRUE(read_secret_file(path, 100)) << mode;
    }
}

}  // namespace
}  // namespace tandem::program
