// What peers say, by channel.
#include <fmt/format.h>

#include "node/node.h"
#include "p2p/neighbours.h"
#include "sync/block_server.h"
#include "sync/snapshot_server.h"
#include "types/blocksync_messages.h"
#include "types/decode.h"
#include "types/mempool_messages.h"
#include "types/statesync_messages.h"

namespace tandem::node {

using consensus::Shared;

namespace {

constexpr std::size_t txs_a_turn = 100;  // of one peer's message

p2p::Connection::Message mempool_message(base::BytesView tx) {
    const base::BytesView one[] = {tx};
    types::MempoolMessage message;
    message.sum = types::MempoolTxs{wire::Txs::copy_of(one)};
    return std::make_shared<const base::Bytes>(wire::encode(message));
}

}  // namespace

base::Verdict Node::hear(Peer& peer, types::ChannelMessage message) {
    using enum types::ChannelId;
    // There is no state yet to judge these by.
    const auto is_early = [&] {
        return message.channel == static_cast<std::uint8_t>(mempool) ||
               message.channel == static_cast<std::uint8_t>(evidence) ||
               message.channel == heartbeat_channel;
    };
    const std::size_t kind = kind_of(message.channel, message.message);
    peer.traffic.received[kind].add(message.message.size());
    traffic_.received[kind].add(message.message.size());
    if (state_sync_ && is_early()) return {};
    switch (static_cast<types::ChannelId>(message.channel)) {
        case consensus_state:
        case consensus_data:
        case consensus_vote:
        case consensus_vote_set_bits:
            return hear_consensus(peer, message);
        case mempool:
            return hear_mempool(peer, std::move(message));
        case evidence:
            return hear_evidence(peer, message);
        case blocksync:
            return hear_blocksync(peer, message);
        case pex: {
            auto verdict = rules_.hear(peer.link_id.value, message.message, moment());
            carry_out_peers();
            return verdict;
        }
        case snapshot:
        case snapshot_chunk:
            return hear_statesync(peer, message);
    }
    if (message.channel == heartbeat_channel) return hear_heartbeat(peer, message);
    if (message.channel == neighbours_channel) return hear_neighbours(peer, message);
    return {};
}

base::Verdict Node::hear_consensus(Peer& peer, const types::ChannelMessage& received) {
    auto message = types::decode_checked<types::ConsensusMessage>(received.message);
    if (!message) return std::unexpected(message.error());
    auto& sum = message->sum;
    const auto number = static_cast<gossip::Channel>(received.channel);
    const consensus::PeerId from = peer.consensus_id();
    // A message on another channel than its own is passed over, as in CometBFT.
    const auto is_on = [&](gossip::Channel channel) { return number == channel; };
    if (auto* step = std::get_if<types::NewRoundStep>(&sum)) {
        if (!is_on(gossip::Channel::state)) return {};
        TANDEM_TRY(types::validate_height(*step, engine_.state().initial_height));
    } else if (std::holds_alternative<types::NewValidBlock>(sum) ||
               std::holds_alternative<types::HasVote>(sum)) {
        if (!is_on(gossip::Channel::state)) return {};
    } else if (auto* claim = std::get_if<types::VoteSetMaj23>(&sum)) {
        if (!is_on(gossip::Channel::state)) return {};
        if (const auto fed = engine_.receive_claim(from, *claim);
            !fed && consensus::blame(fed.error()) == consensus::Blame::peer_disconnect)
            return base::refuse("consensus.claim", "the peer claims two majorities in one round");
    } else if (std::holds_alternative<types::VoteSetBits>(sum)) {
        if (!is_on(gossip::Channel::vote_set_bits)) return {};
    } else if (!engine_.consensus_runs()) {
        return {};
    } else if (const auto* proposal = std::get_if<types::ProposalMessage>(&sum)) {
        // Before anything is made as large as it says.
        TANDEM_TRY(types::validate_block_size(proposal->proposal,
                                              engine_.state().consensus_params.block.max_bytes));
    }
    // The peer has what it says, whatever becomes of it here.
    peer.gossip.hear(*message, view());
    if (std::holds_alternative<types::NewRoundStep>(sum)) consider_sync(peer.gossip.model().height);
    if (auto* proposal = std::get_if<types::ProposalMessage>(&sum)) {
        if (is_on(gossip::Channel::data))
            engine_.receive_proposal(from, std::move(proposal->proposal));
    } else if (auto* part = std::get_if<types::BlockPart>(&sum)) {
        if (!is_on(gossip::Channel::data)) return {};
        if (const auto fed =
                engine_.receive_part(from, part->height, part->round, std::move(part->part));
            !fed && consensus::blame(fed.error()) == consensus::Blame::peer_disconnect)
            return base::refuse("consensus.part", std::string(consensus::to_text(fed.error())));
    } else if (auto* vote = std::get_if<types::VoteMessage>(&sum)) {
        if (is_on(gossip::Channel::vote))
            engine_.receive_vote(from, Shared<types::Vote>::make(std::move(*vote->vote)));
    }
    return {};
}

base::Verdict Node::hear_mempool(Peer& peer, types::ChannelMessage received) {
    const types::MempoolLimits limits{.tx_bytes_max = config_.tx_bytes_max,
                                      .batch_bytes_max = config_.tx_bytes_max};
    TANDEM_TRY(types::check_before_decoding_mempool(received.message, limits));
    auto message = types::decode_checked<types::MempoolMessage>(received.message);
    if (!message) return std::unexpected(message.error());
    peer.unjudged.push_back(std::move(std::get<types::MempoolTxs>(message->sum).txs));
    if (peer.unjudged.size() == 1) judge_transactions(peer);
    return {};
}

/// A message may hold hundreds of thousands of transactions, and the application is asked about
/// each of them: everybody else has a turn in between.
void Node::judge_transactions(Peer& peer) {
    for (std::size_t judged = 0; judged < txs_a_turn && !peer.unjudged.empty(); ++judged) {
        const wire::Txs& txs = peer.unjudged.front();
        const base::BytesView tx = txs[peer.next_unjudged];
        // What does not fit, or was seen before, is nobody's fault.
        if (seats_ != nullptr && seats::classify(tx) == seats::TxKind::heartbeat) {
            // From an engine that has no channel for it. It would only wait in the mempool.
            if (const auto heartbeat = seats::decode_heartbeat(tx))
                take_heartbeat(peer, *heartbeat);
        } else if (auto question = parts_.mempool.add(base::to_bytes(tx), peer.mempool_id())) {
            (void)ask_about(*question);
        }
        if (++peer.next_unjudged < txs.size()) continue;
        peer.unjudged.pop_front();
        peer.next_unjudged = 0;
    }
    if (peer.unjudged.empty()) return;
    parts_.host.call_at(parts_.host.now(), [this, link = peer.link_id] {
        if (const auto found = peers_.find(link); found != peers_.end())
            judge_transactions(found->second);
    });
}

void Node::say_transactions(Peer& peer) {
    const auto channel = static_cast<std::uint8_t>(types::ChannelId::mempool);
    const auto is_left = [&](mempool::PeerId sender) { return is_left_to(sender.value, peer); };
    while (peer.link.can_send(channel) && peer.link.load(channel).bytes < Peer::tx_bytes_ahead) {
        const mempool::Tx tx = parts_.mempool.next_for(peer.mempool_id(), peer.txs,
                                                       peer.gossip.model().height, is_left);
        if (tx == nullptr) {
            peer.owes_txs = parts_.mempool.has_more(peer.txs);  // it lags
            return;
        }
        send(peer, channel, mempool_message(*tx));
    }
}

base::Verdict Node::hear_evidence(Peer& peer, const types::ChannelMessage& received) {
    const auto list = types::decode_checked<types::EvidenceList>(received.message);
    if (!list) return std::unexpected(list.error());
    const std::size_t before = parts_.evidence.pending_count();
    TANDEM_TRY(parts_.evidence.receive(peer.evidence, *list, engine_.state()));
    if (parts_.evidence.pending_count() != before) touch_all();
    return {};
}

void Node::say_evidence(Peer& peer) {
    const auto channel = static_cast<std::uint8_t>(types::ChannelId::evidence);
    while (parts_.evidence.pending_count() > 0 && peer.link.can_send(channel)) {
        auto message =
            parts_.evidence.next_for(peer.evidence, peer.gossip.model().height, engine_.state());
        if (!message) return;
        send(peer, channel, std::make_shared<const base::Bytes>(std::move(*message)));
    }
}

// ---- Block sync

void Node::say_blocksync(Peer& peer, base::Bytes message) {
    peer.enqueue(peer.blocksync, Peer::blocksync_max, std::move(message));
}

/// A block or chunk is read when there is room for it, not when it is asked for: a request is of
/// few bytes, and its answer may be of a hundred million. `answer_to`: optional bytes.
template <typename Request, typename Answer>
void Node::say_wanted(Peer& peer, types::ChannelId id, std::deque<Request>& wanted,
                      const Answer& answer_to) {
    const auto channel = static_cast<std::uint8_t>(id);
    while (!wanted.empty() && peer.link.can_send(channel) &&
           peer.link.load(channel).bytes < Peer::answer_bytes_ahead) {
        const Request request = wanted.front();
        wanted.pop_front();
        std::optional<base::Bytes> answer = answer_to(request);
        if (answer) send(peer, channel, std::make_shared<const base::Bytes>(std::move(*answer)));
    }
}

void Node::say_wanted_blocks(Peer& peer) {
    say_wanted(peer, types::ChannelId::blocksync, peer.wanted_blocks,
               [this](const types::BlockRequest& request) {
                   return sync::answer_to(request, parts_.blocks, engine_.state().consensus_params);
               });
}

base::Verdict Node::hear_blocksync(Peer& peer, const types::ChannelMessage& received) {
    TANDEM_TRY(types::check_before_decoding_blocksync(received.message));
    auto message = types::decode_checked<types::BlocksyncMessage>(received.message);
    if (!message) return std::unexpected(message.error());
    auto& sum = message->sum;
    if (const auto* request = std::get_if<types::BlockRequest>(&sum)) {
        if (peer.wanted_blocks.size() >= Peer::wanted_blocks_max) return {};
        peer.wanted_blocks.push_back(*request);
        peer.dirty = true;
    } else if (std::holds_alternative<types::StatusRequest>(sum)) {
        say_blocksync(peer, sync::status_message(parts_.blocks));
    } else if (!sync_) {
        const auto* answer = std::get_if<types::BlockResponse>(&sum);
        if (answer != nullptr && answer->block->header.height >= synced_until_)
            return base::refuse("blocksync.height", "a block that was not asked");
    } else {
        const Time now = parts_.host.now();
        const consensus::PeerId from = peer.consensus_id();
        if (const auto* status = std::get_if<types::StatusResponse>(&sum))
            sync_->hear(from, *status, now);
        else if (const auto* lacks = std::get_if<types::NoBlockResponse>(&sum))
            sync_->hear(from, *lacks, now);
        else if (auto* block = std::get_if<types::BlockResponse>(&sum))
            TANDEM_TRY(sync_->hear(from, std::move(*block), now));
        schedule_sync(now);
    }
    return {};
}

// ---- State sync, as server and as client

base::Verdict Node::hear_statesync(Peer& peer, const types::ChannelMessage& received) {
    auto message = types::decode_checked<types::StatesyncMessage>(received.message);
    if (!message) return std::unexpected(message.error());
    const bool is_about_chunks =
        received.channel == static_cast<std::uint8_t>(types::ChannelId::snapshot_chunk);
    if (std::holds_alternative<types::SnapshotsRequest>(message->sum) && !is_about_chunks) {
        if (!peer.snapshots.empty()) return {};  // what it asked before is not taken yet
        for (base::Bytes& snapshot : sync::advertise(parts_.application.list_snapshots({})))
            peer.enqueue(peer.snapshots, sync::snapshots_advertised_max, std::move(snapshot));
    } else if (const auto* wanted = std::get_if<types::ChunkRequest>(&message->sum)) {
        if (!is_about_chunks || peer.wanted_chunks.size() >= Peer::wanted_chunks_max) return {};
        peer.wanted_chunks.push_back(*wanted);
        peer.dirty = true;
    } else if (!state_sync_) {
        return {};
    } else if (const auto* said = std::get_if<types::SnapshotsResponse>(&message->sum)) {
        if (!is_about_chunks) state_sync_->hear(peer.consensus_id(), *said);
    } else if (auto* chunk = std::get_if<types::ChunkResponse>(&message->sum)) {
        if (is_about_chunks) state_sync_->hear(peer.consensus_id(), std::move(*chunk));
    }
    return {};
}

void Node::say_wanted_chunks(Peer& peer) {
    say_wanted(peer, types::ChannelId::snapshot_chunk, peer.wanted_chunks,
               [this](const types::ChunkRequest& request) {
                   return sync::chunk_message(request, parts_.application.load_snapshot_chunk(
                                                           sync::load_request(request)));
               });
}

void Node::say_snapshot(consensus::PeerId to, types::ChannelId channel, base::Bytes message) {
    const auto found = peers_.find(LinkId{to.value});
    if (found == peers_.end()) return;
    Peer& peer = found->second;
    const bool is_about_chunks = channel == types::ChannelId::snapshot_chunk;
    peer.enqueue(is_about_chunks ? peer.chunks : peer.snapshots, Peer::snapshot_requests_max,
                 std::move(message));
}

// ---- Neighbours

base::Verdict Node::hear_neighbours(Peer& peer, const types::ChannelMessage& received) {
    auto ids = p2p::decode_neighbours(received.message);
    if (!ids) return std::unexpected(ids.error());
    if (!std::ranges::includes(*ids, peer.neighbours)) peer.lost_neighbours = true;
    peer.neighbours = std::move(*ids);
    return {};
}

// ---- Heartbeats

void HeartbeatCounts::add(seats::HeartbeatPool::Added verdict) noexcept {
    ++(verdict == seats::HeartbeatPool::Added::kept    ? kept
       : verdict == seats::HeartbeatPool::Added::known ? known
       : verdict == seats::HeartbeatPool::Added::full  ? full
                                                       : refused);
}

base::Verdict Node::hear_heartbeat(Peer& peer, const types::ChannelMessage& received) {
    auto heartbeat = seats::decode_heartbeat(received.message);
    if (!heartbeat) return std::unexpected(heartbeat.error());
    if (seats_ != nullptr) take_heartbeat(peer, *heartbeat);
    return {};
}

void Node::take_heartbeat(const Peer& peer, const seats::Heartbeat& heartbeat) {
    // One that is confirmed is relayed now, one that waits when its block is executed.
    const auto added = seats_->add_heartbeat(heartbeat);
    heartbeats_.add(added);
    if (added == seats::HeartbeatPool::Added::kept &&
        heartbeat.height <= engine_.state().last_block_height)
        relay_heartbeats({heartbeat}, peer.link_id);
}

void Node::relay_heartbeats(const std::vector<seats::Heartbeat>& heartbeats, LinkId except) {
    for (const seats::Heartbeat& heartbeat : heartbeats) {
        const auto bytes = std::make_shared<const base::Bytes>(seats::encode_heartbeat(heartbeat));
        p2p::Connection::Message as_transaction;  // made when somebody wants it
        for (auto& [id, peer] : peers_) {
            if (id == except || !peer.link.open()) continue;
            if (peer.heartbeats.size() >= Peer::heartbeats_max) peer.heartbeats.pop_front();
            if (peer.link.has_channel(heartbeat_channel)) {
                peer.heartbeats.push_back(bytes);
            } else {
                if (as_transaction == nullptr) as_transaction = mempool_message(*bytes);
                peer.heartbeats.push_back(as_transaction);
            }
            peer.dirty = true;
        }
    }
}

}  // namespace tandem::node
