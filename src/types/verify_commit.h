// Whether a commit shows that enough of a validator set decided a block (wire page, section 10).
//
//   full        every entry that is not absent, nil votes too: what block validation asks
//   light       entries for the block, until two thirds are reached: what a light client asks
//   light, all  entries for the block, all of them: what evidence asks
//   trusting    entries of validators that we trust, found by address, up to a share of their power
//
// Signatures are checked in one batch where all keys allow it; the verdict is that of checking one
// by one. Power is counted before signatures are checked, so a commit that cannot suffice costs
// nothing.
#pragma once
#include "crypto/verifier.h"
#include "types/commit.h"
#include "types/validator_set.h"

namespace tandem::types {

enum class CommitCheck : std::uint8_t { full, light, light_all_signatures };

/// REQUIRES: nothing of the commit; all of it is judged.
[[nodiscard]] Verdict verify_commit(const ValidatorSet& set, std::string_view chain_id,
                                    const BlockId& id, std::int64_t height, const Commit& commit,
                                    const crypto::Verifier& verifier = crypto::real_verifier(),
                                    CommitCheck check = CommitCheck::full);

/// The commit in full, and the signature of every extension.
[[nodiscard]] Verdict verify_commit_extended(
    const ValidatorSet& set, std::string_view chain_id, const BlockId& id, std::int64_t height,
    const ExtendedCommit& commit, const crypto::Verifier& verifier = crypto::real_verifier());

/// A share of voting power, such as 1/3.
struct TrustLevel {
    std::int64_t numerator = 1;
    std::int64_t denominator = 3;

    bool operator==(const TrustLevel&) const = default;
};

/// More than `level` of the trusted set's power voted for the commit's block. Height and block id
/// are not looked at. `all_signatures`: do not stop when the share is reached.
[[nodiscard]] Verdict verify_commit_trusting(
    const ValidatorSet& trusted, std::string_view chain_id, const Commit& commit, TrustLevel level,
    bool all_signatures = false, const crypto::Verifier& verifier = crypto::real_verifier());

}  // namespace tandem::types
