// The program: which command, with which options, and what its end tells the shell.
#include <csignal>
#include <fmt/format.h>
#include <iostream>

#include "base/nearest_name.h"
#include "tandem/cli.h"
#include "tandem/offline_commands.h"

namespace tandem::program {
namespace {

constexpr const char* about =
    "A BFT node that speaks CometBFT's protocols, with hot standby for validators.\n"
    "Example: tandem init --home /srv/acme-1";

/// The nearest command or flag to a word that nobody knows, or "".
std::string hint(const CLI::App& app, std::string_view word) {
    std::vector<std::string> names;
    if (word.starts_with('-'))
        for (const CLI::App* level : {app.get_parent(), &app})
            for (const CLI::Option* option :
                 level != nullptr ? level->get_options() : std::vector<const CLI::Option*>())
                for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    else
        for (const CLI::App* command : app.get_subcommands(nullptr))
            names.push_back(command->get_name());
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string_view near = base::nearest_name(word.substr(0, word.find('=')), views);
    return near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near);
}

int usage_error(const CLI::App& app, const CLI::ParseError& error) {
    const CLI::App* command = &app;
    std::string path = "tandem";
    for (auto below = command->get_subcommands(); !below.empty();
         below = command->get_subcommands()) {
        command = below.front();
        path += " " + command->get_name();
    }
    std::string what = error.what();
    const auto rest = app.remaining(true);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !rest.empty())
        what = fmt::format("unknown {} \"{}\"{}", rest[0].starts_with('-') ? "flag" : "command",
                           rest[0], hint(*command, rest[0]));
    print_error(fmt::format("ERROR: {}\nSee: {} --help", what, path));
    return static_cast<int>(ExitCode::usage);
}

int run(int argc, char** argv) {
    CLI::App app{about};
    app.name("tandem");
    Context context;
    app.add_option("--home", context.home_flag,
                   "Folder of configuration and data (default: $TANDEM_HOME, $CMTHOME, or .tandem "
                   "in your own folder)");
    app.add_option("--log_level,--log-level", context.log_level, "debug, info, error or none");
    app.add_flag("--trace", context.trace, "Accepted for scripts made for CometBFT");
    app.add_option("--output", context.output, "text or json")
        ->check(CLI::IsMember({"text", "json"}));
    app.require_subcommand(0, 1);
    add_init(app, context);
    add_start(app, context);
    add_testnet(app, context);
    add_key_commands(app, context);
    add_reset_commands(app, context);
    add_signer(app, context);
    add_seat_commands(app, context);
    add_verify_switch(app, context);
    add_log(app, context);
    add_shim(app, context);
    add_inspect(app, context);
    add_reindex(app, context);
    add_replay(app, context);
    add_light(app, context);
    add_status(app, context);
    add_tx_commands(app, context);
    add_query_commands(app, context);
    add_member_keys(app, context);
    add_config_command(app, context);
    add_version(app, context);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        return usage_error(app, error);
    }
    if (app.get_subcommands().empty()) std::cout << app.help();
    if (!context.outcome) {
        print_error("ERROR: " + context.outcome.error().what);
        return static_cast<int>(context.outcome.error().code);
    }
    if (std::fflush(stdout) != 0) return static_cast<int>(ExitCode::io_error);
    return 0;
}

}  // namespace
}  // namespace tandem::program

int main(int argc, char** argv) {
    return tandem::program::run(argc, argv);
}
