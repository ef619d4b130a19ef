#include "types/key_files.h"

#include <fmt/format.h>

#include "crypto/ed25519.h"
#include "types/json_codec.h"

namespace tandem::types {
namespace {

using wire::JsonKind;
using wire::JsonReading;
using wire::JsonValue;

struct NodeKeyFile {
    StoredKey priv_key;
};

struct ValidatorKeyFile {
    Address address;
    PublicKey pub_key;
    StoredKey priv_key;
};

/// Reads the text of `file` by the table of T; refusals and warnings name the file.
template <typename T>
Verdict read_file(std::string_view file, std::string_view text, JsonReading& reading, T& out) {
    const auto root = wire::parse_json(text);
    if (!root) return within(file, std::unexpected(root.error()));
    if (wire::read_json_member(reading, *root, out)) return {};
    return within(file, std::unexpected(reading.refusal()));
}

/// The public key that CometBFT sees in the private one: what stands behind the seed, however long
/// that is.
Result<PublicKey> derived_public_key(crypto::KeyType type, BytesView bytes) {
    if (type != crypto::KeyType::ed25519) {
        auto key = crypto::PrivateKey::from_bytes(type, bytes);
        if (!key) return std::unexpected(key.error());
        return key->public_key();
    }
    PublicKey key{.type = type, .bytes = {}};
    const BytesView tail = bytes.subspan(std::min(bytes.size(), crypto::ed25519_seed_size));
    if (std::ranges::all_of(tail, [](std::uint8_t byte) { return byte == 0; }))
        return refuse("key", "no public key stands behind the 32 bytes of its seed");
    key.bytes.resize(crypto::ed25519_public_key_size);
    std::ranges::copy(tail.first(std::min(tail.size(), key.bytes.size())), key.bytes.begin());
    return key;
}

Verdict derive_public_key(std::string_view check, StoredKey& key) {
    if (key.type == crypto::KeyType::none) return refuse(check, "the member priv_key is missing");
    auto public_key = derived_public_key(key.type, key.bytes.view());
    if (!public_key) return refuse(check, "priv_key: " + public_key.error().why);
    key.public_key = std::move(*public_key);
    return {};
}

/// {"type": ..., "value": ...}
void write_private_key(wire::JsonWriter& writer, const crypto::PrivateKey& key) {
    std::string value = base::to_base64(key.bytes());
    writer.begin_object().name("type");
    writer.string(json_key_name(key.type(), &JsonKeyName::private_key));
    writer.name("value").string(value).end_object();
    crypto::wipe({reinterpret_cast<std::uint8_t*>(value.data()), value.size()});
}

/// Hands the text of a secret over and leaves no copy behind.
crypto::SecretBytes take_secret(std::string text) {
    crypto::SecretBytes secret(base::as_bytes(text));
    crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return secret;
}

constexpr std::size_t key_file_bytes_max = 1024;  // room, so that no text of a secret moves

/// indent_json for a text of secrets.
crypto::SecretBytes indent_secret(std::string compact) {
    crypto::SecretBytes secret = take_secret(wire::indent_json(compact));
    crypto::wipe({reinterpret_cast<std::uint8_t*>(compact.data()), compact.size()});
    return secret;
}

}  // namespace
}  // namespace tandem::types

namespace tandem::wire {

template <>
struct JsonCodec<types::StoredKey> {
    static bool read(JsonReading& reading, const JsonValue& value, types::StoredKey& out) {
        const auto tagged = read_json_tagged(reading, value);
        if (!tagged) return false;
        const auto type =
            types::read_json_key_type(reading, *tagged, &types::JsonKeyName::private_key);
        if (!type) return false;
        out.type = *type;
        const JsonReading::Step step(reading, "value");
        base::Bytes bytes;
        if (tagged->value.kind() == JsonKind::string) {
            std::string text = tagged->value.string();
            auto decoded = base::from_base64(text);
            crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
            if (!decoded) return reading.fail(tagged->value, "bytes in base64, with padding");
            bytes = std::move(*decoded);
        } else if (!tagged->value.is_null() && !read_json_base64(reading, tagged->value, bytes)) {
            return false;
        }
        out.bytes = crypto::SecretBytes(std::move(bytes));
        return true;
    }
};

template <>
struct JsonCodec<types::SignStep> {
    static bool read(JsonReading& reading, const JsonValue& value, types::SignStep& out) {
        std::int8_t number = 0;
        if (!read_json(reading, value, number)) return false;
        out = static_cast<types::SignStep>(number);
        return true;
    }
    static void write(JsonWriter& writer, types::SignStep value) {
        writer.number(static_cast<std::int8_t>(value));
    }
};

template <>
struct JsonFields<types::NodeKeyFile> {
    static constexpr auto fields =
        std::tuple{json_field("priv_key", &types::NodeKeyFile::priv_key)};
};

template <>
struct JsonFields<types::ValidatorKeyFile> {
    using File = types::ValidatorKeyFile;
    static constexpr auto fields =
        std::tuple{json_field("address", &File::address), json_field("pub_key", &File::pub_key),
                   json_field("priv_key", &File::priv_key)};
};

template <>
struct JsonFields<types::LastSigned> {
    using LastSigned = types::LastSigned;
    static constexpr auto fields =
        std::tuple{json_field("height", &LastSigned::height),
                   json_field("round", &LastSigned::round), json_field("step", &LastSigned::step),
                   json_field_if_set("signature", &LastSigned::signature),
                   json_field_as<JsonHex>("signbytes", &LastSigned::sign_bytes, true)};
};

}  // namespace tandem::wire

namespace tandem::types {

Result<crypto::PrivateKey> signing_key(std::string_view check, const StoredKey& key) {
    auto usable = crypto::PrivateKey::from_bytes(key.type, key.bytes.view());
    if (!usable)
        return refuse(check, fmt::format("priv_key, of kind {} and {} bytes, cannot sign: {}",
                                         crypto::key_type_name(key.type), key.bytes.size(),
                                         usable.error().why));
    return usable;
}

Result<KeyReading> node_key_from_json(std::string_view text) {
    constexpr std::string_view file = "node_key";
    JsonReading reading = JsonReading::of_secrets();
    NodeKeyFile read;
    if (Verdict verdict = read_file(file, text, reading, read); !verdict)
        return std::unexpected(std::move(verdict).error());
    TANDEM_TRY(derive_public_key(file, read.priv_key));
    return KeyReading{std::move(read.priv_key), reading.warnings()};
}

crypto::SecretBytes node_key_text(const crypto::PrivateKey& key) {
    wire::JsonWriter writer(key_file_bytes_max);
    writer.begin_object().name("priv_key");
    write_private_key(writer, key);
    writer.end_object();
    return take_secret(writer.take());
}

std::string node_id(const crypto::PublicKey& key) {
    return base::to_hex(base::view(crypto::address(key)));
}

Result<KeyReading> validator_key_from_json(std::string_view text) {
    constexpr std::string_view file = "priv_validator_key";
    JsonReading reading = JsonReading::of_secrets();
    ValidatorKeyFile read;
    if (Verdict verdict = read_file(file, text, reading, read); !verdict)
        return std::unexpected(std::move(verdict).error());
    TANDEM_TRY(derive_public_key(file, read.priv_key));
    const auto root = wire::parse_json(text);
    if (read.pub_key != read.priv_key.public_key)
        reading.warn(*root, "pub_key", "is not that of priv_key, which counts");
    if (read.address != crypto::address(read.priv_key.public_key))
        reading.warn(*root, "address", "is not that of priv_key, which counts");
    return KeyReading{std::move(read.priv_key), reading.warnings()};
}

crypto::SecretBytes validator_key_text(const crypto::PrivateKey& key) {
    const PublicKey public_key = key.public_key();
    wire::JsonWriter writer(key_file_bytes_max);
    writer.begin_object();
    writer.name("address").hex(base::view(crypto::address(public_key)));
    writer.name("pub_key");
    wire::JsonCodec<PublicKey>::write(writer, public_key);
    writer.name("priv_key");
    write_private_key(writer, key);
    writer.end_object();
    return indent_secret(writer.take());
}

Result<LastSignedReading> last_signed_from_json(std::string_view text) {
    constexpr std::string_view file = "priv_validator_state";
    JsonReading reading;
    LastSignedReading out;
    if (Verdict read = read_file(file, text, reading, out.last); !read)
        return std::unexpected(std::move(read).error());
    const auto root = wire::parse_json(text);
    for (const std::string_view name : {"height", "round", "step"}) {
        bool there = false;
        if (root->kind() == JsonKind::object)
            for (const auto& [member, value] : root->members()) there |= member.string_is(name);
        if (!there) reading.warn(*root, name, "is missing and taken for 0");
    }
    out.warnings = reading.warnings();
    return out;
}

std::string last_signed_text(const LastSigned& last) {
    wire::JsonWriter writer;
    wire::JsonCodec<LastSigned>::write(writer, last);
    return wire::indent_json(writer.take());
}

}  // namespace tandem::types
