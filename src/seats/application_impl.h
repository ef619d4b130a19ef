// Inside SeatsApplication: what it holds between calls, and the longer pieces of its work.
#pragma once
#include "seats/identity.h"
#include "seats/seats_application.h"

namespace tandem::seats {

/// The state after one block, with what is derived from it.
struct Settled {
    State state;
    Bytes application_hash;  // the application's own
    Bytes seats_hash;
    Identities identities;

    Settled() = default;
    Settled(State state_after, Bytes own_hash);
    [[nodiscard]] types::Hash engine_hash() const;
};

struct SeatsApplication::Impl {
    Impl(abci::Application& application, StateStore& state_store,
         const crypto::Verifier& signatures, OwnNode own_node)
        : inner(application), store(state_store), verifier(signatures), own(std::move(own_node)) {}

    /// Goes on from this state, as after start, InitChain or a restored snapshot.
    void adopt(State state, Bytes application_hash);
    [[nodiscard]] bool has_seats() const noexcept { return !committed.state.seats.empty(); }
    /// The own node, while it is registered with the liveness key that we hold; else null.
    [[nodiscard]] const Node* own_registration() const;
    [[nodiscard]] abci::ResponseCheckTx check_admin(BytesView tx) const;
    /// The record of this node, then the admin transactions among the candidates that would be
    /// accepted, as many as fit.
    [[nodiscard]] std::vector<Bytes> special_txs_to_propose(
        const abci::RequestPrepareProposal& request);
    [[nodiscard]] bool proposed_record_holds(const abci::RequestProcessProposal& request);
    [[nodiscard]] static wire::Txs application_txs(const wire::Txs& txs);
    [[nodiscard]] abci::ResponseFinalizeBlock finalize(const abci::RequestFinalizeBlock& request);
    [[nodiscard]] abci::ResponseCommit commit(const abci::RequestCommit& request);
    void keep_snapshots();
    [[nodiscard]] abci::ResponseApplySnapshotChunk apply_part(
        const abci::RequestApplySnapshotChunk& request);
    void finish_restore();
    [[nodiscard]] abci::ResponseQuery query(const abci::RequestQuery& request) const;

    abci::Application& inner;
    StateStore& store;
    const crypto::Verifier& verifier;
    OwnNode own;

    Settled committed;                         // after the last committed block
    std::optional<Settled> finalized;          // after the block that waits for its commit
    abci::ResponseFinalizeBlock inner_answer;  // the application's, to that block
    /// For the last committed block, once asked for; none where the node is not registered.
    std::optional<std::optional<Heartbeat>> own_newest;
    HeartbeatPool pool;
    std::vector<Heartbeat> newly_confirmed;  // to be relayed

    /// The record of a proposal for the next height, which held: it need not be checked again when
    /// the block is decided.
    struct CheckedRecord {
        types::Hash block_hash;
        std::vector<Status> statuses;
    };
    std::optional<CheckedRecord> checked_record;

    /// A snapshot on its way in.
    struct Restore {
        Bytes snapshot_hash;
        Bytes trusted_app_hash;
        abci::Snapshot inner_snapshot;  // as the application itself offered it
        bool verified = false;          // chunk 0 is there and holds; the two below are set
        State state;
        Bytes application_hash;
    };
    std::optional<Restore> restore;
};

}  // namespace tandem::seats
