// Keys of any of the kinds that a validator may have, as plain data, and what follows from them:
// names, sizes, addresses, verification.
//
// A PublicKey may hold bytes of any length, as a stranger sent them: whoever decodes one checks
// the size. ML-DSA-65 keys are decoded, sized and addressed, but their signatures cannot be
// verified here yet, since no packaged library offers the scheme: can_verify says so, and a
// genesis that needs it is to be refused by name rather than forked from.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/refusal.h"
#include "crypto/secret.h"

namespace tandem::crypto {

/// The numbers are the members of the protobuf oneof in `PublicKey`.
enum class KeyType : std::int32_t { none = 0, ed25519 = 1, secp256k1 = 2, ml_dsa_65 = 4 };

inline constexpr std::size_t ml_dsa_65_public_key_size = 1952;
inline constexpr std::size_t ml_dsa_65_signature_size = 3309;
inline constexpr std::size_t address_size = 20;

using Address = base::SmallBytes<address_size>;

struct PublicKey {
    KeyType type = KeyType::none;
    base::SmallBytes<36> bytes;

    bool operator==(const PublicKey&) const = default;
};

/// "ed25519", "secp256k1", "ml_dsa_65", as consensus parameters name them; "" for none.
[[nodiscard]] std::string_view key_type_name(KeyType type) noexcept;
[[nodiscard]] std::optional<KeyType> key_type_from_name(std::string_view name) noexcept;

/// In bytes; 0 for none.
[[nodiscard]] std::size_t public_key_size(KeyType type) noexcept;
[[nodiscard]] std::size_t signature_size(KeyType type) noexcept;

/// Whether signatures of this kind can be verified, and made, by this build.
[[nodiscard]] bool can_verify(KeyType type) noexcept;
/// Whether Ed25519Batch can take signatures of this kind.
[[nodiscard]] bool supports_batch(KeyType type) noexcept;

/// First 20 bytes of SHA-256, or RIPEMD-160 of SHA-256 for secp256k1; of the bytes as they are,
/// whatever their number. Empty for none.
[[nodiscard]] Address address(const PublicKey& key) noexcept;

/// A key and its address, which is hashed once and not at every look. Made from a key and read as
/// one without saying so.
class AddressedKey {
  public:
    AddressedKey() = default;
    // NOLINTBEGIN(google-explicit-constructor)
    AddressedKey(PublicKey key) : key_(std::move(key)), address_(crypto::address(key_)) {}
    operator const PublicKey&() const noexcept { return key_; }
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] const PublicKey& key() const noexcept { return key_; }
    [[nodiscard]] const Address& address() const noexcept { return address_; }
    friend bool operator==(const AddressedKey& a, const AddressedKey& b) noexcept {
        return a.key_ == b.key_;
    }
    friend bool operator==(const AddressedKey& a, const PublicKey& b) noexcept {
        return a.key_ == b;
    }

  private:
    PublicKey key_;
    Address address_;
};

/// False also when a length is wrong or the kind cannot be verified.
[[nodiscard]] bool verify(const PublicKey& key, base::BytesView message,
                          base::BytesView signature) noexcept;

/// A private key as key files hold it: 64 bytes (seed and public key) for Ed25519, 32 for
/// secp256k1. Wiped when given up, and never printed.
class PrivateKey {
  public:
    /// Refused when the kind cannot sign in this build or the bytes are no key of it.
    [[nodiscard]] static base::Result<PrivateKey> from_bytes(KeyType type, base::BytesView bytes);

    [[nodiscard]] KeyType type() const noexcept { return type_; }
    [[nodiscard]] base::BytesView bytes() const noexcept { return bytes_.view(); }
    [[nodiscard]] PublicKey public_key() const;
    [[nodiscard]] base::SmallBytes<64> sign(base::BytesView message) const;
    [[nodiscard]] PrivateKey clone() const { return {type_, bytes_.clone()}; }

  private:
    PrivateKey(KeyType type, SecretBytes bytes) noexcept : type_(type), bytes_(std::move(bytes)) {}
    KeyType type_;
    SecretBytes bytes_;
};

}  // namespace tandem::crypto
