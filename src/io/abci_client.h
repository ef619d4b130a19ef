// An application in another process, in any language, over a socket (ABCI 2.0).
//
// Four connections, as engines made for this protocol open them: query, snapshot, mempool,
// consensus. Each call writes its request and a flush, and waits for both answers: an application
// holds answers back until it is asked to flush. Checks of many transactions share one flush, and
// are written while answers are read: neither side then waits for the other with full buffers.
//
// A call waits as long as the application takes, and the node with it: the calls of the consensus
// connection have no time of their own anywhere in the protocol. What an application cannot be
// is wrong: a lost connection, an exception, an answer to another question end the process with
// a message, for nobody knows what such an application remembers. At the next start the handshake
// brings it back in step.
//
// Rejected: asynchronous check_tx with answers as they come. It would be quicker for applications
// that are far away; they seldom are.
//
// Not here: gRPC, which engines offer as well; starting the application.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "abci/application.h"
#include "base/refusal.h"

namespace tandem::io {

class AbciClient final : public abci::Application {
  public:
    /// "tcp://HOST:PORT", "HOST:PORT" or "unix://PATH". Nobody listens there yet: tries again every
    /// three seconds, and says so to `waiting` the first time. Refused ("abci.address") for what is
    /// no address.
    [[nodiscard]] static base::Result<std::unique_ptr<AbciClient>> connect(
        const std::string& address, const std::function<void(const std::string&)>& waiting);
    ~AbciClient() override;

    [[nodiscard]] std::string echo(const std::string& text);

    abci::ResponseInfo info(const abci::RequestInfo& request) override;
    abci::ResponseQuery query(const abci::RequestQuery& request) override;
    abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override;
    std::vector<abci::ResponseCheckTx> check_txs(
        std::span<const abci::RequestCheckTx> requests) override;
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
    abci::ResponseListSnapshots list_snapshots(const abci::RequestListSnapshots& request) override;
    abci::ResponseOfferSnapshot offer_snapshot(const abci::RequestOfferSnapshot& request) override;
    abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk& request) override;
    abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk& request) override;

  private:
    struct Impl;
    explicit AbciClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::io
