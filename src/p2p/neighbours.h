// Whom a peer is connected with, as it says itself, on a channel of Tandem's own
// (docs/formats/neighbours.md).
//
// What came from one of them it gets from there, too: it need not come from us. Whoever lies about
// it gets less, and nobody else does.
#pragma once
#include <set>

#include "types/basic.h"
#include "wire/message.h"

namespace tandem::p2p {

/// The whole list, each time that it changed. What it lacks is unknown to the receiver: private
/// peers are never in it.
struct NeighboursMessage {
    std::vector<base::Bytes> ids;  // of 20 bytes

    bool operator==(const NeighboursMessage&) const = default;
};

inline constexpr std::size_t neighbours_max = 1'000;
inline constexpr std::uint32_t neighbours_bytes_max = 22 * neighbours_max;

/// By node IDs as text, each once and in order. REQUIRES: they are node IDs.
[[nodiscard]] base::Bytes encode_neighbours(const std::set<std::string>& ids);
/// Refused ("neighbours"): it is no such message, an ID is not of 20 bytes, or there are too many.
/// A refusal ends the connection.
[[nodiscard]] base::Result<std::set<std::string>> decode_neighbours(base::BytesView message);

}  // namespace tandem::p2p

namespace tandem::wire {

template <>
struct Described<p2p::NeighboursMessage> {
    static constexpr std::string_view name = "Neighbours";
    static constexpr auto fields = std::tuple{field<1>("ids", &p2p::NeighboursMessage::ids)};
};

}  // namespace tandem::wire
