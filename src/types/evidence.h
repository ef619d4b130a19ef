// Evidence of misbehaviour, as it stands in blocks and on the wire.
#pragma once
#include "types/light_block.h"

namespace tandem::types {

struct DuplicateVoteEvidence {
    base::Box<Vote> vote_a;  // the one whose block id has the smaller key
    base::Box<Vote> vote_b;
    std::int64_t total_voting_power = 0;
    std::int64_t validator_power = 0;
    Timestamp timestamp;  // of the block at the votes' height

    bool operator==(const DuplicateVoteEvidence&) const = default;
};

struct LightClientAttackEvidence {
    base::Box<LightBlock> conflicting_block;
    std::int64_t common_height = 0;
    std::vector<Validator> byzantine_validators;
    std::int64_t total_voting_power = 0;
    Timestamp timestamp;  // of the block at the common height

    bool operator==(const LightClientAttackEvidence&) const = default;
};

struct Evidence {
    std::variant<std::monostate, base::Box<DuplicateVoteEvidence>,
                 base::Box<LightClientAttackEvidence>>
        sum;

    bool operator==(const Evidence&) const = default;
    /// Null unless it is of that kind.
    [[nodiscard]] const DuplicateVoteEvidence* duplicate_vote() const;
    [[nodiscard]] const LightClientAttackEvidence* light_client_attack() const;
    [[nodiscard]] std::int64_t height() const;  // 0 when nothing is set
    [[nodiscard]] Timestamp time() const;
};

struct EvidenceList {
    std::vector<Evidence> evidence;

    bool operator==(const EvidenceList&) const = default;
};

/// The inner message without the oneof around it: what the evidence hash of a block covers.
[[nodiscard]] Bytes inner_bytes(const Evidence& evidence);
/// SHA-256 of the message for a double vote; of 31 bytes of the conflicting header's hash, a zero
/// and the zigzag common height for an attack on light clients.
[[nodiscard]] Hash hash_of(const Evidence& evidence);
[[nodiscard]] Hash hash_of(const EvidenceList& list);

/// Reading evidence runs its basic validation as well.
[[nodiscard]] Verdict check_decoded(DuplicateVoteEvidence& evidence);
[[nodiscard]] Verdict check_decoded(LightClientAttackEvidence& evidence);
[[nodiscard]] Verdict check_decoded(Evidence& evidence);
[[nodiscard]] Verdict check_decoded(EvidenceList& list);
[[nodiscard]] Verdict validate_basic(const DuplicateVoteEvidence& evidence);
[[nodiscard]] Verdict validate_basic(const LightClientAttackEvidence& evidence);
[[nodiscard]] Verdict validate_basic(const Evidence& evidence);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::DuplicateVoteEvidence> {
    using DuplicateVoteEvidence = types::DuplicateVoteEvidence;
    static constexpr std::string_view name = "DuplicateVoteEvidence";
    static constexpr auto fields =
        std::tuple{field<1>("vote_a", &DuplicateVoteEvidence::vote_a),
                   field<2>("vote_b", &DuplicateVoteEvidence::vote_b),
                   field<3>("total_voting_power", &DuplicateVoteEvidence::total_voting_power),
                   field<4>("validator_power", &DuplicateVoteEvidence::validator_power),
                   field<5>("timestamp", &DuplicateVoteEvidence::timestamp)};
};

template <>
struct Described<types::LightClientAttackEvidence> {
    using LightClientAttackEvidence = types::LightClientAttackEvidence;
    static constexpr std::string_view name = "LightClientAttackEvidence";
    static constexpr auto fields = std::tuple{
        field<1>("conflicting_block", &LightClientAttackEvidence::conflicting_block),
        field<2>("common_height", &LightClientAttackEvidence::common_height),
        field<3>("byzantine_validators", &LightClientAttackEvidence::byzantine_validators),
        field<4>("total_voting_power", &LightClientAttackEvidence::total_voting_power),
        field<5>("timestamp", &LightClientAttackEvidence::timestamp)};
};

template <>
struct Described<types::Evidence> {
    static constexpr std::string_view name = "Evidence";
    static constexpr auto fields = std::tuple{one_of<1, 2>(
        "sum", &types::Evidence::sum, "duplicate_vote_evidence", "light_client_attack_evidence")};
};

template <>
struct Described<types::EvidenceList> {
    static constexpr std::string_view name = "EvidenceList";
    static constexpr auto fields = std::tuple{field<1>("evidence", &types::EvidenceList::evidence)};
};

}  // namespace tandem::wire
