// Validators as they stand on the wire. The set with its rotation is in validator_set.h.
#pragma once
#include "crypto/public_key.h"
#include "types/basic.h"

namespace tandem::types {

using crypto::PublicKey;

struct Validator {
    Address address;
    PublicKey pub_key;
    std::int64_t voting_power = 0;
    std::int64_t proposer_priority = 0;

    bool operator==(const Validator&) const = default;
};

/// What the hash of a validator set covers, one leaf per validator.
struct SimpleValidator {
    base::Box<PublicKey> pub_key;
    std::int64_t voting_power = 0;

    bool operator==(const SimpleValidator&) const = default;
};

struct ValidatorSetMessage {
    std::vector<Validator> validators;
    base::Box<Validator> proposer;
    std::int64_t total_voting_power = 0;  // written as 0 by every node and ignored when read

    bool operator==(const ValidatorSetMessage&) const = default;
};

/// Known kind and right length; the point itself is not checked.
[[nodiscard]] Verdict check_decoded(const PublicKey& key);
[[nodiscard]] Verdict check_decoded(const Validator& validator);
[[nodiscard]] Verdict validate_basic(const Validator& validator);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<crypto::PublicKey> {
    using PublicKey = crypto::PublicKey;
    static constexpr std::string_view name = "PublicKey";
    static constexpr auto fields = std::tuple{keyed_bytes<1, 2, 4>(
        "sum", &PublicKey::type, &PublicKey::bytes, "ed25519", "secp256k1", "mldsa65")};
};

template <>
struct Described<types::Validator> {
    using Validator = types::Validator;
    static constexpr std::string_view name = "Validator";
    static constexpr auto fields = std::tuple{
        field<1>("address", &Validator::address), field<2>("pub_key", &Validator::pub_key),
        field<3>("voting_power", &Validator::voting_power),
        field<4>("proposer_priority", &Validator::proposer_priority)};
};

template <>
struct Described<types::SimpleValidator> {
    using SimpleValidator = types::SimpleValidator;
    static constexpr std::string_view name = "SimpleValidator";
    static constexpr auto fields =
        std::tuple{field<1>("pub_key", &SimpleValidator::pub_key),
                   field<2>("voting_power", &SimpleValidator::voting_power)};
};

template <>
struct Described<types::ValidatorSetMessage> {
    using ValidatorSetMessage = types::ValidatorSetMessage;
    static constexpr std::string_view name = "ValidatorSet";
    static constexpr auto fields =
        std::tuple{field<1>("validators", &ValidatorSetMessage::validators),
                   field<2>("proposer", &ValidatorSetMessage::proposer),
                   field<3>("total_voting_power", &ValidatorSetMessage::total_voting_power)};
};

}  // namespace tandem::wire
