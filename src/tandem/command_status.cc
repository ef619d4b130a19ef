// tandem status: what a node says of itself and of its chain.
#include <fmt/format.h>

#include "tandem/node_client.h"

namespace tandem::program {
namespace {

std::string describe(const json& status, std::int64_t peers) {
    const json& node = status.at("node_info");
    const json& sync = status.at("sync_info");
    const json& validator = status.at("validator_info");
    const std::int64_t power = number(validator, "voting_power");
    return fmt::format(
        "node    {} ({}), {} peers\n"
        "chain   {} at height {}, block of {}{}\n"
        "vote    {}, address {}\n",
        node.at("moniker").get<std::string>(), node.at("id").get<std::string>(), peers,
        node.at("network").get<std::string>(), number(sync, "latest_block_height"),
        sync.at("latest_block_time").get<std::string>(),
        sync.at("catching_up").get<bool>() ? "; catching up" : "",
        power > 0 ? fmt::format("power {}", power) : std::string("none: not a validator now"),
        validator.at("address").get<std::string>());
}

Outcome show_status(const Context& context, const NodeOptions& options) {
    auto client = NodeClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    auto status = client->call("status", json::object());
    if (!status) return fail(std::move(status).error());
    if (context.is_json()) return print_line(status->dump()), Outcome{};
    auto network = client->call("net_info", json::object());
    if (!network) return fail(std::move(network).error());
    try {
        print_text(describe(*status, number(*network, "n_peers")));
    } catch (const json::exception& error) {
        return fail(ExitCode::failed, fmt::format("{} does not answer as a node: {}",
                                                  client->address(), error.what()));
    }
    return {};
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
    CLI::App* command = add_command(app, "status",
                                    "What a running node says of itself and of its chain\n"
                                    "Example: tandem status --node tcp://127.0.0.1:26657");
    const auto options = std::make_shared<NodeOptions>();
    add_node_options(*command, *options);
    command->callback([&context, options] { context.outcome = show_status(context, *options); });
}

}  // namespace tandem::program
