#include "rpc/json_rpc.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "rpc/go_json.h"
#include "wire/json_write.h"

namespace tandem::rpc {

namespace {

using base::refuse;
using base::Result;
using wire::JsonKind;
using wire::JsonValue;

/// How Go prints the type that a request is read into.
constexpr std::string_view request_type =
    R"(struct { JSONRPC string "json:\"jsonrpc\""; ID interface {} "json:\"id,omitempty\""; )"
    R"(Method string "json:\"method\""; Params json.RawMessage "json:\"params\"" })";

bool fits(std::string_view name, std::string_view wanted) {
    return std::ranges::equal(name, wanted, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// As a conversion of the processor has it: what does not fit is the lowest number.
std::int64_t cut(double number) {
    constexpr double limit = 9223372036854775808.0;  // 2^63
    if (!(number >= -limit && number < limit)) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(number);
}

/// The members of a request, as they were met.
struct Reading {
    Call call;
    std::optional<JsonValue> id;
    std::string fault;  // the first wrong kind; reading went on behind it

    void wrong_kind(const JsonValue& value, std::string_view member, std::string_view type) {
        if (!fault.empty()) return;
        fault = "json: cannot unmarshal " + std::string(go_kind_name(value.kind())) +
                " into Go struct field ." + std::string(member) + " of type " + std::string(type);
    }
    void read_string(const JsonValue& value, std::string_view member, std::string& out) {
        if (value.is_null()) return;
        if (value.kind() == JsonKind::string)
            out = value.string();
        else
            wrong_kind(value, member, "string");
    }
    void read(const wire::JsonMember& member) {
        const std::string name = member.name.string();
        std::string version;
        if (fits(name, "jsonrpc")) read_string(member.value, "jsonrpc", version);
        if (fits(name, "id")) id = member.value;
        if (fits(name, "method")) read_string(member.value, "method", call.method);
        if (fits(name, "params")) call.params = member.value.raw();
    }
};

/// The decimal exponent of the first digit that counts: 0 for 5, 1 for 10, -1 for 0.1.
std::int64_t magnitude(std::string_view number) {
    const std::size_t e = std::min(number.find_first_of("eE"), number.size());
    const std::string_view digits = number.substr(0, e);
    const std::size_t point = std::min(digits.find('.'), digits.size());
    const std::size_t first = digits.find_first_of("123456789");
    if (first == std::string_view::npos) return 0;
    std::int64_t exponent = 0;
    std::string_view power = number.substr(std::min(e + 1, number.size()));
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto read = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (read.ec == std::errc::result_out_of_range)
        exponent = power.starts_with('-') ? -1'000'000'000 : 1'000'000'000;
    const auto distance = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
    return exponent + (distance > 0 ? distance - 1 : distance);
}

Result<double> number_of(const JsonValue& value) {
    double number = 0;
    const std::string_view raw = value.raw();
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
    // A number too small to be held is 0; one too large is refused.
    if (error == std::errc::result_out_of_range && magnitude(raw) < 0) return 0;
    if (error != std::errc() || end != raw.data() + raw.size())
        return refuse("request.id", "json: cannot unmarshal number " + std::string(raw) +
                                        " into Go struct field .id of type float64");
    return number;
}

std::string_view type_of_id(JsonKind kind) {
    if (kind == JsonKind::boolean) return "bool";
    return kind == JsonKind::array ? "[]interface {}" : "map[string]interface {}";
}

Result<RequestId> id_of(const JsonValue& value) {
    if (value.kind() == JsonKind::string) return RequestId(value.string());
    if (value.kind() == JsonKind::number) {
        const auto number = number_of(value);
        if (!number) return std::unexpected(number.error());
        return RequestId(cut(*number));
    }
    return refuse("request.id", "json-rpc ID (" + go_value_text(value) + ") is of unknown type (" +
                                    std::string(type_of_id(value.kind())) + ')');
}

Result<Call> call_of(const JsonValue& value) {
    if (value.is_null()) return Call{};
    if (value.kind() != JsonKind::object)
        return refuse("request.kind", go_kind_fault(value, request_type));
    Reading reading;
    for (const wire::JsonMember member : value.members()) reading.read(member);
    if (!reading.fault.empty()) return refuse("request.member", std::move(reading.fault));
    if (!reading.id || reading.id->is_null()) return Call{};
    auto id = id_of(*reading.id);
    if (!id) return std::unexpected(id.error());
    reading.call.id = std::move(*id);
    return std::move(reading.call);
}

std::unexpected<base::Refusal> unreadable(std::string_view why) {
    return refuse("request", "error unmarshaling request: " + std::string(why));
}

void write_id(wire::JsonWriter& writer, const RequestId& id) {
    if (std::holds_alternative<std::monostate>(id)) return;
    writer.name("id");
    if (const auto* number = std::get_if<std::int64_t>(&id))
        writer.number(*number);
    else
        writer.string(std::get<std::string>(id));
}

std::string_view message_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::parse_error:
            return "Parse error. Invalid JSON";
        case ErrorCode::invalid_request:
            return "Invalid Request";
        case ErrorCode::method_not_found:
            return "Method not found";
        case ErrorCode::invalid_params:
            return "Invalid params";
        case ErrorCode::internal_error:
            return "Internal error";
        case ErrorCode::server_error:
            return "Server error";
    }
    return "";
}

}  // namespace

base::Result<std::vector<Call>> read_calls(std::string_view body) {
    if (const auto fault = go_json_fault(body)) return unreadable(*fault);
    const auto value = wire::parse_json(body);
    if (!value) return unreadable(value.error().why);
    std::vector<Call> calls;
    if (value->is_null()) return calls;
    if (value->kind() == JsonKind::array) {
        bool readable = true;
        for (const JsonValue element : value->elements()) {
            auto call = call_of(element);
            readable = readable && call.has_value();
            if (!readable) break;
            calls.push_back(std::move(*call));
        }
        if (readable) return calls;
        // It is then taken for one request, which a list is not either.
        calls.clear();
    }
    auto call = call_of(*value);
    if (!call) return unreadable(call.error().why);
    calls.push_back(std::move(*call));
    return calls;
}

base::Result<Call> read_call(std::string_view message) {
    if (const auto fault = go_json_fault(message, GoJsonMode::stream)) return unreadable(*fault);
    const auto value = wire::parse_json(message.substr(0, go_json_length(message)));
    if (!value) return unreadable(value.error().why);
    auto call = call_of(*value);
    if (!call) return unreadable(call.error().why);
    return call;
}

std::string result_response(const RequestId& id, std::string_view result) {
    wire::JsonWriter writer(result.size() + 64);
    writer.begin_object().name("jsonrpc").string("2.0");
    write_id(writer, id);
    writer.name("result").raw(result).end_object();
    return writer.take();
}

std::string error_response(const RequestId& id, ErrorCode code, std::string_view data) {
    wire::JsonWriter writer;
    writer.begin_object().name("jsonrpc").string("2.0");
    write_id(writer, id);
    writer.name("error").begin_object();
    writer.name("code").number(static_cast<std::int32_t>(code));
    writer.name("message").string(message_of(code));
    if (!data.empty()) writer.name("data").string(data);
    writer.end_object().end_object();
    return writer.take();
}

std::string joined(const std::vector<std::string>& responses) {
    if (responses.empty()) return {};
    if (responses.size() == 1) return responses.front();
    std::string text = "[";
    for (const std::string& response : responses) {
        if (text.size() > 1) text += ',';
        text += response;
    }
    return text + ']';
}

}  // namespace tandem::rpc
