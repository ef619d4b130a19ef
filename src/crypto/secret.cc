#include "crypto/secret.h"

#include <openssl/crypto.h>

namespace tandem::crypto {

void wipe(std::span<std::uint8_t> bytes) noexcept {
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

}  // namespace tandem::crypto
