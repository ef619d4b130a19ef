#include "types/evidence.h"

#include <fmt/format.h>

#include "crypto/merkle.h"
#include "types/hashing.h"

namespace tandem::types {
namespace {

Bytes zigzag_varint(std::int64_t value) {
    const auto folded =
        (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    Bytes out(wire::varint_size(folded));
    wire::BackwardWriter writer(out);
    writer.write_varint(folded);
    return out;
}

Hash conflicting_header_hash(const LightClientAttackEvidence& attack) {
    if (!attack.conflicting_block || !attack.conflicting_block->signed_header) return {};
    const SignedHeader& header = *attack.conflicting_block->signed_header;
    return header.header ? hash_of(*header.header) : Hash{};
}

/// CometBFT means to hash header hash and height, but leaves out the last byte of the hash.
Hash attack_hash(const LightClientAttackEvidence& attack) {
    Bytes preimage(hash_bytes);
    const Hash header = conflicting_header_hash(attack);
    std::copy_n(header.begin(), std::min(header.size(), hash_bytes - 1), preimage.begin());
    base::append(preimage, zigzag_varint(attack.common_height));
    return to_hash(crypto::sha256(preimage));
}

}  // namespace

const DuplicateVoteEvidence* Evidence::duplicate_vote() const {
    const auto* member = std::get_if<1>(&sum);
    return member != nullptr && *member ? &**member : nullptr;
}

const LightClientAttackEvidence* Evidence::light_client_attack() const {
    const auto* member = std::get_if<2>(&sum);
    return member != nullptr && *member ? &**member : nullptr;
}

std::int64_t Evidence::height() const {
    if (const auto* duplicate = duplicate_vote())
        return duplicate->vote_a ? duplicate->vote_a->height : 0;
    if (const auto* attack = light_client_attack()) return attack->common_height;
    return 0;
}

Timestamp Evidence::time() const {
    if (const auto* duplicate = duplicate_vote()) return duplicate->timestamp;
    if (const auto* attack = light_client_attack()) return attack->timestamp;
    return {};
}

Bytes inner_bytes(const Evidence& evidence) {
    if (const auto* duplicate = evidence.duplicate_vote()) return wire::encode(*duplicate);
    if (const auto* attack = evidence.light_client_attack()) return wire::encode(*attack);
    return {};
}

Hash hash_of(const Evidence& evidence) {
    if (const auto* attack = evidence.light_client_attack()) return attack_hash(*attack);
    return to_hash(crypto::sha256(inner_bytes(evidence)));
}

Hash hash_of(const EvidenceList& list) {
    crypto::MerkleRoot root;
    for (const Evidence& evidence : list.evidence) root.add(inner_bytes(evidence));
    return to_hash(root.root());
}

Verdict check_decoded(DuplicateVoteEvidence& evidence) {
    if (evidence.vote_a) TANDEM_TRY(within("vote_a", check_decoded(*evidence.vote_a)));
    if (evidence.vote_b) TANDEM_TRY(within("vote_b", check_decoded(*evidence.vote_b)));
    return validate_basic(evidence);
}

Verdict check_decoded(LightClientAttackEvidence& evidence) {
    if (evidence.conflicting_block)
        TANDEM_TRY(within("conflicting_block", check_decoded(*evidence.conflicting_block)));
    for (const Validator& validator : evidence.byzantine_validators)
        TANDEM_TRY(within("byzantine_validators", check_decoded(validator)));
    return validate_basic(evidence);
}

Verdict check_decoded(Evidence& evidence) {
    if (auto* duplicate = std::get_if<1>(&evidence.sum)) return check_decoded(**duplicate);
    if (auto* attack = std::get_if<2>(&evidence.sum)) return check_decoded(**attack);
    return refuse("sum", "the evidence is of no known kind");
}

Verdict check_decoded(EvidenceList& list) {
    for (Evidence& evidence : list.evidence)
        TANDEM_TRY(within("evidence", check_decoded(evidence)));
    return {};
}

Verdict validate_basic(const DuplicateVoteEvidence& evidence) {
    if (!evidence.vote_a || !evidence.vote_b) return refuse("vote", "a vote is missing");
    TANDEM_TRY(within("vote_a", validate_basic(*evidence.vote_a)));
    TANDEM_TRY(within("vote_b", validate_basic(*evidence.vote_b)));
    if (base::compare(key_of(evidence.vote_a->block_id), key_of(evidence.vote_b->block_id)) >= 0)
        return refuse("vote", "the votes are not in ascending order of their block ids");
    return {};
}

Verdict validate_basic(const LightClientAttackEvidence& evidence) {
    if (!evidence.conflicting_block) return refuse("conflicting_block", "is missing");
    const LightBlock& block = *evidence.conflicting_block;
    if (!block.signed_header || !block.signed_header->header)
        return refuse("conflicting_block.signed_header", "the header is missing");
    const Header& header = *block.signed_header->header;
    if (evidence.total_voting_power <= 0) return refuse("total_voting_power", "is not positive");
    if (evidence.common_height <= 0) return refuse("common_height", "is not positive");
    if (evidence.common_height > header.height)
        return refuse("common_height", fmt::format("{} is above the conflicting height {}",
                                                   evidence.common_height, header.height));
    return within("conflicting_block", validate_basic(block, header.chain_id));
}

Verdict validate_basic(const Evidence& evidence) {
    if (const auto* duplicate = evidence.duplicate_vote()) return validate_basic(*duplicate);
    if (const auto* attack = evidence.light_client_attack()) return validate_basic(*attack);
    return refuse("sum", "the evidence is of no known kind");
}

}  // namespace tandem::types
