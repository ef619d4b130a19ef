// tandem testnet: the files of a whole network, with seats or without.
#include <fmt/format.h>

#include "tandem/testnet.h"
#include "wire/json_write.h"

namespace tandem::program {
namespace {

constexpr unsigned testnet_folder_mode = 0755;

std::string as_json(const Testnet& testnet) {
    wire::JsonWriter writer;
    writer.begin_object().name("chain_id").string(testnet.genesis().chain_id);
    writer.name("nodes").begin_array();
    for (const TestnetNode& node : testnet.nodes()) {
        writer.begin_object().name("name").string(node.name);
        writer.name("home").string(node.home.root.string());
        writer.name("node_id").string(types::node_id(node.keys.node));
        writer.name("seat").string(node.seat);
        writer.name("validator").boolean(node.votes);
        writer.name("p2p_laddr").string(node.config.p2p.laddr);
        writer.name("rpc_laddr").string(node.config.rpc.laddr).end_object();
    }
    writer.end_array().end_object();
    return writer.take();
}

Outcome make_testnet(const Context& context, const TestnetOptions& options) {
    Testnet testnet(options);
    FileBatch batch(testnet_folder_mode);
    if (Outcome prepared = testnet.prepare(batch); !prepared) return prepared;
    TANDEM_DO(batch.commit());
    print_log(context, testnet.log());
    print_line(context.is_json() ? as_json(testnet)
                                 : fmt::format("Successfully initialized {} node directories",
                                               testnet.nodes().size()));
    return {};
}

/// CometBFT's own, under its names.
CLI::Option* add_cometbft_options(CLI::App& command, TestnetOptions& options) {
    CLI::Option* validators =
        command.add_option("--v", options.validators, "Validators")->capture_default_str();
    command.add_option("--n", options.non_validators, "Other nodes")->capture_default_str();
    command.add_option("--config", options.config_path, "Begin from this config.toml");
    command.add_option("--o", options.output_folder, "Folder for the nodes' folders")
        ->capture_default_str();
    command
        .add_option_function<std::string>(
            "--node-dir-prefix",
            [&options](const std::string& prefix) {
                options.folder_prefix = prefix;
                options.folder_prefix_given = true;
            },
            "Folders are called this and a number, from 0 on")
        ->default_str("node");
    command.add_option("--initial-height", options.initial_height, "Height of the first block");
    command
        .add_flag("--populate-persistent-peers,!--no-populate-persistent-peers",
                  options.populate_persistent_peers,
                  "Name all nodes in each node's persistent_peers (the default)")
        ->default_str("true");
    command
        .add_option("--hostname-prefix", options.hostname_prefix,
                    "Peers are dialled at this and a number (in a network of seats: at the node's "
                    "name)")
        ->capture_default_str();
    command.add_option("--hostname-suffix", options.hostname_suffix, "Behind that number");
    command.add_option("--starting-ip-address", options.starting_ip,
                       "Peers are dialled at this IPv4 address, and those that follow it");
    command
        .add_option("--hostname", options.hostnames,
                    "Where one node is dialled; once for each node")
        ->take_all()
        ->allow_extra_args(false);
    command.add_option("--p2p-port", options.p2p_port, "Port of all nodes")->capture_default_str();
    command.add_flag("--random-monikers", options.random_monikers, "Give nodes random names");
    return validators;
}

}  // namespace

void add_testnet(CLI::App& app, Context& context) {
    CLI::App* command = add_command(
        app, "testnet",
        "Make the files of a whole network; keys that are there are kept\n"
        "Example: tandem testnet --v 4 --o ./net --starting-ip-address 192.168.10.2\n"
        "Example: tandem testnet --seats 4 --standbys 1 --app share --o ./net --loopback "
        "27000");
    const auto options = std::make_shared<TestnetOptions>();
    CLI::Option* validators = add_cometbft_options(*command, *options);
    command
        ->add_option("--seats", options->seats,
                     "Seats instead of validators. Their nodes are called org1-1, org1-2, org2-1 "
                     "...; the first of each begins as validator; admin keys go to admin/")
        ->excludes(validators);
    command->add_option("--standbys", options->standbys, "Of each seat")->capture_default_str();
    command->add_option("--chain-id", options->chain_id, "(default: chain- and six letters)");
    command->add_option("--proxy_app,--proxy-app,--app", options->proxy_app,
                        "Application of all nodes (default with seats: persistent_kvstore). With "
                        "share, each seat or validator is an organisation org1, org2 ..., with the "
                        "member writer and the namespace open; keys go to share/");
    command->add_option("--loopback", options->loopback_port,
                        "All nodes on this machine: ten ports each from this one on (p2p, RPC, "
                        "metrics)");
    command->callback([&context, options] { context.outcome = make_testnet(context, *options); });
}

}  // namespace tandem::program
