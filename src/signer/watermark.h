// The signer's memory as a record in the log, and as CometBFT's priv_validator_state.json.
//
// The record is a protobuf message (docs/formats/watermark.md). It names the key, so that a log
// that was put beside another key is refused instead of believed.
#pragma once
#include "types/key_files.h"
#include "types/sign_guard.h"
#include "wire/message.h"

namespace tandem::signer {

struct WatermarkRecord {
    types::Address address;  // of the key
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::int32_t step = 0;  // types::SignStep
    types::Bytes sign_bytes;
    types::Signature signature;  // of imported ones; else empty, and made again

    bool operator==(const WatermarkRecord&) const = default;
};

[[nodiscard]] types::Bytes encode_watermark(const types::Address& address,
                                            const types::LastSigned& last);
/// Refused where the bytes are no such record, or of another key than `address`.
[[nodiscard]] base::Result<types::LastSigned> decode_watermark(types::BytesView record,
                                                               const types::Address& address);

}  // namespace tandem::signer

namespace tandem::wire {

template <>
struct Described<signer::WatermarkRecord> {
    using Record = signer::WatermarkRecord;
    static constexpr std::string_view name = "Watermark";
    static constexpr auto fields = std::tuple{
        field<1>("address", &Record::address),       field<2>("height", &Record::height),
        field<3>("round", &Record::round),           field<4>("step", &Record::step),
        field<5>("sign_bytes", &Record::sign_bytes), field<6>("signature", &Record::signature)};
};

}  // namespace tandem::wire
