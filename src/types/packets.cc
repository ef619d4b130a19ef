#include "types/packets.h"

#include <fmt/format.h>

#include "wire/framing.h"

namespace tandem::types {
namespace {

/// A PacketMsg whose data belongs to somebody else; for writing only.
struct BorrowedPacketMsg {
    std::int32_t channel_id = 0;
    bool eof = false;
    BytesView data;
};

struct BorrowedPacket {
    BorrowedPacketMsg packet_msg;
};

}  // namespace
}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::BorrowedPacketMsg> {
    using M = types::BorrowedPacketMsg;
    static constexpr std::string_view name = "PacketMsg";
    static constexpr auto fields = std::tuple{field<1>("channel_id", &M::channel_id),
                                              field<2>("eof", &M::eof), field<3>("data", &M::data)};
};

template <>
struct Described<types::BorrowedPacket> {
    static constexpr std::string_view name = "Packet";
    static constexpr auto fields =
        std::tuple{field<3>("packet_msg", &types::BorrowedPacket::packet_msg)};
};

}  // namespace tandem::wire

namespace tandem::types {

std::size_t packet_bytes_max(std::size_t payload_bytes) {
    // PacketMsg of channel 1 with eof, inside Packet.
    const std::size_t body = 2 + 2 + 1 + wire::varint_size(payload_bytes) + payload_bytes;
    return 1 + wire::varint_size(body) + body;
}

MessageCutter::MessageCutter(std::uint8_t channel, BytesView message, std::size_t payload_bytes)
    : channel_(channel), payload_bytes_(payload_bytes), rest_(message) {
    TANDEM_CHECK(payload_bytes > 0);
}

void MessageCutter::append_next(Bytes& stream) {
    TANDEM_CHECK(!done_);
    const BytesView data = rest_.first(std::min(rest_.size(), payload_bytes_));
    rest_ = rest_.subspan(data.size());
    done_ = rest_.empty();
    const BorrowedPacket packet{{channel_, done_, data}};
    const std::size_t size = wire::encoded_size(packet);
    const std::size_t before = stream.size();
    stream.resize(before + wire::varint_size(size) + size);
    wire::BackwardWriter writer(std::span<std::uint8_t>(stream).subspan(before));
    wire::write_message(writer, packet);
    writer.write_varint(size);
    TANDEM_CHECK(writer.full());
}

PacketAssembler::PacketAssembler(std::span<const OpenChannel> channels, std::size_t payload_bytes)
    : packet_bytes_max_(packet_bytes_max(payload_bytes)) {
    for (const OpenChannel& channel : channels)
        channels_[channel.id].message_bytes_max = channel.message_bytes_max;
}

Result<PacketAssembler::Step> PacketAssembler::take(BytesView input) {
    const wire::Frame frame = wire::next_frame(input, packet_bytes_max_);
    switch (frame.state) {
        case wire::FrameState::incomplete:
            return Step{};
        case wire::FrameState::too_long:
            return refuse("packet.length", "a packet is longer than a full one");
        case wire::FrameState::malformed:
            return refuse("packet.length", "the length of a packet is no number of 64 bits");
        case wire::FrameState::complete:
            break;
    }
    auto packet = wire::decode<Packet>(frame.body);
    if (!packet) return std::unexpected(packet.error().to_refusal());
    auto event = accept(*packet);
    if (!event) return std::unexpected(std::move(event).error());
    return Step{frame.consumed, std::move(*event)};
}

std::size_t PacketAssembler::held_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const auto& [id, partial] : channels_) bytes += partial.message.size();
    return bytes;
}

Result<std::optional<PacketAssembler::Event>> PacketAssembler::accept(Packet& packet) {
    if (std::holds_alternative<PacketPing>(packet.sum)) return Event(PacketPing{});
    if (std::holds_alternative<PacketPong>(packet.sum)) return Event(PacketPong{});
    auto* piece = std::get_if<PacketMsg>(&packet.sum);
    if (piece == nullptr) return refuse("packet.sum", "a packet has no member");
    const auto channel = channels_.find(piece->channel_id);
    if (channel == channels_.end())
        return refuse("packet.channel", fmt::format("channel {} is not open", piece->channel_id));
    Partial& partial = channel->second;
    if (piece->data.size() > partial.message_bytes_max - partial.message.size())
        return refuse("packet.message_length",
                      fmt::format("a message on channel {:#04x} is longer than {} bytes",
                                  piece->channel_id, partial.message_bytes_max));
    if (partial.message.empty()) {
        partial.message = std::move(piece->data);
    } else {
        base::append(partial.message, piece->data);
    }
    if (!piece->eof) return std::nullopt;
    return Event(ChannelMessage{static_cast<std::uint8_t>(channel->first),
                                std::exchange(partial.message, {})});
}

}  // namespace tandem::types
