// How a decided block takes effect.
#include <fmt/format.h>

#include "node/engine.h"

namespace tandem::node {

void Engine::decide(const consensus::Decide& decision) {
    chain::Execution execution(chain::ExecutionMode::decided, state_,
                               chain::DecidedBlock::from(decision));
    if (judged_valid_ == std::pair(decision.id, decision.height)) execution.skip_validation();
    execute(execution);
    judged_valid_.reset();
    enter_height(true);
}

void Engine::execute_synced(chain::DecidedBlock decided) {
    TANDEM_CHECK(!runs_);
    chain::Execution execution(chain::ExecutionMode::decided, state_, std::move(decided));
    execution.skip_validation();
    execute(execution);
}

void Engine::execute(chain::Execution& execution) {
    while (const auto step = execution.next())
        if (const auto verdict = execute_step(execution, *step); !verdict)
            parts_.host.stop(verdict.error());
}

base::Verdict Engine::execute_step(chain::Execution& execution, chain::ExecutionStep step) {
    using Step = chain::ExecutionStep;
    switch (step) {
        case Step::validate_block:
            return execution.validate(validation());
        case Step::store_block:
            store_block(execution);
            break;
        case Step::log_end_height:
            append_marker(execution.height());
            break;
        case Step::finalize_block:
            return execution.finalized(parts_.application.finalize_block(execution.request()));
        case Step::store_answer:
            parts_.states.save_answer(execution.height(), execution.answer(), config_.keep_answers);
            break;
        case Step::update_state:
            return execution.update();
        case Step::make_durable:
            parts_.database.sync();
            break;
        case Step::commit:
            execution.committed(parts_.application.commit({}));
            return {};
        case Step::update_mempool:
            update_mempool(execution);
            break;
        case Step::update_evidence:
            parts_.evidence.committed(execution.state_after(), execution.decided().block->evidence);
            break;
        case Step::save_state:
            save_state(execution);
            break;
        case Step::prune:
            if (execution.retain_height() > 0) prune(execution);
            break;
        case Step::publish:
            listener_->on_block(execution);
            break;
    }
    execution.done();
    return {};
}

/// The log may lag behind the blocks by one marker, and no further. What is written to the database
/// survives the process at once, and what the log gathers does not.
void Engine::store_block(const chain::Execution& execution) {
    if (parts_.log.durable() < newest_marker_) parts_.log.sync();
    parts_.blocks.save(execution.decided());
}

void Engine::append_marker(std::int64_t height) {
    newest_marker_ = parts_.log.append_marker(height);
}

void Engine::update_mempool(const chain::Execution& execution) {
    const types::Block& block = *execution.decided().block;
    listener_->on_questions(parts_.mempool.update(execution.height(), block.data.txs,
                                                  execution.answer().tx_results,
                                                  mempool_rules(execution.state_after())));
}

/// What a block of the height after `state` can take.
mempool::BlockRules Engine::mempool_rules(const chain::State& state) {
    mempool::BlockRules rules;
    const auto room = types::data_bytes_max(state.block_bytes_max(), 0,
                                            static_cast<std::int64_t>(state.validators->size()));
    rules.data_bytes_max = room.value_or(0);
    rules.gas_max = state.consensus_params.block.max_gas;
    return rules;
}

/// What the application needs no longer; of what evidence is judged by, as much stays as evidence
/// may be old.
void Engine::prune(const chain::Execution& execution) {
    const std::int64_t keep = std::min(execution.retain_height(), execution.height());
    const std::int64_t evidence_from = std::clamp<std::int64_t>(
        execution.height() - state_.consensus_params.evidence.max_age_num_blocks,
        state_.initial_height, keep);
    listener_->on_pruning(keep);
    while (parts_.blocks.prune(keep, evidence_from) > 0) {
    }
    parts_.states.prune(keep, evidence_from);
}

void Engine::save_state(const chain::Execution& execution) {
    state_ = execution.state_after();
    parts_.states.save(state_);
}

}  // namespace tandem::node
