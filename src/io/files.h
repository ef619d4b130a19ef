// Files: read whole, or replaced whole.
//
// Not here: the log (log_file.h), the database (rocks_database.h).
#pragma once
#include <filesystem>

#include "base/bytes.h"
#include "base/refusal.h"

namespace tandem::io {

/// A file descriptor that closes itself.
class Descriptor {
  public:
    Descriptor() noexcept = default;
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
    [[nodiscard]] int release() noexcept;

  private:
    int number_ = -1;
};

/// The whole file. Refused: "file.missing", "file.read", "file.too_long"; with path and reason.
[[nodiscard]] base::Result<base::Bytes> read_file(const std::filesystem::path& path,
                                                  std::size_t bytes_max);

/// What stood at `path` is replaced as a whole, durably: after a crash it is the old file or the
/// new one. `mode`: permissions of the new file. Refused ("file.write") where that fails; the old
/// file is then as it was.
[[nodiscard]] base::Verdict replace_file(const std::filesystem::path& path, base::BytesView content,
                                         unsigned mode);

/// Makes a rename, a new name or a removed one in this folder durable. An errno, or 0.
[[nodiscard]] int sync_folder(const std::filesystem::path& folder) noexcept;

/// All of it, at the offset. An errno, or 0.
[[nodiscard]] int write_all(int descriptor, base::BytesView bytes, std::uint64_t offset) noexcept;

}  // namespace tandem::io
