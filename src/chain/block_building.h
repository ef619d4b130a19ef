// The proposer's side: from a state and the last commit to a block that everybody will accept.
//
//     draft_block            evidence, time, room for transactions
//       -> the mempool offers up to `offer` of them
//     prepare_proposal_request
//       -> the application answers with the list to take
//     finish_block           block, parts, id
//
// Only the transactions are the application's to choose. All the rest follows from the state, so
// a block that an honest proposer built passes validate_block everywhere.
#pragma once
#include "chain/block_validation.h"
#include "chain/requests.h"
#include "types/part_set.h"

namespace tandem::chain {

/// What the mempool may offer to the application. In bytes of the encoded list of transactions.
struct OfferLimits {
    std::int64_t bytes_max = -1;  // -1: no limit, where block.max_bytes is -1
    std::int64_t gas_max = -1;    // -1: no limit

    bool operator==(const OfferLimits&) const = default;
};

/// A block without its transactions.
struct BlockDraft {
    std::int64_t height = 0;
    Timestamp time;
    types::Address proposer;
    types::Commit last_commit;
    abci::ExtendedCommitInfo local_last_commit;
    types::EvidenceList evidence;
    std::int64_t tx_bytes_max = 0;  // what the application's list may take, encoded
    OfferLimits offer;

    bool operator==(const BlockDraft&) const = default;
};

struct BuiltBlock {
    BlockId id;
    Shared<types::Block> block;
    Shared<types::PartSet> parts;

    bool operator==(const BuiltBlock&) const = default;
};

/// The leading items of `pending`, in its order, until their encoded list would exceed
/// `bytes_max`.
[[nodiscard]] types::EvidenceList select_evidence(std::span<const types::Evidence> pending,
                                                  std::int64_t bytes_max);

/// `last_commit` is the commit of the block before, as consensus hands it over (BuildBlock); it is
/// ignored at the initial height. Refused where the parameters leave no room ("block.max_bytes")
/// and where the commit does not fit the state; in both cases the node cannot propose, and it
/// must stop, for it would fail in every round.
[[nodiscard]] Result<BlockDraft> draft_block(const State& state,
                                             const consensus::CommitRecord& last_commit,
                                             const types::Address& proposer,
                                             std::span<const types::Evidence> pending,
                                             const ChainRules& rules);

[[nodiscard]] abci::RequestPrepareProposal prepare_proposal_request(const State& state,
                                                                    const BlockDraft& draft,
                                                                    wire::Txs offered);

/// `txs` is the application's answer, which replaces the offer whole. Refused where it is larger
/// than it was told it may be: a fault of the application by which the node stops.
[[nodiscard]] Result<BuiltBlock> finish_block(const State& state, BlockDraft draft, wire::Txs txs);

/// Cuts a block that is complete. Its transactions stay where they are.
[[nodiscard]] BuiltBlock with_parts(types::Block block);

}  // namespace tandem::chain
