// Who hears whom, and what becomes of messages on the way.
#pragma once
#include "sim/world.h"

namespace tandem::sim {

/// What the network does to messages. Chances are in a thousand.
struct NetworkSins {
    std::uint64_t loss = 0;
    std::uint64_t duplication = 0;
    std::uint64_t heartbeat_loss = 0;  // on top of `loss`, heartbeats only
    std::uint64_t vote_loss = 0;       // votes only
    Nanos delay_min = millisecond;
    Nanos delay_max = 20 * millisecond;  // a wide range reorders
};

enum class Channel : std::uint8_t { data, vote, heartbeat, sync };

/// Why one node does not hear another; each reason comes and goes by itself.
enum class Cut : std::uint8_t {
    torment = 1,
    twins = 2,  // who hears which of two nodes with one key
};

class Network {
  public:
    explicit Network(World& world) : world_(world) {}

    /// A message for which this says true is lost. May be empty.
    using Hides = std::function<bool(std::size_t from, std::size_t to, const Message& message)>;

    void add_node();
    void send(std::size_t from, std::size_t to, Channel channel, MessagePtr message);
    /// One way. Cuts of one reason do not add up.
    void cut(Cut reason, std::size_t from, std::size_t to, bool is_cut);
    /// One channel, one way.
    void lose(Channel channel, std::size_t from, std::size_t to, bool is_lost);
    [[nodiscard]] bool hears(std::size_t to, std::size_t from) const {
        return cuts_[from][to] == 0;
    }
    /// Everything that this node sends or hears takes so much longer.
    void slow_down(std::size_t node, Nanos more) { slowness_[node] = more; }
    /// No sins, nothing hidden or lost, and no cuts but those of twins.
    void heal();
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

    NetworkSins sins;
    Hides hides;
    Hides splits;  // likewise; a fault that comes and goes

  private:
    World& world_;
    std::vector<std::vector<std::uint8_t>> cuts_;  // bits of Cut, by sender and hearer
    std::vector<std::vector<std::uint8_t>> lost_;  // bits of Channel, likewise
    std::vector<Nanos> slowness_;
    std::uint64_t sent_ = 0;
};

}  // namespace tandem::sim
