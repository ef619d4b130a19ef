// The steps of a round from prevote to commit: what we vote, lock and decide.
#include "consensus/turn.h"

namespace tandem::consensus {

using types::SignedMsgType;

void Turn::enter_prevote(std::int32_t round) {
    if (round < s_.round || s_.step >= Step::prevote) return;
    if (s_.step == Step::new_height) pass(Mark::prevote_from_new_height);
    const bool propose_timed_out = !s_.is_proposal_complete();
    if (s_.locked) {
        pass(Mark::prevote_lock);
        cast_vote(SignedMsgType::prevote, s_.locked->id);
    } else if (!s_.proposal_block) {
        cast_vote(SignedMsgType::prevote, {});
    } else {
        if (propose_timed_out) pass(Mark::prevote_before_polka_round);
        prevote_on_proposal_block();
    }
    s_.step = Step::prevote;
    announce_step();
}

/// As the block was judged; once it is, if that is still open. REQUIRES: a proposal block.
void Turn::prevote_on_proposal_block() {
    const HeldBlock& block = *s_.proposal_block;
    const bool fresh = !s_.proposal || s_.proposal->pol_round < 0;
    switch (block.opinion) {
        case Opinion::unasked:
        case Opinion::awaited:
            TANDEM_CHECK(block.opinion == Opinion::awaited);
            pass(Mark::prevote_waits_for_judgement);
            s_.prevote_waits = true;
            return;
        case Opinion::accepted:
            pass(fresh ? Mark::l24_prevote_fresh_proposal : Mark::l30_prevote_with_proof_of_lock);
            cast_vote(SignedMsgType::prevote, block.id);
            break;
        case Opinion::invalid:
        case Opinion::rejected:
            pass(fresh ? Mark::l26_prevote_nil_for_fresh_proposal
                       : Mark::l32_prevote_nil_despite_proof_of_lock);
            cast_vote(SignedMsgType::prevote, {});
            break;
    }
    s_.prevote_waits = false;
}

void Turn::enter_prevote_wait(std::int32_t round) {
    if (round < s_.round || s_.step >= Step::prevote_wait) return;
    pass(Mark::l35_schedule_prevote_timeout);
    set_timer(Step::prevote_wait, timeout_of(Step::prevote_wait));
    s_.step = Step::prevote_wait;
    announce_step();
}

void Turn::enter_precommit(std::int32_t round) {
    if (round < s_.round || s_.step >= Step::precommit) return;
    const BlockId* polka = s_.votes.polka(round);
    if (polka == nullptr) {
        pass(Mark::precommit_without_polka);
        cast_vote(SignedMsgType::precommit, {});
    } else {
        notify(Notice::polka);
        precommit_for_polka(*polka);
        if (s_.halted) return;
    }
    // A prevote that still waits would come after our precommit, and must not.
    if (s_.precommit_waits != PrecommitWaits::for_judgement) s_.prevote_waits = false;
    s_.step = Step::precommit;
    announce_step();
}

void Turn::precommit_for_polka(const BlockId& polka) {
    if (polka.is_zero()) {
        pass(Mark::l45_precommit_nil);
        if (s_.locked) {
            pass(Mark::unlock_by_polka_for_nil);
            unlock();
        }
        cast_vote(SignedMsgType::precommit, {});
    } else if (s_.locked && s_.locked->id == polka) {
        pass(Mark::relock);
        s_.locked_round = s_.round;
        notify(Notice::relock);
        cast_precommit(*s_.locked);
    } else if (s_.proposal_block && s_.proposal_block->id == polka) {
        lock_proposal_block();
    } else {
        // This polka is as good a reason to unlock as one for a block that we hold.
        if (s_.locked) {
            pass(Mark::unlock_by_polka_for_unknown);
            unlock();
        }
        if (!collects(polka.part_set_header)) {
            drop_proposal_block();
            collect(polka.part_set_header);
        }
        cast_vote(SignedMsgType::precommit, {});
    }
}

/// Locks the proposal block in this round and precommits it, once it is known to be valid. What
/// the application thought of it does not matter any more.
/// REQUIRES: this round has a polka for it.
void Turn::lock_proposal_block() {
    switch (s_.proposal_block->opinion) {
        case Opinion::unasked:
        case Opinion::awaited:
            TANDEM_CHECK(s_.proposal_block->opinion == Opinion::awaited);
            pass(Mark::precommit_waits_for_judgement);
            s_.precommit_waits = PrecommitWaits::for_judgement;
            return;
        case Opinion::invalid:
            halt(HaltReason::polka_for_invalid_block);
            return;
        case Opinion::rejected:
        case Opinion::accepted:
            break;
    }
    pass(Mark::l38_lock);
    s_.locked_round = s_.round;
    s_.locked = s_.proposal_block;
    notify(Notice::lock);
    cast_precommit(*s_.locked);
}

void Turn::unlock() {
    s_.locked_round = -1;
    s_.locked.reset();
    notify(Notice::unlock);
}

void Turn::cast_precommit(const HeldBlock& block) {
    pass(Mark::l40_precommit);
    if (s_.start->extensions_enabled && s_.own_index()) {
        pass(Mark::precommit_waits_for_extension);
        s_.precommit_waits = PrecommitWaits::for_extension;
        emit(ExtendVote{s_.height, s_.round, block.id, block.block});
        return;
    }
    if (s_.step == Step::commit) pass(Mark::precommit_after_commit);
    cast_vote(SignedMsgType::precommit, block.id);
}

Turn::Verdict Turn::on(const VoteExtended& event) {
    if (event.height != s_.height) return std::unexpected(Refusal::other_height);
    if (event.round != s_.round) return std::unexpected(Refusal::other_round);
    if (s_.precommit_waits != PrecommitWaits::for_extension || s_.locked->id != event.id)
        return std::unexpected(Refusal::nobody_waits);
    s_.precommit_waits = PrecommitWaits::no;
    if (s_.step == Step::commit) pass(Mark::precommit_after_commit);
    cast_vote(SignedMsgType::precommit, event.id, event.extension);
    return {};
}

void Turn::enter_precommit_wait(std::int32_t round) {
    if (round < s_.round || s_.precommit_wait_set || s_.step == Step::commit) return;
    pass(Mark::l48_schedule_precommit_timeout);
    set_timer(Step::precommit_wait, timeout_of(Step::precommit_wait));
    s_.precommit_wait_set = true;
    announce_step();  // with the step as it was: this one has no name on the wire
}

void Turn::enter_commit(std::int32_t round) {
    if (s_.step == Step::commit) return;
    const BlockId& id = *s_.votes.precommit_majority(round);
    if (round < s_.round) pass(Mark::commit_from_lower_round);
    if (!s_.proposal_block || s_.proposal_block->id != id) {
        const auto* held = s_.locked && s_.locked->id == id ? &s_.locked
                           : s_.valid && s_.valid->id == id ? &s_.valid
                                                            : nullptr;
        if (held != nullptr) {
            pass(Mark::commit_held_block);
            drop_proposal_block();
            s_.parts.reset();
            s_.complete_parts = (*held)->parts;
            s_.proposal_block = *held;
        } else if (!collects(id.part_set_header)) {
            pass(Mark::commit_unknown_block);
            drop_proposal_block();
            collect(id.part_set_header);
            announce_valid_block();
            notify(Notice::valid_block);
        }
    }
    s_.prevote_waits = false;
    s_.step = Step::commit;
    s_.commit_round = round;
    s_.commit_time = now_;
    announce_step();
    try_finalize();
}

void Turn::try_finalize() {
    const BlockId& id = *s_.votes.precommit_majority(s_.commit_round);
    if (s_.decided || !s_.proposal_block || s_.proposal_block->id != id) return;
    pass(Mark::l51_decide);
    s_.decided = true;
    const types::VoteSet& votes = *s_.votes.precommits(s_.commit_round);
    CommitRecord commit;
    if (s_.start->extensions_enabled)
        commit = Shared<types::ExtendedCommit>::make(votes.make_extended_commit());
    else
        commit = Shared<types::Commit>::make(votes.make_commit());
    emit_once_durable(Decide{s_.height, s_.commit_round, id, s_.proposal_block->block,
                             s_.proposal_block->parts, std::move(commit)});
}

void Turn::cast_vote(SignedMsgType type, const BlockId& id, types::Bytes extension) {
    const auto index = s_.own_index();
    if (!index) return;
    types::Vote vote;
    vote.type = type;
    vote.height = s_.height;
    vote.round = s_.round;
    vote.block_id = id;
    const Timestamp time_min = vote_time_min();
    vote.timestamp = std::max(now_, time_min);
    vote.validator_address = *s_.start->own_address;
    vote.validator_index = static_cast<std::int32_t>(*index);
    vote.extension = std::move(extension);
    emit_once_durable(CastVote{std::move(vote), time_min});
}

/// The next block's time is the median of the precommits' and has to lie beyond this block's. A
/// block that was not found valid has no say in this: its time is whatever its proposer liked.
Timestamp Turn::vote_time_min() const {
    const auto& block = s_.locked ? s_.locked : s_.proposal_block;
    if (!block || (block->opinion != Opinion::accepted && block->opinion != Opinion::rejected))
        return {};
    const Timestamp time = wire::add(block->block->header.time, Duration{1'000'000});
    return time.in_range() ? time : block->block->header.time;
}

void Turn::halt(HaltReason reason) {
    pass(Mark::halt);
    s_.halted = true;
    emit(Halt{reason, s_.height, s_.round, s_.proposal_block->id});
}

}  // namespace tandem::consensus
