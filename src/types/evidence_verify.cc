#include "types/evidence_verify.h"

#include <algorithm>
#include <fmt/format.h>

namespace tandem::types {
namespace {

/// Share of the common height's power that an attack from there must show.
constexpr TrustLevel common_share{1, 3};

const Header& header_of(const SignedHeader& header) {
    return *header.header;
}

const Header& conflicting_header(const LightClientAttackEvidence& evidence) {
    return *evidence.conflicting_block->signed_header->header;
}

const Commit& conflicting_commit(const LightClientAttackEvidence& evidence) {
    return *evidence.conflicting_block->signed_header->commit;
}

/// What the chain determines in a header is not what it determined in ours.
bool is_lunatic(const Header& conflicting, const Header& trusted) {
    return conflicting.validators_hash != trusted.validators_hash ||
           conflicting.next_validators_hash != trusted.next_validators_hash ||
           conflicting.consensus_hash != trusted.consensus_hash ||
           conflicting.app_hash != trusted.app_hash ||
           conflicting.last_results_hash != trusted.last_results_hash;
}

/// Who signed the block and is in the set, once for each time that he did.
std::vector<Validator> signers_within(const Commit& commit, const ValidatorSet& set) {
    std::vector<Validator> signers;
    for (const CommitSig& entry : commit.signatures) {
        if (entry.block_id_flag != BlockIdFlag::commit) continue;
        if (const Validator* validator = set.find(entry.validator_address); validator != nullptr)
            signers.push_back(*validator);
    }
    return signers;
}

/// Who signed both blocks; the sets are the same, so places are, too.
std::vector<Validator> signers_of_both(const Commit& conflicting, const Commit& trusted,
                                       const ValidatorSet& set) {
    std::vector<Validator> signers;
    const std::size_t count = std::min(conflicting.signatures.size(), trusted.signatures.size());
    for (std::size_t i = 0; i < count; ++i) {
        const CommitSig& entry = conflicting.signatures[i];
        if (entry.block_id_flag != BlockIdFlag::commit ||
            trusted.signatures[i].block_id_flag != BlockIdFlag::commit)
            continue;
        if (const Validator* validator = set.find(entry.validator_address); validator != nullptr)
            signers.push_back(*validator);
    }
    return signers;
}

Verdict check_signed(const LightClientAttackEvidence& evidence, const SignedHeader& common,
                     const SignedHeader& trusted, const ValidatorSet& common_validators,
                     const ValidatorSet& conflicting_validators, const crypto::Verifier& verifier) {
    const Header& header = conflicting_header(evidence);
    const Commit& commit = conflicting_commit(evidence);
    const std::string_view chain_id = header_of(trusted).chain_id;
    if (header_of(common).height != header.height) {
        TANDEM_TRY(within("common_validators",
                          verify_commit_trusting(common_validators, chain_id, commit, common_share,
                                                 /*all_signatures=*/true, verifier)));
    } else if (is_lunatic(header, header_of(trusted))) {
        return refuse("conflicting_block",
                      "is of the common height, yet does not follow from the chain");
    }
    return within("conflicting_block",
                  verify_commit(conflicting_validators, chain_id, commit.block_id, header.height,
                                commit, verifier, CommitCheck::light_all_signatures));
}

Verdict check_contradiction(const Header& conflicting, const Header& trusted) {
    if (conflicting.height > trusted.height && conflicting.time > trusted.time)
        return refuse("conflicting_block.time",
                      "is after that of our latest block, which it does not contradict");
    if (hash_of(conflicting) == hash_of(trusted))
        return refuse("conflicting_block.hash", "is our own block's");
    return {};
}

Verdict check_byzantine(std::span<const Validator> named, std::span<const Validator> guilty) {
    if (guilty.empty()) return refuse("byzantine_validators", "nobody can be named guilty");
    if (named.size() != guilty.size())
        return refuse("byzantine_validators",
                      fmt::format("{} are named, {} are guilty", named.size(), guilty.size()));
    for (std::size_t i = 0; i < named.size(); ++i) {
        if (named[i].address != guilty[i].address)
            return refuse("byzantine_validators.address",
                          fmt::format("entry {} is not whom the signatures show", i));
        if (crypto::address(named[i].pub_key) != named[i].address)
            return refuse("byzantine_validators.pub_key",
                          fmt::format("entry {} has the key of another address", i));
        if (named[i].voting_power != guilty[i].voting_power)
            return refuse("byzantine_validators.voting_power",
                          fmt::format("entry {} has {} instead of {}", i, named[i].voting_power,
                                      guilty[i].voting_power));
    }
    return {};
}

Result<SignedHeader> signed_header_at(const EvidenceView& view, std::int64_t height) {
    const auto header = view.header(height);
    const auto commit = view.commit(height);
    if (!header || !commit)
        return refuse("height", fmt::format("we have no header and commit of {}", height));
    return SignedHeader{*header, *commit};
}

/// Our header of the conflicting height, or our latest one if the attack lies ahead of us.
Result<SignedHeader> trusted_header_for(const Header& conflicting, const EvidenceView& view) {
    if (auto at_height = signed_header_at(view, conflicting.height)) return at_height;
    auto latest = signed_header_at(view, view.latest_height());
    if (latest && header_of(*latest).time < conflicting.time)
        return refuse("conflicting_block.time", "is after that of our latest block");
    return latest;
}

Verdict verify_by_kind(const DuplicateVoteEvidence& evidence, const EvidenceContext& context,
                       const EvidenceView& view, const crypto::Verifier& verifier) {
    const auto validators = view.validators(evidence.vote_a->height);
    if (!validators) return refuse("height", "we have no validators of that height");
    return verify_duplicate_vote(evidence, context.chain_id, *validators, verifier);
}

Verdict verify_by_kind(const LightClientAttackEvidence& evidence, const EvidenceView& view,
                       const crypto::Verifier& verifier) {
    const auto common = signed_header_at(view, evidence.common_height);
    if (!common) return std::unexpected(common.error());
    const auto validators = view.validators(evidence.common_height);
    if (!validators) return refuse("height", "we have no validators of that height");
    const Header& conflicting = conflicting_header(evidence);
    const auto trusted = conflicting.height == evidence.common_height
                             ? common
                             : trusted_header_for(conflicting, view);
    if (!trusted) return std::unexpected(trusted.error());
    return verify_light_attack(evidence, *common, *trusted, *validators, verifier);
}

}  // namespace

Verdict verify_duplicate_vote(const DuplicateVoteEvidence& evidence, std::string_view chain_id,
                              const ValidatorSet& validators, const crypto::Verifier& verifier) {
    const Vote& a = *evidence.vote_a;
    const Vote& b = *evidence.vote_b;
    const Validator* validator = validators.find(a.validator_address);
    if (validator == nullptr)
        return refuse("validator_address", "is no validator of the votes' height");
    if (a.height != b.height || a.round != b.round || a.type != b.type)
        return refuse("vote", "they are of different heights, rounds or types");
    if (a.validator_address != b.validator_address)
        return refuse("validator_address", "the votes are of two validators");
    if (a.block_id == b.block_id) return refuse("block_id", "both votes are for the same block");
    if (evidence.validator_power != validator->voting_power)
        return refuse("validator_power", fmt::format("{} instead of {}", evidence.validator_power,
                                                     validator->voting_power));
    if (evidence.total_voting_power != validators.total_voting_power())
        return refuse("total_voting_power",
                      fmt::format("{} instead of {}", evidence.total_voting_power,
                                  validators.total_voting_power()));
    if (!verifier.verify(validator->pub_key, sign_bytes(chain_id, a), a.signature))
        return refuse("vote_a.signature", "does not verify");
    if (!verifier.verify(validator->pub_key, sign_bytes(chain_id, b), b.signature))
        return refuse("vote_b.signature", "does not verify");
    return {};
}

std::vector<Validator> byzantine_validators(const LightClientAttackEvidence& evidence,
                                            const SignedHeader& trusted,
                                            const ValidatorSet& common_validators) {
    const Commit& commit = conflicting_commit(evidence);
    std::vector<Validator> guilty;
    if (is_lunatic(conflicting_header(evidence), header_of(trusted))) {
        guilty = signers_within(commit, common_validators);
    } else if (commit.round == trusted.commit->round) {
        const auto set = ValidatorSet::from_message(*evidence.conflicting_block->validator_set);
        if (set) guilty = signers_of_both(commit, *trusted.commit, *set);
    }
    std::ranges::sort(guilty, [](const Validator& a, const Validator& b) {
        if (a.voting_power != b.voting_power) return a.voting_power > b.voting_power;
        return a.address < b.address;
    });
    return guilty;
}

Verdict verify_light_attack(const LightClientAttackEvidence& evidence, const SignedHeader& common,
                            const SignedHeader& trusted, const ValidatorSet& common_validators,
                            const crypto::Verifier& verifier) {
    const auto conflicting_validators =
        ValidatorSet::from_message(*evidence.conflicting_block->validator_set);
    if (!conflicting_validators) return std::unexpected(conflicting_validators.error());
    TANDEM_TRY(check_signed(evidence, common, trusted, common_validators, *conflicting_validators,
                            verifier));
    if (evidence.total_voting_power != common_validators.total_voting_power())
        return refuse("total_voting_power",
                      fmt::format("{} instead of {}", evidence.total_voting_power,
                                  common_validators.total_voting_power()));
    TANDEM_TRY(check_contradiction(conflicting_header(evidence), header_of(trusted)));
    return check_byzantine(evidence.byzantine_validators,
                           byzantine_validators(evidence, trusted, common_validators));
}

bool has_expired(std::int64_t height_now, Timestamp time_now, std::int64_t evidence_height,
                 Timestamp evidence_time, const EvidenceParams& params) {
    return wire::difference(time_now, evidence_time) > params.max_age_duration &&
           height_now - evidence_height > params.max_age_num_blocks;
}

Result<DuplicateVoteEvidence> make_duplicate_vote(const Vote& vote_1, const Vote& vote_2,
                                                  Timestamp block_time,
                                                  const ValidatorSet& validators) {
    const Validator* validator = validators.find(vote_1.validator_address);
    if (validator == nullptr) return refuse("validator_address", "is not in the validator set");
    const bool in_order = base::compare(key_of(vote_1.block_id), key_of(vote_2.block_id)) < 0;
    return DuplicateVoteEvidence{in_order ? vote_1 : vote_2, in_order ? vote_2 : vote_1,
                                 validators.total_voting_power(), validator->voting_power,
                                 block_time};
}

Result<LightClientAttackEvidence> make_light_attack(const LightBlock& conflicting,
                                                    const LightBlock& trusted,
                                                    const LightBlock& common) {
    LightClientAttackEvidence evidence;
    evidence.conflicting_block = conflicting;
    // Of a header that could follow from the chain, the height itself is common.
    const bool lunatic =
        is_lunatic(conflicting_header(evidence), header_of(*trusted.signed_header));
    const LightBlock& base = lunatic ? common : trusted;
    const auto validators = ValidatorSet::from_message(*base.validator_set);
    if (!validators) return std::unexpected(validators.error());
    evidence.common_height = base.signed_header->header->height;
    evidence.timestamp = base.signed_header->header->time;
    evidence.total_voting_power = validators->total_voting_power();
    evidence.byzantine_validators =
        byzantine_validators(evidence, *trusted.signed_header, *validators);
    return evidence;
}

Verdict verify_evidence(const Evidence& evidence, const EvidenceContext& context,
                        const EvidenceView& view, const crypto::Verifier& verifier) {
    const auto header = view.header(evidence.height());
    if (!header) return refuse("height", fmt::format("we have no header of {}", evidence.height()));
    if (evidence.time() != header->time)
        return refuse("timestamp", "is not that of the block at the evidence's height");
    if (has_expired(context.last_block_height, context.last_block_time, evidence.height(),
                    header->time, context.params))
        return refuse("age", "is beyond what the parameters allow, in blocks and in time");
    if (const auto* duplicate = evidence.duplicate_vote())
        return verify_by_kind(*duplicate, context, view, verifier);
    if (const auto* attack = evidence.light_client_attack())
        return verify_by_kind(*attack, view, verifier);
    return refuse("sum", "the evidence is of no known kind");
}

Verdict verify_evidence_list(std::span<const Evidence> list, const EvidenceContext& context,
                             const EvidenceView& view, const crypto::Verifier& verifier) {
    std::vector<Hash> hashes;
    hashes.reserve(list.size());
    for (const Evidence& evidence : list) {
        if (evidence.light_client_attack() != nullptr || !view.is_pending(evidence)) {
            if (view.is_committed(evidence)) return refuse("committed", "it was committed before");
            TANDEM_TRY(verify_evidence(evidence, context, view, verifier));
        }
        Hash hash = hash_of(evidence);
        if (std::ranges::find(hashes, hash) != hashes.end())
            return refuse("duplicate", "the same evidence stands there twice");
        hashes.push_back(std::move(hash));
    }
    return {};
}

}  // namespace tandem::types
