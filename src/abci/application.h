// The application as an engine sees it: ABCI 2.0, one call a method.
//
// An application is called by one caller at a time; several connections of an engine are
// serialised before they come here. Requests are borrowed for the duration of the call.
//
// Order per height (wire page of ABCI, rules): [prepare_proposal], process_proposal...,
// [extend_vote, verify_vote_extension...], finalize_block, commit. process_proposal may be called
// for blocks that are never decided, finalize_block is called once per decided block and again
// when a node replays. What finalize_block computed becomes lasting with commit alone.
//
// An application that cannot go on stops its process; no answer means "I do not know".
//
// Not here: echo and flush, which belong to the socket.
#pragma once
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
