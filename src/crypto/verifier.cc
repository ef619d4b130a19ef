#include "crypto/verifier.h"

#include <algorithm>

#include "crypto/ed25519.h"

namespace tandem::crypto {
namespace {

class RealVerifier final : public Verifier {
  public:
    bool verify(const PublicKey& key, base::BytesView message,
                base::BytesView signature) const override {
        return crypto::verify(key, message, signature);
    }

    bool verify_all(std::span<const SignedMessage> messages) const override {
        const bool batch =
            messages.size() >= 2 && std::ranges::all_of(messages, [](const SignedMessage& message) {
                return supports_batch(message.key->type);
            });
        if (!batch) return Verifier::verify_all(messages);
        Ed25519Batch entries;
        entries.reserve(messages.size());
        for (const SignedMessage& message : messages)
            if (!entries.add(message.key->bytes, message.message, message.signature)) return false;
        return entries.verify().all;
    }
};

}  // namespace

bool Verifier::verify_all(std::span<const SignedMessage> messages) const {
    return std::ranges::all_of(messages, [this](const SignedMessage& message) {
        return verify(*message.key, message.message, message.signature);
    });
}

const Verifier& real_verifier() {
    static const RealVerifier verifier;
    return verifier;
}

}  // namespace tandem::crypto
