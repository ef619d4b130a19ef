// Start, inputs to consensus and what follows from them.
#include "sim/process.h"

#include <fmt/format.h>

#include "chain/block_building.h"
#include "signer/watermark.h"

namespace tandem::sim {

namespace {

constexpr Nanos answer_delay_max = 2 * millisecond;  // of the application
constexpr Nanos barrier_delay_max = 4 * millisecond;
constexpr Nanos tick_interval = 400 * millisecond;

/// The log begins at the newest marker, but for the newest watermark before it.
void end_height(DiskContents& contents, std::int64_t height) {
    std::optional<LogEntry> watermark;
    for (LogEntry& entry : contents.log)
        if (std::holds_alternative<Watermark>(entry)) watermark = std::move(entry);
    contents.log.clear();
    if (watermark) contents.log.push_back(std::move(*watermark));
    contents.log.emplace_back(EndHeight{height});
}

}  // namespace

Node::Process::Process(Node& owner)
    : node(owner),
      epoch(owner.epoch_),
      application(owner.disk_.application),
      store(owner.disk_),
      seats(application, store, owner.setting_.registry,
            {Bytes(owner.address_.begin(), owner.address_.end()), owner.liveness_key_}) {}

void Node::Process::broken(std::string what) {
    node.setting_.observer.broken(node.index_, std::move(what));
    halted = true;
}

// ---- Start

void Node::Process::recover() {
    const DiskContents& disk = node.disk_.contents();
    if (const base::Verdict verdict = seats.recover(); !verdict)
        return broken("seats do not recover: " + verdict.error().why);
    chain::RecoveryFacts facts;
    facts.initial_height = node.setting_.genesis.initial_height;
    if (!disk.blocks.empty()) {
        facts.store_base = disk.blocks.begin()->first;
        facts.store_height = disk.blocks.rbegin()->first;
        facts.answer_stored = disk.answers.contains(facts.store_height);
    }
    if (disk.state) facts.state_height = disk.state->last_block_height;
    const abci::ResponseInfo info = seats.info({});
    facts.application_height = info.last_block_height;
    types::LastSigned last_signed;
    for (const LogEntry& entry : disk.log) {
        if (facts.log == chain::RecoveryFacts::Log::missing)
            facts.log = chain::RecoveryFacts::Log::no_marker;
        if (const auto* marker = std::get_if<EndHeight>(&entry)) {
            facts.log = chain::RecoveryFacts::Log::marker;
            facts.log_height = marker->height;
        } else if (const auto* mark = std::get_if<Watermark>(&entry)) {
            last_signed = *signer::decode_watermark(mark->record, node.address_);
        }
    }
    const auto plan = chain::plan_recovery(facts);
    if (!plan) return broken("no recovery: " + plan.error().check + ": " + plan.error().why);
    signer.emplace(node.setting_.genesis.chain_id, node.consensus_key_, last_signed);
    blocks = disk.blocks;
    answers = disk.answers;
    state = disk.state ? *disk.state : *chain::fresh_state(node.setting_.genesis);
    if (plan->init_chain) {
        const auto answer = seats.init_chain(*chain::init_chain_request(node.setting_.genesis));
        if (plan->init_chain_decides) state = *chain::after_init_chain(state, answer);
    }
    if (plan->replay_first <= plan->replay_last)
        return broken("the application fell behind the state, which no crash here explains");
    if (plan->last_block != chain::RecoveryPlan::LastBlock::nothing) {
        const bool stored = plan->last_block == chain::RecoveryPlan::LastBlock::use_stored_answer;
        const StoredBlock& block = blocks.at(facts.store_height);
        chain::Execution execution(
            stored ? chain::ExecutionMode::stored_and_committed : chain::ExecutionMode::stored,
            state, {block.id, block.block, block.parts, block.commit});
        if (stored)
            execution.use_stored_answer(answers.at(facts.store_height),
                                        types::Hash(BytesView(info.last_block_app_hash)));
        execute(std::move(execution), false);
    }
    if (halted) return;
    if (plan->log_action == chain::RecoveryPlan::LogAction::append_marker)
        node.disk_.write(
            [height = plan->height](DiskContents& contents) { end_height(contents, height); });
    else
        replay_log(plan->height);
    if (core.state().height != state.next_height()) enter_height();
    progress_at = node.setting_.world.now();
    send_heartbeat();
    tick();
}

void Node::Process::replay_log(std::int64_t marker) {
    const std::vector<LogEntry> log = node.disk_.contents().log;
    bool after_marker = false;
    for (const LogEntry& entry : log) {
        if (const auto* end = std::get_if<EndHeight>(&entry)) after_marker = end->height == marker;
        if (const auto* input = std::get_if<consensus::Input>(&entry); input && after_marker)
            follow(*input, true);
    }
    // What the lost process was doing: unanswered questions are asked again, answers to the rest
    // come too late and are refused; what was signed before is signed again with the same bytes.
    ask_barrier();
}

void Node::Process::enter_height() {
    consensus::StartHeight start;
    start.height = state.next_height();
    start.initial_height = state.initial_height;
    start.validators = state.validators.shared();
    start.last_validators = state.last_validators.shared();
    if (const auto last = blocks.find(start.height - 1); last != blocks.end())
        start.last_commit = last->second.commit;
    start.own_address = node.address_;
    start.block_bytes_max = state.consensus_params.block.max_bytes;
    start.config = node.setting_.timeouts;
    progress_at = node.setting_.world.now();
    std::vector<Message> early;
    std::swap(early, said_at_height);
    feed(std::move(start));
    for (const Message& message : early) receive(node.index_, message);
}

// ---- Inputs

void Node::Process::feed(consensus::Event event) {
    if (halted) return;
    const consensus::Input input{node.clock(), std::move(event)};
    node.disk_.write([input](DiskContents& contents) { contents.log.emplace_back(input); });
    follow(input, false);
}

void Node::Process::follow(const consensus::Input& input, bool is_replay) {
    auto ready = core.step(input);
    if (!ready) return;  // somebody's fault, or too late; nothing has changed
    carry_out(std::move(*ready), is_replay);
}

void Node::Process::carry_out(consensus::Ready ready, bool is_replay) {
    for (consensus::Outward& effect : ready.once_durable) plan_outward(std::move(effect));
    for (consensus::Inward& effect : ready.now) carry_out_inward(effect);
    if (!is_replay) ask_barrier();
}

void Node::Process::carry_out_inward(consensus::Inward& effect) {
    World& world = node.setting_.world;
    const auto later = [&](Nanos delay, std::function<void(Process&)> work) {
        world.after(delay, [owner = &node, number = epoch, work = std::move(work)] {
            owner->run(number, work);
        });
    };
    const auto answer_delay = [&] {
        return static_cast<Nanos>(world.random.below(static_cast<std::uint64_t>(answer_delay_max)));
    };
    if (const auto* timer = std::get_if<consensus::SetTimer>(&effect)) {
        const std::uint64_t number = ++timer_number;
        later(timer->after.nanos, [number, name = timer->timer](Process& process) {
            if (number == process.timer_number) process.feed(consensus::TimerRang{name});
        });
    } else if (const auto* build = std::get_if<consensus::BuildBlock>(&effect)) {
        later(answer_delay(), [question = *build](Process& p) { p.build_block(question); });
    } else if (const auto* judge = std::get_if<consensus::JudgeBlock>(&effect)) {
        later(answer_delay(), [question = *judge](Process& p) { p.judge_block(question); });
    } else if (std::holds_alternative<consensus::Halt>(effect)) {
        broken("consensus halts: two thirds prevote what our state calls invalid");
    } else if (std::holds_alternative<consensus::NewRoundStep>(effect) ||
               std::holds_alternative<consensus::NewValidBlock>(effect) ||
               std::holds_alternative<consensus::ProposalAccepted>(effect)) {
        // What came before its round or its header did is of use now.
        later(0, [](Process& process) {
            const std::vector<Message> known = process.said_at_height;
            for (const Message& message : known)
                if (!std::holds_alternative<Message::Vote>(message.content))
                    process.receive(process.node.index_, message);
        });
    }
}

void Node::Process::build_block(const consensus::BuildBlock& question) {
    if (question.height != state.next_height()) return;
    auto draft = chain::draft_block(state, question.last_commit, question.proposer, {}, {});
    if (!draft) return broken("no block can be built: " + draft.error().why);
    std::vector<base::BytesView> offered(node.mempool_.begin(), node.mempool_.end());
    const auto request =
        chain::prepare_proposal_request(state, *draft, wire::Txs::copy_of(offered));
    auto built = chain::finish_block(state, std::move(*draft), seats.prepare_proposal(request).txs);
    if (!built) return broken("no block can be finished: " + built.error().why);
    feed(consensus::BlockBuilt{question.height, question.round, built->id, built->block,
                               built->parts});
}

chain::Validation Node::Process::validation() const {
    return {.verifier = node.setting_.registry,
            .evidence = evidence,
            .rules = {},
            .clock = std::nullopt,
            .basic_is_validated = true,
            .last_commit_is_verified = false};
}

void Node::Process::judge_block(const consensus::JudgeBlock& question) {
    if (question.height != state.next_height()) return;
    auto judgement = consensus::Judgement::invalid;
    std::string why;
    if (const base::Verdict valid = chain::validate_block(state, *question.block, validation());
        valid) {
        const auto request = chain::process_proposal_request(
            {question.id, *question.block, *state.last_validators, state.initial_height});
        const bool accepted =
            seats.process_proposal(request).status == abci::ProposalStatus::accept;
        judgement = accepted ? consensus::Judgement::accepted : consensus::Judgement::rejected;
        judged_valid.emplace(question.id, question.height);
        why = "rejected by seats";
    } else {
        why = valid.error().check + ": " + valid.error().why;
    }
    if (judgement != consensus::Judgement::accepted)
        node.setting_.observer.refused(node.index_, question.block->header.proposer_address, why);
    feed(consensus::BlockJudged{question.height, question.id, judgement});
}

// ---- Effects that wait for the disk

signer::ValidatorsAt Node::Process::validators_at(std::int64_t height) const {
    return {height, height == state.next_height() ? *state.validators : *state.last_validators};
}

void Node::Process::plan_outward(consensus::Outward effect) {
    if (auto* vote = std::get_if<consensus::CastVote>(&effect)) {
        auto reserved =
            signer->reserve(vote->unsigned_vote, validators_at(vote->unsigned_vote.height), false);
        if (!reserved) return;  // not our height to sign, or signed already; silence is right
        const std::uint64_t position =
            node.disk_.write([record = reserved->record()](DiskContents& contents) {
                contents.log.emplace_back(Watermark{record});
            });
        auto pending = std::make_shared<signer::Pending<types::Vote>>(
            std::move(*reserved).logged_at({position}));
        outgoing.push_back({position, [this, pending] { sign_vote(*pending); }});
    } else if (auto* proposal = std::get_if<consensus::CastProposal>(&effect)) {
        auto reserved = signer->reserve(proposal->unsigned_proposal,
                                        validators_at(proposal->unsigned_proposal.height));
        if (!reserved) return;
        const std::uint64_t position =
            node.disk_.write([record = reserved->record()](DiskContents& contents) {
                contents.log.emplace_back(Watermark{record});
            });
        auto pending = std::make_shared<signer::Pending<types::Proposal>>(
            std::move(*reserved).logged_at({position}));
        outgoing.push_back({position, [this, pending, parts = proposal->parts] {
                                sign_proposal(*pending, parts);
                            }});
    } else if (auto* decision = std::get_if<consensus::Decide>(&effect)) {
        outgoing.push_back(
            {node.disk_.written(), [this, decided = *decision] { decide(decided); }});
    }
}

void Node::Process::ask_barrier() {
    if (barrier_running || outgoing.empty() || halted) return;
    barrier_running = true;
    World& world = node.setting_.world;
    const auto delay =
        static_cast<Nanos>(world.random.below(static_cast<std::uint64_t>(barrier_delay_max)));
    const std::uint64_t position = node.disk_.written();
    world.after(delay, [owner = &node, number = epoch, position] {
        owner->run(number, [position](Process& process) { process.barrier_done(position); });
    });
}

void Node::Process::barrier_done(std::uint64_t position) {
    barrier_running = false;
    node.disk_.barrier(position);
    while (!outgoing.empty() && outgoing.front().needs <= node.disk_.durable() && !halted) {
        const auto act = std::move(outgoing.front().act);
        outgoing.pop_front();
        act();
    }
    ask_barrier();
}

void Node::Process::sign_vote(signer::Pending<types::Vote> pending) {
    auto vote = signer->sign(std::move(pending), {node.disk_.durable()});
    if (!vote) return;
    const auto shared = Shared<types::Vote>::make(std::move(*vote));
    auto verified =
        consensus::verify_vote(node.setting_.registry, node.setting_.genesis.chain_id,
                               node.consensus_public_, shared, consensus::Extensions::disabled);
    if (!verified) return broken("our own vote does not verify: " + verified.error().why);
    broadcast(Network::Channel::vote, {Message::Vote{shared}});
    feed(consensus::VoteSigned{std::move(*verified)});
}

void Node::Process::sign_proposal(signer::Pending<types::Proposal> pending,
                                  Shared<types::PartSet> parts) {
    auto proposal = signer->sign(std::move(pending), {node.disk_.durable()});
    if (!proposal) return;
    const auto shared = Shared<types::Proposal>::make(std::move(*proposal));
    auto verified = consensus::verify_proposal(
        node.setting_.registry, node.setting_.genesis.chain_id, node.consensus_public_, shared);
    if (!verified) return broken("our own proposal does not verify: " + verified.error().why);
    broadcast(Network::Channel::data, {Message::Proposal{shared}});
    for (std::uint32_t i = 0; i < parts->total(); ++i)
        broadcast(Network::Channel::data,
                  {Message::Part{shared->height, shared->round,
                                 Shared<types::Part>::make(*parts->part(i))}});
    feed(consensus::ProposalSigned{std::move(*verified)});
}

// ---- Executing blocks

void Node::Process::decide(const consensus::Decide& decision) {
    if (decision.height != state.next_height()) return;
    chain::Execution execution(chain::ExecutionMode::decided, state,
                               chain::DecidedBlock::from(decision));
    const bool was_validated = judged_valid && judged_valid->second == decision.height &&
                               judged_valid->first == decision.id;
    execute(std::move(execution), was_validated);
    if (halted) return;
    send_heartbeat();
    enter_height();
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
    const std::int64_t height = execution.height();
    const auto must = [this](const base::Verdict& verdict) {
        if (!verdict) broken(verdict.error().check + ": " + verdict.error().why);
    };
    switch (step) {
        case Step::validate_block:
            return must(execution.validate(validation()));
        case Step::store_block: {
            const auto& decided = execution.decided();
            const StoredBlock block{decided.id, decided.block, decided.parts, decided.commit};
            blocks[height] = block;
            node.disk_.write(
                [height, block](DiskContents& contents) { contents.blocks[height] = block; });
            break;
        }
        case Step::log_end_height:
            node.disk_.write([height](DiskContents& contents) { end_height(contents, height); });
            break;
        case Step::finalize_block:
            return must(execution.finalized(seats.finalize_block(execution.request())));
        case Step::store_answer:
            answers[height] = execution.answer();
            node.disk_.write([height, answer = execution.answer()](DiskContents& contents) {
                contents.answers.clear();
                contents.answers[height] = answer;
            });
            break;
        case Step::update_state:
            return must(execution.update());
        case Step::make_durable:
            node.disk_.barrier(node.disk_.written());
            break;
        case Step::commit:
            return execution.committed(seats.commit({}));
        case Step::update_mempool:
            for (const base::BytesView tx : execution.decided().block->data.txs)
                std::erase_if(node.mempool_,
                              [&](const Bytes& own) { return base::equal(own, tx); });
            break;
        case Step::update_evidence:
            break;
        case Step::save_state:
            state = execution.state_after();
            node.disk_.write([saved = state](DiskContents& contents) { contents.state = saved; });
            break;
        case Step::prune:
            break;
        case Step::publish:
            node.setting_.observer.decided(node.index_, execution.state_before(),
                                           {execution.decided().id, execution.decided().block,
                                            execution.decided().parts, execution.decided().commit},
                                           execution.answer(), state, seats.state());
            break;
    }
    execution.done();
}

void Node::Process::send_heartbeat() {
    const auto heartbeat = seats.own_heartbeat();
    if (!heartbeat) return;
    (void)seats.add_heartbeat(*heartbeat);
    broadcast(Network::Channel::heartbeat,
              {Message::Heartbeat{std::make_shared<const seats::Heartbeat>(*heartbeat)}});
}

// ---- Looking after progress

void Node::Process::tick() {
    World& world = node.setting_.world;
    constexpr Nanos patience = 900 * millisecond;
    if (world.now() - progress_at > patience)
        for (std::size_t peer = 0; peer < node.setting_.nodes.size(); ++peer)
            send_to(peer, Network::Channel::sync,
                    {Message::Status{core.state().height, core.state().round}});
    world.after(tick_interval, [owner = &node, number = epoch] {
        owner->run(number, [](Process& process) { process.tick(); });
    });
}

}  // namespace tandem::sim
