#include "rpc/arguments.h"

#include <charconv>
#include <fmt/format.h>

#include "rpc/go_json.h"
#include "types/json.h"
#include "wire/json_read.h"

namespace tandem::rpc {

namespace {

using base::refuse;
using wire::JsonKind;
using wire::JsonValue;

std::unexpected<base::Refusal> refused(std::string why) {
    return refuse("rpc.params", std::move(why));
}

std::string_view go_type(ParamType type) {
    switch (type) {
        case ParamType::int64:
        case ParamType::optional_int64:
            return "int64";
        case ParamType::optional_int:
            return "int";
        case ParamType::uint:
            return "uint";
        case ParamType::bytes:
            return "[]uint8";
        case ParamType::tx:
            return "types.Tx";
        case ParamType::hex_bytes:
            return "bytes.HexBytes";
        case ParamType::boolean:
            return "bool";
        case ParamType::string:
            return "string";
        case ParamType::strings:
            return "slice";
        case ParamType::evidence:
            return "interface";
    }
    return "";
}

bool is_integer(ParamType type) {
    return type == ParamType::int64 || type == ParamType::optional_int64 ||
           type == ParamType::optional_int || type == ParamType::uint;
}
bool is_bytes(ParamType type) {
    return type == ParamType::bytes || type == ParamType::tx || type == ParamType::hex_bytes;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_integer_text(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

/// As Go's encoding/hex reads it, with its texts.
Result<Bytes> hex_bytes(std::string_view text) {
    const auto is_hex = [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    const std::size_t paired = text.size() / 2 * 2;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_hex(text[i])) continue;
        if (i >= paired && text.size() % 2 == 0) break;
        const auto byte = static_cast<unsigned char>(text[i]);
        std::string shown = go_quote(text.substr(i, 1));
        if (byte >= 0x80)  // taken for a character of Latin-1
            shown = {'"', static_cast<char>(0xc0U | (byte >> 6U)),
                     static_cast<char>(0x80U | (byte & 0x3fU)), '"'};
        shown = shown.substr(1, shown.size() - 2);
        if (text[i] == '\'') shown = "\\'";
        if (text[i] == '"') shown = "\"";
        const bool visible = byte >= 0x20 && byte != 0x7f && !(byte >= 0x80 && byte < 0xa0);
        return refused(fmt::format("encoding/hex: invalid byte: U+{:04X}{}", byte,
                                   visible ? fmt::format(" '{}'", shown) : ""));
    }
    if (text.size() % 2 != 0) return refused("encoding/hex: odd length hex string");
    return *base::from_hex(text);
}

/// As Go's base64.StdEncoding reads it, with the offset of what is wrong.
Result<Bytes> base64_bytes(std::string_view text) {
    if (auto bytes = base::from_base64(text)) return std::move(*bytes);
    const auto corrupt = [](std::size_t offset) {
        return refused(fmt::format("illegal base64 data at input byte {}", offset));
    };
    const auto is_letter = [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
               c == '/';
    };
    std::size_t in_group = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n' || c == '\r') continue;
        if (is_letter(c)) {
            in_group = (in_group + 1) % 4;
            continue;
        }
        if (c != '=' || in_group < 2) return corrupt(at);
        const auto skip_breaks = [&](std::size_t from) {
            while (from < text.size() && (text[from] == '\n' || text[from] == '\r')) ++from;
            return from;
        };
        std::size_t next = skip_breaks(at + 1);
        if (in_group == 2) {
            if (next == text.size()) return corrupt(text.size());
            if (text[next] != '=') return corrupt(next - 1);
            next = skip_breaks(next + 1);
        }
        return corrupt(next);  // something follows the padding
    }
    return corrupt(text.size() - in_group);
}

/// What encoding/json makes of a list of numbers where bytes are wanted.
Result<Bytes> listed_bytes(const JsonValue& list) {
    Bytes bytes;
    for (const JsonValue element : list.elements()) {
        if (element.is_null()) {
            bytes.push_back(0);
            continue;
        }
        if (element.kind() != JsonKind::number) return refused(go_kind_fault(element, "uint8"));
        std::uint8_t byte = 0;
        const std::string_view raw = element.raw();
        const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), byte);
        if (error != std::errc() || end != raw.data() + raw.size())
            return refused(
                fmt::format("json: cannot unmarshal number {} into Go value of type uint8", raw));
        bytes.push_back(byte);
    }
    return bytes;
}

Result<Argument> bytes_from_json(ParamType type, const JsonValue& value) {
    Result<Bytes> bytes;
    if (value.kind() == JsonKind::string)
        bytes = base64_bytes(value.string());
    else if (value.kind() == JsonKind::array)
        bytes = listed_bytes(value);
    else
        return refused(go_kind_fault(value, go_type(type)));
    if (!bytes) return std::unexpected(bytes.error());
    return Argument(std::move(*bytes));
}

/// The letters between the quotes are taken as they stand: escapes are no hexadecimal digits.
Result<Argument> hex_bytes_from_json(std::string_view json) {
    if (json.size() < 2 || json.front() != '"' || json.back() != '"')
        return refused("invalid hex string: " + std::string(json));
    auto bytes = hex_bytes(json.substr(1, json.size() - 2));
    if (!bytes) return std::unexpected(bytes.error());
    return Argument(std::move(*bytes));
}

template <typename Integer>
Result<Argument> integer_of(const JsonValue& value, std::string_view type) {
    if (value.is_null()) return Argument(Integer{0});
    if (value.kind() != JsonKind::number) return refused(go_kind_fault(value, type));
    Integer number = 0;
    const std::string_view raw = value.raw();
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
    if (error != std::errc() || end != raw.data() + raw.size())
        return refused(
            fmt::format("json: cannot unmarshal number {} into Go value of type {}", raw, type));
    return Argument(number);
}

/// The quotes are taken off, and what is left is JSON again.
Result<Argument> integer_from_json(ParamType type, std::string_view json) {
    if (json.size() < 2 || json.front() != '"' || json.back() != '"')
        return refused(
            fmt::format("invalid 64-bit integer encoding {}, expected string", go_quote(json)));
    json = json.substr(1, json.size() - 2);
    if (const auto fault = go_json_fault(json)) return refused(*fault);
    const auto value = wire::parse_json(json);
    if (!value) return refused(value.error().why);
    if (type == ParamType::uint) return integer_of<std::uint64_t>(*value, go_type(type));
    return integer_of<std::int64_t>(*value, go_type(type));
}

Result<Argument> strings_from_json(const JsonValue& value) {
    if (value.kind() != JsonKind::array) return refused(go_kind_fault(value, "[]json.RawMessage"));
    std::vector<std::string> strings;
    for (const JsonValue element : value.elements()) {
        if (!element.is_null() && element.kind() != JsonKind::string)
            return refused(go_kind_fault(element, "string"));
        strings.push_back(element.is_null() ? std::string() : element.string());
    }
    return Argument(std::move(strings));
}

Result<Argument> evidence_from_json(const JsonValue& value) {
    if (value.kind() != JsonKind::object)
        return refused(go_kind_fault(value, "json.interfaceWrapper"));
    wire::JsonReading reading;
    std::string type;
    bool has_value = false;
    for (const wire::JsonMember member : value.members()) {
        const std::string name = member.name.string();
        if (name == "type" && member.value.kind() == JsonKind::string) type = member.value.string();
        has_value = has_value || name == "value";
    }
    if (type.empty()) return refused("interface type cannot be empty");
    if (!has_value) return refused("interface value cannot be empty");
    if (type != "tendermint/DuplicateVoteEvidence" &&
        type != "tendermint/LightClientAttackEvidence")
        return refused("unknown type " + go_quote(type));
    types::Evidence evidence;
    if (!types::read_json(reading, value, evidence)) return refused(reading.refusal().why);
    return Argument(std::move(evidence));
}

std::string shown_list(const std::vector<std::string_view>& raw_values) {
    std::string text = "[";
    for (const std::string_view raw : raw_values) {
        if (text.size() > 1) text += ' ';
        text += '[';
        for (std::size_t i = 0; i < raw.size(); ++i)
            text += fmt::format("{}{}", i == 0 ? "" : " ", static_cast<unsigned char>(raw[i]));
        text += ']';
    }
    return text + ']';
}

Result<std::vector<Argument>> by_position(std::span<const Param> params, const JsonValue& list) {
    std::vector<std::string_view> values;
    for (const JsonValue element : list.elements()) values.push_back(element.raw());
    if (values.size() != params.size()) {
        std::string names;
        for (const Param& param : params) {
            if (!names.empty()) names += ' ';
            names += param.name;
        }
        return refused(fmt::format("expected {} parameters ([{}]), got {} ({})", params.size(),
                                   names, values.size(), shown_list(values)));
    }
    std::vector<Argument> arguments;
    for (std::size_t i = 0; i < params.size(); ++i) {
        auto argument = argument_from_json(params[i].type, values[i]);
        if (!argument) return std::unexpected(argument.error());
        arguments.push_back(std::move(*argument));
    }
    return arguments;
}

Result<std::vector<Argument>> by_name(std::span<const Param> params, const JsonValue& object) {
    std::vector<Argument> arguments;
    for (const Param& param : params) {
        std::optional<std::string_view> json;
        for (const wire::JsonMember member : object.members())
            if (member.name.string_is(param.name)) json = member.value.raw();
        auto argument = json ? argument_from_json(param.type, *json) : zero_argument(param.type);
        if (!argument) return std::unexpected(argument.error());
        arguments.push_back(std::move(*argument));
    }
    return arguments;
}

}  // namespace

Argument zero_argument(ParamType type) {
    switch (type) {
        case ParamType::int64:
            return std::int64_t{0};
        case ParamType::uint:
            return std::uint64_t{0};
        case ParamType::bytes:
        case ParamType::tx:
        case ParamType::hex_bytes:
            return Bytes{};
        case ParamType::boolean:
            return false;
        case ParamType::string:
            return std::string();
        case ParamType::strings:
            return std::vector<std::string>();
        case ParamType::optional_int64:
        case ParamType::optional_int:
        case ParamType::evidence:
            return std::monostate();
    }
    return {};
}

Result<Argument> argument_from_text(ParamType type, std::string_view text) {
    if (is_integer(type) && is_integer_text(text))
        return argument_from_json(type, '"' + std::string(text) + '"');
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    if (is_hex) {
        if (type != ParamType::string && !is_bytes(type))
            return refused(fmt::format("got a hex string arg, but expected '{}'", go_type(type)));
        auto bytes = hex_bytes(text.substr(2));
        if (!bytes) return std::unexpected(bytes.error());
        if (is_bytes(type)) return Argument(std::move(*bytes));
        return Argument(std::string(base::as_text(*bytes)));
    }
    if (is_bytes(type) && text.starts_with('"') && text.ends_with('"')) {
        auto raw = argument_from_json(ParamType::string, text);
        if (!raw) return raw;
        return Argument(base::to_bytes(base::as_bytes(std::get<std::string>(*raw))));
    }
    return argument_from_json(type, text);
}

Result<Argument> argument_from_json(ParamType type, std::string_view json) {
    if (json == "null") return zero_argument(type);
    if (type == ParamType::hex_bytes) return hex_bytes_from_json(json);
    if (is_integer(type)) return integer_from_json(type, json);
    if (const auto fault = go_json_fault(json)) return refused(*fault);
    const auto value = wire::parse_json(json);
    if (!value) return refused(value.error().why);
    if (value->is_null()) return zero_argument(type);
    switch (type) {
        case ParamType::boolean:
            if (value->kind() != JsonKind::boolean) return refused(go_kind_fault(*value, "bool"));
            return Argument(value->boolean());
        case ParamType::string:
            if (value->kind() != JsonKind::string) return refused(go_kind_fault(*value, "string"));
            return Argument(value->string());
        case ParamType::strings:
            return strings_from_json(*value);
        case ParamType::evidence:
            return evidence_from_json(*value);
        default:
            return bytes_from_json(type, *value);
    }
}

Result<std::vector<Argument>> arguments_from_json(std::span<const Param> params,
                                                  std::string_view json) {
    const auto value = wire::parse_json(json);
    if (!value) return refused(value.error().why);
    switch (value->kind()) {
        case JsonKind::array:
            return by_position(params, *value);
        case JsonKind::object:
            return by_name(params, *value);
        case JsonKind::null: {
            std::vector<Argument> arguments;
            for (const Param& param : params) arguments.push_back(zero_argument(param.type));
            return arguments;
        }
        default:
            return refused("unknown type for JSON params: " +
                           go_kind_fault(*value, "[]json.RawMessage") + ". Expected map or array");
    }
}

bool is_given(const Argument& argument) {
    return !std::holds_alternative<std::monostate>(argument);
}

}  // namespace tandem::rpc
