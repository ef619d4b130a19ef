// The inside of a simulated process: what is lost when it ends.
#pragma once
#include "sim/evidence.h"
#include "sim/liar.h"
#include "sim/message.h"
#include "sim/node.h"

namespace tandem::sim {

/// The store of seats on a simulated disk.
class SimulatedStateStore final : public seats::StateStore {
  public:
    explicit SimulatedStateStore(Disk& disk) : disk_(disk) {}
    void save(seats::CommitPoint point) override {
        disk_.touch();
        disk_.seats_point = std::move(point);
        disk_.touch();
    }
    std::optional<seats::CommitPoint> load() override { return disk_.seats_point; }
    void keep_for_snapshots(std::int64_t, const seats::State&, base::BytesView) override {}
    void drop_for_snapshots(std::int64_t) override {}
    std::optional<Kept> load_for_snapshots(std::int64_t) override { return std::nullopt; }
    std::vector<std::int64_t> kept_for_snapshots() override { return {}; }

  private:
    Disk& disk_;
};

/// Proposals, parts and votes that came before their time: kept until it comes, each once.
class EarlyMessages {
  public:
    void keep(const MessagePtr& message, std::size_t from);
    struct Item {
        std::size_t from;
        MessagePtr message;
    };
    /// What is of `height`; what is of lower heights is dropped. Votes only at its beginning.
    [[nodiscard]] std::vector<Item> take(std::int64_t height);

  private:
    static constexpr std::size_t items_max = 1024;
    struct Key {
        std::int64_t height = 0;
        std::int64_t round = 0;
        int kind = 0;
        std::int64_t index = 0;
        auto operator<=>(const Key&) const = default;
    };
    [[nodiscard]] static std::optional<Key> key_of(const Message& message);
    std::map<Key, Item> items_;
};

struct Node::Process {
    explicit Process(Node& owner);

    // ---- Start.
    void recover();
    [[nodiscard]] chain::RecoveryFacts facts() const;
    [[nodiscard]] types::LastSigned newest_watermark() const;
    void finish_last_block(const chain::RecoveryPlan& plan, const chain::RecoveryFacts& found,
                           const types::Hash& application_hash);
    void replay_application(const chain::RecoveryPlan& plan);
    void replay_log(std::int64_t marker);
    void hold_back(std::int64_t height);
    void enter_height(bool began_in_sight);

    // ---- Inputs to consensus, and what follows from them.
    std::expected<void, consensus::Refusal> feed(consensus::Event event);
    void carry_out(consensus::Ready ready);
    void carry_out_inward(consensus::Inward& effect);
    void build_block(const consensus::BuildBlock& question);
    void judge_block(const consensus::JudgeBlock& question);
    [[nodiscard]] bool own_key_is_registered() const;
    [[nodiscard]] std::string why_rejected(const abci::RequestProcessProposal& request) const;
    void look_for_left_out(const wire::Txs& txs);
    void plan_outward(consensus::Outward effect);
    template <typename Reservation, typename Then>
    void log_and_sign(Reservation reserved, Then then);
    void ask_barrier();
    void barrier_done(std::uint64_t position);
    void sign_vote(signer::Pending<types::Vote> pending);
    void sign_proposal(signer::Pending<types::Proposal> pending,
                       const Shared<types::PartSet>& parts);
    template <typename Work>
    void later(Nanos delay, Work work);
    /// Up to `limit`, by the dice and by how slow the node is.
    [[nodiscard]] Nanos takes(Nanos limit);

    // ---- Executing blocks.
    void decide(const consensus::Decide& decision);
    void execute(chain::Execution execution, bool was_validated);
    void execute_step(chain::Execution& execution, chain::ExecutionStep step);
    void store_block(StoredBlock block);
    void append_marker(std::int64_t height);
    void update_mempool(const types::Block& block);
    void publish(const chain::Execution& execution);
    void send_heartbeat();

    // ---- Network.
    void broadcast(Channel channel, const MessagePtr& message);
    void send_to(std::size_t peer, Channel channel, const MessagePtr& message);
    void receive(std::size_t from, const MessagePtr& message);
    void take_early();
    void receive_heartbeat(const MessagePtr& message, const seats::Heartbeat& heartbeat);
    void saw_own(const std::optional<Bytes>& record);
    void receive_vote(std::size_t from, const Message::Vote& message);
    /// Whether consensus has a vote of somebody else of the same place for something else.
    [[nodiscard]] bool is_in_conflict(const types::Vote& vote) const;
    void receive_proposal(std::size_t from, const Message::Proposal& message);
    void receive_block(std::size_t from, const Message::Block& message);
    void add_evidence(const types::Evidence& found);

    // ---- Gossip (process_gossip.cc).
    void tick();
    void look_at_core();
    [[nodiscard]] MessagePtr own_status() const;
    void ask(std::size_t peer, const MessagePtr& status);
    void answer(std::size_t from, const Message::Status& status);
    void answer_votes(std::size_t from, const Message::Status& status, std::int32_t round,
                      types::SignedMsgType type);
    void answer_block_parts(std::size_t from, const Message::Status& status);

    [[nodiscard]] chain::Validation validation() const;
    [[nodiscard]] types::EvidenceContext evidence_context() const;
    [[nodiscard]] signer::ValidatorsAt validators_at(std::int64_t height) const;
    [[nodiscard]] World& world() const { return node.setting_.world; }
    [[nodiscard]] const std::string& chain_id() const { return node.setting_.genesis.chain_id; }
    void broken(std::string what);

    Node& node;
    std::uint64_t epoch;
    CountingApplication application;
    SimulatedStateStore store;
    seats::SeatsApplication seats;
    chain::State state;
    consensus::Core core;
    std::optional<signer::Signer> signer;
    std::map<std::int64_t, StoredBlock> blocks;  // as written, durable or not
    EvidencePool evidence;
    chain::VerifyingEvidenceJudge evidence_judge;
    std::optional<std::pair<types::BlockId, std::int64_t>> judged_valid;

    struct Outgoing {  // waits for the disk
        std::uint64_t needs;
        std::function<void()> act;
    };
    std::deque<Outgoing> outgoing;
    bool barrier_running = false;
    bool replaying = false;
    bool conflict_reported = false;  // by consensus, since it was set to false
    std::uint64_t timer_number = 0;

    /// Heartbeats that the pool did not refuse, by height.
    std::map<std::int64_t, std::vector<MessagePtr>> heartbeats_heard;
    std::optional<Shared<types::Vote>> heard_own;  // our highest, newest from others

    EarlyMessages early;
    bool early_fits = false;          // something happened that makes early messages useful
    std::uint64_t newest_marker = 0;  // where it ends in the log
    int heights_to_hold = 0;          // silent until so many heights began in our sight
    Nanos progress_at = 0;
    bool halted = false;
};

template <typename Work>
void Node::run(std::uint64_t epoch, Work work) {
    if (epoch != epoch_ || process_ == nullptr) return;
    if (frozen_) {  // time stands still in here; what was to happen happens after waking up
        setting_.world.after(100 * millisecond,
                             [this, epoch, work = std::move(work)] { run(epoch, work); });
        return;
    }
    try {
        work(*process_);
    } catch (const PowerCut&) {
        crash();
    }
}

template <typename Work>
void Node::Process::later(Nanos delay, Work work) {
    world().after(delay, [owner = &node, number = epoch, work = std::move(work)] {
        owner->run(number, work);
    });
}

}  // namespace tandem::sim
