#include "tests/vectors_program/convert.h"

#include <charconv>

namespace tandem::vectors {
namespace {

template <typename T>
T integer_from(const Json& json) {
    if (json.is_number()) return json.get<T>();
    const std::string text = json.get<std::string>();
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw BadVector("not an integer: " + text);
    return value;
}

}  // namespace

base::Bytes bytes_from(const Json& json) {
    if (json.is_null()) return {};
    if (json.is_object()) return bytes_from(json.at("hex"));
    auto bytes = base::from_hex(json.get<std::string>());
    if (!bytes) throw BadVector("not hexadecimal: " + json.dump().substr(0, 100));
    return std::move(*bytes);
}

std::string hex(base::BytesView bytes) {
    return base::to_hex(bytes);
}

std::string string_from(const Json& json) {
    if (json.is_object()) return std::string(base::as_text(bytes_from(json.at("hex"))));
    return json.get<std::string>();
}

std::int64_t int64_from(const Json& json) {
    return integer_from<std::int64_t>(json);
}
std::uint64_t uint64_from(const Json& json) {
    return integer_from<std::uint64_t>(json);
}

wire::Timestamp timestamp_from(const Json& json) {
    return {int64_from(json.at("seconds")), json.at("nanos").get<std::int32_t>()};
}

wire::Duration duration_from(const Json& json) {
    const auto span = wire::duration_from_parts(int64_from(json.at("seconds")),
                                                json.at("nanos").get<std::int32_t>());
    if (!span) throw BadVector("not a duration: " + json.dump());
    return *span;
}

Json to_json(const wire::Timestamp& time) {
    return {{"seconds", std::to_string(time.seconds)}, {"nanos", time.nanos}};
}

}  // namespace tandem::vectors
