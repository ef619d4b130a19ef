#include "types/commit.h"

#include <fmt/format.h>

#include "crypto/merkle.h"
#include "types/hashing.h"

namespace tandem::types {
namespace {

const BlockId zero_block_id;

/// CometBFT keeps the flag in one byte.
void cut_flag(BlockIdFlag& flag) {
    flag = static_cast<BlockIdFlag>(static_cast<std::uint32_t>(flag) & 0xff);
}

/// The rules that both kinds of commit share; `check_signature` validates entry i.
template <typename CommitLike, typename Signatures>
Verdict validate_commit(const CommitLike& commit, const Signatures& signatures) {
    if (commit.height < 0) return refuse("height", fmt::format("{} is negative", commit.height));
    if (commit.round < 0) return refuse("round", fmt::format("{} is negative", commit.round));
    if (commit.height == 0) return {};
    if (commit.block_id.is_zero()) return refuse("block_id", "a commit cannot be for nil");
    if (signatures.empty()) return refuse("signatures", "there are none");
    for (const auto& signature : signatures)
        TANDEM_TRY(within("signatures", validate_basic(signature)));
    return {};
}

template <typename CommitLike, typename Signatures>
Verdict check_decoded_commit(CommitLike& commit, Signatures& signatures) {
    TANDEM_TRY(within("block_id", validate_basic(commit.block_id)));
    for (auto& signature : signatures) TANDEM_TRY(within("signatures", check_decoded(signature)));
    return validate_basic(commit);
}

template <typename CommitLike, typename Sig>
Vote vote_of_entry(const CommitLike& commit, const Sig& signature, std::size_t index) {
    TANDEM_CHECK(signature.block_id_flag != BlockIdFlag::absent);
    Vote vote;
    vote.type = SignedMsgType::precommit;
    vote.height = commit.height;
    vote.round = commit.round;
    if (signature.block_id_flag == BlockIdFlag::commit) vote.block_id = commit.block_id;
    vote.timestamp = signature.timestamp;
    vote.validator_address = signature.validator_address;
    vote.validator_index = static_cast<std::int32_t>(index);
    vote.signature = signature.signature;
    return vote;
}

}  // namespace

Commit ExtendedCommit::without_extensions() const {
    Commit commit{height, round, block_id, {}};
    commit.signatures.reserve(extended_signatures.size());
    for (const ExtendedCommitSig& signature : extended_signatures)
        commit.signatures.push_back(signature.without_extension());
    return commit;
}

Hash hash_of(const Commit& commit) {
    crypto::MerkleRoot root;
    for (const CommitSig& signature : commit.signatures) root.add(wire::encode(signature));
    return to_hash(root.root());
}

const BlockId& voted_block(const Commit& commit, std::size_t index) {
    return commit.signatures.at(index).block_id_flag == BlockIdFlag::commit ? commit.block_id
                                                                            : zero_block_id;
}

Vote vote_of(const Commit& commit, std::size_t index) {
    return vote_of_entry(commit, commit.signatures.at(index), index);
}

Vote vote_of(const ExtendedCommit& commit, std::size_t index) {
    const ExtendedCommitSig& signature = commit.extended_signatures.at(index);
    Vote vote = vote_of_entry(commit, signature, index);
    vote.extension = signature.extension;
    vote.extension_signature = signature.extension_signature;
    return vote;
}

Bytes vote_sign_bytes(std::string_view chain_id, const Commit& commit, std::size_t index) {
    return sign_bytes(chain_id, vote_of(commit, index));
}

Verdict check_decoded(CommitSig& signature) {
    cut_flag(signature.block_id_flag);
    return validate_basic(signature);
}

Verdict check_decoded(Commit& commit) {
    return check_decoded_commit(commit, commit.signatures);
}

Verdict check_decoded(ExtendedCommitSig& signature) {
    cut_flag(signature.block_id_flag);
    return validate_basic(signature);
}

Verdict check_decoded(ExtendedCommit& commit) {
    return check_decoded_commit(commit, commit.extended_signatures);
}

Verdict validate_basic(const CommitSig& signature) {
    switch (signature.block_id_flag) {
        case BlockIdFlag::absent:
            if (!signature.validator_address.empty())
                return refuse("validator_address", "an absent vote has no address");
            if (!signature.timestamp.is_zero_time())
                return refuse("timestamp", "an absent vote has no time");
            if (!signature.signature.empty())
                return refuse("signature", "an absent vote has no signature");
            return {};
        case BlockIdFlag::commit:
        case BlockIdFlag::nil:
            if (signature.validator_address.size() != address_bytes)
                return refuse("validator_address",
                              fmt::format("has {} bytes instead of {}",
                                          signature.validator_address.size(), address_bytes));
            return validate_signature_length("signature", signature.signature);
        case BlockIdFlag::unknown:
            break;
    }
    return refuse("block_id_flag", fmt::format("{} is none of absent, commit and nil",
                                               static_cast<std::int32_t>(signature.block_id_flag)));
}

Verdict validate_basic(const Commit& commit) {
    return validate_commit(commit, commit.signatures);
}

Verdict validate_basic(const ExtendedCommitSig& signature) {
    TANDEM_TRY(validate_basic(signature.without_extension()));
    if (signature.block_id_flag == BlockIdFlag::commit) {
        if (signature.extension.size() > vote_extension_bytes_max)
            return refuse("extension",
                          fmt::format("has {} bytes, more than {}", signature.extension.size(),
                                      vote_extension_bytes_max));
        if (signature.extension_signature.size() > signature_bytes_max)
            return refuse("extension_signature", "the extension signature is too long");
        return {};
    }
    if (signature.extension_signature.empty() && !signature.extension.empty())
        return refuse("extension_signature", "the extension has no signature");
    return {};
}

Verdict validate_basic(const ExtendedCommit& commit) {
    return validate_commit(commit, commit.extended_signatures);
}

Verdict ensure_extensions(const ExtendedCommit& commit, bool enabled) {
    for (const ExtendedCommitSig& signature : commit.extended_signatures) {
        const bool wanted = enabled && signature.block_id_flag == BlockIdFlag::commit;
        if (wanted && signature.extension_signature.empty())
            return refuse("extension_signature", "a commit vote lacks its extension signature");
        if (!wanted && !(signature.extension.empty() && signature.extension_signature.empty()))
            return refuse("extension", "an extension stands where none may be");
    }
    return {};
}

}  // namespace tandem::types
