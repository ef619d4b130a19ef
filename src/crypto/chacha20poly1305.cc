#include "crypto/chacha20poly1305.h"

#include <algorithm>
#include <openssl/evp.h>

#include "base/check.h"

namespace tandem::crypto {
namespace {

constexpr std::size_t bytes_max = std::size_t{1} << 30;  // libcrypto counts in int

int count_of(std::size_t size) noexcept {
    TANDEM_CHECK(size <= bytes_max);
    return static_cast<int>(size);
}

}  // namespace

void ChaCha20Poly1305::Free::operator()(evp_cipher_ctx_st* context) const noexcept {
    EVP_CIPHER_CTX_free(context);
}

ChaCha20Poly1305::ChaCha20Poly1305(std::span<const std::uint8_t, key_size> key)
    : context_(EVP_CIPHER_CTX_new()) {
    TANDEM_CHECK(context_ != nullptr);
    TANDEM_CHECK(EVP_CipherInit_ex(context_.get(), EVP_chacha20_poly1305(), nullptr, key.data(),
                                   nullptr, 1) == 1);
}

void ChaCha20Poly1305::seal(const Nonce& nonce, base::BytesView plaintext,
                            base::BytesView additional_data, std::span<std::uint8_t> out) {
    TANDEM_CHECK(out.size() == plaintext.size() + tag_size);
    evp_cipher_ctx_st* const context = context_.get();
    int written = 0;
    // The key stays that of the constructor.
    TANDEM_CHECK(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), 1) == 1);
    if (!additional_data.empty())
        TANDEM_CHECK(EVP_CipherUpdate(context, nullptr, &written, additional_data.data(),
                                      count_of(additional_data.size())) == 1);
    if (!plaintext.empty())
        TANDEM_CHECK(EVP_CipherUpdate(context, out.data(), &written, plaintext.data(),
                                      count_of(plaintext.size())) == 1);
    std::array<std::uint8_t, tag_size> rest;
    TANDEM_CHECK(EVP_CipherFinal_ex(context, rest.data(), &written) == 1);
    TANDEM_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size,
                                     out.last<tag_size>().data()) == 1);
}

bool ChaCha20Poly1305::open(const Nonce& nonce, base::BytesView sealed,
                            base::BytesView additional_data, std::span<std::uint8_t> out) {
    TANDEM_CHECK(sealed.size() >= tag_size && out.size() == sealed.size() - tag_size);
    evp_cipher_ctx_st* const context = context_.get();
    int written = 0;
    std::array<std::uint8_t, tag_size> tag;
    std::ranges::copy(sealed.last<tag_size>(), tag.begin());
    TANDEM_CHECK(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), 0) == 1);
    TANDEM_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1);
    if (!additional_data.empty())
        TANDEM_CHECK(EVP_CipherUpdate(context, nullptr, &written, additional_data.data(),
                                      count_of(additional_data.size())) == 1);
    if (!out.empty())
        TANDEM_CHECK(EVP_CipherUpdate(context, out.data(), &written, sealed.data(),
                                      count_of(out.size())) == 1);
    std::array<std::uint8_t, tag_size> rest;
    if (EVP_CipherFinal_ex(context, rest.data(), &written) == 1) return true;
    std::ranges::fill(out, std::uint8_t{0});
    return false;
}

}  // namespace tandem::crypto
