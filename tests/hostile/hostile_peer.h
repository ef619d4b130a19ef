// A peer that means harm, on a real socket: it speaks the wire with the project's own library as
// far as an attack wants it to, and says what no honest node says.
//
// Everything here waits with a limit. The node's reaction is what is looked at: it hangs up, or it
// goes on to answer pings.
//
// Not here: the attacks (attacks.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "p2p/secret_connection.h"
#include "types/consensus_messages.h"
#include "types/key_files.h"
#include "types/node_info.h"
#include "types/packets.h"

namespace tandem::hostile {

using std::chrono::milliseconds;

struct Target {
    std::string host;
    std::uint16_t port = 0;
    std::string chain_id;
};

class HostilePeer {
  public:
    /// Connects; throws std::runtime_error where nobody accepts within a second.
    explicit HostilePeer(Target target);

    // ---- As far as the attack goes along.
    /// The sealed connection is up. False: the node hung up first.
    bool seal();
    /// Introduces itself, and hears the node do so. REQUIRES: seal().
    bool introduce(const types::NodeInfo& info);
    /// All of it.
    bool meet() { return seal() && introduce(good_info()); }
    [[nodiscard]] types::NodeInfo good_info() const;
    /// The height that consensus of the node is at, from what it said. REQUIRES: meet().
    [[nodiscard]] std::int64_t height();
    /// Seals bytes with the keys of a handshake whose signature never comes. REQUIRES: not seal().
    void write_instead_of_signature(base::BytesView plain);
    /// What it signs with: for handshakes that lie.
    std::shared_ptr<const crypto::SigningKey> key;

    // ---- Saying. False: the node hung up, or took nothing for `patience`.
    bool send_raw(base::BytesView bytes);
    bool write_plain(base::BytesView plain);  // REQUIRES: seal()
    bool say(std::uint8_t channel, base::BytesView message);
    bool say(std::uint8_t channel, const types::ConsensusMessage& message);
    /// One packet, and whether the message ends with it.
    bool say_piece(std::uint8_t channel, base::BytesView piece, bool ends);
    /// Takes nothing any more that the node says.
    void stop_reading() { reads_ = false; }
    milliseconds patience{15'000};

    // ---- Looking.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] bool closes_within(milliseconds limit);
    [[nodiscard]] bool answers_ping_within(milliseconds limit);
    /// Hears the node until the condition holds; false: not within the limit.
    bool listen(milliseconds limit, const std::function<bool()>& condition);
    [[nodiscard]] std::size_t pongs() const noexcept { return pongs_; }
    [[nodiscard]] std::size_t messages(std::uint8_t channel) const { return heard_[channel]; }

    base::SeededRandom random;

  private:
    void read_some();
    void take(base::BytesView bytes);
    void take_packets();
    bool flush();

    Target target_;
    boost::asio::io_context loop_;
    boost::asio::ip::tcp::socket socket_;
    std::optional<p2p::SecretConnection> secret_;
    bool introduced_ = false;
    types::PacketAssembler assembler_;
    std::int64_t height_ = 0;
    std::size_t pongs_ = 0;
    std::array<std::size_t, 256> heard_{};
    base::Bytes unsent_;
    bool closed_ = false;
    bool reads_ = true;
};

}  // namespace tandem::hostile
