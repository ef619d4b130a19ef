#include "gossip/peer_model.h"

#include <tuple>

namespace tandem::gossip {

using types::SignedMsgType;

void PeerModel::hear(const types::NewRoundStep& message) {
    if (std::tie(message.height, message.round, message.step) <= std::tie(height, round, step))
        return;
    const PeerModel before = std::exchange(*this, {});
    height = message.height;
    round = message.round;
    step = message.step;
    if (before.height == height) {
        last_commit_round = before.last_commit_round;
        last_commit = before.last_commit;
        catchup_commit_round = before.catchup_commit_round;
        catchup_commit = before.catchup_commit;
        if (before.round == round) {
            *this = before;
            step = message.step;
        } else if (round == before.catchup_commit_round) {
            precommits = before.catchup_commit;
        }
        return;
    }
    last_commit_round = message.last_commit_round;
    if (before.height + 1 == height && before.round == last_commit_round)
        last_commit = before.precommits;
}

void PeerModel::hear(const types::NewValidBlock& message) {
    if (message.height != height || (message.round != round && !message.is_commit)) return;
    parts_header = message.block_part_set_header;
    parts = BitArray::from_message(*message.block_parts);
}

void PeerModel::hear(const types::Proposal& proposal) {
    if (proposal.height != height || proposal.round != round || has_proposal) return;
    has_proposal = true;
    if (parts) return;  // it collects a block that two thirds voted for
    parts_header = proposal.block_id.part_set_header;
    parts.emplace(parts_header.total);
    pol_round = proposal.pol_round;
    pol.reset();
}

void PeerModel::hear(const types::ProposalPol& message) {
    if (message.height != height || message.proposal_pol_round != pol_round) return;
    pol = BitArray::from_message(message.proposal_pol);
}

void PeerModel::hear(const types::HasVote& message) {
    if (message.height != height) return;
    has_vote({message.height, message.round, message.type},
             static_cast<std::size_t>(message.index));
}

void PeerModel::hear(const types::VoteSetBits& message, const BitArray* ours) {
    BitArray* known = votes({message.height, message.round, message.type});
    if (known == nullptr) return;
    const BitArray given = BitArray::from_message(message.votes);
    // What it has for other blocks than that one stays known.
    known->update(ours == nullptr ? given : known->without(*ours).or_with(given));
}

void PeerModel::has_part(std::int64_t at_height, std::int32_t at_round, std::uint32_t index) {
    if (at_height == height && at_round == round && parts) parts->set(index, true);
}

void PeerModel::has_vote(const VoteSetName& name, std::size_t index) {
    if (BitArray* known = votes(name)) known->set(index, true);
}

void PeerModel::expect_votes(std::int64_t of_height, std::size_t validators) {
    const auto expect = [&](std::optional<BitArray>& array) {
        if (!array) array.emplace(validators);
    };
    if (of_height == height) {
        expect(prevotes);
        expect(precommits);
        expect(catchup_commit);
        expect(pol);
    } else if (of_height + 1 == height) {
        expect(last_commit);
    }
}

void PeerModel::expect_commit(std::int64_t of_height, std::int32_t of_round,
                              std::size_t validators) {
    if (of_height != height || of_round == catchup_commit_round) return;
    catchup_commit_round = of_round;
    catchup_commit = of_round == round && precommits ? *precommits : BitArray(validators);
}

void PeerModel::expect_parts(const types::PartSetHeader& header) {
    if (parts) return;
    parts_header = header;
    parts.emplace(header.total);
}

BitArray* PeerModel::votes(const VoteSetName& name) {
    const bool is_precommit = name.type == SignedMsgType::precommit;
    const auto noted = [](std::optional<BitArray>& array) { return array ? &*array : nullptr; };
    if (name.height == height) {
        if (name.round == round) return noted(is_precommit ? precommits : prevotes);
        if (name.round == catchup_commit_round && is_precommit) return noted(catchup_commit);
        if (name.round == pol_round && !is_precommit) return noted(pol);
    } else if (name.height + 1 == height && name.round == last_commit_round && is_precommit) {
        return noted(last_commit);
    }
    return nullptr;
}

}  // namespace tandem::gossip
