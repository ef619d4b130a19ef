#include "types/light_block.h"

#include <fmt/format.h>

#include "types/validator_set.h"

namespace tandem::types {

Verdict check_decoded(SignedHeader& header) {
    if (header.header) TANDEM_TRY(within("header", check_decoded(*header.header)));
    if (header.commit) TANDEM_TRY(within("commit", check_decoded(*header.commit)));
    return {};
}

Verdict check_decoded(LightBlock& block) {
    if (block.signed_header)
        TANDEM_TRY(within("signed_header", check_decoded(*block.signed_header)));
    if (block.validator_set) {
        const auto set = ValidatorSet::from_message(*block.validator_set);
        if (!set) return within("validator_set", std::unexpected(set.error()));
        block.validator_set->total_voting_power = 0;  // never read, so not kept either
    }
    return {};
}

Verdict validate_basic(const SignedHeader& header, std::string_view chain_id) {
    if (!header.header) return refuse("header", "missing");
    if (!header.commit) return refuse("commit", "missing");
    TANDEM_TRY(within("header", validate_basic(*header.header)));
    TANDEM_TRY(within("commit", validate_basic(*header.commit)));
    if (header.header->chain_id != chain_id)
        return refuse("header.chain_id",
                      fmt::format("\"{}\" instead of \"{}\"", header.header->chain_id, chain_id));
    if (header.commit->height != header.header->height)
        return refuse("commit.height", fmt::format("{} under a header of height {}",
                                                   header.commit->height, header.header->height));
    if (header.commit->block_id.hash != hash_of(*header.header))
        return refuse("commit.block_id", "signs another block than the header's");
    return {};
}

Verdict validate_basic(const LightBlock& block, std::string_view chain_id) {
    if (!block.signed_header) return refuse("signed_header", "missing");
    if (!block.validator_set) return refuse("validator_set", "missing");
    TANDEM_TRY(within("signed_header", validate_basic(*block.signed_header, chain_id)));
    const auto set = ValidatorSet::from_message(*block.validator_set);
    if (!set) return within("validator_set", std::unexpected(set.error()));
    if (block.signed_header->header->validators_hash != set->hash())
        return refuse("validator_set.hash", "the header names another validator set");
    return {};
}

}  // namespace tandem::types
