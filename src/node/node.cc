#include "node/node.h"

#include <fmt/format.h>

#include "p2p/neighbours.h"
#include "sync/block_server.h"
#include "types/mempool_messages.h"

namespace tandem::node {
namespace {

// Bytes handed to the host and not yet taken by the peer; what is said beyond waits here, where a
// newer truth can still replace it.
constexpr std::size_t unsent_bytes_max = 256 * 1024;
// A peer whose message is so long yet is no reason to look at everybody's.
constexpr std::size_t unfinished_bytes_unnoticed = 256 * 1024;
constexpr std::size_t rechecks_at_once = 256;
constexpr Time claims_period = std::chrono::seconds(2);
// What is spared a peer comes due after one or two of them.
constexpr Time sparing_period = std::chrono::milliseconds(50);
constexpr Time announce_delay_max = std::chrono::milliseconds(20);
constexpr Time evidence_period = std::chrono::seconds(10);

}  // namespace

std::vector<p2p::Channel> open_channels(std::uint32_t tx_bytes_max) {
    std::vector<p2p::Channel> channels;
    for (const types::Channel& channel : types::channel_table) {
        p2p::Channel& ours =
            channels.emplace_back(static_cast<std::uint8_t>(channel.id), channel.priority,
                                  channel.send_queue_max, channel.message_bytes_max);
        if (channel.id != types::ChannelId::mempool) continue;
        ours.message_bytes_max = types::mempool_message_bytes_max(tx_bytes_max);
        ours.queue_messages_max = Peer::txs_ahead_max;  // CometBFT's 1 fills no frame
    }
    channels.push_back({heartbeat_channel, 20, 100, 1024});
    channels.push_back({neighbours_channel, 6, 2, p2p::neighbours_bytes_max});
    return channels;
}

Node::Node(EngineParts parts, NodeConfig config, const p2p::LocalNode& local,
           seats::SeatsApplication* seats)
    : parts_(parts),
      config_(std::move(config)),
      local_(&local),
      seats_(seats),
      engine_(parts_, config_.engine, *this),
      rules_(config_.peers, std::move(config_.book), config_.seed, moment()) {}

void Node::report(LogLevel level, std::string_view text) const {
    parts_.reporter.report(level, "p2p", text);
}

void Node::start() {
    carry_out_peers();
    if (config_.state_sync)
        state_sync_
            .emplace(parts_, *config_.state_sync, config_.engine.software_version,
                     static_cast<StateSync::Owner&>(*this))
            .begin();
    else
        begin_sync();
    claim_again();
    repeat_evidence();
}

void Node::claim_again() {
    for (auto& [id, peer] : peers_) {
        peer.gossip.claim_again();
        if (std::exchange(peer.lost_neighbours, false)) {
            peer.txs = {};
            peer.owes_txs = true;
        }
        peer.dirty = true;
    }
    parts_.host.call_at(parts_.host.now() + claims_period, [this] { claim_again(); });
}

void Node::repeat_evidence() {
    for (auto& [id, peer] : peers_) {
        peer.evidence.repeat();
        if (parts_.evidence.pending_count() > 0) peer.dirty = true;
    }
    parts_.host.call_at(parts_.host.now() + evidence_period, [this] { repeat_evidence(); });
}

// ---- Links

p2p::Moment Node::moment() const {
    return {parts_.host.now(), parts_.host.wall_clock()};
}

void Node::carry_out_peers() {
    for (const p2p::PeersEffect& effect : rules_.take_effects()) carry_out(effect);
    const Time at = rules_.next_wake();
    if (rules_wake_at_ && *rules_wake_at_ <= at) return;
    rules_wake_at_ = at;
    parts_.host.call_at(at, [this, at] {
        if (rules_wake_at_ != at) return;
        rules_wake_at_.reset();
        rules_.tick(moment());
        carry_out_peers();
    });
}

void Node::carry_out(const p2p::PeersEffect& effect) {
    if (const auto* dial = std::get_if<p2p::DialPeer>(&effect)) {
        parts_.host.dial(dial->address);
    } else if (const auto* close = std::get_if<p2p::ClosePeer>(&effect)) {
        const auto found = peers_.find(LinkId{close->link});
        if (found == peers_.end()) return;
        report(LogLevel::info, fmt::format("closing the connection to {}: {}",
                                           found->second.remote_ip, close->why));
        flush(found->second);
        parts_.host.close(found->first);
        forget(found);
    } else if (const auto* pex = std::get_if<p2p::SendPex>(&effect)) {
        const auto found = peers_.find(LinkId{pex->link});
        if (found == peers_.end()) return;
        Peer& peer = found->second;
        peer.enqueue(peer.pex, Peer::pex_max, wire::encode(pex->message));
    } else if (std::holds_alternative<p2p::SaveBook>(effect)) {
        parts_.host.save_address_book(rules_.book().to_text());
    }
}

void Node::dial_seeds(const std::vector<types::PeerAddress>& seeds) {
    rules_.dial_seeds(seeds, moment());
    carry_out_peers();
}

void Node::dial_peers(const std::vector<types::PeerAddress>& peers, bool persistent,
                      bool unconditional) {
    rules_.dial_peers(peers, persistent, unconditional, moment());
    carry_out_peers();
}

void Node::dial_failed(const types::PeerAddress& address) {
    rules_.dial_failed(address, moment());
    carry_out_peers();
}

void Node::link_opened(LinkId link, std::optional<types::PeerAddress> dialled,
                       const types::IpAddress& remote) {
    const base::Verdict allowed = rules_.link_opened(link.value, remote, dialled, moment());
    if (!allowed) {
        report(LogLevel::info,
               fmt::format("no connection with {}: {}", remote.to_text(), allowed.error().why));
        parts_.host.close(link);
        return carry_out_peers();
    }
    const std::string expected = dialled ? dialled->id : std::string();
    auto [place, is_new] = peers_.try_emplace(
        link, link, dialled.has_value(),
        p2p::PeerLink(*local_, parts_.host.fresh_secret(), expected, parts_.host.now()));
    TANDEM_CHECK(is_new);
    place->second.remote_ip = remote.to_text();
    place->second.since = parts_.host.now();
    carry_out_peers();
}

void Node::drop(LinkId link, const base::Refusal& why) {
    const auto found = peers_.find(link);
    if (found == peers_.end()) return;
    report(LogLevel::info, fmt::format("connection {} to {} ends: {}: {}", link.value,
                                       found->second.remote_ip, why.check, why.why));
    parts_.host.close(link);
    forget(found);
    rules_.link_closed(
        link.value, why.check == "peer.id" ? p2p::Ending::impostor : p2p::Ending::lost, moment());
    carry_out_peers();
}

void Node::forget(std::map<LinkId, Peer>::iterator peer) {
    if (sync_) {
        sync_->remove_peer(peer->second.consensus_id(), parts_.host.now());
        schedule_sync(parts_.host.now());
    }
    if (state_sync_) state_sync_->remove_peer(peer->second.consensus_id());
    peers_.erase(peer);
    neighbours_changed();
}

void Node::link_closed(LinkId link) {
    const auto found = peers_.find(link);
    if (found == peers_.end()) return;
    forget(found);
    rules_.link_closed(link.value, p2p::Ending::lost, moment());
    carry_out_peers();
}

void Node::link_bytes(LinkId link, base::BytesView bytes) {
    const auto found = peers_.find(link);
    if (found == peers_.end()) return;
    Peer& peer = found->second;
    peer.dirty = true;
    std::vector<types::ChannelMessage> messages;
    if (const auto verdict = peer.link.receive(bytes, parts_.host.now(), messages); !verdict)
        return drop(link, verdict.error());
    if (peer.link.unfinished_bytes() > unfinished_bytes_unnoticed) {
        hold_unfinished_to_its_bound();
        if (!peers_.contains(link)) return;
    }
    if (peer.link.waits_for_admission()) admit(peer, messages);
    for (types::ChannelMessage& message : messages) {
        if (!peers_.contains(link)) return;
        if (const auto verdict = hear(peer, std::move(message)); !verdict)
            return drop(link, verdict.error());
    }
}

void Node::admit(Peer& peer, std::vector<types::ChannelMessage>& messages) {
    const LinkId link = peer.link_id;
    const auto says = types::validate(peer.link.peer_info());  // a second time: it was good then
    if (!says) return drop(link, says.error());
    if (const auto verdict = rules_.authenticated(link.value, peer.link.peer_id(), *says, moment());
        !verdict)
        return drop(link, verdict.error());
    if (const auto verdict = peer.link.admit(parts_.host.now(), messages); !verdict)
        return drop(link, verdict.error());
    report(LogLevel::info, fmt::format("peer {} \"{}\" at {} joins", peer.link.peer_id(),
                                       peer.link.peer_info().moniker, peer.remote_ip));
    say_blocksync(peer, sync::status_message(parts_.blocks));
    if (sync_) {
        sync_->add_peer(peer.consensus_id(), peer.link.peer_id(), parts_.host.now());
        schedule_sync(parts_.host.now());
    }
    if (state_sync_) state_sync_->add_peer(peer.consensus_id(), peer.link.peer_id());
    neighbours_changed();
    carry_out_peers();
}

void Node::hold_unfinished_to_its_bound() {
    std::size_t bytes = 0, most = 0;
    LinkId holder;
    for (const auto& [id, peer] : peers_) {
        const std::size_t held = peer.link.unfinished_bytes();
        bytes += held;
        if (held > most) holder = id;
        most = std::max(most, held);
    }
    if (bytes > config_.unfinished_bytes_max)
        drop(holder, {"peer.unfinished",
                      fmt::format("messages of all peers that do not end have {} bytes, and this "
                                  "one's the most of them",
                                  bytes)});
}

void Node::link_drained(LinkId link) {
    if (const auto found = peers_.find(link); found != peers_.end()) found->second.dirty = true;
}

std::size_t Node::receive_allowance(LinkId link) {
    const auto found = peers_.find(link);
    if (found == peers_.end() || !found->second.unjudged.empty()) return 0;
    return found->second.link.receive_allowance(parts_.host.now());
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

void Node::neighbours_changed() noexcept {
    for (auto& [id, peer] : peers_) peer.owes_neighbours = peer.dirty = true;
}

bool Node::is_left_to(std::uint64_t sender, const Peer& peer) const {
    if (peer.neighbours.empty()) return false;
    const auto found = peers_.find(LinkId{sender});
    if (found == peers_.end()) return false;
    const p2p::PeerLink& link = found->second.link;
    // A stock engine sends as it looks around, some time later.
    return link.has_channel(neighbours_channel) && peer.neighbours.contains(link.peer_id());
}

template <typename Fact>
void Node::spare(const Fact& fact) {
    for (auto& [id, peer] : peers_) {
        if (!is_left_to(fact.from.value, peer)) continue;
        peer.gossip.spare(fact);
        if (!std::exchange(is_sparing_, true))
            parts_.host.call_at(parts_.host.now() + sparing_period, [this] { end_sparing(); });
    }
}

void Node::end_sparing() {
    is_sparing_ = false;
    for (auto& [id, peer] : peers_) {
        if (!peer.gossip.end_sparing()) continue;
        peer.dirty = true;
        is_sparing_ = true;
    }
    if (is_sparing_)
        parts_.host.call_at(parts_.host.now() + sparing_period, [this] { end_sparing(); });
}

void Node::on_fact(const consensus::Inward& fact) {
    const auto* notice = std::get_if<consensus::Notify>(&fact);
    const bool is_complete =
        notice != nullptr && notice->notice == consensus::Notice::complete_proposal;
    if (const auto* part = std::get_if<consensus::PartAdded>(&fact)) spare(*part);
    if (const auto* vote = std::get_if<consensus::VoteAdded>(&fact)) spare(*vote);
    for (auto& [id, peer] : peers_) {
        peer.dirty = true;
        if (std::holds_alternative<consensus::NewRoundStep>(fact))
            peer.gossip.tell_round_step();
        else if (const auto* valid = std::get_if<consensus::NewValidBlock>(&fact))
            peer.gossip.tell(*valid);
        else if (const auto* vote = std::get_if<consensus::VoteAdded>(&fact))
            peer.gossip.tell(*vote);
        else if (is_complete && peer.link.has_channel(neighbours_channel))
            peer.gossip.tell_complete_block(engine_.consensus_state());
    }
    for (Observer* observer : observers_) observer->on_fact(fact);
}

void Node::on_height() {
    touch_all();
}

void Node::on_pruning(std::int64_t keep) {
    for (Observer* observer : observers_) observer->on_pruning(keep);
}

void Node::on_block(const chain::Execution& execution) {
    const auto& decided = execution.decided();
    parts_.reporter.report(
        LogLevel::info, "state",
        fmt::format("executed block {} with {} transactions, hash {}, application hash {}",
                    execution.height(), decided.block->data.txs.size(),
                    base::to_hex(base::view(decided.id.hash), base::HexCase::upper),
                    base::to_hex(execution.answer().app_hash, base::HexCase::upper)));
    for (Observer* observer : observers_) observer->on_block(execution);
    if (sync_ && engine_.consensus_runs()) {
        sync_->passed(parts_.host.now());
        schedule_sync(parts_.host.now());
    }
    // While blocks are fetched, nothing that we could say of them is fresh.
    if (seats_ == nullptr || !engine_.consensus_runs()) return;
    std::vector<seats::Heartbeat> to_send = seats_->take_confirmed();
    if (const auto own = seats_->own_heartbeat()) {
        (void)seats_->add_heartbeat(*own);
        ++heartbeats_.sent;
        to_send.push_back(*own);
    }
    relay_heartbeats(to_send, LinkId{});
}

void Node::on_questions(std::vector<mempool::Question> questions) {
    const bool is_scheduled = !rechecks_.empty();
    // Those that are left over are about the block before: the pool no longer wants their answers.
    rechecks_.assign(std::make_move_iterator(questions.begin()),
                     std::make_move_iterator(questions.end()));
    if (!is_scheduled) recheck_some();
}

/// A few at a time, for votes must not wait until thousands were checked again.
void Node::recheck_some() {
    const std::size_t count = std::min(rechecks_.size(), rechecks_at_once);
    std::vector<abci::RequestCheckTx> requests;
    requests.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        requests.push_back({*rechecks_[i].tx, rechecks_[i].type});
    const auto answers = parts_.application.check_txs(requests);
    for (std::size_t i = 0; i < count; ++i)
        (void)parts_.mempool.answer(rechecks_[i].number, answers[i]);
    rechecks_.erase(rechecks_.begin(), rechecks_.begin() + static_cast<std::ptrdiff_t>(count));
    if (!rechecks_.empty()) parts_.host.call_at(parts_.host.now(), [this] { recheck_some(); });
}

base::Result<abci::ResponseCheckTx> Node::add_transaction(base::Bytes tx) {
    auto question = parts_.mempool.add(std::move(tx));
    if (!question) return std::unexpected(question.error());
    return ask_about(*question);
}

abci::ResponseCheckTx Node::ask_about(const mempool::Question& question) {
    auto answer = parts_.application.check_tx({*question.tx, question.type});
    if (parts_.mempool.answer(question.number, answer)) {
        announce_transactions();
        engine_.transactions_available();
    }
    return answer;
}

/// They wait for each other, so that the frames of the wire are full: for a fiftieth of the pause
/// that the chain makes between two blocks, and never long.
void Node::announce_transactions() {
    const Time pause(config_.engine.consensus.timeout_commit.nanos);
    const Time delay = std::min(pause / 50, announce_delay_max);
    if (delay.count() == 0) return owe_transactions();
    if (std::exchange(is_announcing_, true)) return;
    parts_.host.call_at(parts_.host.now() + delay, [this] {
        is_announcing_ = false;
        owe_transactions();
    });
}

void Node::owe_transactions() {
    for (auto& [id, peer] : peers_) peer.owes_txs = peer.dirty = true;
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
    // A stock engine gets heartbeats as transactions.
    say_queued(peer,
               peer.link.has_channel(heartbeat_channel)
                   ? heartbeat_channel
                   : static_cast<std::uint8_t>(types::ChannelId::mempool),
               peer.heartbeats);
    say_neighbours(peer);
    for (const gossip::Channel channel : {gossip::Channel::state, gossip::Channel::vote,
                                          gossip::Channel::data, gossip::Channel::vote_set_bits}) {
        const auto number = static_cast<std::uint8_t>(channel);
        while (peer.link.can_send(number)) {
            auto message = peer.gossip.next(channel, ours);
            if (!message) break;
            send(peer, number, std::make_shared<const base::Bytes>(std::move(*message)));
        }
    }
    say_queued(peer, static_cast<std::uint8_t>(types::ChannelId::blocksync), peer.blocksync);
    say_wanted_blocks(peer);
    say_queued(peer, static_cast<std::uint8_t>(types::ChannelId::pex), peer.pex);
    say_queued(peer, static_cast<std::uint8_t>(types::ChannelId::snapshot), peer.snapshots);
    say_queued(peer, static_cast<std::uint8_t>(types::ChannelId::snapshot_chunk), peer.chunks);
    say_wanted_chunks(peer);
    say_evidence(peer);
    if (config_.broadcast_txs && peer.owes_txs) say_transactions(peer);
}

void Node::send(Peer& peer, std::uint8_t channel, p2p::Connection::Message message) {
    const std::size_t kind = kind_of(channel, *message);
    const std::size_t bytes = message->size();
    if (!peer.link.send(channel, std::move(message))) return;
    peer.traffic.sent[kind].add(bytes);
    traffic_.sent[kind].add(bytes);
}

void Node::say_queued(Peer& peer, std::uint8_t channel,
                      std::deque<p2p::Connection::Message>& queue) {
    while (!queue.empty() && peer.link.can_send(channel)) {
        send(peer, channel, std::move(queue.front()));
        queue.pop_front();
    }
}

void Node::say_neighbours(Peer& peer) {
    if (!peer.owes_neighbours || !peer.link.can_send(neighbours_channel)) return;
    peer.owes_neighbours = false;
    std::set<std::string> ids;
    for (const auto& [id, other] : peers_)
        if (id != peer.link_id && other.link.open() && ids.size() < p2p::neighbours_max &&
            !rules_.book().is_private(other.link.peer_id()))
            ids.insert(other.link.peer_id());
    send(peer, neighbours_channel,
         std::make_shared<const base::Bytes>(p2p::encode_neighbours(ids)));
}

void Node::flush(Peer& peer) {
    const std::size_t unsent = parts_.host.unsent_bytes(peer.link_id);
    const std::size_t room = unsent < unsent_bytes_max ? unsent_bytes_max - unsent : 0;
    base::Bytes bytes = peer.link.produce(parts_.host.now(), room);
    if (!bytes.empty()) parts_.host.write(peer.link_id, std::move(bytes));
}

}  // namespace tandem::node
