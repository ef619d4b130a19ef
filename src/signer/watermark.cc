#include "signer/watermark.h"

#include <fmt/format.h>

namespace tandem::signer {

types::Bytes encode_watermark(const types::Address& address, const types::LastSigned& last) {
    return wire::encode(WatermarkRecord{address, last.height, last.round,
                                        static_cast<std::int32_t>(last.step), last.sign_bytes,
                                        last.signature});
}

base::Result<types::LastSigned> decode_watermark(types::BytesView record,
                                                 const types::Address& address) {
    auto read = wire::decode<WatermarkRecord>(record);
    if (!read) return std::unexpected(read.error().to_refusal());
    if (read->address != address)
        return base::refuse(
            "watermark.address",
            fmt::format("the log remembers what key {} signed; the key in use is {}",
                        base::to_hex(read->address), base::to_hex(address)));
    if (read->height < 0 || read->round < 0)
        return base::refuse("watermark.height", "height or round is negative");
    if (read->step < static_cast<std::int32_t>(types::SignStep::none) ||
        read->step > static_cast<std::int32_t>(types::SignStep::precommit))
        return base::refuse("watermark.step", fmt::format("there is no step {}", read->step));
    return types::LastSigned{read->height, read->round, static_cast<types::SignStep>(read->step),
                             std::move(read->signature), std::move(read->sign_bytes)};
}

}  // namespace tandem::signer
