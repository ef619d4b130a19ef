// What a node holds of one peer: its connection, what it has and lacks, what waits to be sent.
//
// Everything that waits is bounded: heartbeats by their number (the oldest goes; a newer one says
// more), the rest by not being made before there is room for it in the connection.
#pragma once
#include <deque>
#include <set>

#include "evidence/pool.h"
#include "gossip/peer_gossip.h"
#include "mempool/mempool.h"
#include "node/host.h"
#include "node/traffic.h"
#include "p2p/peer_link.h"
#include "types/blocksync_messages.h"
#include "types/statesync_messages.h"

namespace tandem::node {

struct Peer {
    Peer(LinkId number, bool is_outbound, p2p::PeerLink opened)
        : link_id(number), outbound(is_outbound), link(std::move(opened)), gossip(consensus_id()) {}

    static constexpr std::size_t heartbeats_max = 256;
    static constexpr std::size_t blocksync_max = 64;
    static constexpr std::size_t wanted_blocks_max = 64;
    // Of answers that wait on a channel, beyond which no further block or chunk is read.
    static constexpr std::size_t answer_bytes_ahead = 1 << 20U;
    // Of transactions likewise; one is always taken.
    static constexpr std::size_t tx_bytes_ahead = 64 << 10U;
    static constexpr std::uint32_t txs_ahead_max = 1'000;
    static constexpr std::size_t pex_max = 4;
    static constexpr std::size_t wanted_chunks_max = 16;
    static constexpr std::size_t snapshot_requests_max = 1'000;  // our own, each of few bytes

    LinkId link_id;
    bool outbound = false;
    std::string remote_ip;
    Time since{0};  // the connection was opened
    p2p::PeerLink link;

    gossip::PeerGossip gossip;
    Traffic traffic;
    mempool::Walk txs;
    bool owes_txs = true;  // it is time to tell it of those that wait
    evidence::Walk evidence;
    std::deque<p2p::Connection::Message> heartbeats;
    std::deque<p2p::Connection::Message> blocksync;  // our requests, and where we are
    std::deque<types::BlockRequest> wanted_blocks;   // the peer's
    std::deque<p2p::Connection::Message> snapshots, chunks;
    std::deque<types::ChunkRequest> wanted_chunks;  // the peer's
    std::deque<p2p::Connection::Message> pex;
    std::set<std::string> neighbours;  // IDs of its peers, as it says
    bool owes_neighbours = true;       // our own list changed
    bool lost_neighbours = false;      // what they were to send it may be missing
    /// Transactions that it sent and that are to be judged in later turns; nothing more is read of
    /// it until then.
    std::deque<wire::Txs> unjudged;  // none of them empty
    std::size_t next_unjudged = 0;   // of the first message
    bool dirty = true;               // something may have to be said
    std::optional<Time> wakes_at;

    /// To be said later. Nothing where so much waits already: it asks faster than it reads.
    void enqueue(std::deque<p2p::Connection::Message>& queue, std::size_t length_max,
                 base::Bytes message) {
        if (queue.size() >= length_max) return;
        queue.push_back(std::make_shared<const base::Bytes>(std::move(message)));
        dirty = true;
    }

    [[nodiscard]] consensus::PeerId consensus_id() const noexcept { return {link_id.value}; }
    [[nodiscard]] mempool::PeerId mempool_id() const noexcept { return {link_id.value}; }
};

}  // namespace tandem::node
