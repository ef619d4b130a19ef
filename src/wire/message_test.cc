#include "wire/message.h"

#include <gtest/gtest.h>

namespace tandem::wire {
namespace {

enum class Colour : std::int32_t { none = 0, red = 1 };

struct Inner {
    std::int32_t number = 0;
    std::string text;

    bool operator==(const Inner&) const = default;
};

struct Outer {
    Colour colour = Colour::none;
    std::int64_t height = 0;  // sfixed64
    Inner always;
    base::Box<Inner> sometimes;
    std::vector<Inner> many;
    std::vector<std::uint64_t> packed;
    Timestamp time;
    Duration span;
    Txs txs;
    std::variant<std::monostate, Bytes, base::Box<Inner>> either;

    bool operator==(const Outer&) const = default;
};

}  // namespace

template <>
struct Described<Inner> {
    static constexpr std::string_view name = "Inner";
    static constexpr auto fields =
        std::tuple{field<1>("number", &Inner::number), field<2>("text", &Inner::text)};
};

template <>
struct Described<Outer> {
    static constexpr std::string_view name = "Outer";
    static constexpr auto fields =
        std::tuple{field<1>("colour", &Outer::colour),
                   fixed<2>("height", &Outer::height),
                   field<3>("always", &Outer::always),
                   field<4>("sometimes", &Outer::sometimes),
                   field<5>("many", &Outer::many),
                   field<6>("packed", &Outer::packed),
                   field<7>("time", &Outer::time),
                   field<8>("span", &Outer::span),
                   field<9>("txs", &Outer::txs),
                   one_of<10, 11>("either", &Outer::either, "raw", "inner")};
};

namespace {

Bytes from_hex(std::string_view text) {
    return *base::from_hex(text);
}

std::expected<Outer, DecodeError> read(std::string_view hex) {
    return decode<Outer>(from_hex(hex));
}

DecodeFault fault(std::string_view hex) {
    const auto outer = read(hex);
    return outer ? DecodeFault::none : outer.error().fault;
}

TEST(Message, WritesWhatIsNeverLeftOutAndNothingElse) {
    EXPECT_EQ(base::to_hex(encode(Outer{})),
              "1a00"
              "3a0b088092b8c398feffffff01"
              "4200");
}

TEST(Message, EveryKindOfFieldReturnsAsItWas) {
    Outer outer;
    outer.colour = Colour::red;
    outer.height = -2;
    outer.always = {-1, "x"};
    outer.sometimes = Inner{5, ""};
    outer.many = {{1, "a"}, {}, {0, "b"}};
    outer.packed = {0, 1, 300};
    outer.time = {1'700'000'000, 999'999'999};
    outer.span = {-1'500'000'000};
    const std::vector<Bytes> txs{{1, 2}, {}, {3}};
    outer.txs = Txs::copy_of(txs);
    outer.either = base::Box<Inner>(Inner{});
    const auto again = decode<Outer>(encode(outer));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, outer);
    const Bytes delimited = encode_delimited(outer);
    EXPECT_EQ(delimited.size(), encoded_size(outer) + varint_size(encoded_size(outer)));
}

TEST(Message, AnAbsentTimeIsYearOneAndAnEmptyOneTheEpoch) {
    EXPECT_TRUE(read("")->time.is_zero_time());
    EXPECT_EQ(read("3a00")->time, (Timestamp{0, 0}));
}

TEST(Message, ASecondTimeReplacesAndASecondMessageMerges) {
    EXPECT_EQ(read("3a0408051006"
                   "3a020807")
                  ->time,
              (Timestamp{7, 0}));
    EXPECT_EQ(read("1a020805"
                   "1a03120178")
                  ->always,
              (Inner{5, "x"}));
    EXPECT_EQ(*read("22020805"
                    "2203120178")
                   ->sometimes,
              (Inner{5, "x"}));
}

TEST(Message, ASecondMemberOfAOneofReplaces) {
    const auto outer = read(
        "5a020805"
        "5a03120178");
    EXPECT_EQ(*std::get<2>(outer->either), (Inner{0, "x"}));
    EXPECT_EQ(std::get<1>(read("5a020805"
                               "520199")
                              ->either),
              Bytes{0x99});
}

TEST(Message, NumbersAndFieldNumbersAreCut) {
    EXPECT_EQ(read("1a06088180808010")->always.number, 1) << "2^32 + 1";
    EXPECT_EQ(read("88808080800101")->colour, Colour::red) << "field 2^32 + 1";
}

TEST(Message, PackedRunsMayBeSplitAndAVarintMayCrossTheEnd) {
    EXPECT_EQ(read("320201023003")->packed, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(read("320180"
                   "01"
                   "3005")
                  ->packed,
              (std::vector<std::uint64_t>{128, 5}));
    EXPECT_EQ(fault("320180"), DecodeFault::unexpected_end);
}

TEST(Message, UnknownFieldsAreSkippedAndGroupsWithThem) {
    EXPECT_TRUE(
        read("a006"
             "05"));  // field 100, varint
    EXPECT_TRUE(
        read("a306"
             "0805"
             "a406"));  // group 100
    EXPECT_TRUE(
        read("a306"
             "0805"
             "ac06"));  // closed by group 101
    EXPECT_TRUE(
        read("a306"
             "ab06"
             "ac06"
             "a406"));  // nested
    EXPECT_EQ(fault("a306"
                    "0805"),
              DecodeFault::unexpected_end);
    EXPECT_EQ(fault("a406"), DecodeFault::unopened_group);
}

TEST(Message, EachFaultIsNamed) {
    EXPECT_EQ(fault("0805"
                    "08"),
              DecodeFault::unexpected_end);
    EXPECT_EQ(fault("08ffffffffffffffffffff01"), DecodeFault::varint_too_long);
    EXPECT_EQ(fault("00"), DecodeFault::illegal_tag);
    EXPECT_EQ(fault("0a00"), DecodeFault::wrong_wire_type);
    EXPECT_EQ(fault("a606"), DecodeFault::illegal_wire_type);
    EXPECT_EQ(fault("1affffffffffffffffff01"), DecodeFault::negative_length);
    EXPECT_EQ(fault("3a0610ffffffff0f"), DecodeFault::timestamp_range);
    EXPECT_EQ(fault("420b080110ffffffffffffffffff01"), DecodeFault::unexpected_end);
    EXPECT_EQ(fault("420d080110ffffffffffffffffff01"), DecodeFault::duration_range);
    const auto outer = read("1a020a00");
    ASSERT_FALSE(outer);
    EXPECT_EQ(outer.error().to_refusal().why, "Inner.number: the field has another wire type");
}

TEST(Txs, AreViewsIntoTheCallersBufferOrIntoOneCopy) {
    const auto owner =
        std::make_shared<const Bytes>(from_hex("4a0101"
                                               "4a00"
                                               "4a020203"));
    const auto shared = decode<Outer>(*owner, owner);
    ASSERT_TRUE(shared);
    EXPECT_EQ(shared->txs[0].data(), owner->data() + 2);
    std::optional<Outer> kept;
    {
        const Bytes input = *owner;
        kept = *decode<Outer>(input);
    }
    ASSERT_EQ(kept->txs.size(), 3U);
    EXPECT_TRUE(base::equal(kept->txs[2], Bytes{2, 3}));
    EXPECT_EQ(encode(*kept), encode(*shared));
}

TEST(Duration, BordersOfWhatFits) {
    EXPECT_EQ(duration_from_parts(9'223'372'036, 854'775'807)->nanos,
              std::numeric_limits<std::int64_t>::max());
    EXPECT_FALSE(duration_from_parts(9'223'372'036, 854'775'808));
    EXPECT_EQ(duration_from_parts(-9'223'372'036, -854'775'808)->nanos,
              std::numeric_limits<std::int64_t>::min());
    EXPECT_FALSE(duration_from_parts(1, -1));
    EXPECT_FALSE(duration_from_parts(0, 1'000'000'000));
}

TEST(Timestamp, AddAndDifference) {
    EXPECT_EQ(add({10, 5}, {-6}), (Timestamp{9, 999'999'999}));
    EXPECT_EQ(add({10, 999'999'999}, {1}), (Timestamp{11, 0}));
    EXPECT_EQ(difference({11, 0}, {10, 999'999'999}).nanos, 1);
    EXPECT_EQ(difference({timestamp_seconds_end - 1, 0}, {timestamp_seconds_min, 0}).nanos,
              std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace tandem::wire
