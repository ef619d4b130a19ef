// Heights and rounds: how they begin, and the timers that move them on.
#include "consensus/turn.h"

namespace tandem::consensus {

namespace {

/// base + delta x round, in 64 bits.
Duration timeout(Duration base, Duration delta, std::int32_t round) {
    std::int64_t growth = 0;
    std::int64_t sum = 0;
    if (__builtin_mul_overflow(delta.nanos, std::int64_t{round}, &growth) ||
        __builtin_add_overflow(base.nanos, growth, &sum))
        return {std::numeric_limits<std::int64_t>::max()};
    return {sum};
}

constexpr Duration one_millisecond{1'000'000};

types::Result<types::VoteSet> votes_of(const StartHeight& event) {
    if (const auto* extended = std::get_if<Shared<types::ExtendedCommit>>(&event.last_commit);
        extended != nullptr && *extended)
        return types::VoteSet::from_commit(**extended, event.last_validators.pointer());
    if (const auto* plain = std::get_if<Shared<types::Commit>>(&event.last_commit);
        plain != nullptr && *plain)
        return types::VoteSet::from_commit(**plain, event.last_validators.pointer());
    return types::refuse("last_commit", "missing");
}

}  // namespace

Turn::Verdict Turn::on(const StartHeight& event) {
    TANDEM_CHECK(event.initial_height >= 1 && event.height >= event.initial_height);
    TANDEM_CHECK(event.validators && !event.validators->empty());
    if (s_.start && event.height <= s_.height) return std::unexpected(Refusal::height_out_of_order);
    auto last_commit = last_commit_for(event);
    if (!last_commit) return std::unexpected(last_commit.error());
    begin(event, std::move(*last_commit));
    return {};
}

/// The precommits that the first proposer of this height will put into his block.
std::expected<std::optional<types::VoteSet>, Refusal> Turn::last_commit_for(
    const StartHeight& event) const {
    if (event.height == event.initial_height) return std::nullopt;
    if (s_.decided && s_.height + 1 == event.height) {
        types::VoteSet votes = *s_.votes.precommits(s_.commit_round);
        // Whose extension is still being judged is late, and late precommits are not judged.
        for (const PendingVote& pending : s_.pending_votes)
            if (pending.vote->round == s_.commit_round)
                (void)votes.add_verified(pending.vote.shared().pointer());
        return votes;
    }
    if (!event.last_validators) return std::unexpected(Refusal::last_commit_unfit);
    auto votes = votes_of(event);
    if (!votes || votes->majority() == nullptr || votes->majority()->is_zero() ||
        votes->height() + 1 != event.height || votes->extended() != event.last_extensions_enabled)
        return std::unexpected(Refusal::last_commit_unfit);
    return std::move(*votes);
}

void Turn::begin(const StartHeight& event, std::optional<types::VoteSet> last_commit) {
    const bool follows = s_.decided && s_.height + 1 == event.height;
    if (follows) pass(Mark::l54_next_height);
    State next;
    next.start_time = wire::add(follows ? *s_.commit_time : now_, event.config.timeout_commit);
    next.timer = s_.timer;
    StartHeight start = event;
    start.last_commit = {};
    next.start = Shared<StartHeight>::make(std::move(start));
    next.height = event.height;
    next.validators = event.validators;
    next.votes = HeightVotes(event.height, event.validators,
                             event.extensions_enabled ? Extensions::enabled : Extensions::disabled);
    next.votes.track(0);
    next.last_commit = std::move(last_commit);
    s_ = std::move(next);
    announce_step();
    if (event.config.skip_timeout_commit && s_.last_commit && s_.last_commit->has_all()) {
        pass(Mark::skip_timeout_commit);
        enter_new_round(0);
    } else {
        set_timer(Step::new_height, wire::difference(s_.start_time, now_));
    }
}

Turn::Verdict Turn::on(const TimerRang& event) {
    const Timer& timer = event.timer;
    if (timer != s_.timer || timer.height != s_.height || timer.round < s_.round ||
        timer.step < s_.step)
        return std::unexpected(Refusal::nobody_waits);
    switch (timer.step) {
        case Step::new_height:
            enter_new_round(0);
            break;
        case Step::new_round:
            pass(Mark::propose_after_wait);
            enter_new_round(0);  // in case that this timer took the place of the one before it
            enter_propose(0);
            break;
        case Step::propose:
            pass(Mark::l59_propose_timeout);
            notify(Notice::timeout_propose);
            enter_prevote(timer.round);
            break;
        case Step::prevote_wait:
            pass(Mark::l63_prevote_timeout);
            notify(Notice::timeout_wait);
            enter_precommit(timer.round);
            break;
        case Step::precommit_wait:
            pass(Mark::l67_precommit_timeout);
            notify(Notice::timeout_wait);
            enter_precommit(timer.round);
            enter_new_round(timer.round + 1);
            break;
        case Step::prevote:
        case Step::precommit:
        case Step::commit:
            TANDEM_CHECK(false);  // nobody sets such a timer
    }
    return {};
}

Turn::Verdict Turn::on(const TransactionsAvailable& event) {
    if (event.height != s_.height) return std::unexpected(Refusal::other_height);
    if (!s_.start->config.waits_for_transactions() || s_.round != 0)
        return std::unexpected(Refusal::nobody_waits);
    if (s_.step == Step::new_height && !s_.start->proof_block_needed) {
        // One millisecond, so that it rings after the timer of the step before.
        const Duration left = wire::difference(s_.start_time, now_);
        set_timer(Step::new_round, timeout(left, one_millisecond, 1));
    } else if (s_.step == Step::new_round) {
        pass(Mark::propose_on_transactions);
        enter_propose(0);
    } else {
        return std::unexpected(Refusal::nobody_waits);
    }
    return {};
}

void Turn::set_timer(Step step, Duration after) {
    const Timer timer{s_.height, s_.round, step};
    if (timer <= s_.timer) return;  // the one set last stands
    s_.timer = timer;
    emit(SetTimer{timer, after});
}

Duration Turn::timeout_of(Step step) const {
    const Config& c = s_.start->config;
    switch (step) {
        case Step::propose:
            return timeout(c.timeout_propose, c.timeout_propose_delta, s_.round);
        case Step::prevote_wait:
            return timeout(c.timeout_prevote, c.timeout_prevote_delta, s_.round);
        case Step::precommit_wait:
            return timeout(c.timeout_precommit, c.timeout_precommit_delta, s_.round);
        case Step::new_round:
            return c.create_empty_blocks_interval;
        case Step::new_height:
        case Step::prevote:
        case Step::precommit:
        case Step::commit:
            break;
    }
    TANDEM_CHECK(false);
}

void Turn::enter_new_round(std::int32_t round) {
    if (round < s_.round || (round == s_.round && s_.step != Step::new_height)) return;
    // Decided is decided: only the block is missing, and no later round can bring another one.
    // CometBFT does go on to the new round here, and decides again when one more precommit comes.
    if (s_.step == Step::commit) return;
    pass(Mark::l11_start_round);
    if (round > s_.round)
        s_.validators =
            Shared<types::ValidatorSet>::make(s_.validators->advanced(round - s_.round));
    s_.round = round;
    s_.step = Step::new_round;
    clear_round();
    s_.votes.track(round + 1);  // no overflow: votes beyond round_max are refused
    notify(Notice::new_round);
    const StartHeight& start = *s_.start;
    if (round == 0 && start.config.waits_for_transactions() && !start.proof_block_needed) {
        if (start.config.create_empty_blocks_interval.nanos > 0)
            set_timer(Step::new_round, timeout_of(Step::new_round));
        return;
    }
    enter_propose(round);
}

/// What belongs to a round is forgotten; what was proposed for round 0 before it began stays.
void Turn::clear_round() {
    s_.own_block.reset();
    s_.building = false;
    s_.prevote_waits = false;
    s_.precommit_waits = PrecommitWaits::no;
    s_.precommit_wait_set = false;
    if (s_.round == 0) return;
    s_.proposal = {};
    s_.proposal_block.reset();
    s_.parts.reset();
    s_.complete_parts = {};
}

void Turn::enter_propose(std::int32_t round) {
    if (round < s_.round || s_.step >= Step::propose) return;
    pass(Mark::l21_schedule_propose_timeout);
    set_timer(Step::propose, timeout_of(Step::propose));
    if (s_.is_proposer()) propose();
    s_.step = Step::propose;
    announce_step();
    if (s_.is_proposal_complete()) enter_prevote(round);
}

void Turn::propose() {
    if (s_.valid) {
        pass(Mark::l16_propose_valid_value);
        // A polka of this very round, before we proposed: somebody else holds our key. The block
        // is as good as any, but that polka is no proof of lock from an earlier round.
        cast_proposal(*s_.valid, s_.valid_round < s_.round ? s_.valid_round : -1);
        return;
    }
    pass(Mark::l18_get_value);
    s_.building = true;
    BuildBlock build{s_.height, s_.round, *s_.start->own_address, {}};
    if (s_.last_commit && s_.last_commit->extended())
        build.last_commit =
            Shared<types::ExtendedCommit>::make(s_.last_commit->make_extended_commit());
    else if (s_.last_commit)
        build.last_commit = Shared<types::Commit>::make(s_.last_commit->make_commit());
    emit(std::move(build));
}

}  // namespace tandem::consensus
