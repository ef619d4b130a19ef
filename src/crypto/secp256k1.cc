#include "crypto/secp256k1.h"

#include <algorithm>
#include <memory>
#include <secp256k1.h>
#include <string>

#include "base/check.h"
#include "crypto/sha256.h"

namespace tandem::crypto {
namespace {

using Number = std::array<std::uint8_t, 32>;  // big endian

constexpr Number group_order = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

/// Modulo the group order. Once is enough: twice the order is above 2^256.
void reduce(std::span<std::uint8_t, 32> number) noexcept {
    if (std::ranges::lexicographical_compare(number, group_order)) return;
    int borrow = 0;
    for (std::size_t i = number.size(); i-- > 0;) {
        const int digit = number[i] - group_order[i] - borrow;
        borrow = digit < 0 ? 1 : 0;
        number[i] = static_cast<std::uint8_t>(digit);
    }
}

struct DestroyContext {
    void operator()(secp256k1_context* context) const noexcept {
        secp256k1_context_destroy(context);
    }
};

/// Signing needs a context of its own, unlike verifying. It is made anew each time, which costs
/// less than a signature, so that no state is shared between threads.
std::unique_ptr<secp256k1_context, DestroyContext> signing_context() {
    return std::unique_ptr<secp256k1_context, DestroyContext>(
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN));
}

}  // namespace

bool secp256k1_verify(base::BytesView public_key, base::BytesView message,
                      base::BytesView signature) noexcept {
    if (signature.size() != secp256k1_signature_size) return false;
    secp256k1_pubkey point;
    if (secp256k1_ec_pubkey_parse(secp256k1_context_static, &point, public_key.data(),
                                  public_key.size()) != 1)
        return false;
    std::array<std::uint8_t, secp256k1_signature_size> reduced;
    std::ranges::copy(signature, reduced.begin());
    reduce(std::span(reduced).first<32>());
    reduce(std::span(reduced).last<32>());
    secp256k1_ecdsa_signature parsed;
    if (secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &parsed,
                                                reduced.data()) != 1)
        return false;
    // Refuses R = 0, S = 0 and S above half the order.
    return secp256k1_ecdsa_verify(secp256k1_context_static, &parsed, sha256(message).data(),
                                  &point) == 1;
}

base::Result<Secp256k1PrivateKey> Secp256k1PrivateKey::from_bytes(base::BytesView bytes) {
    if (bytes.size() != secp256k1_private_key_size)
        return base::refuse(
            "secp256k1.private_key_size",
            "a secp256k1 private key has 32 bytes; these are " + std::to_string(bytes.size()));
    if (secp256k1_ec_seckey_verify(secp256k1_context_static, bytes.data()) != 1)
        return base::refuse("secp256k1.private_key_range",
                            "the secp256k1 private key is 0 or not below the group order");
    Secp256k1PrivateKey key;
    std::ranges::copy(bytes, key.bytes_.span().begin());
    return key;
}

Secp256k1PublicKey Secp256k1PrivateKey::public_key() const {
    const auto context = signing_context();
    secp256k1_pubkey point;
    TANDEM_CHECK(secp256k1_ec_pubkey_create(context.get(), &point, bytes_.span().data()) == 1);
    Secp256k1PublicKey out;
    std::size_t size = out.size();
    secp256k1_ec_pubkey_serialize(context.get(), out.data(), &size, &point,
                                  SECP256K1_EC_COMPRESSED);
    return out;
}

Secp256k1Signature Secp256k1PrivateKey::sign(base::BytesView message) const {
    const auto context = signing_context();
    secp256k1_ecdsa_signature signature;
    // The default nonce function is RFC 6979's, and the result has the lower S.
    TANDEM_CHECK(secp256k1_ecdsa_sign(context.get(), &signature, sha256(message).data(),
                                      bytes_.span().data(), nullptr, nullptr) == 1);
    Secp256k1Signature out;
    secp256k1_ecdsa_signature_serialize_compact(context.get(), out.data(), &signature);
    return out;
}

Secp256k1PrivateKey Secp256k1PrivateKey::clone() const noexcept {
    Secp256k1PrivateKey key;
    key.bytes_ = bytes_.clone();
    return key;
}

}  // namespace tandem::crypto
