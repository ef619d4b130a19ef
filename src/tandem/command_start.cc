// `tandem start`: runs the node. Any key of config.toml can be given as a flag of its own name.
#include <fmt/format.h>

#include "tandem/cli.h"
#include "tandem/config_table.h"
#include "tandem/start.h"

namespace tandem::program {
namespace {

struct StartOptions {
    std::vector<std::pair<std::string, std::string>> keys;  // in the order given
};

Outcome run_start(const Context& context, const StartOptions& options) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    for (const auto& [name, value] : options.keys) TANDEM_DO(set_key(*config, name, value));
    TANDEM_DO(validate(*config));
    return start(*home, *config);
}

}  // namespace

void add_start(CLI::App& app, Context& context) {
    auto options = std::make_shared<StartOptions>();
    CLI::App* command = add_command(
        app, "start",
        "Run the node until SIGTERM\nExample: tandem start --home /srv/acme-1 --proxy_app kvstore",
        {"node", "run"});
    for (const ConfigKey& key : config_keys())
        command->add_option_function<std::string>(
            "--" + key.name(),
            [options, name = key.name()](const std::string& value) {
                options->keys.emplace_back(name, value);
            },
            std::string(key.meaning.substr(0, key.meaning.find('\n'))));
    command->callback([&context, options] { context.outcome = run_start(context, *options); });
}

}  // namespace tandem::program
