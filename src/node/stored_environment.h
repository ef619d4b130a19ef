// The stores of a node that does not run, as RPC sees them (rpc/environment.h): for `tandem
// inspect`.
//
// Only what blocks and states on the disk say. There is no consensus, no mempool, no application
// and no peer, and the routes that ask for them are not to be served (ServiceConfig::routes).
#pragma once
#include "rpc/environment.h"
#include "store/block_store.h"
#include "store/state_store.h"

namespace tandem::node {

class StoredEnvironment final : public rpc::Environment {
  public:
    /// All of it outlives this.
    StoredEnvironment(const store::BlockStore& blocks, const store::StateStore& states,
                      const types::GenesisDoc& genesis);

    [[nodiscard]] rpc::Status status() const override { return {}; }
    [[nodiscard]] rpc::NetInfo net_info() const override { return {}; }
    /// Not in step with anything: /ready says no.
    [[nodiscard]] rpc::Readiness readiness() const override { return {.catching_up = true}; }
    [[nodiscard]] const std::string& genesis() const override { return genesis_text_; }

    [[nodiscard]] std::int64_t base_height() const override { return blocks_.base(); }
    [[nodiscard]] std::int64_t latest_height() const override { return blocks_.height(); }
    [[nodiscard]] bool is_syncing() const override { return true; }
    [[nodiscard]] std::optional<types::BlockMeta> meta(std::int64_t height) const override;
    [[nodiscard]] std::optional<std::int64_t> height_of(base::BytesView hash) const override;
    [[nodiscard]] std::shared_ptr<const types::Block> block(std::int64_t height) const override;
    [[nodiscard]] std::optional<types::Commit> commit(std::int64_t height) const override;
    [[nodiscard]] std::optional<types::Commit> seen_commit(std::int64_t height) const override;
    [[nodiscard]] std::shared_ptr<const types::ValidatorSet> validators(
        std::int64_t height) const override;
    [[nodiscard]] std::optional<types::ConsensusParams> params(std::int64_t height) const override;
    [[nodiscard]] std::optional<abci::ResponseFinalizeBlock> results(
        std::int64_t height) const override;

    // ---- What only a running node has.
    [[nodiscard]] const consensus::State& consensus() const override { return consensus_; }
    [[nodiscard]] std::vector<rpc::PeerRound> peer_rounds() const override { return {}; }
    [[nodiscard]] rpc::Unconfirmed unconfirmed(std::size_t) const override { return {}; }
    void flush_mempool() override {}
    void add_tx(base::Bytes tx, std::move_only_function<void(base::Verdict)> taken,
                rpc::Reply<abci::ResponseCheckTx> checked) override;
    void check_tx(base::Bytes tx, rpc::Reply<abci::ResponseCheckTx> reply) override;
    void query(abci::RequestQuery request, rpc::Reply<abci::ResponseQuery> reply) override;
    void info(rpc::Reply<abci::ResponseInfo> reply) override;
    [[nodiscard]] base::Verdict add_evidence(const types::Evidence& evidence) override;
    [[nodiscard]] base::Verdict dial_seeds(std::span<const std::string> addresses) override;
    [[nodiscard]] base::Verdict dial_peers(const rpc::PeersToDial& peers) override;
    [[nodiscard]] TimerId set_timer(types::Duration, std::function<void()>) override { return 0; }
    void cancel_timer(TimerId) override {}

  private:
    const store::BlockStore& blocks_;
    const store::StateStore& states_;
    std::string genesis_text_;
    consensus::State consensus_;
};

}  // namespace tandem::node
