// From digests to the hash fields of types.
#pragma once
#include "crypto/sha256.h"
#include "types/basic.h"

namespace tandem::types {

[[nodiscard]] inline Hash to_hash(const crypto::Digest& digest) {
    return {digest.begin(), digest.end()};
}

}  // namespace tandem::types
