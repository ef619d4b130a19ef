#include "types/json_codec.h"

#include <fmt/format.h>

#include "base/nearest_name.h"

namespace tandem::types {

std::optional<crypto::KeyType> read_json_key_type(wire::JsonReading& reading,
                                                  const wire::JsonTagged& tagged,
                                                  std::string_view JsonKeyName::* member) {
    std::array<std::string_view, json_key_names.size()> names;
    std::ranges::transform(json_key_names, names.begin(), member);
    const auto known = std::ranges::find(names, tagged.type);
    if (known != names.end())
        return json_key_names[static_cast<std::size_t>(known - names.begin())].type;
    std::string expected = fmt::format("one of {}", fmt::join(names, ", "));
    if (const auto nearest = base::nearest_name(tagged.type, names); !nearest.empty())
        expected += fmt::format(" (did you mean {}?)", nearest);
    const wire::JsonReading::Step step(reading, "type");
    reading.fail(tagged.type_value, expected);
    return std::nullopt;
}

std::string_view json_key_name(crypto::KeyType type, std::string_view JsonKeyName::* member) {
    const auto known = std::ranges::find(json_key_names, type, &JsonKeyName::type);
    TANDEM_CHECK(known != json_key_names.end());
    return (*known).*member;
}

}  // namespace tandem::types

namespace tandem::wire {

bool JsonCodec<types::Timestamp>::read(JsonReading& reading, const JsonValue& value,
                                       types::Timestamp& out) {
    if (value.kind() != JsonKind::string)
        return reading.fail(value, "a time such as \"2006-01-02T15:04:05.999Z\"");
    const auto time = types::time_from_text(value.raw_string());
    if (!time)
        return reading.fail_because(
            value, fmt::format("the time {} {}", value.raw().substr(0, 60), time.error().why));
    out = *time;
    return true;
}

void JsonCodec<types::Timestamp>::write(JsonWriter& writer, types::Timestamp value) {
    writer.string(types::to_text(value));
}

bool JsonCodec<crypto::PublicKey>::read(JsonReading& reading, const JsonValue& value,
                                        crypto::PublicKey& out) {
    const auto tagged = read_json_tagged(reading, value);
    if (!tagged) return false;
    const auto type = types::read_json_key_type(reading, *tagged, &types::JsonKeyName::public_key);
    if (!type) return false;
    out.type = *type;
    const JsonReading::Step step(reading, "value");
    return read_json_member(reading, tagged->value, out.bytes);
}

void JsonCodec<crypto::PublicKey>::write(JsonWriter& writer, const crypto::PublicKey& value) {
    if (value.type == crypto::KeyType::none) {
        writer.null();
        return;
    }
    writer.begin_object().name("type");
    writer.string(types::json_key_name(value.type, &types::JsonKeyName::public_key));
    writer.name("value").base64(base::view(value.bytes)).end_object();
}

}  // namespace tandem::wire
