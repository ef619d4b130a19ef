// tandem verify-switch: a switch recomputed from the blocks that any node has.
#include <fmt/format.h>
#include <unistd.h>

#include "seats/rule.h"
#include "tandem/seat_client.h"
#include "tandem/switch_replay.h"
#include "types/json.h"

namespace tandem::program {
namespace {

struct VerifyOptions {
    NodeOptions node;
    std::int64_t height = 0;
};

std::expected<types::GenesisDoc, Failure> genesis_of(SeatClient& client) {
    // In pieces: a large genesis is refused as a whole.
    std::string text;
    for (std::int64_t piece = 0, pieces = 1; piece < pieces; ++piece) {
        auto answer = client.call("genesis_chunked", {{"chunk", std::to_string(piece)}});
        if (!answer) return fail(std::move(answer).error());
        pieces = std::min<std::int64_t>(number(*answer, "total"), 1'000);
        const auto bytes = base::from_base64(answer->value("data", std::string()));
        text += base::as_text(bytes.value_or(base::Bytes{}));
    }
    auto reading = types::genesis_from_json(text, {});
    if (!reading) return fail(ExitCode::failed, "the node's genesis: " + reading.error().why);
    return std::move(reading->doc);
}

template <typename T>
base::Result<T> part(const json& value, const char* name) {
    const auto found = value.find(name);
    return types::from_json<T>(found == value.end() ? std::string("null") : found->dump());
}

base::Result<ReplayBlock> block_from(const json& answer) {
    ReplayBlock out;
    const json block = answer.value("block", json::object());
    auto id = part<types::BlockId>(answer, "block_id");
    auto header = part<types::Header>(block, "header");
    auto evidence = part<types::EvidenceList>(block, "evidence");
    auto commit = part<types::Commit>(block, "last_commit");
    if (!id) return std::unexpected(id.error());
    if (!header) return std::unexpected(header.error());
    if (!evidence) return std::unexpected(evidence.error());
    if (!commit) return std::unexpected(commit.error());
    out.id = std::move(*id);
    out.block.header = std::move(*header);
    out.block.evidence = std::move(*evidence);
    out.block.last_commit = base::Box<types::Commit>(std::move(*commit));
    std::vector<base::Bytes> txs;
    for (const json& tx : block.value("data", json::object()).value("txs", json::array())) {
        auto bytes = tx.is_string() ? base::from_base64(tx.get<std::string>()) : std::nullopt;
        if (!bytes) return base::refuse("block.txs", "a transaction is no base64");
        txs.push_back(std::move(*bytes));
    }
    out.block.data.txs = wire::Txs::copy_of(txs);
    return out;
}

Outcome adopt_params(SeatClient& client, SwitchReplay& replay, std::int64_t height) {
    auto answer = client.call("consensus_params", {{"height", std::to_string(height)}});
    if (!answer) return fail(std::move(answer).error());
    const auto params = part<types::ConsensusParams>(*answer, "consensus_params");
    if (!params) return fail(params.error(), ExitCode::failed);
    TANDEM_DO(replay.set_params(*params));
    return {};
}

/// The switches that block `height` decides, after all blocks before it.
std::expected<std::vector<ReplayedSwitch>, Failure> replay_to(SeatClient& client,
                                                              SwitchReplay& replay,
                                                              std::int64_t height) {
    const bool shows_progress = ::isatty(STDERR_FILENO) != 0;
    for (;;) {
        const std::int64_t next = replay.height() + 1;
        auto answer = client.call("block", {{"height", std::to_string(next)}});
        if (!answer) return fail(std::move(answer).error());
        const auto block = block_from(*answer);
        if (!block)
            return fail(ExitCode::failed, fmt::format("block {}: {}", next, block.error().why));
        if (replay.wants_params(block->block.header))
            if (Outcome done = adopt_params(client, replay, next); !done)
                return fail(std::move(done).error());
        auto switches = replay.take(*block);
        if (!switches) return fail(ExitCode::failed, switches.error().why);
        if (next == height) return std::move(*switches);
        if (shows_progress && next % 500 == 0)
            print_error(fmt::format("block {} of {}", next, height));
    }
}

json as_json(const ReplayedSwitch& one) {
    return {{"seat", one.fact.seat},
            {"from", one.fact.from},
            {"to", one.fact.to},
            {"reason", seats::to_text(one.fact.reason)},
            {"height", one.fact.decided_height},
            {"effective_height", one.fact.effective_height},
            {"records_of_validator", one.validator_records},
            {"records_of_standby", one.standby_records},
            {"run_before", one.run}};
}

void print_switch(const ReplayedSwitch& one) {
    print_line(fmt::format("seat {}: {} -> {} ({}), decided at height {}, in effect from {}",
                           one.fact.seat, one.fact.from, one.fact.to,
                           seats::to_text(one.fact.reason), one.fact.decided_height,
                           one.fact.effective_height));
    print_line(
        fmt::format("  records up to the block before, newest last (S signed, H heard, . "
                    "dead); {} in a row called {} dead",
                    one.run, one.fact.from));
    print_line(fmt::format("  {:<16} {}", one.fact.from, one.validator_records));
    print_line(fmt::format("  {:<16} {}", one.fact.to, one.standby_records));
}

Outcome verify_switch(const Context& context, const VerifyOptions& options) {
    auto client = SeatClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto status = client->status();
    if (!status) return fail(std::move(status).error());
    // The block behind it vouches for its commit and its application hash.
    if (options.height >= status->height)
        return fail(ExitCode::failed,
                    fmt::format("the chain is at height {}; a switch of height {} can be verified "
                                "once the next block is there",
                                status->height, options.height));
    auto genesis = genesis_of(*client);
    if (!genesis) return fail(std::move(genesis).error());
    auto replay = SwitchReplay::begin(*genesis);
    if (!replay) return fail(replay.error(), ExitCode::failed);
    if (options.height < genesis->initial_height)
        return fail(ExitCode::usage,
                    fmt::format("the chain begins at height {}", genesis->initial_height));
    auto switches = replay_to(*client, *replay, options.height);
    if (!switches) return fail(std::move(switches).error());
    if (auto next = replay_to(*client, *replay, options.height + 1); !next)
        return fail(std::move(next).error());
    if (context.is_json()) {
        json out{{"height", options.height}, {"switches", json::array()}};
        for (const ReplayedSwitch& one : *switches) out["switches"].push_back(as_json(one));
        print_line(out.dump());
    } else {
        for (const ReplayedSwitch& one : *switches) print_switch(one);
    }
    if (switches->empty())
        return fail(ExitCode::failed,
                    fmt::format("no seat switches in block {}; tandem seat history tells where one "
                                "did",
                                options.height));
    if (!context.is_json())
        print_line(fmt::format("confirmed from blocks {} to {} of the chain {}",
                               genesis->initial_height, options.height + 1, genesis->chain_id));
    return {};
}

}  // namespace

void add_verify_switch(CLI::App& app, Context& context) {
    CLI::App* command =
        add_command(app, "verify-switch",
                    "Recompute a switch from the chain's blocks alone, from the first one on\n"
                    "Example: tandem verify-switch 1204 --node tcp://127.0.0.1:26657");
    const auto options = std::make_shared<VerifyOptions>();
    command->add_option("height", options->height, "Height of the block that decided it")
        ->required();
    add_node_options(*command, options->node);
    command->callback([&context, options] { context.outcome = verify_switch(context, *options); });
}

}  // namespace tandem::program
