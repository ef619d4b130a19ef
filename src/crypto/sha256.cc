// The block functions are deprecated in favour of EVP, whose set-up per message costs about as
// much as hashing a kilobyte. They are part of libcrypto 3 and use the same assembly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha256.h"

#include <new>
#include <openssl/ripemd.h>
#include <openssl/sha.h>

namespace tandem::crypto {
namespace {

SHA256_CTX* context_of(std::array<std::byte, 112>& state) noexcept {
    static_assert(sizeof(SHA256_CTX) == 112 && alignof(SHA256_CTX) <= alignof(std::uint64_t));
    static_assert(std::is_trivially_copyable_v<SHA256_CTX>);
    return std::launder(reinterpret_cast<SHA256_CTX*>(state.data()));
}

}  // namespace

Sha256::Sha256() noexcept {
    SHA256_Init(context_of(state_));
}

Sha256& Sha256::update(base::BytesView bytes) noexcept {
    SHA256_Update(context_of(state_), bytes.data(), bytes.size());
    return *this;
}

Digest Sha256::finish() noexcept {
    Digest digest;
    SHA256_Final(digest.data(), context_of(state_));
    SHA256_Init(context_of(state_));
    return digest;
}

Digest sha256(base::BytesView bytes) noexcept {
    SHA256_CTX context;
    Digest digest;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(digest.data(), &context);
    return digest;
}

std::array<std::uint8_t, 64> sha512(std::initializer_list<base::BytesView> parts) noexcept {
    SHA512_CTX context;
    std::array<std::uint8_t, 64> digest;
    SHA512_Init(&context);
    for (const base::BytesView part : parts) SHA512_Update(&context, part.data(), part.size());
    SHA512_Final(digest.data(), &context);
    return digest;
}

std::array<std::uint8_t, 20> ripemd160(base::BytesView bytes) noexcept {
    RIPEMD160_CTX context;
    std::array<std::uint8_t, 20> digest;
    RIPEMD160_Init(&context);
    RIPEMD160_Update(&context, bytes.data(), bytes.size());
    RIPEMD160_Final(digest.data(), &context);
    return digest;
}

}  // namespace tandem::crypto
