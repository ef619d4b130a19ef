// The machine's fault: the process says what failed, where and what to do, and ends at once.
//
// At once means without unwinding and without writing anything else: whatever was in memory may be
// ahead of a disk that no longer takes it. Recovery finds its way from what is there.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace tandem::io {

/// "tandem: <message>" on standard error, and the end.
[[noreturn]] void end_process(int code, const std::string& message);

/// A write or a barrier of consensus data failed with `error` (an errno).
[[noreturn]] void disk_failed(std::string_view what, const std::filesystem::path& where, int error);

/// Entries of a database that cannot be read end the process from now on as damage of `folder`.
void report_damage_of(const std::filesystem::path& folder);

}  // namespace tandem::io
