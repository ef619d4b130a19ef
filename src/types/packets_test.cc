#include "types/packets.h"

#include <gtest/gtest.h>

namespace tandem::types {
namespace {

constexpr std::array<PacketAssembler::OpenChannel, 2> open_channels{{{0x20, 3000}, {0x21, 10}}};

Bytes stream_of(std::initializer_list<Packet> packets) {
    Bytes stream;
    for (const Packet& packet : packets) base::append(stream, wire::encode_delimited(packet));
    return stream;
}

/// Everything that the stream says, or the check that refused it.
struct Received {
    std::vector<PacketAssembler::Event> events;
    std::string refusal;
};

Received receive(BytesView stream) {
    PacketAssembler assembler(open_channels, packet_payload_bytes_default);
    Received received;
    while (true) {
        auto step = assembler.take(stream);
        if (!step) {
            received.refusal = step.error().check;
            return received;
        }
        if (step->consumed == 0) return received;
        stream = stream.subspan(step->consumed);
        if (step->event) received.events.push_back(std::move(*step->event));
    }
}

TEST(Packets, AFullPacketIsTheLongestThatIsTaken) {
    EXPECT_EQ(packet_bytes_max(packet_payload_bytes_default), 1034U);
    const Bytes message(packet_payload_bytes_default, 7);
    MessageCutter cutter(0x20, message, packet_payload_bytes_default);
    Bytes stream;
    cutter.append_next(stream);
    EXPECT_TRUE(cutter.done());
    EXPECT_EQ(stream.size(), 1034U + 2);
    EXPECT_EQ(receive(stream).events.size(), 1U);
}

TEST(Packets, PiecesOfTwoChannelsMayAlternate) {
    const Bytes message(2500, 7);
    const Bytes other{1, 2, 3};
    MessageCutter cutter(0x20, message, packet_payload_bytes_default);
    MessageCutter between(0x21, other, packet_payload_bytes_default);
    Bytes stream;
    cutter.append_next(stream);
    between.append_next(stream);
    while (!cutter.done()) cutter.append_next(stream);
    const Received received = receive(stream);
    ASSERT_EQ(received.events.size(), 2U);
    EXPECT_EQ(std::get<ChannelMessage>(received.events[0]), (ChannelMessage{0x21, other}));
    EXPECT_EQ(std::get<ChannelMessage>(received.events[1]), (ChannelMessage{0x20, message}));
}

TEST(Packets, AnEmptyMessageIsOnePacket) {
    MessageCutter cutter(0x20, {}, 1);
    EXPECT_FALSE(cutter.done());
    Bytes stream;
    cutter.append_next(stream);
    EXPECT_TRUE(cutter.done());
    const Received received = receive(stream);
    ASSERT_EQ(received.events.size(), 1U);
    EXPECT_EQ(std::get<ChannelMessage>(received.events[0]), (ChannelMessage{0x20, {}}));
}

TEST(Packets, AMessageMayFillItsChannelAndNotMore) {
    const PacketMsg first{0x21, false, Bytes(6)};
    EXPECT_EQ(receive(stream_of({{first}, {PacketMsg{0x21, true, Bytes(4)}}})).refusal, "");
    EXPECT_EQ(receive(stream_of({{first}, {PacketMsg{0x21, true, Bytes(5)}}})).refusal,
              "packet.message_length");
    // The next message begins afresh.
    const Bytes twice =
        stream_of({{PacketMsg{0x21, true, Bytes(10)}}, {PacketMsg{0x21, true, Bytes(10)}}});
    EXPECT_EQ(receive(twice).events.size(), 2U);
}

TEST(Packets, RefusesWhatNoPeerSends) {
    EXPECT_EQ(receive(stream_of({{PacketMsg{0x22, true, {}}}})).refusal, "packet.channel");
    EXPECT_EQ(receive(stream_of({{PacketMsg{0x120, true, {}}}})).refusal, "packet.channel");
    EXPECT_EQ(receive(stream_of({{PacketMsg{-1, true, {}}}})).refusal, "packet.channel");
    EXPECT_EQ(receive(stream_of({Packet{}})).refusal, "packet.sum");
    EXPECT_EQ(receive(Bytes{0x8b, 0x08}).refusal, "packet.length");
    EXPECT_EQ(receive(Bytes(11, 0xff)).refusal, "packet.length");
    EXPECT_EQ(receive(Bytes{0x02, 0x08, 0x01}).refusal, "wire.decode");
}

TEST(Packets, PingsAndPongsPassBetweenPieces) {
    const Received received = receive(stream_of({{PacketMsg{0x21, false, {1}}},
                                                 {PacketPing{}},
                                                 {PacketPong{}},
                                                 {PacketMsg{0x21, true, {2}}}}));
    ASSERT_EQ(received.events.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<PacketPing>(received.events[0]));
    EXPECT_TRUE(std::holds_alternative<PacketPong>(received.events[1]));
    EXPECT_EQ(std::get<ChannelMessage>(received.events[2]), (ChannelMessage{0x21, {1, 2}}));
}

TEST(Channels, AreTheNumbersOfCometBft) {
    EXPECT_EQ(find_channel(0x30)->message_bytes_max, 1'048'584U);
    EXPECT_EQ(find_channel(0x40)->message_bytes_max, 104'857'605U);
    EXPECT_EQ(find_channel(0x00)->message_bytes_max, 64'000U);
    EXPECT_EQ(find_channel(0x62), nullptr);  // light blocks are not exchanged between peers
    EXPECT_EQ(find_channel(-1), nullptr);
    EXPECT_EQ(find_channel(0x130), nullptr);
}

}  // namespace
}  // namespace tandem::types
