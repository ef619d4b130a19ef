// A node: where the organs meet. Events come in, effects go out through Host.
//
//     host --bytes--> PeerLink --message--> engine, mempool, evidence, seats, block sync
//     host <--bytes-- PeerLink <--message-- whatever changed in this turn
//
// A turn is one event and everything that follows from it at once. At its end, end_turn() asks for
// each peer what it now lacks, and what there is leaves in one write. So nothing is polled, and
// what is new travels in the turn in which it came.
//
// A node that falls far behind while consensus runs fetches blocks beside it. As long as they come
// consensus is left, for each of them proves that the network decided without us; when they end,
// or do not come any more, it goes on. So a peer that claims to be ahead costs requests, and no
// validator its votes.
//
// Not here: the order of effects in a height (engine.h), whom to dial (p2p/peers.h), RPC.
#pragma once
#include <map>

#include "node/engine.h"
#include "node/peer.h"
#include "node/state_sync.h"
#include "p2p/peers.h"
#include "seats/seats_application.h"
#include "sync/block_client.h"

namespace tandem::node {

/// The channels that a node opens: CometBFT's, and those of heartbeats and neighbours.
[[nodiscard]] std::vector<p2p::Channel> open_channels(std::uint32_t tx_bytes_max);

struct NodeConfig {
    EngineConfig engine;
    p2p::PeersConfig peers;
    p2p::AddressBook book;
    std::uint64_t seed = 0;  // of whatever is drawn by lot
    bool broadcast_txs = true;
    std::uint32_t tx_bytes_max = types::tx_bytes_max_default;
    /// Of all peers' messages that have not ended. Beyond it whoever has the most of them goes: one
    /// channel takes a hundred million bytes, and nobody has to end what he begins.
    std::size_t unfinished_bytes_max = std::size_t{512} << 20U;
    /// Set where the node has no state, and is to begin with a snapshot.
    std::optional<StateSyncConfig> state_sync = {};
};

/// What became of heartbeats, since the process began.
struct HeartbeatCounts {
    std::uint64_t sent = 0;  // our own, each once
    // Received, by what the pool said (seats/heartbeat.h).
    std::uint64_t kept = 0;
    std::uint64_t known = 0;
    std::uint64_t full = 0;
    std::uint64_t refused = 0;

    void add(seats::HeartbeatPool::Added verdict) noexcept;
};

/// Told of what people and tools ask for.
class Observer {
  public:
    virtual ~Observer() = default;
    virtual void on_block(const chain::Execution& execution) = 0;
    /// Blocks below `keep` and their answers are about to be removed.
    virtual void on_pruning(std::int64_t) {}
    virtual void on_fact(const consensus::Inward& fact) = 0;
};

class Node final : EngineListener, StateSync::Owner {
  public:
    /// `seats`: null where the chain has none; else it is `parts.application`, too.
    Node(EngineParts parts, NodeConfig config, const p2p::LocalNode& local,
         seats::SeatsApplication* seats);

    /// In the order in which they came. Borrowed.
    void add_observer(Observer& observer) { observers_.push_back(&observer); }
    [[nodiscard]] base::Verdict recover(const types::GenesisDoc& genesis,
                                        const store::LogContents& log) {
        return config_.state_sync ? engine_.prepare_restore(genesis, log)
                                  : engine_.recover(genesis, log);
    }
    /// Dials, restores a snapshot if that is wanted, and syncs blocks; consensus begins when there
    /// are no more of them.
    void start();
    /// In place of it: consensus as the log leaves it, and nobody is dialled. For who only looks.
    void begin_offline() { engine_.begin_consensus(); }

    // ---- Events. The host calls end_turn() after each of them, and after each piece of work that
    // it was asked to call.
    /// `dialled`: the address asked for; none for who dialled us.
    void link_opened(LinkId link, std::optional<types::PeerAddress> dialled,
                     const types::IpAddress& remote);
    void link_bytes(LinkId link, base::BytesView bytes);
    void link_drained(LinkId link);
    void link_closed(LinkId link);
    void dial_failed(const types::PeerAddress& address);
    void log_durable() { engine_.log_durable(); }
    /// What LightServers was asked. REQUIRES: a question is open.
    template <typename Answer>
    void light_answered(base::Result<Answer> answer) {
        if (state_sync_) state_sync_->light_answered(std::move(answer));
    }
    void end_turn();

    /// What of the wire may be read of this link now; 0: not before link_wake.
    [[nodiscard]] std::size_t receive_allowance(LinkId link);

    // ---- Transactions.
    /// The mempool's and the application's verdict, in this turn.
    [[nodiscard]] base::Result<abci::ResponseCheckTx> add_transaction(base::Bytes tx);
    /// Asks the application, and tells the mempool and everybody.
    [[nodiscard]] abci::ResponseCheckTx ask_about(const mempool::Question& question);

    // ---- Orders of an operator.
    void dial_seeds(const std::vector<types::PeerAddress>& seeds);
    void dial_peers(const std::vector<types::PeerAddress>& peers, bool persistent,
                    bool unconditional);

    // ---- To be looked at.
    [[nodiscard]] const Engine& engine() const noexcept { return engine_; }
    [[nodiscard]] const std::map<LinkId, Peer>& peers() const noexcept { return peers_; }
    [[nodiscard]] const mempool::Mempool& mempool() const noexcept { return parts_.mempool; }
    [[nodiscard]] bool syncs_blocks() const noexcept {
        return sync_.has_value() && !engine_.consensus_runs();
    }
    [[nodiscard]] bool syncs_state() const noexcept { return state_sync_.has_value(); }
    /// With all peers, those that left included.
    [[nodiscard]] const Traffic& traffic() const noexcept { return traffic_; }
    [[nodiscard]] const HeartbeatCounts& heartbeats() const noexcept { return heartbeats_; }

  private:
    // ---- EngineListener.
    void on_fact(const consensus::Inward& fact) override;
    void on_block(const chain::Execution& execution) override;
    void on_pruning(std::int64_t keep) override;
    void on_questions(std::vector<mempool::Question> questions) override;
    void on_height() override;
    void recheck_some();

    // ---- Links.
    void drop(LinkId link, const base::Refusal& why);
    void forget(std::map<LinkId, Peer>::iterator peer);
    void admit(Peer& peer, std::vector<types::ChannelMessage>& messages);
    [[nodiscard]] p2p::Moment moment() const;
    /// What the rules of peers want done (p2p/peers.h), and when they are to be asked next.
    void carry_out_peers();
    void carry_out(const p2p::PeersEffect& effect);
    void schedule_wake(Peer& peer);
    void wake(LinkId link);
    void hold_unfinished_to_its_bound();

    // ---- Messages (node_messages.cc). A refusal ends the connection.
    [[nodiscard]] base::Verdict hear(Peer& peer, types::ChannelMessage message);
    [[nodiscard]] base::Verdict hear_consensus(Peer& peer, const types::ChannelMessage& received);
    [[nodiscard]] base::Verdict hear_mempool(Peer& peer, types::ChannelMessage received);
    void judge_transactions(Peer& peer);
    [[nodiscard]] base::Verdict hear_evidence(Peer& peer, const types::ChannelMessage& received);
    [[nodiscard]] base::Verdict hear_blocksync(Peer& peer, const types::ChannelMessage& received);
    [[nodiscard]] base::Verdict hear_statesync(Peer& peer, const types::ChannelMessage& received);
    [[nodiscard]] base::Verdict hear_neighbours(Peer& peer, const types::ChannelMessage& received);
    [[nodiscard]] base::Verdict hear_heartbeat(Peer& peer, const types::ChannelMessage& received);
    void take_heartbeat(const Peer& peer, const seats::Heartbeat& heartbeat);
    void say_blocksync(Peer& peer, base::Bytes message);
    void relay_heartbeats(const std::vector<seats::Heartbeat>& heartbeats, LinkId except);

    // ---- StateSync::Owner.
    void say_snapshot(consensus::PeerId to, types::ChannelId channel, base::Bytes message) override;
    void on_restored(const sync::SyncedState& synced) override;

    // ---- Block sync (node_sync.cc): until consensus runs, and again when it falls far behind.
    [[nodiscard]] bool blocks_alone() const;
    [[nodiscard]] bool lacks_extensions() const;
    void begin_sync();
    void fetch_blocks();
    /// A peer is at `height`: is that so far ahead that its blocks are worth fetching?
    void consider_sync(std::int64_t height);
    /// Executes what is there, asks for more, and hands over to consensus when it has caught up.
    void sync_blocks();
    [[nodiscard]] bool execute_fetched();
    void end_sync();
    void carry_out(const sync::BlockEffect& effect);
    void schedule_sync(Time at);

    // ---- Leaving to others what they say (docs/adr/0013).
    /// Whoever sent us something sends it to `peer` as well.
    [[nodiscard]] bool is_left_to(std::uint64_t sender, const Peer& peer) const;
    template <typename Fact>
    void spare(const Fact& fact);
    void end_sparing();

    // ---- Saying.
    void send(Peer& peer, std::uint8_t channel, p2p::Connection::Message message);
    void say(Peer& peer, const gossip::OurView& ours);
    void say_queued(Peer& peer, std::uint8_t channel, std::deque<p2p::Connection::Message>& queue);
    void say_neighbours(Peer& peer);
    /// There is a new one: peers are told of it soon.
    void announce_transactions();
    void owe_transactions();
    void say_transactions(Peer& peer);
    void say_evidence(Peer& peer);
    template <typename Request, typename Answer>
    void say_wanted(Peer& peer, types::ChannelId id, std::deque<Request>& wanted,
                    const Answer& answer_to);
    void say_wanted_blocks(Peer& peer);
    void say_wanted_chunks(Peer& peer);
    void flush(Peer& peer);
    void touch_all() noexcept;
    void neighbours_changed() noexcept;
    [[nodiscard]] gossip::OurView view() const;
    void claim_again();
    void repeat_evidence();
    void report(LogLevel level, std::string_view text) const;

    EngineParts parts_;
    NodeConfig config_;
    const p2p::LocalNode* local_;
    seats::SeatsApplication* seats_;
    std::vector<Observer*> observers_;
    Engine engine_;
    p2p::Peers rules_;  // whom to dial, whom to let in
    std::optional<Time> rules_wake_at_;
    std::optional<StateSync> state_sync_;    // until the snapshot is restored
    std::optional<sync::BlockClient> sync_;  // none once consensus runs, unless it is far behind
    std::int64_t synced_until_ = 0;          // then: the first height that was not asked
    Time sync_progress_at_{0};               // the newest block was executed
    Time sync_not_before_{0};                // looked for again
    std::optional<Time> sync_wake_at_;
    std::map<LinkId, Peer> peers_;
    Traffic traffic_;
    HeartbeatCounts heartbeats_;
    std::vector<mempool::Question> rechecks_;  // not asked yet
    bool is_sparing_ = false;                  // end_sparing() comes
    bool is_announcing_ = false;               // owe_transactions() comes
};

}  // namespace tandem::node
