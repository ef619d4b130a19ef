#include "sim/world.h"

#include <algorithm>
#include <utility>

namespace tandem::sim {

template <typename T>
std::uint32_t World::Pool<T>::put(T value) {
    if (free.empty()) {
        places.push_back(std::move(value));
        return static_cast<std::uint32_t>(places.size() - 1);
    }
    const std::uint32_t slot = free.back();
    free.pop_back();
    places[slot] = std::move(value);
    return slot;
}

template <typename T>
T World::Pool<T>::take(std::uint32_t slot) {
    free.push_back(slot);
    return std::exchange(places[slot], T{});
}

void World::push(Nanos delay, std::uint32_t slot, bool is_delivery) {
    heap_.push_back({now_ + std::max<Nanos>(delay, 0), next_number_++, slot, is_delivery});
    std::ranges::push_heap(heap_, std::greater<>());
}

void World::after(Nanos delay, std::function<void()> action) {
    push(delay, actions_.put(std::move(action)), false);
}

void World::after(Nanos delay, Delivery delivery) {
    push(delay, deliveries_.put(std::move(delivery)), true);
}

bool World::step() {
    if (heap_.empty()) return false;
    std::ranges::pop_heap(heap_, std::greater<>());
    const Event event = heap_.back();
    heap_.pop_back();
    now_ = event.time;
    ++steps_;
    if (event.is_delivery)
        deliver(deliveries_.take(event.slot));
    else
        actions_.take(event.slot)();
    return true;
}

}  // namespace tandem::sim
