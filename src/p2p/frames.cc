#include "p2p/frames.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

#include "base/check.h"
#include "crypto/secret.h"

namespace tandem::p2p {
namespace {

constexpr std::size_t length_bytes = 4;

/// Four zeros and the frame's number, little-endian. A number is used once, so the connection ends
/// before numbers begin anew.
crypto::ChaCha20Poly1305::Nonce next_nonce(std::uint64_t& count) {
    TANDEM_CHECK(count != std::numeric_limits<std::uint64_t>::max());
    crypto::ChaCha20Poly1305::Nonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(count >> (8 * i));
    ++count;
    return nonce;
}

}  // namespace

void FrameSealer::seal(base::BytesView plain, base::Bytes& wire) {
    while (!plain.empty()) {
        const base::BytesView piece = plain.first(std::min(plain.size(), frame_data_bytes_max));
        plain = plain.subspan(piece.size());
        const std::size_t begin = wire.size();
        wire.resize(begin + sealed_frame_bytes);  // what lies beyond the piece is zeros
        const std::span<std::uint8_t> frame = std::span(wire).subspan(begin);
        for (std::size_t i = 0; i < length_bytes; ++i)
            frame[i] = static_cast<std::uint8_t>(piece.size() >> (8 * i));
        std::ranges::copy(piece, frame.subspan(length_bytes).begin());
        cipher_.seal(next_nonce(count_), frame.first(frame_bytes), {}, frame);
    }
}

base::Verdict FrameOpener::open(base::BytesView sealed, base::Bytes& plain) {
    std::array<std::uint8_t, frame_bytes> frame;
    if (!cipher_.open(next_nonce(count_), sealed, {}, frame))
        return base::refuse("frame.seal", "a frame is not the next one that the peer sealed");
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i)
        length |= static_cast<std::uint32_t>(frame[i]) << (8 * i);
    if (length > frame_data_bytes_max)
        return base::refuse("frame.length", fmt::format("a frame claims {} bytes of data, of {} "
                                                        "that it has room for",
                                                        length, frame_data_bytes_max));
    base::append(plain, base::BytesView(frame).subspan(length_bytes, length));
    return {};
}

}  // namespace tandem::p2p
