#include "rpc/query.h"

#include <gtest/gtest.h>

namespace tandem::rpc {
namespace {

std::string fault(std::string_view text) {
    const auto query = Query::parse(text);
    return query ? "none" : query.error().why;
}

bool matches(std::string_view text, const EventMap& events) {
    const auto query = Query::parse(text);
    EXPECT_TRUE(query.has_value()) << text;
    return query && query->matches(events);
}

TEST(Query, SaysWhereItCannotBeRead) {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"", "offset 0: EOF"},
        {"bad", "offset 3: EOF"},
        {"tx.height=", "offset 10: EOF"},
        {"tx.height==5",
         "offset 10: got = operator, wanted number, timestamp, datestamp or string"},
        {"bad query",
         "offset 4: got tag, wanted <= operator, >= operator, < operator, > operator, = operator, "
         "CONTAINS operator or EXISTS operator"},
        {"a<'x'", "offset 2: got string, wanted number, timestamp or datestamp"},
        {"a CONTAINS 5", "offset 11: got number, wanted string"},
        {"a='x", "offset 2: unclosed quote"},
        {"a=1 b=2", "offset 4: got tag, want AND operator"},
        {"a=1 AND", "offset 7: EOF"},
        {"5=a", "offset 0: got number, wanted tag"},
        {"a=TIME 2013-05-03T14:45:00Z", "none"},
        {"a=DATE 2013-05-03 AND b EXISTS", "none"},
        {"a=DATE 1013-05-03", "offset 2: datestamp year 1013 out of range"},
    };
    for (const auto& [text, why] : rows) EXPECT_EQ(fault(text), why) << text;
}

TEST(Query, MatchesByEveryOperator) {
    const EventMap events = {{"tm.event", {"Tx"}},
                             {"coin.amount", {"8atom", "100"}},
                             {"note.text", {"hello world"}},
                             {"block.time", {"2020-01-02T03:04:05Z"}},
                             {"block.day", {"2020-01-02"}}};
    const std::vector<std::pair<std::string, bool>> rows = {
        {"tm.event='Tx'", true},
        {"tm.event='tx'", false},
        {"tm.event = 'Tx' AND coin.amount=8", true},
        {"coin.amount=8.0", true},
        {"coin.amount=9", false},
        {"coin.amount>99.5", true},
        {"coin.amount>100", false},
        {"coin.amount>=100", true},
        {"coin.amount<8", false},
        {"coin.amount<=8", true},
        {"coin.amount>99999999999999999999999", false},
        {"note.text CONTAINS 'lo wo'", true},
        {"note.text CONTAINS 'low'", false},
        {"note.text EXISTS", true},
        {"note EXISTS", true},
        {"no EXISTS", false},
        {"note=''", true},
        {"tm.event=5", false},
        {"block.time=TIME 2020-01-02T03:04:05Z", true},
        {"block.time=TIME 2020-01-02T05:04:05+02:00", true},
        {"block.time<TIME 2020-01-02T03:04:05Z", false},
        {"block.day>=DATE 2020-01-02", true},
        {"block.day>DATE 2020-01-02", false},
        {"tm.event='Tx' AND note.text='x'", false},
    };
    for (const auto& [text, expected] : rows) EXPECT_EQ(matches(text, events), expected) << text;
    EXPECT_FALSE(matches("a EXISTS", {}));
}

TEST(Query, BlanksDoNotTellQueriesApart) {
    EXPECT_EQ(Query::parse("a='x'  AND b>5")->canonical(),
              Query::parse("a = 'x' AND b>5")->canonical());
    EXPECT_NE(Query::parse("a='x'")->canonical(), Query::parse("a='y'")->canonical());
    EXPECT_NE(Query::parse("a='5'")->canonical(), Query::parse("a=5")->canonical());
}

TEST(Query, ComparesDecimalsOfAnyLength) {
    EXPECT_TRUE(compare_decimals("007", "7.000") == 0);
    EXPECT_TRUE(compare_decimals("123456789012345678901", "123456789012345678902") < 0);
    EXPECT_TRUE(compare_decimals("1.25", "1.3") < 0);
    EXPECT_EQ(leading_decimal("12.5x"), "12.5");
    EXPECT_EQ(leading_decimal("12.x"), "12");
    EXPECT_EQ(leading_decimal("x"), "");
}

}  // namespace
}  // namespace tandem::rpc
