#include "crypto/preparing_verifier.h"

#include <algorithm>

namespace tandem::crypto {

const Ed25519PreparedKey* PreparingVerifier::prepared(const PublicKey& key) const {
    auto found = young_.find(key);
    if (found == young_.end()) {
        auto aged = old_.extract(key);
        if (aged.empty()) return nullptr;
        make_room();
        found = young_.insert(std::move(aged)).position;
    }
    return found->second.prepared ? &*found->second.prepared : nullptr;
}

void PreparingVerifier::count(const PublicKey& key) const {
    if (key.type != KeyType::ed25519) return;
    if (!young_.contains(key)) make_room();
    Known& known = young_[key];
    if (++known.signatures == signatures_min)
        known.prepared = Ed25519PreparedKey::from_bytes(key.bytes);
}

void PreparingVerifier::make_room() const {
    if (young_.size() < keys_max_) return;
    old_ = std::move(young_);
    young_.clear();
}

bool PreparingVerifier::verify(const PublicKey& key, base::BytesView message,
                               base::BytesView signature) const {
    if (const Ed25519PreparedKey* ready = prepared(key)) return ready->verify(message, signature);
    if (!asked_.verify(key, message, signature)) return false;
    count(key);
    return true;
}

bool PreparingVerifier::verify_all(std::span<const SignedMessage> messages) const {
    std::vector<SignedMessage> others;
    for (const SignedMessage& message : messages) {
        const Ed25519PreparedKey* ready = prepared(*message.key);
        if (ready == nullptr) {
            others.push_back(message);
        } else if (!ready->verify(message.message, message.signature)) {
            return false;
        }
    }
    if (others.empty()) return true;
    if (!asked_.verify_all(others)) return false;
    for (const SignedMessage& message : others) count(*message.key);
    return true;
}

}  // namespace tandem::crypto
