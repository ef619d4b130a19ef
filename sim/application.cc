#include "sim/application.h"

#include "base/check.h"
#include "crypto/sha256.h"

namespace tandem::sim {

abci::ResponseInfo CountingApplication::info(const abci::RequestInfo&) {
    abci::ResponseInfo response;
    response.last_block_height = disk_.height;
    response.last_block_app_hash = disk_.app_hash;
    return response;
}

abci::ResponseQuery CountingApplication::query(const abci::RequestQuery&) {
    return {};
}
abci::ResponseCheckTx CountingApplication::check_tx(const abci::RequestCheckTx&) {
    return {};
}

abci::ResponseInitChain CountingApplication::init_chain(const abci::RequestInitChain&) {
    TANDEM_CHECK(disk_.height == 0);
    return {};
}

abci::ResponsePrepareProposal CountingApplication::prepare_proposal(
    const abci::RequestPrepareProposal& request) {
    return {request.txs};
}

abci::ResponseProcessProposal CountingApplication::process_proposal(
    const abci::RequestProcessProposal&) {
    return {abci::ProposalStatus::accept};
}

abci::ResponseExtendVote CountingApplication::extend_vote(const abci::RequestExtendVote&) {
    return {};
}

abci::ResponseVerifyVoteExtension CountingApplication::verify_vote_extension(
    const abci::RequestVerifyVoteExtension&) {
    return {abci::ExtensionStatus::accept};
}

abci::ResponseFinalizeBlock CountingApplication::finalize_block(
    const abci::RequestFinalizeBlock& request) {
    // Blocks come in order, each once: an engine that skips or repeats one is broken.
    TANDEM_CHECK(disk_.height == 0 || request.height == disk_.height + 1);
    next_ = disk_;
    next_.height = request.height;
    crypto::Sha256 hasher;
    hasher.update(disk_.app_hash).update(request.proposer_address);
    abci::ResponseFinalizeBlock response;
    for (const base::BytesView tx : request.txs) {
        hasher.update(tx);
        ++next_.transactions;
        response.tx_results.emplace_back();
    }
    const crypto::Digest digest = hasher.finish();
    next_.app_hash.assign(digest.begin(), digest.end());
    response.app_hash = next_.app_hash;
    return response;
}

abci::ResponseCommit CountingApplication::commit(const abci::RequestCommit&) {
    disk_ = next_;
    return {};
}

}  // namespace tandem::sim
