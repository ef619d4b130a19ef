#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tandem::base {

void check_failed(const char* condition, const char* file, int line) noexcept {
    if (check_failure_hook != nullptr) check_failure_hook(condition, file, line);
    std::fprintf(stderr, "tandem: check failed: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace tandem::base
