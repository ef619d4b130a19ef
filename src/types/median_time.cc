#include "types/median_time.h"

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
    std::int64_t total = 0;
    for (const CommitSig& signature : commit.signatures) {
        const bool counts = rule == MedianTimeRule::with_nil_votes
                                ? signature.block_id_flag != BlockIdFlag::absent
                                : signature.block_id_flag == BlockIdFlag::commit;
        if (!counts) continue;
        const Validator* validator = validators.find(signature.validator_address);
        if (validator == nullptr)
            return refuse("signatures.validator_address", "an entry is of no validator of the set");
        total += validator->voting_power;
        times.push_back({signature.timestamp, validator->voting_power});
    }
    return weighted_median(std::move(times), total);
}

}  // namespace tandem::types
