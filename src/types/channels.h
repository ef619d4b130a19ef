// The channels of a peer connection: who may say how much on which (wire page, "Channels").
//
// A message longer than its channel's bound costs the sender the connection, hence the numbers are
// CometBFT's and bind whoever sends.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "types/basic.h"

namespace tandem::types {

enum class ChannelId : std::uint8_t {
    pex = 0x00,
    consensus_state = 0x20,
    consensus_data = 0x21,
    consensus_vote = 0x22,
    consensus_vote_set_bits = 0x23,
    mempool = 0x30,
    evidence = 0x38,
    blocksync = 0x40,
    snapshot = 0x60,
    snapshot_chunk = 0x61,
};

struct Channel {
    ChannelId id;
    std::string_view name;
    std::uint32_t priority;        // share of the bandwidth, against the other channels
    std::uint32_t send_queue_max;  // messages
    std::uint32_t message_bytes_max;
};

inline constexpr std::uint32_t pex_address_bytes_max = 256;
inline constexpr std::uint32_t pex_addresses_max = 250;
/// A node's own bound on one transaction, unless its configuration says otherwise.
inline constexpr std::uint32_t tx_bytes_max_default = 1'048'576;

/// Bytes of a mempool message of one transaction of `tx_bytes_max` bytes.
[[nodiscard]] constexpr std::uint32_t mempool_message_bytes_max(std::uint32_t tx_bytes_max) {
    const auto field_bytes = [](std::uint64_t body) { return 1 + wire::varint_size(body) + body; };
    return static_cast<std::uint32_t>(field_bytes(field_bytes(tx_bytes_max)));
}

/// In the order in which a node advertises them, but for pex, which comes last.
inline constexpr std::array<Channel, 10> channel_table{{
    {ChannelId::pex, "pex", 1, 10, pex_address_bytes_max* pex_addresses_max},
    {ChannelId::consensus_state, "consensus state", 6, 100, 1'048'576},
    {ChannelId::consensus_data, "consensus data", 10, 100, 1'048'576},
    {ChannelId::consensus_vote, "consensus vote", 7, 100, 1'048'576},
    {ChannelId::consensus_vote_set_bits, "consensus vote set bits", 1, 2, 1'048'576},
    {ChannelId::mempool, "mempool", 5, 1, mempool_message_bytes_max(tx_bytes_max_default)},
    {ChannelId::evidence, "evidence", 6, 1, 1'048'576},
    {ChannelId::blocksync, "blocksync", 5, 1000, static_cast<std::uint32_t>(block_bytes_max) + 5},
    {ChannelId::snapshot, "snapshot", 5, 10, 4'000'000},
    {ChannelId::snapshot_chunk, "snapshot chunk", 3, 10, 16'000'000},
}};

static_assert(mempool_message_bytes_max(tx_bytes_max_default) == 1'048'584);

/// Null for an id that nobody uses.
[[nodiscard]] constexpr const Channel* find_channel(std::int32_t id) noexcept {
    for (const Channel& channel : channel_table)
        if (static_cast<std::int32_t>(channel.id) == id) return &channel;
    return nullptr;
}

}  // namespace tandem::types
