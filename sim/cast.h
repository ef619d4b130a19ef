// Who plays in a simulation: seats, their nodes and keys, which of them lie; nodes that join.
#pragma once
#include "sim/node.h"
#include "sim/plan.h"

namespace tandem::sim {

struct SeatKeys {
    std::string id;
    std::shared_ptr<const crypto::SigningKey> admin;  // as the chain has it
    bool lies = false;
    bool forgets = false;
};

class Cast {
  public:
    struct Parts {
        World& world;
        Network& network;
        SignatureRegistry& registry;
        Library& library;
        Observer& observer;
    };
    Cast(Parts parts, const Plan& plan, LieCounts& lies);

    [[nodiscard]] const types::GenesisDoc& genesis() const { return genesis_; }
    [[nodiscard]] std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }
    [[nodiscard]] const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
    [[nodiscard]] std::vector<SeatKeys>& seats() { return seats_; }
    [[nodiscard]] const SeatKeys& seat_of(std::size_t node) const { return seats_[owner_[node]]; }
    [[nodiscard]] SeatKeys* find_seat(std::string_view id);
    [[nodiscard]] bool lies(std::size_t node) const { return seat_of(node).lies; }
    /// The first process with this consensus key.
    [[nodiscard]] std::optional<std::size_t> find_node(const PublicKey& consensus_key) const;
    /// Another process with the keys of `node`, if there is one.
    [[nodiscard]] const std::vector<std::pair<std::size_t, std::size_t>>& twins() const {
        return twins_;
    }
    /// The newest state of seats that any node has; null before the first block.
    [[nodiscard]] const seats::State* newest_seats() const;

    // ---- Those who come later.
    [[nodiscard]] NodeKeys make_keys();
    /// A name that no node has had.
    [[nodiscard]] std::string fresh_name(std::string_view seat);
    std::size_t add_seat(SeatKeys seat);
    /// With an empty disk; not started.
    std::size_t add_node(std::size_t seat, std::string name, NodeKeys keys);
    /// Called for each that joins from now on.
    std::function<void(const Node&)> joined;

  private:
    void make_genesis(const Plan& plan);
    void make_liars(const Plan& plan, LieCounts& lies);

    Parts parts_;
    consensus::Config timeouts_;
    types::GenesisDoc genesis_;
    std::vector<SeatKeys> seats_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<std::size_t> owner_;  // seat, by node
    std::vector<std::pair<std::size_t, std::size_t>> twins_;
    std::uint64_t names_ = 0;
};

}  // namespace tandem::sim
