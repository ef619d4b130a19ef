// The light client's rules: when a header that was trusted lets one trust another.
//
// A header is trusted for `trusting_period` after its time, in which its validators can still be
// punished. Within it, the next header is trusted when the validators that the trusted header
// announced signed it; one further ahead, when more than `trust_level` of the trusted validators'
// power signed it and two thirds of its own; one further back, when the trusted one names its hash.
//
// Not here: which headers to ask for and whom, comparing witnesses (sync), the clock.
#pragma once
#include "types/light_block.h"
#include "types/verify_commit.h"

namespace tandem::types {

enum class LightFault : std::uint8_t {
    old_header_expired,
    invalid_header,          // the new one, by itself, against the old one or against the clock
    validators_not_trusted,  // too little of the trusted power signed; a nearer header may help
    other,
};

struct LightRefusal {
    LightFault fault = LightFault::other;
    Refusal refusal;
};

using LightVerdict = std::expected<void, LightRefusal>;

/// What the verifier's owner chose, and what time it is.
struct LightRules {
    Duration trusting_period;
    Timestamp now;
    Duration max_clock_drift;  // how far a header's time may lie ahead of `now`
    TrustLevel trust_level;
};

/// From 1/3 to 1.
[[nodiscard]] Verdict validate_trust_level(TrustLevel level);

[[nodiscard]] bool has_expired(const Header& header, Duration trusting_period, Timestamp now);

/// For a header of the height after the trusted one's.
[[nodiscard]] LightVerdict verify_adjacent(
    const Header& trusted, const SignedHeader& untrusted, const ValidatorSet& untrusted_validators,
    const LightRules& rules, const crypto::Verifier& verifier = crypto::real_verifier());

/// For a header of any later height. `trusted_validators` are those of the height after `trusted`:
/// the ones that its next_validators_hash names.
[[nodiscard]] LightVerdict verify_non_adjacent(
    const Header& trusted, const ValidatorSet& trusted_validators, const SignedHeader& untrusted,
    const ValidatorSet& untrusted_validators, const LightRules& rules,
    const crypto::Verifier& verifier = crypto::real_verifier());

/// Whichever of the two the heights call for.
[[nodiscard]] LightVerdict verify_light(const Header& trusted,
                                        const ValidatorSet& trusted_validators,
                                        const SignedHeader& untrusted,
                                        const ValidatorSet& untrusted_validators,
                                        const LightRules& rules,
                                        const crypto::Verifier& verifier = crypto::real_verifier());

/// For the header before the trusted one.
[[nodiscard]] LightVerdict verify_backwards(const Header& untrusted, const Header& trusted);

}  // namespace tandem::types
