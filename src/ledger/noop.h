// The application that takes everything and keeps nothing: CometBFT's "noop", for trying an engine
// alone.
#pragma once
#include "abci/application.h"

namespace tandem::ledger {

class NoOp final : public abci::Application {
  public:
    [[nodiscard]] abci::ResponseInfo info(const abci::RequestInfo&) override { return {}; }
    [[nodiscard]] abci::ResponseQuery query(const abci::RequestQuery&) override { return {}; }
    [[nodiscard]] abci::ResponseCheckTx check_tx(const abci::RequestCheckTx&) override {
        return {};
    }
    [[nodiscard]] abci::ResponseInitChain init_chain(const abci::RequestInitChain&) override {
        return {};
    }
    [[nodiscard]] abci::ResponsePrepareProposal prepare_proposal(
        const abci::RequestPrepareProposal& request) override;
    [[nodiscard]] abci::ResponseProcessProposal process_proposal(
        const abci::RequestProcessProposal&) override {
        return {abci::ProposalStatus::accept};
    }
    [[nodiscard]] abci::ResponseExtendVote extend_vote(const abci::RequestExtendVote&) override {
        return {};
    }
    [[nodiscard]] abci::ResponseVerifyVoteExtension verify_vote_extension(
        const abci::RequestVerifyVoteExtension&) override {
        return {abci::ExtensionStatus::accept};
    }
    [[nodiscard]] abci::ResponseFinalizeBlock finalize_block(
        const abci::RequestFinalizeBlock& request) override;
    [[nodiscard]] abci::ResponseCommit commit(const abci::RequestCommit&) override { return {}; }
    [[nodiscard]] abci::ResponseListSnapshots list_snapshots(
        const abci::RequestListSnapshots&) override {
        return {};
    }
    [[nodiscard]] abci::ResponseOfferSnapshot offer_snapshot(
        const abci::RequestOfferSnapshot&) override {
        return {};
    }
    [[nodiscard]] abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk&) override {
        return {};
    }
    [[nodiscard]] abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk&) override {
        return {};
    }
};

}  // namespace tandem::ledger
