// The inside of a simulated process: what is lost when it ends.
#pragma once
#include "sim/node.h"

namespace tandem::sim {

using consensus::Shared;

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

/// Takes every piece of evidence that is well-formed; verification is a matter of the real pool.
class TrustingEvidenceJudge final : public chain::EvidenceJudge {
  public:
    base::Verdict judge(const chain::State&, const types::EvidenceList&) const override {
        return {};
    }
};

struct Message {  // between nodes
    struct Proposal {
        Shared<types::Proposal> proposal;
    };
    struct Part {
        std::int64_t height;
        std::int32_t round;
        Shared<types::Part> part;
    };
    struct Vote {
        Shared<types::Vote> vote;
    };
    struct Heartbeat {
        std::shared_ptr<const seats::Heartbeat> heartbeat;
    };
    struct Status {  // "I am here, and I have waited long"
        std::int64_t height;
        std::int32_t round;
    };
    struct Block {
        std::shared_ptr<const StoredBlock> block;
    };
    std::variant<Proposal, Part, Vote, Heartbeat, Status, Block> content;
};

struct Node::Process {
    explicit Process(Node& owner);

    // ---- Start.
    void recover();
    void replay_log(std::int64_t marker);
    void enter_height();

    // ---- Inputs to consensus, and what follows from them.
    void feed(consensus::Event event);
    void follow(const consensus::Input& input, bool is_replay);
    void carry_out(consensus::Ready ready, bool is_replay);
    void carry_out_inward(consensus::Inward& effect);
    void build_block(const consensus::BuildBlock& question);
    void judge_block(const consensus::JudgeBlock& question);
    void plan_outward(consensus::Outward effect);
    void ask_barrier();
    void barrier_done(std::uint64_t position);
    void sign_vote(signer::Pending<types::Vote> pending);
    void sign_proposal(signer::Pending<types::Proposal> pending, Shared<types::PartSet> parts);

    // ---- Executing blocks.
    void decide(const consensus::Decide& decision);
    void execute(chain::Execution execution, bool was_validated);
    void execute_step(chain::Execution& execution, chain::ExecutionStep step);
    void send_heartbeat();

    // ---- Network.
    void broadcast(Network::Channel channel, const Message& message);
    void send_to(std::size_t peer, Network::Channel channel, const Message& message);
    void receive(std::size_t from, const Message& message);
    void receive_vote(std::size_t from, const Shared<types::Vote>& vote);
    void receive_proposal(std::size_t from, const Shared<types::Proposal>& proposal);
    void receive_status(std::size_t from, const Message::Status& status);
    void receive_block(const Message::Block& message);
    void tick();

    [[nodiscard]] chain::Validation validation() const;
    [[nodiscard]] signer::ValidatorsAt validators_at(std::int64_t height) const;
    void broken(std::string what);

    Node& node;
    std::uint64_t epoch;
    CountingApplication application;
    SimulatedStateStore store;
    seats::SeatsApplication seats;
    TrustingEvidenceJudge evidence;
    chain::State state;
    consensus::Core core;
    std::optional<signer::Signer> signer;
    std::map<std::int64_t, StoredBlock> blocks;  // as written, durable or not
    std::map<std::int64_t, abci::ResponseFinalizeBlock> answers;
    std::optional<std::pair<types::BlockId, std::int64_t>> judged_valid;

    struct Outgoing {  // waits for the disk
        std::uint64_t needs;
        std::function<void()> act;
    };
    std::deque<Outgoing> outgoing;
    bool barrier_running = false;
    std::uint64_t timer_number = 0;

    std::vector<Message> said_at_height;  // proposals, parts and votes of the present height
    Nanos progress_at = 0;
    bool halted = false;
};

}  // namespace tandem::sim
