// The language of subscriptions and searches: conditions on events, joined by AND.
//
//     tm.event='Tx' AND transfer.amount>=5 AND app.key EXISTS AND app.note CONTAINS 'x'
//
//   tag       letters, digits, "." "_" "-", beginning with a letter or "_"; "type.key" of an event
//   =         'string' without escapes, number, TIME rfc3339, DATE yyyy-mm-dd
//   < <= > >= number, TIME, DATE
//   CONTAINS  'string';  EXISTS stands alone
//
// Texts of refusals are CometBFT's, offsets in bytes. Numbers are compared as decimals of any
// length (wire page of the RPC, query language).
//
// Not here: how a search uses an index (indexer.h).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "types/basic.h"

namespace tandem::rpc {

/// What an event says: "type.key" and its values, in the order in which they were emitted.
using EventMap = std::map<std::string, std::vector<std::string>, std::less<>>;

enum class Operator : std::uint8_t {
    equal,
    less,
    less_equal,
    greater,
    greater_equal,
    contains,
    exists
};
enum class OperandKind : std::uint8_t { none, string, number, time, date };

struct Condition {
    std::string tag;
    Operator op = Operator::exists;
    OperandKind kind = OperandKind::none;
    std::string text;       // of the operand, without quotes or keyword
    types::Timestamp time;  // of a time or a date

    bool operator==(const Condition&) const = default;
    /// Whether one value of the tag fulfils it. Of a number only the leading decimal counts:
    /// "8atom" is 8.
    [[nodiscard]] bool holds(std::string_view value) const;
};

class Query {
  public:
    /// Refused with the offset of what is wrong.
    [[nodiscard]] static base::Result<Query> parse(std::string_view text);

    [[nodiscard]] const std::vector<Condition>& conditions() const noexcept { return conditions_; }
    /// Every condition holds for some value. A tag that is a type of event alone fulfils EXISTS.
    [[nodiscard]] bool matches(const EventMap& events) const;
    /// Equal of queries that differ in blanks alone.
    [[nodiscard]] std::string canonical() const;

  private:
    std::vector<Condition> conditions_;  // at least one
};

inline constexpr std::size_t query_bytes_max = 512;

/// The decimal that stands at the beginning, or nothing.
[[nodiscard]] std::string_view leading_decimal(std::string_view text);
/// Of decimals of any length. REQUIRES: digits, with or without a fraction.
[[nodiscard]] std::strong_ordering compare_decimals(std::string_view a, std::string_view b);

}  // namespace tandem::rpc
