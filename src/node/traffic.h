// Which messages went to and came from peers, and how many bytes they had: counts that a node keeps
// of each peer and of all together. A message is counted whole, when it was queued or assembled;
// packets, seals and pings are not in it.
//
// The kind of a message is read off its first byte: the number of the member that it carries.
#pragma once
#include <array>

#include "types/channels.h"

namespace tandem::node {

// Tandem's own channels: an ordinary peer lacks them, and is never sent anything on them.

/// Of higher priority than any other.
inline constexpr std::uint8_t heartbeat_channel = 0x54;
inline constexpr std::uint8_t neighbours_channel = 0x55;

struct MessageKind {
    std::uint8_t channel = 0;
    std::uint8_t member = 0;  // field number in the channel's message; 0: it has only one kind
    std::string_view name;    // as CometBFT's metrics call it
};

inline constexpr std::array<MessageKind, 24> message_kinds{{
    {0x00, 1, "p2p_PexRequest"},
    {0x00, 2, "p2p_PexAddrs"},
    {0x20, 1, "consensus_NewRoundStep"},
    {0x20, 2, "consensus_NewValidBlock"},
    {0x20, 7, "consensus_HasVote"},
    {0x20, 8, "consensus_VoteSetMaj23"},
    {0x21, 3, "consensus_Proposal"},
    {0x21, 4, "consensus_ProposalPOL"},
    {0x21, 5, "consensus_BlockPart"},
    {0x22, 6, "consensus_Vote"},
    {0x23, 9, "consensus_VoteSetBits"},
    {0x30, 1, "mempool_Txs"},
    {0x38, 0, "types_EvidenceList"},
    {0x40, 1, "blocksync_BlockRequest"},
    {0x40, 2, "blocksync_NoBlockResponse"},
    {0x40, 3, "blocksync_BlockResponse"},
    {0x40, 4, "blocksync_StatusRequest"},
    {0x40, 5, "blocksync_StatusResponse"},
    {heartbeat_channel, 0, "tandem_Heartbeat"},
    {neighbours_channel, 0, "tandem_Neighbours"},
    {0x60, 1, "statesync_SnapshotsRequest"},
    {0x60, 2, "statesync_SnapshotsResponse"},
    {0x61, 3, "statesync_ChunkRequest"},
    {0x61, 4, "statesync_ChunkResponse"},
}};
inline constexpr std::size_t block_part_kind = 8;
static_assert(message_kinds[block_part_kind].name == "consensus_BlockPart");

/// Its place in `message_kinds`; the number of kinds where it is none of them.
[[nodiscard]] constexpr std::size_t kind_of(std::uint8_t channel, base::BytesView message) {
    const std::uint8_t member = message.empty() ? 0 : message[0] >> 3U;
    std::size_t kind = 0;
    while (kind < message_kinds.size() &&
           (message_kinds[kind].channel != channel ||
            (message_kinds[kind].member != 0 && message_kinds[kind].member != member)))
        ++kind;
    return kind;
}

struct Tally {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;

    void add(std::size_t message_bytes) noexcept {
        ++messages;
        bytes += message_bytes;
    }
};

/// By kind; the last place is for what is of no kind.
using Tallies = std::array<Tally, message_kinds.size() + 1>;
struct Traffic {
    Tallies received{};
    Tallies sent{};
};

}  // namespace tandem::node
