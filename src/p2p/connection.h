// Several channels on one stream: which message's packet goes next, pings, and rates (wire page of
// p2p, section 4).
//
// A value: queued messages and the peer's bytes go in, packets and whole messages come out, and
// time is told by the caller. Nothing is polled: next_wake() says when time alone will matter.
//
// Whose turn it is: of the channels that have something to send, the one that sent least lately
// for its priority. So a long block does not hold up a vote, and a flood on one channel does not
// starve another.
//
// What is held is bounded: per channel the queue's number of messages, and of what comes in one
// message of the channel's size. Messages are shared, so that one that goes to many peers is held
// once.
//
// Not here: encryption (secret_connection.h), what messages mean (gossip).
#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "types/packets.h"

namespace tandem::p2p {

/// Since whenever the caller's clock began; it never goes back.
using Time = std::chrono::nanoseconds;

struct Channel {
    std::uint8_t id = 0;
    std::uint32_t priority = 1;  // > 0
    std::size_t queue_messages_max = 1;
    std::uint32_t message_bytes_max = 0;
};

struct ConnectionConfig {
    std::size_t payload_bytes = types::packet_payload_bytes_default;
    Time ping_interval = std::chrono::seconds(60);
    Time pong_timeout = std::chrono::seconds(45);
    std::uint64_t send_bytes_per_second = 5'120'000;
    std::uint64_t receive_bytes_per_second = 5'120'000;
};

/// So many bytes a second on average, and never more than a second's worth at once.
class RateLimit {
  public:
    /// REQUIRES: bytes_per_second in [1, 2^32].
    RateLimit(std::uint64_t bytes_per_second, Time now);

    /// Bytes that may pass now.
    [[nodiscard]] std::size_t allowance(Time now);
    /// More than the allowance may pass; what comes next then waits the longer.
    void spend(std::size_t bytes) noexcept { balance_ -= static_cast<std::int64_t>(bytes); }
    /// When bytes may pass again; `now` when some may at once.
    [[nodiscard]] Time next(Time now);

  private:
    std::int64_t rate_;
    std::int64_t balance_;  // below zero: what was spent ahead
    Time since_;
};

/// What a channel has to send, and sent.
struct ChannelLoad {
    std::size_t messages = 0;         // that wait, one that is being cut included
    std::size_t bytes = 0;            // of them, that one in full
    std::uint64_t recently_sent = 0;  // bytes; fades by a fifth every two seconds
};

class Connection {
  public:
    using Message = std::shared_ptr<const base::Bytes>;

    Connection(std::span<const Channel> channels, const ConnectionConfig& config, Time now);

    /// False, and nothing is queued, when the channel's queue is full.
    /// REQUIRES: the channel is one of those given, the message is within its size.
    [[nodiscard]] bool send(std::uint8_t channel, Message message);
    [[nodiscard]] bool can_send(std::uint8_t channel) const;
    [[nodiscard]] ChannelLoad load(std::uint8_t channel) const;
    [[nodiscard]] bool has_output() const noexcept;

    /// Appends packets, of at least `bytes` together where there are as many and the rate allows.
    void produce(Time now, std::size_t bytes, base::Bytes& out);

    /// Takes the peer's bytes, as many whole packets as there are, and adds the messages that they
    /// complete. Returns the number of bytes that are done with. After a refusal the connection is
    /// to be closed.
    [[nodiscard]] base::Result<std::size_t> receive(base::BytesView input, Time now,
                                                    std::vector<types::ChannelMessage>& messages);
    /// Of the peer's messages that have not ended.
    [[nodiscard]] std::size_t unfinished_bytes() const noexcept { return assembler_.held_bytes(); }
    /// How much may be read from the peer now; then read no more before next_wake().
    [[nodiscard]] std::size_t receive_allowance(Time now) { return receive_rate_.allowance(now); }

    /// Looks at the clocks. A refusal: the peer does not answer.
    [[nodiscard]] base::Verdict tick(Time now);
    /// When tick() or produce() has something to do though nothing was sent or received.
    [[nodiscard]] Time next_wake(Time now);

  private:
    struct Queue {
        Channel channel;
        std::deque<Message> messages;  // the first one is being cut, if cutter is set
        std::optional<types::MessageCutter> cutter;
        std::uint64_t recently_sent = 0;  // bytes; fades
        std::size_t bytes = 0;            // invariant: sum of the messages' sizes

        [[nodiscard]] std::uint8_t id() const noexcept { return channel.id; }
    };
    [[nodiscard]] Queue* next_queue();
    void fade(Time now);

    ConnectionConfig config_;
    std::vector<Queue> queues_;
    types::PacketAssembler assembler_;
    RateLimit send_rate_;
    RateLimit receive_rate_;
    Time faded_at_;
    Time next_ping_;
    std::optional<Time> pong_due_;
    bool owes_ping_ = false;
    bool owes_pong_ = false;
};

}  // namespace tandem::p2p
