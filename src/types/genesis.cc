#include "types/genesis.h"

#include <charconv>
#include <fmt/format.h>

#include "crypto/sha256.h"
#include "types/hashing.h"
#include "types/json_codec.h"

namespace tandem::types {
namespace {

/// A document as it stands in a text, before it is completed.
struct GenesisText {
    Timestamp genesis_time;
    std::string chain_id;
    std::int64_t initial_height = 0;
    base::Box<ConsensusParams> consensus_params;
    std::vector<GenesisValidator> validators;
    Hash app_hash;
    std::string app_state;
};

/// JSON that is kept as it stands.
struct RawJson {
    static bool read(wire::JsonReading& /*reading*/, const wire::JsonValue& value,
                     std::string& out) {
        out = value.raw();
        return true;
    }
};

}  // namespace
}  // namespace tandem::types

namespace tandem::wire {

template <>
struct JsonFields<types::GenesisValidator> {
    using GenesisValidator = types::GenesisValidator;
    static constexpr auto fields = std::tuple{json_field("address", &GenesisValidator::address),
                                              json_field("pub_key", &GenesisValidator::pub_key),
                                              json_field("power", &GenesisValidator::power),
                                              json_field("name", &GenesisValidator::name)};
};

template <>
struct JsonFields<types::GenesisText> {
    using GenesisText = types::GenesisText;
    static constexpr auto fields =
        std::tuple{json_field("genesis_time", &GenesisText::genesis_time),
                   json_field("chain_id", &GenesisText::chain_id),
                   json_field("initial_height", &GenesisText::initial_height),
                   json_field("consensus_params", &GenesisText::consensus_params),
                   json_field("validators", &GenesisText::validators),
                   json_field("app_hash", &GenesisText::app_hash),
                   json_field_as<types::RawJson>("app_state", &GenesisText::app_state)};
};

}  // namespace tandem::wire

namespace tandem::types {
namespace {

using wire::JsonKind;
using wire::JsonValue;

Verdict validate(const GenesisValidator& validator) {
    const PublicKey& key = validator.pub_key;
    if (validator.power == 0) return refuse("power", "is 0; leave such a validator out");
    if (key.type == crypto::KeyType::none) return refuse("pub_key", "is missing");
    const std::size_t key_bytes = crypto::public_key_size(key.type);
    if (key.bytes.size() != key_bytes)
        return refuse("pub_key.value",
                      fmt::format("has {} bytes; a key of kind {} has {}", key.bytes.size(),
                                  crypto::key_type_name(key.type), key_bytes));
    const Address address = crypto::address(key);
    if (!validator.address.empty() && validator.address != address)
        return refuse("address",
                      fmt::format("is {}, but the key's address is {}; leave it empty to have it "
                                  "filled in",
                                  base::to_hex(base::view(validator.address), base::HexCase::upper),
                                  base::to_hex(base::view(address), base::HexCase::upper)));
    return {};
}

/// The value at "validators[3].power" inside `value`, or as near to it as the text goes.
JsonValue locate(JsonValue value, std::string_view path) {
    while (!path.empty()) {
        std::optional<JsonValue> next;
        if (path.starts_with('[')) {
            const std::size_t close = path.find(']');
            std::size_t index = 0;
            std::from_chars(path.data() + 1, path.data() + close, index);
            path.remove_prefix(close + 1);
            if (value.kind() != JsonKind::array) break;
            for (const JsonValue element : value.elements())
                if (index-- == 0) {
                    next = element;
                    break;
                }
        } else {
            if (path.starts_with('.')) path.remove_prefix(1);
            const std::string_view name = path.substr(0, path.find_first_of(".["));
            path.remove_prefix(name.size());
            if (value.kind() != JsonKind::object) break;
            for (const auto& [member, inner] : value.members())
                if (member.string_is(name)) next = inner;
        }
        if (!next) break;
        value = *next;
    }
    return value;
}

/// Where a warning tells of a member that resembles the refused one, the user wants to know.
std::string hint(const std::vector<wire::JsonWarning>& warnings, std::string_view path) {
    for (const wire::JsonWarning& warning : warnings)
        if (!warning.nearest.empty() && path.starts_with(warning.nearest))
            return fmt::format(" (line {} has \"{}\"; did you mean \"{}\"?)", warning.line,
                               warning.member, warning.nearest);
    return {};
}

Refusal in_genesis(std::string_view check, std::string why) {
    std::string name = "genesis.";
    bool in_index = false;
    for (const char c : check) {  // "validators[3].power" is the check "validators.power"
        if (c == '[') in_index = true;
        if (!in_index) name.push_back(c);
        if (c == ']') in_index = false;
    }
    return {std::move(name), std::move(why)};
}

/// Kinds of keys that the parameters let an application bring in, though we cannot verify them.
void warn_of_key_types(wire::JsonReading& reading, const JsonValue& root, const GenesisDoc& doc) {
    constexpr std::string_view path = "consensus_params.validator.pub_key_types";
    for (const std::string& name : doc.consensus_params.validator.pub_key_types) {
        const auto type = crypto::key_type_from_name(name);
        if (!type || crypto::can_verify(*type)) continue;
        reading.warn(locate(root, path), path,
                     fmt::format("{} keys are allowed, but this build cannot verify their "
                                 "signatures: it will stop if a validator gets one",
                                 name));
    }
}

}  // namespace

Verdict validate_and_complete(GenesisDoc& doc, Timestamp now) {
    if (doc.chain_id.empty()) return refuse("chain_id", "is missing or empty");
    if (doc.chain_id.size() > chain_id_bytes_max)
        return refuse("chain_id", fmt::format("has {} bytes; at most {} are allowed",
                                              doc.chain_id.size(), chain_id_bytes_max));
    if (doc.initial_height < 0)
        return refuse("initial_height", fmt::format("{} is negative", doc.initial_height));
    TANDEM_TRY(within("consensus_params", validate_basic(doc.consensus_params)));
    for (std::size_t i = 0; i < doc.validators.size(); ++i)
        TANDEM_TRY(within(fmt::format("validators[{}]", i), validate(doc.validators[i])));

    if (doc.initial_height == 0) doc.initial_height = 1;
    for (GenesisValidator& validator : doc.validators)
        validator.address = crypto::address(validator.pub_key);
    if (doc.genesis_time.is_zero_time()) doc.genesis_time = now;
    return {};
}

Result<GenesisReading> genesis_from_json(std::string_view text, Timestamp now) {
    const auto root = wire::parse_json(text);
    if (!root) return std::unexpected(in_genesis(root.error().check, root.error().why));
    wire::JsonReading reading;
    GenesisText read;
    if (!wire::read_json_member(reading, *root, read)) {
        const Refusal& refusal = reading.refusal();
        return std::unexpected(in_genesis(refusal.check, refusal.why));
    }
    GenesisDoc doc{.genesis_time = read.genesis_time,
                   .chain_id = std::move(read.chain_id),
                   .initial_height = read.initial_height,
                   .consensus_params = read.consensus_params ? std::move(*read.consensus_params)
                                                             : ConsensusParams::defaults(),
                   .validators = std::move(read.validators),
                   .app_hash = std::move(read.app_hash),
                   .app_state = std::move(read.app_state)};
    if (const Verdict verdict = validate_and_complete(doc, now); !verdict) {
        const auto& [check, why] = verdict.error();
        return std::unexpected(
            in_genesis(check, fmt::format("line {}: {}: {}{}", locate(*root, check).line(), check,
                                          why, hint(reading.warnings(), check))));
    }
    warn_of_key_types(reading, *root, doc);
    return GenesisReading{std::move(doc), reading.warnings(), reading.warnings_dropped()};
}

std::string to_json(const GenesisDoc& doc) {
    wire::JsonWriter writer;
    const auto write = [&]<typename T>(std::string_view name, const T& value) {
        writer.name(name);
        wire::JsonCodec<T>::write(writer, value);
    };
    writer.begin_object();
    write("genesis_time", doc.genesis_time);
    write("chain_id", doc.chain_id);
    write("initial_height", doc.initial_height);
    write("consensus_params", doc.consensus_params);
    if (!doc.validators.empty()) write("validators", doc.validators);
    write("app_hash", doc.app_hash);
    if (!doc.app_state.empty()) {
        const auto app_state = wire::parse_json(doc.app_state);
        TANDEM_CHECK(app_state.has_value());
        writer.name("app_state").raw(wire::compact_json(*app_state));
    }
    writer.end_object();
    return writer.take();
}

std::string genesis_file_text(const GenesisDoc& doc) {
    return wire::indent_json(to_json(doc));
}

Hash genesis_file_hash(std::string_view text) {
    return to_hash(crypto::sha256(base::as_bytes(text)));
}

Result<State> genesis_state(const GenesisDoc& doc) {
    State state;
    state.chain_id = doc.chain_id;
    state.initial_height = doc.initial_height;
    state.last_block_time = doc.genesis_time;
    state.last_height_validators_changed = doc.initial_height;
    state.consensus_params = doc.consensus_params;
    state.last_height_consensus_params_changed = doc.initial_height;
    state.app_hash = doc.app_hash;
    if (doc.validators.empty()) return state;

    std::vector<ValidatorChange> changes;
    changes.reserve(doc.validators.size());
    for (const GenesisValidator& validator : doc.validators)
        changes.push_back({validator.pub_key, validator.power});
    auto validators = ValidatorSet::make(changes);
    if (!validators)
        return std::unexpected(in_genesis("validators." + validators.error().check,
                                          "validators: " + validators.error().why));
    state.validators = std::move(*validators);
    state.next_validators = state.validators.advanced(1);
    return state;
}

Verdict check_usable(const GenesisDoc& doc) {
    for (std::size_t i = 0; i < doc.validators.size(); ++i) {
        const crypto::KeyType type = doc.validators[i].pub_key.type;
        if (crypto::can_verify(type)) continue;
        return refuse("genesis.validators.pub_key",
                      fmt::format("validators[{}] ({}) has a key of kind {}, whose signatures this "
                                  "build cannot verify; it cannot follow this chain",
                                  i, doc.validators[i].name, crypto::key_type_name(type)));
    }
    if (!doc.genesis_time.in_range())
        return refuse("genesis.genesis_time",
                      fmt::format("{} lies before year 1, which no block can carry",
                                  to_text(doc.genesis_time)));
    return {};
}

}  // namespace tandem::types
