// Sealed frames: how a stream of bytes travels once two nodes share keys (wire page of p2p,
// section 2).
//
// A frame carries up to 1024 bytes of the stream and always takes 1044 bytes on the wire. Frames
// are numbered, each direction by itself; one that is lost, repeated, exchanged or changed does
// not open, and nothing after it does.
//
// Not here: how the keys came to be shared (secret_connection.h).
#pragma once
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/refusal.h"
#include "crypto/chacha20poly1305.h"

namespace tandem::p2p {

inline constexpr std::size_t frame_data_bytes_max = 1024;
inline constexpr std::size_t frame_bytes = 4 + frame_data_bytes_max;
inline constexpr std::size_t sealed_frame_bytes = frame_bytes + crypto::ChaCha20Poly1305::tag_size;

class FrameSealer {
  public:
    explicit FrameSealer(std::span<const std::uint8_t, 32> key) : cipher_(key) {}

    /// Appends as many frames as `plain` needs; none for no bytes.
    void seal(base::BytesView plain, base::Bytes& wire);
    /// Frames sealed so far, which is also the number of the next one.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  private:
    crypto::ChaCha20Poly1305 cipher_;
    std::uint64_t count_ = 0;
};

class FrameOpener {
  public:
    explicit FrameOpener(std::span<const std::uint8_t, 32> key) : cipher_(key) {}

    /// Appends what the frame carries. After a refusal the connection is to be closed.
    /// REQUIRES: sealed.size() == sealed_frame_bytes.
    [[nodiscard]] base::Verdict open(base::BytesView sealed, base::Bytes& plain);

  private:
    crypto::ChaCha20Poly1305 cipher_;
    std::uint64_t count_ = 0;
};

}  // namespace tandem::p2p
