#include "consensus/refusal.h"

#include <array>

#include "base/check.h"

namespace tandem::consensus {

namespace {

struct Row {
    Refusal refusal;
    Blame blame;
    std::string_view text;
};

// In the order of the enum; refusal_test.cc checks that it is so.
constexpr std::array rows{
    Row{Refusal::halted, Blame::nobody, "consensus has stopped"},
    Row{Refusal::no_height_started, Blame::nobody, "no height has begun"},
    Row{Refusal::height_out_of_order, Blame::nobody, "the height does not follow"},
    Row{Refusal::last_commit_unfit, Blame::nobody, "the last commit does not prove the last block"},
    Row{Refusal::other_height, Blame::nobody, "another height"},
    Row{Refusal::other_round, Blame::nobody, "another round"},
    Row{Refusal::seen_before, Blame::nobody, "seen before"},
    Row{Refusal::nobody_waits, Blame::nobody, "nobody waits for this"},
    Row{Refusal::proposal_pol_round, Blame::peer, "the proof-of-lock round is out of range"},
    Row{Refusal::proposal_not_by_proposer, Blame::peer, "not signed by the proposer of the round"},
    Row{Refusal::proposal_too_large, Blame::peer_disconnect,
        "the proposed block has too many parts"},
    Row{Refusal::part_unexpected, Blame::nobody, "no block is being collected"},
    Row{Refusal::part_bad_proof, Blame::peer, "the part does not belong to the block"},
    Row{Refusal::part_too_many_bytes, Blame::peer, "the block exceeds its size limit"},
    Row{Refusal::vote_unknown_validator, Blame::peer, "no such validator"},
    Row{Refusal::vote_extension, Blame::peer, "the extension is not as this height demands"},
    Row{Refusal::vote_round_unwanted, Blame::peer, "one round too many from this peer"},
    Row{Refusal::vote_signature_differs, Blame::peer, "a second signature for the same block"},
    Row{Refusal::votes_pending_too_many, Blame::peer, "too many votes of one validator wait"},
    Row{Refusal::claim_round_unknown, Blame::nobody, "no votes are kept for that round"},
    Row{Refusal::claim_conflicting, Blame::peer_disconnect, "a second majority for the same votes"},
};
static_assert(rows.size() == refusals);

const Row& row_of(Refusal refusal) noexcept {
    const auto index = static_cast<std::size_t>(refusal);
    TANDEM_CHECK(index < rows.size() && rows[index].refusal == refusal);
    return rows[index];
}

}  // namespace

std::string_view to_text(Refusal refusal) noexcept {
    return row_of(refusal).text;
}

Blame blame(Refusal refusal) noexcept {
    return row_of(refusal).blame;
}

}  // namespace tandem::consensus
