#include "crypto/remembering_verifier.h"

namespace tandem::crypto {

Digest RememberingVerifier::mark_of(const SignedMessage& message) {
    // The two lengths and the kind make it clear where each of the three ends.
    const std::array<std::uint64_t, 3> shape{static_cast<std::uint64_t>(message.key->type),
                                             message.key->bytes.size(), message.signature.size()};
    std::array<std::uint8_t, sizeof shape> head;
    std::memcpy(head.data(), shape.data(), head.size());
    Sha256 hash;
    hash.update(head).update(message.key->bytes).update(message.signature).update(message.message);
    return hash.finish();
}

void RememberingVerifier::remember(const Digest& mark) const {
    if (young_.size() >= remembered_max_) {
        old_ = std::move(young_);
        young_.clear();
    }
    young_.insert(mark);
}

bool RememberingVerifier::verify(const PublicKey& key, base::BytesView message,
                                 base::BytesView signature) const {
    const Digest mark = mark_of({&key, message, signature});
    if (remembers(mark)) return true;
    if (!asked_.verify(key, message, signature)) return false;
    remember(mark);
    return true;
}

bool RememberingVerifier::verify_all(std::span<const SignedMessage> messages) const {
    std::vector<SignedMessage> unknown;
    std::vector<Digest> marks;
    for (const SignedMessage& message : messages) {
        const Digest mark = mark_of(message);
        if (remembers(mark)) continue;
        unknown.push_back(message);
        marks.push_back(mark);
    }
    if (unknown.empty()) return true;
    if (!asked_.verify_all(unknown)) return false;
    for (const Digest& mark : marks) remember(mark);
    return true;
}

}  // namespace tandem::crypto
