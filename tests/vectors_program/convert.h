// Between the vectors' JSON and messages: every described message can be read from its fields
// under their proto names, and be compared with them.
#pragma once
#include <stdexcept>

#include "tests/vectors_program/registry.h"
#include "wire/message.h"

namespace tandem::vectors {

/// Thrown for a vector that does not have the shape that its README promises.
struct BadVector : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[nodiscard]] base::Bytes bytes_from(const Json& json);  // hex text; null is empty
[[nodiscard]] std::string hex(base::BytesView bytes);
[[nodiscard]] std::string string_from(const Json& json);  // text, or {"hex": ".."}
[[nodiscard]] wire::Timestamp timestamp_from(const Json& json);
[[nodiscard]] wire::Duration duration_from(const Json& json);
[[nodiscard]] Json to_json(const wire::Timestamp& time);
[[nodiscard]] std::int64_t int64_from(const Json& json);    // text or number
[[nodiscard]] std::uint64_t uint64_from(const Json& json);  // text or number

template <wire::Message M>
[[nodiscard]] M message_from(const Json& json);

template <typename T>
void member_from(const Json& json, T& value) {
    if constexpr (std::same_as<T, bool>) {
        value = json.get<bool>();
    } else if constexpr (std::is_enum_v<T>) {
        value = static_cast<T>(json.get<std::int32_t>());
    } else if constexpr (std::same_as<T, std::uint64_t>) {
        value = uint64_from(json);
    } else if constexpr (std::integral<T>) {
        value = static_cast<T>(int64_from(json));
    } else if constexpr (std::same_as<T, std::string>) {
        value = string_from(json);
    } else if constexpr (std::same_as<T, wire::Timestamp>) {
        value = timestamp_from(json);
    } else if constexpr (std::same_as<T, wire::Duration>) {
        value = duration_from(json);
    } else if constexpr (std::same_as<T, wire::Txs>) {
        std::vector<base::Bytes> txs;
        for (const Json& tx : json) txs.push_back(bytes_from(tx));
        value = wire::Txs::copy_of(txs);
    } else if constexpr (base::ByteString<T>) {
        const base::Bytes bytes = bytes_from(json);
        value.assign(bytes.begin(), bytes.end());
    } else if constexpr (wire::Message<T>) {
        value = message_from<T>(json);
    } else if constexpr (requires {
                             typename T::value_type;
                             value.emplace();
                             value.reset();
                         }) {
        if (!json.is_null()) value = message_from<typename T::value_type>(json);
    } else {  // a list
        for (const Json& element : json) {
            typename T::value_type item{};
            member_from(element, item);
            value.push_back(std::move(item));
        }
    }
}

template <int N, typename M, typename T>
void field_from(const wire::Field<N, M, T>& field, const Json& json, M& message) {
    if (json.contains(field.name))
        member_from(json.at(std::string(field.name)), message.*field.member);
}

template <int N, typename M>
void field_from(const wire::FixedField<N, M>& field, const Json& json, M& message) {
    if (json.contains(field.name))
        message.*field.member = int64_from(json.at(std::string(field.name)));
}

template <typename M, typename Variant, int... Numbers>
void field_from(const wire::OneOfField<M, Variant, Numbers...>& field, const Json& json,
                M& message) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto one = [&]<std::size_t J>(std::integral_constant<std::size_t, J>) {
            const std::string name(field.member_names[J]);
            if (!json.contains(name)) return;
            auto& value = (message.*field.member).template emplace<J + 1>();
            member_from(json.at(name), value);
        };
        (one(std::integral_constant<std::size_t, I>{}), ...);
    }(std::make_index_sequence<sizeof...(Numbers)>{});
}

template <typename M, typename Enum, typename B, int... Numbers>
void field_from(const wire::KeyedBytesField<M, Enum, B, Numbers...>& field, const Json& json,
                M& message) {
    for (std::size_t i = 0; i < sizeof...(Numbers); ++i) {
        const std::string name(field.member_names[i]);
        if (!json.contains(name)) continue;
        message.*field.key = static_cast<Enum>(field.numbers[i]);
        member_from(json.at(name), message.*field.bytes);
    }
}

/// Names in `json` that the message does not have are an error: a vector's field would be lost.
template <wire::Message M>
M message_from(const Json& json) {
    M message{};
    std::size_t known = 0;
    const auto count_names = [&](const auto& field) {
        if constexpr (requires { field.member_names; }) {
            for (const auto& name : field.member_names) known += json.contains(name) ? 1U : 0U;
        } else {
            known += json.contains(field.name) ? 1U : 0U;
        }
        field_from(field, json, message);
    };
    std::apply([&](const auto&... fields) { (count_names(fields), ...); },
               wire::Described<M>::fields);
    if (known != json.size())
        throw BadVector(std::string(wire::Described<M>::name) +
                        " with an unknown field: " + json.dump().substr(0, 300));
    return message;
}

/// Compares a message with where[member] by their encodings, which name every field.
template <wire::Message M>
void expect_message(Case& c, const Json& where, const std::string& member, const M& got,
                    const std::string& prefix = "") {
    if (!where.contains(member))
        return c.fail(prefix + member, "(no such member in the vector)", hex(wire::encode(got)));
    const std::string expected = hex(wire::encode(message_from<M>(where.at(member))));
    const std::string actual = hex(wire::encode(got));
    if (expected != actual) c.fail(prefix + member, expected, actual);
}

}  // namespace tandem::vectors
