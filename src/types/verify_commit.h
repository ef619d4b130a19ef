// Whether a commit shows that enough of a validator set decided a block (wire page, section 10).
//
//   full        every entry that is not absent, nil votes too: what block validation asks
//   light       entries for the block, until two thirds are reached: what a light client asks
//   light, all  entries for the block, all of them: what evidence asks
//   trusting    entries of validators that we trust, found by address, up to a share of their power
//
// Where CometBFT would check the signatures in batch (two entries or more, every key of one kind
// that allows it), power is counted first, so that a commit that cannot suffice costs nothing;
// otherwise each signature is checked as it is met. The verdict is the same either way. Which
// refusal is named first is not, and a light client's answer to a lack of power differs from its
// answer to a wrong signature.
//
// Rejected: encoding the sign-bytes of each entry by themselves (only the time differs between
// them, so they are put together of parts that were encoded once).
#pragma once
#include "crypto/verifier.h"
#include "types/commit.h"
#include "types/validator_set.h"

namespace tandem::types {

/// Names the refusal of a commit whose signatures may be good, but are of too little power.
inline constexpr std::string_view check_power = "power";

enum class CommitCheck : std::uint8_t { full, light, light_all_signatures };

/// REQUIRES: times of the commit are in range, as those of every decoded commit are. Nothing else
/// of the commit; all of it is judged.
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
