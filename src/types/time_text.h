// Instants as text: RFC 3339 in the form that CometBFT's JSON takes and writes.
//
// What is read, beyond the rule, is what Go's parser lets pass: an hour of one digit, and a comma
// in place of the point. Digits of the fraction beyond the ninth are dropped. The text must end in
// "Z"; a "z", an offset, second 60 and days that the calendar lacks are refused.
#pragma once
#include <string>
#include <string_view>

#include "types/basic.h"

namespace tandem::types {

/// The years 0000 to 9999 can be read and written. Year 0 is out of the range of the wire, so a
/// time that was read may fail Timestamp::in_range.
[[nodiscard]] bool has_text(Timestamp time) noexcept;

[[nodiscard]] Result<Timestamp> time_from_text(std::string_view text);

/// UTC with "Z", the fraction without its trailing zeros. Where has_text is false, the seconds
/// since the Unix epoch behind an "@", which no reader takes for a date.
[[nodiscard]] std::string to_text(Timestamp time);

}  // namespace tandem::types
