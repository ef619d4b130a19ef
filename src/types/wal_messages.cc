#include "types/wal_messages.h"

#include <fmt/format.h>

#include "crypto/crc32c.h"
#include "types/decode.h"

namespace tandem::types {
namespace {

constexpr std::string_view damaged = "wal.damaged";

void write_big_endian(std::uint8_t* out, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::uint32_t read_big_endian(BytesView bytes) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : bytes.first(4)) value = value << 8 | byte;
    return value;
}

}  // namespace

Verdict check_decoded(const TimedWalMessage& message) {
    if (!message.msg) return refuse("wal.msg", "there is no message");
    const auto& sum = message.msg->sum;
    if (std::holds_alternative<std::monostate>(sum))
        return refuse("wal.msg", "the message has no member");
    if (const auto* info = std::get_if<MsgInfo>(&sum))
        return within("wal", check_decoded(info->msg));
    if (const auto* timeout = std::get_if<TimeoutInfo>(&sum); timeout && timeout->step > 255)
        return refuse("wal.step", fmt::format("{} is no step", timeout->step));
    return {};
}

Result<Bytes> encode_wal_record(const TimedWalMessage& message) {
    const std::size_t size = wire::encoded_size(message);
    if (size > wal_data_bytes_max)
        return refuse("wal.length",
                      fmt::format("{} bytes are more than {}", size, wal_data_bytes_max));
    Bytes record(wal_header_bytes + size);
    wire::BackwardWriter writer(std::span<std::uint8_t>(record).subspan(wal_header_bytes));
    wire::write_message(writer, message);
    TANDEM_CHECK(writer.full());
    write_big_endian(record.data(), crypto::crc32c(BytesView(record).subspan(wal_header_bytes)));
    write_big_endian(record.data() + 4, static_cast<std::uint32_t>(size));
    return record;
}

Result<WalRecord> read_wal_record(BytesView log) {
    if (log.empty()) return WalRecord{};
    if (log.size() <= wal_header_bytes)
        return refuse(damaged, "the log ends before the data of a record");
    const std::uint32_t checksum = read_big_endian(log);
    const std::uint32_t length = read_big_endian(log.subspan(4));
    if (length > wal_data_bytes_max)
        return refuse(damaged, fmt::format("a record of {} bytes is longer than {}", length,
                                           wal_data_bytes_max));
    BytesView data = log.subspan(wal_header_bytes);
    Bytes padded;
    if (data.size() < length) {
        padded.assign(data.begin(), data.end());
        padded.resize(length);
        data = padded;
    }
    data = data.first(length);
    if (crypto::crc32c(data) != checksum) return refuse(damaged, "the checksum differs");
    auto message = decode_checked<TimedWalMessage>(data);
    if (!message)
        return refuse(damaged, fmt::format("{}: {}", message.error().check, message.error().why));
    const std::size_t bytes = std::min<std::size_t>(wal_header_bytes + length, log.size());
    return WalRecord{bytes, std::move(*message)};
}

}  // namespace tandem::types
