#include "types/consensus_messages.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

Verdict not_negative(std::string_view field, std::int64_t value) {
    if (value < 0) return refuse(field, fmt::format("{} is negative", value));
    return {};
}

template <typename M>
Verdict validate_place(const M& message) {
    TANDEM_TRY(not_negative("height", message.height));
    return not_negative("round", message.round);
}

Verdict validate_vote_type(SignedMsgType type) {
    if (type == SignedMsgType::prevote || type == SignedMsgType::precommit) return {};
    return refuse("type", fmt::format("{} is no type of vote", static_cast<std::int32_t>(type)));
}

/// A well-formed array of at most `bits_max` bits.
Verdict validate_bits(std::string_view field, const BitArrayMessage& bits, std::int64_t bits_max) {
    TANDEM_TRY(within(field, validate_basic(bits)));
    if (bits.bits > bits_max)
        return refuse(field, fmt::format("{} bits are more than {}", bits.bits, bits_max));
    return {};
}

}  // namespace

Verdict check_decoded(const NewRoundStep& message) {
    TANDEM_TRY(validate_place(message));
    if (message.step < round_step_min || message.step > round_step_max)
        return refuse("step", fmt::format("{} is no step", message.step));
    if (message.last_commit_round < -1)
        return refuse("last_commit_round",
                      fmt::format("{} is below -1", message.last_commit_round));
    return {};
}

Verdict check_decoded(const NewValidBlock& message) {
    TANDEM_TRY(validate_place(message));
    TANDEM_TRY(within("block_part_set_header", validate_basic(message.block_part_set_header)));
    if (!message.block_parts || message.block_parts->bits == 0)
        return refuse("block_parts", "there are no bits");
    const BitArrayMessage& parts = *message.block_parts;
    TANDEM_TRY(validate_bits("block_parts", parts, block_parts_max));
    if (parts.bits != message.block_part_set_header.total)
        return refuse("block_parts", fmt::format("{} bits for {} parts", parts.bits,
                                                 message.block_part_set_header.total));
    return {};
}

Verdict check_decoded(const ProposalMessage& message) {
    return check_decoded(message.proposal);
}

Verdict check_decoded(const ProposalPol& message) {
    TANDEM_TRY(not_negative("height", message.height));
    TANDEM_TRY(not_negative("proposal_pol_round", message.proposal_pol_round));
    // A size below zero passes, as it does with CometBFT; it stands for an empty array.
    if (message.proposal_pol.bits == 0) return refuse("proposal_pol", "there are no bits");
    return validate_bits("proposal_pol", message.proposal_pol, votes_max);
}

Verdict check_decoded(const BlockPart& message) {
    TANDEM_TRY(validate_place(message));
    return within("part", check_decoded(message.part));
}

Verdict check_decoded(const VoteMessage& message) {
    if (!message.vote) return refuse("vote", "there is no vote");
    TANDEM_TRY(check_decoded(*message.vote));
    return validate_basic(*message.vote);
}

Verdict check_decoded(const HasVote& message) {
    TANDEM_TRY(validate_place(message));
    TANDEM_TRY(validate_vote_type(message.type));
    return not_negative("index", message.index);
}

Verdict check_decoded(const VoteSetMaj23& message) {
    TANDEM_TRY(validate_place(message));
    TANDEM_TRY(validate_vote_type(message.type));
    return within("block_id", validate_basic(message.block_id));
}

Verdict check_decoded(const VoteSetBits& message) {
    TANDEM_TRY(not_negative("height", message.height));
    TANDEM_TRY(validate_vote_type(message.type));
    TANDEM_TRY(within("block_id", validate_basic(message.block_id)));
    return validate_bits("votes", message.votes, votes_max);
}

Verdict check_decoded(const ConsensusMessage& message) {
    return std::visit(
        [&]<typename M>(const M& member) -> Verdict {
            if constexpr (std::same_as<M, std::monostate>) {
                return refuse("consensus.sum", "the message has no member");
            } else {
                return within(wire::Described<M>::name, check_decoded(member));
            }
        },
        message.sum);
}

Verdict validate_height(const NewRoundStep& message, std::int64_t initial_height) {
    if (message.height < initial_height)
        return refuse("NewRoundStep.height", fmt::format("height {} is below the initial height {}",
                                                         message.height, initial_height));
    const bool has_last_commit = message.last_commit_round >= 0;
    if (message.height == initial_height && message.last_commit_round != -1)
        return refuse("NewRoundStep.last_commit_round", "the initial height has no last commit");
    if (message.height > initial_height && !has_last_commit)
        return refuse("NewRoundStep.last_commit_round", "there must be a last commit");
    return {};
}

}  // namespace tandem::types
