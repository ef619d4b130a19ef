// The sealed connection between two nodes, as a value: bytes of the wire in, bytes of the wire
// out, and a stream of plain bytes on top (wire page of p2p, section 2).
//
// Both sides send a fresh X25519 key in the clear. From the two keys come a key for each
// direction, and a challenge that either side signs with its long-term key: the first message
// inside. Both sides act alike, and neither waits for the other before it sends.
//
// What it promises: once established(), the peer holds the private key of peer_key(), and nobody
// else reads, changes, repeats or drops bytes without the connection being refused.
//
// Not here: sockets and deadlines (io), whether that peer is the one we meant to reach
// (peer_handshake.h). Whoever reads from the socket stops when input() is not consumed, and so
// bounds what is held: at most a message of the handshake (1 MiB) and what one call brought.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "crypto/secret.h"
#include "crypto/session_keys.h"
#include "crypto/verifier.h"
#include "p2p/frames.h"

namespace tandem::p2p {

class SecretConnection {
  public:
    /// `ephemeral_secret`: 32 fresh random bytes. The key is borrowed until established().
    SecretConnection(const crypto::SigningKey& key, crypto::SecretArray<32> ephemeral_secret);

    /// Takes bytes of the wire. After a refusal the connection is to be closed.
    [[nodiscard]] base::Verdict receive(base::BytesView wire);

    [[nodiscard]] bool established() const noexcept { return step_ == Step::established; }
    /// REQUIRES: established().
    [[nodiscard]] const crypto::PublicKey& peer_key() const;

    /// Plain bytes that came in and were not consumed yet; none before established().
    [[nodiscard]] base::BytesView input() const noexcept;
    /// REQUIRES: count <= input().size().
    void consume(std::size_t count);

    /// Seals plain bytes. REQUIRES: established().
    void write(base::BytesView plain);
    /// What is to be sent, once.
    [[nodiscard]] base::Bytes take_output() { return std::exchange(output_, {}); }
    [[nodiscard]] std::size_t output_bytes() const noexcept { return output_.size(); }

  private:
    enum class Step : std::uint8_t { awaits_ephemeral_key, awaits_signature, established };

    [[nodiscard]] base::Verdict take_ephemeral_key();
    [[nodiscard]] base::Verdict open_frames();
    [[nodiscard]] base::Verdict take_signature();

    const crypto::SigningKey* key_;
    crypto::SecretArray<32> ephemeral_secret_;
    crypto::X25519PublicKey ephemeral_key_;
    Step step_ = Step::awaits_ephemeral_key;
    std::array<std::uint8_t, 32> challenge_{};
    std::optional<FrameSealer> sealer_;
    std::optional<FrameOpener> opener_;
    crypto::PublicKey peer_key_;
    base::Bytes wire_;   // came in, not understood yet
    base::Bytes plain_;  // opened; the first `consumed_` bytes are done with
    std::size_t consumed_ = 0;
    base::Bytes output_;
};

}  // namespace tandem::p2p
