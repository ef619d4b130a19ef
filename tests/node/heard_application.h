// An application around another that writes down what it was asked, in order.
#pragma once
#include <vector>

#include "abci/application.h"
#include "abci/messages.h"

namespace tandem::testing {

class HeardApplication : public abci::Application {
  public:
    HeardApplication(abci::Application& inner, std::vector<abci::Request>& heard)
        : inner_(inner), heard_(heard) {}

    abci::ResponseInfo info(const abci::RequestInfo& request) override {
        return note(request).info(request);
    }
    abci::ResponseQuery query(const abci::RequestQuery& request) override {
        return note(request).query(request);
    }
    abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override {
        return note(request).check_tx(request);
    }
    abci::ResponseInitChain init_chain(const abci::RequestInitChain& request) override {
        return note(request).init_chain(request);
    }
    abci::ResponsePrepareProposal prepare_proposal(
        const abci::RequestPrepareProposal& request) override {
        return note(request).prepare_proposal(request);
    }
    abci::ResponseProcessProposal process_proposal(
        const abci::RequestProcessProposal& request) override {
        return note(request).process_proposal(request);
    }
    abci::ResponseExtendVote extend_vote(const abci::RequestExtendVote& request) override {
        return note(request).extend_vote(request);
    }
    abci::ResponseVerifyVoteExtension verify_vote_extension(
        const abci::RequestVerifyVoteExtension& request) override {
        return note(request).verify_vote_extension(request);
    }
    abci::ResponseFinalizeBlock finalize_block(const abci::RequestFinalizeBlock& request) override {
        return note(request).finalize_block(request);
    }
    abci::ResponseCommit commit(const abci::RequestCommit& request) override {
        return note(request).commit(request);
    }
    abci::ResponseListSnapshots list_snapshots(const abci::RequestListSnapshots& request) override {
        return note(request).list_snapshots(request);
    }
    abci::ResponseOfferSnapshot offer_snapshot(const abci::RequestOfferSnapshot& request) override {
        return note(request).offer_snapshot(request);
    }
    abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk& request) override {
        return note(request).load_snapshot_chunk(request);
    }
    abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk& request) override {
        return note(request).apply_snapshot_chunk(request);
    }

  private:
    template <typename Message>
    abci::Application& note(const Message& request) {
        heard_.push_back({request});
        return inner_;
    }

    abci::Application& inner_;
    std::vector<abci::Request>& heard_;
};

}  // namespace tandem::testing
