#include "types/wal_messages.h"

#include <gtest/gtest.h>

#include "crypto/crc32c.h"

namespace tandem::types {
namespace {

TimedWalMessage end_height(std::int64_t height) {
    return {Timestamp{1'795'309'323, 456'000'789}, WalMessage{EndHeight{height}}};
}

Bytes record_of(const TimedWalMessage& message) {
    return encode_wal_record(message).value();
}

/// A record around any data, with a checksum that holds.
Bytes record_around(BytesView data) {
    Bytes record;
    for (const std::uint32_t number :
         {crypto::crc32c(data), static_cast<std::uint32_t>(data.size())})
        for (int shift = 24; shift >= 0; shift -= 8)
            record.push_back(static_cast<std::uint8_t>(number >> shift));
    base::append(record, data);
    return record;
}

TEST(Wal, ARecordIsReadAsItWasWritten) {
    const Bytes record = record_of(end_height(7));
    EXPECT_EQ(base::to_hex(record), "b6b3214d000000140a0c088bfe88d80610958ab8d901120422020807");
    const auto read = read_wal_record(record).value();
    EXPECT_EQ(read.bytes, record.size());
    EXPECT_EQ(*read.message, end_height(7));
    EXPECT_FALSE(read_wal_record({}).value().message);
}

TEST(Wal, ALogThatIsCutAnywhereEndsInDamage) {
    const Bytes first = record_of(end_height(6));
    Bytes log = first;
    base::append(log, record_of(end_height(7)));
    for (std::size_t size = 1; size < log.size(); ++size) {
        BytesView rest = BytesView(log).first(size);
        std::size_t records = 0;
        auto read = read_wal_record(rest);
        for (; read && read->message; read = read_wal_record(rest)) {
            ++records;
            rest = rest.subspan(read->bytes);
        }
        EXPECT_EQ(records, size < first.size() ? 0U : 1U) << size;
        EXPECT_EQ(read.has_value(), size == first.size()) << size;
        if (!read) {
            EXPECT_EQ(read.error().check, "wal.damaged");
        }
    }
}

TEST(Wal, ARecordThatLostOnlyZerosIsWhole) {
    // The data of height 0 ends in a zero, which the checksum vouches for.
    const Bytes record = record_of(end_height(0));
    ASSERT_EQ(record.back(), 0);
    const auto read = read_wal_record(BytesView(record).first(record.size() - 1)).value();
    EXPECT_EQ(*read.message, end_height(0));
    EXPECT_EQ(read.bytes, record.size() - 1);
}

TEST(Wal, AFlippedBitIsDamage) {
    const Bytes record = record_of(end_height(7));
    for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
        Bytes flipped = record;
        flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
        EXPECT_FALSE(read_wal_record(flipped).has_value()) << bit;
    }
}

TEST(Wal, ADeclaredLengthIsJudgedBeforeItsDataCame) {
    Bytes header(wal_header_bytes + 1);
    header[5] = 0x10;
    header[7] = 0x19;  // 1048601
    const auto read = read_wal_record(header);
    ASSERT_FALSE(read.has_value());
    EXPECT_NE(read.error().why.find("1048601"), std::string::npos);
}

TEST(Wal, WhatIsInARecordMustMakeSense) {
    const auto refused = [](const TimedWalMessage& message) {
        return !read_wal_record(record_around(wire::encode(message))).has_value();
    };
    const Timestamp time{};
    EXPECT_TRUE(refused({time, {}}));
    EXPECT_TRUE(refused({time, WalMessage{}}));
    EXPECT_TRUE(refused({time, WalMessage{MsgInfo{}}}));
    EXPECT_TRUE(refused({time, WalMessage{TimeoutInfo{{}, 1, 0, 256}}}));
    EXPECT_FALSE(refused({time, WalMessage{TimeoutInfo{{}, 1, 0, 255}}}));
    EXPECT_TRUE(refused({time, WalMessage{MsgInfo{{HasVote{}}, "peer"}}}));  // no type
    EXPECT_FALSE(
        refused({time, WalMessage{MsgInfo{{HasVote{1, 0, SignedMsgType::prevote, 0}}, ""}}}));
}

TEST(Wal, ARecordThatNobodyCouldReadIsNotWritten) {
    TimedWalMessage message = end_height(1);
    message.msg->sum = EventDataRoundState{1, 0, std::string(wal_data_bytes_max, 'x')};
    EXPECT_EQ(encode_wal_record(message).error().check, "wal.length");
}

}  // namespace
}  // namespace tandem::types
