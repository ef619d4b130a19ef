#include "types/median_time.h"

#include <algorithm>

#include "types/address_index.h"

namespace tandem::types {

Timestamp weighted_median(std::vector<WeightedTime> times, std::int64_t total) {
    std::ranges::sort(times, {}, &WeightedTime::time);
    std::int64_t half = total / 2;
    for (const WeightedTime& entry : times) {
        if (half <= entry.weight) return entry.time;
        half -= entry.weight;
    }
    return {};
}

Result<Timestamp> median_time(const Commit& commit, const ValidatorSet& validators,
                              MedianTimeRule rule) {
    std::vector<WeightedTime> times;
    times.reserve(commit.signatures.size());
    const AddressIndex index(validators);
    std::uint64_t total = 0;  // of a commit that nobody verified it may run over, and says nothing
    for (const CommitSig& signature : commit.signatures) {
        const bool counts = rule == MedianTimeRule::with_nil_votes
                                ? signature.block_id_flag != BlockIdFlag::absent
                                : signature.block_id_flag == BlockIdFlag::commit;
        if (!counts) continue;
        const auto place = index.find(signature.validator_address);
        if (!place)
            return refuse("signatures.validator_address", "an entry is of no validator of the set");
        const std::int64_t power = validators.validators()[*place].voting_power;
        total += static_cast<std::uint64_t>(power);
        times.push_back({signature.timestamp, power});
    }
    return weighted_median(std::move(times), static_cast<std::int64_t>(total));
}

}  // namespace tandem::types
