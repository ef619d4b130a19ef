#include "rpc/query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "types/time_text.h"

namespace tandem::rpc {

namespace {

using base::refuse;
using base::Result;

constexpr int year_min = 1900, year_max = 2999;
constexpr std::size_t date_characters = 10;  // yyyy-mm-dd

enum class Token : std::uint8_t {
    invalid,
    tag,
    string,
    number,
    time,
    date,
    conjunction,
    contains,
    exists,
    equal,
    less,
    less_equal,
    greater,
    greater_equal,
    end
};

std::string_view token_name(Token token) {
    constexpr std::array<std::string_view, 15> names = {
        "invalid token",   "tag",         "string",       "number",
        "timestamp",       "datestamp",   "AND operator", "CONTAINS operator",
        "EXISTS operator", "= operator",  "< operator",   "<= operator",
        "> operator",      ">= operator", "EOF"};
    return names.at(static_cast<std::size_t>(token));
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
/// Letters beyond ASCII count as such by their bytes: tags of any language are tags.
bool begins_tag(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool is_in_tag(char c) {
    return begins_tag(c) || is_digit(c) || c == '.' || c == '-';
}
bool is_in_time(char c) {
    return is_digit(c) || std::string_view("-T:+Z").contains(c);
}
bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// RFC 3339 with "Z" or an offset.
Result<types::Timestamp> parse_time(std::string_view text) {
    constexpr std::size_t offset_characters = 6;  // +hh:mm
    if (text.ends_with('Z') || text.size() <= offset_characters) return types::time_from_text(text);
    const std::string_view offset = text.substr(text.size() - offset_characters);
    const bool is_offset = (offset[0] == '+' || offset[0] == '-') && is_digit(offset[1]) &&
                           is_digit(offset[2]) && offset[3] == ':' && is_digit(offset[4]) &&
                           is_digit(offset[5]);
    if (!is_offset) return types::time_from_text(text);
    const int hours = (offset[1] - '0') * 10 + (offset[2] - '0');
    const int minutes = (offset[4] - '0') * 10 + (offset[5] - '0');
    if (hours > 24 || minutes >= 60) return refuse("time.offset", "time zone offset out of range");
    std::string local(text.substr(0, text.size() - offset_characters));
    auto time = types::time_from_text(local + 'Z');
    if (!time) return time;
    const std::int64_t east = (hours * 60 + minutes) * 60;
    time->seconds += offset[0] == '+' ? -east : east;
    return time;
}

Result<types::Timestamp> parse_date(std::string_view text) {
    if (text.size() != date_characters) return refuse("time.date", "not yyyy-mm-dd");
    return types::time_from_text(std::string(text) + "T00:00:00Z");
}

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    /// The next token; `end` at the end, `invalid` with error() otherwise.
    Token next() {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
        start_ = at_;
        error_.clear();
        token_ = scan();
        return token_;
    }
    [[nodiscard]] Token token() const { return token_; }
    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] std::size_t offset() const { return start_; }
    [[nodiscard]] std::string_view value() const { return value_; }
    [[nodiscard]] types::Timestamp time() const { return time_; }

  private:
    Token scan() {
        if (at_ == text_.size()) return Token::end;
        const char first = text_[at_];
        if (is_digit(first)) return scan_number();
        if (begins_tag(first)) return scan_word();
        switch (first) {
            case '\'':
                return scan_string();
            case '=':
                ++at_;
                return Token::equal;
            case '<':
                return scan_comparison(Token::less, Token::less_equal);
            case '>':
                return scan_comparison(Token::greater, Token::greater_equal);
            default:
                ++at_;
                return fail(std::string("invalid input ") + first + " at offset " +
                            std::to_string(at_));
        }
    }
    Token fail(std::string why) {
        error_ = std::move(why);
        return Token::invalid;
    }
    template <typename Predicate>
    std::string_view take_while(Predicate predicate) {
        const std::size_t first = at_;
        while (at_ < text_.size() && predicate(text_[at_])) ++at_;
        return text_.substr(first, at_ - first);
    }
    Token scan_number() {
        const std::size_t first = at_;
        take_while(is_digit);
        if (at_ < text_.size() && text_[at_] == '.') {
            ++at_;
            take_while(is_digit);
        }
        value_ = text_.substr(first, at_ - first);
        return Token::number;
    }
    Token scan_comparison(Token alone, Token with_equal) {
        ++at_;
        if (at_ == text_.size() || text_[at_] != '=') return alone;
        ++at_;
        return with_equal;
    }
    Token scan_string() {
        const std::size_t end = text_.find('\'', at_ + 1);
        if (end == std::string_view::npos) {
            at_ = text_.size();
            return fail("unclosed quote");
        }
        value_ = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return Token::string;
    }
    Token scan_word() {
        value_ = take_while(is_in_tag);
        const bool has_space = at_ < text_.size() && text_[at_] == ' ';
        if (value_ == "TIME" && has_space) return scan_instant("TIME", "timestamp", Token::time);
        if (value_ == "DATE" && has_space) return scan_instant("DATE", "datestamp", Token::date);
        if (value_ == "AND") return Token::conjunction;
        if (value_ == "EXISTS") return Token::exists;
        if (value_ == "CONTAINS") return Token::contains;
        return Token::tag;
    }
    Token scan_instant(std::string_view keyword, std::string_view name, Token token) {
        ++at_;  // the blank
        value_ = take_while(
            [&](char c) { return token == Token::time ? is_in_time(c) : is_digit(c) || c == '-'; });
        const auto time = token == Token::time ? parse_time(value_) : parse_date(value_);
        if (!time)
            return fail("invalid " + std::string(keyword) + " value: parsing time \"" +
                        std::string(value_) + "\": " + time.error().why);
        const std::string year = types::to_text(*time).substr(0, 4);
        int number = 0;
        std::from_chars(year.data(), year.data() + year.size(), number);
        if (number < year_min || number > year_max)
            return fail(std::string(name) + " year " + std::to_string(number) + " out of range");
        time_ = *time;
        return token;
    }

    std::string_view text_;
    std::size_t at_ = 0, start_ = 0;
    Token token_ = Token::invalid;
    std::string_view value_;
    types::Timestamp time_;
    std::string error_;
};

std::string wanted(std::initializer_list<Token> tokens) {
    std::string text;
    std::size_t left = tokens.size();
    for (const Token token : tokens) {
        text += token_name(token);
        --left;
        if (left > 1) text += ", ";
        if (left == 1) text += " or ";
    }
    return text;
}

base::Verdict require(Scanner& scanner, std::initializer_list<Token> tokens) {
    const Token got = scanner.next();
    const std::string where = "offset " + std::to_string(scanner.offset()) + ": ";
    if (got == Token::end) return refuse("query.end", where + "EOF");
    if (got == Token::invalid) return refuse("query.token", where + scanner.error());
    if (std::ranges::find(tokens, got) != tokens.end()) return {};
    return refuse("query.token",
                  where + "got " + std::string(token_name(got)) + ", wanted " + wanted(tokens));
}

Operator operator_of(Token token) {
    switch (token) {
        case Token::equal:
            return Operator::equal;
        case Token::less:
            return Operator::less;
        case Token::less_equal:
            return Operator::less_equal;
        case Token::greater:
            return Operator::greater;
        case Token::greater_equal:
            return Operator::greater_equal;
        case Token::contains:
            return Operator::contains;
        default:
            return Operator::exists;
    }
}

OperandKind kind_of(Token token) {
    switch (token) {
        case Token::string:
            return OperandKind::string;
        case Token::number:
            return OperandKind::number;
        case Token::time:
            return OperandKind::time;
        default:
            return OperandKind::date;
    }
}

Result<Condition> parse_condition(Scanner& scanner) {
    Condition condition;
    TANDEM_TRY(require(scanner, {Token::tag}));
    condition.tag = scanner.value();
    TANDEM_TRY(require(scanner, {Token::less_equal, Token::greater_equal, Token::less,
                                 Token::greater, Token::equal, Token::contains, Token::exists}));
    condition.op = operator_of(scanner.token());
    switch (condition.op) {
        case Operator::exists:
            return condition;
        case Operator::contains:
            TANDEM_TRY(require(scanner, {Token::string}));
            break;
        case Operator::equal:
            TANDEM_TRY(require(scanner, {Token::number, Token::time, Token::date, Token::string}));
            break;
        default:
            TANDEM_TRY(require(scanner, {Token::number, Token::time, Token::date}));
            break;
    }
    condition.kind = kind_of(scanner.token());
    condition.text = scanner.value();
    condition.time = scanner.time();
    return condition;
}

bool satisfies(Operator op, std::strong_ordering order) {
    switch (op) {
        case Operator::equal:
            return order == 0;
        case Operator::less:
            return order < 0;
        case Operator::less_equal:
            return order <= 0;
        case Operator::greater:
            return order > 0;
        case Operator::greater_equal:
            return order >= 0;
        default:
            return false;
    }
}

std::string_view operator_text(Operator op) {
    constexpr std::array<std::string_view, 7> texts = {"=",  "<",        "<=",    ">",
                                                       ">=", "CONTAINS", "EXISTS"};
    return texts.at(static_cast<std::size_t>(op));
}

/// An event of type "a" has keys "a.b"; the tag "a" alone is its type.
bool is_type_of_some(std::string_view tag, const EventMap& events) {
    const std::string prefix = std::string(tag) + '.';
    for (auto at = events.lower_bound(prefix); at != events.end(); ++at) {
        if (!at->first.starts_with(prefix)) return false;
        if (at->first.find('.', prefix.size()) == std::string::npos) return true;
    }
    return false;
}

bool matches_some(const Condition& condition, const EventMap& events) {
    const auto values = events.find(condition.tag);
    if (values != events.end())
        return std::ranges::any_of(
            values->second, [&](const std::string& value) { return condition.holds(value); });
    return is_type_of_some(condition.tag, events) && condition.holds("");
}

}  // namespace

std::string_view leading_decimal(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == 0) return {};
    std::size_t fraction = end + 1;
    while (fraction < text.size() && is_digit(text[fraction])) ++fraction;
    if (end < text.size() && text[end] == '.' && fraction > end + 1) end = fraction;
    return text.substr(0, end);
}

std::strong_ordering compare_decimals(std::string_view a, std::string_view b) {
    const auto split = [](std::string_view text) {
        const std::size_t point = std::min(text.find('.'), text.size());
        std::string_view whole = text.substr(0, point);
        std::string_view fraction = text.substr(std::min(point + 1, text.size()));
        while (whole.starts_with('0')) whole.remove_prefix(1);
        while (fraction.ends_with('0')) fraction.remove_suffix(1);
        return std::pair(whole, fraction);
    };
    const auto [whole_a, fraction_a] = split(a);
    const auto [whole_b, fraction_b] = split(b);
    if (whole_a.size() != whole_b.size()) return whole_a.size() <=> whole_b.size();
    if (whole_a != whole_b) return whole_a <=> whole_b;
    return fraction_a <=> fraction_b;
}

bool Condition::holds(std::string_view value) const {
    if (op == Operator::exists) return true;
    if (op == Operator::contains) return value.contains(text);
    switch (kind) {
        case OperandKind::string:
            return value == text;
        case OperandKind::number: {
            const std::string_view number = leading_decimal(value);
            return !number.empty() && satisfies(op, compare_decimals(number, text));
        }
        case OperandKind::time:
        case OperandKind::date: {
            const auto instant = kind == OperandKind::time ? parse_time(value) : parse_date(value);
            return instant.has_value() && satisfies(op, *instant <=> time);
        }
        default:
            return false;
    }
}

Result<Query> Query::parse(std::string_view text) {
    Scanner scanner(text);
    Query query;
    for (;;) {
        auto condition = parse_condition(scanner);
        if (!condition) return std::unexpected(condition.error());
        query.conditions_.push_back(std::move(*condition));
        const Token token = scanner.next();
        if (token == Token::end) return query;
        if (token != Token::conjunction)
            return refuse("query.token", "offset " + std::to_string(scanner.offset()) + ": got " +
                                             std::string(token_name(token)) + ", want " +
                                             std::string(token_name(Token::conjunction)));
    }
}

bool Query::matches(const EventMap& events) const {
    if (events.empty()) return false;
    return std::ranges::all_of(
        conditions_, [&](const Condition& condition) { return matches_some(condition, events); });
}

std::string Query::canonical() const {
    std::string text;
    for (const Condition& condition : conditions_) {
        if (!text.empty()) text += " AND ";
        text += condition.tag;
        text += ' ';
        text += operator_text(condition.op);
        switch (condition.kind) {
            case OperandKind::none:
                break;
            case OperandKind::string:
                text += " '" + condition.text + '\'';
                break;
            case OperandKind::number:
                text += ' ' + condition.text;
                break;
            case OperandKind::time:
                text += " TIME " + condition.text;
                break;
            case OperandKind::date:
                text += " DATE " + condition.text;
                break;
        }
    }
    return text;
}

}  // namespace tandem::rpc
