// The one way in for bytes that become types: the encoding, then the checks that belong to
// reading. Further checks (validate_basic where it is a step of its own) are the caller's.
#pragma once
#include "types/basic.h"

namespace tandem::types {

/// Reads a message and runs its check_decoded, as CometBFT's Unmarshal and FromProto do together.
template <wire::Message M>
[[nodiscard]] Result<M> decode_checked(BytesView bytes,
                                       std::shared_ptr<const Bytes> owner = nullptr) {
    auto message = wire::decode<M>(bytes, std::move(owner));
    if (!message) return std::unexpected(message.error().to_refusal());
    if (Verdict verdict = check_decoded(*message); !verdict)
        return std::unexpected(std::move(verdict).error());
    return std::move(*message);
}

}  // namespace tandem::types
