// An application whose calls are timed and whose verdicts are counted. It changes nothing.
//
// Not here: the text of it (node_metrics.h).
#pragma once
#include <array>
#include <chrono>
#include <functional>

#include "abci/application.h"
#include "base/histogram.h"

namespace tandem::program {

class TimedApplication final : public abci::Application {
  public:
    /// Never goes back.
    using Clock = std::function<std::chrono::nanoseconds()>;

    TimedApplication(abci::Application& inner, Clock clock);

    /// Called after each Commit with the block and what the application answered to it.
    using BlockObserver = std::function<void(const abci::RequestFinalizeBlock& block,
                                             const abci::ResponseFinalizeBlock& answer)>;
    void observe_blocks(BlockObserver observer) { observer_ = std::move(observer); }

    [[nodiscard]] abci::ResponseInfo info(const abci::RequestInfo& request) override;
    [[nodiscard]] abci::ResponseQuery query(const abci::RequestQuery& request) override;
    [[nodiscard]] abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override;
    /// Counts as one call.
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

    struct Method {
        std::string_view name;
        base::Histogram seconds;
    };
    struct Verdicts {
        std::uint64_t accepted = 0;
        std::uint64_t rejected = 0;

        void add(bool accept) noexcept { ++(accept ? accepted : rejected); }
    };
    [[nodiscard]] std::span<const Method> methods() const noexcept { return methods_; }
    [[nodiscard]] const base::Histogram& finalize_ms() const noexcept { return finalize_ms_; }
    [[nodiscard]] const Verdicts& proposals() const noexcept { return proposals_; }
    [[nodiscard]] const Verdicts& extensions() const noexcept { return extensions_; }

  private:
    template <typename Call>
    auto timed(std::size_t method, Call call);

    abci::Application* inner_;
    Clock clock_;
    std::vector<Method> methods_;
    base::Histogram finalize_ms_;
    std::chrono::nanoseconds last_{0};  // how long the last call took
    Verdicts proposals_;
    Verdicts extensions_;
    BlockObserver observer_;
    abci::RequestFinalizeBlock block_;  // executed last, where somebody observes
    abci::ResponseFinalizeBlock answer_;
};

}  // namespace tandem::program
