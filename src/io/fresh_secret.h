// 32 bytes from the system's dice. Inside io.
#pragma once
#include "crypto/secret.h"

namespace tandem::io {

[[nodiscard]] crypto::SecretArray<32> fresh_secret();

}  // namespace tandem::io
