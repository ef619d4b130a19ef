#include "chain/block_building.h"

#include <fmt/format.h>

namespace tandem::chain {
namespace {

types::Commit plain(const consensus::CommitRecord& commit) {
    if (const auto* wide = std::get_if<Shared<types::ExtendedCommit>>(&commit))
        return (*wide)->without_extensions();
    return *std::get<Shared<types::Commit>>(commit);
}

/// The commit of the block before, in both forms that a proposer needs.
Verdict take_last_commit(BlockDraft& draft, const State& state,
                         const consensus::CommitRecord& last_commit) {
    const std::int64_t last_height = state.last_block_height;
    auto info = extended_commit_info(last_commit, *state.last_validators,
                                     state.consensus_params.abci.extensions_enabled(last_height));
    if (!info) return std::unexpected(std::move(info).error());
    draft.local_last_commit = std::move(*info);
    draft.last_commit = plain(last_commit);
    if (draft.last_commit.height != last_height ||
        draft.last_commit.block_id != state.last_block_id)
        return refuse("last_commit.block_id",
                      fmt::format("the commit of height {} names another block than the state of "
                                  "height {}",
                                  draft.last_commit.height, last_height));
    return {};
}

}  // namespace

types::EvidenceList select_evidence(std::span<const types::Evidence> pending,
                                    std::int64_t bytes_max) {
    types::EvidenceList list;
    for (const types::Evidence& evidence : pending) {
        list.evidence.push_back(evidence);
        if (std::cmp_greater(wire::encoded_size(list), bytes_max)) {
            list.evidence.pop_back();
            break;
        }
    }
    return list;
}

Result<BlockDraft> draft_block(const State& state, const consensus::CommitRecord& last_commit,
                               const types::Address& proposer,
                               std::span<const types::Evidence> pending, const ChainRules& rules) {
    BlockDraft draft;
    draft.height = state.next_height();
    draft.proposer = proposer;
    if (state.last_block_height != 0) TANDEM_TRY(take_last_commit(draft, state, last_commit));
    const auto time = block_time(state, draft.last_commit, rules);
    if (!time) return std::unexpected(time.error());
    draft.time = *time;

    draft.evidence = select_evidence(pending, state.consensus_params.evidence.max_bytes);
    const auto room = types::data_bytes_max(
        state.block_bytes_max(), static_cast<std::int64_t>(wire::encoded_size(draft.evidence)),
        static_cast<std::int64_t>(state.validators->size()));
    if (!room) return std::unexpected(room.error());
    draft.tx_bytes_max = *room;
    draft.offer.bytes_max = state.consensus_params.block.max_bytes == -1 ? -1 : *room;
    draft.offer.gas_max = state.consensus_params.block.max_gas;
    return draft;
}

abci::RequestPrepareProposal prepare_proposal_request(const State& state, const BlockDraft& draft,
                                                      wire::Txs offered) {
    abci::RequestPrepareProposal request;
    request.max_tx_bytes = draft.tx_bytes_max;
    request.txs = std::move(offered);
    request.local_last_commit = draft.local_last_commit;
    request.misbehavior = misbehavior(draft.evidence);
    request.height = draft.height;
    request.time = draft.time;
    request.next_validators_hash = state.next_validators.hash();
    request.proposer_address = draft.proposer;
    return request;
}

Result<BuiltBlock> finish_block(const State& state, BlockDraft draft, wire::Txs txs) {
    std::int64_t bytes = 0;
    for (const BytesView tx : txs) bytes += types::tx_bytes_in_data(tx.size());
    if (bytes > draft.tx_bytes_max)
        return refuse("prepare_proposal.txs",
                      fmt::format("the application answered with {} bytes of transactions; it was "
                                  "told that {} is the most",
                                  bytes, draft.tx_bytes_max));
    types::Block block;
    block.data.txs = std::move(txs);
    block.evidence = std::move(draft.evidence);
    block.last_commit = std::move(draft.last_commit);

    types::Header& header = block.header;
    header.version = state.version;
    header.chain_id = state.chain_id;
    header.height = draft.height;
    header.time = draft.time;
    header.last_block_id = state.last_block_id;
    header.validators_hash = state.validators.hash();
    header.next_validators_hash = state.next_validators.hash();
    header.consensus_hash = types::hash_of(state.consensus_params);
    header.app_hash = state.app_hash;
    header.last_results_hash = state.last_results_hash;
    header.proposer_address = draft.proposer;
    return with_parts(std::move(block));
}

BuiltBlock with_parts(types::Block block) {
    const Hash hash = types::hash_of(block);  // fills in the hashes of the body
    auto parts = Shared<types::PartSet>::make(types::PartSet::split(wire::encode(block)));
    return {{hash, parts->header()}, Shared<types::Block>::make(std::move(block)), parts};
}

}  // namespace tandem::chain
