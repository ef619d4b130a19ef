#include "tandem/timed_application.h"

namespace tandem::program {
namespace {

// CometBFT's, so that a dashboard shows both engines in one picture.
constexpr double seconds_bounds[] = {.0001, .0004, .002, .009, .02, .1, .65, 2, 6, 25};
constexpr double finalize_bounds_ms[] = {1, 11, 21, 31, 41, 51, 61, 71, 81, 91};

enum MethodIndex : std::size_t {
    info_call,
    query_call,
    check_tx_call,
    init_chain_call,
    prepare_proposal_call,
    process_proposal_call,
    extend_vote_call,
    verify_vote_extension_call,
    finalize_block_call,
    commit_call,
    list_snapshots_call,
    offer_snapshot_call,
    load_snapshot_chunk_call,
    apply_snapshot_chunk_call,
};
constexpr std::string_view names[] = {"info",
                                      "query",
                                      "check_tx",
                                      "init_chain",
                                      "prepare_proposal",
                                      "process_proposal",
                                      "extend_vote",
                                      "verify_vote_extension",
                                      "finalize_block",
                                      "commit",
                                      "list_snapshots",
                                      "offer_snapshot",
                                      "load_snapshot_chunk",
                                      "apply_snapshot_chunk"};
static_assert(std::size(names) == apply_snapshot_chunk_call + 1);

}  // namespace

TimedApplication::TimedApplication(abci::Application& inner, Clock clock)
    : inner_(&inner), clock_(std::move(clock)), finalize_ms_(finalize_bounds_ms) {
    for (const std::string_view name : names)
        methods_.push_back({name, base::Histogram(seconds_bounds)});
}

template <typename Call>
auto TimedApplication::timed(std::size_t method, Call call) {
    const auto start = clock_();
    auto answer = call();
    last_ = clock_() - start;
    methods_[method].seconds.add(std::chrono::duration<double>(last_).count());
    return answer;
}

abci::ResponseInfo TimedApplication::info(const abci::RequestInfo& request) {
    return timed(info_call, [&] { return inner_->info(request); });
}

abci::ResponseQuery TimedApplication::query(const abci::RequestQuery& request) {
    return timed(query_call, [&] { return inner_->query(request); });
}

abci::ResponseCheckTx TimedApplication::check_tx(const abci::RequestCheckTx& request) {
    return timed(check_tx_call, [&] { return inner_->check_tx(request); });
}

std::vector<abci::ResponseCheckTx> TimedApplication::check_txs(
    std::span<const abci::RequestCheckTx> requests) {
    return timed(check_tx_call, [&] { return inner_->check_txs(requests); });
}

abci::ResponseInitChain TimedApplication::init_chain(const abci::RequestInitChain& request) {
    return timed(init_chain_call, [&] { return inner_->init_chain(request); });
}

abci::ResponsePrepareProposal TimedApplication::prepare_proposal(
    const abci::RequestPrepareProposal& request) {
    return timed(prepare_proposal_call, [&] { return inner_->prepare_proposal(request); });
}

abci::ResponseProcessProposal TimedApplication::process_proposal(
    const abci::RequestProcessProposal& request) {
    auto answer = timed(process_proposal_call, [&] { return inner_->process_proposal(request); });
    proposals_.add(answer.status == abci::ProposalStatus::accept);
    return answer;
}

abci::ResponseExtendVote TimedApplication::extend_vote(const abci::RequestExtendVote& request) {
    return timed(extend_vote_call, [&] { return inner_->extend_vote(request); });
}

abci::ResponseVerifyVoteExtension TimedApplication::verify_vote_extension(
    const abci::RequestVerifyVoteExtension& request) {
    auto answer =
        timed(verify_vote_extension_call, [&] { return inner_->verify_vote_extension(request); });
    extensions_.add(answer.status == abci::ExtensionStatus::accept);
    return answer;
}

abci::ResponseFinalizeBlock TimedApplication::finalize_block(
    const abci::RequestFinalizeBlock& request) {
    auto answer = timed(finalize_block_call, [&] { return inner_->finalize_block(request); });
    finalize_ms_.add(std::chrono::duration<double, std::milli>(last_).count());
    if (observer_) {
        block_ = request;
        answer_ = answer;
    }
    return answer;
}

abci::ResponseCommit TimedApplication::commit(const abci::RequestCommit& request) {
    auto answer = timed(commit_call, [&] { return inner_->commit(request); });
    if (observer_) observer_(block_, answer_);
    return answer;
}

abci::ResponseListSnapshots TimedApplication::list_snapshots(
    const abci::RequestListSnapshots& request) {
    return timed(list_snapshots_call, [&] { return inner_->list_snapshots(request); });
}

abci::ResponseOfferSnapshot TimedApplication::offer_snapshot(
    const abci::RequestOfferSnapshot& request) {
    return timed(offer_snapshot_call, [&] { return inner_->offer_snapshot(request); });
}

abci::ResponseLoadSnapshotChunk TimedApplication::load_snapshot_chunk(
    const abci::RequestLoadSnapshotChunk& request) {
    return timed(load_snapshot_chunk_call, [&] { return inner_->load_snapshot_chunk(request); });
}

abci::ResponseApplySnapshotChunk TimedApplication::apply_snapshot_chunk(
    const abci::RequestApplySnapshotChunk& request) {
    return timed(apply_snapshot_chunk_call, [&] { return inner_->apply_snapshot_chunk(request); });
}

}  // namespace tandem::program
