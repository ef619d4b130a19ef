#include "consensus/verified.h"

namespace tandem::consensus {

using types::refuse;
using types::Result;

/// The only maker of Verified values.
class Verification {
  public:
    template <typename T>
    [[nodiscard]] static Verified<T> passed(Shared<T> value, const crypto::PublicKey& key,
                                            bool extension) {
        return Verified<T>(std::move(value), types::Address(crypto::address(key)), extension);
    }
};

namespace {

types::Verdict check_extension(const crypto::Verifier& verifier, std::string_view chain_id,
                               const crypto::PublicKey& key, const types::Vote& vote,
                               Extensions extensions) {
    if (extensions == Extensions::disabled) {
        if (!vote.extension.empty() || !vote.extension_signature.empty())
            return refuse("vote.extension", "extensions are not enabled at this height");
        return {};
    }
    TANDEM_TRY(types::ensure_extension(vote));
    const types::Bytes covered = types::extension_sign_bytes(chain_id, vote);
    if (!verifier.verify(key, covered, base::view(vote.extension_signature)))
        return refuse("vote.extension_signature", "does not verify");
    return {};
}

}  // namespace

Result<Verified<types::Vote>> verify_vote(const crypto::Verifier& verifier,
                                          std::string_view chain_id, const crypto::PublicKey& key,
                                          Shared<types::Vote> vote, Extensions extensions) {
    if (!vote) return refuse("vote", "missing");
    TANDEM_TRY(types::validate_basic(*vote));
    if (crypto::address(key) != vote->validator_address)
        return refuse("vote.validator_address", "is not that of the validator's key");
    const types::Bytes covered = types::sign_bytes(chain_id, *vote);
    if (!verifier.verify(key, covered, base::view(vote->signature)))
        return refuse("vote.signature", "does not verify");
    const bool extensible =
        vote->type == types::SignedMsgType::precommit && !vote->block_id.is_zero();
    if (extensible) TANDEM_TRY(check_extension(verifier, chain_id, key, *vote, extensions));
    return Verification::passed(std::move(vote), key,
                                extensible && extensions == Extensions::enabled);
}

Result<Verified<types::Proposal>> verify_proposal(const crypto::Verifier& verifier,
                                                  std::string_view chain_id,
                                                  const crypto::PublicKey& key,
                                                  Shared<types::Proposal> proposal) {
    if (!proposal) return refuse("proposal", "missing");
    TANDEM_TRY(types::validate_basic(*proposal));
    const types::Bytes covered = types::sign_bytes(chain_id, *proposal);
    if (!verifier.verify(key, covered, base::view(proposal->signature)))
        return refuse("proposal.signature", "does not verify");
    return Verification::passed(std::move(proposal), key, false);
}

}  // namespace tandem::consensus
