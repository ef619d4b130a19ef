#include "sim/network.h"

#include <algorithm>

namespace tandem::sim {
namespace {

std::uint8_t bit_of(Channel channel) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(channel));
}

}  // namespace

void Network::add_node() {
    slowness_.push_back(0);
    for (auto* table : {&cuts_, &lost_}) {
        for (auto& row : *table) row.push_back(0);
        table->emplace_back(slowness_.size(), std::uint8_t{0});
    }
}

void Network::send(std::size_t from, std::size_t to, Channel channel, MessagePtr message) {
    ++sent_;
    if (cuts_[from][to] != 0 || (lost_[from][to] & bit_of(channel)) != 0) return;
    if (hides && hides(from, to, *message)) return;
    if (splits && splits(from, to, *message)) return;
    base::SeededRandom& random = world_.random;
    std::uint64_t loss = sins.loss;
    if (channel == Channel::heartbeat) loss += sins.heartbeat_loss;
    if (channel == Channel::vote) loss += sins.vote_loss;
    if (loss != 0 && random.chance(std::min<std::uint64_t>(loss, 1000), 1000)) return;
    const auto delay = [&] {
        const auto range = static_cast<std::uint64_t>(sins.delay_max - sins.delay_min) + 1;
        return sins.delay_min + static_cast<Nanos>(random.below(range)) + slowness_[from] +
               slowness_[to];
    };
    if (sins.duplication != 0 && random.chance(sins.duplication, 1000))
        world_.after(delay(), Delivery{from, to, message});
    world_.after(delay(), Delivery{from, to, std::move(message)});
}

void Network::cut(Cut reason, std::size_t from, std::size_t to, bool is_cut) {
    const auto bit = static_cast<std::uint8_t>(reason);
    std::uint8_t& cuts = cuts_[from][to];
    cuts = static_cast<std::uint8_t>(is_cut ? cuts | bit : cuts & ~bit);
}

void Network::lose(Channel channel, std::size_t from, std::size_t to, bool is_lost) {
    std::uint8_t& lost = lost_[from][to];
    const std::uint8_t bit = bit_of(channel);
    lost = static_cast<std::uint8_t>(is_lost ? lost | bit : lost & ~bit);
}

void Network::heal() {
    const auto kept = static_cast<std::uint8_t>(Cut::twins);
    for (auto& row : cuts_)
        for (std::uint8_t& cuts : row) cuts = static_cast<std::uint8_t>(cuts & kept);
    for (auto& row : lost_) std::ranges::fill(row, std::uint8_t{0});
    std::ranges::fill(slowness_, 0);
    hides = {};
    splits = {};
    sins = {};
}

}  // namespace tandem::sim
