// Seats: who speaks for each validator, decided by the chain from what the chain has seen.
//
//     engine  --ABCI-->  SeatsApplication  --ABCI-->  application
//
// A seat is one vote in consensus, held by two or more nodes, each with its own keys. One of them
// is the validator: its key is in the validator set. The others execute every block and say so in
// signed heartbeats. The proposer of each block packs a record into it: who was alive during the
// block before, with the evidence. When the records call a validator dead for long enough and its
// standby alive, the standby's key replaces the validator's, by an ordinary validator update.
//
// Why a switch is safe:
//   - Every input of the decision stands in committed blocks. All correct nodes execute the same
//     blocks, hence move the same seat at the same height: there is no local opinion to differ.
//   - The decision in block H binds from H+2 on, whose consensus has not begun. At no height are
//     both keys in the set, so nobody signs twice, and no vote state moves between machines.
//   - A frozen, partitioned or resurrected old validator is harmless: its key is not in the set,
//     so its votes do not count, whatever it believes.
//   - Less than a third of the power may lie. A run needs proposers with a third of the power, so
//     one honest proposer has seen the silence; a standby is ALIVE only by having executed the
//     chain, so nobody behind or diverged is promoted.
//
// Alternatives rejected: a shared key (two machines sign twice when whoever decides is wrong), a
// lock service or lease (the old holder does not know that it lost it), local timers (a partition
// makes two of them right).
//
// Not here: consensus, the network, disks. The same code serves under Tandem's engine and under a
// stock CometBFT process, over a built-in application and over any ABCI program. What must
// survive a crash goes through StateStore; what must be signed, through the keys handed in.
#pragma once
#include <functional>
#include <memory>

#include "abci/application.h"
#include "seats/process.h"

namespace tandem::seats {

/// What must be durable before the application's Commit for H (seats page, section 5).
struct CommitPoint {
    State after;                         // H; its newest application hash filled in
    State before;                        // H-1; likewise
    Bytes application_hash_after;        // the application's own, for H
    Bytes application_hash_before;       // for H-1
    abci::ResponseFinalizeBlock answer;  // the application's, to FinalizeBlock(H)
};

/// Where seats keeps its state. The implementation owns the disk; every call is durable when it
/// returns, or joins the one batch that the built-in application's Commit writes.
class StateStore {
  public:
    virtual ~StateStore() = default;
    virtual void save(CommitPoint point) = 0;
    [[nodiscard]] virtual std::optional<CommitPoint> load() = 0;
    /// States of heights that the application may still offer as snapshots.
    virtual void keep_for_snapshots(std::int64_t height, const State& state,
                                    BytesView application_hash) = 0;
    virtual void drop_for_snapshots(std::int64_t height) = 0;
    struct Kept {
        State state;
        Bytes application_hash;
    };
    [[nodiscard]] virtual std::optional<Kept> load_for_snapshots(std::int64_t height) = 0;
    [[nodiscard]] virtual std::vector<std::int64_t> kept_for_snapshots() = 0;
};

/// The own node, as it takes part. A node that is registered nowhere has no keys here.
struct OwnNode {
    Bytes consensus_address;  // 20 bytes; empty for a mere observer
    std::shared_ptr<const crypto::SigningKey> liveness_key;
};

class SeatsApplication final : public abci::Application {
  public:
    /// REQUIRES: the chain's genesis names seats (genesis.h); a chain without runs its application
    /// bare. What is borrowed outlives this.
    SeatsApplication(abci::Application& inner, StateStore& store, const crypto::Verifier& verifier,
                     OwnNode own);
    ~SeatsApplication() override;

    /// Reads the stored state and holds it against the application's height. Call once, before
    /// anything else. Refused, with what to do, when they cannot be brought together.
    [[nodiscard]] Verdict recover();

    // ---- abci::Application; see the table of section 5.
    [[nodiscard]] abci::ResponseInfo info(const abci::RequestInfo& request) override;
    [[nodiscard]] abci::ResponseQuery query(const abci::RequestQuery& request) override;
    [[nodiscard]] abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override;
    [[nodiscard]] std::vector<abci::ResponseCheckTx> check_txs(
        std::span<const abci::RequestCheckTx> requests) override;
    [[nodiscard]] abci::ResponseInitChain init_chain(
        const abci::RequestInitChain& request) override;
    [[nodiscard]] abci::ResponsePrepareProposal prepare_proposal(
        const abci::RequestPrepareProposal& request) override;
    [[nodiscard]] abci::ResponseProcessProposal process_proposal(
        const abci::RequestProcessProposal& request) override;
    [[nodiscard]] abci::ResponseExtendVote extend_vote(
        const abci::RequestExtendVote& request) override;
    [[nodiscard]] abci::ResponseVerifyVoteExtension verify_vote_extension(
        const abci::RequestVerifyVoteExtension& request) override;
    [[nodiscard]] abci::ResponseFinalizeBlock finalize_block(
        const abci::RequestFinalizeBlock& request) override;
    [[nodiscard]] abci::ResponseCommit commit(const abci::RequestCommit& request) override;
    [[nodiscard]] abci::ResponseListSnapshots list_snapshots(
        const abci::RequestListSnapshots& request) override;
    [[nodiscard]] abci::ResponseOfferSnapshot offer_snapshot(
        const abci::RequestOfferSnapshot& request) override;
    [[nodiscard]] abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk& request) override;
    [[nodiscard]] abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk& request) override;

    // ---- Heartbeats (section 6).
    /// This node's own heartbeat for the block executed last, to be sent once it is committed.
    /// Nothing for an observer, or before the first block.
    [[nodiscard]] std::optional<Heartbeat> own_heartbeat();
    /// One that came over the network. Kept ones that are confirmed should be relayed.
    HeartbeatPool::Added add_heartbeat(const Heartbeat& heartbeat);
    /// Those that became confirmed by the last commit, to be relayed now.
    [[nodiscard]] std::vector<Heartbeat> take_confirmed();

    [[nodiscard]] const State& state() const noexcept;  // after the last committed block

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::seats
