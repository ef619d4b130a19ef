#include "io/signer_link.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "io/fresh_secret.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

class PassingKey final : public crypto::SigningKey {
  public:
    explicit PassingKey(crypto::PrivateKey key) : key_(std::move(key)) {}
    [[nodiscard]] crypto::PublicKey public_key() const override { return key_.public_key(); }
    [[nodiscard]] crypto::SignatureBytes sign(base::BytesView message) const override {
        return key_.sign(message);
    }

  private:
    crypto::PrivateKey key_;
};

}  // namespace

base::Result<AbciPlace> signer_place(std::string_view setting, std::string_view text) {
    auto place = abci_place(text);
    if (!place || (!text.starts_with("tcp://") && !text.starts_with("unix://")))
        return base::refuse(setting, fmt::format("\"{}\" is no address of a signer's connection: "
                                                 "write tcp://HOST:PORT or unix://PATH",
                                                 text));
    return place;
}

std::shared_ptr<const crypto::SigningKey> passing_key() {
    const auto pair = crypto::Ed25519PrivateKey::from_seed(fresh_secret().span());
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, pair.bytes());
    TANDEM_CHECK(key.has_value());
    return std::make_shared<PassingKey>(std::move(*key));
}

SignerLink::SignerLink(Socket socket, std::shared_ptr<const crypto::SigningKey> key,
                       std::optional<std::chrono::seconds> silence_max, Events events)
    : socket_(std::move(socket)),
      key_(std::move(key)),
      silence_max_(silence_max),
      events_(std::move(events)),
      silence_(socket_.get_executor()),
      write_deadline_(socket_.get_executor()) {
    ErrorCode ignored;
    if (key_) {
        socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
        seal_.emplace(*key_, fresh_secret());
    }
}

void SignerLink::set(asio::steady_timer& timer, std::chrono::seconds time, const char* why) {
    timer.expires_after(time);
    timer.async_wait([self = shared_from_this(), why](ErrorCode error) {
        if (!error) self->close(why);
    });
}

void SignerLink::begin() {
    read();
    if (seal_) {
        set(silence_, handshake_time_max, "the handshake took too long");
        return send(seal_->take_output());
    }
    is_open_ = true;
    expect_bytes();
    events_.opened();
}

void SignerLink::expect_bytes() {
    silence_.cancel();
    if (silence_max_) set(silence_, *silence_max_, "the other side was silent for too long");
}

void SignerLink::read() {
    socket_.async_read_some(
        asio::buffer(input_), [self = shared_from_this()](ErrorCode error, std::size_t count) {
            if (self->is_closed_) return;
            if (error)
                return self->close(error == asio::error::eof ? "the other side closed it"
                                                             : error.message());
            self->take(base::BytesView(self->input_).first(count));
            if (!self->is_closed_) self->read();
        });
}

void SignerLink::take(base::BytesView bytes) {
    if (!seal_) {
        expect_bytes();
        return events_.came(bytes);
    }
    if (const auto verdict = seal_->receive(bytes); !verdict) return close(verdict.error().why);
    if (base::Bytes output = seal_->take_output(); !output.empty()) send(std::move(output));
    if (!seal_->established()) return;
    if (!std::exchange(is_open_, true)) events_.opened();
    if (is_closed_) return;
    expect_bytes();
    const base::Bytes plain = base::to_bytes(seal_->input());
    seal_->consume(plain.size());
    if (!plain.empty()) events_.came(plain);
}

void SignerLink::write(base::BytesView plain) {
    if (is_closed_) return;
    TANDEM_CHECK(is_open_);
    if (!seal_) return send(base::to_bytes(plain));
    seal_->write(plain);
    send(seal_->take_output());
}

void SignerLink::send(base::Bytes bytes) {
    base::append(waiting_, bytes);
    if (!is_writing_) write_next();
}

void SignerLink::write_next() {
    if (waiting_.empty() || is_closed_) return;
    is_writing_ = true;
    in_flight_ = std::exchange(waiting_, {});
    set(write_deadline_, write_time_max, "the other side does not take what is sent");
    asio::async_write(socket_, asio::buffer(in_flight_),
                      [self = shared_from_this()](ErrorCode error, std::size_t) {
                          self->is_writing_ = false;
                          self->write_deadline_.cancel();
                          if (error) return self->close(error.message());
                          self->write_next();
                      });
}

void SignerLink::close(const std::string& why) {
    if (std::exchange(is_closed_, true)) return;
    ErrorCode ignored;
    socket_.close(ignored);
    silence_.cancel();
    write_deadline_.cancel();
    events_.closed(why);
}

}  // namespace tandem::io
