// The application as an engine sees it: ABCI 2.0, one call a method.
//
// Implementations stand in a row, and each sees only this: seats wraps an application, a client of
// an ABCI socket is one, and so is the built-in ledger.
//
// ---- Order (wire page of ABCI, rules)
//   info comes first, at each start. An application whose last height is 0 then gets init_chain,
//   or a snapshot by offer_snapshot and apply_snapshot_chunk. For each height H after that:
//       prepare_proposal         when it is our turn; never, or more than once
//       process_proposal         each proposal that we judge, our own as well
//       extend_vote, verify_vote_extension     where vote extensions are enabled
//       finalize_block           once: the block is decided
//       commit                   once: what finalize_block computed becomes lasting
//   Blocks that are replayed or synchronised come as finalize_block and commit alone; after a crash
//   between the two, finalize_block comes again. What process_proposal was given may never be
//   decided. info, query and check_tx come between any two calls, but check_tx not between
//   finalize_block and commit.
//
// ---- The same on every node, as a function of the blocks so far
//   finalize_block's answer but for logs, infos, codespaces and events; whether process_proposal
//   accepts what a correct node prepared, and verify_vote_extension what a correct node made.
//
// ---- Who owns what
//   A request is borrowed for the duration of the call; copies of its transactions are views that
//   keep their buffer alive. The answer is the caller's. One caller at a time: several connections
//   of an engine are serialised before they come here.
//
// An application that cannot go on stops its process: there is no answer for "I do not know".
//
// Not here: echo and flush, which belong to the socket.
#pragma once
#include <span>
#include <vector>

#include "abci/requests.h"
#include "abci/responses.h"

namespace tandem::abci {

class Application {
  public:
    Application() = default;
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;
    virtual ~Application() = default;

    // ---- Query connection: at any time, between any two other calls.
    [[nodiscard]] virtual ResponseInfo info(const RequestInfo& request) = 0;
    [[nodiscard]] virtual ResponseQuery query(const RequestQuery& request) = 0;

    // ---- Mempool connection.
    [[nodiscard]] virtual ResponseCheckTx check_tx(const RequestCheckTx& request) = 0;
    /// Of many, in order: an application behind a socket gets them without a wait between two.
    [[nodiscard]] virtual std::vector<ResponseCheckTx> check_txs(
        std::span<const RequestCheckTx> requests) {
        std::vector<ResponseCheckTx> answers;
        answers.reserve(requests.size());
        for (const RequestCheckTx& request : requests) answers.push_back(check_tx(request));
        return answers;
    }

    // ---- Consensus connection.
    [[nodiscard]] virtual ResponseInitChain init_chain(const RequestInitChain& request) = 0;
    [[nodiscard]] virtual ResponsePrepareProposal prepare_proposal(
        const RequestPrepareProposal& request) = 0;
    [[nodiscard]] virtual ResponseProcessProposal process_proposal(
        const RequestProcessProposal& request) = 0;
    [[nodiscard]] virtual ResponseExtendVote extend_vote(const RequestExtendVote& request) = 0;
    [[nodiscard]] virtual ResponseVerifyVoteExtension verify_vote_extension(
        const RequestVerifyVoteExtension& request) = 0;
    [[nodiscard]] virtual ResponseFinalizeBlock finalize_block(
        const RequestFinalizeBlock& request) = 0;
    [[nodiscard]] virtual ResponseCommit commit(const RequestCommit& request) = 0;

    // ---- Snapshot connection.
    [[nodiscard]] virtual ResponseListSnapshots list_snapshots(
        const RequestListSnapshots& request) = 0;
    [[nodiscard]] virtual ResponseOfferSnapshot offer_snapshot(
        const RequestOfferSnapshot& request) = 0;
    [[nodiscard]] virtual ResponseLoadSnapshotChunk load_snapshot_chunk(
        const RequestLoadSnapshotChunk& request) = 0;
    [[nodiscard]] virtual ResponseApplySnapshotChunk apply_snapshot_chunk(
        const RequestApplySnapshotChunk& request) = 0;
};

}  // namespace tandem::abci
