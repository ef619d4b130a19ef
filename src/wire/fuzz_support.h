// What the fuzz targets of messages share.
#pragma once
#include "base/check.h"
#include "wire/message.h"

namespace tandem::wire::fuzz {

/// Reads `bytes`; what was read is written, and reading and writing that again gives the same
/// bytes. Returns the message, if it is one.
template <Message M>
std::optional<M> decode_stable(BytesView bytes) {
    auto message = decode<M>(bytes);
    if (!message) {
        TANDEM_CHECK(message.error().fault != DecodeFault::none);
        return std::nullopt;
    }
    const Bytes written = encode(*message);
    const auto again = decode<M>(written);
    TANDEM_CHECK(again.has_value());
    TANDEM_CHECK(encode(*again) == written);
    return std::move(*message);
}

/// The same, and then `check`, which may change the message and must not change its mind about
/// what it let pass.
template <Message M, typename Check>
std::optional<M> decode_checked_stable(BytesView bytes, Check&& check) {
    auto message = decode_stable<M>(bytes);
    if (!message || !check(*message)) return std::nullopt;
    const Bytes written = encode(*message);
    auto again = decode<M>(written);
    TANDEM_CHECK(again.has_value());
    TANDEM_CHECK(check(*again).has_value());
    TANDEM_CHECK(encode(*again) == written);
    return message;
}

}  // namespace tandem::wire::fuzz
