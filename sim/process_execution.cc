// How a decided block takes effect in a simulated process.
#include "sim/process.h"

namespace tandem::sim {

void Node::Process::decide(const consensus::Decide& decision) {
    if (decision.height != state.next_height()) return;
    chain::Execution execution(chain::ExecutionMode::decided, state,
                               chain::DecidedBlock::from(decision));
    const bool was_validated = judged_valid && judged_valid->second == decision.height &&
                               judged_valid->first == decision.id;
    execute(std::move(execution), was_validated);
    if (halted) return;
    send_heartbeat();
    enter_height(true);
}

void Node::Process::execute(chain::Execution execution, bool was_validated) {
    if (was_validated) execution.skip_validation();
    while (const auto step = execution.next()) {
        execute_step(execution, *step);
        if (halted) return;
    }
}

void Node::Process::execute_step(chain::Execution& execution, chain::ExecutionStep step) {
    using Step = chain::ExecutionStep;
    const auto must = [this](const base::Verdict& verdict) {
        if (!verdict) broken(verdict.error().check + ": " + verdict.error().why);
    };
    switch (step) {
        case Step::validate_block:
            return must(execution.validate(validation()));
        case Step::store_block: {
            if (node.disk_.log_durable() < newest_marker) node.disk_.sync_log(node.disk_.log_end());
            const auto& decided = execution.decided();
            store_block({decided.id, decided.block, decided.parts, decided.commit});
            break;
        }
        case Step::log_end_height:
            append_marker(execution.height());
            break;
        case Step::finalize_block:
            return must(execution.finalized(seats.finalize_block(execution.request())));
        case Step::store_answer:
            node.disk_.put(std::pair(execution.height(), execution.answer()));
            break;
        case Step::update_state:
            return must(execution.update());
        case Step::make_durable:
            node.disk_.sync_database();
            node.disk_.shorten_log();
            break;
        case Step::commit:
            return execution.committed(seats.commit({}));
        case Step::update_mempool:
            update_mempool(*execution.decided().block);
            break;
        case Step::update_evidence:
            evidence.committed(execution.decided().block->evidence);
            break;
        case Step::save_state:
            state = execution.state_after();
            node.disk_.put(state);
            break;
        case Step::prune:
            break;
        case Step::publish:
            publish(execution);
            break;
    }
    execution.done();
}

void Node::Process::append_marker(std::int64_t height) {
    node.disk_.append(EndHeight{height});
    newest_marker = node.disk_.log_end();
}

void Node::Process::update_mempool(const types::Block& block) {
    for (const base::BytesView tx : block.data.txs)
        std::erase_if(node.mempool_, [&](const Bytes& own) { return base::equal(own, tx); });
    std::erase_if(node.mempool_, [&](const Bytes& own) {
        return seats.check_tx({own, abci::CheckTxType::recheck}).code != 0;
    });
}

void Node::Process::store_block(StoredBlock block) {
    block = node.setting_.library.intern(std::move(block));
    const std::int64_t height = block.block->header.height;
    blocks.insert_or_assign(height, block);
    // As on the disk: the commit that counts for the block before is the one in this block.
    if (const auto before = blocks.find(height - 1); before != blocks.end())
        before->second.commit = canonical_commit(block);
    node.disk_.put(std::move(block));
}

void Node::Process::publish(const chain::Execution& execution) {
    Library& library = node.setting_.library;
    library.add(state.last_validators);
    library.add(state.validators);
    const auto& decided = execution.decided();
    node.setting_.observer.decided(node.index_, execution.state_before(),
                                   {decided.id, decided.block, decided.parts, decided.commit},
                                   execution.answer(), state, seats.state());
    for (const types::Evidence& found : evidence.take_ripe()) add_evidence(found);
}

void Node::Process::send_heartbeat() {
    auto heartbeat = seats.own_heartbeat();
    if (!heartbeat) return;
    if (node.diverged_) {
        heartbeat->app_hash.front() ^= 1;
        heartbeat->signature = base::to_bytes(
            base::view(node.keys_.liveness->sign(seats::sign_bytes(chain_id(), *heartbeat))));
    }
    (void)seats.add_heartbeat(*heartbeat);
    if (node.liar_) node.liar_->heard(*heartbeat);
    broadcast(Channel::heartbeat, make_message(Message::Heartbeat{*heartbeat}));
    if (!node.liar_) return;
    if (const auto nonsense = node.liar_->nonsense(heartbeat->node_address))
        broadcast(Channel::heartbeat, make_message(Message::Heartbeat{*nonsense}));
    if (const auto promise =
            node.liar_->empty_promise(*heartbeat, chain_id(), *node.keys_.liveness))
        broadcast(Channel::heartbeat, make_message(Message::Heartbeat{*promise}));
}

}  // namespace tandem::sim
