#include "types/statesync_messages.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

Verdict validate_height(std::uint64_t height) {
    if (height == 0) return refuse("height", "the height is zero");
    return {};
}

Verdict validate(const SnapshotsRequest&, std::uint32_t) {
    return {};
}

Verdict validate(const SnapshotsResponse& message, std::uint32_t chunks_max) {
    TANDEM_TRY(validate_height(message.height));
    if (message.hash.empty()) return refuse("hash", "there is no hash");
    if (message.chunks == 0) return refuse("chunks", "there are no chunks");
    if (message.chunks > chunks_max)
        return refuse("chunks",
                      fmt::format("{} chunks are more than {}", message.chunks, chunks_max));
    return {};
}

Verdict validate(const ChunkRequest& message, std::uint32_t) {
    return validate_height(message.height);
}

Verdict validate(const ChunkResponse& message, std::uint32_t) {
    TANDEM_TRY(validate_height(message.height));
    if (message.missing && !message.chunk.empty())
        return refuse("chunk", "the chunk is missing and has bytes");
    if (!message.missing && !message.chunk.present()) return refuse("chunk", "there is no chunk");
    return {};
}

}  // namespace

Verdict check_decoded(const StatesyncMessage& message, std::uint32_t chunks_max) {
    return std::visit(
        [&]<typename M>(const M& member) -> Verdict {
            if constexpr (std::same_as<M, std::monostate>) {
                return refuse("statesync.sum", "the message has no member");
            } else {
                return within(wire::Described<M>::name, validate(member, chunks_max));
            }
        },
        message.sum);
}

}  // namespace tandem::types
