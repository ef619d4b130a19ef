// The block functions are deprecated in favour of EVP, whose set-up per message costs about as
// much as hashing a kilobyte. They are part of libcrypto 3 and use the same assembly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha256.h"

#include <bit>
#include <cstring>
#include <new>
#include <openssl/ripemd.h>
#include <openssl/sha.h>

#include "base/check.h"

namespace tandem::crypto {
namespace {

SHA256_CTX* context_of(std::array<std::byte, 112>& state) noexcept {
    static_assert(sizeof(SHA256_CTX) == 112 && alignof(SHA256_CTX) <= alignof(std::uint64_t));
    static_assert(std::is_trivially_copyable_v<SHA256_CTX>);
    return std::launder(reinterpret_cast<SHA256_CTX*>(state.data()));
}

/// Writes the eight words of the state, 16 bytes at a time: the next hash reads them like that,
/// and would have to wait for smaller stores (see merkle.cc).
void write_big_endian(const SHA_LONG (&words)[8], Digest& digest) noexcept {
    using Halves [[gnu::vector_size(16)]] = std::uint16_t;
    using Words [[gnu::vector_size(16)]] = std::uint32_t;
    static_assert(sizeof words == sizeof digest && std::endian::native == std::endian::little);
    for (std::size_t half = 0; half < 2; ++half) {
        Halves halves;
        std::memcpy(&halves, words + 4 * half, sizeof halves);
        halves = halves << 8 | halves >> 8;
        auto swapped = std::bit_cast<Words>(halves);
        swapped = swapped << 16 | swapped >> 16;
        std::memcpy(digest.data() + sizeof swapped * half, &swapped, sizeof swapped);
    }
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

Digest sha256_of_blocks(std::initializer_list<base::BytesView> blocks) noexcept {
    SHA256_CTX context;
    SHA256_Init(&context);
    // Whole blocks pass through Update without being buffered, and leave the state in h.
    for (const base::BytesView part : blocks) {
        TANDEM_CHECK(part.size() % SHA256_CBLOCK == 0);
        SHA256_Update(&context, part.data(), part.size());
    }
    Digest digest;
    write_big_endian(context.h, digest);
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
