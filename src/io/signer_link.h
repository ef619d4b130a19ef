// One connection between a validator and its remote signer, from either end: plain bytes in, plain
// bytes out. Over TCP they are sealed (p2p/secret_connection.h), with a key that lives as long as
// the process and says nothing of who it is; over a socket in the file system they are not. Inside
// io.
//
// Everything here has a limit: the handshake, how long bytes wait to be taken, and, where it is
// wanted, how long the other side may be silent.
#pragma once
#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "io/abci_place.h"
#include "p2p/secret_connection.h"

namespace tandem::io {

/// Where a signer and its validator meet. Refused under the name of the setting that said it.
[[nodiscard]] base::Result<AbciPlace> signer_place(std::string_view setting, std::string_view text);

/// A key of this process alone, from the dice.
[[nodiscard]] std::shared_ptr<const crypto::SigningKey> passing_key();

class SignerLink : public std::enable_shared_from_this<SignerLink> {
  public:
    using Socket = boost::asio::generic::stream_protocol::socket;
    struct Events {
        std::function<void()> opened;                    // the seal holds
        std::function<void(base::BytesView)> came;       // plain bytes
        std::function<void(const std::string&)> closed;  // once, with the reason
    };
    static constexpr std::chrono::seconds handshake_time_max{3};
    static constexpr std::chrono::seconds write_time_max{5};

    /// `key`: null for a connection without a seal. `silence_max`: null for none.
    SignerLink(Socket socket, std::shared_ptr<const crypto::SigningKey> key,
               std::optional<std::chrono::seconds> silence_max, Events events);

    void begin();
    /// REQUIRES: opened.
    void write(base::BytesView plain);
    /// events.closed is called at once, unless it was before.
    void close(const std::string& why);

  private:
    void read();
    void take(base::BytesView bytes);
    void send(base::Bytes bytes);
    void write_next();
    void expect_bytes();
    void set(boost::asio::steady_timer& timer, std::chrono::seconds time, const char* why);

    Socket socket_;
    std::shared_ptr<const crypto::SigningKey> key_;
    std::optional<p2p::SecretConnection> seal_;
    std::optional<std::chrono::seconds> silence_max_;
    Events events_;
    boost::asio::steady_timer silence_;  // before opened(): the handshake
    boost::asio::steady_timer write_deadline_;
    bool is_open_ = false;  // and sealed
    bool is_closed_ = false;
    bool is_writing_ = false;
    base::Bytes waiting_;
    base::Bytes in_flight_;
    std::array<std::uint8_t, 4096> input_{};
};

}  // namespace tandem::io
