#include "wire/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tandem::wire {
namespace {

bool accepts(std::string_view text) {
    return parse_json(text).has_value();
}

std::string refusal_of(std::string_view text) {
    const auto value = parse_json(text);
    return value ? "accepted" : value.error().why;
}

std::string string_of(std::string_view text) {
    const auto value = parse_json(text);
    return value ? value->string() : "refused: " + value.error().why;
}

TEST(Json, TakesEachKindOfValue) {
    for (const char* text : {"null", "true", "false", "0", "-0", "-12.50e+3", "1E9", "\"\"", "[]",
                             "{}", " [ 1 , 2 ] ", "{\"a\":{\"b\":[null]}}", "\t\r\n 1 \n"})
        EXPECT_TRUE(accepts(text)) << text << ": " << refusal_of(text);
}

TEST(Json, RefusesWhatIsNotInTheGrammar) {
    for (const char* text : {"",
                             " ",
                             "nul",
                             "nulll",
                             "True",
                             "+1",
                             "01",
                             "-",
                             "-a",
                             "1.",
                             ".5",
                             "1e",
                             "1e+",
                             "0x5",
                             "\"",
                             "\"\\\"",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "\"\\u12g4\"",
                             "'a'",
                             "[",
                             "]",
                             "[1",
                             "[1,",
                             "[1,]",
                             "[,1]",
                             "[1 2]",
                             "{",
                             "{\"a\"",
                             "{\"a\":",
                             "{\"a\":1",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{1:1}",
                             "{\"a\" 1}",
                             "{,}",
                             "[}",
                             "{]",
                             "1 1",
                             "{}x",
                             "// a\n1",
                             "NaN",
                             "\xEF\xBB\xBF 1",
                             "\f1",
                             "\v1"})
        EXPECT_FALSE(accepts(text)) << text;
}

TEST(Json, RefusesControlCharactersInStringsOnly) {
    for (unsigned char c = 0; c < 0x20; ++c) {
        const std::string text = {'"', static_cast<char>(c), '"'};
        EXPECT_FALSE(accepts(text)) << int{c};
    }
    EXPECT_TRUE(accepts("\"\x7f\""));
    EXPECT_FALSE(accepts(std::string_view("1\0", 2)));
}

TEST(Json, CountsDepthFromTheFirstBracket) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_TRUE(accepts(nested(json_depth_max)));
    EXPECT_FALSE(accepts(nested(json_depth_max + 1)));
    EXPECT_FALSE(accepts(std::string(100'000, '[')));
    std::string objects;
    for (std::size_t i = 0; i < json_depth_max; ++i) objects += "{\"a\":";
    EXPECT_TRUE(accepts(objects + "1" + std::string(json_depth_max, '}')));
    EXPECT_FALSE(accepts("[" + objects + "1" + std::string(json_depth_max, '}') + "]"));
}

TEST(Json, SaysLineColumnExpectedAndFound) {
    EXPECT_EQ(refusal_of("{\n  \"a\" 1\n}"),
              "line 2, column 7: expected ':' behind the name, found '1'");
    EXPECT_EQ(refusal_of(""), "line 1, column 1: expected a value, found the end of the text");
    EXPECT_EQ(refusal_of("[1,\n\x01]"), "line 2, column 1: expected a value, found byte 0x01");
    EXPECT_EQ(refusal_of("{}x"),
              "line 1, column 3: expected nothing but blanks behind the value, found 'x'");
}

TEST(Json, ReadsEscapes) {
    EXPECT_EQ(string_of(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(string_of(R"("\u0041\u00e9\u20AC\ud83d\ude00")"), "A\u00e9\u20ac\U0001f600");
    EXPECT_EQ(string_of(R"("\u0000")"), std::string("\0", 1));
}

// One replacement for each byte or half pair that means nothing.
TEST(Json, ReplacesWhatIsNoUnicode) {
    const std::string r = "\uFFFD";
    EXPECT_EQ(string_of(R"("\ud800")"), r);
    EXPECT_EQ(string_of(R"("\udc00\ud800")"), r + r);
    EXPECT_EQ(string_of(R"("\ud800\u0041")"), r + "A");
    EXPECT_EQ(string_of(R"("\ud800\ud83d\ude00")"), r + "\U0001f600");
    EXPECT_EQ(string_of("\"\xff\""), r);
    EXPECT_EQ(string_of("\"\xE2\x82\""), r + r);
    EXPECT_EQ(string_of("\"\xED\xA0\x80\""), r + r + r);  // a surrogate in UTF-8
    EXPECT_EQ(string_of("\"\xC0\xAF\""), r + r);          // overlong
    EXPECT_EQ(string_of("\"\xF4\x90\x80\x80\""), r + r + r + r);
    EXPECT_EQ(string_of("\"\xF4\x8F\xBF\xBF\""), "\U0010FFFF");
}

TEST(Json, KeepsRawBytesAndLines) {
    const std::string text = "{\n \"a\": { \"b\" : [ 1,\n 2 ] }  ,\n\"c\":\"x\\u0041\"}";
    const auto value = parse_json(text);
    ASSERT_TRUE(value);
    std::vector<std::string> seen;
    for (const auto& [name, member] : value->members())
        seen.push_back(name.string() + "@" + std::to_string(member.line()) + "=" +
                       std::string(member.raw()));
    EXPECT_EQ(seen, (std::vector<std::string>{"a@2={ \"b\" : [ 1,\n 2 ] }", "c@4=\"x\\u0041\""}));
}

TEST(Json, WalksStringsThatHoldBrackets) {
    const auto value = parse_json(R"([ "]}\"", {"}\\": "[" }, [ ], "" ])");
    ASSERT_TRUE(value);
    std::vector<std::string> seen;
    for (const JsonValue element : value->elements()) seen.emplace_back(element.raw());
    EXPECT_EQ(seen, (std::vector<std::string>{R"("]}\"")", R"({"}\\": "[" })", "[ ]", R"("")"}));
}

TEST(Json, ComparesNamesAfterTheirEscapes) {
    const auto value = parse_json(R"("chain\u005fid")");
    ASSERT_TRUE(value);
    EXPECT_TRUE(value->string_is("chain_id"));
    EXPECT_FALSE(value->string_is("chain_i"));
}

/// The same value as nlohmann's, which stands for the last member of a repeated name.
nlohmann::json to_nlohmann(const JsonValue& value) {
    switch (value.kind()) {
        case JsonKind::array: {
            nlohmann::json out = nlohmann::json::array();
            for (const JsonValue element : value.elements()) out.push_back(to_nlohmann(element));
            return out;
        }
        case JsonKind::object: {
            nlohmann::json out = nlohmann::json::object();
            for (const auto& [name, member] : value.members())
                out[name.string()] = to_nlohmann(member);
            return out;
        }
        case JsonKind::string:
            return value.string();
        default:
            return nlohmann::json::parse(value.raw());
    }
}

TEST(Json, AgreesWithAnotherReader) {
    for (const char* text :
         {R"({"a":[1,2.5,-3e2,true,false,null,"x\ny\u00e9"],"b":{},"a":"again"})",
          R"([[[]],{"":{"":""}},"\ud83d\ude00"])", "  [ 18446744073709551615 , -1 ]  "}) {
        const auto value = parse_json(text);
        ASSERT_TRUE(value) << text;
        EXPECT_EQ(to_nlohmann(*value), nlohmann::json::parse(text)) << text;
    }
}

}  // namespace
}  // namespace tandem::wire
