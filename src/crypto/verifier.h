// Where signatures are checked and made, as something that can be handed in.
//
// The node hands in the real thing. The simulator hands in a registry of what was truly signed,
// which is a thousand times faster and also proves that nobody signed twice.
#pragma once
#include <span>

#include "crypto/public_key.h"

namespace tandem::crypto {

using SignatureBytes = base::SmallBytes<64>;

struct SignedMessage {
    const PublicKey* key;
    base::BytesView message;
    base::BytesView signature;
};

class Verifier {
  public:
    virtual ~Verifier() = default;
    [[nodiscard]] virtual bool verify(const PublicKey& key, base::BytesView message,
                                      base::BytesView signature) const = 0;
    /// Whether each of them verifies, in batch where that is possible; true for none.
    [[nodiscard]] virtual bool verify_all(std::span<const SignedMessage> messages) const;
};

/// Checks with the keys' own schemes.
[[nodiscard]] const Verifier& real_verifier();

/// A key that signs and is never shown.
class SigningKey {
  public:
    virtual ~SigningKey() = default;
    [[nodiscard]] virtual PublicKey public_key() const = 0;
    [[nodiscard]] virtual SignatureBytes sign(base::BytesView message) const = 0;
};

}  // namespace tandem::crypto
