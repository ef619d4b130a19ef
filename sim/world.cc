#include "sim/world.h"

namespace tandem::sim {

void World::after(Nanos delay, std::function<void()> action) {
    queue_.push({now_ + std::max<Nanos>(delay, 0), next_number_++, std::move(action)});
}

bool World::step() {
    if (queue_.empty()) return false;
    // The queue gives out const references only; the action is not part of its order.
    Event event = std::move(const_cast<Event&>(queue_.top()));
    queue_.pop();
    now_ = event.time;
    event.action();
    return true;
}

void Network::send(std::size_t from, std::size_t to, Channel channel,
                   std::function<void()> deliver) {
    ++sent_;
    if (cut_[from][to]) return;
    base::SeededRandom& random = world_.random;
    std::uint64_t loss = sins.loss;
    if (channel == Channel::heartbeat) loss += sins.heartbeat_loss;
    if (channel == Channel::vote) loss += sins.vote_loss;
    if (random.chance(std::min<std::uint64_t>(loss, 1000), 1000)) return;
    const auto delay = [&] {
        const auto range = static_cast<std::uint64_t>(sins.delay_max - sins.delay_min) + 1;
        return sins.delay_min + static_cast<Nanos>(random.below(range));
    };
    if (random.chance(sins.duplication, 1000)) world_.after(delay(), deliver);
    world_.after(delay(), std::move(deliver));
}

void Network::heal() {
    for (auto& row : cut_) row.assign(row.size(), false);
    sins = {};
}

}  // namespace tandem::sim
