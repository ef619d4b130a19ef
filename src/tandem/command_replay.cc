// tandem replay: what a start would recover from, without a network. The blocks that the
// application lacks are executed, the logged inputs of the height in progress are stepped again,
// and what consensus then knows is printed.
//
// It goes through the recovery of `start` and ends where that would begin to listen, so it changes
// what a start would have changed, and nothing else: the next start finds less to do.
//
// Rejected: reading only. An application that is behind can be asked for the state of the height in
// progress only after it executed the blocks before.
//
// Not here: recovery (node/engine_recovery.cc), the log as it stands (command_log.cc).
#include <fmt/format.h>

#include "rpc/consensus_json.h"
#include "tandem/node_files.h"
#include "tandem/offline_commands.h"
#include "tandem/running_node.h"

namespace tandem::program {
namespace {

constexpr std::array<std::string_view, 9> step_names{"none",      "new height",     "new round",
                                                     "propose",   "prevote",        "prevote wait",
                                                     "precommit", "precommit wait", "commit"};

std::string_view name_of(consensus::Step step) {
    const auto number = static_cast<std::size_t>(step);
    return number < step_names.size() ? step_names[number] : "unknown";
}

/// "3 of 4" validators.
std::string voters(const types::VoteSet* votes, std::size_t validators) {
    std::size_t count = 0;
    for (std::size_t i = 0; votes != nullptr && i < votes->size(); ++i)
        if (votes->vote(i) != nullptr) ++count;
    return fmt::format("{} of {}", count, validators);
}

void print_as_text(const RunningNode::Replayed& replayed) {
    const chain::RecoveryFacts& found = replayed.found;
    const auto plan = chain::plan_recovery(found);
    TANDEM_CHECK(plan);  // it was carried out
    print_line(fmt::format("found: log {}, store {}, state {}, application {}",
                           found.log == chain::RecoveryFacts::Log::marker
                               ? std::to_string(found.log_height)
                               : "without a marker",
                           found.store_height, found.state_height, found.application_height));
    print_line(fmt::format("recovery: {}; log {}", chain::to_text(plan->handshake),
                           chain::to_text(plan->log)));
    if (replayed.height > found.application_height)
        print_line(fmt::format("executed: blocks {} to {}", found.application_height + 1,
                               replayed.height));
    else
        print_line("executed: nothing");
    const consensus::State& state = *replayed.consensus;
    print_line(fmt::format("consensus: height {}, round {}, {}{}", state.height, state.round,
                           name_of(state.step), state.halted ? ", halted" : ""));
    print_line(fmt::format("proposal: {}; block: {}", state.proposal ? "known" : "none",
                           state.complete_parts ? "whole"
                           : state.parts        ? "in part"
                                                : "none"));
    const std::size_t validators = state.validators ? state.validators->size() : 0;
    for (const auto& [round, votes] : state.votes.rounds())
        print_line(fmt::format("round {}: prevotes of {}, precommits of {}", round,
                               voters(state.votes.prevotes(round), validators),
                               voters(state.votes.precommits(round), validators)));
}

void print_as_json(const RunningNode::Replayed& replayed) {
    const chain::RecoveryFacts& found = replayed.found;
    wire::JsonWriter writer;
    writer.begin_object();
    writer.name("found").begin_object();
    writer.name("log").quoted(found.log_height);
    writer.name("store").quoted(found.store_height);
    writer.name("state").quoted(found.state_height);
    writer.name("application").quoted(found.application_height);
    writer.end_object();
    writer.name("height").quoted(replayed.height);
    writer.name("round_state");
    rpc::write_full_round_state(writer, *replayed.consensus);
    writer.end_object();
    print_line(writer.take());
}

Outcome run_replay(const Context& context) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    const auto data = home->at(config->base.db_dir);
    if (!is_there(data / database_folder))
        return fail(ExitCode::no_input,
                    fmt::format("{} has no database: there is nothing to replay", data.string()));
    if (!config->base.priv_validator_laddr.empty())
        return fail(ExitCode::configuration,
                    "priv_validator_laddr is set: a remote signer is not waited for here");
    if (!context.log_level) config->base.log_level = "error";
    auto node = RunningNode::open_to_look(*home, *config);
    if (!node) return fail(std::move(node).error());
    const RunningNode::Replayed replayed = (*node)->replay();
    if (context.is_json())
        print_as_json(replayed);
    else
        print_as_text(replayed);
    return {};
}

}  // namespace

void add_replay(CLI::App& app, Context& context) {
    add_command(app, "replay",
                "Recover as a start does, replay the log of the height in progress, and say what "
                "consensus knows\n"
                "No network. Blocks that the application lacks are executed.\n"
                "Example: tandem replay --home /srv/acme-1")
        ->callback([&context] { context.outcome = run_replay(context); });
}

}  // namespace tandem::program
