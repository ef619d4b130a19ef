// tandem init: keys, genesis and configuration of one node.
#include <fmt/format.h>

#include "tandem/node_files.h"
#include "wire/json_write.h"

namespace tandem::program {
namespace {

constexpr std::int64_t init_power = 10;  // of the only validator, as in CometBFT
constexpr unsigned home_mode = 0700;

struct InitOptions {
    std::string role = "validator";
    std::string chain_id;
};

std::string as_json(const Home& home, const PublicKeys& keys, const std::vector<LogLine>& log) {
    wire::JsonWriter writer;
    writer.begin_object().name("home").string(home.root.string());
    writer.name("node_id").string(types::node_id(keys.node));
    writer.name("validator_address").hex(base::view(crypto::address(keys.validator)));
    writer.name("done").begin_array();
    for (const LogLine& line : log) {
        writer.begin_object().name("what").string(line.message);
        for (const LogField& field : line.fields) writer.name(field.name).string(field.value);
        writer.end_object();
    }
    writer.end_array().end_object();
    return writer.take();
}

Outcome init(const Context& context, const InitOptions& options) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());

    FileBatch batch(home_mode);
    std::vector<LogLine> log;
    batch.folder(home->at("config"));
    batch.folder(home->at(config->base.db_dir));
    const auto keys = prepare_keys(*home, *config, batch, log);
    if (!keys) return fail(keys.error());

    const auto genesis_path = home->at(config->base.genesis_file);
    if (is_there(genesis_path)) {
        log.push_back({"Found genesis file", {{"path", genesis_path.string()}}});
    } else {
        types::GenesisDoc genesis = usual_genesis(
            options.chain_id.empty() ? "test-chain-" + random_letters(6) : options.chain_id);
        genesis.validators.push_back(
            {crypto::address(keys->validator), keys->validator, init_power, ""});
        types::GenesisDoc completed = genesis;
        TANDEM_DO(types::validate_and_complete(completed, genesis.genesis_time));
        batch.create(genesis_path, base::as_bytes(types::genesis_file_text(genesis)), 0644);
        log.push_back({"Generated genesis file", {{"path", genesis_path.string()}}});
    }
    if (!is_there(home->config())) {
        if (options.role == "seed") config->p2p.seed_mode = true;
        batch.create(home->config(), base::as_bytes(config_file_text(*config)), 0644);
    }
    TANDEM_DO(batch.commit());
    if (context.is_json()) print_line(as_json(*home, *keys, log));
    print_log(context, log);
    return {};
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
    CLI::App* command =
        add_command(app, "init",
                    "Make keys, genesis and config.toml of one node, where they are missing\n"
                    "Example: tandem init --home /srv/acme-1");
    const auto options = std::make_shared<InitOptions>();
    command
        ->add_option("role", options->role,
                     "validator and full give the same files (a node that joins a network takes "
                     "that network's genesis); seed also sets p2p.seed_mode")
        ->check(CLI::IsMember({"validator", "full", "seed"}))
        ->capture_default_str();
    command->add_option("--chain-id", options->chain_id,
                        "of the new genesis (default: test-chain- and six letters)");
    command->callback([&context, options] { context.outcome = init(context, *options); });
}

}  // namespace tandem::program
