// The world of a simulation: a virtual clock, a queue of events, dice, and a network with sins.
//
// Everything that happens is an event at a virtual time; equal times keep their order of creation.
// Nothing else moves, so one number repeats a run to the last bit.
#pragma once
#include <functional>
#include <queue>

#include "base/random.h"
#include "wire/well_known.h"

namespace tandem::sim {

using Nanos = std::int64_t;
inline constexpr Nanos millisecond = 1'000'000;
inline constexpr Nanos second = 1'000'000'000;

class World {
  public:
    explicit World(std::uint64_t seed) : random(seed) {}

    [[nodiscard]] Nanos now() const noexcept { return now_; }
    void after(Nanos delay, std::function<void()> action);
    /// Runs the next event; false when there is none.
    bool step();

    base::SeededRandom random;

  private:
    struct Event {
        Nanos time;
        std::uint64_t number;
        std::function<void()> action;
        bool operator>(const Event& other) const {
            return time != other.time ? time > other.time : number > other.number;
        }
    };
    std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
    Nanos now_ = 0;
    std::uint64_t next_number_ = 0;
};

/// What the network does to messages. Chances are in a thousand.
struct NetworkSins {
    std::uint64_t loss = 0;
    std::uint64_t duplication = 0;
    std::uint64_t heartbeat_loss = 0;  // on top of `loss`, heartbeats only
    std::uint64_t vote_loss = 0;       // votes only
    Nanos delay_min = millisecond;
    Nanos delay_max = 20 * millisecond;  // a wide range reorders
};

/// Who hears whom. One-way cuts are allowed.
class Network {
  public:
    Network(World& world, std::size_t nodes)
        : world_(world), cut_(nodes, std::vector<bool>(nodes)) {}

    enum class Channel : std::uint8_t { data, vote, heartbeat, sync };

    void send(std::size_t from, std::size_t to, Channel channel, std::function<void()> deliver);
    void cut(std::size_t from, std::size_t to, bool is_cut) { cut_[from][to] = is_cut; }
    void heal();
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

    NetworkSins sins;

  private:
    World& world_;
    std::vector<std::vector<bool>> cut_;
    std::uint64_t sent_ = 0;
};

}  // namespace tandem::sim
