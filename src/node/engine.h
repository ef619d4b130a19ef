// The engine of a node: carries out what consensus wants, in the order that the disk demands.
//
//     input -> log -> core -> Ready
//                               now:           timers, questions to the application, facts
//                               once durable:  votes and proposals, after their barrier
//
// A decided block runs through chain's table of execution (chain/execution.h); at start, the
// recovery table (chain/recovery.h) says what a crash left to do. Neither order stands here.
//
// ---- Barriers per height: one before the prevote is signed, one before the precommit, one of the
// database before the application commits; the proposer has one more before its proposal. A
// decision needs none of its own: it is proved by the commit that is stored with the block. The
// log's marker of a height becomes durable with the next vote; who does not vote makes it durable
// before the next block is committed, so that the log is never further behind than one height.
//
// Not here: what to tell which peer (node.h), sockets and clocks (host.h).
#pragma once
#include <deque>

#include "abci/application.h"
#include "chain/block_building.h"
#include "chain/execution.h"
#include "chain/recovery.h"
#include "consensus/core.h"
#include "evidence/pool.h"
#include "mempool/mempool.h"
#include "node/host.h"
#include "signer/remote_key.h"
#include "store/block_store.h"
#include "store/log.h"
#include "store/state_store.h"

namespace tandem::node {

/// What the engine works with. All of it is borrowed and outlives the engine.
struct EngineParts {
    Host& host;
    Reporter& reporter;
    Log& log;
    store::KeyValues& database;  // of blocks and state: one barrier serves both
    store::BlockStore& blocks;
    store::StateStore& states;
    abci::Application& application;
    evidence::Pool& evidence;
    mempool::Mempool& mempool;
    const crypto::Verifier& verifier;
};

struct EngineConfig {
    consensus::Config consensus;
    chain::ChainRules rules;
    types::Duration block_time_tolerance{60'000'000'000};
    /// Null, and no remote key either: the node never votes.
    std::shared_ptr<const crypto::SigningKey> key;
    /// In place of `key`. Borrowed, outlives the engine.
    signer::RemoteKey* remote_key = nullptr;
    /// What `key` signed last before it came to this node's log; the later memory counts.
    types::LastSigned signed_before = {};
    std::string software_version;
    bool keep_answers = true;  // of all blocks, and not of the newest alone
};

/// Received, and nothing new: since the process began.
struct DuplicateCounts {
    std::uint64_t votes = 0;
    std::uint64_t parts = 0;
};

/// Told of what happened, in the turn in which it did.
class EngineListener {
  public:
    virtual ~EngineListener() = default;
    virtual void on_fact(const consensus::Inward& fact) = 0;
    /// The block took effect; a new height follows.
    virtual void on_block(const chain::Execution& execution) = 0;
    /// Blocks below `keep` and their answers are about to be removed.
    virtual void on_pruning(std::int64_t keep) = 0;
    /// To be asked of the application, and answered to the mempool.
    virtual void on_questions(std::vector<mempool::Question> questions) = 0;
    /// Consensus entered a height.
    virtual void on_height() = 0;
};

class Engine {
  public:
    Engine(EngineParts parts, EngineConfig config, EngineListener& listener);

    // ---- Start.
    /// Brings log, store, state and application to one height. Refused with what to do.
    [[nodiscard]] base::Verdict recover(const types::GenesisDoc& genesis,
                                        const store::LogContents& log);
    /// In place of recover(), where a snapshot will be restored: the application is not asked.
    [[nodiscard]] base::Verdict prepare_restore(const types::GenesisDoc& genesis,
                                                const store::LogContents& log);
    /// The application was restored to `state`; `commit` is that for its block. Durable on return.
    void adopt(chain::State state, const types::Commit& commit);
    /// Consensus begins, at the height after the state's; or goes on there, after
    /// leave_consensus().
    void begin_consensus();
    /// Blocks come from elsewhere for a while: nothing is signed, and what is heard does not count.
    /// False: not now, for a signature waits for the disk.
    [[nodiscard]] bool leave_consensus();
    [[nodiscard]] bool has_left_consensus() const noexcept { return has_left_; }
    [[nodiscard]] bool consensus_runs() const noexcept { return runs_; }

    // ---- From peers, well-formed. What is refused and matters to the sender comes back.
    using Fed = std::expected<void, consensus::Refusal>;
    void receive_vote(consensus::PeerId from, consensus::Shared<types::Vote> vote);
    void receive_proposal(consensus::PeerId from, types::Proposal proposal);
    Fed receive_part(consensus::PeerId from, std::int64_t height, std::int32_t round,
                     types::Part part);
    Fed receive_claim(consensus::PeerId from, const types::VoteSetMaj23& claim);

    // ---- From the host.
    void log_durable();

    /// The mempool has something.
    void transactions_available();
    /// As a block is validated against state().
    [[nodiscard]] chain::Validation validation() const;
    /// Block sync validated it. REQUIRES: consensus does not run, it follows the state.
    void execute_synced(chain::DecidedBlock decided);

    [[nodiscard]] const DuplicateCounts& duplicates() const noexcept { return duplicates_; }
    [[nodiscard]] const chain::State& state() const noexcept { return state_; }
    [[nodiscard]] const consensus::State& consensus_state() const noexcept { return core_.state(); }
    /// Of the state's height, or of the one before.
    [[nodiscard]] const types::ValidatorSet* validators_at(std::int64_t height) const;
    [[nodiscard]] bool is_validator() const;
    [[nodiscard]] const std::optional<types::Address>& own_address() const noexcept {
        return own_address_;
    }
    [[nodiscard]] const std::optional<crypto::PublicKey>& own_key() const noexcept {
        return own_key_;
    }

  private:
    struct Outgoing {  // waits for the disk
        signer::LogPosition needs;
        std::function<void()> act;
    };

    // ---- Start (engine_recovery.cc).
    [[nodiscard]] chain::RecoveryFacts facts(const store::LogContents& log,
                                             std::int64_t initial_height,
                                             std::int64_t application_height) const;
    [[nodiscard]] base::Verdict restore_signer(const store::LogContents& log);
    [[nodiscard]] base::Verdict initialise_chain(const types::GenesisDoc& genesis,
                                                 const chain::RecoveryPlan& plan);
    [[nodiscard]] base::Verdict replay_blocks(const chain::RecoveryPlan& plan);
    [[nodiscard]] base::Verdict finish_last_block(const chain::RecoveryPlan& plan,
                                                  const types::Hash& application_hash);
    [[nodiscard]] base::Result<chain::DecidedBlock> stored_block(std::int64_t height) const;
    void replay_inputs();
    void replay_input(const store::LoggedInput& logged);
    [[nodiscard]] std::optional<consensus::Event> event_of(const store::LoggedEvent& event) const;

    // ---- Consensus.
    Fed feed(consensus::Event event);
    Fed step(const consensus::Input& input);
    [[nodiscard]] consensus::StartHeight start_of_height() const;
    void carry_out(consensus::Ready ready);
    void carry_out_inward(consensus::Inward& effect);
    void carry_out_outward(consensus::Outward effect);
    void set_timer(const consensus::SetTimer& timer);
    void build_block(const consensus::BuildBlock& question);
    void judge_block(const consensus::JudgeBlock& question);
    void extend_vote(const consensus::ExtendVote& question);
    void judge_extension(const consensus::JudgeExtension& question);
    /// In a turn of its own, if consensus is still at `height`.
    void soon(std::int64_t height, std::function<void()> work);
    template <typename Reservation, typename Then>
    void log_and_sign(Reservation reserved, Then then);
    template <typename Message>
    void sign(signer::Pending<Message> pending);
    void cast(base::Result<types::Vote> vote);
    void cast(base::Result<types::Proposal> proposal);
    void enter_height(bool began_in_sight);
    [[nodiscard]] consensus::Extensions extensions_at(std::int64_t height) const;
    [[nodiscard]] bool have_vote(const types::Vote& vote) const;

    // ---- Executing blocks (engine_execution.cc).
    void decide(const consensus::Decide& decision);
    void execute(chain::Execution& execution);
    [[nodiscard]] base::Verdict execute_step(chain::Execution& execution,
                                             chain::ExecutionStep step);
    void store_block(const chain::Execution& execution);
    void update_mempool(const chain::Execution& execution);
    void prune(const chain::Execution& execution);
    void save_state(const chain::Execution& execution);
    void append_marker(std::int64_t height);
    [[nodiscard]] static mempool::BlockRules mempool_rules(const chain::State& state);
    void report(LogLevel level, std::string_view text) const;

    EngineParts parts_;
    EngineConfig config_;
    EngineListener* listener_;
    std::optional<types::Address> own_address_;
    std::optional<crypto::PublicKey> own_key_;
    chain::State state_;
    consensus::Core core_;
    std::optional<signer::Signer> signer_;
    std::vector<store::LogEntry> to_replay_;  // of the log; until consensus begins
    bool runs_ = false;
    bool has_left_ = false;                                                  // it ran before
    std::vector<std::pair<std::int64_t, std::function<void()>>> postponed_;  // while it was left
    std::optional<consensus::Timer> missed_timer_;                           // likewise
    bool replaying_ = false;
    std::deque<Outgoing> outgoing_;
    std::uint64_t timer_number_ = 0;
    std::optional<std::pair<types::BlockId, std::int64_t>> judged_valid_;
    signer::LogPosition newest_marker_;
    bool memory_is_new_ = false;
    DuplicateCounts duplicates_;
    int heights_to_hold_ = 0;  // silent until so many heights began in our sight
};

}  // namespace tandem::node
