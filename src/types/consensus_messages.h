// What consensus reactors tell each other: where they stand, proposals and their parts, votes, and
// which of those they have (wire page of consensus, section 9).
//
// check_decoded is everything that CometBFT does with a message between the wire and its reactor:
// a refusal costs the sender the connection. What needs our own state (the initial height, the
// block size in force) stands in functions of its own.
//
// Not here: what to do with a message, and which to send to whom (gossip, consensus).
#pragma once
#include "types/bit_array.h"
#include "types/part_set.h"
#include "types/vote.h"

namespace tandem::types {

/// Step numbers on the wire. 7 (precommit wait) is never sent; 2 (new round) rarely.
inline constexpr std::uint32_t round_step_min = 1;
inline constexpr std::uint32_t round_step_max = 8;

struct NewRoundStep {
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::uint32_t step = 0;
    std::int64_t seconds_since_start_time = 0;  // negative before the height's start
    std::int32_t last_commit_round = 0;         // -1: there is no last commit

    bool operator==(const NewRoundStep&) const = default;
};

struct NewValidBlock {
    std::int64_t height = 0;
    std::int32_t round = 0;
    PartSetHeader block_part_set_header;
    base::Box<BitArrayMessage> block_parts;  // that the sender has
    bool is_commit = false;

    bool operator==(const NewValidBlock&) const = default;
};

struct ProposalMessage {
    Proposal proposal;

    bool operator==(const ProposalMessage&) const = default;
};

struct ProposalPol {
    std::int64_t height = 0;
    std::int32_t proposal_pol_round = 0;
    BitArrayMessage proposal_pol;  // prevotes of that round that the sender has

    bool operator==(const ProposalPol&) const = default;
};

struct BlockPart {
    std::int64_t height = 0;
    std::int32_t round = 0;
    Part part;

    bool operator==(const BlockPart&) const = default;
};

struct VoteMessage {
    base::Box<Vote> vote;

    bool operator==(const VoteMessage&) const = default;
};

struct HasVote {
    std::int64_t height = 0;
    std::int32_t round = 0;
    SignedMsgType type = SignedMsgType::unknown;
    std::int32_t index = 0;  // of the validator

    bool operator==(const HasVote&) const = default;
};

/// "I have seen two thirds for this block."
struct VoteSetMaj23 {
    std::int64_t height = 0;
    std::int32_t round = 0;
    SignedMsgType type = SignedMsgType::unknown;
    BlockId block_id;

    bool operator==(const VoteSetMaj23&) const = default;
};

/// The answer to VoteSetMaj23: the votes for that block that the sender has.
struct VoteSetBits {
    std::int64_t height = 0;
    std::int32_t round = 0;
    SignedMsgType type = SignedMsgType::unknown;
    BlockId block_id;
    BitArrayMessage votes;

    bool operator==(const VoteSetBits&) const = default;
};

struct ConsensusMessage {
    std::variant<std::monostate, NewRoundStep, NewValidBlock, ProposalMessage, ProposalPol,
                 BlockPart, VoteMessage, HasVote, VoteSetMaj23, VoteSetBits>
        sum;

    bool operator==(const ConsensusMessage&) const = default;
};

[[nodiscard]] Verdict check_decoded(const NewRoundStep& message);
[[nodiscard]] Verdict check_decoded(const NewValidBlock& message);
[[nodiscard]] Verdict check_decoded(const ProposalMessage& message);
[[nodiscard]] Verdict check_decoded(const ProposalPol& message);
[[nodiscard]] Verdict check_decoded(const BlockPart& message);
[[nodiscard]] Verdict check_decoded(const VoteMessage& message);
[[nodiscard]] Verdict check_decoded(const HasVote& message);
[[nodiscard]] Verdict check_decoded(const VoteSetMaj23& message);
/// The round is not looked at, as CometBFT does not.
[[nodiscard]] Verdict check_decoded(const VoteSetBits& message);
[[nodiscard]] Verdict check_decoded(const ConsensusMessage& message);

/// The height exists on this chain, and there is a last commit exactly above its initial height.
[[nodiscard]] Verdict validate_height(const NewRoundStep& message, std::int64_t initial_height);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::NewRoundStep> {
    using M = types::NewRoundStep;
    static constexpr std::string_view name = "NewRoundStep";
    static constexpr auto fields = std::tuple{
        field<1>("height", &M::height), field<2>("round", &M::round), field<3>("step", &M::step),
        field<4>("seconds_since_start_time", &M::seconds_since_start_time),
        field<5>("last_commit_round", &M::last_commit_round)};
};

template <>
struct Described<types::NewValidBlock> {
    using M = types::NewValidBlock;
    static constexpr std::string_view name = "NewValidBlock";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("round", &M::round),
                   field<3>("block_part_set_header", &M::block_part_set_header),
                   field<4>("block_parts", &M::block_parts), field<5>("is_commit", &M::is_commit)};
};

template <>
struct Described<types::ProposalMessage> {
    static constexpr std::string_view name = "Proposal";
    static constexpr auto fields =
        std::tuple{field<1>("proposal", &types::ProposalMessage::proposal)};
};

template <>
struct Described<types::ProposalPol> {
    using M = types::ProposalPol;
    static constexpr std::string_view name = "ProposalPOL";
    static constexpr auto fields = std::tuple{
        field<1>("height", &M::height), field<2>("proposal_pol_round", &M::proposal_pol_round),
        field<3>("proposal_pol", &M::proposal_pol)};
};

template <>
struct Described<types::BlockPart> {
    using M = types::BlockPart;
    static constexpr std::string_view name = "BlockPart";
    static constexpr auto fields = std::tuple{
        field<1>("height", &M::height), field<2>("round", &M::round), field<3>("part", &M::part)};
};

template <>
struct Described<types::VoteMessage> {
    static constexpr std::string_view name = "Vote";
    static constexpr auto fields = std::tuple{field<1>("vote", &types::VoteMessage::vote)};
};

template <>
struct Described<types::HasVote> {
    using M = types::HasVote;
    static constexpr std::string_view name = "HasVote";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("round", &M::round),
                   field<3>("type", &M::type), field<4>("index", &M::index)};
};

template <>
struct Described<types::VoteSetMaj23> {
    using M = types::VoteSetMaj23;
    static constexpr std::string_view name = "VoteSetMaj23";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("round", &M::round),
                   field<3>("type", &M::type), field<4>("block_id", &M::block_id)};
};

template <>
struct Described<types::VoteSetBits> {
    using M = types::VoteSetBits;
    static constexpr std::string_view name = "VoteSetBits";
    static constexpr auto fields = std::tuple{
        field<1>("height", &M::height), field<2>("round", &M::round), field<3>("type", &M::type),
        field<4>("block_id", &M::block_id), field<5>("votes", &M::votes)};
};

template <>
struct Described<types::ConsensusMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields = std::tuple{one_of<1, 2, 3, 4, 5, 6, 7, 8, 9>(
        "sum", &types::ConsensusMessage::sum, "new_round_step", "new_valid_block", "proposal",
        "proposal_pol", "block_part", "vote", "has_vote", "vote_set_maj23", "vote_set_bits")};
};

}  // namespace tandem::wire
