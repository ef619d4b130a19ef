#include "p2p/secret_connection.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "types/p2p_messages.h"
#include "wire/framing.h"

namespace tandem::p2p {
namespace {

/// A message of the handshake: nothing while more bytes are needed.
template <wire::Message M>
base::Result<std::optional<M>> take_message(base::BytesView input, std::size_t& consumed) {
    const wire::Frame frame = wire::next_frame(input, types::handshake_message_bytes_max);
    switch (frame.state) {
        case wire::FrameState::incomplete:
            return std::nullopt;
        case wire::FrameState::too_long:
            return base::refuse("handshake.length", "a message of the handshake is too long");
        case wire::FrameState::malformed:
            return base::refuse("handshake.length", "the length of a message is no number");
        case wire::FrameState::complete:
            break;
    }
    auto message = wire::decode<M>(frame.body);
    if (!message) return std::unexpected(message.error().to_refusal());
    consumed = frame.consumed;
    return std::move(*message);
}

void drop_front(base::Bytes& bytes, std::size_t count) {
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

SecretConnection::SecretConnection(const crypto::SigningKey& key,
                                   crypto::SecretArray<32> ephemeral_secret)
    : key_(&key),
      ephemeral_secret_(std::move(ephemeral_secret)),
      ephemeral_key_(crypto::x25519_public_key(ephemeral_secret_.span())) {
    output_ = wire::encode_delimited(
        types::EphemeralKeyMessage{base::Bytes(ephemeral_key_.begin(), ephemeral_key_.end())});
}

base::Verdict SecretConnection::receive(base::BytesView wire) {
    base::append(wire_, wire);
    if (step_ == Step::awaits_ephemeral_key) TANDEM_TRY(take_ephemeral_key());
    if (step_ == Step::awaits_ephemeral_key) return {};
    return open_frames();
}

base::Verdict SecretConnection::take_ephemeral_key() {
    std::size_t consumed = 0;
    const auto message = take_message<types::EphemeralKeyMessage>(wire_, consumed);
    if (!message) return std::unexpected(message.error());
    if (!*message) return {};
    drop_front(wire_, consumed);
    // What is too short is filled with zeros, what is too long is cut.
    crypto::X25519PublicKey peer{};
    const base::Bytes& value = (*message)->value;
    std::ranges::copy(base::BytesView(value).first(std::min(value.size(), peer.size())),
                      peer.begin());
    const auto keys = crypto::derive_session_keys(ephemeral_secret_.span(), ephemeral_key_, peer);
    if (!keys)
        return base::refuse("handshake.ephemeral_key",
                            "the peer's ephemeral key has low order: no secret can be shared");
    challenge_ = keys->challenge;
    sealer_.emplace(keys->send.span());
    opener_.emplace(keys->receive.span());
    crypto::wipe(ephemeral_secret_.span());
    step_ = Step::awaits_signature;
    sealer_->seal(wire::encode_delimited(types::AuthSigMessage{
                      key_->public_key(), types::Signature(key_->sign(challenge_))}),
                  output_);
    return {};
}

base::Verdict SecretConnection::open_frames() {
    base::BytesView rest = wire_;
    for (; rest.size() >= sealed_frame_bytes; rest = rest.subspan(sealed_frame_bytes)) {
        TANDEM_TRY(opener_->open(rest.first(sealed_frame_bytes), plain_));
        if (step_ == Step::awaits_signature) TANDEM_TRY(take_signature());
    }
    drop_front(wire_, wire_.size() - rest.size());
    return {};
}

base::Verdict SecretConnection::take_signature() {
    const auto message = take_message<types::AuthSigMessage>(plain_, consumed_);
    if (!message) return std::unexpected(message.error());
    if (!*message) return {};
    const crypto::PublicKey& key = (*message)->pub_key;
    if (key.type != crypto::KeyType::ed25519 || key.bytes.size() != crypto::ed25519_public_key_size)
        return base::refuse("handshake.key_type", "the peer's key is not one of Ed25519");
    if (!crypto::verify(key, challenge_, (*message)->sig))
        return base::refuse("handshake.signature",
                            "the peer did not sign the challenge with the key that it names");
    peer_key_ = key;
    step_ = Step::established;
    return {};
}

const crypto::PublicKey& SecretConnection::peer_key() const {
    TANDEM_CHECK(established());
    return peer_key_;
}

base::BytesView SecretConnection::input() const noexcept {
    return established() ? base::BytesView(plain_).subspan(consumed_) : base::BytesView();
}

void SecretConnection::consume(std::size_t count) {
    TANDEM_CHECK(count <= input().size());
    consumed_ += count;
    // Moving the rest to the front each time would make a long input quadratic.
    if (consumed_ == plain_.size() || consumed_ > plain_.size() / 2) {
        drop_front(plain_, consumed_);
        consumed_ = 0;
    }
}

void SecretConnection::write(base::BytesView plain) {
    TANDEM_CHECK(established());
    sealer_->seal(plain, output_);
}

}  // namespace tandem::p2p
