// Why an input had no effect, and whose fault that was.
//
// A refused input has left the core exactly as it was. Most refusals are the ordinary weather of a
// network (votes that come twice, timers that no longer matter) and nobody's fault; the table below
// says which ones speak against the peer that sent the input.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tandem::consensus {

enum class Refusal : std::uint8_t {
    halted,               // the core has stopped (effect Halt)
    no_height_started,    // the first input is StartHeight
    height_out_of_order,  // StartHeight for a height that does not follow
    last_commit_unfit,    // it lacks two thirds, or extensions where they are due
    other_height,
    other_round,
    seen_before,
    nobody_waits,  // an answer whose question is closed, a timer that was replaced
    proposal_pol_round,
    proposal_not_by_proposer,  // a good signature of somebody whose turn it is not
    proposal_too_large,        // more parts than the block size of this height allows
    part_unexpected,           // no block is being collected
    part_bad_proof,            // or an index beyond the total
    part_too_many_bytes,       // the block would exceed its size limit
    vote_unknown_validator,    // no validator of that index, or another address
    vote_extension,            // there, where extensions are disabled, or unchecked where enabled
    vote_round_unwanted,       // a third round from one peer, out of turn
    vote_signature_differs,    // second signature of one validator for one block
    votes_pending_too_many,    // of one validator, waiting for judgement of their extensions
    claim_round_unknown,
    claim_conflicting,  // one peer claims two majorities
};
inline constexpr std::size_t refusals = static_cast<std::size_t>(Refusal::claim_conflicting) + 1;

enum class Blame : std::uint8_t {
    nobody,
    peer,             // worth a line in the log, and a worse score
    peer_disconnect,  // the protocol drops such a peer
};

[[nodiscard]] std::string_view to_text(Refusal refusal) noexcept;
[[nodiscard]] Blame blame(Refusal refusal) noexcept;

}  // namespace tandem::consensus
