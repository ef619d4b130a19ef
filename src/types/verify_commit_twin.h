// A second way to judge commits, slow and short, for tests and fuzzing: no batch, no early end, the
// sign-bytes of each entry made by themselves.
#pragma once
#include <algorithm>
#include <limits>
#include <vector>

#include "types/verify_commit.h"

namespace tandem::types::twin {

[[nodiscard]] inline bool entry_holds(const Validator& validator, std::string_view chain_id,
                                      const Commit& commit, std::size_t index) {
    return crypto::verify(validator.pub_key, vote_sign_bytes(chain_id, commit, index),
                          commit.signatures[index].signature);
}

/// As verify_commit, without the check of height and block id.
[[nodiscard]] inline bool commit_holds(const ValidatorSet& set, std::string_view chain_id,
                                       const Commit& commit, CommitCheck check) {
    if (set.empty() || set.size() != commit.signatures.size()) return false;
    __extension__ __int128 power = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
        const CommitSig& entry = commit.signatures[i];
        const Validator& validator = set.validators()[i];
        const bool for_block = entry.block_id_flag == BlockIdFlag::commit;
        const bool looked_at =
            check == CommitCheck::full ? entry.block_id_flag != BlockIdFlag::absent : for_block;
        if (!looked_at) continue;
        if (!for_block && entry.block_id_flag != BlockIdFlag::nil) return false;
        if (entry.validator_address != validator.address) return false;
        if (!entry_holds(validator, chain_id, commit, i)) return false;
        if (for_block) power += validator.voting_power;
        if (check == CommitCheck::light && power > set.total_voting_power() * 2 / 3) return true;
    }
    return power > set.total_voting_power() * 2 / 3;
}

/// As verify_commit_trusting. REQUIRES: 0 <= numerator <= denominator, 0 < denominator.
[[nodiscard]] inline bool trusted_commit_holds(const ValidatorSet& trusted,
                                               std::string_view chain_id, const Commit& commit,
                                               TrustLevel level, bool all_signatures) {
    __extension__ __int128 power = 0;
    __extension__ __int128 needed = trusted.total_voting_power();
    if (needed * level.numerator > std::numeric_limits<std::int64_t>::max()) return false;
    needed = needed * level.numerator / level.denominator;
    std::vector<std::size_t> met;
    for (std::size_t i = 0; i < commit.signatures.size(); ++i) {
        const CommitSig& entry = commit.signatures[i];
        if (entry.block_id_flag != BlockIdFlag::commit) continue;
        const auto place = trusted.index_of(entry.validator_address);
        if (!place) continue;
        if (std::ranges::find(met, *place) != met.end()) return false;
        met.push_back(*place);
        const Validator& validator = trusted.validators()[*place];
        if (!entry_holds(validator, chain_id, commit, i)) return false;
        power += validator.voting_power;
        if (!all_signatures && power > needed) return true;
    }
    return power > needed;
}

}  // namespace tandem::types::twin
