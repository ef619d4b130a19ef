#include "types/validator.h"

#include <fmt/format.h>

namespace tandem::types {

Verdict check_decoded(const PublicKey& key) {
    const std::size_t expected = crypto::public_key_size(key.type);
    if (expected == 0) return refuse("pub_key", "of no known kind");
    if (key.bytes.size() != expected)
        return refuse("pub_key",
                      fmt::format("{} key of {} bytes instead of {}",
                                  crypto::key_type_name(key.type), key.bytes.size(), expected));
    return {};
}

Verdict check_decoded(const Validator& validator) {
    return check_decoded(validator.pub_key);
}

Verdict validate_basic(const Validator& validator) {
    if (validator.pub_key.type == crypto::KeyType::none)
        return refuse("pub_key", "validator without a public key");
    if (validator.voting_power < 0)
        return refuse("voting_power", fmt::format("negative: {}", validator.voting_power));
    if (validator.address != crypto::address(validator.pub_key))
        return refuse("address", "does not follow from the public key");
    return {};
}

}  // namespace tandem::types
