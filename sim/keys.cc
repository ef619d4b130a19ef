#include "sim/keys.h"

#include "crypto/sha256.h"

namespace tandem::sim {
namespace {

/// 64 bytes that depend on every bit of key and message.
crypto::SignatureBytes fake_signature(const PublicKey& key, BytesView message) {
    crypto::Sha256 hasher;
    const crypto::Digest digest =
        hasher.update({key.bytes.data(), key.bytes.size()}).update(message).finish();
    crypto::SignatureBytes signature;
    signature.insert(signature.end(), digest.begin(), digest.end());
    signature.insert(signature.end(), digest.begin(), digest.end());
    return signature;
}

std::string name_of(BytesView signature) {
    return std::string(base::as_text(signature.first(32)));
}

std::optional<std::uint64_t> read_varint(BytesView& rest) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
        const std::uint8_t byte = rest.front();
        rest = rest.subspan(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    return std::nullopt;
}

std::int64_t read_fixed(BytesView& rest, std::uint8_t tag) {
    if (rest.size() < 9 || rest.front() != tag) return 0;
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(rest[1 + i]) << (8 * i);
    rest = rest.subspan(9);
    return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<SignedVoteLike> read_sign_bytes(BytesView message) {
    BytesView rest = message;
    const auto length = read_varint(rest);
    if (!length || *length != rest.size() || rest.size() < 2 || rest.front() != 0x08)
        return std::nullopt;
    rest = rest.subspan(1);
    const auto type = read_varint(rest);
    if (!type) return std::nullopt;
    SignedVoteLike what;
    what.type = static_cast<std::int32_t>(*type);
    what.height = read_fixed(rest, 0x11);
    what.round = read_fixed(rest, 0x19);
    return what;
}

class SimulatedKey final : public crypto::SigningKey {
  public:
    SimulatedKey(SignatureRegistry& registry, crypto::Ed25519PrivateKey key)
        : registry_(&registry), key_(std::move(key)) {
        const auto bytes = key_.public_key();
        public_key_.type = crypto::KeyType::ed25519;
        public_key_.bytes.assign(bytes.begin(), bytes.end());
    }
    [[nodiscard]] PublicKey public_key() const override { return public_key_; }
    [[nodiscard]] crypto::SignatureBytes sign(BytesView message) const override {
        crypto::SignatureBytes signature;
        if (registry_->real_) {
            const auto bytes = key_.sign(message);
            signature.assign(bytes.begin(), bytes.end());
        } else {
            signature = fake_signature(public_key_, message);
        }
        registry_->record(public_key_, message, signature);
        return signature;
    }

  private:
    SignatureRegistry* registry_;
    crypto::Ed25519PrivateKey key_;
    PublicKey public_key_;
};

std::shared_ptr<const crypto::SigningKey> SignatureRegistry::make_key(std::uint64_t seed) {
    const Bytes text = base::to_bytes(base::as_bytes("simulated key " + std::to_string(seed)));
    return std::make_shared<SimulatedKey>(
        *this, crypto::Ed25519PrivateKey::from_seed(crypto::sha256(text)));
}

bool SignatureRegistry::verify(const PublicKey& key, BytesView message, BytesView signature) const {
    if (real_) return crypto::real_verifier().verify(key, message, signature);
    if (signature.size() != 64 || !signed_.contains(name_of(signature))) return false;
    return base::equal(fake_signature(key, message), signature);
}

void SignatureRegistry::record(const PublicKey& key, BytesView message, BytesView signature) {
    ++count_;
    if (!real_) signed_.insert(name_of(signature));
    const auto what = read_sign_bytes(message);
    if (!what) return;
    const auto [entry, is_new] = said_.emplace(
        std::pair(Bytes(key.bytes.begin(), key.bytes.end()), *what), base::to_bytes(message));
    if (is_new)
        signed_heights_.push_back({key, what->height});
    else if (!base::equal(entry->second, message))
        double_signs_.push_back({key, *what});
}

}  // namespace tandem::sim
