#include "types/verify_commit.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

__extension__ using Int128 = __int128;

/// The sign-bytes of the entries of one commit. Only time and block id differ between entries.
class EntrySignBytes {
  public:
    EntrySignBytes(std::string_view chain_id, const Commit& commit) : chain_id_(chain_id) {
        vote_.type = SignedMsgType::precommit;
        vote_.height = commit.height;
        vote_.round = commit.round;
        vote_.block_id = commit.block_id;
        nil_ = vote_;
        nil_.block_id = {};
    }
    [[nodiscard]] Bytes of(const CommitSig& signature) {
        Vote& vote = signature.block_id_flag == BlockIdFlag::commit ? vote_ : nil_;
        vote.timestamp = signature.timestamp;
        return sign_bytes(chain_id_, vote);
    }

  private:
    std::string_view chain_id_;
    Vote vote_;
    Vote nil_;
};

/// Entries whose signatures are to be checked, and the power that counts.
struct Selection {
    std::vector<std::pair<const Validator*, std::size_t>> entries;  // and its place in the commit
    std::int64_t power = 0;
};

Verdict check_signatures(const Selection& selection, std::string_view chain_id,
                         const Commit& commit, const crypto::Verifier& verifier) {
    EntrySignBytes sign_bytes_of(chain_id, commit);
    std::vector<Bytes> texts;
    texts.reserve(selection.entries.size());
    std::vector<crypto::SignedMessage> messages;
    messages.reserve(selection.entries.size());
    for (const auto& [validator, index] : selection.entries) {
        texts.push_back(sign_bytes_of.of(commit.signatures[index]));
        messages.push_back({&validator->pub_key, texts.back(), commit.signatures[index].signature});
    }
    if (verifier.verify_all(messages)) return {};
    for (std::size_t i = 0; i < messages.size(); ++i)
        if (!verifier.verify(*messages[i].key, messages[i].message, messages[i].signature))
            return refuse("signature", fmt::format("that of entry {} does not hold",
                                                   selection.entries[i].second));
    TANDEM_CHECK(false);  // all together fail, each alone holds: the batch is broken
    return {};
}

Verdict check_place(const ValidatorSet& set, const BlockId& id, std::int64_t height,
                    const Commit& commit) {
    if (set.empty()) return refuse("validators", "there are none");
    if (commit.signatures.size() != set.size())
        return refuse("signatures", fmt::format("{} entries for {} validators",
                                                commit.signatures.size(), set.size()));
    if (commit.height != height)
        return refuse("height", fmt::format("{} instead of {}", commit.height, height));
    if (commit.block_id != id) return refuse("block_id", "is another block's");
    return {};
}

Verdict too_little(std::int64_t power, std::int64_t needed) {
    return refuse("power",
                  fmt::format("{} voted for the block, more than {} are needed", power, needed));
}

}  // namespace

Verdict verify_commit(const ValidatorSet& set, std::string_view chain_id, const BlockId& id,
                      std::int64_t height, const Commit& commit, const crypto::Verifier& verifier,
                      CommitCheck check) {
    TANDEM_TRY(check_place(set, id, height, commit));
    const std::int64_t needed = set.total_voting_power() * 2 / 3;
    Selection selection;
    selection.entries.reserve(set.size());
    for (std::size_t i = 0; i < commit.signatures.size(); ++i) {
        const CommitSig& signature = commit.signatures[i];
        const bool for_block = signature.block_id_flag == BlockIdFlag::commit;
        if (check == CommitCheck::full ? signature.block_id_flag == BlockIdFlag::absent
                                       : !for_block)
            continue;
        TANDEM_TRY(within("signatures", validate_basic(signature)));
        const Validator& validator = set.validators()[i];
        if (signature.validator_address != validator.address)
            return refuse("signatures.validator_address",
                          fmt::format("entry {} names another validator", i));
        selection.entries.emplace_back(&validator, i);
        if (for_block) selection.power += validator.voting_power;
        if (check == CommitCheck::light && selection.power > needed) break;
    }
    if (selection.power <= needed) return too_little(selection.power, needed);
    return check_signatures(selection, chain_id, commit, verifier);
}

Verdict verify_commit_extended(const ValidatorSet& set, std::string_view chain_id,
                               const BlockId& id, std::int64_t height, const ExtendedCommit& commit,
                               const crypto::Verifier& verifier) {
    TANDEM_TRY(verify_commit(set, chain_id, id, height, commit.without_extensions(), verifier));
    TANDEM_TRY(ensure_extensions(commit, true));
    for (std::size_t i = 0; i < commit.extended_signatures.size(); ++i) {
        const ExtendedCommitSig& signature = commit.extended_signatures[i];
        if (signature.block_id_flag != BlockIdFlag::commit) continue;
        if (!verifier.verify(set.validators()[i].pub_key,
                             extension_sign_bytes(chain_id, vote_of(commit, i)),
                             signature.extension_signature))
            return refuse("extension_signature", fmt::format("that of entry {} does not hold", i));
    }
    return {};
}

Verdict verify_commit_trusting(const ValidatorSet& trusted, std::string_view chain_id,
                               const Commit& commit, TrustLevel level, bool all_signatures,
                               const crypto::Verifier& verifier) {
    if (trusted.empty()) return refuse("validators", "there are none");
    if (level.denominator <= 0) return refuse("trust_level", "the denominator is not positive");
    const Int128 wanted = static_cast<Int128>(trusted.total_voting_power()) * level.numerator;
    if (wanted > std::numeric_limits<std::int64_t>::max() ||
        wanted < std::numeric_limits<std::int64_t>::min())
        return refuse("trust_level", "the share of the power does not fit 64 bits");
    const auto needed = static_cast<std::int64_t>(wanted / level.denominator);
    Selection selection;
    std::vector<bool> seen(trusted.size());
    for (std::size_t i = 0; i < commit.signatures.size(); ++i) {
        const CommitSig& signature = commit.signatures[i];
        if (signature.block_id_flag != BlockIdFlag::commit) continue;
        const auto index = trusted.index_of(signature.validator_address);
        if (!index) continue;
        if (seen[*index])
            return refuse("signatures", fmt::format("entry {} is a second vote of a validator", i));
        seen[*index] = true;
        const Validator& validator = trusted.validators()[*index];
        selection.entries.emplace_back(&validator, i);
        selection.power += validator.voting_power;
        if (!all_signatures && selection.power > needed) break;
    }
    if (selection.power <= needed) return too_little(selection.power, needed);
    return check_signatures(selection, chain_id, commit, verifier);
}

}  // namespace tandem::types
