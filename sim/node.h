// One node of a simulation: the real consensus, chain, seats and signer, and a plain form of what
// surrounds them until the real gossip and mempool are there.
//
// Gossip in short: what we make goes to everybody at once; a node that has made no progress for a
// while asks its peers, and they send what it lacks: votes, proposal and parts of its height, or
// decided blocks. Every process that ends, by plan or by a crash in the middle of a write, starts
// again from its disk through the recovery table.
#pragma once
#include <deque>
#include <memory>

#include "chain/recovery.h"
#include "consensus/core.h"
#include "signer/signer.h"
#include "sim/disk.h"
#include "sim/keys.h"
#include "sim/world.h"
#include "types/genesis.h"

namespace tandem::sim {

class Node;

/// What watches from outside. It sees decided blocks and nothing of the nodes' minds.
class Observer {
  public:
    virtual ~Observer() = default;
    /// `state` is the chain's after the block, `before` the one before it.
    virtual void decided(std::size_t node, const chain::State& before, const StoredBlock& block,
                         const abci::ResponseFinalizeBlock& answer, const chain::State& state,
                         const seats::State& seats) = 0;
    /// Node `node` would not vote for a block of this proposer.
    virtual void refused(std::size_t node, const types::Address& proposer, std::string why) = 0;
    virtual void broken(std::size_t node, std::string what) = 0;
};

struct Setting {
    World& world;
    Network& network;
    SignatureRegistry& registry;
    Observer& observer;
    const types::GenesisDoc& genesis;
    consensus::Config timeouts;
    std::vector<std::unique_ptr<Node>>& nodes;
};

class Node {
  public:
    Node(Setting setting, std::size_t index, std::string name,
         std::shared_ptr<const crypto::SigningKey> consensus_key,
         std::shared_ptr<const crypto::SigningKey> liveness_key);
    ~Node();

    void start();
    /// Ends the process; of the writes that wait, `kept` become durable.
    void crash(std::size_t kept);
    void crash_in_the_middle(std::uint64_t touches) { disk_.plan_crash(touches); }
    /// Stands still, hears nothing, and goes on later as if no time had passed.
    void freeze(bool frozen) { frozen_ = frozen; }
    void jump_clock(Nanos by) { clock_offset_ += by; }

    [[nodiscard]] bool running() const noexcept { return process_ != nullptr; }
    [[nodiscard]] bool frozen() const noexcept { return frozen_; }
    [[nodiscard]] std::int64_t height() const noexcept;  // last executed
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const PublicKey& consensus_key() const noexcept { return consensus_public_; }
    [[nodiscard]] const seats::State* seats_state() const noexcept;
    [[nodiscard]] const StoredBlock* block(std::int64_t height) const noexcept;
    [[nodiscard]] std::size_t waiting_writes() const noexcept { return disk_.waiting(); }
    /// A transaction for this node's pool.
    void submit(Bytes tx);

  private:
    struct Process;
    friend struct Process;

    /// Runs `work` in the process of `epoch` if it still lives; ends the process where the power
    /// goes in the middle.
    void run(std::uint64_t epoch, const std::function<void(Process&)>& work);
    [[nodiscard]] types::Timestamp clock() const;

    Setting setting_;
    std::size_t index_;
    std::string name_;
    std::shared_ptr<const crypto::SigningKey> consensus_key_;
    std::shared_ptr<const crypto::SigningKey> liveness_key_;
    PublicKey consensus_public_;
    types::Address address_;
    Disk disk_;
    std::deque<Bytes> mempool_;  // survives for simplicity: clients send again
    std::unique_ptr<Process> process_;
    std::uint64_t epoch_ = 0;  // of the process; events of earlier ones are void
    bool frozen_ = false;
    Nanos clock_offset_ = 0;
};

}  // namespace tandem::sim
