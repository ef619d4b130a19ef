// Authenticated encryption with ChaCha20-Poly1305 (RFC 8439), by libcrypto.
//
// One object holds one key, for one direction of one connection. It is for the caller never to
// seal twice with the same nonce.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

struct evp_cipher_ctx_st;

namespace tandem::crypto {

class ChaCha20Poly1305 {
  public:
    static constexpr std::size_t key_size = 32;
    static constexpr std::size_t tag_size = 16;
    using Nonce = std::array<std::uint8_t, 12>;

    explicit ChaCha20Poly1305(std::span<const std::uint8_t, key_size> key);

    /// Writes ciphertext and then tag to `out`, which may begin at the plaintext itself.
    /// REQUIRES: out.size() == plaintext.size() + tag_size, no more than 1 GiB.
    void seal(const Nonce& nonce, base::BytesView plaintext, base::BytesView additional_data,
              std::span<std::uint8_t> out);

    /// Writes the plaintext to `out`, which may begin at the sealed bytes themselves. False when
    /// they are not what was sealed; `out` then holds zeros.
    /// REQUIRES: sealed.size() >= tag_size, out.size() == sealed.size() - tag_size.
    [[nodiscard]] bool open(const Nonce& nonce, base::BytesView sealed,
                            base::BytesView additional_data, std::span<std::uint8_t> out);

  private:
    struct Free {
        void operator()(evp_cipher_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_cipher_ctx_st, Free> context_;  // libcrypto wipes the key when freed
};

}  // namespace tandem::crypto
