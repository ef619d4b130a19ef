#include "seats/identity.h"

namespace tandem::seats {

Identities::Identities(const State& state) {
    const auto remember = [this](const PublicKey& key, const PublicKey& identity) {
        if (key == identity) return;
        identity_of_.emplace(crypto::address(key), crypto::address(identity));
    };
    for (const Seat& seat : state.seats)
        for (const Node& node : seat.nodes) remember(node.consensus_key, seat.identity);
    for (const RetiredKey& retired : state.retired_keys)
        if (retired.identity.type != crypto::KeyType::none) remember(retired.key, retired.identity);
}

types::Address Identities::of(BytesView consensus_address) const {
    if (identity_of_.empty()) return types::Address(consensus_address);  // of most chains
    const auto found = identity_of_.find(consensus_address);
    return found == identity_of_.end() ? types::Address(consensus_address) : found->second;
}

void Identities::apply(abci::CommitInfo& commit) const {
    for (abci::VoteInfo& vote : commit.votes) vote.validator.address = of(vote.validator.address);
}

void Identities::apply(abci::ExtendedCommitInfo& commit) const {
    for (abci::ExtendedVoteInfo& vote : commit.votes)
        vote.validator.address = of(vote.validator.address);
}

void Identities::apply(std::vector<abci::Misbehavior>& misbehavior) const {
    for (abci::Misbehavior& entry : misbehavior)
        entry.validator.address = of(entry.validator.address);
}

}  // namespace tandem::seats
