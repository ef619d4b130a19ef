// The application under the seats in a simulation: it counts, hashes and forgets like a real one.
//
// Its commit is durable by itself, as an external application's is; a crash between the commit of
// seats and its own is one of the things to survive.
#pragma once
#include "abci/application.h"

namespace tandem::sim {

/// What the application's own disk holds.
struct ApplicationDisk {
    std::int64_t height = 0;
    base::Bytes app_hash;
    std::uint64_t transactions = 0;
};

class CountingApplication final : public abci::Application {
  public:
    explicit CountingApplication(ApplicationDisk& disk) : disk_(disk) {}

    abci::ResponseInfo info(const abci::RequestInfo& request) override;
    abci::ResponseQuery query(const abci::RequestQuery& request) override;
    abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override;
    abci::ResponseInitChain init_chain(const abci::RequestInitChain& request) override;
    abci::ResponsePrepareProposal prepare_proposal(
        const abci::RequestPrepareProposal& request) override;
    abci::ResponseProcessProposal process_proposal(
        const abci::RequestProcessProposal& request) override;
    abci::ResponseExtendVote extend_vote(const abci::RequestExtendVote& request) override;
    abci::ResponseVerifyVoteExtension verify_vote_extension(
        const abci::RequestVerifyVoteExtension& request) override;
    abci::ResponseFinalizeBlock finalize_block(const abci::RequestFinalizeBlock& request) override;
    abci::ResponseCommit commit(const abci::RequestCommit& request) override;
    abci::ResponseListSnapshots list_snapshots(const abci::RequestListSnapshots&) override {
        return {};
    }
    abci::ResponseOfferSnapshot offer_snapshot(const abci::RequestOfferSnapshot&) override {
        return {abci::OfferSnapshotResult::reject};
    }
    abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk&) override {
        return {};
    }
    abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk&) override {
        return {};
    }

  private:
    ApplicationDisk& disk_;
    ApplicationDisk next_;  // after finalize_block, until commit
};

}  // namespace tandem::sim
