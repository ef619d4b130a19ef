// Start, inputs to consensus and what follows from them.
#include "sim/process.h"

#include "seats/record.h"
#include "signer/watermark.h"

namespace tandem::sim {

namespace {

constexpr Nanos answer_time_max = 2 * millisecond;  // of the application
constexpr Nanos barrier_time_max = 4 * millisecond;

}  // namespace

Node::Process::Process(Node& owner)
    : node(owner),
      epoch(owner.epoch_),
      application(owner.disk_.application),
      store(owner.disk_),
      seats(application, store, owner.setting_.registry,
            {Bytes(owner.address_.begin(), owner.address_.end()), owner.keys_.liveness}),
      evidence(blocks, owner.setting_.library),
      evidence_judge(evidence, owner.setting_.registry) {}

void Node::Process::broken(std::string what) {
    node.setting_.observer.broken(node.index_, std::move(what));
    halted = true;
}

Nanos Node::Process::takes(Nanos limit) {
    return static_cast<Nanos>(world().random.below(static_cast<std::uint64_t>(limit))) *
           node.slowness_;
}

// ---- Start

chain::RecoveryFacts Node::Process::facts() const {
    const Database& database = node.disk_.database();
    chain::RecoveryFacts facts;
    facts.initial_height = node.setting_.genesis.initial_height;
    if (!database.blocks.empty()) {
        facts.store_base = database.blocks.begin()->first;
        facts.store_height = database.blocks.rbegin()->first;
        facts.answer_stored = database.answer && database.answer->first == facts.store_height;
    }
    if (database.state) facts.state_height = database.state->last_block_height;
    for (const LogEntry& entry : node.disk_.log()) {
        if (facts.log == chain::RecoveryFacts::Log::missing)
            facts.log = chain::RecoveryFacts::Log::no_marker;
        if (const auto* marker = std::get_if<EndHeight>(&entry)) {
            facts.log = chain::RecoveryFacts::Log::marker;
            facts.log_height = marker->height;
        }
    }
    return facts;
}

types::LastSigned Node::Process::newest_watermark() const {
    types::LastSigned last;
    for (const LogEntry& entry : node.disk_.log())
        if (const auto* mark = std::get_if<Watermark>(&entry))
            last = *signer::decode_watermark(mark->record, node.address_);
    return last;
}

void Node::Process::recover() {
    if (const base::Verdict verdict = seats.recover(); !verdict)
        return broken("seats do not recover: " + verdict.error().why);
    node.disk_.cut_torn_end();
    chain::RecoveryFacts found = facts();
    const abci::ResponseInfo info = seats.info({});
    found.application_height = info.last_block_height;
    const auto plan = chain::plan_recovery(found);
    if (!plan) {
        halted = true;
        return node.setting_.observer.refused_start(node.index_, plan.error());
    }
    signer.emplace(chain_id(), node.keys_.consensus, newest_watermark());
    heights_to_hold = node.told_to_hold_back_ ? 2 : 0;
    const Database& database = node.disk_.database();
    blocks = database.blocks;
    state = database.state ? *database.state : *chain::fresh_state(node.setting_.genesis);
    evidence.recover(state.last_block_height);
    if (plan->init_chain) {
        const auto answer = seats.init_chain(*chain::init_chain_request(node.setting_.genesis));
        if (plan->init_chain_decides) {
            state = *chain::after_init_chain(state, answer);
            // A crash may find the first block committed and the state after it lost.
            node.disk_.put(state);
            node.disk_.sync_database();
        }
    }
    replay_application(*plan);
    if (halted) return;
    finish_last_block(*plan, found, types::Hash(BytesView(info.last_block_app_hash)));
    if (halted) return;
    // The height that an older image stands in may be one that it has signed more of since.
    if (heights_to_hold > 0) hold_back(state.next_height());
    if (plan->log_action == chain::RecoveryPlan::LogAction::append_marker)
        append_marker(plan->height);
    else
        replay_log(plan->height);
    if (core.state().height != state.next_height()) enter_height(false);
    progress_at = world().now();
    send_heartbeat();
    tick();
}

void Node::Process::finish_last_block(const chain::RecoveryPlan& plan,
                                      const chain::RecoveryFacts& found,
                                      const types::Hash& application_hash) {
    if (plan.last_block == chain::RecoveryPlan::LastBlock::nothing) return;
    const bool stored = plan.last_block == chain::RecoveryPlan::LastBlock::use_stored_answer;
    const StoredBlock& block = blocks.at(found.store_height);
    chain::Execution execution(
        stored ? chain::ExecutionMode::stored_and_committed : chain::ExecutionMode::stored, state,
        {block.id, block.block, block.parts, block.commit});
    if (stored) execution.use_stored_answer(node.disk_.database().answer->second, application_hash);
    execute(std::move(execution), false);
}

/// Only the application lacks these blocks: it was set back, or begins anew.
void Node::Process::replay_application(const chain::RecoveryPlan& plan) {
    for (std::int64_t h = plan.replay_first; h <= plan.replay_last && !halted; ++h) {
        const StoredBlock& block = blocks.at(h);
        const auto before = blocks.find(h - 1);
        const auto last_validators =
            before == blocks.end()
                ? chain::fresh_state(node.setting_.genesis)->last_validators.shared()
                : Shared<types::ValidatorSet>(node.setting_.library.validators(
                      before->second.block->header.validators_hash));
        const auto after = blocks.find(h + 1);
        execute(chain::Execution::replay(
                    state.initial_height, {block.id, block.block, block.parts, block.commit},
                    last_validators,
                    after == blocks.end() ? state.app_hash : after->second.block->header.app_hash),
                false);
    }
}

void Node::Process::hold_back(std::int64_t height) {
    if (const auto record = signer->hold_back(height)) {
        node.disk_.append(Watermark{*record});
        node.disk_.sync_log(node.disk_.log_end());
    }
}

void Node::Process::replay_log(std::int64_t marker) {
    // By index: watermarks join the log while it is replayed.
    const std::deque<LogEntry>& log = node.disk_.log();
    const std::size_t end = log.size();
    bool after_marker = false;
    replaying = true;
    for (std::size_t i = 0; i < end && !halted; ++i) {
        if (const auto* found = std::get_if<EndHeight>(&log[i]))
            after_marker = found->height == marker;
        const auto* input = std::get_if<consensus::Input>(&log[i]);
        if (input == nullptr || !after_marker) continue;
        if (auto ready = core.step(*input)) carry_out(std::move(*ready));
    }
    // What the lost process was doing: unanswered questions are asked again, answers to the rest
    // come too late and are refused; what was signed before is signed again with the same bytes.
    replaying = false;
    ask_barrier();
}

/// A key whose memory was lost stays silent for the height that the node comes into, and for the
/// one after it: it may have been a height ahead of everybody before it lost its memory, and no
/// further, for two thirds had to be with it to get there.
void Node::Process::enter_height(bool began_in_sight) {
    const std::int64_t height = state.next_height();
    if (heights_to_hold > 0) {
        if (began_in_sight)
            --heights_to_hold;
        else
            heights_to_hold = 2;
        if (heights_to_hold > 0)
            hold_back(height);
        else
            node.told_to_hold_back_ = false;
    }
    consensus::StartHeight start;
    start.height = height;
    start.initial_height = state.initial_height;
    start.validators = state.validators.shared();
    start.last_validators = state.last_validators.shared();
    if (const auto last = blocks.find(height - 1); last != blocks.end())
        start.last_commit = last->second.commit;
    start.own_address = node.address_;
    start.block_bytes_max = state.consensus_params.block.max_bytes;
    start.config = node.setting_.timeouts;
    progress_at = world().now();
    (void)feed(std::move(start));
    early_fits = true;
    take_early();
}

// ---- Inputs

std::expected<void, consensus::Refusal> Node::Process::feed(consensus::Event event) {
    if (halted) return {};
    const auto& entry = node.disk_.append(consensus::Input{node.clock(), std::move(event)});
    auto ready = core.step(std::get<consensus::Input>(entry));
    if (!ready) return std::unexpected(ready.error());  // too late, or somebody's fault
    carry_out(std::move(*ready));
    take_early();
    return {};
}

void Node::Process::carry_out(consensus::Ready ready) {
    for (consensus::Outward& effect : ready.once_durable) plan_outward(std::move(effect));
    for (consensus::Inward& effect : ready.now) carry_out_inward(effect);
    if (!replaying) ask_barrier();
}

void Node::Process::carry_out_inward(consensus::Inward& effect) {
    if (const auto* timer = std::get_if<consensus::SetTimer>(&effect)) {
        const std::uint64_t number = ++timer_number;
        later(timer->after.nanos, [number, name = timer->timer](Process& process) {
            if (number == process.timer_number) (void)process.feed(consensus::TimerRang{name});
        });
    } else if (const auto* build = std::get_if<consensus::BuildBlock>(&effect)) {
        if (core.state().valid) broken("makes a block though it knows a valid one");
        later(takes(answer_time_max), [question = *build](Process& p) { p.build_block(question); });
    } else if (const auto* judge = std::get_if<consensus::JudgeBlock>(&effect)) {
        later(takes(answer_time_max), [question = *judge](Process& p) { p.judge_block(question); });
    } else if (std::holds_alternative<consensus::Halt>(effect)) {
        broken("consensus halts: two thirds prevote what our state calls invalid");
    } else if (const auto* conflict = std::get_if<consensus::ReportConflict>(&effect)) {
        conflict_reported = true;
        evidence.report(conflict->first, conflict->second);
    } else if (std::holds_alternative<consensus::NewRoundStep>(effect) ||
               std::holds_alternative<consensus::NewValidBlock>(effect) ||
               std::holds_alternative<consensus::ProposalAccepted>(effect)) {
        early_fits = true;
    }
}

void Node::Process::build_block(const consensus::BuildBlock& question) {
    if (question.height != state.next_height()) return;
    Liar* liar = node.liar_.get();
    const Lie lie = liar != nullptr ? liar->choose() : Lie::none;
    const auto last_commit = lie != Lie::none
                                 ? liar->thin_out(question.last_commit, *state.last_validators, lie)
                                 : question.last_commit;
    auto draft = chain::draft_block(state, last_commit, question.proposer, evidence.pending(), {});
    if (!draft) return broken("no block can be built: " + draft.error().why);
    std::vector<base::BytesView> offered(node.mempool_.begin(), node.mempool_.end());
    const auto request =
        chain::prepare_proposal_request(state, *draft, wire::Txs::copy_of(offered));
    wire::Txs txs = seats.prepare_proposal(request).txs;
    look_for_left_out(txs);
    Lie told = Lie::none;
    if (lie != Lie::none) {
        std::vector<Bytes> spoilt;
        for (const base::BytesView tx : txs) spoilt.push_back(base::to_bytes(tx));
        told = liar->spoil(
            spoilt, {seats.state(), *draft, *node.keys_.liveness, node.setting_.registry}, lie);
        const std::vector<base::BytesView> views(spoilt.begin(), spoilt.end());
        txs = wire::Txs::copy_of(views);
    }
    auto built = chain::finish_block(state, std::move(*draft), std::move(txs));
    if (!built) return broken("no block can be finished: " + built.error().why);
    // With a liveness key that is not yet registered where we are, there is no record to be had.
    if (!own_key_is_registered() && state.last_block_height > 0) told = Lie::record_missing;
    if (told != Lie::none) node.setting_.observer.lied(node.index_, told, built->id);
    (void)feed(consensus::BlockBuilt{question.height, question.round, built->id, built->block,
                                     built->parts});
}

bool Node::Process::own_key_is_registered() const {
    const seats::State& registry = seats.state();
    const auto found = seats::find_by_consensus_address(registry, base::view(node.address_));
    return found && registry.seats[found->seat].nodes[found->node].liveness_key ==
                        node.keys_.liveness->public_key();
}

/// What an honest proposer calls dead, it has not heard: nothing that reached its pool is missing.
/// (Whoever has its liveness key can fill the places that a pool has for it. No liar here does.)
void Node::Process::look_for_left_out(const wire::Txs& txs) {
    if (txs.empty()) return;
    const auto record = seats::decode_record(txs[0]);
    const seats::State& registry = seats.state();
    if (!record || record->alive.size() != registry.node_count()) return;
    const std::int64_t judged = record->height - 1;
    std::size_t bit = 0;
    for (const seats::Seat& seat : registry.seats)
        for (const seats::Node& other : seat.nodes) {
            if (record->alive[bit++]) continue;
            const types::Address address(crypto::address(other.consensus_key));
            for (const auto& [height, messages] : heartbeats_heard)
                for (const MessagePtr& message : messages) {
                    const auto& heard = std::get<Message::Heartbeat>(message->content).heartbeat;
                    const seats::BlockFacts* block = registry.block(height);
                    if (!base::equal(heard.node_address, address) || block == nullptr ||
                        height > judged || !seats::is_fresh(registry, height, judged) ||
                        !base::equal(heard.block_hash, block->block_hash) ||
                        !base::equal(heard.app_hash, block->app_hash) ||
                        !node.setting_.registry.verify(other.liveness_key,
                                                       seats::sign_bytes(chain_id(), heard),
                                                       heard.signature))
                        continue;
                    node.setting_.observer.left_out(node.index_, other.name, height);
                }
        }
}

chain::Validation Node::Process::validation() const {
    return {.verifier = node.setting_.registry,
            .evidence = evidence_judge,
            .rules = {},
            .clock = std::nullopt,
            .basic_is_validated = true,
            .last_commit_is_verified = false};
}

std::string Node::Process::why_rejected(const abci::RequestProcessProposal& request) const {
    if (request.txs.empty()) return "seats: no record";
    const auto facts = seats::CommitFacts::from(seats.state(), request.proposed_last_commit);
    const auto checked =
        seats::check_record(seats.state(), {request.height, request.proposer_address, facts},
                            request.txs[0], node.setting_.registry, nullptr);
    return checked ? "seats: a transaction out of its place"
                   : checked.error().check + ": " + checked.error().why;
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
        if (!accepted) why = why_rejected(request);
    } else {
        why = valid.error().check + ": " + valid.error().why;
    }
    node.setting_.observer.judged(node.index_, question.id, question.block->header,
                                  judgement == consensus::Judgement::accepted, why);
    (void)feed(consensus::BlockJudged{question.height, question.id, judgement});
}

// ---- Effects that wait for the disk

signer::ValidatorsAt Node::Process::validators_at(std::int64_t height) const {
    return {height, height == state.next_height() ? *state.validators : *state.last_validators};
}

template <typename Reservation, typename Then>
void Node::Process::log_and_sign(Reservation reserved, Then then) {
    if (!reserved) return;  // not our height to sign, or signed already; silence is right
    node.disk_.append(Watermark{reserved->record()});
    const std::uint64_t position = node.disk_.log_end();
    outgoing.push_back({position, [pending = std::move(*reserved).logged_at({position}), then] {
                            then(pending);
                        }});
}

void Node::Process::plan_outward(consensus::Outward effect) {
    const bool is_silent = node.wedged_ || node.diverged_;
    if (is_silent && !std::holds_alternative<consensus::Decide>(effect)) return;
    if (auto* vote = std::get_if<consensus::CastVote>(&effect)) {
        log_and_sign(
            signer->reserve(vote->unsigned_vote, validators_at(vote->unsigned_vote.height), false),
            [this](const signer::Pending<types::Vote>& pending) { sign_vote(pending); });
    } else if (auto* proposal = std::get_if<consensus::CastProposal>(&effect)) {
        log_and_sign(
            signer->reserve(proposal->unsigned_proposal,
                            validators_at(proposal->unsigned_proposal.height)),
            [this, parts = proposal->parts](const signer::Pending<types::Proposal>& pending) {
                sign_proposal(pending, parts);
            });
    } else if (auto* decision = std::get_if<consensus::Decide>(&effect)) {
        outgoing.push_back(
            {node.disk_.log_end(), [this, decided = std::move(*decision)] { decide(decided); }});
    }
}

void Node::Process::ask_barrier() {
    if (barrier_running || outgoing.empty() || halted) return;
    barrier_running = true;
    later(takes(barrier_time_max),
          [position = node.disk_.log_end()](Process& process) { process.barrier_done(position); });
}

void Node::Process::barrier_done(std::uint64_t position) {
    barrier_running = false;
    node.disk_.sync_log(position);
    while (!outgoing.empty() && outgoing.front().needs <= node.disk_.log_durable() && !halted) {
        const auto act = std::move(outgoing.front().act);
        outgoing.pop_front();
        act();
    }
    ask_barrier();
}

void Node::Process::sign_vote(signer::Pending<types::Vote> pending) {
    auto vote = signer->sign(std::move(pending), {node.disk_.log_durable()});
    if (!vote) return;
    if (heard_own) {
        const auto place = [](const types::Vote& v) {
            return std::tuple(v.height, v.round, v.type);
        };
        const types::Vote& heard = **heard_own;
        if (place(*vote) < place(heard) || (place(*vote) == place(heard) && *vote != heard))
            broken("signs against a vote of its own that it has heard");
    }
    Message::Vote message{Shared<types::Vote>::make(std::move(*vote)), std::nullopt};
    auto verified =
        consensus::verify_vote(node.setting_.registry, chain_id(), node.consensus_public_,
                               message.vote, consensus::Extensions::disabled);
    if (!verified) return broken("our own vote does not verify: " + verified.error().why);
    message.verified = *verified;
    broadcast(Channel::vote, make_message(std::move(message)));
    (void)feed(consensus::VoteSigned{std::move(*verified)});
}

void Node::Process::sign_proposal(signer::Pending<types::Proposal> pending,
                                  const Shared<types::PartSet>& parts) {
    auto proposal = signer->sign(std::move(pending), {node.disk_.log_durable()});
    if (!proposal) return;
    Message::Proposal message{Shared<types::Proposal>::make(std::move(*proposal)), std::nullopt};
    auto verified = consensus::verify_proposal(node.setting_.registry, chain_id(),
                                               node.consensus_public_, message.proposal);
    if (!verified) return broken("our own proposal does not verify: " + verified.error().why);
    message.verified = *verified;
    const std::int64_t height = message.proposal->height;
    const std::int32_t round = message.proposal->round;
    broadcast(Channel::data, make_message(std::move(message)));
    for (std::uint32_t i = 0; i < parts->total(); ++i) {
        const MessagePtr part =
            make_message(Message::Part{height, round, Shared<types::Part>::make(*parts->part(i))});
        for (std::size_t peer = 0; peer < node.setting_.nodes.size(); ++peer)
            if (node.liar_ == nullptr || !node.liar_->withholds_part())
                send_to(peer, Channel::data, part);
    }
    (void)feed(consensus::ProposalSigned{std::move(*verified)});
}

}  // namespace tandem::sim
