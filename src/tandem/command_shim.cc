// `tandem shim`: seats between a stock CometBFT process and an application.
#include "tandem/shim.h"

namespace tandem::program {

void add_shim(CLI::App& app, Context& context) {
    CLI::App* command = add_command(
        app, "shim",
        "Seats between a CometBFT process and an application. The home folder is CometBFT's, with "
        "config/liveness_key.json beside its own keys\n"
        "Example: tandem shim --home /srv/acme-1 --app tcp://127.0.0.1:26659");
    const auto options = std::make_shared<ShimOptions>();
    command
        ->add_option("--app", options->application,
                     "The application: tcp://HOST:PORT or unix://PATH, or a built-in one "
                     "(persistent_kvstore, share, kvstore, noop)")
        ->required();
    command->add_option("--listen", options->listen,
                        "Where CometBFT finds the shim (default: proxy_app of its config.toml)");
    command->add_option("--engine", options->engine,
                        "CometBFT's RPC (default: rpc.laddr of its config.toml)");
    command->add_option("--health", options->health,
                        "Serve health endpoints and metrics here, such as tcp://127.0.0.1:26661 "
                        "(default: nowhere)");
    command->add_option("--validator-address", options->address,
                        "Address of the validator key, where a remote signer holds it");
    command->add_option("--log_format,--log-format", options->log_format, "plain or json")
        ->check(CLI::IsMember({"plain", "json"}));
    command->callback([&context, options] {
        if (context.log_level) options->log_level = *context.log_level;
        const auto home = context.home();
        context.outcome = home ? run_shim(*home, *options) : Outcome(fail(home.error()));
    });
}

}  // namespace tandem::program
