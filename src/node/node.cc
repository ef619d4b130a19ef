#include "node/node.h"

#include <fmt/format.h>

#include "types/mempool_messages.h"

namespace tandem::node {
namespace {

// Bytes handed to the host and not yet taken by the peer; what is said beyond waits here, where a
// newer truth can still replace it.
constexpr std::size_t unsent_bytes_max = 256 * 1024;
constexpr Time claims_period = std::chrono::seconds(2);
constexpr Time redial_period = std::chrono::seconds(1);

}  // namespace

std::vector<p2p::Channel> open_channels(std::uint32_t tx_bytes_max) {
    std::vector<p2p::Channel> channels;
    for (const types::Channel& channel : types::channel_table) {
        const std::uint32_t bytes_max = channel.id == types::ChannelId::mempool
                                            ? types::mempool_message_bytes_max(tx_bytes_max)
                                            : channel.message_bytes_max;
        channels.push_back({static_cast<std::uint8_t>(channel.id), channel.priority,
                            channel.send_queue_max, bytes_max});
    }
    channels.push_back({heartbeat_channel, 20, 100, 1024});
    return channels;
}

Node::Node(EngineParts parts, NodeConfig config, const p2p::LocalNode& local,
           seats::SeatsApplication* seats)
    : parts_(parts),
      config_(std::move(config)),
      local_(&local),
      seats_(seats),
      engine_(parts_, config_.engine, *this) {}

void Node::report(LogLevel level, std::string_view text) const {
    parts_.reporter.report(level, "p2p", text);
}

void Node::start() {
    engine_.begin_consensus();
    for (const types::PeerAddress& address : config_.persistent_peers)
        if (address.id != local_->id()) dial(address, Time(0));
    claim_again();
}

void Node::claim_again() {
    for (auto& [id, peer] : peers_) {
        peer.gossip.claim_again();
        peer.dirty = true;
    }
    parts_.host.call_at(parts_.host.now() + claims_period, [this] { claim_again(); });
}

// ---- Links

void Node::dial(const types::PeerAddress& address, Time after) {
    parts_.host.call_at(parts_.host.now() + after, [this, address] {
        for (const auto& [id, peer] : peers_)
            if (peer.link.peer_id() == address.id) return;
        parts_.host.dial(address);
    });
}

void Node::dial_failed(const types::PeerAddress& address) {
    dial(address, redial_period);
}

void Node::link_opened(LinkId link, std::optional<types::PeerAddress> dialled,
                       std::string remote_ip) {
    const std::string expected = dialled ? dialled->id : std::string();
    auto [place, is_new] = peers_.try_emplace(
        link, link, dialled.has_value(),
        p2p::PeerLink(*local_, parts_.host.fresh_secret(), expected, parts_.host.now()));
    TANDEM_CHECK(is_new);
    place->second.dialled = std::move(dialled);
    place->second.remote_ip = std::move(remote_ip);
    place->second.since = parts_.host.now();
}

void Node::drop(LinkId link, const base::Refusal& why) {
    const auto found = peers_.find(link);
    if (found == peers_.end()) return;
    report(LogLevel::info, fmt::format("connection {} to {} ends: {}: {}", link.value,
                                       found->second.remote_ip, why.check, why.why));
    parts_.host.close(link);
    link_closed(link);
}

void Node::link_closed(LinkId link) {
    const auto found = peers_.find(link);
    if (found == peers_.end()) return;
    const std::optional<types::PeerAddress> dialled = found->second.dialled;
    peers_.erase(found);
    if (dialled) dial(*dialled, redial_period);
}

void Node::link_bytes(LinkId link, base::BytesView bytes) {
    const auto found = peers_.find(link);
    if (found == peers_.end()) return;
    Peer& peer = found->second;
    peer.dirty = true;
    std::vector<types::ChannelMessage> messages;
    if (const auto verdict = peer.link.receive(bytes, parts_.host.now(), messages); !verdict)
        return drop(link, verdict.error());
    if (peer.link.waits_for_admission()) admit(peer, messages);
    for (types::ChannelMessage& message : messages) {
        if (!peers_.contains(link)) return;
        if (const auto verdict = hear(peer, std::move(message)); !verdict)
            return drop(link, verdict.error());
    }
}

void Node::admit(Peer& peer, std::vector<types::ChannelMessage>& messages) {
    for (const auto& [id, other] : peers_)
        if (id != peer.link_id && other.link.open() && other.link.peer_id() == peer.link.peer_id())
            return drop(peer.link_id, {"peer.duplicate", "there is a connection to it already"});
    if (const auto verdict = peer.link.admit(parts_.host.now(), messages); !verdict)
        return drop(peer.link_id, verdict.error());
    report(LogLevel::info, fmt::format("peer {} \"{}\" at {} joins", peer.link.peer_id(),
                                       peer.link.peer_info().moniker, peer.remote_ip));
    types::BlocksyncMessage status;
    status.sum = types::StatusResponse{parts_.blocks.height(), parts_.blocks.base()};
    say_blocksync(peer, status);
}

void Node::link_drained(LinkId link) {
    if (const auto found = peers_.find(link); found != peers_.end()) found->second.dirty = true;
}

std::size_t Node::receive_allowance(LinkId link) {
    const auto found = peers_.find(link);
    return found == peers_.end() ? 0 : found->second.link.receive_allowance(parts_.host.now());
}

void Node::wake(LinkId link) {
    const auto found = peers_.find(link);
    if (found == peers_.end()) return;
    found->second.wakes_at.reset();
    found->second.dirty = true;
    if (const auto verdict = found->second.link.tick(parts_.host.now()); !verdict)
        drop(link, verdict.error());
}

void Node::schedule_wake(Peer& peer) {
    const Time at = peer.link.next_wake(parts_.host.now());
    if (peer.wakes_at && *peer.wakes_at <= at) return;
    peer.wakes_at = at;
    parts_.host.call_at(at, [this, link = peer.link_id, at] {
        const auto found = peers_.find(link);
        if (found != peers_.end() && found->second.wakes_at == at) wake(link);
    });
}

// ---- Facts

void Node::touch_all() noexcept {
    for (auto& [id, peer] : peers_) peer.dirty = true;
}

void Node::on_fact(const consensus::Inward& fact) {
    for (auto& [id, peer] : peers_) {
        peer.dirty = true;
        if (std::holds_alternative<consensus::NewRoundStep>(fact))
            peer.gossip.tell_round_step();
        else if (const auto* valid = std::get_if<consensus::NewValidBlock>(&fact))
            peer.gossip.tell(*valid);
        else if (const auto* vote = std::get_if<consensus::VoteAdded>(&fact))
            peer.gossip.tell(*vote);
    }
    if (observer_ != nullptr) observer_->on_fact(fact);
}

void Node::on_height() {
    touch_all();
}

void Node::on_block(const chain::Execution& execution) {
    const auto& decided = execution.decided();
    parts_.reporter.report(
        LogLevel::info, "state",
        fmt::format("executed block {} with {} transactions, hash {}, application hash {}",
                    execution.height(), decided.block->data.txs.size(),
                    base::to_hex(base::view(decided.id.hash), base::HexCase::upper),
                    base::to_hex(execution.answer().app_hash, base::HexCase::upper)));
    if (observer_ != nullptr) observer_->on_block(execution);
    if (seats_ == nullptr) return;
    std::vector<seats::Heartbeat> to_send = seats_->take_confirmed();
    if (const auto own = seats_->own_heartbeat()) {
        (void)seats_->add_heartbeat(*own);
        to_send.push_back(*own);
    }
    relay_heartbeats(to_send, LinkId{});
}

void Node::on_questions(std::vector<mempool::Question> questions) {
    // The application is in this process or answers at once; its answers come in order.
    for (const mempool::Question& question : questions) {
        const auto answer = parts_.application.check_tx({*question.tx, question.type});
        (void)parts_.mempool.answer(question.number, answer);
    }
}

base::Result<abci::ResponseCheckTx> Node::add_transaction(base::Bytes tx) {
    auto question = parts_.mempool.add(std::move(tx));
    if (!question) return std::unexpected(question.error());
    return ask_about(*question);
}

abci::ResponseCheckTx Node::ask_about(const mempool::Question& question) {
    auto answer = parts_.application.check_tx({*question.tx, question.type});
    if (parts_.mempool.answer(question.number, answer)) {
        touch_all();
        engine_.transactions_available();
    }
    return answer;
}

// ---- The end of a turn

gossip::OurView Node::view() const {
    return {engine_.consensus_state(), parts_.blocks, parts_.host.wall_clock()};
}

void Node::end_turn() {
    const gossip::OurView ours = view();
    for (auto& [id, peer] : peers_) {
        if (!peer.dirty) continue;
        peer.dirty = false;
        if (peer.link.open() && parts_.host.unsent_bytes(id) < unsent_bytes_max) say(peer, ours);
        flush(peer);
        schedule_wake(peer);
    }
}

void Node::say(Peer& peer, const gossip::OurView& ours) {
    say_queued(peer, heartbeat_channel, peer.heartbeats);
    for (const gossip::Channel channel : {gossip::Channel::state, gossip::Channel::vote,
                                          gossip::Channel::data, gossip::Channel::vote_set_bits}) {
        const auto number = static_cast<std::uint8_t>(channel);
        while (peer.link.can_send(number)) {
            auto message = peer.gossip.next(channel, ours);
            if (!message) break;
            (void)peer.link.send(number, std::make_shared<const base::Bytes>(std::move(*message)));
        }
    }
    say_queued(peer, static_cast<std::uint8_t>(types::ChannelId::blocksync), peer.blocksync);
    if (config_.broadcast_txs) say_transactions(peer);
}

void Node::say_queued(Peer& peer, std::uint8_t channel,
                      std::deque<p2p::Connection::Message>& queue) {
    while (!queue.empty() && peer.link.can_send(channel)) {
        (void)peer.link.send(channel, std::move(queue.front()));
        queue.pop_front();
    }
}

void Node::flush(Peer& peer) {
    const std::size_t unsent = parts_.host.unsent_bytes(peer.link_id);
    const std::size_t room = unsent < unsent_bytes_max ? unsent_bytes_max - unsent : 0;
    base::Bytes bytes = peer.link.produce(parts_.host.now(), room);
    if (!bytes.empty()) parts_.host.write(peer.link_id, std::move(bytes));
}

}  // namespace tandem::node
