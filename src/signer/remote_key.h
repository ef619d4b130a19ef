// A validator's key in another process, as consensus uses it.
#pragma once
#include <functional>

#include "base/refusal.h"
#include "crypto/public_key.h"
#include "types/vote.h"

namespace tandem::signer {

class RemoteKey {
  public:
    /// Takes the message as it was signed: with signatures, and perhaps an earlier time. Refused
    /// where it was not signed; nobody has looked at what the signature is worth.
    template <typename Message>
    using Then = std::function<void(base::Result<Message>)>;

    virtual ~RemoteKey() = default;

    [[nodiscard]] virtual const crypto::PublicKey& public_key() const = 0;

    // ---- Questions are asked in their order. `then` is called once, in a turn of its own.
    virtual void sign(types::Vote vote, Then<types::Vote> then) = 0;
    virtual void sign(types::Proposal proposal, Then<types::Proposal> then) = 0;

    /// A block was committed: has the key still the same owner?
    virtual void confirm_key() = 0;
};

}  // namespace tandem::signer
