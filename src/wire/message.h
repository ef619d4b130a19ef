// Protobuf messages described by tables.
//
// A message is a plain struct. Beside it stands its description: the fields in ascending order,
// each with its number, its name in CometBFT's proto files and the member that holds it. Encoding,
// decoding and size all follow from the description and from the C++ type of the member:
//
//   bool, integers, enums of int32   varint; left out when zero
//   std::string, byte strings        left out when empty
//   a message                        always written, also when empty ("non-nullable")
//   base::Box<message>               written when present ("nullable")
//   Timestamp, Duration              always written; a second one replaces the first
//   std::vector<message, string,     every element written
//     bytes>, Txs
//   std::vector<uint32, uint64>      packed; read packed or not
//   fixed(...)                       sfixed64, left out when zero
//   one_of(...)                      the member that is set, also when empty
//
// The reader's side is in reader.h. Rejected: protoc's C++ code, which checks UTF-8, bounds field
// numbers and groups differently, and merges what CometBFT replaces (docs/adr/0001).
#pragma once
#include <tuple>
#include <variant>
#include <vector>

#include "base/box.h"
#include "wire/field_codec.h"

namespace tandem::wire {

template <int Number, typename M, typename T>
struct Field {
    static constexpr int number = Number;
    std::string_view name;
    T M::* member;

    [[nodiscard]] std::size_t size(const M& m) const {
        return FieldCodec<T>::size(Number, m.*member);
    }
    void write(BackwardWriter& writer, const M& m) const {
        FieldCodec<T>::write(writer, Number, m.*member);
    }
    [[nodiscard]] static constexpr bool owns(std::int32_t wanted) noexcept {
        return wanted == Number;
    }
    [[nodiscard]] bool read(Reader& reader, std::int32_t, WireType type, M& m) const {
        return FieldCodec<T>::read(reader, type, m.*member);
    }
};

/// A field whose C++ type says how it is encoded.
template <int Number, typename M, typename T>
[[nodiscard]] constexpr Field<Number, M, T> field(std::string_view name, T M::* member) {
    return {name, member};
}

template <int Number, typename M>
struct FixedField {
    static constexpr int number = Number;
    std::string_view name;
    std::int64_t M::* member;

    [[nodiscard]] std::size_t size(const M& m) const {
        return m.*member == 0 ? 0 : varint_size(make_tag(Number, WireType::fixed64)) + 8;
    }
    void write(BackwardWriter& writer, const M& m) const {
        if (m.*member == 0) return;
        writer.write_fixed64(static_cast<std::uint64_t>(m.*member));
        writer.write_tag(Number, WireType::fixed64);
    }
    [[nodiscard]] static constexpr bool owns(std::int32_t wanted) noexcept {
        return wanted == Number;
    }
    [[nodiscard]] bool read(Reader& reader, std::int32_t, WireType type, M& m) const {
        if (type != WireType::fixed64) return reader.fail(DecodeFault::wrong_wire_type);
        std::uint64_t value = 0;
        if (!reader.read_fixed64(value)) return false;
        m.*member = static_cast<std::int64_t>(value);
        return true;
    }
};

/// sfixed64.
template <int Number, typename M>
[[nodiscard]] constexpr FixedField<Number, M> fixed(std::string_view name,
                                                    std::int64_t M::* member) {
    return {name, member};
}

/// A oneof held in a std::variant whose first alternative is std::monostate (nothing set) and
/// whose others are messages or byte strings, in the order of `Numbers`.
template <typename M, typename Variant, int... Numbers>
struct OneOfField {
    static constexpr std::array<int, sizeof...(Numbers)> numbers{Numbers...};
    static_assert(std::variant_size_v<Variant> == sizeof...(Numbers) + 1);
    std::string_view name;
    std::array<std::string_view, sizeof...(Numbers)> member_names;
    Variant M::* member;

    [[nodiscard]] std::size_t size(const M& m) const {
        std::size_t total = 0;
        for_set_member(m.*member, [&](auto index, const auto& value) {
            total = MemberCodec<std::decay_t<decltype(value)>>::size(
                static_cast<std::uint32_t>(numbers[index]), value);
        });
        return total;
    }
    void write(BackwardWriter& writer, const M& m) const {
        for_set_member(m.*member, [&](auto index, const auto& value) {
            MemberCodec<std::decay_t<decltype(value)>>::write(
                writer, static_cast<std::uint32_t>(numbers[index]), value);
        });
    }
    [[nodiscard]] static constexpr bool owns(std::int32_t wanted) noexcept {
        return ((wanted == Numbers) || ...);
    }
    [[nodiscard]] bool read(Reader& reader, std::int32_t wanted, WireType type, M& m) const {
        bool ok = false;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((wanted == numbers[I] ? void(ok = read_member<I>(reader, type, m.*member)) : void()),
             ...);
        }(std::make_index_sequence<sizeof...(Numbers)>{});
        return ok;
    }

    /// Calls visit(std::integral_constant index, value) for the member that is set, if any.
    template <typename Visit>
    static void for_set_member(const Variant& variant, Visit&& visit) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((variant.index() == I + 1
                  ? void(visit(std::integral_constant<std::size_t, I>{}, std::get<I + 1>(variant)))
                  : void()),
             ...);
        }(std::make_index_sequence<sizeof...(Numbers)>{});
    }

  private:
    template <std::size_t I>
    static bool read_member(Reader& reader, WireType type, Variant& variant) {
        // A second member replaces the first, also when both are the same message.
        using T = std::variant_alternative_t<I + 1, Variant>;
        T value{};
        if (!MemberCodec<T>::read(reader, type, value)) return false;
        variant.template emplace<I + 1>(std::move(value));
        return true;
    }
};

template <int... Numbers, typename M, typename Variant, typename... Names>
[[nodiscard]] constexpr OneOfField<M, Variant, Numbers...> one_of(std::string_view name,
                                                                  Variant M::* member,
                                                                  Names... names) {
    static_assert(sizeof...(Names) == sizeof...(Numbers));
    return {name, {std::string_view(names)...}, member};
}

/// A oneof of byte strings held as an enum, whose values are the field numbers and 0 for nothing
/// set, beside one byte string.
template <typename M, typename Enum, typename B, int... Numbers>
struct KeyedBytesField {
    static constexpr std::array<int, sizeof...(Numbers)> numbers{Numbers...};
    std::string_view name;
    std::array<std::string_view, sizeof...(Numbers)> member_names;
    Enum M::* key;
    B M::* bytes;

    [[nodiscard]] std::size_t size(const M& m) const {
        const auto number = static_cast<std::uint32_t>(m.*key);
        return number == 0 ? 0 : MemberCodec<B>::size(number, m.*bytes);
    }
    void write(BackwardWriter& writer, const M& m) const {
        const auto number = static_cast<std::uint32_t>(m.*key);
        if (number != 0) MemberCodec<B>::write(writer, number, m.*bytes);
    }
    [[nodiscard]] static constexpr bool owns(std::int32_t wanted) noexcept {
        return ((wanted == Numbers) || ...);
    }
    [[nodiscard]] bool read(Reader& reader, std::int32_t wanted, WireType type, M& m) const {
        m.*key = static_cast<Enum>(wanted);
        return FieldCodec<B>::read(reader, type, m.*bytes);
    }
};

template <int... Numbers, typename M, typename Enum, typename B, typename... Names>
[[nodiscard]] constexpr KeyedBytesField<M, Enum, B, Numbers...> keyed_bytes(std::string_view name,
                                                                            Enum M::* key,
                                                                            B M::* bytes,
                                                                            Names... names) {
    static_assert(sizeof...(Names) == sizeof...(Numbers));
    return {name, {std::string_view(names)...}, key, bytes};
}

/// Bytes of the message without any length in front. REQUIRES: every Timestamp is in_range().
template <Message M>
[[nodiscard]] Bytes encode(const M& message) {
    Bytes out(message_size(message));
    BackwardWriter writer(out);
    write_message(writer, message);
    TANDEM_CHECK(writer.full());
    return out;
}

/// The message behind its length as a varint: sign-bytes, packets, ABCI and signer streams.
template <Message M>
[[nodiscard]] Bytes encode_delimited(const M& message) {
    const std::size_t size = message_size(message);
    Bytes out(varint_size(size) + size);
    BackwardWriter writer(out);
    write_message(writer, message);
    writer.write_varint(size);
    TANDEM_CHECK(writer.full());
    return out;
}

/// The Timestamp message itself, as a header's hash covers it.
[[nodiscard]] Bytes encode(const Timestamp& time);

template <Message M>
[[nodiscard]] std::size_t encoded_size(const M& message) {
    return message_size(message);
}

/// Reads all of `input`. Transactions stay views: into `owner`, which must own `input`, or into a
/// copy of the input where no owner is given.
template <Message M>
[[nodiscard]] std::expected<M, DecodeError> decode(BytesView input,
                                                   std::shared_ptr<const Bytes> owner = nullptr) {
    DecodeContext context{input, std::move(owner), {}};
    Reader reader(context, input);
    std::expected<M, DecodeError> message;
    if (!read_message(reader, *message)) return std::unexpected(context.error);
    return message;
}

}  // namespace tandem::wire
