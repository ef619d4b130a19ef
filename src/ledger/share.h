// The application `share`: organisations keep signed records for each other.
//
// An organisation has an admin key, member keys with roles, and namespaces. Its writers put records
// into its own namespaces and nobody else does; every version of a record stays readable, and each
// names the one before by its hash. An admin adds and removes members and namespaces; a new
// organisation needs the approval of more than two thirds of those that are there.
//
// Everything but the older versions is in a tree whose root is the application's hash
// (share_tree.h), so any answer can come with a proof that a client verifies by itself
// (share_client.h); older versions are proved by the chain of hashes.
//
// A namespace may list who reads it. That is access by the nodes' API and not secrecy: every node
// holds all records, and so does every member of the consortium who reads its own disk. What must
// be secret is to be encrypted by the client before it is written.
//
// Operations are signed transactions, executed in order; one that fails is answered with a code and
// leaves the block valid. A signer's nonces grow, so that a transaction counts once.
//
// Formats, codes and queries: docs/formats/share.md; snapshots: share_snapshots.h.
#pragma once
#include "abci/application.h"
#include "crypto/verifier.h"
#include "ledger/share_format.h"
#include "ledger/share_snapshots.h"

namespace tandem::ledger {

/// Codespace "share".
enum class ShareCode : std::uint32_t {
    ok = 0,
    malformed = 1,
    unknown_signer = 2,
    bad_signature = 3,
    wrong_nonce = 4,
    not_allowed = 5,  // the signer's role, or who may read
    unknown_namespace = 6,
    version_conflict = 7,
    name_in_use = 8,
    unknown_name = 9,
    no_quorum = 10,
    bad_proof = 11,
    bad_query = 12,
};

/// What `init_chain` would make of the genesis' app_state. Empty is no organisation at all.
[[nodiscard]] base::Result<EntryChanges> share_genesis(BytesView app_state);

struct ShareSettings {
    std::string chain_id;  // a snapshot of another chain is refused; empty: of any is taken
    ShareSnapshotRules snapshots;
};

class Share final : public abci::Application {
  public:
    /// Goes on from what `storage` holds. Both outlive this.
    Share(Storage& storage, const crypto::Verifier& verifier, ShareSettings settings = {});

    [[nodiscard]] abci::ResponseInfo info(const abci::RequestInfo& request) override;
    [[nodiscard]] abci::ResponseQuery query(const abci::RequestQuery& request) override;
    [[nodiscard]] abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override;
    /// Stops the process where share_genesis refuses: there is no chain to begin.
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

  private:
    Storage& storage_;
    const crypto::Verifier& verifier_;
    ShareTree tree_;
    std::string chain_id_;
    std::int64_t height_ = 0;  // of the last commit

    struct Pending {  // a block that waits for its commit
        std::int64_t height = 0;
        ShareTree::Outcome outcome;
        std::vector<Change> versions;
    };
    Pending pending_;

    std::string expected_chain_id_;
    ShareSnapshots snapshots_;
    ShareRestore restore_;
};

}  // namespace tandem::ledger
