// One process a data folder.
//
// Two nodes in one folder would sign with one key and write into one log. The lock is the kernel's
// (flock), so it ends with the process, however that ends; the file that carries it stays, and
// names the process for people. On a network file system that does not know flock the lock is
// refused, not skipped.
#pragma once
#include "io/files.h"

namespace tandem::io {

class FolderLock {
  public:
    static constexpr const char* file_name = "tandem.lock";

    /// Refused: "folder.busy", naming the process that holds it; "folder.lock".
    /// REQUIRES: the folder is there.
    [[nodiscard]] static base::Result<FolderLock> take(const std::filesystem::path& folder);

  private:
    explicit FolderLock(Descriptor file) : file_(std::move(file)) {}
    Descriptor file_;
};

}  // namespace tandem::io
