// Proof by type that a signature was checked.
//
// Consensus takes Verified<Vote> and Verified<Proposal>, and only the two functions below make
// them. Checking is pure and needs no state of the core, so the node runs it on worker threads and
// hands the result in as an event. Our own votes and proposals come in by the same way, checked
// with our own public key: a signer that answers nonsense is caught here.
//
// Not here: whether the signer may vote at that height, and whether it is his turn to propose. The
// core compares the signer's address, which belongs to the checked key, with its validator set.
#pragma once
#include "consensus/shared.h"
#include "crypto/verifier.h"
#include "types/vote.h"

namespace tandem::consensus {

/// A well-formed T whose signature holds. Copying one copies no message.
template <typename T>
class Verified {
  public:
    [[nodiscard]] const T& operator*() const { return *value_; }
    [[nodiscard]] const T* operator->() const { return &*value_; }
    [[nodiscard]] const Shared<T>& shared() const noexcept { return value_; }
    /// The address of the key by which it was checked.
    [[nodiscard]] const types::Address& signer() const noexcept { return signer_; }
    /// The vote carries an extension, perhaps an empty one, whose signature holds.
    [[nodiscard]] bool extension_verified() const noexcept { return extension_verified_; }

    bool operator==(const Verified&) const = default;

  private:
    friend class Verification;
    Verified(Shared<T> value, types::Address signer, bool extension_verified)
        : value_(std::move(value)), signer_(signer), extension_verified_(extension_verified) {}

    Shared<T> value_;
    types::Address signer_;
    bool extension_verified_ = false;
};

/// Whether vote extensions are enabled at the height of a vote.
enum class Extensions : bool { disabled, enabled };

/// Basic validation, then the address against the key, then the signature; then, for a precommit
/// for a block, the extension's signature where extensions are enabled and its absence where not.
/// `key` is that of the validator at `vote.validator_index` in the set of `vote.height`.
[[nodiscard]] base::Result<Verified<types::Vote>> verify_vote(const crypto::Verifier& verifier,
                                                              std::string_view chain_id,
                                                              const crypto::PublicKey& key,
                                                              Shared<types::Vote> vote,
                                                              Extensions extensions);

/// Basic validation, then the signature. `key` is that of the proposer of the proposal's round.
[[nodiscard]] base::Result<Verified<types::Proposal>> verify_proposal(
    const crypto::Verifier& verifier, std::string_view chain_id, const crypto::PublicKey& key,
    Shared<types::Proposal> proposal);

}  // namespace tandem::consensus
