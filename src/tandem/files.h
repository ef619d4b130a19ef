// Files as commands need them: read whole, and written so that a command which fails leaves no
// trace.
//
// A command first gathers all that it is going to write in a FileBatch, then commits it. Every
// file is written under another name, synced, and moved into place; when one cannot be, what was
// made before is taken away again, folders included.
//
// Not here: single files as a running node replaces them (io/files.h), its log and its database.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/refusal.h"
#include "crypto/secret.h"

namespace tandem::program {

inline constexpr std::size_t config_file_bytes_max = std::size_t{4} << 20;
inline constexpr std::size_t key_file_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t genesis_file_bytes_max = std::size_t{1} << 30;

/// Whether anything stands there, also what we may not look at.
[[nodiscard]] bool is_there(const std::filesystem::path& path);

/// The whole file. Refused with path and reason; also when it has more bytes than `bytes_max`.
[[nodiscard]] base::Result<std::string> read_file(const std::filesystem::path& path,
                                                  std::size_t bytes_max);

/// A file with a secret, which nobody but its owner may read or write: refused otherwise, with the
/// command that mends it.
[[nodiscard]] base::Result<crypto::SecretBytes> read_secret_file(const std::filesystem::path& path,
                                                                 std::size_t bytes_max);

class FileBatch {
  public:
    /// `mode`: permissions of folders that have to be made.
    explicit FileBatch(unsigned folder_mode) : folder_mode_(folder_mode) {}
    FileBatch(const FileBatch&) = delete;
    FileBatch& operator=(const FileBatch&) = delete;
    ~FileBatch();

    /// A file that must not be there yet: what stands there is never overwritten.
    void create(std::filesystem::path path, base::BytesView content, unsigned mode);
    /// A file that takes the place of another, if there is one.
    void replace(std::filesystem::path path, base::BytesView content, unsigned mode);
    void folder(std::filesystem::path path);

    /// All or nothing, but for a crash in the middle: then some of the new files are there.
    [[nodiscard]] base::Verdict commit();

  private:
    struct File {
        std::filesystem::path path;
        base::Bytes content;
        unsigned mode;
        bool is_new;
        std::filesystem::path written;  // under its other name; empty: not yet
    };

    [[nodiscard]] base::Verdict make_folder(const std::filesystem::path& path);
    [[nodiscard]] base::Verdict write(File& file);
    [[nodiscard]] base::Verdict move_into_place(File& file);
    void undo();

    unsigned folder_mode_;
    std::vector<File> files_;
    std::vector<std::filesystem::path> folders_;
    std::vector<std::filesystem::path> made_folders_;  // outermost first
    std::vector<std::filesystem::path> made_files_;
};

}  // namespace tandem::program
