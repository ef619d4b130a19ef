// With which number a process ends, for scripts and service managers: one table for all of the
// program. They follow sysexits(3) where it has one. Documented in docs/exit-codes.md.
#pragma once

namespace tandem::io::exit_code {

inline constexpr int done = 0;
inline constexpr int failed = 1;        // a check or a wait did not come out as asked
inline constexpr int usage = 64;        // the command line
inline constexpr int bad_data = 65;     // a file or a database is not what it must be
inline constexpr int no_input = 66;     // a file is missing or unreadable
inline constexpr int unavailable = 69;  // a port, a folder or a node cannot be had
inline constexpr int broken = 70;       // the node cannot go on: an invariant, or the application
inline constexpr int io_error = 74;     // a write or a barrier failed, or the disk is full
inline constexpr int busy = 75;         // another process uses the data folder
inline constexpr int permission = 77;   // a file may not be read, or others may read a secret
inline constexpr int configuration = 78;

}  // namespace tandem::io::exit_code
