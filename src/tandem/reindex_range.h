// Which heights `tandem reindex-event` takes, of those that are asked for and those that are there.
//
// As CometBFT's reindex-event, by whose words a range is refused or adapted. One thing differs: by
// default it ends at the newest block that was executed, for one that was not has no results yet.
#pragma once
#include <string>
#include <vector>

#include "base/refusal.h"

namespace tandem::program {

struct ReindexRange {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::vector<std::string> notes;  // what was taken in place of what was asked for

    bool operator==(const ReindexRange&) const = default;
};

/// `first` and `last` as asked for, 0: not at all. `base` and `top` are the lowest height that is
/// there and the highest one that was executed.
[[nodiscard]] base::Result<ReindexRange> reindex_range(std::int64_t first, std::int64_t last,
                                                       std::int64_t base, std::int64_t top);

}  // namespace tandem::program
