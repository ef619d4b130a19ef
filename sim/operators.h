// Admins at work: switchovers, pauses, nodes and seats that come, go and change, all of it while
// other faults happen, and some of it wrong.
//
// An operator acts as the manual says: a machine is started before its node is registered, a
// liveness key is replaced while the process stands still. What comes of an operation is the
// chain's business; whether the answer was right, the second opinion says.
#pragma once
#include "sim/torment.h"

namespace tandem::sim {

class Operators {
  public:
    Operators(Cast& cast, World& world, SignatureRegistry& registry, Torment& torment, Tally& tally)
        : cast_(cast), world_(world), registry_(registry), torment_(torment), tally_(tally) {}

    void operate();
    /// What the torment began and nobody ended: seats that are paused go on.
    void resume_all();

  private:
    using State = seats::State;
    [[nodiscard]] base::SeededRandom& random() const { return world_.random; }
    void operate_seat(const State& state, const seats::Seat& seat);
    void operate_quorum(const State& state);
    [[nodiscard]] std::optional<seats::Operation> nodes_operation(const State& state,
                                                                  const seats::Seat& seat);
    [[nodiscard]] seats::NodeRegistration join(const State& state, const std::string& seat);
    [[nodiscard]] bool liars_stay_few(const State& state, std::string_view changed,
                                      std::int64_t power) const;
    void replace_liveness_key(const State& state, const seats::Seat& seat);
    void rotate_admin_key(const State& state, const seats::Seat& seat);
    void add_seat(const State& state);
    /// Signed by the seat, or by everybody; some are spoilt.
    void submit(const State& state, const std::string& seat, seats::Operation operation,
                std::uint64_t nonce);
    /// Calls `then` when `done` holds, or when the chain is above `height`.
    void await(std::int64_t height, std::function<bool(const State&)> done,
               std::function<void(bool)> then);

    static constexpr std::int64_t expiry = 30;   // heights
    static constexpr std::size_t nodes_max = 4;  // of a seat
    static constexpr std::size_t machines_max = 40;

    Cast& cast_;
    World& world_;
    SignatureRegistry& registry_;
    Torment& torment_;
    Tally& tally_;
};

}  // namespace tandem::sim
