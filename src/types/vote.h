// Votes and proposals, and the bytes that their signatures cover.
#pragma once
#include "types/basic.h"

namespace tandem::types {

struct Vote {
    SignedMsgType type = SignedMsgType::unknown;
    std::int64_t height = 0;
    std::int32_t round = 0;
    BlockId block_id;  // zero: a vote for nil
    Timestamp timestamp;
    Address validator_address;
    std::int32_t validator_index = 0;  // in the validator set of `height`
    Signature signature;
    Bytes extension;                // of non-nil precommits only
    Signature extension_signature;  // present, where extensions are enabled, also for an empty one

    bool operator==(const Vote&) const = default;
};

struct Proposal {
    SignedMsgType type = SignedMsgType::unknown;
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::int32_t pol_round = 0;  // -1: no proof of lock
    BlockId block_id;
    Timestamp timestamp;
    Signature signature;

    bool operator==(const Proposal&) const = default;
};

/// What a vote's signature covers: the length-delimited CanonicalVote (wire page, section 3).
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const Vote& vote);
/// What a vote extension's signature covers; it does not cover the block id.
[[nodiscard]] Bytes extension_sign_bytes(std::string_view chain_id, const Vote& vote);
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const Proposal& proposal);

/// Decoding a vote checks the block id alone; validate_basic is a step of its own.
[[nodiscard]] Verdict check_decoded(const Vote& vote);
[[nodiscard]] Verdict validate_basic(const Vote& vote);
/// A non-nil precommit carries an extension signature. For heights with extensions enabled.
[[nodiscard]] Verdict ensure_extension(const Vote& vote);

[[nodiscard]] Verdict check_decoded(const Proposal& proposal);
[[nodiscard]] Verdict validate_basic(const Proposal& proposal);
/// The proposal's parts fit a block of `max_bytes` bytes (params; -1: the absolute maximum).
[[nodiscard]] Verdict validate_block_size(const Proposal& proposal, std::int64_t max_bytes);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::Vote> {
    using Vote = types::Vote;
    static constexpr std::string_view name = "Vote";
    static constexpr auto fields =
        std::tuple{field<1>("type", &Vote::type),
                   field<2>("height", &Vote::height),
                   field<3>("round", &Vote::round),
                   field<4>("block_id", &Vote::block_id),
                   field<5>("timestamp", &Vote::timestamp),
                   field<6>("validator_address", &Vote::validator_address),
                   field<7>("validator_index", &Vote::validator_index),
                   field<8>("signature", &Vote::signature),
                   field<9>("extension", &Vote::extension),
                   field<10>("extension_signature", &Vote::extension_signature)};
};

template <>
struct Described<types::Proposal> {
    using Proposal = types::Proposal;
    static constexpr std::string_view name = "Proposal";
    static constexpr auto fields = std::tuple{
        field<1>("type", &Proposal::type),          field<2>("height", &Proposal::height),
        field<3>("round", &Proposal::round),        field<4>("pol_round", &Proposal::pol_round),
        field<5>("block_id", &Proposal::block_id),  field<6>("timestamp", &Proposal::timestamp),
        field<7>("signature", &Proposal::signature)};
};

}  // namespace tandem::wire
