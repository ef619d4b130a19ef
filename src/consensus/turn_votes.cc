// Votes as they arrive: whether they count, and what follows when they do.
#include "consensus/turn.h"

namespace tandem::consensus {

using types::SignedMsgType;

namespace {

bool is_precommit_for_block(const types::Vote& vote) {
    return vote.type == SignedMsgType::precommit && !vote.block_id.is_zero();
}

/// The check of the extension was the one that the vote's height demands.
bool extension_fits(const Verified<types::Vote>& vote, bool enabled) {
    return !is_precommit_for_block(*vote) || vote.extension_verified() == enabled;
}

}  // namespace

Turn::Verdict Turn::on(const VoteReceived& event) {
    return take_vote(event.vote, event.peer);
}

Turn::Verdict Turn::on(const VoteSigned& event) {
    return take_vote(event.vote, ourselves);
}

Turn::Verdict Turn::take_vote(const Verified<types::Vote>& vote, PeerId from) {
    if (vote->height == s_.height - 1) return take_late_precommit(vote, from);
    if (vote->height != s_.height) return std::unexpected(Refusal::other_height);
    if (!extension_fits(vote, s_.start->extensions_enabled))
        return std::unexpected(Refusal::vote_extension);
    if (s_.start->extensions_enabled && is_precommit_for_block(*vote) && !is_own(*vote))
        return ask_about_extension(vote, from);
    return admit(vote, from);
}

bool Turn::is_own(const types::Vote& vote) const {
    return s_.start->own_address == vote.validator_address;
}

/// For the height before: it makes the next block's commit fuller, as long as none was proposed.
Turn::Verdict Turn::take_late_precommit(const Verified<types::Vote>& vote, PeerId from) {
    if (vote->type != SignedMsgType::precommit || s_.step != Step::new_height || !s_.last_commit)
        return std::unexpected(Refusal::other_height);
    if (!extension_fits(vote, s_.start->last_extensions_enabled))
        return std::unexpected(Refusal::vote_extension);
    const auto added = add_to(*s_.last_commit, vote);
    if (!added) return std::unexpected(added.error());
    if (added->conflicts_with) report_conflict(added->conflicts_with, vote.shared());
    if (!added->added) return {};
    pass(Mark::late_precommit);
    emit(VoteAdded{vote.shared(), from});
    if (s_.start->config.skip_timeout_commit && s_.last_commit->has_all()) {
        pass(Mark::skip_timeout_commit);
        enter_new_round(0);
    }
    return {};
}

/// The vote counts once the application has accepted its extension. Of one that could not count
/// anyhow the application is not told.
Turn::Verdict Turn::ask_about_extension(const Verified<types::Vote>& vote, PeerId from) {
    if (auto fit = s_.votes.consider(*vote, from); !fit) return fit;
    std::size_t waiting = 0;
    for (const PendingVote& pending : s_.pending_votes) {
        if (pending.vote->validator_index != vote->validator_index) continue;
        if (*pending.vote == *vote) return std::unexpected(Refusal::seen_before);
        ++waiting;
    }
    if (waiting >= pending_votes_max) return std::unexpected(Refusal::votes_pending_too_many);
    const std::uint64_t question = s_.next_question++;
    s_.pending_votes.push_back({question, from, vote});
    emit(JudgeExtension{s_.height, question, vote.shared()});
    return {};
}

Turn::Verdict Turn::on(const ExtensionJudged& event) {
    if (event.height != s_.height) return std::unexpected(Refusal::other_height);
    const auto pending =
        std::ranges::find(s_.pending_votes, event.question, &PendingVote::question);
    if (pending == s_.pending_votes.end()) return std::unexpected(Refusal::nobody_waits);
    const PendingVote judged = std::move(*pending);
    s_.pending_votes.erase(pending);
    if (!event.accepted) {
        pass(Mark::extension_rejected);
        return {};
    }
    // The same vote or its round's last place may have been taken meanwhile: then it is too late.
    (void)admit(judged.vote, judged.from);
    return {};
}

Turn::Verdict Turn::admit(const Verified<types::Vote>& vote, PeerId from) {
    const auto added = s_.votes.add(vote, from);
    if (!added) return std::unexpected(added.error());
    if (added->by_catchup) pass(Mark::catchup_round);
    if (added->conflicts_with) report_conflict(added->conflicts_with, vote.shared());
    if (!added->added) return {};
    emit(VoteAdded{vote.shared(), from});
    if (vote->type == SignedMsgType::prevote)
        prevote_added(vote->round);
    else
        precommit_added(vote->round);
    return {};
}

/// Evidence of somebody else's fault; of our own key's we do not tell.
void Turn::report_conflict(const Shared<types::Vote>& first, const Shared<types::Vote>& second) {
    if (is_own(*second)) {
        pass(Mark::conflict_of_our_own_key);
        return;
    }
    pass(Mark::conflict_reported);
    emit(ReportConflict{first, second});
}

Turn::Verdict Turn::on(const PeerClaimsMajority& event) {
    if (event.height != s_.height) return std::unexpected(Refusal::other_height);
    return s_.votes.claim(event);
}

void Turn::prevote_added(std::int32_t round) {
    if (s_.step == Step::commit) return;
    const BlockId* polka = s_.votes.polka(round);
    if (polka != nullptr) weigh_polka(round, *polka);
    if (s_.round < round) {
        if (!s_.votes.prevotes_of_two_thirds(round)) return;
        pass(Mark::l56_skip_to_round);
        enter_new_round(round);
    } else if (s_.round == round && s_.step >= Step::prevote) {
        if (polka != nullptr && (polka->is_zero() || s_.is_proposal_complete()))
            enter_precommit(round);
        else if (s_.votes.prevotes_of_two_thirds(round))
            enter_prevote_wait(round);
    } else if (s_.proposal && s_.proposal->pol_round == round && s_.is_proposal_complete()) {
        enter_prevote(s_.round);
    }
}

/// Two thirds want this in `round`: reason to give up an older lock, and to want it, too.
void Turn::weigh_polka(std::int32_t round, const BlockId& polka) {
    if (s_.locked && s_.locked_round < round && round <= s_.round && s_.locked->id != polka) {
        pass(polka.is_zero() ? Mark::unlock_by_prevote_for_nil : Mark::unlock_by_prevote_for_block);
        unlock();
    }
    if (polka.is_zero() || round != s_.round || s_.valid_round >= round) return;
    if (s_.proposal_block && s_.proposal_block->id == polka) {
        pass(Mark::l42_valid_value);
        s_.valid_round = round;
        s_.valid = s_.proposal_block;
    } else if (s_.proposal_block) {
        pass(Mark::proposal_block_dropped_by_polka);
        drop_proposal_block();
    }
    if (!collects(polka.part_set_header)) collect(polka.part_set_header);
    announce_valid_block();
    notify(Notice::valid_block);
}

void Turn::precommit_added(std::int32_t round) {
    if (s_.step == Step::commit) return;
    if (const BlockId* majority = s_.votes.precommit_majority(round); majority != nullptr) {
        if (round > s_.round) pass(Mark::l56_skip_to_round);
        enter_new_round(round);
        enter_precommit(round);
        if (s_.halted) return;
        if (majority->is_zero())
            enter_precommit_wait(round);
        else
            enter_commit(round);
    } else if (s_.round <= round && s_.votes.precommits_of_two_thirds(round)) {
        if (round > s_.round) pass(Mark::l56_skip_to_round);
        enter_new_round(round);
        enter_precommit_wait(round);
    }
}

}  // namespace tandem::consensus
