#include "wire/framing.h"

#include "wire/reader.h"

namespace tandem::wire {

Frame next_frame(base::BytesView input, std::uint64_t body_bytes_max) noexcept {
    DecodeContext context{input, nullptr, {}};
    Reader reader(context, input);
    std::uint64_t length = 0;
    if (!reader.read_varint(length)) {
        const bool short_input = context.error.fault == DecodeFault::unexpected_end;
        return {short_input ? FrameState::incomplete : FrameState::malformed, {}, 0};
    }
    const auto header = static_cast<std::size_t>(reader.position() - input.data());
    // Inside messages the bits above the 64th are dropped; of a length, CometBFT refuses them.
    if (header == 10 && input[9] > 1) return {FrameState::malformed, {}, 0};
    if (length > body_bytes_max) return {FrameState::too_long, {}, 0};
    if (length > input.size() - header) return {FrameState::incomplete, {}, 0};
    const auto body = static_cast<std::size_t>(length);
    return {FrameState::complete, input.subspan(header, body), header + body};
}

}  // namespace tandem::wire
