// Packets: messages of several channels cut into pieces, so that a long one does not hold up the
// short ones; and their joining at the other end.
//
// Both ends agree on the payload of a packet. The reader refuses, and the connection ends, where a
// packet is longer than a full one of channel 1, is of a channel that is not open, or makes a
// message longer than its channel allows. Pieces of one message never interleave with others of
// the same channel, so that there are no message numbers.
//
// Not here: which channel's turn it is, pings and their clocks, rates (p2p).
#pragma once
#include <map>

#include "types/channels.h"
#include "types/p2p_messages.h"

namespace tandem::types {

inline constexpr std::size_t packet_payload_bytes_default = 1024;

/// Longest packet that a reader with this payload takes, without the length in front of it.
[[nodiscard]] std::size_t packet_bytes_max(std::size_t payload_bytes);

/// Cuts one message. The message is borrowed and must outlive the cutter.
class MessageCutter {
  public:
    /// REQUIRES: payload_bytes > 0.
    MessageCutter(std::uint8_t channel, BytesView message, std::size_t payload_bytes);

    /// An empty message still makes one packet.
    [[nodiscard]] bool done() const noexcept { return done_; }
    /// Adds the next packet behind its length. REQUIRES: !done().
    void append_next(Bytes& stream);

  private:
    std::uint8_t channel_;
    std::size_t payload_bytes_;
    BytesView rest_;
    bool done_ = false;
};

/// A whole message that came in.
struct ChannelMessage {
    std::uint8_t channel = 0;
    Bytes message;

    bool operator==(const ChannelMessage&) const = default;
};

/// Joins what a peer sends. Holds at most one packet and, per channel, one message.
class PacketAssembler {
  public:
    struct OpenChannel {
        std::uint8_t id = 0;
        std::uint32_t message_bytes_max = 0;
    };

    PacketAssembler(std::span<const OpenChannel> channels, std::size_t payload_bytes);

    using Event = std::variant<PacketPing, PacketPong, ChannelMessage>;
    struct Step {
        std::size_t consumed = 0;    // bytes of the input that may go
        std::optional<Event> event;  // nothing: a piece in the middle, or more bytes are needed
    };

    /// Takes the first packet of `input`. When nothing was consumed, more bytes are needed. After
    /// a refusal the connection is to be closed.
    [[nodiscard]] Result<Step> take(BytesView input);
    /// Of messages that have not ended.
    [[nodiscard]] std::size_t held_bytes() const noexcept;

  private:
    struct Partial {
        std::uint32_t message_bytes_max = 0;
        Bytes message;
    };
    [[nodiscard]] Result<std::optional<Event>> accept(Packet& packet);

    std::size_t packet_bytes_max_;
    std::map<std::int32_t, Partial> channels_;
};

}  // namespace tandem::types
