// What JSON values mean in CometBFT's dialect (wire page, section 16), and the report of a reading:
// the refusal that ended it, and what was passed over on the way.
//
//   64-bit integer   a string that holds a JSON integer: blanks in front pass, "05", "+5", "1e3"
//                    and "" do not; a bare number is an error
//   32-bit, smaller  a JSON integer
//   bytes            base64 in a string; Go also takes a list of numbers from 0 to 255
//   hexadecimal      digits of either case, without escapes
//   null             the zero value, of any type
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/json.h"

namespace tandem::wire {

/// A member that was accepted because CometBFT accepts it, though it looks like a mistake.
struct JsonWarning {
    std::size_t line = 0;
    std::string member;   // "consensus_params.blok"
    std::string nearest;  // the known member that it resembles, or empty
    std::string why;

    [[nodiscard]] std::string text() const;  // "line 3: consensus_params.blok: ..."
    bool operator==(const JsonWarning&) const = default;
};

inline constexpr std::size_t json_warnings_max = 64;  // further ones are only counted

/// One reading, from the text to a value or a refusal: where it stands, and what it has met.
class JsonReading {
  public:
    JsonReading() = default;
    /// A reading whose messages name kinds but show no values, for files of secrets.
    [[nodiscard]] static JsonReading of_secrets() {
        JsonReading reading;
        reading.shows_values_ = false;
        return reading;
    }

    /// Names the member or element that is being read, while it lives.
    class Step {
      public:
        Step(JsonReading& reading, std::string_view name) : reading_(&reading) {
            reading.path_.push_back({name, 0});
        }
        Step(JsonReading& reading, std::size_t index) : reading_(&reading) {
            reading.path_.push_back({{}, index});
        }
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;
        ~Step() { reading_->path_.pop_back(); }

      private:
        JsonReading* reading_;
    };

    /// "line 3: validators[0].power: expected ..., found ...". Always false, to be returned.
    bool fail(const JsonValue& at, std::string_view expected);
    /// The same with words of the caller's.
    bool fail_because(const JsonValue& at, std::string why);
    void warn(const JsonValue& at, std::string_view member, std::string why,
              std::string_view nearest = {});
    /// Warns of a member that is not among `known`.
    void unknown_member(const JsonValue& name, std::span<const std::string_view> known);
    void repeated_member(const JsonValue& name);

    [[nodiscard]] const base::Refusal& refusal() const noexcept { return refusal_; }
    [[nodiscard]] const std::vector<JsonWarning>& warnings() const noexcept { return warnings_; }
    [[nodiscard]] std::size_t warnings_dropped() const noexcept { return warnings_dropped_; }

  private:
    struct Segment {
        std::string_view name;  // of a member; empty for an element
        std::size_t index;
    };
    /// Counts a warning for which there is no room.
    [[nodiscard]] bool drops_warning();
    [[nodiscard]] std::string path(std::string_view member = {}) const;  // "validators[0].power"
    [[nodiscard]] std::string check() const;                             // "validators.power"

    bool shows_values_ = true;
    std::vector<Segment> path_;
    base::Refusal refusal_;
    std::vector<JsonWarning> warnings_;
    std::size_t warnings_dropped_ = 0;
};

/// Each returns false with the refusal in `reading`. REQUIRES: `value` is not null.
bool read_json(JsonReading& reading, const JsonValue& value, bool& out);
bool read_json(JsonReading& reading, const JsonValue& value, std::string& out);
bool read_json(JsonReading& reading, const JsonValue& value, std::int64_t& out);
bool read_json(JsonReading& reading, const JsonValue& value, std::uint64_t& out);
bool read_json(JsonReading& reading, const JsonValue& value, std::int32_t& out);
bool read_json(JsonReading& reading, const JsonValue& value, std::uint32_t& out);
bool read_json(JsonReading& reading, const JsonValue& value, std::int8_t& out);
bool read_json(JsonReading& reading, const JsonValue& value, std::uint8_t& out);
bool read_json_base64(JsonReading& reading, const JsonValue& value, base::Bytes& out);
bool read_json_hex(JsonReading& reading, const JsonValue& value, base::Bytes& out);

/// What stands in an envelope {"type": NAME, "value": ...}, by which kinds are told apart.
struct JsonTagged {
    std::string type;
    JsonValue type_value;
    JsonValue value;
};

/// The names of the two members fit in any case here, unlike everywhere else. Nothing where the
/// envelope is none, or lacks a member.
std::optional<JsonTagged> read_json_tagged(JsonReading& reading, const JsonValue& value);

}  // namespace tandem::wire
