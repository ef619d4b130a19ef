#include "wire/json_read.h"

#include <gtest/gtest.h>

#include "wire/json_fields.h"

namespace tandem::wire {
namespace {

struct Inner {
    std::int64_t wide = 0;
    std::int32_t narrow = 0;
    bool operator==(const Inner&) const = default;
};
struct Outer {
    std::string text;
    base::Bytes data;
    base::SmallBytes<20> hex;
    std::vector<Inner> list;
    base::Box<Inner> box;
    std::uint64_t count = 0;
    bool flag = false;
    bool operator==(const Outer&) const = default;
};

}  // namespace

template <>
struct JsonFields<Inner> {
    static constexpr auto fields =
        std::tuple{json_field("wide", &Inner::wide), json_field("narrow", &Inner::narrow)};
};
template <>
struct JsonFields<Outer> {
    static constexpr auto fields = std::tuple{json_field("text", &Outer::text),
                                              json_field("data", &Outer::data),
                                              json_field_as<JsonHex>("hex", &Outer::hex),
                                              json_field("list", &Outer::list),
                                              json_field_if_set("box", &Outer::box),
                                              json_field("count", &Outer::count),
                                              json_field("flag", &Outer::flag)};
};

namespace {

template <typename T>
base::Result<T> read(std::string_view text, JsonReading* kept = nullptr) {
    const auto value = parse_json(text);
    if (!value) return std::unexpected(value.error());
    JsonReading own;
    JsonReading& reading = kept == nullptr ? own : *kept;
    T out{};
    if (!read_json_member(reading, *value, out)) return std::unexpected(reading.refusal());
    return out;
}

template <typename T>
std::string why(std::string_view text) {
    const auto value = read<T>(text);
    return value ? "accepted" : value.error().check + "|" + value.error().why;
}

TEST(JsonRead, TakesWideIntegersInQuotes) {
    EXPECT_EQ(read<std::int64_t>("\"5\""), 5);
    EXPECT_EQ(read<std::int64_t>("\"-9223372036854775808\""), INT64_MIN);
    EXPECT_EQ(read<std::int64_t>("\" 5  \""), 5);
    EXPECT_EQ(read<std::int64_t>("\"-0\""), 0);
    EXPECT_EQ(read<std::int64_t>("\"null\""), 0);
    EXPECT_EQ(read<std::int64_t>("null"), 0);
    EXPECT_EQ(read<std::uint64_t>("\"18446744073709551615\""), UINT64_MAX);
    for (const char* text :
         {"5", "\"\"", "\"05\"", "\"+5\"", "\"5.0\"", "\"1e3\"", "\"0x5\"", "\"5x\"", "\"\\u0035\"",
          "\"\\\"5\\\"\"", "\"9223372036854775808\"", "\"- 5\"", "[]", "true", "\"true\""})
        EXPECT_FALSE(read<std::int64_t>(text)) << text;
    EXPECT_FALSE(read<std::uint64_t>("\"-1\""));
    EXPECT_FALSE(read<std::uint64_t>("\"-0\""));
}

TEST(JsonRead, TakesNarrowIntegersBare) {
    EXPECT_EQ(read<std::int32_t>("-2147483648"), INT32_MIN);
    EXPECT_EQ(read<std::int8_t>("3"), 3);
    EXPECT_EQ(read<std::int32_t>("null"), 0);
    for (const char* text : {"\"5\"", "5.0", "1e3", "2147483648"})
        EXPECT_FALSE(read<std::int32_t>(text)) << text;
    EXPECT_FALSE(read<std::int8_t>("128"));
}

TEST(JsonRead, TakesBytesAsBase64OrNumbers) {
    EXPECT_EQ(read<base::Bytes>("\"AQI=\""), (base::Bytes{1, 2}));
    EXPECT_EQ(read<base::Bytes>("\"A\\u0051I=\""), (base::Bytes{1, 2}));
    EXPECT_EQ(read<base::Bytes>("[1,255,null]"), (base::Bytes{1, 255, 0}));
    for (const char* text : {"\"AQI\"", "\"!!!!\"", "[256]", "[\"1\"]", "5", "{}"})
        EXPECT_FALSE(read<base::Bytes>(text)) << text;
}

TEST(JsonRead, TakesHexadecimalWithoutEscapes) {
    const auto hex = [](std::string_view text) { return read<Outer>(text).has_value(); };
    EXPECT_TRUE(hex(R"({"hex":"aBcD"})"));
    EXPECT_TRUE(hex(R"({"hex":""})"));
    EXPECT_TRUE(hex(R"({"hex":null})"));
    EXPECT_FALSE(hex(R"({"hex":"a"})"));
    EXPECT_FALSE(hex(R"({"hex":"\u0061b"})"));
    EXPECT_FALSE(hex(R"({"hex":[1]})"));
}

TEST(JsonRead, ReadsAndWritesByTables) {
    const std::string text =
        R"({"text":"x","data":"AQI=","hex":"AB","list":[{"wide":"1","narrow":2}],)"
        R"("box":{"wide":"0","narrow":0},"count":"7","flag":true})";
    const auto value = read<Outer>(text);
    ASSERT_TRUE(value) << value.error().why;
    JsonWriter writer;
    JsonCodec<Outer>::write(writer, *value);
    EXPECT_EQ(writer.take(), text);
    JsonCodec<Outer>::write(writer, Outer{});
    EXPECT_EQ(writer.take(),
              R"({"text":"","data":null,"hex":"","list":[],"count":"0","flag":false})");
    EXPECT_EQ(read<Outer>("{}"), Outer{});
    EXPECT_EQ(read<Outer>("null"), Outer{});
}

TEST(JsonRead, LetsTheLastMemberWinAndSaysSo) {
    JsonReading reading;
    const auto value =
        read<Inner>("{\"wide\":\"1\",\n\"Narrow\":5,\"wide\":\"2\",\"x\":[]}", &reading);
    EXPECT_EQ(value, (Inner{2, 0}));
    ASSERT_EQ(reading.warnings().size(), 3U);
    EXPECT_EQ(reading.warnings()[0].text(),
              "line 2: Narrow: no such member is known; it is ignored. Did you mean \"narrow\"?");
    EXPECT_EQ(reading.warnings()[0].nearest, "narrow");
    EXPECT_EQ(reading.warnings()[1].text(),
              "line 2: wide: stands here once more; the last one counts");
    EXPECT_EQ(reading.warnings()[2].text(), "line 2: x: no such member is known; it is ignored");
}

TEST(JsonRead, DropsWarningsAboveTheirLimit) {
    std::string text = "{\"a\":1";
    for (std::size_t i = 0; i < json_warnings_max + 10; ++i) text += ",\"a\":1";
    JsonReading reading;
    EXPECT_TRUE(read<Inner>(text + "}", &reading));
    EXPECT_EQ(reading.warnings().size(), json_warnings_max);
    EXPECT_EQ(reading.warnings_dropped(), 11U);
}

TEST(JsonRead, NamesFieldLineExpectedAndFound) {
    EXPECT_EQ(why<Outer>("{\"list\":[{},\n{\"wide\":5}]}"),
              "list.wide|line 2: list[1].wide: expected an integer from -9223372036854775808 to "
              "9223372036854775807 in quotes, such as \"10\", found the number 5");
    EXPECT_EQ(why<Outer>("[]"), "value|line 1: expected an object, found an array");
    EXPECT_EQ(why<Outer>("{\"text\":{}}"), "text|line 1: text: expected a string, found an object");
}

TEST(JsonRead, OpensEnvelopes) {
    JsonReading reading;
    const auto open = [&](std::string_view text) {
        return read_json_tagged(reading, *parse_json(text));
    };
    const auto tagged = open(R"({"VALUE":[1],"x":0,"Type":"a","type":null})");
    ASSERT_TRUE(tagged);
    EXPECT_EQ(tagged->type, "a");
    EXPECT_EQ(tagged->value.raw(), "[1]");
    EXPECT_EQ(reading.warnings().size(), 1U);
    for (const char* text : {R"({"type":"a"})", R"({"value":1})", R"({"type":"","value":1})",
                             R"({"type":5,"value":1})", "[]", "\"a\""})
        EXPECT_FALSE(open(text)) << text;
    EXPECT_TRUE(open(R"({"type":"a","value":null})"));
}

}  // namespace
}  // namespace tandem::wire
