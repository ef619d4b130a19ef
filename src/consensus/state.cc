#include "consensus/state.h"

namespace tandem::consensus {

bool State::is_proposal_complete() const {
    if (!proposal || !proposal_block) return false;
    if (proposal->pol_round < 0) return true;
    return votes.polka(proposal->pol_round) != nullptr;
}

std::optional<std::size_t> State::own_index() const {
    if (!start || !start->own_address || !validators) return std::nullopt;
    return validators->index_of(*start->own_address);
}

bool State::is_proposer() const {
    return start && start->own_address && validators && !validators->empty() &&
           validators->proposer().address == *start->own_address;
}

}  // namespace tandem::consensus
