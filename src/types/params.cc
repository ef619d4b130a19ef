#include "types/params.h"

#include <fmt/format.h>

#include "crypto/public_key.h"
#include "types/hashing.h"

namespace tandem::types {
namespace {

constexpr std::int64_t default_block_bytes = 22'020'096;  // 21 MiB
constexpr std::int64_t default_evidence_bytes = 1'048'576;
constexpr std::int64_t default_evidence_age_blocks = 100'000;
constexpr Duration default_evidence_age{172'800 * wire::nanos_per_second};  // 48 h

Verdict validate_block(const BlockParams& block) {
    if (block.max_bytes != -1 && (block.max_bytes < 1 || block.max_bytes > block_bytes_max))
        return refuse("block.max_bytes", fmt::format("{} is neither -1 nor within 1 to {}",
                                                     block.max_bytes, block_bytes_max));
    if (block.max_gas < -1)
        return refuse("block.max_gas", fmt::format("{} is below -1", block.max_gas));
    return {};
}

Verdict validate_evidence(const EvidenceParams& evidence, std::int64_t block_max_bytes) {
    if (evidence.max_age_num_blocks <= 0)
        return refuse("evidence.max_age_num_blocks",
                      fmt::format("{} is not positive", evidence.max_age_num_blocks));
    if (evidence.max_age_duration.nanos <= 0)
        return refuse("evidence.max_age_duration",
                      fmt::format("{} ns is not positive", evidence.max_age_duration.nanos));
    const std::int64_t room = block_max_bytes == -1 ? block_bytes_max : block_max_bytes;
    if (evidence.max_bytes < 0 || evidence.max_bytes > room)
        return refuse("evidence.max_bytes",
                      fmt::format("{} is not within 0 to {}", evidence.max_bytes, room));
    return {};
}

Verdict validate_key_types(const ValidatorParams& validator) {
    if (validator.pub_key_types.empty())
        return refuse("validator.pub_key_types", "at least one type must be allowed");
    for (const std::string& type : validator.pub_key_types)
        if (!crypto::key_type_from_name(type))
            return refuse("validator.pub_key_types",
                          fmt::format("\"{}\" is none of ed25519, secp256k1, ml_dsa_65", type));
    return {};
}

}  // namespace

ConsensusParams ConsensusParams::defaults() {
    ConsensusParams params;
    params.block = {default_block_bytes, -1};
    params.evidence = {default_evidence_age_blocks, default_evidence_age, default_evidence_bytes};
    params.validator.pub_key_types = {"ed25519"};
    return params;
}

ConsensusParamsMessage to_message(const ConsensusParams& params) {
    return {params.block, params.evidence, params.validator, params.version, params.abci};
}

Result<ConsensusParams> from_message(const ConsensusParamsMessage& message) {
    const auto missing = [](std::string_view part) { return refuse(part, "is missing"); };
    if (!message.block) return missing("block");
    if (!message.evidence) return missing("evidence");
    if (!message.validator) return missing("validator");
    if (!message.version) return missing("version");
    return ConsensusParams{*message.block, *message.evidence, *message.validator, *message.version,
                           message.abci ? *message.abci : AbciParams{}};
}

ConsensusParams updated(const ConsensusParams& params, const ConsensusParamsMessage& update) {
    ConsensusParams result = params;
    if (update.block) result.block = *update.block;
    if (update.evidence) result.evidence = *update.evidence;
    if (update.validator) result.validator = *update.validator;
    if (update.version) result.version = *update.version;
    if (update.abci) result.abci = *update.abci;
    return result;
}

Hash hash_of(const ConsensusParams& params) {
    const HashedParams hashed{params.block.max_bytes, params.block.max_gas};
    return to_hash(crypto::sha256(wire::encode(hashed)));
}

Verdict validate_basic(const ConsensusParams& params) {
    TANDEM_TRY(validate_block(params.block));
    TANDEM_TRY(validate_evidence(params.evidence, params.block.max_bytes));
    if (params.abci.vote_extensions_enable_height < 0)
        return refuse("abci.vote_extensions_enable_height",
                      fmt::format("{} is negative", params.abci.vote_extensions_enable_height));
    return validate_key_types(params.validator);
}

Verdict validate_update(const ConsensusParams& params, const ConsensusParamsMessage& update,
                        std::int64_t height) {
    constexpr std::string_view check = "abci.vote_extensions_enable_height";
    if (!update.abci) return {};
    const std::int64_t old_height = params.abci.vote_extensions_enable_height;
    const std::int64_t new_height = update.abci->vote_extensions_enable_height;
    if (new_height < 0) return refuse(check, fmt::format("{} is negative", new_height));
    if (new_height == old_height) return {};
    const bool active = old_height > 0 && old_height <= height;
    if (active)
        return refuse(check, fmt::format("extensions are enabled since height {}; that cannot be "
                                         "changed to {}",
                                         old_height, new_height));
    if (new_height != 0 && new_height <= height)
        return refuse(check,
                      fmt::format("{} is not after the current height {}", new_height, height));
    return {};
}

}  // namespace tandem::types
