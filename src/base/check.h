// Checks of our own invariants. They stay in release builds: a node that finds itself broken
// stops, its seat is kept warm elsewhere. Never used on what a stranger sent: that is a Refusal.
#pragma once

namespace tandem::base {

/// Called before the process aborts, with the failed condition; the impure floor and the
/// simulator install one that adds the log position or the seed. May be null.
using CheckFailureHook = void (*)(const char* condition, const char* file, int line);
inline CheckFailureHook check_failure_hook = nullptr;

/// Says what failed on standard error and aborts. Out of line: only base may write anything.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace tandem::base

/// Aborts when `condition` is false. For broken invariants of our own only.
#define TANDEM_CHECK(condition)                                           \
    do {                                                                  \
        if (!(condition)) [[unlikely]]                                    \
            ::tandem::base::check_failed(#condition, __FILE__, __LINE__); \
    } while (false)
