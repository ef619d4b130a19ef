// A map from addresses of consensus keys, which are looked up by their bytes as they stand in a
// message.
#pragma once
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "crypto/public_key.h"

namespace tandem::seats {

// NOLINTBEGIN(readability-identifier-naming): names of std::unordered_map
struct HashOfAddress {
    using is_transparent = void;
    std::size_t operator()(base::BytesView address) const noexcept {
        std::size_t hash = 0;  // an address is a hash already
        std::memcpy(&hash, address.data(), std::min(address.size(), sizeof hash));
        return hash;
    }
};
struct SameAddress {
    using is_transparent = void;
    bool operator()(base::BytesView a, base::BytesView b) const noexcept {
        return base::equal(a, b);
    }
};
// NOLINTEND(readability-identifier-naming)

template <typename T>
using ByAddress = std::unordered_map<crypto::Address, T, HashOfAddress, SameAddress>;

}  // namespace tandem::seats
