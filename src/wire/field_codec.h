// How a member of each C++ type is written and read as a protobuf field. See message.h.
#pragma once
#include <concepts>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/box.h"
#include "wire/reader.h"
#include "wire/txs.h"
#include "wire/well_known.h"
#include "wire/writer.h"

namespace tandem::wire {

/// Specialised beside each message:
///     static constexpr std::string_view name = "Vote";
///     static constexpr auto fields = std::tuple{field<1>("type", &Vote::type), ...};
template <typename M>
struct Described;

template <typename M>
concept Message = requires { Described<M>::name; };

template <typename M>
[[nodiscard]] std::size_t message_size(const M& message) {
    return std::apply(
        [&](const auto&... fields) { return (std::size_t{0} + ... + fields.size(message)); },
        Described<M>::fields);
}

template <typename M>
void write_message(BackwardWriter& writer, const M& message) {
    constexpr std::size_t count = std::tuple_size_v<std::decay_t<decltype(Described<M>::fields)>>;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (std::get<count - 1 - I>(Described<M>::fields).write(writer, message), ...);
    }(std::make_index_sequence<count>{});
}

/// Reads to the end of `reader` into `message`, over what it holds already: a repeated nested
/// message merges into the earlier one.
template <typename M>
[[nodiscard]] bool read_message(Reader& reader, M& message) {
    while (!reader.at_end()) {
        std::uint64_t tag = 0;
        bool ok = reader.read_varint(tag);
        std::string_view field_name;
        if (ok) {
            // A field number is cut to 32 bits, like every int32.
            const auto number = static_cast<std::int32_t>(static_cast<std::uint32_t>(tag >> 3));
            const auto type = static_cast<WireType>(tag & 7);
            if (type == WireType::end_group) {
                ok = reader.fail(DecodeFault::unopened_group);
            } else if (number <= 0) {
                ok = reader.fail(DecodeFault::illegal_tag);
            } else {
                bool known = false;
                std::apply(
                    [&](const auto&... fields) {
                        ((!known && fields.owns(number)
                              ? void((known = true, field_name = fields.name,
                                      ok = fields.read(reader, number, type, message)))
                              : void()),
                         ...);
                    },
                    Described<M>::fields);
                if (!known) ok = reader.skip(type);
            }
        }
        if (!ok) {
            DecodeError& error = reader.context().error;
            if (error.message.empty()) {
                error.message = Described<M>::name;
                error.field = field_name;
            }
            return false;
        }
    }
    return true;
}

/// Members of a oneof and elements of a list: written also when empty.
template <typename T>
struct MemberCodec;

/// Fields of a message.
template <typename T>
struct FieldCodec;

template <Message M>
struct MemberCodec<M> {
    static std::size_t size(std::uint32_t number, const M& value) {
        const std::size_t body = message_size(value);
        return varint_size(make_tag(number, WireType::bytes)) + varint_size(body) + body;
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const M& value) {
        const std::uint8_t* end = writer.mark();
        write_message(writer, value);
        writer.write_varint(static_cast<std::uint64_t>(end - writer.mark()));
        writer.write_tag(number, WireType::bytes);
    }
    static bool read(Reader& reader, WireType type, M& value) {
        if (type != WireType::bytes) return reader.fail(DecodeFault::wrong_wire_type);
        BytesView body;
        if (!reader.read_bytes(body)) return false;
        Reader nested(reader.context(), body);
        return read_message(nested, value);
    }
};

template <Message M>
struct MemberCodec<base::Box<M>> {
    static std::size_t size(std::uint32_t number, const base::Box<M>& value) {
        return MemberCodec<M>::size(number, *value);
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const base::Box<M>& value) {
        MemberCodec<M>::write(writer, number, *value);
    }
    static bool read(Reader& reader, WireType type, base::Box<M>& value) {
        return MemberCodec<M>::read(reader, type, value ? *value : value.emplace());
    }
};

template <typename T>
    requires base::ByteString<T> || std::same_as<T, std::string>
struct MemberCodec<T> {
    static BytesView view(const T& value) {
        if constexpr (std::same_as<T, std::string>) {
            return base::as_bytes(value);
        } else {
            return {value.data(), value.size()};
        }
    }
    static std::size_t size(std::uint32_t number, const T& value) {
        return varint_size(make_tag(number, WireType::bytes)) + varint_size(value.size()) +
               value.size();
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const T& value) {
        writer.write_bytes(view(value));
        writer.write_tag(number, WireType::bytes);
    }
    static bool read(Reader& reader, WireType type, T& value) {
        if (type != WireType::bytes) return reader.fail(DecodeFault::wrong_wire_type);
        BytesView bytes;
        if (!reader.read_bytes(bytes)) return false;
        value.assign(bytes.begin(), bytes.end());
        return true;
    }
};

template <typename T>
    requires base::ByteString<T> || std::same_as<T, std::string>
struct FieldCodec<T> {
    static std::size_t size(std::uint32_t number, const T& value) {
        return value.empty() ? 0 : MemberCodec<T>::size(number, value);
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const T& value) {
        if (!value.empty()) MemberCodec<T>::write(writer, number, value);
    }
    static bool read(Reader& reader, WireType type, T& value) {
        return MemberCodec<T>::read(reader, type, value);
    }
};

template <Message M>
struct FieldCodec<M> : MemberCodec<M> {};

template <Message M>
struct FieldCodec<base::Box<M>> {
    static std::size_t size(std::uint32_t number, const base::Box<M>& value) {
        return value ? MemberCodec<M>::size(number, *value) : 0;
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const base::Box<M>& value) {
        if (value) MemberCodec<M>::write(writer, number, *value);
    }
    static bool read(Reader& reader, WireType type, base::Box<M>& value) {
        return MemberCodec<base::Box<M>>::read(reader, type, value);
    }
};

/// A nullable message that belongs to somebody else; for writing only.
template <Message M>
struct FieldCodec<const M*> {
    static std::size_t size(std::uint32_t number, const M* value) {
        return value != nullptr ? MemberCodec<M>::size(number, *value) : 0;
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const M* value) {
        if (value != nullptr) MemberCodec<M>::write(writer, number, *value);
    }
};

/// bool, integers and enums: varints cut to the width of the member.
template <typename T>
    requires std::integral<T> || std::is_enum_v<T>
struct FieldCodec<T> {
    static std::uint64_t to_wire(T value) {
        if constexpr (std::is_enum_v<T>) {
            static_assert(sizeof(T) == 4);
            return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
        } else if constexpr (std::is_signed_v<T>) {
            return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
        } else {
            return static_cast<std::uint64_t>(value);
        }
    }
    static T from_wire(std::uint64_t value) {
        if constexpr (std::same_as<T, bool>) {
            return value != 0;
        } else if constexpr (sizeof(T) == 4) {
            return static_cast<T>(static_cast<std::int32_t>(static_cast<std::uint32_t>(value)));
        } else {
            return static_cast<T>(value);
        }
    }
    static std::size_t size(std::uint32_t number, T value) {
        const std::uint64_t wire = to_wire(value);
        return wire == 0 ? 0 : varint_size(make_tag(number, WireType::varint)) + varint_size(wire);
    }
    static void write(BackwardWriter& writer, std::uint32_t number, T value) {
        const std::uint64_t wire = to_wire(value);
        if (wire == 0) return;
        writer.write_varint(wire);
        writer.write_tag(number, WireType::varint);
    }
    static bool read(Reader& reader, WireType type, T& value) {
        if (type != WireType::varint) return reader.fail(DecodeFault::wrong_wire_type);
        std::uint64_t wire = 0;
        if (!reader.read_varint(wire)) return false;
        value = from_wire(wire);
        return true;
    }
};

namespace detail {

/// The two numbers inside a Timestamp or Duration message.
struct SecondsAndNanos {
    std::int64_t seconds = 0;
    std::int32_t nanos = 0;
};

std::size_t size(const SecondsAndNanos& parts);
void write(BackwardWriter& writer, std::uint32_t number, const SecondsAndNanos& parts);
bool read(Reader& reader, WireType type, SecondsAndNanos& parts);

inline SecondsAndNanos parts_of(const Timestamp& time) {
    return {time.seconds, time.nanos};
}
inline SecondsAndNanos parts_of(const Duration& span) {
    return {span.nanos / nanos_per_second,
            static_cast<std::int32_t>(span.nanos % nanos_per_second)};
}

}  // namespace detail

template <typename T>
    requires std::same_as<T, Timestamp> || std::same_as<T, Duration>
struct FieldCodec<T> {
    static std::size_t size(std::uint32_t number, const T& value) {
        const std::size_t body = detail::size(detail::parts_of(value));
        return varint_size(make_tag(number, WireType::bytes)) + varint_size(body) + body;
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const T& value) {
        detail::write(writer, number, detail::parts_of(value));
    }
    static bool read(Reader& reader, WireType type, T& value) {
        detail::SecondsAndNanos parts;  // a second occurrence starts afresh
        if (!detail::read(reader, type, parts)) return false;
        if constexpr (std::same_as<T, Timestamp>) {
            value = {parts.seconds, parts.nanos};
            return value.in_range() || reader.fail(DecodeFault::timestamp_range);
        } else {
            const auto span = duration_from_parts(parts.seconds, parts.nanos);
            if (!span) return reader.fail(DecodeFault::duration_range);
            value = *span;
            return true;
        }
    }
};

/// Lists of messages, strings and byte strings.
template <typename T>
    requires Message<T> || base::ByteString<T> || std::same_as<T, std::string>
struct FieldCodec<std::vector<T>> {
    static std::size_t size(std::uint32_t number, const std::vector<T>& list) {
        std::size_t total = 0;
        for (const T& element : list) total += MemberCodec<T>::size(number, element);
        return total;
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const std::vector<T>& list) {
        for (auto element = list.rbegin(); element != list.rend(); ++element)
            MemberCodec<T>::write(writer, number, *element);
    }
    static bool read(Reader& reader, WireType type, std::vector<T>& list) {
        if (type != WireType::bytes) return reader.fail(DecodeFault::wrong_wire_type);
        return MemberCodec<T>::read(reader, type, list.emplace_back());
    }
};

template <>
struct FieldCodec<Txs> {
    static std::size_t size(std::uint32_t number, const Txs& txs);
    static void write(BackwardWriter& writer, std::uint32_t number, const Txs& txs);
    static bool read(Reader& reader, WireType type, Txs& txs);
};

/// Packed numbers. A reader takes them packed or one by one; a varint that crosses the end of its
/// run is read to its own end, as CometBFT does.
template <typename T>
    requires std::same_as<T, std::uint32_t> || std::same_as<T, std::uint64_t>
struct FieldCodec<std::vector<T>> {
    static std::size_t body_size(const std::vector<T>& list) {
        std::size_t body = 0;
        for (const T element : list) body += varint_size(element);
        return body;
    }
    static std::size_t size(std::uint32_t number, const std::vector<T>& list) {
        if (list.empty()) return 0;
        const std::size_t body = body_size(list);
        return varint_size(make_tag(number, WireType::bytes)) + varint_size(body) + body;
    }
    static void write(BackwardWriter& writer, std::uint32_t number, const std::vector<T>& list) {
        if (list.empty()) return;
        for (auto element = list.rbegin(); element != list.rend(); ++element)
            writer.write_varint(*element);
        writer.write_varint(body_size(list));
        writer.write_tag(number, WireType::bytes);
    }
    static bool read(Reader& reader, WireType type, std::vector<T>& list) {
        std::uint64_t value = 0;
        if (type == WireType::varint) {
            if (!reader.read_varint(value)) return false;
            list.push_back(static_cast<T>(value));
            return true;
        }
        if (type != WireType::bytes) return reader.fail(DecodeFault::wrong_wire_type);
        const std::uint8_t* run_end = nullptr;
        if (!reader.read_run(run_end)) return false;
        while (reader.position() < run_end) {
            if (!reader.read_varint(value)) return false;
            list.push_back(static_cast<T>(value));
        }
        return true;
    }
};

}  // namespace tandem::wire
