// Bytes of a stream as they come, and the length-delimited frames in them. Inside io.
#pragma once
#include <boost/asio/buffer.hpp>

#include "wire/framing.h"

namespace tandem::io {

class FrameBuffer {
  public:
    static constexpr std::size_t read_bytes = std::size_t{64} << 10;

    /// Where the next bytes of the stream go; came() follows. What next() has given is gone.
    [[nodiscard]] boost::asio::mutable_buffer room() {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
        taken_ = 0;
        held_ = bytes_.size();
        bytes_.resize(held_ + read_bytes);
        return boost::asio::buffer(bytes_.data() + held_, read_bytes);
    }
    void came(std::size_t count) { bytes_.resize(held_ + count); }

    /// The next frame, which is taken out where it is complete. Its body lives until room().
    [[nodiscard]] wire::Frame next(std::uint64_t body_bytes_max) {
        const wire::Frame frame =
            wire::next_frame(base::BytesView(bytes_).subspan(taken_), body_bytes_max);
        taken_ += frame.consumed;
        return frame;
    }

  private:
    base::Bytes bytes_;
    std::size_t taken_ = 0;  // from the front, by frames
    std::size_t held_ = 0;   // before the bytes that room() made room for
};

}  // namespace tandem::io
