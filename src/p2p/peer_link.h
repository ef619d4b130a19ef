// One connection to a peer from its first byte on: sealed, introduced, then open for channels
// (wire page of p2p, sections 1 to 4).
//
//     sealing  --keys-->  introducing  --NodeInfo-->  introduced  --admit()-->  open
//
// A value, like what it is made of: bytes and the time go in, bytes and whole messages come out.
// Both ends talk at once in every step and neither waits for the other, so nothing can deadlock.
// Between introduced and open its owner decides whether there is room for this peer; what the peer
// says meanwhile waits unread.
//
// A stranger gets 3 s for each of the first two steps, and is held to what SecretConnection holds.
//
// Not here: sockets (io), whom to dial and whom to admit (peers.h), what messages mean (node).
#pragma once
#include "p2p/connection.h"
#include "p2p/secret_connection.h"
#include "types/node_info.h"

namespace tandem::p2p {

inline constexpr Time handshake_step_time_max = std::chrono::seconds(3);

/// What all connections of a node share. Borrowed; outlives the links.
struct LocalNode {
    const crypto::SigningKey& key;
    types::NodeInfo info;
    std::vector<Channel> channels;
    ConnectionConfig config;

    [[nodiscard]] const std::string& id() const noexcept { return info.default_node_id; }
};

class PeerLink {
  public:
    /// `ephemeral_secret`: 32 fresh random bytes. `expected_id`: whom we dialled; empty for who
    /// dialled us.
    PeerLink(const LocalNode& local, crypto::SecretArray<32> ephemeral_secret,
             std::string expected_id, Time now);

    /// Takes bytes of the wire and adds the messages that they complete. After a refusal the
    /// connection is to be closed.
    [[nodiscard]] base::Verdict receive(base::BytesView wire, Time now,
                                        std::vector<types::ChannelMessage>& messages);

    /// We know who it is, and its owner is to say admit() or to close it.
    [[nodiscard]] bool waits_for_admission() const noexcept { return step_ == Step::introduced; }
    /// Adds the messages that came in meanwhile. REQUIRES: waits_for_admission().
    [[nodiscard]] base::Verdict admit(Time now, std::vector<types::ChannelMessage>& messages);
    [[nodiscard]] bool open() const noexcept { return step_ == Step::open; }

    /// REQUIRES: waits_for_admission() or open().
    [[nodiscard]] const types::NodeInfo& peer_info() const noexcept { return peer_info_; }
    [[nodiscard]] const std::string& peer_id() const noexcept { return peer_id_; }
    /// Whether the peer knows this channel.
    [[nodiscard]] bool has_channel(std::uint8_t channel) const;

    // ---- Once open; before, nothing can be sent.
    [[nodiscard]] bool can_send(std::uint8_t channel) const;
    [[nodiscard]] ChannelLoad load(std::uint8_t channel) const {
        return connection_ ? connection_->load(channel) : ChannelLoad{};
    }
    /// False, and nothing is queued: the queue is full, or the peer lacks the channel.
    [[nodiscard]] bool send(std::uint8_t channel, Connection::Message message);

    /// Of the peer's messages that have not ended.
    [[nodiscard]] std::size_t unfinished_bytes() const noexcept {
        return connection_ ? connection_->unfinished_bytes() : 0;
    }

    /// Bytes for the wire, about `room` at most where the link is open.
    [[nodiscard]] base::Bytes produce(Time now, std::size_t room);
    /// How many bytes of the wire may be read now.
    [[nodiscard]] std::size_t receive_allowance(Time now);
    /// Looks at the clocks. After a refusal the connection is to be closed.
    [[nodiscard]] base::Verdict tick(Time now);
    [[nodiscard]] Time next_wake(Time now);

  private:
    enum class Step : std::uint8_t { sealing, introducing, introduced, open };

    [[nodiscard]] base::Verdict become_introducing(Time now);
    [[nodiscard]] base::Verdict take_introduction();
    [[nodiscard]] base::Verdict take_packets(Time now,
                                             std::vector<types::ChannelMessage>& messages);

    const LocalNode* local_;
    std::string expected_id_;
    SecretConnection secret_;
    Step step_ = Step::sealing;
    Time deadline_;  // of the present step; none once open
    std::string peer_id_;
    types::NodeInfo peer_info_;
    std::optional<Connection> connection_;
};

}  // namespace tandem::p2p
