// Any bytes as JSON: never a crash; what is accepted can be walked whole, and its compact form is
// read as the same value; where nlohmann/json accepts it too, both mean the same.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "wire/json_read.h"
#include "wire/json_write.h"

namespace {

using namespace tandem;
using wire::JsonKind;
using wire::JsonValue;

constexpr std::size_t compared_depth_max = 200;  // the comparison recurses, unlike the reader

bool same(const JsonValue& ours, const nlohmann::json& theirs, std::size_t depth = 0) {
    if (depth > compared_depth_max) return true;
    switch (ours.kind()) {
        case JsonKind::null:
            return theirs.is_null();
        case JsonKind::boolean:
            return theirs == nlohmann::json(ours.boolean());
        case JsonKind::number:
            return theirs == nlohmann::json::parse(ours.raw());
        case JsonKind::string:
            return theirs.is_string() && theirs.get<std::string>() == ours.string();
        case JsonKind::array: {
            std::size_t count = 0;
            for (const JsonValue element : ours.elements()) {
                if (count >= theirs.size() || !same(element, theirs.at(count), depth + 1))
                    return false;
                ++count;
            }
            return theirs.is_array() && theirs.size() == count;
        }
        case JsonKind::object:
            break;
    }
    if (!theirs.is_object()) return false;
    std::map<std::string, JsonValue> last;
    for (const auto& [name, value] : ours.members()) last.insert_or_assign(name.string(), value);
    if (last.size() != theirs.size()) return false;
    for (const auto& [name, value] : last)
        if (!theirs.contains(name) || !same(value, theirs.at(name), depth + 1)) return false;
    return true;
}

void read_scalars(const JsonValue& value) {
    wire::JsonReading reading;
    std::int64_t wide = 0;
    std::int32_t narrow = 0;
    base::Bytes bytes;
    static_cast<void>(wire::read_json(reading, value, wide));
    static_cast<void>(wire::read_json(reading, value, narrow));
    static_cast<void>(wire::read_json_base64(reading, value, bytes));
    static_cast<void>(wire::read_json_hex(reading, value, bytes));
    static_cast<void>(wire::read_json_tagged(reading, value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto value = wire::parse_json(text);
    const auto theirs = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!value) {
        // nlohmann passes over a byte order mark, takes a zero byte for the end of the text, and
        // nests deeper; else it accepts nothing that we refuse.
        TANDEM_CHECK(theirs.is_discarded() || text.starts_with("\xEF\xBB\xBF") ||
                     text.contains('\0') || value.error().why.contains("deep"));
        return 0;
    }
    if (!theirs.is_discarded()) TANDEM_CHECK(same(*value, theirs));
    read_scalars(*value);

    const std::string compact = wire::compact_json(*value);
    const auto again = wire::parse_json(compact);
    TANDEM_CHECK(again.has_value() && again->raw().size() == compact.size());
    TANDEM_CHECK(wire::compact_json(*again) == compact);
    if (value->kind() == JsonKind::string) {
        TANDEM_CHECK(again->string() == value->string());
        const std::string written = wire::JsonWriter().string(value->string()).take();
        TANDEM_CHECK(wire::parse_json(written)->string() == value->string());
    }
    if (std::ranges::count(compact, '[') + std::ranges::count(compact, '{') <= 100) {
        const std::string indented = wire::indent_json(compact);
        TANDEM_CHECK(wire::compact_json(*wire::parse_json(indented)) == compact);
    }
    return 0;
}
