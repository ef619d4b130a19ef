// What the application is asked about a block, as CometBFT asks it (wire page 05, A4).
//
// An application must see the same bytes whether the block is live, replayed or synchronised, for
// its answer depends on them. So each request is made here, from the block and the validators of
// the height before, and nowhere else.
#pragma once
#include "abci/messages.h"
#include "chain/state.h"
#include "consensus/inputs.h"
#include "types/block.h"

namespace tandem::chain {

/// A block as it is shown to the application: with its id, and the validators whose commit it
/// carries. Everything is borrowed.
struct BlockView {
    const BlockId& id;
    const types::Block& block;
    const ValidatorSet&
        last_validators;  // of block.header.height - 1; unused at the initial height
    std::int64_t initial_height = 1;
};

/// One entry per validator of the height before, in the order of its set and with its powers;
/// empty at the initial height. REQUIRES: the block was validated, so the commit is as long as the
/// set.
[[nodiscard]] abci::CommitInfo commit_info(const BlockView& view);

/// The same with extensions, for the proposer of the next block. Without extensions (`commit` is a
/// plain one) the entries have none. Refused where the commit does not fit the set, or lacks
/// extensions that were enabled, or has some that were not.
[[nodiscard]] Result<abci::ExtendedCommitInfo> extended_commit_info(
    const consensus::CommitRecord& commit, const ValidatorSet& validators, bool extensions_enabled);

/// A double vote is one entry, an attack on light clients one per byzantine validator, in the order
/// of the list.
[[nodiscard]] std::vector<abci::Misbehavior> misbehavior(const types::EvidenceList& list);

[[nodiscard]] abci::RequestProcessProposal process_proposal_request(const BlockView& view);
[[nodiscard]] abci::RequestExtendVote extend_vote_request(const BlockView& view);
/// REQUIRES: a precommit for a block.
[[nodiscard]] abci::RequestVerifyVoteExtension verify_vote_extension_request(
    const types::Vote& vote);
[[nodiscard]] abci::RequestFinalizeBlock finalize_block_request(const BlockView& view);

}  // namespace tandem::chain
