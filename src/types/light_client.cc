#include "types/light_client.h"

#include <fmt/format.h>
#include <limits>

namespace tandem::types {
namespace {

std::unexpected<LightRefusal> refuse_as(LightFault fault, Refusal refusal) {
    return std::unexpected(LightRefusal{fault, std::move(refusal)});
}

LightVerdict invalid_header(const Verdict& verdict) {
    if (verdict) return {};
    return refuse_as(LightFault::invalid_header, verdict.error());
}

bool is_adjacent(const Header& trusted, const SignedHeader& untrusted) {
    const Header* header = untrusted.header ? &*untrusted.header : nullptr;
    return header != nullptr && trusted.height != std::numeric_limits<std::int64_t>::max() &&
           header->height == trusted.height + 1;
}

/// The new header by itself, against the old one, against the clock and against its validators.
Verdict check_new_header(const Header& trusted, const SignedHeader& untrusted,
                         const ValidatorSet& untrusted_validators, const LightRules& rules) {
    TANDEM_TRY(validate_basic(untrusted, trusted.chain_id));
    const Header& header = *untrusted.header;
    if (header.height <= trusted.height)
        return refuse("header.height",
                      fmt::format("{} is not above the trusted {}", header.height, trusted.height));
    if (header.time <= trusted.time)
        return refuse("header.time", "is not after the trusted header's");
    if (header.time >= wire::add(rules.now, rules.max_clock_drift))
        return refuse("header.time", "lies further ahead of the clock than it may drift");
    if (header.validators_hash != untrusted_validators.hash())
        return refuse("header.validators_hash", "names other validators than those given");
    return {};
}

LightVerdict check_before_signatures(const Header& trusted, const SignedHeader& untrusted,
                                     const ValidatorSet& untrusted_validators,
                                     const LightRules& rules) {
    if (has_expired(trusted, rules.trusting_period, rules.now))
        return refuse_as(LightFault::old_header_expired,
                         {"trusted.time", "the trusting period of the old header is over"});
    return invalid_header(check_new_header(trusted, untrusted, untrusted_validators, rules));
}

LightVerdict check_own_commit(const Header& trusted, const SignedHeader& untrusted,
                              const ValidatorSet& untrusted_validators,
                              const crypto::Verifier& verifier) {
    const Commit& commit = *untrusted.commit;
    return invalid_header(within(
        "commit", verify_commit(untrusted_validators, trusted.chain_id, commit.block_id,
                                untrusted.header->height, commit, verifier, CommitCheck::light)));
}

}  // namespace

Verdict validate_trust_level(TrustLevel level) {
    const auto numerator = static_cast<std::uint64_t>(level.numerator);
    const auto denominator = static_cast<std::uint64_t>(level.denominator);
    // CometBFT multiplies in 64 bits, so absurd numerators that run over are refused as well.
    if (denominator == 0 || numerator > denominator || numerator * 3 < denominator)
        return refuse("trust_level",
                      fmt::format("{}/{} is not within 1/3 and 1", numerator, denominator));
    return {};
}

bool has_expired(const Header& header, Duration trusting_period, Timestamp now) {
    return wire::add(header.time, trusting_period) <= now;
}

LightVerdict verify_adjacent(const Header& trusted, const SignedHeader& untrusted,
                             const ValidatorSet& untrusted_validators, const LightRules& rules,
                             const crypto::Verifier& verifier) {
    if (!is_adjacent(trusted, untrusted))
        return refuse_as(LightFault::other, {"header.height", "is not the trusted one's plus one"});
    TANDEM_TRY(check_before_signatures(trusted, untrusted, untrusted_validators, rules));
    if (untrusted.header->validators_hash != trusted.next_validators_hash)
        return refuse_as(
            LightFault::other,
            {"header.validators_hash", "names other validators than the trusted header announced"});
    return check_own_commit(trusted, untrusted, untrusted_validators, verifier);
}

LightVerdict verify_non_adjacent(const Header& trusted, const ValidatorSet& trusted_validators,
                                 const SignedHeader& untrusted,
                                 const ValidatorSet& untrusted_validators, const LightRules& rules,
                                 const crypto::Verifier& verifier) {
    if (is_adjacent(trusted, untrusted))
        return refuse_as(LightFault::other, {"header.height", "is the trusted one's plus one"});
    TANDEM_TRY(check_before_signatures(trusted, untrusted, untrusted_validators, rules));
    const Verdict trusting =
        verify_commit_trusting(trusted_validators, trusted.chain_id, *untrusted.commit,
                               rules.trust_level, /*all_signatures=*/false, verifier);
    if (!trusting) {
        const bool too_little = trusting.error().check == check_power;
        return refuse_as(too_little ? LightFault::validators_not_trusted : LightFault::other,
                         trusting.error());
    }
    // The trusted validators' share comes first: the other set may be of any size, for it is the
    // stranger who says who is in it.
    return check_own_commit(trusted, untrusted, untrusted_validators, verifier);
}

LightVerdict verify_light(const Header& trusted, const ValidatorSet& trusted_validators,
                          const SignedHeader& untrusted, const ValidatorSet& untrusted_validators,
                          const LightRules& rules, const crypto::Verifier& verifier) {
    if (is_adjacent(trusted, untrusted))
        return verify_adjacent(trusted, untrusted, untrusted_validators, rules, verifier);
    return verify_non_adjacent(trusted, trusted_validators, untrusted, untrusted_validators, rules,
                               verifier);
}

LightVerdict verify_backwards(const Header& untrusted, const Header& trusted) {
    const auto judge = [&]() -> Verdict {
        TANDEM_TRY(within("header", validate_basic(untrusted)));
        if (untrusted.chain_id != trusted.chain_id)
            return refuse("header.chain_id", "is another chain's");
        if (untrusted.time >= trusted.time)
            return refuse("header.time", "is not before the trusted header's");
        if (hash_of(untrusted) != trusted.last_block_id.hash)
            return refuse("header.hash", "is not the one that the trusted header names");
        return {};
    };
    return invalid_header(judge());
}

}  // namespace tandem::types
