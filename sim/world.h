// The world of a simulation: a virtual clock, a queue of events, dice, and a network with sins.
//
// Everything that happens is an event at a virtual time; equal times keep their order of creation.
// Nothing else moves, so one number repeats a run to the last bit.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"
#include "wire/well_known.h"

namespace tandem::sim {

using Nanos = std::int64_t;
inline constexpr Nanos millisecond = 1'000'000;
inline constexpr Nanos second = 1'000'000'000;

struct Message;
using MessagePtr = std::shared_ptr<const Message>;

/// A message on its way. Most events are deliveries, so they need no function object.
struct Delivery {
    std::size_t from = 0;
    std::size_t to = 0;
    MessagePtr message;
};

class World {
  public:
    explicit World(std::uint64_t seed) : random(seed) {}

    [[nodiscard]] Nanos now() const noexcept { return now_; }
    void after(Nanos delay, std::function<void()> action);
    void after(Nanos delay, Delivery delivery);
    /// Runs the next event; false when there is none.
    bool step();
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
    /// From `low` to `high` milliseconds, both included.
    [[nodiscard]] Nanos between_ms(std::uint64_t low, std::uint64_t high) {
        return static_cast<Nanos>(low + random.below(high - low + 1)) * millisecond;
    }

    base::SeededRandom random;
    std::function<void(const Delivery&)> deliver;

  private:
    struct Event {
        Nanos time;
        std::uint64_t number;
        std::uint32_t slot;  // in the pool of its kind
        bool is_delivery;
        bool operator>(const Event& other) const {
            return time != other.time ? time > other.time : number > other.number;
        }
    };
    /// Places for what events carry, used again and again.
    template <typename T>
    struct Pool {
        std::vector<T> places;
        std::vector<std::uint32_t> free;

        std::uint32_t put(T value);
        T take(std::uint32_t slot);
    };
    void push(Nanos delay, std::uint32_t slot, bool is_delivery);

    std::vector<Event> heap_;
    Pool<std::function<void()>> actions_;
    Pool<Delivery> deliveries_;
    Nanos now_ = 0;
    std::uint64_t next_number_ = 0;
    std::uint64_t steps_ = 0;
};

}  // namespace tandem::sim
