// A decided block takes effect: in which order, and what of it must be on the disk by when.
//
// The order is one table, `execution_order`, and Execution walks it. The node and the simulator
// carry the steps out; neither knows the order, so both have the same one:
//
//     Execution execution(mode, state, decided, last_validators);
//     while (const auto step = execution.next()) {
//         switch (*step) { ... do it, then execution.done() or hand in the answer ... }
//     }
//
// Why this order. A crash may fall between any two steps, and recovery.h must find its way from
// what is left. Everything that is needed to repeat Commit(H) or to do without it, namely the
// block, its commit and the application's answer, is on the disk before the
// application is told to commit (step make_durable): from then on it may have forgotten the state
// before. State(H) itself is written after Commit and may get lost; then it is made again from the
// stored answer. CometBFT has three syncs where this has one; its rule that the marker is durable
// before FinalizeBlock protects applications that save too early, which ABCI forbids.
//
// Not here: carrying steps out (node, sim), pruning rules (store), events (node).
#pragma once
#include "chain/block_validation.h"
#include "chain/requests.h"
#include "consensus/effects.h"

namespace tandem::chain {

/// In the order of the table. What is asked of whoever carries them out:
enum class ExecutionStep : std::uint8_t {
    validate_block,   // validate(); own state says no to a decided block: stop the node
    store_block,      // parts, meta and seen precommits; the marker before is durable by then
    log_end_height,   // a marker in the log: inputs before it are of this height or lower
    finalize_block,   // ask the application; finalized(answer)
    store_answer,     // the answer to FinalizeBlock, as it came
    update_state,     // update(); refused: stop the node
    make_durable,     // a barrier: what was written to the database is on the disk
    commit,           // lock and flush the mempool, ask the application; committed(answer)
    update_mempool,   // drop what was committed, unlock, recheck
    update_evidence,  // committed evidence leaves the pool, expired evidence too
    save_state,       // state_after(), and the validators and parameters of the heights to come
    prune,            // blocks below retain_height(), if it is above 0
    publish,          // events of the block, in the order of the wire page
};

enum class ExecutionMode : std::uint8_t {
    decided,               // consensus decided it, or block sync verified it
    stored,                // recovery: it lies in the store, the application has not seen it
    stored_and_committed,  // recovery: the application committed it; its answer was stored
    replayed,              // recovery: only the application lacks it; the state is ahead
};

struct ExecutionRule {
    ExecutionStep step;
    bool decided, stored, stored_and_committed, replayed;  // whether the mode has the step

    [[nodiscard]] constexpr bool belongs_to(ExecutionMode mode) const noexcept {
        switch (mode) {
            case ExecutionMode::decided:
                return decided;
            case ExecutionMode::stored:
                return stored;
            case ExecutionMode::stored_and_committed:
                return stored_and_committed;
            case ExecutionMode::replayed:
                return replayed;
        }
        return false;
    }
};

/// The table. A block that recovery takes from the store is there already, yet its marker may not
/// be: the log says (recovery.h). Mempool and evidence pool are empty at start, and what a replayed
/// block publishes was published before.
inline constexpr std::array<ExecutionRule, 13> execution_order{{
    // step                          decided stored  committed replayed
    {ExecutionStep::validate_block, true, true, true, false},
    {ExecutionStep::store_block, true, false, false, false},
    {ExecutionStep::log_end_height, true, false, false, false},
    {ExecutionStep::finalize_block, true, true, false, true},
    {ExecutionStep::store_answer, true, true, false, false},
    {ExecutionStep::update_state, true, true, true, false},
    {ExecutionStep::make_durable, true, true, false, false},
    {ExecutionStep::commit, true, true, false, true},
    {ExecutionStep::update_mempool, true, false, false, false},
    {ExecutionStep::update_evidence, true, true, true, false},
    {ExecutionStep::save_state, true, true, true, false},
    {ExecutionStep::prune, true, true, false, false},
    {ExecutionStep::publish, true, true, true, false},
}};

struct DecidedBlock {
    BlockId id;
    Shared<types::Block> block;
    Shared<types::PartSet> parts;    // none where the block comes from the store
    consensus::CommitRecord commit;  // the precommits for it; likewise

    bool operator==(const DecidedBlock&) const = default;
    [[nodiscard]] static DecidedBlock from(const consensus::Decide& decide) {
        return {decide.id, decide.block, decide.parts, decide.commit};
    }
};

/// One block on its way through the table. A value; it owns nothing that acts.
class Execution {
  public:
    /// REQUIRES: another mode than replayed, and the block follows `before`.
    Execution(ExecutionMode mode, State before, DecidedBlock decided);
    /// Mode replayed. `last_validators` are those of the height before the block's, and the
    /// application must come to `application_hash`, which the header after it or the state has.
    [[nodiscard]] static Execution replay(std::int64_t initial_height, DecidedBlock decided,
                                          Shared<ValidatorSet> last_validators,
                                          const Hash& application_hash);

    /// What to do now; nothing when all is done.
    [[nodiscard]] std::optional<ExecutionStep> next() const noexcept;

    // ---- Each ends the present step. REQUIRES: it is the present step.
    /// A step without a function of its own was carried out.
    void done();
    [[nodiscard]] Verdict validate(const Validation& validation);
    /// Refused, and the node must stop, for another number of results than of transactions, and
    /// for another application hash in a replay.
    [[nodiscard]] Verdict finalized(abci::ResponseFinalizeBlock answer);
    [[nodiscard]] Verdict update();
    void committed(const abci::ResponseCommit& answer);

    /// Mode stored_and_committed, before anything else: the answer that was stored. One without an
    /// application hash gets `application_hash`, which the application says in Info.
    void use_stored_answer(abci::ResponseFinalizeBlock answer, const Hash& application_hash);
    /// The block was validated against this very state before (BlockJudged); skips validate_block.
    void skip_validation();

    [[nodiscard]] const DecidedBlock& decided() const noexcept { return decided_; }
    [[nodiscard]] std::int64_t height() const noexcept { return decided_.block->header.height; }
    [[nodiscard]] abci::RequestFinalizeBlock request() const;
    /// REQUIRES: finalized, or use_stored_answer.
    [[nodiscard]] const abci::ResponseFinalizeBlock& answer() const;
    /// REQUIRES: another mode than replayed.
    [[nodiscard]] const State& state_before() const;
    /// REQUIRES: update() went well.
    [[nodiscard]] const State& state_after() const;
    /// 0: nothing to prune.
    [[nodiscard]] std::int64_t retain_height() const noexcept { return retain_height_; }

  private:
    Execution(ExecutionMode mode, DecidedBlock decided, Shared<ValidatorSet> last_validators,
              std::int64_t initial_height);
    void expect(ExecutionStep step) const;
    void advance();

    ExecutionMode mode_;
    std::size_t position_ = 0;  // in execution_order
    DecidedBlock decided_;
    Shared<ValidatorSet> last_validators_;
    std::int64_t initial_height_;
    std::optional<State> before_;           // not of a replay
    std::optional<Hash> application_hash_;  // of a replay: what must come out
    std::optional<abci::ResponseFinalizeBlock> answer_;
    std::optional<State> after_;
    std::int64_t retain_height_ = 0;
};

}  // namespace tandem::chain
