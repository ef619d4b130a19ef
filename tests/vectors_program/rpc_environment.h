// A node's RPC environment over a captured chain: every block executed by the key-value
// application, nothing but what the chain file holds.
#pragma once
#include "chain/state.h"
#include "ledger/kvstore.h"
#include "mempool/mempool.h"
#include "rpc/environment.h"
#include "rpc/event_bus.h"
#include "rpc/indexer.h"
#include "rpc/testing.h"
#include "tests/vectors_program/convert.h"
#include "types/evidence_verify.h"

namespace tandem::vectors {

class ChainEnvironment final : public rpc::Environment {
  public:
    /// The chain of `head_path` (.head.json) up to `last`; 0: all of it.
    ChainEnvironment(const std::filesystem::path& head_path, std::int64_t last);

    rpc::MemoryIndexStorage index;
    rpc::KeyValueIndexer indexer{index};
    rpc::EventBus bus{{}};
    /// Where the chain seems to stand; at most what was replayed.
    std::int64_t tip = 0;
    /// A transaction that gets into the mempool is in a block at once.
    bool commits_at_once = false;

    [[nodiscard]] rpc::ExecutedBlock executed(std::int64_t height) const;
    [[nodiscard]] std::vector<types::ValidatorChange> changes(std::int64_t height) const;
    /// Rings every timer that is set.
    void ring();

    // ---- rpc::Environment
    rpc::Status status() const override;
    rpc::NetInfo net_info() const override;
    rpc::Readiness readiness() const override { return {}; }
    const std::string& genesis() const override { return genesis_; }
    std::int64_t base_height() const override { return tip == 0 ? 0 : 1; }
    std::int64_t latest_height() const override { return tip; }
    bool is_syncing() const override { return false; }
    std::optional<types::BlockMeta> meta(std::int64_t height) const override;
    std::optional<std::int64_t> height_of(base::BytesView block_hash) const override;
    std::shared_ptr<const types::Block> block(std::int64_t height) const override;
    std::optional<types::Commit> commit(std::int64_t height) const override;
    std::shared_ptr<const types::ValidatorSet> validators(std::int64_t height) const override;
    std::optional<types::Commit> seen_commit(std::int64_t height) const override;
    std::optional<types::ConsensusParams> params(std::int64_t height) const override;
    std::optional<abci::ResponseFinalizeBlock> results(std::int64_t height) const override;
    const consensus::State& consensus() const override { return consensus_; }
    std::vector<rpc::PeerRound> peer_rounds() const override { return {}; }
    rpc::Unconfirmed unconfirmed(std::size_t txs_max) const override;
    void flush_mempool() override { mempool_.flush(); }
    void add_tx(base::Bytes tx, std::move_only_function<void(base::Verdict)> taken,
                rpc::Reply<abci::ResponseCheckTx> checked) override;
    void check_tx(base::Bytes tx, rpc::Reply<abci::ResponseCheckTx> reply) override;
    void query(abci::RequestQuery request, rpc::Reply<abci::ResponseQuery> reply) override;
    void info(rpc::Reply<abci::ResponseInfo> reply) override;
    base::Verdict add_evidence(const types::Evidence& evidence) override;
    base::Verdict dial_seeds(std::span<const std::string>) override { return {}; }
    base::Verdict dial_peers(const rpc::PeersToDial&) override { return {}; }
    TimerId set_timer(types::Duration after, std::function<void()> ring) override;
    void cancel_timer(TimerId timer) override { timers_.erase(timer); }

  private:
    struct Evidences;  // what evidence is judged by
    struct Height {
        types::BlockMeta meta;
        std::shared_ptr<const types::Block> block;
        types::Commit seen_commit;
        std::shared_ptr<const types::ValidatorSet> validators;
        types::ConsensusParams params;
        std::shared_ptr<const abci::ResponseFinalizeBlock> answer;
    };
    [[nodiscard]] const Height* at(std::int64_t height) const;
    void replay(const Json& line);
    void commit_now(const base::Bytes& tx);

    Json node_;
    std::string chain_id_, genesis_;
    std::vector<Height> heights_;
    chain::State state_;
    ledger::MemoryStorage storage_;
    ledger::KvStore application_{storage_};
    mempool::Mempool mempool_{mempool::Limits{}};
    consensus::State consensus_;
    std::vector<types::Evidence> pending_;
    std::map<TimerId, std::function<void()>> timers_;
    TimerId next_timer_ = 1;
};

}  // namespace tandem::vectors
