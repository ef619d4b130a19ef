#include "chain/block_validation.h"

#include <fmt/format.h>

#include "types/time_text.h"
#include "types/verify_commit.h"

namespace tandem::chain {
namespace {

using types::Block;
using types::Header;

Verdict differs(std::string_view check, std::string_view found, std::string_view expected) {
    return refuse(check, fmt::format("{}, where our state says {}", found, expected));
}

Verdict check_place(const State& state, const Header& header) {
    if (header.version != state.version)
        return differs("version",
                       fmt::format("block {} app {}", header.version.block, header.version.app),
                       fmt::format("block {} app {}", state.version.block, state.version.app));
    if (header.chain_id != state.chain_id)
        return differs("chain_id", header.chain_id, state.chain_id);
    if (header.height != state.next_height())
        return differs("height", std::to_string(header.height),
                       std::to_string(state.next_height()));
    if (header.last_block_id != state.last_block_id)
        return differs("last_block_id", base::to_hex(header.last_block_id.hash),
                       base::to_hex(state.last_block_id.hash));
    return {};
}

Verdict check_hashes(const State& state, const Header& header) {
    const auto same = [](std::string_view check, const Hash& found, const Hash& expected) {
        return found == expected ? Verdict{}
                                 : differs(check, base::to_hex(found), base::to_hex(expected));
    };
    TANDEM_TRY(same("app_hash", header.app_hash, state.app_hash));
    TANDEM_TRY(
        same("consensus_hash", header.consensus_hash, types::hash_of(state.consensus_params)));
    TANDEM_TRY(same("last_results_hash", header.last_results_hash, state.last_results_hash));
    TANDEM_TRY(same("validators_hash", header.validators_hash, state.validators.hash()));
    return same("next_validators_hash", header.next_validators_hash, state.next_validators.hash());
}

Verdict check_last_commit(const State& state, const Block& block, const Validation& validation) {
    const types::Commit& commit = *block.last_commit;
    if (block.header.height == state.initial_height) {
        if (commit.signatures.empty()) return {};
        return refuse("last_commit", "the first block has none before it to commit to");
    }
    if (validation.last_commit_is_verified) return {};
    return base::within(
        "last_commit",
        types::verify_commit(*state.last_validators, state.chain_id, state.last_block_id,
                             block.header.height - 1, commit, validation.verifier));
}

Verdict check_proposer(const State& state, const Header& header) {
    if (state.validators->index_of(header.proposer_address)) return {};
    return refuse("proposer_address",
                  fmt::format("{} is no validator of height {}",
                              base::to_hex(header.proposer_address), header.height));
}

Verdict check_time(const State& state, const Block& block, const Validation& validation) {
    const Header& header = block.header;
    if (header.height > state.initial_height && header.time <= state.last_block_time)
        return refuse("time", fmt::format("{} is not after {}, the time of the block before",
                                          types::to_text(header.time),
                                          types::to_text(state.last_block_time)));
    const auto expected = block_time(state, *block.last_commit, validation.rules);
    if (!expected) return std::unexpected(expected.error());
    if (header.time != *expected)
        return differs("time", types::to_text(header.time), types::to_text(*expected));
    if (!validation.clock) return {};
    const Timestamp end = wire::add(validation.clock->now, validation.clock->tolerance);
    if (header.time < end) return {};
    return refuse("time_ahead",
                  fmt::format("{} is not before {}: our clock and block_time_tolerance",
                              types::to_text(header.time), types::to_text(end)));
}

Verdict check_evidence(const State& state, const Block& block, const Validation& validation) {
    const std::size_t size = wire::encoded_size(block.evidence);
    if (std::cmp_greater(size, state.consensus_params.evidence.max_bytes))
        return refuse("evidence.size", fmt::format("{} bytes, where the parameters allow {}", size,
                                                   state.consensus_params.evidence.max_bytes));
    return base::within("evidence", validation.evidence.judge(state, block.evidence));
}

Verdict validate(const State& state, const Block& block, const Validation& validation) {
    if (!validation.basic_is_validated) TANDEM_TRY(types::validate_basic(block));
    TANDEM_TRY(check_place(state, block.header));
    TANDEM_TRY(check_hashes(state, block.header));
    TANDEM_TRY(check_last_commit(state, block, validation));
    TANDEM_TRY(check_proposer(state, block.header));
    TANDEM_TRY(check_time(state, block, validation));
    return check_evidence(state, block, validation);
}

}  // namespace

Verdict VerifyingEvidenceJudge::judge(const State& state, const types::EvidenceList& list) const {
    if (list.evidence.empty()) return {};
    const types::EvidenceContext context{state.chain_id, state.last_block_height,
                                         state.last_block_time, state.consensus_params.evidence};
    return types::verify_evidence_list(list.evidence, context, *view_, *verifier_);
}

Verdict validate_block(const State& state, const Block& block, const Validation& validation) {
    return base::within("block", validate(state, block, validation));
}

Result<Timestamp> block_time(const State& state, const types::Commit& last_commit,
                             const ChainRules& rules) {
    if (state.last_block_height == 0) return state.last_block_time;
    return types::median_time(last_commit, *state.last_validators,
                              rules.median_time(state.next_height()));
}

}  // namespace tandem::chain
