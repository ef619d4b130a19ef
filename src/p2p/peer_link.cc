#include "p2p/peer_link.h"

#include <algorithm>

#include "base/check.h"
#include "types/key_files.h"
#include "wire/framing.h"

namespace tandem::p2p {

PeerLink::PeerLink(const LocalNode& local, crypto::SecretArray<32> ephemeral_secret,
                   std::string expected_id, Time now)
    : local_(&local),
      expected_id_(std::move(expected_id)),
      secret_(local.key, std::move(ephemeral_secret)),
      deadline_(now + handshake_step_time_max) {}

base::Verdict PeerLink::receive(base::BytesView wire, Time now,
                                std::vector<types::ChannelMessage>& messages) {
    TANDEM_TRY(secret_.receive(wire));
    if (step_ == Step::sealing && secret_.established()) TANDEM_TRY(become_introducing(now));
    if (step_ == Step::introducing) TANDEM_TRY(take_introduction());
    if (step_ == Step::open) return take_packets(now, messages);
    return {};
}

base::Verdict PeerLink::become_introducing(Time now) {
    peer_id_ = types::node_id(secret_.peer_key());
    if (!expected_id_.empty() && peer_id_ != expected_id_)
        return base::refuse("peer.id", "dialled " + expected_id_ + ", and " + peer_id_ +
                                           " answered: the address belongs to another node");
    if (peer_id_ == local_->id()) return base::refuse("peer.ourselves", "the address is our own");
    secret_.write(wire::encode_delimited(local_->info));
    step_ = Step::introducing;
    deadline_ = now + handshake_step_time_max;
    return {};
}

base::Verdict PeerLink::take_introduction() {
    const wire::Frame frame = wire::next_frame(secret_.input(), types::node_info_bytes_max);
    if (frame.state == wire::FrameState::incomplete) return {};
    if (frame.state != wire::FrameState::complete)
        return base::refuse("peer.node_info",
                            "the introduction is too long, or its length no number");
    auto info = wire::decode<types::NodeInfo>(frame.body);
    if (!info) return std::unexpected(info.error().to_refusal());
    peer_info_ = std::move(*info);
    secret_.consume(frame.consumed);
    if (const auto valid = types::validate(peer_info_); !valid)
        return std::unexpected(valid.error());
    if (peer_info_.default_node_id != peer_id_)
        return base::refuse("peer.node_info", "it calls itself " + peer_info_.default_node_id +
                                                  ", and its key is that of " + peer_id_);
    TANDEM_TRY(types::compatible(local_->info, peer_info_));
    step_ = Step::introduced;
    return {};
}

base::Verdict PeerLink::admit(Time now, std::vector<types::ChannelMessage>& messages) {
    TANDEM_CHECK(waits_for_admission());
    connection_.emplace(local_->channels, local_->config, now);
    step_ = Step::open;
    return take_packets(now, messages);
}

base::Verdict PeerLink::take_packets(Time now, std::vector<types::ChannelMessage>& messages) {
    const auto consumed = connection_->receive(secret_.input(), now, messages);
    if (!consumed) return std::unexpected(consumed.error());
    secret_.consume(*consumed);
    return {};
}

bool PeerLink::has_channel(std::uint8_t channel) const {
    return std::ranges::find(peer_info_.channels, channel) != peer_info_.channels.end();
}

bool PeerLink::can_send(std::uint8_t channel) const {
    return open() && has_channel(channel) && connection_->can_send(channel);
}

bool PeerLink::send(std::uint8_t channel, Connection::Message message) {
    return open() && has_channel(channel) && connection_->send(channel, std::move(message));
}

base::Bytes PeerLink::produce(Time now, std::size_t room) {
    if (open() && room > 0) {
        base::Bytes packets;
        connection_->produce(now, room, packets);
        if (!packets.empty()) secret_.write(packets);
    }
    return secret_.take_output();
}

std::size_t PeerLink::receive_allowance(Time now) {
    return open() ? connection_->receive_allowance(now) : types::handshake_message_bytes_max;
}

base::Verdict PeerLink::tick(Time now) {
    if (open()) return connection_->tick(now);
    if (now >= deadline_)
        return base::refuse("peer.handshake", "the peer took longer than 3 s for the handshake");
    return {};
}

Time PeerLink::next_wake(Time now) {
    return open() ? connection_->next_wake(now) : deadline_;
}

}  // namespace tandem::p2p
