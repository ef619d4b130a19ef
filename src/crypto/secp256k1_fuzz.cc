// The check of secp256k1 signatures against one on libcrypto's curve and ECDSA.
//
// Input: 0, a key, a signature and a message as they are; or 1, a private key and a message that
// are signed, then changed: R and S may have the group order added or be taken from it, and bytes
// of key and signature be changed.
#define OPENSSL_SUPPRESS_DEPRECATED  // EVP refuses the keys and numbers that are of interest here
#include <memory>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "crypto/secp256k1.h"
#include "crypto/sha256.h"

namespace tandem::crypto {
namespace {

template <auto free>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const {
        free(object);
    }
};
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

const EC_GROUP* curve() {
    static const std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>> group(
        EC_GROUP_new_by_curve_name(NID_secp256k1));
    return group.get();
}

Number number_of(base::BytesView big_endian) {
    return Number(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr));
}

/// The verdict by libcrypto. It knows the point at infinity as a key, which is none.
bool twin_verdict(base::BytesView key, base::BytesView message, base::BytesView signature) {
    if (signature.size() != 64 || key.size() < 33) return false;
    const EC_GROUP* const group = curve();
    const BIGNUM* const order = EC_GROUP_get0_order(group);
    const std::unique_ptr<EC_KEY, FreeWith<EC_KEY_free>> parsed(EC_KEY_new());
    const std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>> point(EC_POINT_new(group));
    if (EC_POINT_oct2point(group, point.get(), key.data(), key.size(), nullptr) != 1) return false;
    EC_KEY_set_group(parsed.get(), group);
    EC_KEY_set_public_key(parsed.get(), point.get());

    Number r = number_of(signature.first(32));
    Number s = number_of(signature.last(32));
    for (BIGNUM* const number : {r.get(), s.get()})
        if (BN_cmp(number, order) >= 0) BN_sub(number, number, order);
    Number half(BN_dup(order));
    BN_rshift1(half.get(), half.get());
    if (BN_cmp(s.get(), half.get()) > 0) return false;
    const std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
    ECDSA_SIG_set0(pair.get(), r.release(), s.release());
    const Digest digest = sha256(message);
    return ECDSA_do_verify(digest.data(), digest.size(), pair.get(), parsed.get()) == 1;
}

/// Replaces the number by itself plus the order, where that fits, or by the order minus itself.
void respell(std::span<std::uint8_t, 32> big_endian, std::uint8_t how) {
    const BIGNUM* const order = EC_GROUP_get0_order(curve());
    Number number = number_of(big_endian);
    if (how % 3 == 1) BN_add(number.get(), number.get(), order);
    if (how % 3 == 2) BN_sub(number.get(), order, number.get());
    if (BN_is_negative(number.get()) == 0 && BN_num_bytes(number.get()) <= 32)
        BN_bn2binpad(number.get(), big_endian.data(), 32);
}

void expect_agreement(base::BytesView key, base::BytesView message, base::BytesView signature) {
    TANDEM_CHECK(secp256k1_verify(key, message, signature) ==
                 twin_verdict(key, message, signature));
}

}  // namespace
}  // namespace tandem::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::crypto;
    FuzzInput input(data, size);
    if (input.byte() % 2 == 0) {
        const auto key = input.prefixed();
        const auto signature = input.prefixed();
        expect_agreement(key, input.all(), signature);
        return 0;
    }
    const auto secret = Secp256k1PrivateKey::from_bytes(input.array<32>());
    if (!secret) return 0;
    const auto message = input.prefixed();
    auto key = secret->public_key();
    auto signature = secret->sign(message);
    TANDEM_CHECK(secp256k1_verify(key, message, signature));
    expect_agreement(key, message, signature);
    respell(std::span(signature).first<32>(), input.byte());
    respell(std::span(signature).last<32>(), input.byte());
    expect_agreement(key, message, signature);
    while (!input.empty()) {
        const std::uint8_t at = input.byte();
        std::uint8_t& changed = at % 2 == 0 ? key[at / 2 % 33] : signature[at / 2 % 64];
        changed = static_cast<std::uint8_t>(changed ^ input.byte());
    }
    expect_agreement(key, message, signature);
    return 0;
}
