// Inputs to consensus, and what follows from them.
#include "node/engine.h"

#include <fmt/format.h>

#include "consensus/verified.h"

namespace tandem::node {

using consensus::Shared;

Engine::Engine(EngineParts parts, EngineConfig config, EngineListener& listener)
    : parts_(parts), config_(std::move(config)), listener_(&listener) {
    if (config_.key)
        own_key_ = config_.key->public_key();
    else if (config_.remote_key != nullptr)
        own_key_ = config_.remote_key->public_key();
    if (own_key_) own_address_ = crypto::address(*own_key_);
}

void Engine::report(LogLevel level, std::string_view text) const {
    parts_.reporter.report(level, "consensus", text);
}

const types::ValidatorSet* Engine::validators_at(std::int64_t height) const {
    if (height == state_.next_height()) return &*state_.validators;
    if (state_.last_block_height > 0 && height == state_.last_block_height)
        return &*state_.last_validators;
    return nullptr;
}

bool Engine::is_validator() const {
    return own_address_ && state_.validators->find(base::view(*own_address_)) != nullptr;
}

consensus::Extensions Engine::extensions_at(std::int64_t height) const {
    return state_.consensus_params.abci.extensions_enabled(height)
               ? consensus::Extensions::enabled
               : consensus::Extensions::disabled;
}

// ---- Heights

void Engine::begin_consensus() {
    runs_ = true;
    has_left_ = false;
    if (std::exchange(memory_is_new_, false) && state_.last_block_height > 0) heights_to_hold_ = 2;
    replay_inputs();
    // What came while consensus was left, if it is still at its height.
    const auto postponed = std::exchange(postponed_, {});
    const auto missed = std::exchange(missed_timer_, std::nullopt);
    if (core_.state().height != state_.next_height()) return enter_height(false);
    for (const auto& [height, work] : postponed) soon(height, work);
    if (missed) (void)feed(consensus::TimerRang{*missed});
}

bool Engine::leave_consensus() {
    if (!runs_ || !outgoing_.empty()) return false;
    runs_ = false;
    has_left_ = true;
    return true;
}

/// A key whose memory was lost stays silent for the height that the node comes into, and for the
/// one after it: it may have been a height ahead of everybody before it lost its memory, and no
/// further, for two thirds had to be with it to get there.
void Engine::enter_height(bool began_in_sight) {
    const std::int64_t height = state_.next_height();
    if (heights_to_hold_ > 0 && signer_) {
        heights_to_hold_ = began_in_sight ? heights_to_hold_ - 1 : 2;
        if (heights_to_hold_ > 0) {
            if (const auto record = signer_->hold_back(height)) {
                parts_.log.append_watermark(*record);
                parts_.log.sync();
            }
        }
    }
    if (const Fed fed = feed(start_of_height()); !fed)
        parts_.host.stop(
            {"consensus.start_height",
             fmt::format("height {} does not start: {}", height, consensus::to_text(fed.error()))});
    listener_->on_height();
    if (config_.remote_key != nullptr) config_.remote_key->confirm_key();
    if (parts_.mempool.size() > 0) transactions_available();
}

consensus::StartHeight Engine::start_of_height() const {
    const std::int64_t height = state_.next_height();
    consensus::StartHeight start;
    start.height = height;
    start.initial_height = state_.initial_height;
    start.validators = state_.validators.shared();
    start.last_validators = state_.last_validators.shared();
    if (state_.last_block_height > 0) start.last_commit = parts_.blocks.commit(height - 1);
    start.own_address = own_address_;
    start.block_bytes_max = state_.consensus_params.block.max_bytes;
    start.extensions_enabled = extensions_at(height) == consensus::Extensions::enabled;
    start.last_extensions_enabled =
        state_.last_block_height > 0 && extensions_at(height - 1) == consensus::Extensions::enabled;
    start.config = config_.consensus;
    return start;
}

void Engine::transactions_available() {
    if (runs_ && config_.consensus.waits_for_transactions())
        (void)feed(consensus::TransactionsAvailable{state_.next_height()});
}

// ---- From peers

bool Engine::have_vote(const types::Vote& vote) const {
    const consensus::State& now = core_.state();
    const auto holds = [&](const types::VoteSet* votes) {
        if (votes == nullptr || vote.validator_index < 0) return false;
        const auto index = static_cast<std::size_t>(vote.validator_index);
        if (index >= votes->size()) return false;
        const auto* held = votes->vote_for(vote.block_id, index);
        return held != nullptr && (*held)->signature == vote.signature;
    };
    if (vote.height == now.height)
        return holds(vote.type == types::SignedMsgType::prevote ? now.votes.prevotes(vote.round)
                                                                : now.votes.precommits(vote.round));
    return vote.height + 1 == now.height && now.last_commit &&
           now.last_commit->round() == vote.round && holds(&*now.last_commit);
}

void Engine::receive_vote(consensus::PeerId from, Shared<types::Vote> vote) {
    const types::ValidatorSet* set = validators_at(vote->height);
    if (!runs_ || set == nullptr) return;
    if (have_vote(*vote)) {
        ++duplicates_.votes;
        return;
    }
    const auto index = static_cast<std::size_t>(vote->validator_index);
    if (vote->validator_index < 0 || index >= set->size()) return;
    auto verified =
        consensus::verify_vote(parts_.verifier, state_.chain_id, set->validators()[index].pub_key,
                               vote, extensions_at(vote->height));
    if (!verified) {
        report(LogLevel::info, fmt::format("a vote of peer {} does not hold: {}", from.value,
                                           verified.error().why));
        return;
    }
    if (signer_ && verified->signer() == *own_address_) {
        if (const auto record = signer_->saw_own(**verified)) {
            report(LogLevel::error,
                   fmt::format("a peer has a vote of our own key for height {} that we do not "
                               "remember: is a second node running with this key?",
                               vote->height));
            parts_.log.append_watermark(*record);
            parts_.log.sync();
        }
    }
    (void)feed(consensus::VoteReceived{from, std::move(*verified)});
}

void Engine::receive_proposal(consensus::PeerId from, types::Proposal proposal) {
    const consensus::State& now = core_.state();
    if (!runs_ || proposal.height != now.height || proposal.round != now.round) return;
    if (!now.validators || now.proposal) return;
    auto verified = consensus::verify_proposal(parts_.verifier, state_.chain_id,
                                               now.validators->proposer().pub_key,
                                               Shared<types::Proposal>::make(std::move(proposal)));
    if (!verified) {
        report(LogLevel::info, fmt::format("a proposal of peer {} does not hold: {}", from.value,
                                           verified.error().why));
        return;
    }
    (void)feed(consensus::ProposalReceived{from, std::move(*verified)});
}

Engine::Fed Engine::receive_part(consensus::PeerId from, std::int64_t height, std::int32_t round,
                                 types::Part part) {
    const consensus::State& now = core_.state();
    if (!runs_ || height != now.height || !now.parts) return {};
    if (now.parts->part(part.index) != nullptr) {
        ++duplicates_.parts;
        return {};
    }
    return feed(
        consensus::PartReceived{from, height, round, Shared<types::Part>::make(std::move(part))});
}

Engine::Fed Engine::receive_claim(consensus::PeerId from, const types::VoteSetMaj23& claim) {
    if (!runs_ || claim.height != core_.state().height) return {};
    return feed(
        consensus::PeerClaimsMajority{from, claim.height, claim.round, claim.type, claim.block_id});
}

// ---- Steps

Engine::Fed Engine::feed(consensus::Event event) {
    if (!runs_) return {};  // a signature that came late, after consensus was left
    return step({parts_.host.wall_clock(), std::move(event)});
}

Engine::Fed Engine::step(const consensus::Input& input) {
    auto ready = core_.step(input);
    if (!ready) return std::unexpected(ready.error());  // too late, or somebody's fault
    // A refused input changed nothing, so only the others are worth the disk. Nothing of what it
    // leads to has happened yet.
    if (!replaying_) parts_.log.append(input);
    carry_out(std::move(*ready));
    return {};
}

void Engine::carry_out(consensus::Ready ready) {
    for (consensus::Outward& effect : ready.once_durable) carry_out_outward(std::move(effect));
    for (consensus::Inward& effect : ready.now) carry_out_inward(effect);
    if (!outgoing_.empty() && !replaying_) parts_.log.ask_barrier();
}

void Engine::soon(std::int64_t height, std::function<void()> work) {
    parts_.host.call_at(parts_.host.now(), [this, height, work = std::move(work)] {
        if (height != state_.next_height()) return;
        if (runs_)
            work();
        else
            postponed_.emplace_back(height, work);
    });
}

void Engine::set_timer(const consensus::SetTimer& timer) {
    const std::uint64_t number = ++timer_number_;
    const Time after(std::max<std::int64_t>(timer.after.nanos, 0));
    parts_.host.call_at(parts_.host.now() + after, [this, number, name = timer.timer] {
        if (number != timer_number_) return;
        if (!runs_) {
            missed_timer_ = name;
            return;
        }
        (void)feed(consensus::TimerRang{name});
    });
}

void Engine::carry_out_inward(consensus::Inward& effect) {
    if (const auto* timer = std::get_if<consensus::SetTimer>(&effect)) {
        set_timer(*timer);
    } else if (auto* build = std::get_if<consensus::BuildBlock>(&effect)) {
        soon(build->height, [this, question = *build] { build_block(question); });
    } else if (auto* judge = std::get_if<consensus::JudgeBlock>(&effect)) {
        soon(judge->height, [this, question = *judge] { judge_block(question); });
    } else if (auto* extend = std::get_if<consensus::ExtendVote>(&effect)) {
        soon(extend->height, [this, question = *extend] { extend_vote(question); });
    } else if (auto* extension = std::get_if<consensus::JudgeExtension>(&effect)) {
        soon(extension->height, [this, question = *extension] { judge_extension(question); });
    } else if (const auto* halt = std::get_if<consensus::Halt>(&effect)) {
        parts_.host.stop(
            {"consensus.halt",
             fmt::format("more than two thirds of the power prevote block {} of height {}, which "
                         "this node's state calls invalid: its state or its program differs from "
                         "the network's. Nothing was signed for it. Compare versions and the "
                         "application hash with another node before starting again",
                         base::to_hex(base::view(halt->id.hash)), halt->height)});
    } else if (const auto* conflict = std::get_if<consensus::ReportConflict>(&effect)) {
        report(LogLevel::warning,
               fmt::format("validator {} signed two votes for height {} round {}",
                           base::to_hex(base::view(conflict->first->validator_address)),
                           conflict->first->height, conflict->first->round));
        parts_.evidence.report(*conflict->first, *conflict->second);
    } else {
        listener_->on_fact(effect);
    }
}

// ---- Questions

void Engine::build_block(const consensus::BuildBlock& question) {
    const auto pending = parts_.evidence.pending(state_.consensus_params.evidence.max_bytes);
    auto draft =
        chain::draft_block(state_, question.last_commit, question.proposer, pending, config_.rules);
    if (!draft) return parts_.host.stop(draft.error());
    std::vector<base::BytesView> offered;
    const auto reaped = parts_.mempool.reap(draft->offer.bytes_max, draft->offer.gas_max);
    offered.reserve(reaped.size());
    for (const mempool::Tx& tx : reaped) offered.emplace_back(*tx);
    const auto request =
        chain::prepare_proposal_request(state_, *draft, wire::Txs::copy_of(offered));
    auto answer = parts_.application.prepare_proposal(request);
    auto built = chain::finish_block(state_, std::move(*draft), std::move(answer.txs));
    if (!built) {
        // The application's fault: this round goes to somebody else.
        report(LogLevel::error,
               "no block can be made of what the application prepared: " + built.error().why);
        return;
    }
    (void)feed(consensus::BlockBuilt{question.height, question.round, built->id, built->block,
                                     built->parts});
}

chain::Validation Engine::validation() const {
    return {.verifier = parts_.verifier,
            .evidence = parts_.evidence.judge(),
            .rules = config_.rules,
            .clock = std::nullopt,
            .basic_is_validated = true,
            .last_commit_is_verified = false};
}

void Engine::judge_block(const consensus::JudgeBlock& question) {
    auto judgement = consensus::Judgement::invalid;
    auto checks = validation();
    checks.clock = chain::ClockCheck{parts_.host.wall_clock(), config_.block_time_tolerance};
    if (const auto valid = chain::validate_block(state_, *question.block, checks); valid) {
        const auto request = chain::process_proposal_request(
            {question.id, *question.block, *state_.last_validators, state_.initial_height});
        const bool accepted =
            parts_.application.process_proposal(request).status == abci::ProposalStatus::accept;
        judgement = accepted ? consensus::Judgement::accepted : consensus::Judgement::rejected;
        judged_valid_.emplace(question.id, question.height);
        if (!accepted)
            report(LogLevel::warning, fmt::format("the application rejects the block proposed "
                                                  "for height {}",
                                                  question.height));
    } else {
        report(LogLevel::error,
               fmt::format("the block proposed for height {} is invalid: {}: {}", question.height,
                           valid.error().check, valid.error().why));
    }
    (void)feed(consensus::BlockJudged{question.height, question.id, judgement});
}

void Engine::extend_vote(const consensus::ExtendVote& question) {
    const auto request = chain::extend_vote_request(
        {question.id, *question.block, *state_.last_validators, state_.initial_height});
    auto answer = parts_.application.extend_vote(request);
    (void)feed(consensus::VoteExtended{question.height, question.round, question.id,
                                       std::move(answer.vote_extension)});
}

void Engine::judge_extension(const consensus::JudgeExtension& question) {
    const auto answer = parts_.application.verify_vote_extension(
        chain::verify_vote_extension_request(*question.vote));
    (void)feed(consensus::ExtensionJudged{question.height, question.question,
                                          answer.status == abci::ExtensionStatus::accept});
}

// ---- Effects that wait for the disk

template <typename Reservation, typename Then>
void Engine::log_and_sign(Reservation reserved, Then then) {
    if (!reserved) {
        // Not our height to sign, or signed already: silence is right.
        report(LogLevel::debug, "not signed: " + reserved.error().why);
        return;
    }
    const auto end = parts_.log.append_watermark(reserved->record());
    outgoing_.push_back(
        {end, [pending = std::move(*reserved).logged_at(end), then] { then(pending); }});
}

void Engine::carry_out_outward(consensus::Outward effect) {
    if (auto* decision = std::get_if<consensus::Decide>(&effect)) {
        return soon(decision->height, [this, decided = std::move(*decision)] { decide(decided); });
    }
    if (!signer_) return;
    if (const auto* vote = std::get_if<consensus::CastVote>(&effect)) {
        const std::int64_t height = vote->unsigned_vote.height;
        log_and_sign(signer_->reserve(vote->unsigned_vote, {height, *validators_at(height)},
                                      extensions_at(height) == consensus::Extensions::enabled),
                     [this](const signer::Pending<types::Vote>& pending) { sign(pending); });
    } else if (const auto* proposal = std::get_if<consensus::CastProposal>(&effect)) {
        const std::int64_t height = proposal->unsigned_proposal.height;
        log_and_sign(
            signer_->reserve(proposal->unsigned_proposal, {height, *validators_at(height)}),
            [this](const signer::Pending<types::Proposal>& pending) { sign(pending); });
    }
}

void Engine::log_durable() {
    while (!outgoing_.empty() && outgoing_.front().needs <= parts_.log.durable()) {
        const auto act = std::move(outgoing_.front().act);
        outgoing_.pop_front();
        act();
    }
    if (!outgoing_.empty()) parts_.log.ask_barrier();
}

/// What is signed elsewhere comes back in a turn of its own; consensus may be further by then.
template <typename Message>
void Engine::sign(signer::Pending<Message> pending) {
    if (config_.remote_key == nullptr)
        return cast(signer_->sign(std::move(pending), parts_.log.durable()));
    auto message = signer_->ask(pending, parts_.log.durable());
    if (!message) return cast(std::move(message));
    config_.remote_key->sign(
        std::move(*message), [this, asked = std::move(pending)](base::Result<Message> answer) {
            if (answer) return cast(signer_->accept(asked, std::move(*answer), parts_.verifier));
            signer_->give_up(asked);
            cast(std::move(answer));
        });
}

void Engine::cast(base::Result<types::Vote> vote) {
    if (!vote) return report(LogLevel::warning, "not signed: " + vote.error().why);
    const auto extensions = extensions_at(vote->height);
    auto verified = consensus::verify_vote(parts_.verifier, state_.chain_id, *own_key_,
                                           Shared<types::Vote>::make(std::move(*vote)), extensions);
    if (!verified) return parts_.host.stop(verified.error());
    (void)feed(consensus::VoteSigned{std::move(*verified)});
}

void Engine::cast(base::Result<types::Proposal> proposal) {
    if (!proposal) return report(LogLevel::warning, "not signed: " + proposal.error().why);
    auto verified = consensus::verify_proposal(parts_.verifier, state_.chain_id, *own_key_,
                                               Shared<types::Proposal>::make(std::move(*proposal)));
    if (!verified) return parts_.host.stop(verified.error());
    (void)feed(consensus::ProposalSigned{std::move(*verified)});
}

}  // namespace tandem::node
