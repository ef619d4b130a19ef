#include "sim/split_lock.h"

namespace tandem::sim {

SplitLock::What SplitLock::what_of(const Message& message) const {
    const auto at_place = [this](std::int64_t height, std::int32_t round) {
        return height == place_.height && round == place_.round;
    };
    if (const auto* vote = std::get_if<Message::Vote>(&message.content)) {
        if (!at_place(vote->vote->height, vote->vote->round)) return What::other;
        return vote->vote->type == types::SignedMsgType::prevote ? What::prevote : What::precommit;
    }
    if (const auto* proposal = std::get_if<Message::Proposal>(&message.content))
        return at_place(proposal->proposal->height, proposal->proposal->round) ? What::proposal
                                                                               : What::other;
    if (const auto* part = std::get_if<Message::Part>(&message.content))
        return at_place(part->height, part->round) ? What::proposal : What::other;
    return What::other;
}

bool SplitLock::hides(std::size_t from, std::size_t to, const Message& message) {
    if (is_void_) return false;
    const What what = what_of(message);
    if (!parts_ && what != What::other) assign(from);
    if (!parts_) return false;
    const std::size_t decider = parts_->decider;
    if ((from == decider || to == decider) && cast_.nodes()[decider]->height() >= place_.height)
        return true;
    if (what == What::other || to == decider) return false;
    if (what != What::precommit) {
        // Until it has proposed, for the round after the next needs these prevotes.
        if (to != parts_->proposer) return false;
        const consensus::State* state = cast_.nodes()[to]->consensus_state();
        if (state != nullptr && state->height == place_.height && state->round > place_.round + 1)
            return false;
        if (what == What::proposal) return true;
    }
    return !is_shown(*std::get<Message::Vote>(message.content).vote, to);
}

bool SplitLock::is_shown(const types::Vote& vote, std::size_t to) const {
    if (vote.block_id.is_zero()) return true;
    const std::vector<bool>& shown =
        to < parts_->shown.size() ? parts_->shown[to] : parts_->shown_to_strangers;
    const auto index = static_cast<std::size_t>(vote.validator_index);
    return index < shown.size() && shown[index];
}

/// As `from`, who is in the round, sees the validators.
void SplitLock::assign(std::size_t from) {
    const consensus::State* state = cast_.nodes()[from]->consensus_state();
    if (state == nullptr || state->height != place_.height || state->round != place_.round ||
        !state->validators)
        return;
    is_void_ = true;
    const auto proposer = cast_.find_node(state->validators->advanced(1).proposer().pub_key);
    if (!proposer || !rules_.plays(*proposer)) return;
    std::vector<Member> members;
    for (const types::Validator& validator : state->validators->validators()) {
        const auto node = cast_.find_node(validator.pub_key);
        members.push_back({node, validator.voting_power, node && rules_.plays(*node)});
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Member& member = members[(place_.choice + i) % members.size()];
        if (!member.plays || member.node == proposer || !rules_.may_fail(*member.node)) continue;
        parts_ = parts_with(*member.node, *proposer, members);
        if (!parts_) continue;
        is_void_ = false;
        return rules_.begins(parts_->decider);
    }
}

/// Nothing where the powers do not allow it: the decider must reach two thirds without the next
/// proposer, the next proposer without the decider, and neither may anybody else who hears it.
std::optional<SplitLock::Parts> SplitLock::parts_with(std::size_t decider, std::size_t proposer,
                                                      const std::vector<Member>& members) const {
    std::int64_t total = 0, playing = 0, of_decider = 0, of_proposer = 0;
    for (const Member& member : members) {
        total += member.power;
        if (member.plays) playing += member.power;
        if (member.node == decider) of_decider = member.power;
        if (member.node == proposer) of_proposer = member.power;
    }
    const auto is_more = [total](std::int64_t power) { return 3 * power > 2 * total; };
    if (!is_more(playing - of_proposer) || !is_more(playing - of_decider)) return std::nullopt;
    // As many as fit beside its own vote; the set begins with the mightiest.
    const auto fill = [&](std::optional<std::size_t> hearer, std::int64_t& sum) {
        std::vector<bool> shown(members.size());
        for (std::size_t i = 0; i < members.size(); ++i) {
            const Member& member = members[i];
            if (!member.plays || member.node == decider || member.node == proposer ||
                member.node == hearer || is_more(sum + member.power))
                continue;
            shown[i] = true;
            sum += member.power;
        }
        return shown;
    };
    Parts parts{decider, proposer, {}, {}};
    std::int64_t of_strangers = 0;
    parts.shown_to_strangers = fill(std::nullopt, of_strangers);
    parts.shown.assign(cast_.nodes().size(), parts.shown_to_strangers);
    for (const Member& member : members) {
        if (!member.node) continue;
        std::int64_t sum = member.node == proposer ? 0 : member.power;
        parts.shown[*member.node] = fill(member.node, sum);
        if (member.plays && member.node != decider && !is_more(sum + of_proposer))
            return std::nullopt;
    }
    return parts;
}

}  // namespace tandem::sim
