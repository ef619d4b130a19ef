// The longer pieces of SeatsApplication: making and judging proposals, executing blocks.
#include <fmt/format.h>

#include "seats/app_hash.h"
#include "seats/application_impl.h"
#include "types/block.h"

namespace tandem::seats {
namespace {

/// An order of candidates for the block that is being made: which admin transactions would be
/// accepted there. They are tried on a copy of the state, in a block without surprises.
class AdminTrial {
  public:
    AdminTrial(const State& state, const BlockContext& context, const crypto::Verifier& verifier,
               const HeartbeatPool& pool, BytesView record)
        : process_(state, context, verifier, &pool) {
        process_.record_step(record);
        process_.evidence_step();
        process_.rule_step();
    }
    [[nodiscard]] AdminCode try_out(BytesView tx) {
        return static_cast<AdminCode>(process_.admin_step(tx).code);
    }

  private:
    BlockProcess process_;
};

abci::CommitInfo without_extensions(const abci::ExtendedCommitInfo& extended) {
    abci::CommitInfo commit;
    commit.round = extended.round;
    for (const abci::ExtendedVoteInfo& vote : extended.votes)
        commit.votes.push_back({vote.validator, vote.block_id_flag});
    return commit;
}

/// Codes that say the transaction may well succeed in a later block: it stays in the mempool.
bool can_wait(AdminCode code) {
    return code == AdminCode::power_guard || code == AdminCode::too_soon ||
           code == AdminCode::not_alive || code == AdminCode::switch_pending ||
           code == AdminCode::no_record || code == AdminCode::wrong_nonce;
}

}  // namespace

Settled::Settled(State state_after, Bytes own_hash)
    : state(std::move(state_after)),
      application_hash(std::move(own_hash)),
      seats_hash(state_hash(state)),
      identities(state) {
    if (!state.recent_blocks.empty()) state.recent_blocks.back().app_hash = engine_hash();
}

types::Hash Settled::engine_hash() const {
    return engine_app_hash(application_hash, seats_hash);
}

void SeatsApplication::Impl::adopt(State state, Bytes application_hash) {
    committed = Settled(std::move(state), std::move(application_hash));
    finalized.reset();
    checked_record.reset();
    own_newest.reset();
    pool = {};
    newly_confirmed.clear();
}

wire::Txs SeatsApplication::Impl::application_txs(const wire::Txs& txs) {
    std::vector<BytesView> application;
    for (const BytesView tx : txs)
        if (classify(tx) == TxKind::application) application.push_back(tx);
    return wire::Txs::copy_of(application);
}

const Node* SeatsApplication::Impl::own_registration() const {
    if (own.liveness_key == nullptr) return nullptr;
    const auto found = find_by_consensus_address(committed.state, own.consensus_address);
    if (!found) return nullptr;
    const Node& node = committed.state.seats[found->seat].nodes[found->node];
    return node.liveness_key == own.liveness_key->public_key() ? &node : nullptr;
}

abci::ResponseCheckTx SeatsApplication::Impl::check_admin(BytesView tx) const {
    const AdminCheck check = check_admin_tx(committed.state, tx, verifier);
    abci::ResponseCheckTx response;
    response.code = static_cast<std::uint32_t>(check.code);
    response.log = check.why;
    response.codespace = response.code == 0 ? "" : "seats";
    return response;
}

std::vector<Bytes> SeatsApplication::Impl::special_txs_to_propose(
    const abci::RequestPrepareProposal& request) {
    const State& state = committed.state;
    std::vector<Bytes> front;
    const abci::CommitInfo commit = without_extensions(request.local_last_commit);
    if (request.height != state.initial_height && own_registration() != nullptr) {
        const CommitFacts facts = CommitFacts::from(state, commit);
        front.push_back(encode_record(build_record(
            state, {request.height, request.proposer_address, facts}, pool, *own.liveness_key)));
    }
    std::vector<BytesView> admin;
    for (const BytesView tx : request.txs)
        if (classify(tx) == TxKind::admin) admin.push_back(tx);
    if (admin.empty()) return front;
    const BlockContext context{request.height,           request.time, {},
                               request.proposer_address, commit,       request.misbehavior};
    AdminTrial trial(state, context, verifier, pool, front.empty() ? BytesView{} : front.front());
    std::int64_t room = request.max_tx_bytes;
    for (const Bytes& tx : front) room -= types::tx_bytes_in_data(tx.size());
    for (const BytesView tx : admin) {
        const std::int64_t bytes = types::tx_bytes_in_data(tx.size());
        // One that is refused now for a passing reason waits rather than use up its nonce.
        if (bytes > room || can_wait(trial.try_out(tx))) continue;
        room -= bytes;
        front.push_back(base::to_bytes(tx));
    }
    return front;
}

bool SeatsApplication::Impl::proposed_record_holds(const abci::RequestProcessProposal& request) {
    const State& state = committed.state;
    const bool has_record = !request.txs.empty() && classify(request.txs[0]) == TxKind::record;
    if (request.height == state.initial_height) return !has_record;
    if (!has_record || request.height != state.height + 1) return false;
    const CommitFacts facts = CommitFacts::from(state, request.proposed_last_commit);
    auto statuses = check_record(state, {request.height, request.proposer_address, facts},
                                 request.txs[0], verifier, &pool);
    if (!statuses) return false;
    if (!request.hash.empty()) checked_record = {request.hash, std::move(*statuses)};
    return true;
}

abci::ResponseFinalizeBlock SeatsApplication::Impl::finalize(
    const abci::RequestFinalizeBlock& request) {
    const BlockContext context{request.height,
                               request.time,
                               request.hash,
                               request.proposer_address,
                               request.decided_last_commit,
                               request.misbehavior};
    BlockProcess process(committed.state, context, verifier, &pool);
    const bool is_checked = checked_record && checked_record->block_hash == request.hash;
    process.record_step(request.txs.empty() ? std::nullopt : std::optional(request.txs[0]),
                        is_checked ? &checked_record->statuses : nullptr);
    process.evidence_step();
    process.rule_step();

    // The application sees the block as it was proposed, without what is ours. A record or admin
    // transaction at a place where it may not stand can be here only by more than two thirds of
    // the power; it is then left alone.
    std::vector<abci::ExecTxResult> results(request.txs.size());
    std::vector<BytesView> application;
    std::vector<std::size_t> places;
    bool front = true;
    for (std::size_t i = 0; i < request.txs.size(); ++i) {
        const TxKind kind = classify(request.txs[i]);
        if (kind == TxKind::application) {
            front = false;
            places.push_back(i);
            application.push_back(request.txs[i]);
        } else if (kind == TxKind::admin && front) {
            results[i] = process.admin_step(request.txs[i]);
        } else if (kind == TxKind::record && i == 0 && process.has_valid_record()) {
            results[i].codespace = "seats";
        } else {
            results[i].code = static_cast<std::uint32_t>(AdminCode::malformed);
            results[i].codespace = "seats";
            results[i].log = i == 0 ? process.record_refusal() : "misplaced";
        }
    }
    abci::RequestFinalizeBlock inner_request = request;
    committed.identities.apply(inner_request.decided_last_commit);
    committed.identities.apply(inner_request.misbehavior);
    inner_request.proposer_address = committed.identities.of(request.proposer_address);
    inner_request.txs = wire::Txs::copy_of(application);
    inner_answer = inner.finalize_block(inner_request);
    TANDEM_CHECK(inner_answer.tx_results.size() == places.size());
    for (std::size_t i = 0; i < places.size(); ++i) results[places[i]] = inner_answer.tx_results[i];

    process.application_step(inner_answer.validator_updates);
    abci::ResponseFinalizeBlock response = inner_answer;
    if (response.consensus_param_updates && !process.params_step(*response.consensus_param_updates))
        response.consensus_param_updates.reset();
    BlockProcess::Outcome outcome = std::move(process).finish();
    finalized = Settled(std::move(outcome.state), inner_answer.app_hash);
    response.tx_results = std::move(results);
    response.validator_updates = std::move(outcome.updates);
    response.events.insert(response.events.end(), outcome.events.begin(), outcome.events.end());
    response.app_hash = base::to_bytes(finalized->engine_hash());
    return response;
}

abci::ResponseCommit SeatsApplication::Impl::commit(const abci::RequestCommit& request) {
    TANDEM_CHECK(finalized.has_value());  // an engine commits what it finalised
    // Durable before the application is told to commit: if it has committed and we crash, we find
    // the state after; if it has not, the state before.
    store.save({finalized->state, std::move(committed.state), finalized->application_hash,
                std::move(committed.application_hash), std::move(inner_answer)});
    const abci::ResponseCommit response = inner.commit(request);
    committed = std::move(*finalized);
    finalized.reset();
    checked_record.reset();
    own_newest.reset();
    check_invariants(committed.state);
    newly_confirmed = pool.executed(committed.state);
    keep_snapshots();
    return response;
}

}  // namespace tandem::seats
