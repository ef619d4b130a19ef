#include "crypto/public_key.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "crypto/secp256k1.h"
#include "crypto/sha256.h"

namespace tandem::crypto {
namespace {

struct Kind {
    KeyType type;
    std::string_view name;
    std::size_t public_key_size, signature_size;
    bool verifiable, batchable;
};

constexpr std::array<Kind, 3> kinds = {{
    {KeyType::ed25519, "ed25519", ed25519_public_key_size, ed25519_signature_size, true, true},
    {KeyType::secp256k1, "secp256k1", secp256k1_public_key_size, secp256k1_signature_size, true,
     false},
    {KeyType::ml_dsa_65, "ml_dsa_65", ml_dsa_65_public_key_size, ml_dsa_65_signature_size, false,
     false},
}};

constexpr Kind no_kind = {KeyType::none, "", 0, 0, false, false};

const Kind& kind_of(KeyType type) noexcept {
    const auto* const found = std::ranges::find(kinds, type, &Kind::type);
    return found == kinds.end() ? no_kind : *found;
}

}  // namespace

std::string_view key_type_name(KeyType type) noexcept {
    return kind_of(type).name;
}

std::optional<KeyType> key_type_from_name(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(kinds, name, &Kind::name);
    return found == kinds.end() ? std::nullopt : std::optional(found->type);
}

std::size_t public_key_size(KeyType type) noexcept {
    return kind_of(type).public_key_size;
}

std::size_t signature_size(KeyType type) noexcept {
    return kind_of(type).signature_size;
}

bool can_verify(KeyType type) noexcept {
    return kind_of(type).verifiable;
}

bool supports_batch(KeyType type) noexcept {
    return kind_of(type).batchable;
}

Address address(const PublicKey& key) noexcept {
    const Digest digest = sha256(base::view(key.bytes));
    switch (key.type) {
        case KeyType::ed25519:
        case KeyType::ml_dsa_65:
            return Address(digest.begin(), digest.begin() + address_size);
        case KeyType::secp256k1: {
            const auto hash = ripemd160(digest);
            return Address(hash.begin(), hash.end());
        }
        case KeyType::none:
            break;
    }
    return {};
}

bool verify(const PublicKey& key, base::BytesView message, base::BytesView signature) noexcept {
    switch (key.type) {
        case KeyType::ed25519:
            return ed25519_verify(base::view(key.bytes), message, signature);
        case KeyType::secp256k1:
            return secp256k1_verify(base::view(key.bytes), message, signature);
        case KeyType::ml_dsa_65:
        case KeyType::none:
            break;
    }
    return false;
}

base::Result<PrivateKey> PrivateKey::from_bytes(KeyType type, base::BytesView bytes) {
    switch (type) {
        case KeyType::ed25519:
            TANDEM_TRY(Ed25519PrivateKey::from_bytes(bytes));
            break;
        case KeyType::secp256k1:
            TANDEM_TRY(Secp256k1PrivateKey::from_bytes(bytes));
            break;
        case KeyType::ml_dsa_65:
        case KeyType::none:
            return base::refuse("private_key.type", "this build cannot sign with keys of type \"" +
                                                        std::string(key_type_name(type)) + "\"");
    }
    return PrivateKey(type, SecretBytes(bytes));
}

PublicKey PrivateKey::public_key() const {
    PublicKey key{type_, {}};
    const auto take = [&key](const auto& bytes) { key.bytes.assign(bytes.begin(), bytes.end()); };
    if (type_ == KeyType::ed25519)
        take(bytes().last(ed25519_public_key_size));
    else
        take(Secp256k1PrivateKey::from_bytes(bytes())->public_key());
    return key;
}

base::SmallBytes<64> PrivateKey::sign(base::BytesView message) const {
    const auto bytes_of = [](const auto& signature) {
        return base::SmallBytes<64>(signature.begin(), signature.end());
    };
    if (type_ == KeyType::ed25519) return bytes_of(ed25519_sign(bytes(), message));
    return bytes_of(Secp256k1PrivateKey::from_bytes(bytes())->sign(message));
}

}  // namespace tandem::crypto
