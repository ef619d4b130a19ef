// One block through the seats: record, evidence, rule, operations, the application's updates, each
// step on the state that the one before it left (seats page, section 4).
//
// Deterministic: the same state and block give the same state, updates and events everywhere. The
// same code runs when a block is executed live, replayed or synchronised.
#pragma once
#include "abci/messages.h"
#include "abci/results.h"
#include "seats/admin.h"
#include "seats/record.h"
#include "seats/rule.h"

namespace tandem::seats {

/// What of the block the steps need. Everything is borrowed for the duration of the call.
struct BlockContext {
    std::int64_t height = 0;
    Timestamp time;
    BytesView block_hash;
    BytesView proposer_address;
    const abci::CommitInfo& last_commit;
    std::span<const abci::Misbehavior> misbehavior;
};

/// Whether there may be so many nodes: the largest record of `nodes` nodes fits a block beside the
/// largest evidence and the commit of `seats` validators, and they are no more than nodes_max.
[[nodiscard]] bool fits_block(std::size_t nodes, std::size_t seats, std::int64_t block_bytes_max,
                              std::int64_t evidence_bytes_max);

/// How much of a seat is left, by the newest record.
enum class Redundancy : std::uint8_t { spare, exposed, down };
/// `exposed`: no standby is known to be alive; `down`: no node is.
[[nodiscard]] Redundancy redundancy_of(const Seat& seat) noexcept;

/// Whether an admin transaction may enter the mempool: it is well-formed and signed, its nonce not
/// used up yet and its expiry not passed. Whether it fits is decided in its block.
struct AdminCheck {
    AdminCode code = AdminCode::ok;
    std::string why;
};
[[nodiscard]] AdminCheck check_admin_tx(const State& state, BytesView bytes,
                                        const crypto::Verifier& verifier);

/// A block on its way through the steps. Call them in the order of their declaration.
class BlockProcess {
  public:
    BlockProcess(const State& before, const BlockContext& context, const crypto::Verifier& verifier,
                 const HeartbeatPool* pool);

    /// `first_tx` is the block's first transaction, if any. A block without a valid record runs no
    /// rule; the initial height has none and is otherwise treated the same. `checked` is what
    /// check_record said of this block's record on this state, where that was asked before.
    void record_step(std::optional<BytesView> first_tx,
                     const std::vector<Status>* checked = nullptr);
    void evidence_step();
    void rule_step();
    /// One admin transaction, in the order of the block.
    [[nodiscard]] abci::ExecTxResult admin_step(BytesView bytes);
    /// The application's validator updates: maps identities to seats; keeps what the genesis
    /// allows, drops the rest with an event.
    void application_step(std::span<const abci::ValidatorUpdate> updates);
    /// The application's update of the consensus parameters; false, with an event, when it must be
    /// dropped because the largest record would not fit a block under it.
    [[nodiscard]] bool params_step(const types::ConsensusParamsMessage& update);

    struct Outcome {
        State state;  // after the block; the newest application hash is not in it yet
        std::vector<abci::ValidatorUpdate> updates;  // difference of the decided sets, key by key
        std::vector<abci::Event> events;
        std::vector<SwitchFact> switches;  // decided in this block
    };
    [[nodiscard]] Outcome finish() &&;

    [[nodiscard]] const State& state() const noexcept { return state_; }
    [[nodiscard]] bool has_valid_record() const noexcept { return statuses_.has_value(); }
    /// Why the block has no valid record.
    [[nodiscard]] const std::string& record_refusal() const noexcept { return record_refusal_; }

  private:
    friend class AdminOperation;  // admin_operation.h: applies one operation to the state

    void convict(const abci::Misbehavior& misbehavior);
    void switch_seat(Seat& seat, std::uint32_t to, SwitchReason reason);
    void count_moved(std::int64_t power);
    void emit(std::string type, std::vector<std::pair<std::string, std::string>> attributes);

    State state_;
    BlockContext context_;
    const crypto::Verifier* verifier_;
    const HeartbeatPool* pool_;
    std::vector<types::ValidatorChange> set_before_;
    std::int64_t total_before_ = 0;
    std::vector<Redundancy> redundancy_before_;    // by seat, as `before` had them
    std::optional<std::vector<Status>> statuses_;  // of the valid record, per registered node
    std::string record_refusal_;
    std::int64_t moved_power_ = 0;                  // by evidence, rule and earlier operations
    std::vector<std::string> touched_seats_;        // by admin operations
    std::optional<ChainParams> next_chain_params_;  // from the next block on
    std::vector<abci::Event> events_;
    std::vector<SwitchFact> switches_;
};

}  // namespace tandem::seats
