// A stream of frames: whatever arrives, frames stay inside the input and lengths are bounded.
#include <cstdlib>

#include "wire/framing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::wire;
    constexpr std::uint64_t body_bytes_max = 64;
    tandem::base::BytesView rest(data, size);
    for (;;) {
        const Frame frame = next_frame(rest, body_bytes_max);
        if (frame.state != FrameState::complete) break;
        const bool inside = frame.body.size() <= body_bytes_max && frame.consumed <= rest.size() &&
                            frame.consumed > frame.body.size();
        if (!inside) std::abort();
        rest = rest.subspan(frame.consumed);
    }
    return 0;
}
