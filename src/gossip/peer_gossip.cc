#include "gossip/peer_gossip.h"

#include <algorithm>
#include <array>

namespace tandem::gossip {
namespace {

using consensus::State;
using consensus::Step;
using types::SignedMsgType;
using types::VoteSet;

// More HasVotes than these only spare the peer votes that it has; more questions are not honest.
constexpr std::size_t has_votes_max = 1000;
constexpr std::size_t asked_max = 16;

constexpr std::uint32_t number_of(Step step) {
    return static_cast<std::uint32_t>(step);
}

VoteSetName name_of(const VoteSet& votes) {
    return {votes.height(), votes.round(), votes.type()};
}

/// Whole seconds, cut towards zero as CometBFT cuts them.
std::int64_t seconds_between(types::Timestamp from, types::Timestamp to) {
    const std::int64_t seconds = to.seconds - from.seconds;
    if (seconds > 0 && to.nanos < from.nanos) return seconds - 1;
    if (seconds < 0 && to.nanos > from.nanos) return seconds + 1;
    return seconds;
}

types::NewRoundStep round_step_of(const State& state, types::Timestamp now) {
    types::NewRoundStep message;
    message.height = state.height;
    message.round = state.round;
    message.step = number_of(state.step);
    message.seconds_since_start_time = seconds_between(state.start_time, now);
    message.last_commit_round = state.last_commit ? state.last_commit->round() : -1;
    return message;
}

const VoteSet* our_votes(const State& state, const VoteSetName& name) {
    if (name.height != state.height) return nullptr;
    return name.type == SignedMsgType::prevote ? state.votes.prevotes(name.round)
                                               : state.votes.precommits(name.round);
}

}  // namespace

// ---- Hearing

void PeerGossip::hear(const types::ConsensusMessage& message, const OurView& ours) {
    const State& state = ours.state;
    if (const auto* step = std::get_if<types::NewRoundStep>(&message.sum)) {
        const auto before = std::pair(model_.height, model_.round);
        model_.hear(*step);
        if (before == std::pair(model_.height, model_.round)) return;
        claimed_.clear();
        owes_pol_ = false;
    } else if (const auto* valid = std::get_if<types::NewValidBlock>(&message.sum)) {
        model_.hear(*valid);
    } else if (const auto* proposal = std::get_if<types::ProposalMessage>(&message.sum)) {
        model_.hear(proposal->proposal);
    } else if (const auto* pol = std::get_if<types::ProposalPol>(&message.sum)) {
        model_.hear(*pol);
    } else if (const auto* part = std::get_if<types::BlockPart>(&message.sum)) {
        model_.has_part(part->height, part->round, part->part.index);
    } else if (const auto* vote = std::get_if<types::VoteMessage>(&message.sum)) {
        if (state.validators) model_.expect_votes(state.height, state.validators->size());
        if (state.last_commit) model_.expect_votes(state.height - 1, state.last_commit->size());
        model_.has_vote({vote->vote->height, vote->vote->round, vote->vote->type},
                        static_cast<std::size_t>(vote->vote->validator_index));
    } else if (const auto* has = std::get_if<types::HasVote>(&message.sum)) {
        model_.hear(*has);
    } else if (const auto* asked = std::get_if<types::VoteSetMaj23>(&message.sum)) {
        if (asked->height == state.height && asked_.size() < asked_max) asked_.push_back(*asked);
    } else if (const auto* bits = std::get_if<types::VoteSetBits>(&message.sum)) {
        const VoteSet* votes = our_votes(state, {bits->height, bits->round, bits->type});
        const auto own = votes == nullptr ? std::nullopt : votes->bit_array_of(bits->block_id);
        model_.hear(*bits, own ? &*own : nullptr);
    }
}

void PeerGossip::tell(const consensus::VoteAdded& fact) {
    // Whoever sent the vote knows that we have it, and so will whoever we send it to.
    if (fact.from == peer_) return;
    const types::Vote& vote = *fact.vote;
    const BitArray* known = std::as_const(model_).votes({vote.height, vote.round, vote.type});
    if (known != nullptr && !known->get(static_cast<std::size_t>(vote.validator_index))) return;
    if (has_votes_.size() >= has_votes_max) has_votes_.pop_front();
    has_votes_.push_back({vote.height, vote.round, vote.type, vote.validator_index});
}

void PeerGossip::tell_complete_block(const State& state) {
    const types::PartSet* parts = state.proposal_parts();
    if (parts == nullptr) return;
    const bool is_commit = valid_block_ && valid_block_->is_commit;  // not said yet
    valid_block_ = {state.height, state.round, parts->header(), parts->bit_array(), is_commit};
}

void PeerGossip::spare(const consensus::VoteAdded& fact) {
    const types::Vote& vote = *fact.vote;
    spared_.add({vote.height, vote.round, vote.type},
                static_cast<std::size_t>(vote.validator_index));
}

bool PeerGossip::end_sparing() {
    const bool had_any = !spared_.empty();
    spared_.age();
    return had_any;
}

// ---- Saying

std::optional<base::Bytes> PeerGossip::next(Channel channel, const OurView& ours) {
    if (!ours.state.validators) return std::nullopt;  // consensus has not begun
    Said said;
    switch (channel) {
        case Channel::state:
            said = next_state(ours);
            break;
        case Channel::data:
            said = next_data(ours);
            break;
        case Channel::vote:
            said = next_vote(ours);
            break;
        case Channel::vote_set_bits:
            said = next_bits(ours);
            break;
    }
    if (!said) return std::nullopt;
    return wire::encode(*said);
}

PeerGossip::Said PeerGossip::next_state(const OurView& ours) {
    if (std::exchange(owes_round_step_, false))
        return types::ConsensusMessage{round_step_of(ours.state, ours.now)};
    if (valid_block_) {
        const consensus::NewValidBlock fact = *std::exchange(valid_block_, std::nullopt);
        if (fact.height == ours.state.height) {
            types::NewValidBlock message{
                fact.height, fact.round, fact.part_set_header, {}, fact.is_commit};
            message.block_parts.emplace() = fact.parts.to_message();
            return types::ConsensusMessage{std::move(message)};
        }
    }
    while (!has_votes_.empty()) {
        const types::HasVote message = has_votes_.front();
        has_votes_.pop_front();
        // Others note votes of the height that we stand at, and no others.
        if (message.height == ours.state.height) return types::ConsensusMessage{message};
    }
    return next_claim(ours);
}

PeerGossip::Said PeerGossip::claim(const VoteSet* votes, VoteSetName name) {
    if (votes == nullptr || votes->majority() == nullptr) return std::nullopt;
    if (std::ranges::find(claimed_, name) != claimed_.end()) return std::nullopt;
    claimed_.push_back(name);
    return types::ConsensusMessage{
        types::VoteSetMaj23{name.height, name.round, name.type, *votes->majority()}};
}

PeerGossip::Said PeerGossip::next_claim(const OurView& ours) {
    const State& state = ours.state;
    if (model_.height == 0) return std::nullopt;
    if (model_.height == state.height) {
        for (const auto& [round, type] : {std::pair(model_.round, SignedMsgType::prevote),
                                          std::pair(model_.round, SignedMsgType::precommit),
                                          std::pair(model_.pol_round, SignedMsgType::prevote)}) {
            const VoteSetName name{model_.height, round, type};
            if (round < 0) continue;
            if (auto said = claim(our_votes(state, name), name)) return said;
        }
        return std::nullopt;
    }
    if (model_.catchup_commit_round < 0 || model_.height > state.height) return std::nullopt;
    const VoteSetName name{model_.height, model_.catchup_commit_round, SignedMsgType::precommit};
    if (std::ranges::find(claimed_, name) != claimed_.end()) return std::nullopt;
    claimed_.push_back(name);
    return std::visit(
        [&](const auto& commit) -> Said {
            if constexpr (std::is_same_v<std::decay_t<decltype(commit)>, std::monostate>)
                return std::nullopt;
            else
                return types::ConsensusMessage{types::VoteSetMaj23{
                    commit->height, commit->round, SignedMsgType::precommit, commit->block_id}};
        },
        ours.blocks.commit(model_.height));
}

// ---- Proposals and parts

std::optional<std::size_t> PeerGossip::first_lacking(const BitArray& ours, const BitArray& theirs,
                                                     const VoteSetName& set) const {
    const BitArray lacking = ours.without(theirs);
    const std::size_t size = lacking.size();
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t index = (i + peer_.value) % size;
        if (lacking.get(index) && !spared_.has(set, index)) return index;
    }
    return std::nullopt;
}

PeerGossip::Said PeerGossip::next_data(const OurView& ours) {
    const State& state = ours.state;
    if (const types::PartSet* parts = state.proposal_parts();
        parts != nullptr && model_.parts && parts->has_header(model_.parts_header)) {
        if (const auto index = first_lacking(parts->bit_array(), *model_.parts,
                                             Spared::parts_of(state.height, state.round))) {
            const auto number = static_cast<std::uint32_t>(*index);
            model_.parts->set(*index, true);
            return types::ConsensusMessage{
                types::BlockPart{state.height, state.round, *parts->part(number)}};
        }
    }
    if (model_.height > 0 && model_.height < state.height && ours.blocks.base() > 0 &&
        model_.height >= ours.blocks.base())
        return next_stored_part(ours);
    if (model_.height != state.height || model_.round != state.round) return std::nullopt;
    if (state.proposal && !model_.has_proposal) {
        model_.hear(*state.proposal);
        owes_pol_ = state.proposal->pol_round >= 0;
        return types::ConsensusMessage{types::ProposalMessage{*state.proposal}};
    }
    if (!std::exchange(owes_pol_, false) || !state.proposal) return std::nullopt;
    const VoteSet* polka = state.votes.prevotes(state.proposal->pol_round);
    if (polka == nullptr) return std::nullopt;
    return types::ConsensusMessage{types::ProposalPol{state.height, state.proposal->pol_round,
                                                      polka->bit_array().to_message()}};
}

PeerGossip::Said PeerGossip::next_stored_part(const OurView& ours) {
    const auto header = ours.blocks.parts_header(model_.height);
    if (!header) return std::nullopt;
    model_.expect_parts(*header);
    // A peer that collects another block learns of this one from the precommits that decided it.
    if (*header != model_.parts_header) return std::nullopt;
    BitArray all = BitArray(header->total).inverted();
    const auto index =
        first_lacking(all, *model_.parts, Spared::parts_of(model_.height, model_.round));
    if (!index) return std::nullopt;
    const auto number = static_cast<std::uint32_t>(*index);
    auto part = ours.blocks.part(model_.height, number);
    if (!part) return std::nullopt;
    model_.parts->set(*index, true);
    return types::ConsensusMessage{types::BlockPart{model_.height, model_.round, std::move(*part)}};
}

// ---- Votes

PeerGossip::Said PeerGossip::vote_of(const VoteSet* votes) {
    if (votes == nullptr || votes->size() == 0) return std::nullopt;
    const VoteSetName name = name_of(*votes);
    if (name.type == SignedMsgType::precommit && votes->majority() != nullptr)
        model_.expect_commit(name.height, name.round, votes->size());
    model_.expect_votes(name.height, votes->size());
    BitArray* known = model_.votes(name);
    if (known == nullptr) return std::nullopt;
    const auto index = first_lacking(votes->bit_array(), *known, name);
    if (!index) return std::nullopt;
    known->set(*index, true);
    types::VoteMessage message;
    message.vote.emplace() = **votes->vote(*index);
    return types::ConsensusMessage{std::move(message)};
}

PeerGossip::Said PeerGossip::vote_of(const consensus::CommitRecord& record) {
    const auto pick = [this](const auto& commit, const auto& entries) -> Said {
        model_.expect_commit(commit.height, commit.round, entries.size());
        model_.expect_votes(commit.height, entries.size());
        const VoteSetName name{commit.height, commit.round, SignedMsgType::precommit};
        BitArray* known = model_.votes(name);
        if (known == nullptr) return std::nullopt;
        BitArray there(entries.size());
        for (std::size_t i = 0; i < entries.size(); ++i)
            there.set(i, entries[i].block_id_flag != types::BlockIdFlag::absent);
        const auto index = first_lacking(there, *known, name);
        if (!index) return std::nullopt;
        known->set(*index, true);
        types::VoteMessage message;
        message.vote.emplace() = types::vote_of(commit, *index);
        return types::ConsensusMessage{std::move(message)};
    };
    if (const auto* plain = std::get_if<consensus::Shared<types::Commit>>(&record))
        return pick(**plain, (*plain)->signatures);
    if (const auto* extended = std::get_if<consensus::Shared<types::ExtendedCommit>>(&record))
        return pick(**extended, (*extended)->extended_signatures);
    return std::nullopt;
}

PeerGossip::Said PeerGossip::next_vote(const OurView& ours) {
    const State& state = ours.state;
    if (model_.height == 0) return std::nullopt;
    if (model_.height == state.height) return next_vote_at_our_height(state);
    if (model_.height + 1 == state.height && state.last_commit) return vote_of(&*state.last_commit);
    if (model_.height < state.height && ours.blocks.base() > 0 &&
        model_.height >= ours.blocks.base())
        return vote_of(ours.blocks.commit(model_.height));
    return std::nullopt;
}

PeerGossip::Said PeerGossip::next_vote_at_our_height(const State& state) {
    const bool round_is_known = model_.round >= 0 && model_.round <= state.round;
    const auto prevotes = [&](std::int32_t round) { return state.votes.prevotes(round); };
    const VoteSet* last_commit = state.last_commit ? &*state.last_commit : nullptr;
    const bool has_pol = model_.pol_round >= 0;
    // In this order: what lets the peer go on soonest.
    struct Source {
        bool applies;
        const VoteSet* votes;
    };
    const std::array<Source, 6> sources{{
        {model_.step == number_of(Step::new_height), last_commit},
        {has_pol && round_is_known && model_.step <= number_of(Step::propose),
         prevotes(model_.pol_round)},
        {round_is_known && model_.step <= number_of(Step::prevote_wait), prevotes(model_.round)},
        {round_is_known && model_.step <= number_of(Step::precommit_wait),
         state.votes.precommits(model_.round)},
        {round_is_known, prevotes(model_.round)},
        {has_pol, prevotes(model_.pol_round)},
    }};
    for (const Source& source : sources)
        if (source.applies)
            if (auto said = vote_of(source.votes)) return said;
    return std::nullopt;
}

PeerGossip::Said PeerGossip::next_bits(const OurView& ours) {
    while (!asked_.empty()) {
        const types::VoteSetMaj23 asked = asked_.front();
        asked_.pop_front();
        if (asked.height != ours.state.height) continue;
        const VoteSet* votes = our_votes(ours.state, {asked.height, asked.round, asked.type});
        const auto bits = votes == nullptr ? std::nullopt : votes->bit_array_of(asked.block_id);
        return types::ConsensusMessage{
            types::VoteSetBits{asked.height, asked.round, asked.type, asked.block_id,
                               bits ? bits->to_message() : types::BitArrayMessage{}}};
    }
    return std::nullopt;
}

}  // namespace tandem::gossip
