// The time of a block: the median of the times in the commit before it, weighted by power (wire
// page, section 12). It is agreed, not measured: no single clock can move it.
#pragma once
#include "types/commit.h"
#include "types/validator_set.h"

namespace tandem::types {

/// Which entries count. A rule of the chain: CometBFT 0.38 and 0.40 differ, and fork where it
/// matters (trap 27).
enum class MedianTimeRule : std::uint8_t {
    with_nil_votes,  // all but absent ones; 0.38
    commit_only,     // votes for the block; 0.40
};

/// Refused where an entry that counts is of no validator of the set. Year 1 where none counts.
[[nodiscard]] Result<Timestamp> median_time(const Commit& commit, const ValidatorSet& validators,
                                            MedianTimeRule rule = MedianTimeRule::with_nil_votes);

struct WeightedTime {
    Timestamp time;
    std::int64_t weight = 0;
};

/// The time at which the weights, walked from the earliest, first reach half of `total`, rounded
/// down; year 1 for no times, or where they never reach it.
[[nodiscard]] Timestamp weighted_median(std::vector<WeightedTime> times, std::int64_t total);

}  // namespace tandem::types
