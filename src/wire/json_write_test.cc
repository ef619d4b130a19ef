#include "wire/json_write.h"

#include <gtest/gtest.h>

namespace tandem::wire {
namespace {

std::string written(std::string_view text) {
    return JsonWriter().string(text).take();
}

std::string compacted(std::string_view text) {
    const auto value = parse_json(text);
    return value ? compact_json(*value) : value.error().why;
}

TEST(JsonWriter, EscapesAsGoDoes) {
    EXPECT_EQ(written("a\"\\/b"), R"("a\"\\/b")");
    EXPECT_EQ(written("\b\f\n\r\t\x01\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    EXPECT_EQ(written("<a&b>"), R"("\u003ca\u0026b\u003e")");
    EXPECT_EQ(written("\u2027\u2028\u2029\u202a"), "\"\u2027\\u2028\\u2029\u202a\"");
    EXPECT_EQ(written("\xff\xE2\x82"), R"("\ufffd\ufffd\ufffd")");
    EXPECT_EQ(written(std::string_view("\0", 1)), R"("\u0000")");
    EXPECT_EQ(written("é⛓\U0001f600"), "\"é⛓\U0001f600\"");
}

TEST(JsonWriter, PutsCommasBetweenValues) {
    JsonWriter writer;
    writer.begin_object();
    writer.name("a").quoted(std::int64_t{-5}).name("b").number(-7).name("c").begin_array();
    writer.boolean(true).null().begin_object().end_object().begin_array().end_array();
    writer.end_array().name("d").hex(base::Bytes{0xab, 0x01}).name("e");
    writer.base64(base::Bytes{1, 2}).name("f").quoted(std::uint64_t{18446744073709551615U});
    writer.name("g").raw("[1]").name("<").string("x").end_object();
    EXPECT_EQ(writer.take(), R"({"a":"-5","b":-7,"c":[true,null,{},[]],"d":"AB01","e":"AQI=",)"
                             R"("f":"18446744073709551615","g":[1],"\u003c":"x"})");
}

TEST(CompactJson, DropsBlanksAndEscapesInsideStrings) {
    EXPECT_EQ(compacted(" { \"b\" : 1 ,\n \"a b\" : [ ] } "), R"({"b":1,"a b":[]})");
    EXPECT_EQ(compacted("\"<\\\" & \u2028>\""), R"("\u003c\" \u0026 \u2028\u003e")");
    EXPECT_EQ(compacted("\"\xff\\u003C\""), "\"\xff\\u003C\"");  // else as it stands
}

TEST(IndentJson, PutsMembersOnLines) {
    EXPECT_EQ(indent_json(R"({"a":[1,{"b":"x,y:{\"}"}],"c":{},"d":[]})"),
              "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,y:{\\\"}\"\n    }\n  ],\n"
              "  \"c\": {},\n  \"d\": []\n}");
    EXPECT_EQ(indent_json("5"), "5");
    EXPECT_EQ(indent_json("[[]]", "\t"), "[\n\t[]\n]");
}

}  // namespace
}  // namespace tandem::wire
