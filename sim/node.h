// One node of a simulation: the real consensus, chain, seats and signer, and a plain form of what
// surrounds them until the real gossip and mempool are there.
//
// Gossip in short: what we make goes to everybody at once. A node that has made no progress for a
// while tells a few peers where it is and what it has, and they send what it lacks: votes,
// proposal and parts of its height, or the next decided block. Nothing else is ever sent again, so
// traffic is bounded by what was lost. Every process that ends, by plan or by a crash in the
// middle of a write, starts again from its disk through the recovery table.
#pragma once
#include <deque>
#include <memory>

#include "chain/recovery.h"
#include "consensus/core.h"
#include "signer/signer.h"
#include "sim/keys.h"
#include "sim/library.h"
#include "sim/network.h"
#include "types/genesis.h"

namespace tandem::sim {

class Node;
class Liar;
enum class Lie : std::uint8_t;

/// What watches from outside. It sees decided blocks and nothing of the nodes' minds.
class Observer {
  public:
    virtual ~Observer() = default;
    /// `state` is the chain's after the block, `before` the one before it.
    virtual void decided(std::size_t node, const chain::State& before, const StoredBlock& block,
                         const abci::ResponseFinalizeBlock& answer, const chain::State& state,
                         const seats::State& seats) = 0;
    /// Node `node` has looked at a proposed block and would vote for it, or would not.
    virtual void judged(std::size_t node, const types::BlockId& id, const types::Header& header,
                        bool accepted, const std::string& why) = 0;
    /// The block is a lie, which honest nodes must refuse unless must_be_refused says otherwise.
    virtual void lied(std::size_t node, Lie lie, const types::BlockId& id) = 0;
    virtual void broken(std::size_t node, std::string what) = 0;
    /// Node `node` builds a record that calls `name` dead, though it has a heartbeat of it for
    /// `height` that would have served.
    virtual void left_out(std::size_t node, const std::string& name, std::int64_t height) = 0;
    /// The node refuses to start from the disk that it found.
    virtual void refused_start(std::size_t node, const base::Refusal& why) = 0;
};

struct Setting {
    World& world;
    Network& network;
    SignatureRegistry& registry;
    Library& library;
    Observer& observer;
    const types::GenesisDoc& genesis;
    consensus::Config timeouts;
    std::vector<std::unique_ptr<Node>>& nodes;
};

struct NodeKeys {
    std::shared_ptr<const crypto::SigningKey> consensus;
    std::shared_ptr<const crypto::SigningKey> liveness;
};

class Node {
  public:
    Node(Setting setting, std::size_t index, std::string name, NodeKeys keys);
    ~Node();

    // ---- What may happen to it.
    void start();
    /// Ends the process; how much of the writes that wait becomes durable is a matter of luck.
    void crash();
    void crash_in_the_middle(std::uint64_t touches) { disk_.plan_crash(touches); }
    /// Stands still, hears nothing, and goes on later as if no time had passed.
    void freeze(bool frozen) { frozen_ = frozen; }
    void jump_clock(Nanos by) { clock_offset_ += by; }
    /// How many times longer everything takes inside.
    void slow_down(Nanos factor) { slowness_ = factor; }
    /// Only while it is not running. With another disk than it had, the node is told so (as an
    /// operator would) and stays silent until it has seen two heights begin.
    [[nodiscard]] Disk& disk() { return disk_; }
    void hold_back() { told_to_hold_back_ = true; }
    /// REQUIRES: it is not running.
    void use_liveness_key(std::shared_ptr<const crypto::SigningKey> key);
    /// Heard, and never votes or proposes.
    void wedge(bool wedged) { wedged_ = wedged; }
    /// Its application came to another hash than the chain's: its heartbeats say so, and no block
    /// is valid to it, so that it does not vote either.
    void diverge(bool diverged) { diverged_ = diverged; }
    /// There is another process with its keys: signatures of its own that it hears are the other's.
    void be_a_twin() { is_twin_ = true; }
    /// From now on it does as `liar` says; null: it is honest again.
    void set_liar(std::unique_ptr<Liar> liar);
    /// A transaction for this node's pool.
    void submit(Bytes tx);
    void receive(std::size_t from, const MessagePtr& message);

    // ---- What can be seen of it.
    [[nodiscard]] bool running() const noexcept { return process_ != nullptr; }
    [[nodiscard]] bool frozen() const noexcept { return frozen_; }
    /// Running, but silent: it does not know what it signed.
    [[nodiscard]] bool holds_back() const noexcept;
    [[nodiscard]] bool wedged() const noexcept { return wedged_; }
    [[nodiscard]] bool diverged() const noexcept { return diverged_; }
    /// What a backup taken now would hold.
    [[nodiscard]] Disk backup() const { return disk_.image(); }
    [[nodiscard]] bool is_liar() const noexcept { return liar_ != nullptr; }
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    [[nodiscard]] std::int64_t height() const noexcept;  // last executed
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const PublicKey& consensus_key() const noexcept { return consensus_public_; }
    [[nodiscard]] const types::Address& address() const noexcept { return address_; }
    [[nodiscard]] const NodeKeys& keys() const noexcept { return keys_; }
    [[nodiscard]] const seats::State* seats_state() const noexcept;
    [[nodiscard]] const StoredBlock* block(std::int64_t height) const noexcept;
    [[nodiscard]] const consensus::State* consensus_state() const noexcept;

  private:
    struct Process;
    friend struct Process;
    friend class Liar;

    /// Runs `work` in the process of `epoch` if it still lives; ends the process where the power
    /// goes in the middle.
    template <typename Work>
    void run(std::uint64_t epoch, Work work);
    [[nodiscard]] types::Timestamp clock() const;

    Setting setting_;
    std::size_t index_;
    std::string name_;
    NodeKeys keys_;
    PublicKey consensus_public_;
    types::Address address_;
    Disk disk_;
    std::deque<Bytes> mempool_;  // survives for simplicity: clients send again
    std::unique_ptr<Process> process_;
    std::unique_ptr<Liar> liar_;
    std::uint64_t epoch_ = 0;  // of the process; events of earlier ones are void
    bool frozen_ = false;
    bool told_to_hold_back_ = false;
    bool wedged_ = false;
    bool diverged_ = false;
    bool is_twin_ = false;
    Nanos clock_offset_ = 0;
    Nanos slowness_ = 1;
};

}  // namespace tandem::sim
