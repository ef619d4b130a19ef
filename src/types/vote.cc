#include "types/vote.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

/// A block id that is absent, not empty, in a vote for nil (trap 4).
const BlockId* canonical(const BlockId& id) {
    return id.is_zero() ? nullptr : &id;
}

struct CanonicalVote {
    SignedMsgType type{};
    std::int64_t height = 0;
    std::int64_t round = 0;
    const BlockId* block_id = nullptr;
    Timestamp timestamp;
    BytesView chain_id;
};

struct CanonicalProposal {
    SignedMsgType type{};
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::int64_t pol_round = 0;  // a plain varint, unlike the two above (trap 5)
    const BlockId* block_id = nullptr;
    Timestamp timestamp;
    BytesView chain_id;
};

struct CanonicalVoteExtension {
    BytesView extension;
    std::int64_t height = 0;
    std::int64_t round = 0;
    BytesView chain_id;
};

}  // namespace
}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::CanonicalVote> {
    using Canonical = types::CanonicalVote;
    static constexpr std::string_view name = "CanonicalVote";
    static constexpr auto fields = std::tuple{
        field<1>("type", &Canonical::type),           fixed<2>("height", &Canonical::height),
        fixed<3>("round", &Canonical::round),         field<4>("block_id", &Canonical::block_id),
        field<5>("timestamp", &Canonical::timestamp), field<6>("chain_id", &Canonical::chain_id)};
};

template <>
struct Described<types::CanonicalProposal> {
    using Canonical = types::CanonicalProposal;
    static constexpr std::string_view name = "CanonicalProposal";
    static constexpr auto fields = std::tuple{
        field<1>("type", &Canonical::type),         fixed<2>("height", &Canonical::height),
        fixed<3>("round", &Canonical::round),       field<4>("pol_round", &Canonical::pol_round),
        field<5>("block_id", &Canonical::block_id), field<6>("timestamp", &Canonical::timestamp),
        field<7>("chain_id", &Canonical::chain_id)};
};

template <>
struct Described<types::CanonicalVoteExtension> {
    using Canonical = types::CanonicalVoteExtension;
    static constexpr std::string_view name = "CanonicalVoteExtension";
    static constexpr auto fields = std::tuple{
        field<1>("extension", &Canonical::extension), fixed<2>("height", &Canonical::height),
        fixed<3>("round", &Canonical::round), field<4>("chain_id", &Canonical::chain_id)};
};

}  // namespace tandem::wire

namespace tandem::types {
namespace {

/// Where extensions may stand: only in a precommit for a block, and never without a signature.
Verdict validate_extension(const Vote& vote) {
    if (vote.type != SignedMsgType::precommit || vote.block_id.is_zero()) {
        if (!vote.extension.empty())
            return refuse("extension", "only a precommit for a block may carry an extension");
        if (!vote.extension_signature.empty())
            return refuse("extension_signature",
                          "only a precommit for a block may carry an extension signature");
        return {};
    }
    if (vote.extension_signature.size() > signature_bytes_max)
        return refuse("extension_signature", "the extension signature is too long");
    if (vote.extension_signature.empty() && !vote.extension.empty())
        return refuse("extension_signature", "the extension has no signature");
    return {};
}

}  // namespace

Bytes sign_bytes(std::string_view chain_id, const Vote& vote) {
    return wire::encode_delimited(CanonicalVote{vote.type, vote.height, vote.round,
                                                canonical(vote.block_id), vote.timestamp,
                                                base::as_bytes(chain_id)});
}

Bytes extension_sign_bytes(std::string_view chain_id, const Vote& vote) {
    return wire::encode_delimited(
        CanonicalVoteExtension{vote.extension, vote.height, vote.round, base::as_bytes(chain_id)});
}

Bytes sign_bytes(std::string_view chain_id, const Proposal& proposal) {
    return wire::encode_delimited(CanonicalProposal{
        SignedMsgType::proposal, proposal.height, proposal.round, proposal.pol_round,
        canonical(proposal.block_id), proposal.timestamp, base::as_bytes(chain_id)});
}

Verdict check_decoded(const Vote& vote) {
    return within("block_id", validate_basic(vote.block_id));
}

Verdict validate_basic(const Vote& vote) {
    if (vote.type != SignedMsgType::prevote && vote.type != SignedMsgType::precommit)
        return refuse("type", fmt::format("{} is neither a prevote nor a precommit",
                                          static_cast<std::int32_t>(vote.type)));
    if (vote.height <= 0) return refuse("height", fmt::format("{} is not positive", vote.height));
    if (vote.round < 0) return refuse("round", fmt::format("{} is negative", vote.round));
    TANDEM_TRY(within("block_id", validate_basic(vote.block_id)));
    if (!vote.block_id.is_zero() && !vote.block_id.is_complete())
        return refuse("block_id", "names neither a block and its parts nor nil");
    if (vote.validator_address.size() != address_bytes)
        return refuse("validator_address",
                      fmt::format("has {} bytes instead of {}", vote.validator_address.size(),
                                  address_bytes));
    if (vote.validator_index < 0)
        return refuse("validator_index", fmt::format("{} is negative", vote.validator_index));
    TANDEM_TRY(validate_signature_length("signature", vote.signature));
    return validate_extension(vote);
}

Verdict ensure_extension(const Vote& vote) {
    if (vote.type != SignedMsgType::precommit || vote.block_id.is_zero()) return {};
    if (!vote.extension_signature.empty()) return {};
    return refuse("extension_signature", "a precommit for a block lacks its extension signature");
}

Verdict check_decoded(const Proposal& proposal) {
    return validate_basic(proposal);
}

Verdict validate_basic(const Proposal& proposal) {
    if (proposal.type != SignedMsgType::proposal)
        return refuse(
            "type", fmt::format("{} is not a proposal", static_cast<std::int32_t>(proposal.type)));
    if (proposal.height < 0)
        return refuse("height", fmt::format("{} is negative", proposal.height));
    if (proposal.round < 0) return refuse("round", fmt::format("{} is negative", proposal.round));
    if (proposal.pol_round < -1)
        return refuse("pol_round", fmt::format("{} is below -1", proposal.pol_round));
    TANDEM_TRY(within("block_id", validate_basic(proposal.block_id)));
    if (!proposal.block_id.is_complete())
        return refuse("block_id", "does not name a block and its parts");
    return validate_signature_length("signature", proposal.signature);
}

Verdict validate_block_size(const Proposal& proposal, std::int64_t max_bytes) {
    const std::int64_t limit = max_bytes == -1 ? block_bytes_max : max_bytes;
    const std::int64_t parts_max = (limit - 1) / part_bytes + 1;
    const std::int64_t parts = proposal.block_id.part_set_header.total;
    if (parts > parts_max)
        return refuse("block_id.part_set_header.total",
                      fmt::format("{} parts are more than the {} that {} bytes need", parts,
                                  parts_max, limit));
    return {};
}

}  // namespace tandem::types
