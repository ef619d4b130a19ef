// What the runners over chain/ share.
#pragma once
#include "chain/block_building.h"
#include "chain/execution.h"
#include "types/decode.h"

namespace tandem::vectors {

/// The pool of the chains in the vectors: contents of evidence have a topic of their own.
struct AcceptAllEvidence final : chain::EvidenceJudge {
    base::Verdict judge(const chain::State&, const types::EvidenceList&) const override {
        return {};
    }
};
inline const AcceptAllEvidence accept_all_evidence;

[[nodiscard]] inline chain::Validation full_validation(
    const chain::EvidenceJudge& evidence = accept_all_evidence) {
    return {crypto::real_verifier(), evidence, chain::ChainRules{}, std::nullopt};
}

/// Reads what a vector gives as bytes; one that cannot be read is a broken vector.
template <wire::Message M>
[[nodiscard]] M decoded(const Json& json) {
    const auto bytes = std::make_shared<const base::Bytes>(bytes_from(json));
    if constexpr (requires(M& message) { types::check_decoded(message); }) {
        auto message = types::decode_checked<M>(*bytes, bytes);
        if (!message) throw BadVector(message.error().check + ": " + message.error().why);
        return std::move(*message);
    } else {
        auto message = wire::decode<M>(*bytes, bytes);
        if (!message) throw BadVector(message.error().to_refusal().why);
        return std::move(*message);
    }
}

/// The state before the first block: genesis, then Info, then InitChain.
[[nodiscard]] inline base::Result<chain::State> state_after_handshake(
    std::string_view genesis, std::uint64_t app_version, const abci::ResponseInitChain& answer) {
    const auto reading = types::genesis_from_json(genesis, {});
    if (!reading) return std::unexpected(reading.error());
    auto state = chain::fresh_state(reading->doc);
    if (!state) return state;
    chain::adopt_app_version(*state, app_version);
    return chain::after_init_chain(*state, answer);
}

/// The block as a proposer would have built it on `state`, with these transactions and evidence.
[[nodiscard]] inline base::Result<chain::BuiltBlock> rebuilt(
    const chain::State& state, const consensus::CommitRecord& last_commit,
    const types::Block& block) {
    auto draft = chain::draft_block(state, last_commit, block.header.proposer_address,
                                    block.evidence.evidence, chain::ChainRules{});
    if (!draft) return std::unexpected(draft.error());
    return chain::finish_block(state, std::move(*draft), block.data.txs);
}

/// The commit as the next proposer's consensus hands it over. Extensions, where they are enabled,
/// were not recorded: each vote gets an empty one with some signature. They are no part of a block.
[[nodiscard]] inline consensus::CommitRecord record_of(const types::Commit& commit, bool extended) {
    if (!extended) return consensus::Shared<types::Commit>::make(commit);
    types::ExtendedCommit made{commit.height, commit.round, commit.block_id, {}};
    for (const types::CommitSig& signature : commit.signatures) {
        const bool for_block = signature.block_id_flag == types::BlockIdFlag::commit;
        made.extended_signatures.push_back({signature.block_id_flag,
                                            signature.validator_address,
                                            signature.timestamp,
                                            signature.signature,
                                            {},
                                            for_block ? signature.signature : types::Signature{}});
    }
    return consensus::Shared<types::ExtendedCommit>::make(std::move(made));
}

/// A block with the application's recorded answer, through all steps up to the new state.
[[nodiscard]] inline base::Result<chain::State> executed(
    chain::Execution execution, abci::ResponseFinalizeBlock answer,
    const chain::EvidenceJudge& evidence = accept_all_evidence) {
    while (const auto step = execution.next()) {
        switch (*step) {
            case chain::ExecutionStep::validate_block:
                TANDEM_TRY(execution.validate(full_validation(evidence)));
                break;
            case chain::ExecutionStep::finalize_block:
                TANDEM_TRY(execution.finalized(std::move(answer)));
                break;
            case chain::ExecutionStep::update_state:
                TANDEM_TRY(execution.update());
                break;
            case chain::ExecutionStep::commit:
                execution.committed({});
                break;
            default:
                execution.done();
                break;
        }
    }
    return execution.state_after();
}

}  // namespace tandem::vectors
