// The example application of CometBFT 0.38: keys and values, and validators set by transactions.
//
//   key=value                   sets a key; `key:value` is taken too and proposed with `=`
//   val=TYPE!BASE64KEY!POWER    sets a validator's power, 0 takes it out; no key, but counted
//   duplicate votes             cost their signer one power
//
// The app hash is the number of transactions so far as a zigzag varint in eight bytes, so it says
// nothing about the values and queries carry no proofs: an application to try an engine with. One
// that is meant for work is share.
//
// Behaves as CometBFT's does as far as that one goes on. Where its process would die of a
// transaction (a `val=` with an unknown kind of key, or a key of the wrong length), the transaction
// is refused in CheckTx and in proposals. What the engine above dies of stays possible, as there:
// a validator taken out that is none, or the last one.
//
// Not here: where the state is kept (storage.h). With a MemoryStorage it is `kvstore`, with one
// that lasts it is `persistent_kvstore`.
#pragma once
#include "abci/application.h"
#include "ledger/storage.h"

namespace tandem::ledger {

struct KvStoreOptions {
    std::int64_t retain_blocks = 0;  // blocks that Commit asks to keep; 0: all
};

/// What CheckTx answers in `code`.
enum class KvStoreCode : std::uint32_t { ok = 0, invalid_tx_format = 2 };

/// A transaction's validator update, or nothing where it is not of the form above.
[[nodiscard]] std::optional<abci::ValidatorUpdate> validator_update_of(BytesView tx);

class KvStore final : public abci::Application {
  public:
    /// Goes on from what `storage` holds. `storage` outlives this. Stops the process when what is
    /// stored was not written by this class.
    explicit KvStore(Storage& storage, KvStoreOptions options = {});

    [[nodiscard]] abci::ResponseInfo info(const abci::RequestInfo& request) override;
    [[nodiscard]] abci::ResponseQuery query(const abci::RequestQuery& request) override;
    [[nodiscard]] abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override;
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
    /// None are made, so none are taken.
    [[nodiscard]] abci::ResponseListSnapshots list_snapshots(
        const abci::RequestListSnapshots& request) override;
    [[nodiscard]] abci::ResponseOfferSnapshot offer_snapshot(
        const abci::RequestOfferSnapshot& request) override;
    [[nodiscard]] abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk& request) override;
    [[nodiscard]] abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk& request) override;

  private:
    /// After a block; what storage holds of the last committed one.
    struct Position {
        std::int64_t txs = 0;     // since genesis
        std::int64_t height = 0;  // 0: before the first block
    };
    [[nodiscard]] static Bytes app_hash(const Position& position);
    void stage_validator(const abci::ValidatorUpdate& update);
    [[nodiscard]] abci::ExecTxResult execute(BytesView tx, abci::ResponseFinalizeBlock& answer);
    [[nodiscard]] std::optional<crypto::PublicKey> key_with_address(BytesView address) const;

    Storage& storage_;
    KvStoreOptions options_;
    Position committed_;
    Position finalized_;          // of the block that waits for its Commit
    std::vector<Change> staged_;  // what that block changes
};

}  // namespace tandem::ledger
