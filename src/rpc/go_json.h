// What Go's encoding/json says of a text that is no JSON, and of values of the wrong kind: CometBFT
// hands these texts to its clients, so they are part of its RPC.
//
// Not here: reading JSON, which is wire/json.h. Whether a text is JSON both agree on, held by a
// fuzz target.
#pragma once
#include <optional>
#include <string>

#include "wire/json.h"

namespace tandem::rpc {

enum class GoJsonMode : std::uint8_t {
    whole,   // json.Unmarshal: nothing may follow the value
    stream,  // json.Decoder: what follows is another value
};

/// Nothing for JSON; else the text of the error.
[[nodiscard]] std::optional<std::string> go_json_fault(std::string_view text,
                                                       GoJsonMode mode = GoJsonMode::whole);
/// How many bytes the first value takes, blanks in front included. REQUIRES: no fault in `stream`.
[[nodiscard]] std::size_t go_json_length(std::string_view text);

/// "number", "string", "bool", "object", "array" or "null".
[[nodiscard]] std::string_view go_kind_name(wire::JsonKind kind);
/// "json: cannot unmarshal number into Go value of type bool".
[[nodiscard]] std::string go_kind_fault(const wire::JsonValue& value, std::string_view type);

/// As %q prints a string.
[[nodiscard]] std::string go_quote(std::string_view text);
/// As %v prints what JSON was read into without a type: "map[a:1]", "[1 2]", "true".
[[nodiscard]] std::string go_value_text(const wire::JsonValue& value);

}  // namespace tandem::rpc
