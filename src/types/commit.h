// Commits: the precommits that decided a block, as the next block carries them.
#pragma once
#include "types/vote.h"

namespace tandem::types {

struct CommitSig {
    BlockIdFlag block_id_flag = BlockIdFlag::unknown;
    Address validator_address;  // empty when absent
    Timestamp timestamp;        // year 1 when absent
    Signature signature;        // empty when absent

    bool operator==(const CommitSig&) const = default;
    [[nodiscard]] static CommitSig absent() {
        return {BlockIdFlag::absent, Address{}, Timestamp{}, Signature{}};
    }
};

struct Commit {
    std::int64_t height = 0;
    std::int32_t round = 0;
    BlockId block_id;
    std::vector<CommitSig> signatures;  // one per validator of `height`, in set order

    bool operator==(const Commit&) const = default;
};

struct ExtendedCommitSig {
    BlockIdFlag block_id_flag = BlockIdFlag::unknown;
    Address validator_address;
    Timestamp timestamp;
    Signature signature;
    Bytes extension;
    Signature extension_signature;

    bool operator==(const ExtendedCommitSig&) const = default;
    [[nodiscard]] CommitSig without_extension() const {
        return {block_id_flag, validator_address, timestamp, signature};
    }
};

struct ExtendedCommit {
    std::int64_t height = 0;
    std::int32_t round = 0;
    BlockId block_id;
    std::vector<ExtendedCommitSig> extended_signatures;

    bool operator==(const ExtendedCommit&) const = default;
    [[nodiscard]] Commit without_extensions() const;
};

/// Merkle root over the encoded signatures; height, round and block id are not covered.
[[nodiscard]] Hash hash_of(const Commit& commit);

/// What entry `index` voted for: the commit's block id, or the zero one for nil.
[[nodiscard]] const BlockId& voted_block(const Commit& commit, std::size_t index);
/// The precommit behind entry `index`, and what its signature covers.
/// REQUIRES: index < signatures.size(), and the entry is not absent.
[[nodiscard]] Vote vote_of(const Commit& commit, std::size_t index);
[[nodiscard]] Vote vote_of(const ExtendedCommit& commit, std::size_t index);
[[nodiscard]] Bytes vote_sign_bytes(std::string_view chain_id, const Commit& commit,
                                    std::size_t index);

/// The checks that belong to reading: also cuts a block_id_flag to 8 bits, as CometBFT does.
[[nodiscard]] Verdict check_decoded(CommitSig& signature);
[[nodiscard]] Verdict check_decoded(Commit& commit);
[[nodiscard]] Verdict check_decoded(ExtendedCommitSig& signature);
[[nodiscard]] Verdict check_decoded(ExtendedCommit& commit);

[[nodiscard]] Verdict validate_basic(const CommitSig& signature);
[[nodiscard]] Verdict validate_basic(const Commit& commit);
[[nodiscard]] Verdict validate_basic(const ExtendedCommitSig& signature);
[[nodiscard]] Verdict validate_basic(const ExtendedCommit& commit);
/// Extensions are there where `enabled` wants them, and nowhere else.
[[nodiscard]] Verdict ensure_extensions(const ExtendedCommit& commit, bool enabled);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::CommitSig> {
    using CommitSig = types::CommitSig;
    static constexpr std::string_view name = "CommitSig";
    static constexpr auto fields = std::tuple{
        field<1>("block_id_flag", &CommitSig::block_id_flag),
        field<2>("validator_address", &CommitSig::validator_address),
        field<3>("timestamp", &CommitSig::timestamp), field<4>("signature", &CommitSig::signature)};
};

template <>
struct Described<types::Commit> {
    using Commit = types::Commit;
    static constexpr std::string_view name = "Commit";
    static constexpr auto fields = std::tuple{
        field<1>("height", &Commit::height), field<2>("round", &Commit::round),
        field<3>("block_id", &Commit::block_id), field<4>("signatures", &Commit::signatures)};
};

template <>
struct Described<types::ExtendedCommitSig> {
    using ExtendedCommitSig = types::ExtendedCommitSig;
    static constexpr std::string_view name = "ExtendedCommitSig";
    static constexpr auto fields =
        std::tuple{field<1>("block_id_flag", &ExtendedCommitSig::block_id_flag),
                   field<2>("validator_address", &ExtendedCommitSig::validator_address),
                   field<3>("timestamp", &ExtendedCommitSig::timestamp),
                   field<4>("signature", &ExtendedCommitSig::signature),
                   field<5>("extension", &ExtendedCommitSig::extension),
                   field<6>("extension_signature", &ExtendedCommitSig::extension_signature)};
};

template <>
struct Described<types::ExtendedCommit> {
    using ExtendedCommit = types::ExtendedCommit;
    static constexpr std::string_view name = "ExtendedCommit";
    static constexpr auto fields = std::tuple{
        field<1>("height", &ExtendedCommit::height), field<2>("round", &ExtendedCommit::round),
        field<3>("block_id", &ExtendedCommit::block_id),
        field<4>("extended_signatures", &ExtendedCommit::extended_signatures)};
};

}  // namespace tandem::wire
