#include "chain/recovery.h"

#include <fmt/format.h>

namespace tandem::chain {
namespace {

/// Heights counted from the chain's first block, so that one below it is 0 everywhere.
struct Places {
    std::int64_t base, store, state, application, log;
    bool absurd;  // one of them is no height of this chain
};

Places places_of(const RecoveryFacts& facts) {
    bool absurd = facts.initial_height < 1;
    const auto place = [&](std::int64_t height) -> std::int64_t {
        if (height == 0) return 0;
        absurd = absurd || height < facts.initial_height;
        return absurd ? 0 : height - facts.initial_height + 1;
    };
    Places p{place(facts.store_base),
             place(facts.store_height),
             place(facts.state_height),
             place(facts.application_height),
             facts.log == RecoveryFacts::Log::marker ? place(facts.log_height) : 0,
             false};
    p.absurd = absurd || p.base > p.store || (p.base == 0) != (p.store == 0);
    return p;
}

std::int64_t end_place(const Places& p) {
    return p.store == 0 ? p.state : p.store;
}

std::int64_t height_at(const RecoveryFacts& facts, std::int64_t place) {
    return place == 0 ? 0 : facts.initial_height + place - 1;
}

// ---- Part one. No block of a condition is implied by the order: a test walks all of them and
// finds exactly one row for each.

bool usable(const Places& p) {
    return !p.absurd;
}
bool with_blocks(const Places& p) {
    return usable(p) && p.store > 0;
}
/// Store and state as a crash may leave them.
bool in_step(const Places& p) {
    return with_blocks(p) && (p.state == p.store || p.state == p.store - 1);
}
/// And the application has no more than the store, and no less than the store can give it.
bool reachable(const Places& p) {
    return in_step(p) && p.application <= p.store && p.application >= p.base - 1;
}
bool one_behind(const Places& p) {
    return reachable(p) && p.state == p.store - 1;
}

using LastBlock = RecoveryPlan::LastBlock;

struct HandshakeRule {
    HandshakeRow row;
    std::string_view name;
    bool (*applies)(const Places& p, bool answer_stored);
    LastBlock last_block;
    std::string_view fatal;  // empty: the node starts
};

constexpr std::array<HandshakeRule, 14> handshake_table{{
    {HandshakeRow::facts_absurd, "facts_absurd", [](const Places& p, bool) { return p.absurd; },
     LastBlock::nothing,
     "No crash leaves such heights: the data folder or the application is damaged, or belongs to "
     "another chain. Restore both from one backup, or remove both and synchronise again."},
    {HandshakeRow::no_blocks, "no_blocks",
     [](const Places& p, bool) {
         return usable(p) && p.store == 0 && p.state == 0 && p.application == 0;
     },
     LastBlock::nothing, ""},
    {HandshakeRow::no_blocks_state_synced, "no_blocks_state_synced",
     [](const Places& p, bool) {
         return usable(p) && p.store == 0 && p.state > 0 && p.application == p.state;
     },
     LastBlock::nothing, ""},
    {HandshakeRow::no_blocks_app_differs, "no_blocks_app_differs",
     [](const Places& p, bool) { return usable(p) && p.store == 0 && p.application != p.state; },
     LastBlock::nothing,
     "There are no blocks to bring the application to the height of the state. Remove the data of "
     "both and synchronise again, or restore both from one backup."},
    {HandshakeRow::state_above_store, "state_above_store",
     [](const Places& p, bool) { return with_blocks(p) && p.state > p.store; }, LastBlock::nothing,
     "The state is ahead of the blocks that it comes from: the block store is older, or has lost "
     "blocks. Restore blocks and state from one backup, or remove both and synchronise again."},
    {HandshakeRow::state_too_far_below, "state_too_far_below",
     [](const Places& p, bool) { return with_blocks(p) && p.state < p.store - 1; },
     LastBlock::nothing,
     "A crash leaves the state at most one block behind the store: the state is older. Restore "
     "blocks and state from one backup, or remove both and synchronise again."},
    {HandshakeRow::app_above_store, "app_above_store",
     [](const Places& p, bool) { return in_step(p) && p.application > p.store; },
     LastBlock::nothing,
     "The application is ahead of the block store: the blocks were restored from an older backup, "
     "or this application belongs to another node. Restore the application to the height of the "
     "store or below, or let it begin anew at height 0."},
    {HandshakeRow::app_below_base, "app_below_base",
     [](const Places& p, bool) { return in_step(p) && p.application < p.base - 1; },
     LastBlock::nothing,
     "The blocks that the application lacks are not in the store. Restore the application to a "
     "height from which the store can go on, or remove the data of both and use state sync."},
    {HandshakeRow::all_level, "all_level",
     [](const Places& p, bool) {
         return reachable(p) && p.state == p.store && p.application == p.store;
     },
     LastBlock::nothing, ""},
    {HandshakeRow::app_behind, "app_behind",
     [](const Places& p, bool) {
         return reachable(p) && p.state == p.store && p.application < p.store;
     },
     LastBlock::nothing, ""},
    {HandshakeRow::state_and_app_behind, "state_and_app_behind",
     [](const Places& p, bool) { return one_behind(p) && p.application < p.state; },
     LastBlock::execute, ""},
    {HandshakeRow::block_not_executed, "block_not_executed",
     [](const Places& p, bool) { return one_behind(p) && p.application == p.state; },
     LastBlock::execute, ""},
    {HandshakeRow::answer_to_be_used, "answer_to_be_used",
     [](const Places& p, bool answer_stored) {
         return one_behind(p) && p.application == p.store && answer_stored;
     },
     LastBlock::use_stored_answer, ""},
    {HandshakeRow::answer_missing, "answer_missing",
     [](const Places& p, bool answer_stored) {
         return one_behind(p) && p.application == p.store && !answer_stored;
     },
     LastBlock::nothing,
     "The application has executed the newest block, but its answer is not in the store, and the "
     "state cannot be made without it. Restore the application to a lower height, or let it begin "
     "anew at height 0: the blocks will be replayed to it."},
}};

// ---- Part two.

using Log = RecoveryFacts::Log;
using LogAction = RecoveryPlan::LogAction;

struct LogPlaces {
    Log log;
    std::int64_t marker, end;
    bool blocks;  // there are any
};

bool marked(const LogPlaces& p) {
    return p.log == Log::marker;
}
bool next_to(const LogPlaces& p) {
    return p.marker == p.end || p.marker == p.end + 1;
}

struct LogRule {
    LogRow row;
    std::string_view name;
    bool (*applies)(const LogPlaces& p);
    LogAction action;
    bool memory_is_new;
    std::string_view fatal;
};

constexpr std::array<LogRule, 9> log_table{{
    {LogRow::fresh, "fresh", [](const LogPlaces& p) { return p.log == Log::missing && !p.blocks; },
     LogAction::append_marker, true, ""},
    {LogRow::missing, "missing",
     [](const LogPlaces& p) { return p.log == Log::missing && p.blocks; }, LogAction::append_marker,
     true,
     "The log is gone though blocks are there, and with it the memory of what this node signed: "
     "going on, a validator could sign twice. Restore the log, or import a "
     "priv_validator_state.json that is no older than the last signature."},
    {LogRow::without_marker, "without_marker",
     [](const LogPlaces& p) { return p.log == Log::no_marker; }, LogAction::append_marker, false,
     ""},
    {LogRow::level, "level", [](const LogPlaces& p) { return marked(p) && p.marker == p.end; },
     LogAction::replay_from_marker, false, ""},
    {LogRow::one_above, "one_above",
     [](const LogPlaces& p) { return marked(p) && p.marker == p.end + 1; },
     LogAction::replay_from_marker, false, ""},
    {LogRow::blocks_removed, "blocks_removed",
     [](const LogPlaces& p) { return marked(p) && !p.blocks && !next_to(p); },
     LogAction::append_marker, false, ""},
    {LogRow::one_below, "one_below",
     [](const LogPlaces& p) { return marked(p) && p.blocks && p.marker == p.end - 1; },
     LogAction::append_marker, false, ""},
    {LogRow::too_far_below, "too_far_below",
     [](const LogPlaces& p) { return marked(p) && p.blocks && p.marker < p.end - 1; },
     LogAction::append_marker, false,
     "A crash leaves the log at most one block behind the store: the log is older, and does not "
     "know what this node signed since. Going on, a validator could sign twice. Restore the newest "
     "log, or import a priv_validator_state.json that is no older than the last signature."},
    {LogRow::too_far_above, "too_far_above",
     [](const LogPlaces& p) { return marked(p) && p.blocks && p.marker > p.end + 1; },
     LogAction::append_marker, false,
     "A crash leaves the log at most one block ahead of the store: the block store is older. "
     "Restore it, or remove blocks, state and the application's data, keep the log, and "
     "synchronise again."},
}};

LogPlaces log_places_of(const RecoveryFacts& facts) {
    const Places p = places_of(facts);
    return {facts.log, p.log, end_place(p), p.store > 0};
}

const HandshakeRule& handshake_rule(const RecoveryFacts& facts) {
    const Places p = places_of(facts);
    const auto rule = std::ranges::find_if(handshake_table, [&](const HandshakeRule& candidate) {
        return candidate.applies(p, facts.answer_stored);
    });
    TANDEM_CHECK(rule != handshake_table.end());
    return *rule;
}

const LogRule& log_rule(const RecoveryFacts& facts) {
    const LogPlaces p = log_places_of(facts);
    const auto rule = std::ranges::find_if(
        log_table, [&](const LogRule& candidate) { return candidate.applies(p); });
    TANDEM_CHECK(rule != log_table.end());
    return *rule;
}

std::string describe(const RecoveryFacts& facts) {
    std::string log = "no log";
    if (facts.log == Log::no_marker) log = "log without marker";
    if (facts.log == Log::marker) log = fmt::format("log {}", facts.log_height);
    return fmt::format(
        "Heights: blocks {} to {}, state {}, application {}, {}; the chain begins "
        "at {}.",
        facts.store_base, facts.store_height, facts.state_height, facts.application_height, log,
        facts.initial_height);
}

std::unexpected<Refusal> fatal(std::string_view name, std::string_view text,
                               const RecoveryFacts& facts) {
    return refuse(fmt::format("recovery.{}", name), fmt::format("{} {}", describe(facts), text));
}

}  // namespace

std::vector<HandshakeRow> handshake_rows(const RecoveryFacts& facts) {
    std::vector<HandshakeRow> rows;
    const Places p = places_of(facts);
    for (const HandshakeRule& rule : handshake_table)
        if (rule.applies(p, facts.answer_stored)) rows.push_back(rule.row);
    return rows;
}

std::vector<LogRow> log_rows(const RecoveryFacts& facts) {
    std::vector<LogRow> rows;
    const LogPlaces p = log_places_of(facts);
    for (const LogRule& rule : log_table)
        if (rule.applies(p)) rows.push_back(rule.row);
    return rows;
}

Result<RecoveryPlan> plan_recovery(const RecoveryFacts& facts) {
    const HandshakeRule& handshake = handshake_rule(facts);
    if (!handshake.fatal.empty()) return fatal(handshake.name, handshake.fatal, facts);
    const LogRule& log = log_rule(facts);
    if (!log.fatal.empty()) return fatal(log.name, log.fatal, facts);

    const Places p = places_of(facts);
    RecoveryPlan plan;
    plan.handshake = handshake.row;
    plan.log = log.row;
    plan.init_chain = p.application == 0;
    plan.init_chain_decides = plan.init_chain && p.state == 0;
    // The application gets every block up to the state's; the newest block is executed in full.
    const std::int64_t replay_to = p.store == 0 ? 0 : p.state;
    if (p.application < replay_to) {
        plan.replay_first = height_at(facts, p.application + 1);
        plan.replay_last = height_at(facts, replay_to);
    }
    plan.last_block = handshake.last_block;
    plan.height = height_at(facts, end_place(p));
    plan.log_action = log.action;
    plan.memory_is_new = log.memory_is_new;
    return plan;
}

Verdict compare_application_hash(const Hash& expected, const Hash& found, std::int64_t height) {
    if (expected == found) return {};
    return refuse("recovery.app_hash",
                  fmt::format("At height {} the application has hash {}, the chain has {}: the "
                              "application is another version, was changed by hand, or does not "
                              "compute the same twice. Restore it to a lower height, or let it "
                              "begin anew at height 0.",
                              height, base::to_hex(found, base::HexCase::upper),
                              base::to_hex(expected, base::HexCase::upper)));
}

std::string_view to_text(HandshakeRow row) noexcept {
    return handshake_table[static_cast<std::size_t>(row)].name;
}

std::string_view to_text(LogRow row) noexcept {
    return log_table[static_cast<std::size_t>(row)].name;
}

}  // namespace tandem::chain
