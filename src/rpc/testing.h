// What tests of RPC need: an index in memory, and an environment that answers as it was told.
#pragma once
#include "rpc/indexer.h"
#include "rpc/service.h"

namespace tandem::rpc {

struct MemoryIndexStorage final : IndexStorage {
    std::map<Bytes, Bytes> entries;

    std::optional<Bytes> get(BytesView key) const override {
        const auto found = entries.find(base::to_bytes(key));
        return found == entries.end() ? std::nullopt : std::optional(found->second);
    }
    void visit(BytesView first, BytesView end,
               const std::function<bool(BytesView, BytesView)>& visit) const override {
        for (auto at = entries.lower_bound(base::to_bytes(first)); at != entries.end(); ++at)
            if ((!end.empty() && base::compare(at->first, end) >= 0) ||
                !visit(at->first, at->second))
                return;
    }
    void write(std::vector<Entry> changes) override {
        for (Entry& entry : changes)
            entries.insert_or_assign(std::move(entry.key), std::move(entry.value));
    }
};

/// A node of a chain without blocks. Transactions are taken, and checked when the test says so.
class TestEnvironment : public Environment {
  public:
    Readiness ready;
    std::int64_t latest = 0;
    std::vector<Reply<abci::ResponseCheckTx>> unchecked;  // in the order of the transactions
    std::vector<Reply<abci::ResponseInfo>> infos;
    bool answers_info_later = false;
    std::map<TimerId, std::function<void()>> timers;
    bool flushed = false;
    PeersToDial dialled;

    Status status() const override { return {}; }
    NetInfo net_info() const override { return {}; }
    Readiness readiness() const override { return ready; }
    const std::string& genesis() const override { return genesis_; }
    std::int64_t base_height() const override { return latest == 0 ? 0 : 1; }
    std::int64_t latest_height() const override { return latest; }
    bool is_syncing() const override { return ready.catching_up; }
    std::optional<types::BlockMeta> meta(std::int64_t) const override { return std::nullopt; }
    std::optional<std::int64_t> height_of(BytesView) const override { return std::nullopt; }
    std::shared_ptr<const types::Block> block(std::int64_t) const override { return nullptr; }
    std::optional<types::Commit> commit(std::int64_t) const override { return std::nullopt; }
    std::optional<types::Commit> seen_commit(std::int64_t) const override { return std::nullopt; }
    std::shared_ptr<const types::ValidatorSet> validators(std::int64_t) const override {
        return nullptr;
    }
    std::optional<types::ConsensusParams> params(std::int64_t) const override {
        return std::nullopt;
    }
    std::optional<abci::ResponseFinalizeBlock> results(std::int64_t) const override {
        return std::nullopt;
    }
    const consensus::State& consensus() const override { return consensus_; }
    std::vector<PeerRound> peer_rounds() const override { return {}; }
    Unconfirmed unconfirmed(std::size_t) const override { return {}; }
    void flush_mempool() override { flushed = true; }
    void add_tx(Bytes, std::move_only_function<void(Verdict)> taken,
                Reply<abci::ResponseCheckTx> checked) override {
        taken({});
        unchecked.push_back(std::move(checked));
    }
    void check_tx(Bytes, Reply<abci::ResponseCheckTx> reply) override {
        unchecked.push_back(std::move(reply));
    }
    void query(abci::RequestQuery, Reply<abci::ResponseQuery> reply) override {
        reply(abci::ResponseQuery{});
    }
    void info(Reply<abci::ResponseInfo> reply) override {
        if (answers_info_later)
            infos.push_back(std::move(reply));
        else
            reply(abci::ResponseInfo{});
    }
    Verdict add_evidence(const types::Evidence&) override { return {}; }
    Verdict dial_seeds(std::span<const std::string>) override { return {}; }
    Verdict dial_peers(const PeersToDial& peers) override {
        dialled = peers;
        return {};
    }
    TimerId set_timer(Duration, std::function<void()> ring) override {
        timers.emplace(++last_timer_, std::move(ring));
        return last_timer_;
    }
    void cancel_timer(TimerId timer) override { timers.erase(timer); }

  private:
    std::string genesis_ = "{}";
    consensus::State consensus_;
    TimerId last_timer_ = 0;
};

}  // namespace tandem::rpc
