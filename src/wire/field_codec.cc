#include "wire/field_codec.h"

#include "wire/message.h"

namespace tandem::wire {

template <>
struct Described<detail::SecondsAndNanos> {
    static constexpr std::string_view name = "Timestamp or Duration";
    static constexpr auto fields =
        std::tuple{field<1>("seconds", &detail::SecondsAndNanos::seconds),
                   field<2>("nanos", &detail::SecondsAndNanos::nanos)};
};

namespace detail {

std::size_t size(const SecondsAndNanos& parts) {
    return message_size(parts);
}

void write(BackwardWriter& writer, std::uint32_t number, const SecondsAndNanos& parts) {
    MemberCodec<SecondsAndNanos>::write(writer, number, parts);
}

bool read(Reader& reader, WireType type, SecondsAndNanos& parts) {
    return MemberCodec<SecondsAndNanos>::read(reader, type, parts);
}

}  // namespace detail

Bytes encode(const Timestamp& time) {
    return encode(detail::parts_of(time));
}

std::size_t FieldCodec<Txs>::size(std::uint32_t number, const Txs& txs) {
    std::size_t total = 0;
    for (const BytesView tx : txs) total += MemberCodec<BytesView>::size(number, tx);
    return total;
}

void FieldCodec<Txs>::write(BackwardWriter& writer, std::uint32_t number, const Txs& txs) {
    for (std::size_t i = txs.size(); i-- > 0;) {
        writer.write_bytes(txs[i]);
        writer.write_tag(number, WireType::bytes);
    }
}

bool FieldCodec<Txs>::read(Reader& reader, WireType type, Txs& txs) {
    if (type != WireType::bytes) return reader.fail(DecodeFault::wrong_wire_type);
    BytesView tx;
    if (!reader.read_bytes(tx)) return false;
    DecodeContext& context = reader.context();
    const BytesView kept = context.keep(tx);  // before `owner` is read: it may come to be here
    txs.push_view(kept, context.owner);
    return true;
}

}  // namespace tandem::wire
