#include "tandem/reindex_range.h"

#include <fmt/format.h>

namespace tandem::program {
namespace {

std::unexpected<base::Refusal> not_available(std::string_view which, std::int64_t asked,
                                             std::string_view bound, std::int64_t height) {
    return base::refuse("reindex.height",
                        fmt::format("height is not available (requested {} height: {}, {} height: "
                                    "{})",
                                    which, asked, bound, height));
}

}  // namespace

base::Result<ReindexRange> reindex_range(std::int64_t first, std::int64_t last, std::int64_t base,
                                         std::int64_t top) {
    ReindexRange range{first, last, {}};
    if (first == 0) {
        range.first = base;
        range.notes.push_back(fmt::format(
            "set the start block height to the base height of the blockstore {}", base));
    }
    if (last == 0 || last > top) {
        range.last = top;
        range.notes.push_back(
            fmt::format("set the end block height to the latest height of the blockstore {}", top));
    }
    if (range.first < base) return not_available("start", first, "base", base);
    if (range.first > top) return not_available("start", first, "store", top);
    if (range.last < base) return not_available("end", last, "base", base);
    if (range.last < range.first)
        return base::refuse("reindex.range",
                            fmt::format("invalid request (requested the end height: {} is less "
                                        "than the start height: {})",
                                        range.last, range.first));
    return range;
}

}  // namespace tandem::program
