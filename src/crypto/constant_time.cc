#include "crypto/constant_time.h"

#include <openssl/crypto.h>

namespace tandem::crypto {

bool constant_time_equal(base::BytesView a, base::BytesView b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tandem::crypto
