#include "seats/seats_application.h"

#include <fmt/format.h>

#include "seats/app_hash.h"
#include "seats/application_impl.h"
#include "seats/genesis.h"
#include "types/block.h"

namespace tandem::seats {

using types::Address;

namespace {

constexpr std::uint32_t code_misplaced = 100;  // CheckTx, codespace "seats"
constexpr std::uint32_t code_stale_heartbeat = 101;

abci::ResponseCheckTx refuse_tx(std::uint32_t code, std::string log) {
    abci::ResponseCheckTx response;
    response.code = code;
    response.log = std::move(log);
    response.codespace = "seats";
    return response;
}

/// What of a block's transactions belongs to whom.
struct Split {
    std::vector<BytesView> special;      // the record, then admin transactions, in their order
    std::vector<BytesView> application;  // the rest
};

/// Special transactions stand in front: first the record, if any, then admin transactions.
/// Refused where one stands elsewhere, or is a heartbeat or of no known kind.
Result<Split> split_places(const wire::Txs& txs) {
    Split split;
    bool front = true;
    for (std::size_t i = 0; i < txs.size(); ++i) {
        switch (classify(txs[i])) {
            case TxKind::application:
                front = false;
                split.application.push_back(txs[i]);
                break;
            case TxKind::record:
                if (i != 0) return refuse("block.record", "a record stands elsewhere than first");
                split.special.push_back(txs[i]);
                break;
            case TxKind::admin:
                if (!front)
                    return refuse("block.admin", "an admin transaction stands behind others");
                split.special.push_back(txs[i]);
                break;
            case TxKind::heartbeat:
                return refuse("block.heartbeat", "a heartbeat stands in the block");
            case TxKind::reserved:
                return refuse("block.reserved", "a transaction begins with the reserved prefix");
        }
    }
    return split;
}

}  // namespace

SeatsApplication::SeatsApplication(abci::Application& inner, StateStore& store,
                                   const crypto::Verifier& verifier, OwnNode own)
    : impl_(std::make_unique<Impl>(inner, store, verifier, std::move(own))) {}

SeatsApplication::~SeatsApplication() = default;

const State& SeatsApplication::state() const noexcept {
    return impl_->committed.state;
}

// ---- Start

Verdict SeatsApplication::recover() {
    const abci::ResponseInfo info = impl_->inner.info({});
    auto point = impl_->store.load();
    if (!point) {
        if (info.last_block_height == 0) return {};
        return refuse("seats.recover",
                      fmt::format("the application is at height {} and seats has no state; restore "
                                  "the seats database, or start the application afresh",
                                  info.last_block_height));
    }
    const std::int64_t height = point->after.height;
    if (info.last_block_height == height) {
        impl_->adopt(std::move(point->after), std::move(point->application_hash_after));
        return {};
    }
    // An application without a block, which lost or never kept its state, gets every block again,
    // beginning with InitChain, and so does seats.
    if (info.last_block_height == 0) return {};
    if (info.last_block_height == height - 1 && point->before.height == height - 1) {
        impl_->adopt(std::move(point->before), std::move(point->application_hash_before));
        return {};
    }
    return refuse("seats.recover",
                  fmt::format("the application is at height {}, seats at {}; seats can go on from "
                              "{} or {}, or from the beginning with an application that is empty. "
                              "Restore both from one backup, or reset the application",
                              info.last_block_height, height, height - 1, height));
}

abci::ResponseInfo SeatsApplication::info(const abci::RequestInfo& request) {
    abci::ResponseInfo response = impl_->inner.info(request);
    if (!impl_->has_seats()) return response;
    const State& state = impl_->committed.state;
    if (state.recent_blocks.empty()) return response;  // InitChain has run, no block yet
    response.last_block_height = state.height;
    response.last_block_app_hash = base::to_bytes(impl_->committed.engine_hash());
    return response;
}

abci::ResponseInitChain SeatsApplication::init_chain(const abci::RequestInitChain& request) {
    const auto genesis = read_genesis(request.app_state_bytes);
    TANDEM_CHECK(genesis && genesis->seats);  // whoever wired us has read the same genesis
    abci::RequestInitChain inner_request = request;
    inner_request.app_state_bytes = genesis->application_state;
    inner_request.validators.clear();
    for (const GenesisSeat& seat : genesis->seats->seats)
        inner_request.validators.push_back({seat.nodes.front().consensus_key, seat.power});
    abci::ResponseInitChain response = impl_->inner.init_chain(inner_request);

    ChainLimits limits;
    limits.chain_id = request.chain_id;
    limits.initial_height = request.initial_height;
    const auto take_params = [&limits](const base::Box<types::ConsensusParamsMessage>& params) {
        if (!params) return;
        if (params->block) limits.params.block_bytes_max = params->block->max_bytes;
        if (params->evidence) limits.params.evidence_bytes_max = params->evidence->max_bytes;
        if (params->validator) limits.params.key_types = params->validator->pub_key_types;
    };
    take_params(request.consensus_params);
    take_params(response.consensus_params);
    auto state = initial_state(*genesis->seats, limits);
    TANDEM_CHECK(state.has_value());
    response.validators.clear();  // the application sees identities; it does not name nodes
    for (const types::ValidatorChange& entry : decided_set(*state))
        response.validators.push_back({entry.pub_key, entry.voting_power});
    impl_->adopt(std::move(*state), response.app_hash);
    response.app_hash = base::to_bytes(impl_->committed.engine_hash());
    return response;
}

// ---- Mempool

abci::ResponseCheckTx SeatsApplication::check_tx(const abci::RequestCheckTx& request) {
    switch (classify(request.tx)) {
        case TxKind::application:
            return impl_->inner.check_tx(request);
        case TxKind::admin:
            return impl_->check_admin(request.tx);
        case TxKind::heartbeat: {
            const auto heartbeat = decode_heartbeat(request.tx);
            if (!heartbeat)
                return refuse_tx(code_misplaced,
                                 heartbeat.error().check + ": " + heartbeat.error().why);
            const auto standing =
                judge_heartbeat(impl_->committed.state, *heartbeat, impl_->verifier);
            if (standing != HeartbeatStanding::confirmed && standing != HeartbeatStanding::not_yet)
                return refuse_tx(code_stale_heartbeat, "the heartbeat is not fresh and genuine");
            (void)add_heartbeat(*heartbeat);
            return {};
        }
        case TxKind::record:
        case TxKind::reserved:
            break;
    }
    return refuse_tx(code_misplaced, "this prefix is reserved for records of proposers");
}

std::vector<abci::ResponseCheckTx> SeatsApplication::check_txs(
    std::span<const abci::RequestCheckTx> requests) {
    std::vector<abci::ResponseCheckTx> answers(requests.size());
    std::vector<abci::RequestCheckTx> for_inner;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (classify(requests[i].tx) != TxKind::application) {
            answers[i] = check_tx(requests[i]);
            continue;
        }
        for_inner.push_back(requests[i]);
        places.push_back(i);
    }
    std::vector<abci::ResponseCheckTx> of_inner = impl_->inner.check_txs(for_inner);
    TANDEM_CHECK(of_inner.size() == places.size());
    for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = std::move(of_inner[i]);
    return answers;
}

// ---- Proposals

abci::ResponsePrepareProposal SeatsApplication::prepare_proposal(
    const abci::RequestPrepareProposal& request) {
    if (!impl_->has_seats()) return impl_->inner.prepare_proposal(request);
    std::vector<Bytes> front = impl_->special_txs_to_propose(request);
    std::int64_t room = request.max_tx_bytes;
    for (const Bytes& tx : front) room -= types::tx_bytes_in_data(tx.size());

    abci::RequestPrepareProposal inner_request = request;
    impl_->committed.identities.apply(inner_request.local_last_commit);
    impl_->committed.identities.apply(inner_request.misbehavior);
    inner_request.proposer_address = impl_->committed.identities.of(request.proposer_address);
    inner_request.max_tx_bytes = room;
    std::vector<BytesView> candidates;
    for (const BytesView tx : request.txs)
        if (classify(tx) == TxKind::application) candidates.push_back(tx);
    inner_request.txs = wire::Txs::copy_of(candidates);
    const abci::ResponsePrepareProposal inner = impl_->inner.prepare_proposal(inner_request);

    std::vector<BytesView> all(front.begin(), front.end());
    for (const BytesView tx : inner.txs)
        if (classify(tx) == TxKind::application) all.push_back(tx);  // nothing special gets back in
    abci::ResponsePrepareProposal response;
    response.txs = wire::Txs::copy_of(all);
    return response;
}

abci::ResponseProcessProposal SeatsApplication::process_proposal(
    const abci::RequestProcessProposal& request) {
    if (!impl_->has_seats()) return impl_->inner.process_proposal(request);
    const abci::ResponseProcessProposal reject{abci::ProposalStatus::reject};
    const auto split = split_places(request.txs);
    if (!split) return reject;
    if (!impl_->proposed_record_holds(request)) return reject;
    abci::RequestProcessProposal inner_request = request;
    impl_->committed.identities.apply(inner_request.proposed_last_commit);
    impl_->committed.identities.apply(inner_request.misbehavior);
    inner_request.proposer_address = impl_->committed.identities.of(request.proposer_address);
    inner_request.txs = wire::Txs::copy_of(split->application);
    return impl_->inner.process_proposal(inner_request);
}

abci::ResponseExtendVote SeatsApplication::extend_vote(const abci::RequestExtendVote& request) {
    if (!impl_->has_seats()) return impl_->inner.extend_vote(request);
    abci::RequestExtendVote inner_request = request;
    impl_->committed.identities.apply(inner_request.proposed_last_commit);
    impl_->committed.identities.apply(inner_request.misbehavior);
    inner_request.proposer_address = impl_->committed.identities.of(request.proposer_address);
    inner_request.txs = Impl::application_txs(request.txs);
    return impl_->inner.extend_vote(inner_request);
}

abci::ResponseVerifyVoteExtension SeatsApplication::verify_vote_extension(
    const abci::RequestVerifyVoteExtension& request) {
    if (!impl_->has_seats()) return impl_->inner.verify_vote_extension(request);
    abci::RequestVerifyVoteExtension inner_request = request;
    inner_request.validator_address = impl_->committed.identities.of(request.validator_address);
    return impl_->inner.verify_vote_extension(inner_request);
}

// ---- Decided blocks

abci::ResponseFinalizeBlock SeatsApplication::finalize_block(
    const abci::RequestFinalizeBlock& request) {
    if (!impl_->has_seats()) return impl_->inner.finalize_block(request);
    return impl_->finalize(request);
}

abci::ResponseQuery SeatsApplication::query(const abci::RequestQuery& request) {
    if (!impl_->has_seats()) return impl_->inner.query(request);
    return impl_->query(request);
}

abci::ResponseCommit SeatsApplication::commit(const abci::RequestCommit& request) {
    if (!impl_->has_seats()) return impl_->inner.commit(request);
    return impl_->commit(request);
}

// ---- Heartbeats

std::optional<Heartbeat> SeatsApplication::own_heartbeat() {
    const State& state = impl_->committed.state;
    if (state.recent_blocks.empty()) return std::nullopt;
    if (!impl_->own_newest) {
        impl_->own_newest.emplace();
        if (impl_->own_registration() != nullptr)
            impl_->own_newest->emplace(
                make_heartbeat(state, impl_->own.consensus_address, *impl_->own.liveness_key));
    }
    return *impl_->own_newest;
}

HeartbeatPool::Added SeatsApplication::add_heartbeat(const Heartbeat& heartbeat) {
    return impl_->pool.add(impl_->committed.state, heartbeat, impl_->verifier);
}

std::vector<Heartbeat> SeatsApplication::take_confirmed() {
    return std::exchange(impl_->newly_confirmed, {});
}

}  // namespace tandem::seats
