// The node as RPC sees it (rpc/environment.h): what a route reads and asks, answered from the
// engine, the stores, the mempool and the application.
//
// Everything here is on the node's own thread, and nothing waits: the application answers at once,
// and who waits for a block is called when it comes (rpc/event_bus.h). A block is put into the
// index beside that thread, and published when it can be found there; what happens meanwhile is
// published after it.
#pragma once
#include <deque>
#include <set>

#include "node/node.h"
#include "rpc/environment.h"
#include "rpc/event_bus.h"
#include "rpc/indexer.h"

namespace tandem::node {

class RpcEnvironment final : public rpc::Environment, public Observer {
  public:
    struct Parts {
        Node& node;
        EngineParts engine;
        const p2p::LocalNode& local;
        seats::SeatsApplication* seats = nullptr;  // null: the chain has none
        rpc::EventBus& bus;
        rpc::Indexer& indexer;  // used by another thread, too
        const types::GenesisDoc& genesis;
        std::vector<std::string> listeners;
    };
    explicit RpcEnvironment(Parts parts);

    // ---- Observer: to subscribers and into the index.
    void on_block(const chain::Execution& execution) override;
    /// Puts into the index what a process before this one executed and did not, a few blocks. Until
    /// then everything is done at once: a node that recovers has no turns.
    void recovered();
    void on_pruning(std::int64_t keep) override;
    void on_fact(const consensus::Inward& fact) override;

    // ---- rpc::Environment
    [[nodiscard]] rpc::Status status() const override;
    [[nodiscard]] rpc::NetInfo net_info() const override;
    [[nodiscard]] rpc::Readiness readiness() const override;
    [[nodiscard]] const std::string& genesis() const override { return genesis_text_; }
    [[nodiscard]] std::int64_t base_height() const override;
    [[nodiscard]] std::int64_t latest_height() const override;
    [[nodiscard]] bool is_syncing() const override;
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
    [[nodiscard]] const consensus::State& consensus() const override;
    [[nodiscard]] std::vector<rpc::PeerRound> peer_rounds() const override;
    [[nodiscard]] rpc::Unconfirmed unconfirmed(std::size_t txs_max) const override;
    void flush_mempool() override;
    void add_tx(base::Bytes tx, std::move_only_function<void(base::Verdict)> taken,
                rpc::Reply<abci::ResponseCheckTx> checked) override;
    void check_tx(base::Bytes tx, rpc::Reply<abci::ResponseCheckTx> reply) override;
    void query(abci::RequestQuery request, rpc::Reply<abci::ResponseQuery> reply) override;
    void info(rpc::Reply<abci::ResponseInfo> reply) override;
    [[nodiscard]] base::Verdict add_evidence(const types::Evidence& evidence) override;
    [[nodiscard]] base::Verdict dial_seeds(std::span<const std::string> addresses) override;
    [[nodiscard]] base::Verdict dial_peers(const rpc::PeersToDial& peers) override;
    [[nodiscard]] bool search_aside(std::function<void()> search,
                                    std::function<void()> done) override;
    TimerId set_timer(types::Duration after, std::function<void()> ring) override;
    void cancel_timer(TimerId timer) override;

  private:
    struct Publication {
        std::function<void()> publish;
        bool is_ready = false;
    };
    void index(const types::Block& block, const abci::ResponseFinalizeBlock& answer);
    void publish(rpc::Event event);
    void publish_ready();

    Parts parts_;
    std::deque<std::shared_ptr<Publication>>
        publications_;  // from a block on that is being indexed
    bool has_recovered_ = false;
    std::size_t searches_ = 0;
    std::string genesis_text_;
    TimerId next_timer_ = 1;
    std::set<TimerId> timers_;  // that may still ring
};

}  // namespace tandem::node
