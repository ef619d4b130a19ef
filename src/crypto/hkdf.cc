#include "crypto/hkdf.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <sodium/crypto_auth_hmacsha256.h>

#include "base/check.h"
#include "crypto/secret.h"

namespace tandem::crypto {
namespace {

SecretArray<32> hmac_sha256(base::BytesView key,
                            std::initializer_list<base::BytesView> parts) noexcept {
    crypto_auth_hmacsha256_state state;
    SecretArray<32> out;
    // An empty view may have no address, which libsodium does not take.
    constexpr std::array<std::uint8_t, 1> somewhere = {};
    const auto address = [&somewhere](base::BytesView bytes) {
        return bytes.empty() ? somewhere.data() : bytes.data();
    };
    crypto_auth_hmacsha256_init(&state, address(key), key.size());
    for (const base::BytesView part : parts)
        crypto_auth_hmacsha256_update(&state, address(part), part.size());
    crypto_auth_hmacsha256_final(&state, out.span().data());
    wipe({reinterpret_cast<std::uint8_t*>(&state), sizeof state});
    return out;
}

}  // namespace

void hkdf_sha256(base::BytesView input, base::BytesView salt, base::BytesView info,
                 std::span<std::uint8_t> out) noexcept {
    TANDEM_CHECK(out.size() <= hkdf_sha256_output_max);
    const SecretArray<32> key = hmac_sha256(salt, {input});
    SecretArray<32> block;
    for (std::uint8_t number = 1; !out.empty(); ++number) {
        const std::array<std::uint8_t, 1> counter = {number};
        const base::BytesView previous = number == 1 ? base::BytesView{} : block.span();
        block = hmac_sha256(key.span(), {previous, info, counter});
        const std::size_t count = std::min(out.size(), block.span().size());
        std::ranges::copy(block.span().first(count), out.begin());
        out = out.subspan(count);
    }
}

}  // namespace tandem::crypto
