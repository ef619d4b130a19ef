#include "chain/requests.h"

#include <fmt/format.h>

namespace tandem::chain {
namespace {

abci::Validator shown(const types::Validator& validator) {
    return {validator.address, validator.voting_power};
}

/// What ProcessProposal and ExtendVote and FinalizeBlock are told alike.
template <typename Request>
Request about_block(const BlockView& view) {
    const types::Header& header = view.block.header;
    Request request;
    request.txs = view.block.data.txs;
    request.misbehavior = misbehavior(view.block.evidence);
    request.hash = view.id.hash;
    request.height = header.height;
    request.time = header.time;
    request.next_validators_hash = header.next_validators_hash;
    request.proposer_address = header.proposer_address;
    return request;
}

void append_misbehavior(const types::LightClientAttackEvidence& attack,
                        std::vector<abci::Misbehavior>& list) {
    for (const types::Validator& validator : attack.byzantine_validators)
        list.push_back({abci::MisbehaviorType::light_client_attack, shown(validator),
                        attack.common_height, attack.timestamp, attack.total_voting_power});
}

Verdict check_entry(const types::ExtendedCommitSig& signature, const types::Validator& validator,
                    std::size_t index) {
    if (signature.block_id_flag == types::BlockIdFlag::absent ||
        signature.validator_address == validator.address)
        return {};
    return refuse("last_commit.validator_address",
                  fmt::format("signature {} is of {}, validator {} is {}", index,
                              base::to_hex(signature.validator_address), index,
                              base::to_hex(validator.address)));
}

/// A plain commit as an extended one without extensions.
types::ExtendedCommit extended(const types::Commit& commit) {
    types::ExtendedCommit wide{commit.height, commit.round, commit.block_id, {}};
    wide.extended_signatures.reserve(commit.signatures.size());
    for (const types::CommitSig& signature : commit.signatures)
        wide.extended_signatures.push_back({signature.block_id_flag,
                                            signature.validator_address,
                                            signature.timestamp,
                                            signature.signature,
                                            {},
                                            {}});
    return wide;
}

}  // namespace

abci::CommitInfo commit_info(const BlockView& view) {
    abci::CommitInfo info;
    if (view.block.header.height == view.initial_height) return info;
    const types::Commit& commit = *view.block.last_commit;
    const auto validators = view.last_validators.validators();
    TANDEM_CHECK(commit.signatures.size() == validators.size());
    info.round = commit.round;
    info.votes.reserve(validators.size());
    for (std::size_t i = 0; i < validators.size(); ++i)
        info.votes.push_back({shown(validators[i]), commit.signatures[i].block_id_flag});
    return info;
}

Result<abci::ExtendedCommitInfo> extended_commit_info(const consensus::CommitRecord& commit,
                                                      const ValidatorSet& validators,
                                                      bool extensions_enabled) {
    if (const auto* plain = std::get_if<Shared<types::Commit>>(&commit))
        return extended_commit_info(Shared<types::ExtendedCommit>::make(extended(**plain)),
                                    validators, extensions_enabled);
    const auto* wide = std::get_if<Shared<types::ExtendedCommit>>(&commit);
    if (wide == nullptr) return refuse("last_commit", "there is none");
    TANDEM_TRY(base::within("last_commit", types::ensure_extensions(**wide, extensions_enabled)));
    const auto& signatures = (*wide)->extended_signatures;
    if (signatures.size() != validators.size())
        return refuse("last_commit.size", fmt::format("{} signatures of {} validators",
                                                      signatures.size(), validators.size()));
    abci::ExtendedCommitInfo info;
    info.round = (*wide)->round;
    info.votes.reserve(signatures.size());
    for (std::size_t i = 0; i < signatures.size(); ++i) {
        const types::Validator& validator = validators.validators()[i];
        TANDEM_TRY(check_entry(signatures[i], validator, i));
        info.votes.push_back({shown(validator), signatures[i].extension,
                              signatures[i].extension_signature, signatures[i].block_id_flag});
    }
    return info;
}

std::vector<abci::Misbehavior> misbehavior(const types::EvidenceList& list) {
    std::vector<abci::Misbehavior> flat;
    for (const types::Evidence& evidence : list.evidence) {
        if (const auto* votes = evidence.duplicate_vote())
            flat.push_back({abci::MisbehaviorType::duplicate_vote,
                            {votes->vote_a->validator_address, votes->validator_power},
                            votes->vote_a->height,
                            votes->timestamp,
                            votes->total_voting_power});
        if (const auto* attack = evidence.light_client_attack()) append_misbehavior(*attack, flat);
    }
    return flat;
}

abci::RequestProcessProposal process_proposal_request(const BlockView& view) {
    auto request = about_block<abci::RequestProcessProposal>(view);
    request.proposed_last_commit = commit_info(view);
    return request;
}

abci::RequestExtendVote extend_vote_request(const BlockView& view) {
    auto request = about_block<abci::RequestExtendVote>(view);
    request.proposed_last_commit = commit_info(view);
    return request;
}

abci::RequestVerifyVoteExtension verify_vote_extension_request(const types::Vote& vote) {
    TANDEM_CHECK(vote.type == types::SignedMsgType::precommit && !vote.block_id.is_zero());
    abci::RequestVerifyVoteExtension request;
    request.hash = vote.block_id.hash;
    request.validator_address = vote.validator_address;
    request.height = vote.height;
    request.vote_extension = vote.extension;
    return request;
}

abci::RequestFinalizeBlock finalize_block_request(const BlockView& view) {
    auto request = about_block<abci::RequestFinalizeBlock>(view);
    request.decided_last_commit = commit_info(view);
    return request;
}

}  // namespace tandem::chain
