// What the tests, fuzz targets and benchmarks of signed things share: keys made from numbers, sets
// of their holders, and votes, commits and headers that they signed.
#pragma once
#include <array>
#include <vector>

#include "crypto/ed25519.h"
#include "crypto/verifier.h"
#include "types/hashing.h"
#include "types/light_block.h"
#include "types/validator_set.h"

namespace tandem::types::testing {

inline constexpr std::string_view chain_id = "test-chain";
inline constexpr Timestamp start_time{1'700'000'000, 123'456'789};

[[nodiscard]] inline Timestamp seconds_later(Timestamp time, std::int64_t seconds) {
    return {time.seconds + seconds, time.nanos};
}

/// The same number gives the same key.
[[nodiscard]] inline crypto::Ed25519PrivateKey key_from(std::uint32_t number) {
    const auto low = static_cast<std::uint8_t>(number);
    const auto high = static_cast<std::uint8_t>(number >> 8);
    return crypto::Ed25519PrivateKey::from_seed(
        crypto::sha256(std::array<std::uint8_t, 3>{'k', low, high}));
}

[[nodiscard]] inline PublicKey public_key_of(const crypto::Ed25519PrivateKey& key) {
    const crypto::Ed25519PublicKey bytes = key.public_key();
    return {crypto::KeyType::ed25519, {bytes.begin(), bytes.end()}};
}

[[nodiscard]] inline PublicKey public_key_from(std::uint32_t number) {
    return public_key_of(key_from(number));
}

[[nodiscard]] inline Hash hash_from(std::string_view text) {
    return to_hash(crypto::sha256(base::as_bytes(text)));
}

[[nodiscard]] inline BlockId block_id_from(std::string_view text) {
    return {hash_from(text), {1, hash_from(std::string(text) + " parts")}};
}

/// A validator set and the keys of its members, in set order.
struct Signers {
    ValidatorSet set;
    std::vector<crypto::Ed25519PrivateKey> keys;

    [[nodiscard]] std::shared_ptr<const ValidatorSet> shared() const {
        return std::make_shared<const ValidatorSet>(set);
    }
};

/// Key number first + i has powers[i].
[[nodiscard]] inline Signers make_signers(std::span<const std::int64_t> powers,
                                          std::uint32_t first = 0) {
    std::vector<ValidatorChange> changes;
    changes.reserve(powers.size());
    for (std::uint32_t i = 0; i < powers.size(); ++i)
        changes.push_back({public_key_from(first + i), powers[i]});
    Signers signers{ValidatorSet::make(changes).value(), {}};
    for (const Validator& validator : signers.set.validators()) {
        std::uint32_t number = first;
        while (public_key_from(number) != validator.pub_key) ++number;
        signers.keys.push_back(key_from(number));
    }
    return signers;
}

[[nodiscard]] inline Signers make_signers(std::initializer_list<std::int64_t> powers,
                                          std::uint32_t first = 0) {
    return make_signers(std::span(powers.begin(), powers.size()), first);
}

[[nodiscard]] inline Signature sign(const crypto::Ed25519PrivateKey& key, BytesView text) {
    const crypto::Ed25519Signature signature = key.sign(text);
    return {signature.begin(), signature.end()};
}

/// A precommit of height 10 and round 1 by the validator at `index`; change and sign again at will.
[[nodiscard]] inline Vote make_vote(const Signers& signers, std::size_t index,
                                    const BlockId& block_id,
                                    SignedMsgType type = SignedMsgType::precommit) {
    Vote vote;
    vote.type = type;
    vote.height = 10;
    vote.round = 1;
    vote.block_id = block_id;
    vote.timestamp = seconds_later(start_time, static_cast<std::int64_t>(index));
    vote.validator_address = signers.set.validators()[index].address;
    vote.validator_index = static_cast<std::int32_t>(index);
    vote.signature = sign(signers.keys[index], sign_bytes(chain_id, vote));
    return vote;
}

/// Everybody's precommit for the block, with flags to follow: 2 for the block, 3 for nil, else
/// absent. Fewer flags than validators: the rest is for the block.
[[nodiscard]] inline Commit make_commit(const Signers& signers, const BlockId& block_id,
                                        std::int64_t height,
                                        std::span<const std::uint8_t> flags = {},
                                        Timestamp time = start_time) {
    Commit commit{height, 1, block_id, {}};
    for (std::size_t i = 0; i < signers.set.size(); ++i) {
        const std::uint8_t flag = i < flags.size() ? flags[i] : 2;
        commit.signatures.push_back(CommitSig::absent());
        if (flag != 2 && flag != 3) continue;
        CommitSig& entry = commit.signatures.back();
        entry.block_id_flag = static_cast<BlockIdFlag>(flag);
        entry.validator_address = signers.set.validators()[i].address;
        entry.timestamp = {time.seconds, static_cast<std::int32_t>(1'000'000 * i + 1)};
        entry.signature = sign(signers.keys[i], vote_sign_bytes(chain_id, commit, i));
    }
    return commit;
}

/// A header whose time is `height` times ten seconds after the start.
[[nodiscard]] inline Header make_header(std::int64_t height, const ValidatorSet& validators,
                                        const ValidatorSet& next_validators) {
    Header header;
    header.version = {block_protocol, 1};
    header.chain_id = chain_id;
    header.height = height;
    header.time = seconds_later(start_time, 10 * height);
    header.last_block_id = block_id_from("block " + std::to_string(height - 1));
    header.last_commit_hash = hash_from("last commit");
    header.data_hash = hash_from("data");
    header.validators_hash = validators.hash();
    header.next_validators_hash = next_validators.hash();
    header.consensus_hash = hash_from("params");
    header.app_hash = hash_from("app");
    header.last_results_hash = hash_from("results");
    header.evidence_hash = hash_from("evidence");
    header.proposer_address = validators.proposer().address;
    return header;
}

[[nodiscard]] inline SignedHeader sign_header(Header header, const Signers& signers,
                                              std::span<const std::uint8_t> flags = {}) {
    const BlockId id{hash_of(header), {1, hash_from("parts")}};
    const std::int64_t height = header.height;
    const Timestamp time = seconds_later(header.time, 1);
    return {std::move(header), make_commit(signers, id, height, flags, time)};
}

/// Counts the signatures it checks, and checks them one at a time.
class CountingVerifier final : public crypto::Verifier {
  public:
    bool verify(const PublicKey& key, BytesView message, BytesView signature) const override {
        ++count_;
        return crypto::verify(key, message, signature);
    }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

  private:
    mutable std::size_t count_ = 0;
};

}  // namespace tandem::types::testing
