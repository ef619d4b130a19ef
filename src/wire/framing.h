// Length-delimited streams: a varint length, then that many bytes (wire page section 1).
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace tandem::wire {

enum class FrameState : std::uint8_t {
    complete,
    incomplete,  // more bytes are needed
    too_long,    // the declared length is above the reader's maximum
    malformed,   // the length is no varint of at most ten bytes
};

struct Frame {
    FrameState state = FrameState::incomplete;
    base::BytesView body;      // into the input; of a complete frame only
    std::size_t consumed = 0;  // bytes of the input that the frame took, the length included
};

/// The first frame of `input`. The length is judged as soon as it is known, before its body came.
[[nodiscard]] Frame next_frame(base::BytesView input, std::uint64_t body_bytes_max) noexcept;

}  // namespace tandem::wire
