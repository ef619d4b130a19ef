// Writing JSON in CometBFT's dialect, byte for byte: what Go's encoding/json writes, with 64-bit
// integers as strings and bytes as upper-case hexadecimal or base64 (wire page, section 16).
//
// Members come out in the order in which they are given; there is no object model in between.
// Which field takes which form is said by the tables of json_fields.h; RPC writes by hand.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/json.h"

namespace tandem::wire {

class JsonWriter {
  public:
    JsonWriter() = default;
    /// Room for `bytes` is made at once; the text of a secret must not be moved while it grows.
    explicit JsonWriter(std::size_t bytes) { out_.reserve(bytes); }

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    /// REQUIRES: inside an object; a value comes next.
    JsonWriter& name(std::string_view name);

    JsonWriter& null() { return raw("null"); }
    JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
    /// <, >, &, U+2028 and U+2029 are escaped; bytes that are no UTF-8 come out as \ufffd.
    JsonWriter& string(std::string_view text);
    JsonWriter& number(std::int64_t value);
    /// In quotes, as 64-bit integers are written.
    JsonWriter& quoted(std::int64_t value);
    JsonWriter& quoted(std::uint64_t value);
    /// Upper case.
    JsonWriter& hex(base::BytesView bytes);
    JsonWriter& base64(base::BytesView bytes);
    /// A value that is JSON already.
    JsonWriter& raw(std::string_view json);

    /// REQUIRES: one value, with everything closed.
    [[nodiscard]] std::string take();

  private:
    void before_value();
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);

    std::string out_;
    std::size_t depth_ = 0;
    bool comma_due_ = false;
};

/// A string as JsonWriter::string writes it, quotes included.
void append_json_string(std::string& out, std::string_view text);

/// The value without blanks, and with the characters escaped that JsonWriter::string escapes; what
/// Go makes of a raw member.
[[nodiscard]] std::string compact_json(const JsonValue& value);

/// `compact` with a line per member and element, as the files of a node's home are written.
/// REQUIRES: JSON without blanks between its tokens.
[[nodiscard]] std::string indent_json(std::string_view compact, std::string_view indent = "  ");

}  // namespace tandem::wire
