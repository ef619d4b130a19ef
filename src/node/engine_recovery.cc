// From what a crash left to a running height (chain/recovery.h has the table).
#include <fmt/format.h>

#include "consensus/verified.h"
#include "node/engine.h"
#include "signer/watermark.h"
#include "store/storage.h"

namespace tandem::node {
namespace {

using consensus::Shared;

}  // namespace

chain::RecoveryFacts Engine::facts(const store::LogContents& log, std::int64_t initial_height,
                                   std::int64_t application_height) const {
    chain::RecoveryFacts found;
    found.initial_height = initial_height;
    found.store_base = parts_.blocks.base();
    found.store_height = parts_.blocks.height();
    found.state_height = state_.last_block_height;
    found.application_height = application_height;
    found.answer_stored =
        found.store_height > 0 && parts_.states.answer(found.store_height).has_value();
    if (log.newest) {
        found.log = log.newest->has_marker ? chain::RecoveryFacts::Log::marker
                                           : chain::RecoveryFacts::Log::no_marker;
        found.log_height = log.newest->marker;
    }
    return found;
}

base::Verdict Engine::restore_signer(const store::LogContents& log) {
    if (!own_key_) return {};
    types::LastSigned last;
    if (log.newest && !log.newest->watermark.empty()) {
        auto stored = signer::decode_watermark(log.newest->watermark, *own_address_);
        if (!stored) return std::unexpected(stored.error());
        last = std::move(*stored);
    }
    const auto place = [](const types::LastSigned& at) {
        return std::tuple{at.height, at.round, at.step};
    };
    if (place(config_.signed_before) > place(last)) last = config_.signed_before;
    if (config_.key)
        signer_.emplace(state_.chain_id, config_.key, std::move(last));
    else
        signer_.emplace(state_.chain_id, *own_key_, std::move(last));
    return {};
}

base::Verdict Engine::recover(const types::GenesisDoc& genesis, const store::LogContents& log) {
    if (auto stored = parts_.states.load()) {
        state_ = std::move(*stored);
        if (state_.chain_id != genesis.chain_id)
            return base::refuse("genesis.chain_id",
                                fmt::format("the genesis file is of chain \"{}\" and the data "
                                            "folder of chain \"{}\": give the right one, or "
                                            "another data folder",
                                            genesis.chain_id, state_.chain_id));
    } else {
        auto fresh = chain::fresh_state(genesis);
        if (!fresh) return std::unexpected(fresh.error());
        state_ = std::move(*fresh);
    }
    TANDEM_TRY(restore_signer(log));
    const abci::ResponseInfo info = parts_.application.info(
        {config_.software_version, types::block_protocol, types::p2p_protocol, "2.0.0"});
    if (state_.last_block_height == 0) chain::adopt_app_version(state_, info.app_version);
    const auto plan =
        chain::plan_recovery(facts(log, state_.initial_height, info.last_block_height));
    if (!plan) return std::unexpected(plan.error());
    memory_is_new_ = plan->memory_is_new;
    report(LogLevel::debug, fmt::format("recovery: {}, log {}", chain::to_text(plan->handshake),
                                        chain::to_text(plan->log)));
    if (plan->init_chain) TANDEM_TRY(initialise_chain(genesis, *plan));
    TANDEM_TRY(replay_blocks(*plan));
    TANDEM_TRY(finish_last_block(*plan, types::Hash(base::BytesView(info.last_block_app_hash))));
    if (plan->log_action == chain::RecoveryPlan::LogAction::append_marker) {
        append_marker(plan->height);
        parts_.log.sync();
    } else {
        to_replay_ = log.entries;
    }
    return {};
}

base::Verdict Engine::prepare_restore(const types::GenesisDoc& genesis,
                                      const store::LogContents& log) {
    auto fresh = chain::fresh_state(genesis);
    if (!fresh) return std::unexpected(fresh.error());
    state_ = std::move(*fresh);
    memory_is_new_ = !log.newest.has_value();
    return restore_signer(log);
}

/// The log first: one that is ahead of an empty database is one whose blocks were removed, and that
/// is how a crash in between is found.
void Engine::adopt(chain::State state, const types::Commit& commit) {
    TANDEM_CHECK(!runs_ && parts_.blocks.height() == 0);
    state_ = std::move(state);
    append_marker(state_.last_block_height);
    parts_.log.sync();
    parts_.states.replace(state_);
    parts_.blocks.save_seen_commit(state_.last_block_height, commit);
    store::end_restore(parts_.database);
}

base::Verdict Engine::initialise_chain(const types::GenesisDoc& genesis,
                                       const chain::RecoveryPlan& plan) {
    const auto request = chain::init_chain_request(genesis);
    if (!request) return std::unexpected(request.error());
    const auto answer = parts_.application.init_chain(*request);
    if (!plan.init_chain_decides) return {};
    auto after = chain::after_init_chain(state_, answer);
    if (!after) return std::unexpected(after.error());
    state_ = std::move(*after);
    // A crash may find the first block committed and the state after it lost.
    parts_.states.save(state_);
    parts_.database.sync();
    return {};
}

base::Result<chain::DecidedBlock> Engine::stored_block(std::int64_t height) const {
    auto decided = parts_.blocks.decided(height);
    if (!decided)
        return base::refuse("recovery.block",
                            fmt::format("block {} is missing from the store", height));
    return std::move(*decided);
}

base::Verdict Engine::replay_blocks(const chain::RecoveryPlan& plan) {
    if (plan.replay_first > plan.replay_last) return {};
    report(LogLevel::info, fmt::format("replaying blocks {} to {} for the application",
                                       plan.replay_first, plan.replay_last));
    for (std::int64_t height = plan.replay_first; height <= plan.replay_last; ++height) {
        auto decided = stored_block(height);
        if (!decided) return std::unexpected(decided.error());
        auto last_validators = height == state_.initial_height
                                   ? Shared<types::ValidatorSet>::make()
                                   : parts_.states.validators(height - 1);
        const auto next = parts_.blocks.meta(height + 1);
        auto execution = chain::Execution::replay(
            state_.initial_height, std::move(*decided), std::move(last_validators),
            height == state_.last_block_height || !next ? state_.app_hash : next->header.app_hash);
        while (const auto step = execution.next()) TANDEM_TRY(execute_step(execution, *step));
        if (height % 1000 == 0)
            report(LogLevel::info,
                   fmt::format("replayed block {} of {}", height, plan.replay_last));
    }
    return {};
}

base::Verdict Engine::finish_last_block(const chain::RecoveryPlan& plan,
                                        const types::Hash& application_hash) {
    using LastBlock = chain::RecoveryPlan::LastBlock;
    if (plan.last_block == LastBlock::nothing) {
        if (plan.replay_first > plan.replay_last && plan.height > 0)
            return chain::compare_application_hash(state_.app_hash, application_hash, plan.height);
        return {};
    }
    const std::int64_t height = parts_.blocks.height();
    auto decided = stored_block(height);
    if (!decided) return std::unexpected(decided.error());
    const bool committed = plan.last_block == LastBlock::use_stored_answer;
    chain::Execution execution(
        committed ? chain::ExecutionMode::stored_and_committed : chain::ExecutionMode::stored,
        state_, std::move(*decided));
    if (committed) execution.use_stored_answer(*parts_.states.answer(height), application_hash);
    while (const auto step = execution.next()) TANDEM_TRY(execute_step(execution, *step));
    return {};
}

// ---- The inputs of the height that was running

void Engine::replay_inputs() {
    const std::vector<store::LogEntry> entries = std::exchange(to_replay_, {});
    const std::int64_t marker = state_.last_block_height;
    bool behind_marker = false;
    replaying_ = true;
    for (const store::LogEntry& entry : entries) {
        if (const auto* end = std::get_if<store::EndOfHeight>(&entry))
            behind_marker = end->height == marker;
        else if (const auto* input = std::get_if<store::LoggedInput>(&entry);
                 input && behind_marker)
            replay_input(*input);
    }
    replaying_ = false;
    // What the lost process was doing: unanswered questions are asked again, answers to the rest
    // come too late and are refused; what was signed before is signed again with the same bytes.
    if (!outgoing_.empty()) parts_.log.ask_barrier();
}

void Engine::replay_input(const store::LoggedInput& logged) {
    if (auto event = event_of(logged.event)) (void)step({logged.now, std::move(*event)});
}

std::optional<consensus::Event> Engine::event_of(const store::LoggedEvent& event) const {
    if (const auto* began = std::get_if<store::HeightBegan>(&event)) {
        if (began->height != state_.next_height()) return std::nullopt;
        return start_of_height();
    }
    if (const auto* vote = std::get_if<store::UnverifiedVote>(&event)) {
        const types::ValidatorSet* set = validators_at(vote->vote->height);
        const auto index = static_cast<std::size_t>(vote->vote->validator_index);
        if (set == nullptr || vote->vote->validator_index < 0 || index >= set->size())
            return std::nullopt;
        auto verified = consensus::verify_vote(parts_.verifier, state_.chain_id,
                                               set->validators()[index].pub_key, vote->vote,
                                               extensions_at(vote->vote->height));
        if (!verified) return std::nullopt;
        if (vote->signed_here) return consensus::VoteSigned{std::move(*verified)};
        return consensus::VoteReceived{vote->peer, std::move(*verified)};
    }
    if (const auto* proposal = std::get_if<store::UnverifiedProposal>(&event)) {
        if (!core_.state().validators) return std::nullopt;
        auto verified = consensus::verify_proposal(parts_.verifier, state_.chain_id,
                                                   core_.state().validators->proposer().pub_key,
                                                   proposal->proposal);
        if (!verified) return std::nullopt;
        if (proposal->signed_here) return consensus::ProposalSigned{std::move(*verified)};
        return consensus::ProposalReceived{proposal->peer, std::move(*verified)};
    }
    return std::visit(
        [](const auto& same) -> std::optional<consensus::Event> {
            if constexpr (std::is_constructible_v<consensus::Event, decltype(same)>)
                return consensus::Event(same);
            else
                return std::nullopt;
        },
        event);
}

}  // namespace tandem::node
