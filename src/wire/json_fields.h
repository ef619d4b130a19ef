// JSON objects described by tables, as message.h describes protobuf messages. One table beside a
// plain struct serves reading and writing:
//
//     template <>
//     struct JsonFields<Validator> {
//         static constexpr auto fields = std::tuple{json_field("power", &Validator::power), ...};
//     };
//
// Members are written in the order of the table. When read, their names count in their exact case;
// of repeated ones the last wins, unknown ones are passed over with a warning, missing ones and
// null leave the zero value, as CometBFT has it.
#pragma once
#include <array>
#include <tuple>
#include <vector>

#include "base/box.h"
#include "wire/json_read.h"
#include "wire/json_write.h"

namespace tandem::wire {

template <typename M>
struct JsonFields;

template <typename M>
concept JsonObject = requires { JsonFields<M>::fields; };

/// How a C++ type is read and written. `read` is never given null.
template <typename T>
struct JsonCodec;

template <typename T, typename Codec = JsonCodec<T>>
[[nodiscard]] bool read_json_member(JsonReading& reading, const JsonValue& value, T& out) {
    if (value.is_null()) {
        out = T{};
        return true;
    }
    return Codec::read(reading, value, out);
}

template <typename M, typename T, typename Codec>
struct JsonField {
    std::string_view name;
    T M::* member;
    bool omit_empty;

    [[nodiscard]] bool read(JsonReading& reading, const JsonValue& value, M& m) const {
        const JsonReading::Step step(reading, name);
        return read_json_member<T, Codec>(reading, value, m.*member);
    }
    void write(JsonWriter& writer, const M& m) const {
        if (omit_empty && m.*member == T{}) return;
        writer.name(name);
        Codec::write(writer, m.*member);
    }
};

template <typename M, typename T>
[[nodiscard]] constexpr JsonField<M, T, JsonCodec<T>> json_field(std::string_view name,
                                                                 T M::* member) {
    return {name, member, false};
}

/// Not written while it has its zero value.
template <typename M, typename T>
[[nodiscard]] constexpr JsonField<M, T, JsonCodec<T>> json_field_if_set(std::string_view name,
                                                                        T M::* member) {
    return {name, member, true};
}

/// Read and written by a codec of its own.
template <typename Codec, typename M, typename T>
[[nodiscard]] constexpr JsonField<M, T, Codec> json_field_as(std::string_view name, T M::* member,
                                                             bool omit_empty = false) {
    return {name, member, omit_empty};
}

template <JsonObject M>
inline constexpr auto json_names = std::apply(
    [](const auto&... fields) {
        return std::array<std::string_view, sizeof...(fields)>{fields.name...};
    },
    JsonFields<M>::fields);

/// Lets `found(index, value)` have the last member of each known name.
template <typename Found>
void visit_json_members(JsonReading& reading, const JsonValue& object,
                        std::span<const std::string_view> names, Found&& found) {
    std::vector<bool> seen(names.size());
    for (const auto& [name, value] : object.members()) {
        const auto known = std::ranges::find_if(
            names, [&](std::string_view wanted) { return name.string_is(wanted); });
        if (known == names.end()) {
            reading.unknown_member(name, names);
            continue;
        }
        const auto index = static_cast<std::size_t>(known - names.begin());
        if (seen[index]) reading.repeated_member(name);
        seen[index] = true;
        found(index, value);
    }
}

template <JsonObject M>
[[nodiscard]] bool read_json_object(JsonReading& reading, const JsonValue& value, M& out) {
    if (value.kind() != JsonKind::object) return reading.fail(value, "an object");
    std::array<std::optional<JsonValue>, json_names<M>.size()> found;
    visit_json_members(reading, value, json_names<M>,
                       [&](std::size_t index, const JsonValue& member) { found[index] = member; });
    out = M{};
    bool ok = true;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((ok = ok &&
               (!found[I] || std::get<I>(JsonFields<M>::fields).read(reading, *found[I], out))),
         ...);
    }(std::make_index_sequence<json_names<M>.size()>{});
    return ok;
}

template <JsonObject M>
void write_json_object(JsonWriter& writer, const M& value) {
    writer.begin_object();
    std::apply([&](const auto&... fields) { (fields.write(writer, value), ...); },
               JsonFields<M>::fields);
    writer.end_object();
}

template <JsonObject M>
struct JsonCodec<M> {
    static bool read(JsonReading& reading, const JsonValue& value, M& out) {
        return read_json_object(reading, value, out);
    }
    static void write(JsonWriter& writer, const M& value) { write_json_object(writer, value); }
};

template <typename T>
    requires std::same_as<T, bool> || std::same_as<T, std::string>
struct JsonCodec<T> {
    static bool read(JsonReading& reading, const JsonValue& value, T& out) {
        return read_json(reading, value, out);
    }
    static void write(JsonWriter& writer, const T& value) {
        if constexpr (std::same_as<T, bool>) {
            writer.boolean(value);
        } else {
            writer.string(value);
        }
    }
};

template <typename T>
    requires(std::integral<T> && !std::same_as<T, bool>)
struct JsonCodec<T> {
    static bool read(JsonReading& reading, const JsonValue& value, T& out) {
        return read_json(reading, value, out);
    }
    static void write(JsonWriter& writer, T value) {
        if constexpr (sizeof(T) == 8) {
            writer.quoted(value);
        } else {
            writer.number(value);
        }
    }
};

/// Base64; null when there are none, as Go writes a byte slice that was never made.
struct JsonBase64 {
    template <base::ByteString T>
    static bool read(JsonReading& reading, const JsonValue& value, T& out) {
        base::Bytes bytes;
        if (!read_json_base64(reading, value, bytes)) return false;
        out.assign(bytes.begin(), bytes.end());
        return true;
    }
    template <base::ByteString T>
    static void write(JsonWriter& writer, const T& value) {
        if (value.empty()) {
            writer.null();
        } else {
            writer.base64(base::view(value));
        }
    }
};

template <base::ByteString T>
struct JsonCodec<T> : JsonBase64 {};

/// Hexadecimal, and "" when there are none.
struct JsonHex {
    template <base::ByteString T>
    static bool read(JsonReading& reading, const JsonValue& value, T& out) {
        base::Bytes bytes;
        if (!read_json_hex(reading, value, bytes)) return false;
        out.assign(bytes.begin(), bytes.end());
        return true;
    }
    template <base::ByteString T>
    static void write(JsonWriter& writer, const T& value) {
        writer.hex(base::view(value));
    }
};

template <typename T>
struct JsonCodec<base::Box<T>> {
    static bool read(JsonReading& reading, const JsonValue& value, base::Box<T>& out) {
        return JsonCodec<T>::read(reading, value, out.emplace());
    }
    static void write(JsonWriter& writer, const base::Box<T>& value) {
        if (value) {
            JsonCodec<T>::write(writer, *value);
        } else {
            writer.null();
        }
    }
};

template <typename ElementCodec>
struct JsonList {
    template <typename T>
    static bool read(JsonReading& reading, const JsonValue& value, std::vector<T>& out) {
        if (value.kind() != JsonKind::array) return reading.fail(value, "an array");
        out.clear();
        for (const JsonValue element : value.elements()) {
            const JsonReading::Step step(reading, out.size());
            if (!read_json_member<T, ElementCodec>(reading, element, out.emplace_back()))
                return false;
        }
        return true;
    }
    template <typename T>
    static void write(JsonWriter& writer, const std::vector<T>& list) {
        writer.begin_array();
        for (const T& element : list) ElementCodec::write(writer, element);
        writer.end_array();
    }
};

template <typename T>
    requires(!std::same_as<T, std::uint8_t>)
struct JsonCodec<std::vector<T>> : JsonList<JsonCodec<T>> {};

}  // namespace tandem::wire
