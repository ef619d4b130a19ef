#include "consensus/height_votes.h"

namespace tandem::consensus {

using types::SignedMsgType;
using types::VoteFault;

std::expected<VoteTaken, Refusal> add_to(types::VoteSet& set, const Verified<types::Vote>& vote) {
    const types::AddedVote added = set.add_verified(vote.shared().pointer());
    switch (added.fault) {
        case VoteFault::none:
            if (!added.added) return std::unexpected(Refusal::seen_before);
            return VoteTaken{.added = true, .conflicts_with = {}};
        case VoteFault::conflicting_vote:
            return VoteTaken{.added = added.added, .conflicts_with = added.earlier};
        case VoteFault::invalid_validator_index:
        case VoteFault::invalid_validator_address:
            return std::unexpected(Refusal::vote_unknown_validator);
        case VoteFault::unexpected_step:
            return std::unexpected(Refusal::other_round);
        case VoteFault::invalid_signature:
        case VoteFault::non_deterministic_signature:
            return std::unexpected(Refusal::vote_signature_differs);
        case VoteFault::unexpected_extension:
        case VoteFault::missing_extension:
            return std::unexpected(Refusal::vote_extension);
    }
    TANDEM_CHECK(false);
}

HeightVotes::HeightVotes(std::int64_t height, Shared<types::ValidatorSet> validators,
                         Extensions extensions)
    : height_(height), validators_(std::move(validators)), extensions_(extensions) {}

void HeightVotes::track(std::int32_t round) {
    tracked_ = std::max(tracked_, round);
}

types::VoteSet& HeightVotes::set_for(std::int32_t round, SignedMsgType type) {
    const bool precommits = type == SignedMsgType::precommit;
    RoundVotes& votes = rounds_[round];
    auto& set = precommits ? votes.precommits : votes.prevotes;
    if (!set)
        set.emplace(height_, round, type, precommits && extensions_ == Extensions::enabled,
                    validators_.pointer());
    return *set;
}

const types::VoteSet* HeightVotes::find(std::int32_t round, SignedMsgType type) const {
    const auto found = rounds_.find(round);
    if (found == rounds_.end()) return nullptr;
    const auto& set =
        type == SignedMsgType::precommit ? found->second.precommits : found->second.prevotes;
    return set ? &*set : nullptr;
}

/// The peer may send votes of that round, or may still have it opened.
bool HeightVotes::admits(std::int32_t round, PeerId from) const {
    if (round < 0 || round > round_max) return false;
    if (round <= tracked_ || rounds_.contains(round)) return true;
    const auto opened = catchup_rounds_.find(from);
    return opened == catchup_rounds_.end() || opened->second.size() < catchup_rounds_max;
}

std::expected<VoteTaken, Refusal> HeightVotes::add(const Verified<types::Vote>& vote, PeerId from) {
    if (auto fit = consider(*vote, from); !fit) return std::unexpected(fit.error());
    const bool by_catchup = vote->round > tracked_ && !rounds_.contains(vote->round);
    if (by_catchup) catchup_rounds_[from].push_back(vote->round);
    auto taken = add_to(set_for(vote->round, vote->type), vote);
    TANDEM_CHECK(taken.has_value() || !by_catchup);
    if (taken) taken->by_catchup = by_catchup;
    return taken;
}

std::expected<void, Refusal> HeightVotes::consider(const types::Vote& vote, PeerId from) const {
    if (!admits(vote.round, from)) return std::unexpected(Refusal::vote_round_unwanted);
    const auto index = static_cast<std::size_t>(vote.validator_index);
    if (vote.validator_index < 0 || index >= validators_->size() ||
        validators_->validators()[index].address != vote.validator_address)
        return std::unexpected(Refusal::vote_unknown_validator);
    const types::VoteSet* set = find(vote.round, vote.type);
    const std::shared_ptr<const types::Vote>* held = set != nullptr ? set->vote(index) : nullptr;
    if (held == nullptr || (*held)->block_id != vote.block_id) return {};
    return std::unexpected((*held)->signature == vote.signature ? Refusal::seen_before
                                                                : Refusal::vote_signature_differs);
}

std::expected<void, Refusal> HeightVotes::claim(const PeerClaimsMajority& claim) {
    if (claim.type != SignedMsgType::prevote && claim.type != SignedMsgType::precommit)
        return std::unexpected(Refusal::claim_round_unknown);
    if (claim.round < 0 || (claim.round > tracked_ && !rounds_.contains(claim.round)))
        return std::unexpected(Refusal::claim_round_unknown);
    const std::string peer = std::to_string(claim.peer.value);
    if (!set_for(claim.round, claim.type).claim_majority(peer, claim.block_id))
        return std::unexpected(Refusal::claim_conflicting);
    return {};
}

const types::VoteSet* HeightVotes::prevotes(std::int32_t round) const {
    return find(round, SignedMsgType::prevote);
}

const types::VoteSet* HeightVotes::precommits(std::int32_t round) const {
    return find(round, SignedMsgType::precommit);
}

const BlockId* HeightVotes::polka(std::int32_t round) const {
    const types::VoteSet* set = prevotes(round);
    return set != nullptr ? set->majority() : nullptr;
}

const BlockId* HeightVotes::precommit_majority(std::int32_t round) const {
    const types::VoteSet* set = precommits(round);
    return set != nullptr ? set->majority() : nullptr;
}

bool HeightVotes::prevotes_of_two_thirds(std::int32_t round) const {
    const types::VoteSet* set = prevotes(round);
    return set != nullptr && set->has_two_thirds_any();
}

bool HeightVotes::precommits_of_two_thirds(std::int32_t round) const {
    const types::VoteSet* set = precommits(round);
    return set != nullptr && set->has_two_thirds_any();
}

}  // namespace tandem::consensus
