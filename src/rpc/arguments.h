// The arguments of a method, from the URI form or from JSON, as CometBFT converts them to the
// parameters of its handlers (wire page of the RPC, requests).
//
//               URI                                JSON
//   integers    5 or "5"                           "5", in quotes only
//   bytes       0x0a0b, or "raw characters"        "base64"
//   hex bytes   0x0a0b, or "raw characters"        "0A0B"
//   booleans    true                               true
//   strings     "text"                             "text"
//   others      JSON                               JSON
//
// In the URI form a value of "" is one that was left out. Error texts are Go's.
#pragma once
#include <span>
#include <variant>

#include "rpc/environment.h"
#include "wire/json.h"

namespace tandem::rpc {

enum class ParamType : std::uint8_t {
    int64,           // 0 when left out
    optional_int64,  // nothing when left out; so is the next
    optional_int,
    uint,
    bytes,
    tx,  // bytes under another name in error texts
    hex_bytes,
    boolean,
    string,
    strings,
    evidence,
};

struct Param {
    std::string_view name;
    ParamType type;
};

/// monostate: left out, of the types that have no zero value.
using Argument = std::variant<std::monostate, std::int64_t, std::uint64_t, bool, std::string, Bytes,
                              std::vector<std::string>, types::Evidence>;

/// What stands for a value that was left out.
[[nodiscard]] Argument zero_argument(ParamType type);
/// REQUIRES: not empty.
[[nodiscard]] Result<Argument> argument_from_text(ParamType type, std::string_view text);
[[nodiscard]] Result<Argument> argument_from_json(ParamType type, std::string_view json);

/// By name or by position; null stands for none at all. REQUIRES: `json` is JSON.
[[nodiscard]] Result<std::vector<Argument>> arguments_from_json(std::span<const Param> params,
                                                                std::string_view json);

/// False for one of the optional types that was left out.
[[nodiscard]] bool is_given(const Argument& argument);

}  // namespace tandem::rpc
