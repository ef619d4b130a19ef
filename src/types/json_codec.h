// JSON codecs of the words that types are made of; for the sources that read or write JSON.
#pragma once
#include "types/params.h"
#include "types/time_text.h"
#include "types/validator.h"
#include "wire/json_fields.h"

namespace tandem::types {

struct JsonKeyName {
    crypto::KeyType type;
    std::string_view public_key;   // in the envelope of a public key
    std::string_view private_key;  // and of a private one
};

inline constexpr std::array<JsonKeyName, 3> json_key_names = {{
    {crypto::KeyType::ed25519, "tendermint/PubKeyEd25519", "tendermint/PrivKeyEd25519"},
    {crypto::KeyType::secp256k1, "tendermint/PubKeySecp256k1", "tendermint/PrivKeySecp256k1"},
    {crypto::KeyType::ml_dsa_65, "cometbft/PubKeyMlDsa65", "cometbft/PrivKeyMlDsa65"},
}};

/// The kind whose name, as `member` of JsonKeyName, stands in an envelope. Where there is none, the
/// refusal names the known ones.
[[nodiscard]] std::optional<crypto::KeyType> read_json_key_type(
    wire::JsonReading& reading, const wire::JsonTagged& tagged,
    std::string_view JsonKeyName::* member);
[[nodiscard]] std::string_view json_key_name(crypto::KeyType type,
                                             std::string_view JsonKeyName::* member);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct JsonCodec<types::Timestamp> {
    static bool read(JsonReading& reading, const JsonValue& value, types::Timestamp& out);
    static void write(JsonWriter& writer, types::Timestamp value);
};

/// Nanoseconds.
template <>
struct JsonCodec<types::Duration> {
    static bool read(JsonReading& reading, const JsonValue& value, types::Duration& out) {
        return read_json(reading, value, out.nanos);
    }
    static void write(JsonWriter& writer, types::Duration value) { writer.quoted(value.nanos); }
};

/// The key's bytes have any number.
template <>
struct JsonCodec<crypto::PublicKey> {
    static bool read(JsonReading& reading, const JsonValue& value, crypto::PublicKey& out);
    static void write(JsonWriter& writer, const crypto::PublicKey& value);
};

/// Hashes and addresses, unlike signatures and other byte strings.
template <>
struct JsonCodec<types::Hash> : JsonHex {};
template <>
struct JsonCodec<types::Address> : JsonHex {};

template <>
struct JsonFields<types::BlockParams> {
    static constexpr auto fields =
        std::tuple{json_field("max_bytes", &types::BlockParams::max_bytes),
                   json_field("max_gas", &types::BlockParams::max_gas)};
};

template <>
struct JsonFields<types::EvidenceParams> {
    using EvidenceParams = types::EvidenceParams;
    static constexpr auto fields =
        std::tuple{json_field("max_age_num_blocks", &EvidenceParams::max_age_num_blocks),
                   json_field("max_age_duration", &EvidenceParams::max_age_duration),
                   json_field("max_bytes", &EvidenceParams::max_bytes)};
};

template <>
struct JsonFields<types::ValidatorParams> {
    static constexpr auto fields =
        std::tuple{json_field("pub_key_types", &types::ValidatorParams::pub_key_types)};
};

template <>
struct JsonFields<types::VersionParams> {
    static constexpr auto fields = std::tuple{json_field("app", &types::VersionParams::app)};
};

template <>
struct JsonFields<types::AbciParams> {
    static constexpr auto fields = std::tuple{json_field(
        "vote_extensions_enable_height", &types::AbciParams::vote_extensions_enable_height)};
};

template <>
struct JsonFields<types::ConsensusParams> {
    using ConsensusParams = types::ConsensusParams;
    static constexpr auto fields = std::tuple{json_field("block", &ConsensusParams::block),
                                              json_field("evidence", &ConsensusParams::evidence),
                                              json_field("validator", &ConsensusParams::validator),
                                              json_field("version", &ConsensusParams::version),
                                              json_field("abci", &ConsensusParams::abci)};
};

}  // namespace tandem::wire
