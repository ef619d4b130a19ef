// Start: bring log, block store, state and application to one height, whatever a crash left.
//
// Each of the four remembers a height. Execution writes them in a known order (execution.h), so
// after a crash only a few combinations are possible; others mean that somebody replaced one of
// the four, by a backup or by deleting it. The table says for each combination what to do, or why
// the node must not start and what its operator can do. A test walks all combinations and holds
// that each meets exactly one row of each part.
//
//     S  highest block in the store (0: none)     base  lowest block in the store
//     T  height of the state                      A     height of the application
//     L  newest marker in the log: 0 for the marker before the first block
//
// Part one compares S, T and A (wire page 05, A6). Part two compares L with the height that part
// one ends at. CometBFT starts over with an empty log when it finds none, because what it signed
// last stands in a file of its own. Here it stands in the log (signer), so a log that is missing,
// or older than the blocks, is refused: a validator without its memory could sign twice.
//
// Not here: doing it (node, sim).
#pragma once
#include "chain/state.h"

namespace tandem::chain {

/// What disk and application say at start. Heights of things that are empty are 0, and the marker
/// before the first block is 0 as well, whatever the initial height.
struct RecoveryFacts {
    std::int64_t initial_height = 1;
    std::int64_t store_base = 0;
    std::int64_t store_height = 0;        // S
    std::int64_t state_height = 0;        // T
    std::int64_t application_height = 0;  // A: Info.last_block_height
    bool answer_stored = false;           // the application's answer to block S is in the store
    enum class Log : std::uint8_t {
        missing,    // there is none
        no_marker,  // a watermark, but no marker: it was imported
        marker,     // newest marker: log_height
    };
    Log log = Log::missing;
    std::int64_t log_height = 0;  // L

    bool operator==(const RecoveryFacts&) const = default;
};

/// Rows of part one. Heights count from the chain's first block here: "one below" the first is 0.
enum class HandshakeRow : std::uint8_t {
    facts_absurd,            // no crash leaves this: negative, below the first height, base > S
    no_blocks,               // S = T = A = 0: a fresh node
    no_blocks_state_synced,  // S = 0 < T = A: block sync goes on from T
    no_blocks_app_differs,   // S = 0, A is another height than T
    state_above_store,       // T > S
    state_too_far_below,     // T < S - 1
    app_above_store,         // A > S
    app_below_base,          // the blocks that the application lacks are not here (any more)
    all_level,               // T = A = S
    app_behind,              // A < T = S: replay to the application
    state_and_app_behind,    // A < T = S - 1: replay, then execute S
    block_not_executed,      // A = T = S - 1: execute S
    answer_to_be_used,       // T = S - 1, A = S: make the state from the stored answer
    answer_missing,          // likewise, but there is none
};

/// Rows of part two. E is the height that part one ends at: S, or T where there are no blocks.
enum class LogRow : std::uint8_t {
    fresh,           // no log and no blocks: start one
    missing,         // no log though there are blocks
    without_marker,  // a log that holds a watermark alone
    level,           // L = E: replay what follows the marker
    one_above,       // L = E + 1, the crash took the block: the inputs that decided it are there
    blocks_removed,  // S = 0, any other L: somebody removed the blocks and rightly kept the log
    one_below,       // L = E - 1: the crash fell between store_block and log_end_height
    too_far_below,   // the log is older than the blocks
    too_far_above,   // the blocks are older than the log
};

struct RecoveryPlan {
    HandshakeRow handshake = HandshakeRow::facts_absurd;
    LogRow log = LogRow::missing;

    bool init_chain = false;          // ask InitChain first
    bool init_chain_decides = false;  // its answer makes the state (after_init_chain)
    /// Execute these blocks for the application alone (Execution::replay); none: first > last.
    std::int64_t replay_first = 0;
    std::int64_t replay_last = -1;
    enum class LastBlock : std::uint8_t {
        nothing,
        execute,            // block S, ExecutionMode::stored
        use_stored_answer,  // block S, ExecutionMode::stored_and_committed
    };
    LastBlock last_block = LastBlock::nothing;

    std::int64_t height = 0;  // E: where state and application stand when all is done
    enum class LogAction : std::uint8_t {
        append_marker,       // make a log if there is none; write marker E at its end
        replay_from_marker,  // step the inputs behind the last marker E again, then go on
    };
    LogAction log_action = LogAction::append_marker;
    /// The signer's memory begins now, so it does not know what the key signed in an earlier life.
    /// Where peers turn out to be ahead, hold back at the first height that is entered.
    bool memory_is_new = false;

    bool operator==(const RecoveryPlan&) const = default;
};

/// All rows whose condition holds: exactly one each. For the test that walks them.
[[nodiscard]] std::vector<HandshakeRow> handshake_rows(const RecoveryFacts& facts);
[[nodiscard]] std::vector<LogRow> log_rows(const RecoveryFacts& facts);

/// What to do; or, for rows that are fatal, a refusal "recovery.<row>" that says what was found,
/// what it means and what the operator can do.
[[nodiscard]] Result<RecoveryPlan> plan_recovery(const RecoveryFacts& facts);

/// The application hash after the handshake against that of the state; a difference is fatal.
[[nodiscard]] Verdict compare_application_hash(const Hash& expected, const Hash& found,
                                               std::int64_t height);

[[nodiscard]] std::string_view to_text(HandshakeRow row) noexcept;
[[nodiscard]] std::string_view to_text(LogRow row) noexcept;

}  // namespace tandem::chain
