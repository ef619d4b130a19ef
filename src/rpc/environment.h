// What RPC reads and asks of a node: the one seam between the routes and everything else.
//
// The routes (routes.h) turn requests into calls of this interface and its answers into JSON. Who
// implements it holds the stores, the mempool and the application; who tests the routes holds a
// captured chain.
//
// Two kinds of members:
//   - what is known at once returns it. Nothing here may block: one event loop serves everybody;
//   - what takes an application, a peer or a block takes a Reply, which is called exactly once, at
//     once or later, on the same thread. A Reply may be called after whoever asked is gone; the
//     routes see to that.
//
// A Refusal becomes the error that the client sees: its `why` is CometBFT's text where there is
// one, since clients compare texts.
//
// Rejected: futures and coroutines, which need an executor that this pure library has not.
//
// Not here: subscriptions (event_bus.h), which the node publishes to; the search for transactions
// and blocks (indexer.h); sockets (io).
#pragma once
#include <functional>

#include "abci/messages.h"
#include "consensus/state.h"
#include "types/block.h"
#include "types/node_info.h"

namespace tandem::rpc {

using base::Bytes;
using base::BytesView;
using base::Result;
using base::Verdict;
using types::Duration;
using types::Hash;
using types::Timestamp;

template <typename T>
using Reply = std::move_only_function<void(Result<T>)>;

struct SyncInfo {
    Hash latest_block_hash;  // empty before the first block
    Hash latest_app_hash;    // as its header has it: after the block before
    std::int64_t latest_height = 0;
    Timestamp latest_time;
    Hash earliest_block_hash;
    Hash earliest_app_hash;
    std::int64_t earliest_height = 0;
    Timestamp earliest_time;
    bool catching_up = false;
};

/// This node as /status shows it.
struct Status {
    types::NodeInfo node;
    SyncInfo sync;
    types::Address validator_address;
    types::PublicKey validator_key;
    std::int64_t voting_power = 0;  // in the newest set; 0: not in it
};

/// Of one direction of a connection; rates in bytes a second.
struct FlowStatus {
    Timestamp start;
    std::int64_t bytes = 0, samples = 0;
    std::int64_t rate_now = 0, rate_current = 0, rate_average = 0, rate_peak = 0;
    std::int64_t bytes_remaining = 0;
    Duration duration, idle, time_remaining;
    std::uint32_t progress = 0;  // in thousandths of a percent
    bool active = false;
};
struct ChannelStatus {
    std::uint8_t id = 0;
    std::int64_t send_queue_capacity = 0, send_queue_size = 0, priority = 0, recently_sent = 0;
};
struct PeerStatus {
    types::NodeInfo node;
    bool is_outbound = false;
    std::string remote_ip;
    Duration duration;
    FlowStatus sent, received;
    std::vector<ChannelStatus> channels;
};
struct NetInfo {
    bool listening = false;
    std::vector<std::string> listeners;  // "Listener(@)" where none is announced
    std::vector<PeerStatus> peers;
};

/// A peer's place in consensus, for /dump_consensus_state.
struct PeerRound {
    std::string node_address;  // "id@host:port"
    std::string state;         // JSON
};

struct Unconfirmed {
    std::vector<std::shared_ptr<const Bytes>> txs;  // the first ones
    std::int64_t total = 0;
    std::int64_t total_bytes = 0;
};

/// How far along this node is, for the health endpoints.
struct Readiness {
    bool catching_up = false;
    std::int64_t behind_blocks = 0;  // against the best peer
    bool is_validator = false;       // its key is in the set of the next height
    bool is_standby = false;         // it stands by for a seat, and is not the validator
};

struct PeersToDial {
    std::vector<std::string> addresses;  // "id@host:port"
    bool persistent = false, unconditional = false, private_peers = false;
};

class Environment {
  public:
    virtual ~Environment() = default;

    // ---- The node.
    [[nodiscard]] virtual Status status() const = 0;
    [[nodiscard]] virtual NetInfo net_info() const = 0;
    [[nodiscard]] virtual Readiness readiness() const = 0;
    /// types::to_json of the document; good as long as the environment.
    [[nodiscard]] virtual const std::string& genesis() const = 0;

    // ---- The chain. Nothing: it is not stored, as below the base or above the newest block.
    [[nodiscard]] virtual std::int64_t base_height() const = 0;    // 0: no block yet
    [[nodiscard]] virtual std::int64_t latest_height() const = 0;  // 0: no block yet
    [[nodiscard]] virtual bool is_syncing() const = 0;             // by blocks or by state
    [[nodiscard]] virtual std::optional<types::BlockMeta> meta(std::int64_t height) const = 0;
    [[nodiscard]] virtual std::optional<std::int64_t> height_of(BytesView block_hash) const = 0;
    [[nodiscard]] virtual std::shared_ptr<const types::Block> block(std::int64_t height) const = 0;
    /// As the block after carries it.
    [[nodiscard]] virtual std::optional<types::Commit> commit(std::int64_t height) const = 0;
    /// As this node saw it.
    [[nodiscard]] virtual std::optional<types::Commit> seen_commit(std::int64_t height) const = 0;
    /// Up to latest_height() + 1.
    [[nodiscard]] virtual std::shared_ptr<const types::ValidatorSet> validators(
        std::int64_t height) const = 0;
    [[nodiscard]] virtual std::optional<types::ConsensusParams> params(
        std::int64_t height) const = 0;
    [[nodiscard]] virtual std::optional<abci::ResponseFinalizeBlock> results(
        std::int64_t height) const = 0;

    // ---- Consensus.
    [[nodiscard]] virtual const consensus::State& consensus() const = 0;
    [[nodiscard]] virtual std::vector<PeerRound> peer_rounds() const = 0;

    // ---- The mempool. Refusals are those of mempool::Mempool.
    [[nodiscard]] virtual Unconfirmed unconfirmed(std::size_t txs_max) const = 0;
    virtual void flush_mempool() = 0;
    /// Offers a transaction to the mempool. `taken` is called once it is clear whether the
    /// application is asked at all, `checked` with the application's answer after that.
    virtual void add_tx(Bytes tx, std::move_only_function<void(Verdict)> taken,
                        Reply<abci::ResponseCheckTx> checked) = 0;

    // ---- The application, without the mempool.
    virtual void check_tx(Bytes tx, Reply<abci::ResponseCheckTx> reply) = 0;
    virtual void query(abci::RequestQuery request, Reply<abci::ResponseQuery> reply) = 0;
    virtual void info(Reply<abci::ResponseInfo> reply) = 0;

    // ---- Evidence and peers. Refused: why it is not taken.
    [[nodiscard]] virtual Verdict add_evidence(const types::Evidence& evidence) = 0;
    [[nodiscard]] virtual Verdict dial_seeds(std::span<const std::string> addresses) = 0;
    [[nodiscard]] virtual Verdict dial_peers(const PeersToDial& peers) = 0;

    // ---- What takes long.
    /// Does `search`, which only reads the index, beside everything else where there is a thread
    /// for it; then `done`. False: too many wait already.
    [[nodiscard]] virtual bool search_aside(std::function<void()> search,
                                            std::function<void()> done) {
        search();
        done();
        return true;
    }

    // ---- Time. `ring` is called once after the duration, unless it was cancelled.
    using TimerId = std::uint64_t;
    [[nodiscard]] virtual TimerId set_timer(Duration after, std::function<void()> ring) = 0;
    virtual void cancel_timer(TimerId timer) = 0;
};

}  // namespace tandem::rpc
