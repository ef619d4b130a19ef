#include "p2p/connection.h"

#include <gtest/gtest.h>

#include "wire/framing.h"

namespace tandem::p2p {
namespace {

using base::Bytes;
using namespace std::chrono_literals;

const std::array<Channel, 3> channels{
    {{0x20, 6, 3, 100'000}, {0x21, 10, 2, 100'000}, {0x22, 1, 100, 5000}}};

Connection::Message message_of(std::size_t size, std::uint8_t value) {
    return std::make_shared<const Bytes>(size, value);
}

/// Everything that `bytes` of packets say.
std::vector<types::ChannelMessage> read(Connection& connection, const Bytes& bytes, Time now) {
    std::vector<types::ChannelMessage> messages;
    EXPECT_EQ(connection.receive(bytes, now, messages), bytes.size());
    return messages;
}

TEST(Connection, MessagesArriveWholeAndInOrderOnTheirChannel) {
    Connection from(channels, {}, 0s);
    Connection to(channels, {}, 0s);
    ASSERT_TRUE(from.send(0x20, message_of(3000, 1)));
    ASSERT_TRUE(from.send(0x20, message_of(0, 0)));
    ASSERT_TRUE(from.send(0x20, message_of(10, 2)));
    ASSERT_TRUE(from.send(0x22, message_of(2000, 3)));
    Bytes bytes;
    from.produce(0s, 1'000'000, bytes);
    EXPECT_FALSE(from.has_output());
    std::vector<Bytes> on_first;
    std::size_t on_second = 0;
    for (const auto& message : read(to, bytes, 0s)) {
        if (message.channel == 0x20) on_first.push_back(message.message);
        if (message.channel == 0x22) on_second += message.message.size();
    }
    EXPECT_EQ(on_first, (std::vector<Bytes>{Bytes(3000, 1), {}, Bytes(10, 2)}));
    EXPECT_EQ(on_second, 2000U);
}

TEST(Connection, AFullQueueRefusesAndStaysAsItIs) {
    Connection connection(channels, {}, 0s);
    EXPECT_TRUE(connection.send(0x21, message_of(10, 1)));
    EXPECT_TRUE(connection.can_send(0x21));
    EXPECT_TRUE(connection.send(0x21, message_of(10, 2)));
    EXPECT_FALSE(connection.can_send(0x21));
    EXPECT_FALSE(connection.send(0x21, message_of(10, 3)));
    EXPECT_TRUE(connection.can_send(0x20));
    EXPECT_FALSE(connection.can_send(0x77));
    Bytes bytes;
    connection.produce(0s, 1'000'000, bytes);
    EXPECT_TRUE(connection.can_send(0x21));
    Connection to(channels, {}, 0s);
    EXPECT_EQ(read(to, bytes, 0s).size(), 2U);
}

TEST(Connection, AShortMessageNeedNotWaitForALongOneOfAnotherChannel) {
    Connection from(channels, {}, 0s);
    Connection to(channels, {}, 0s);
    ASSERT_TRUE(from.send(0x21, message_of(90'000, 1)));
    Bytes bytes;
    from.produce(0s, 10'000, bytes);  // the long one is under way
    ASSERT_TRUE(from.send(0x20, message_of(100, 2)));
    from.produce(0s, 1, bytes);
    const auto messages = read(to, bytes, 0s);
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].channel, 0x20);
}

TEST(Connection, BusyChannelsShareByPriority) {
    Connection from(channels, {.send_bytes_per_second = 1'000'000'000}, 0s);
    std::map<int, std::size_t> sent;
    for (int round = 0; round < 400; ++round) {
        for (const std::uint8_t channel : {std::uint8_t{0x20}, std::uint8_t{0x21}})
            while (from.can_send(channel))
                ASSERT_TRUE(from.send(channel, message_of(5000, channel)));
        Bytes bytes;
        from.produce(0s, 1, bytes);
        // The channel is the first field of the packet, after the length, the member's tag and
        // the member's length.
        const auto packet = wire::decode<types::Packet>(wire::next_frame(bytes, 10'000).body);
        sent[std::get<types::PacketMsg>(packet->sum).channel_id] += bytes.size();
    }
    const double ratio = static_cast<double>(sent[0x21]) / static_cast<double>(sent[0x20]);
    EXPECT_NEAR(ratio, 10.0 / 6.0, 0.1);
}

TEST(Connection, TheRateHoldsOnAverage) {
    constexpr std::uint64_t rate = 100'000;
    Connection from(channels, {.send_bytes_per_second = rate}, 0s);
    std::size_t sent = 0;
    Time now = 0s;
    for (int turn = 0; turn < 2000 && now < 20s; ++turn) {
        while (from.can_send(0x21)) ASSERT_TRUE(from.send(0x21, message_of(50'000, 1)));
        Bytes bytes;
        from.produce(now, 1'000'000, bytes);
        sent += bytes.size();
        const Time wake = from.next_wake(now);
        ASSERT_GT(wake, now);  // it waits for time alone, so it never spins
        now = wake;
    }
    EXPECT_GE(now, 20s);
    EXPECT_LE(sent, rate * 21 + 2000);
    EXPECT_GE(sent, rate * 20);
}

TEST(Connection, TheReaderIsToldToPause) {
    Connection to(channels, {.receive_bytes_per_second = 2000}, 0s);
    Connection from(channels, {}, 0s);
    ASSERT_TRUE(from.send(0x20, message_of(5000, 1)));
    Bytes bytes;
    from.produce(0s, 1'000'000, bytes);
    EXPECT_EQ(to.receive_allowance(0s), 2000U);
    read(to, bytes, 0s);
    EXPECT_EQ(to.receive_allowance(0s), 0U);
    const Time wake = to.next_wake(0s);
    EXPECT_GT(wake, 1s);
    EXPECT_LT(wake, 3s);
    EXPECT_GT(to.receive_allowance(wake), 0U);
}

TEST(Connection, PingsInTimeAndGivesUpOnAPeerThatDoesNotAnswer) {
    Connection connection(channels, {}, 0s);
    EXPECT_EQ(connection.next_wake(0s), 60s);
    ASSERT_TRUE(connection.tick(59s));
    EXPECT_FALSE(connection.has_output());
    ASSERT_TRUE(connection.tick(60s));
    Bytes ping;
    connection.produce(60s, 1, ping);
    EXPECT_EQ(ping, (Bytes{0x02, 0x0A, 0x00}));
    EXPECT_EQ(connection.next_wake(60s), 105s);
    EXPECT_TRUE(connection.tick(104s));
    EXPECT_EQ(connection.tick(105s).error().check, "connection.pong");
}

TEST(Connection, AnyPongWillDo) {
    Connection connection(channels, {}, 0s);
    ASSERT_TRUE(connection.tick(60s));
    Bytes ping;
    connection.produce(60s, 1, ping);
    read(connection, {0x02, 0x12, 0x00}, 70s);
    EXPECT_TRUE(connection.tick(105s));
    EXPECT_EQ(connection.next_wake(105s), 120s);
}

TEST(Connection, ManyPingsHaveOneAnswer) {
    Connection connection(channels, {}, 0s);
    EXPECT_TRUE(read(connection, {0x02, 0x0A, 0x00, 0x02, 0x0A, 0x00}, 1s).empty());
    Bytes pong;
    connection.produce(1s, 1, pong);
    EXPECT_EQ(pong, (Bytes{0x02, 0x12, 0x00}));
}

TEST(Connection, WhatIsNotWholeIsLeft) {
    Connection connection(channels, {}, 0s);
    std::vector<types::ChannelMessage> messages;
    const Bytes bytes{0x02, 0x0A, 0x00, 0x02, 0x0A};
    EXPECT_EQ(connection.receive(bytes, 0s, messages), 3U);
}

TEST(RateLimit, EarnsNothingForAPauseBeyondASecond) {
    RateLimit limit(1000, 0s);
    limit.spend(500);
    EXPECT_EQ(limit.allowance(0s), 500U);
    EXPECT_EQ(limit.allowance(100s), 1000U);
    limit.spend(3000);
    EXPECT_EQ(limit.allowance(101s), 0U);
    EXPECT_EQ(limit.allowance(103s), 1000U);
}

TEST(RateLimit, ManyShortStepsEarnAsMuchAsALongOne) {
    RateLimit limit(1000, 0s);
    limit.spend(1000);
    for (int i = 1; i <= 1000; ++i)
        static_cast<void>(limit.allowance(std::chrono::microseconds(i * 100)));
    EXPECT_EQ(limit.allowance(100ms), 100U);
}

}  // namespace
}  // namespace tandem::p2p
