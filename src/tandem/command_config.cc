// tandem config and tandem version: what holds here.
#include <fmt/format.h>

#include "tandem/cli.h"
#include "wire/json_write.h"

namespace tandem::program {
namespace {

Outcome show_config(const Context& context) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    if (const std::string warning = without_effect(*config); !warning.empty())
        print_error("warning: " + warning);
    print_text(config_file_text(*config));
    return {};
}

Outcome show_version(const Context& context, bool verbose) {
    if (!verbose && !context.is_json()) return print_line(TANDEM_VERSION), Outcome{};
    wire::JsonWriter writer;
    writer.begin_object().name("tandem").string(TANDEM_VERSION);
    writer.name("cometbft").string(cometbft_version);
    writer.name("abci").string(types::abci_version);
    writer.name("block_protocol").number(static_cast<std::int64_t>(types::block_protocol));
    writer.name("p2p_protocol").number(static_cast<std::int64_t>(types::p2p_protocol));
    writer.end_object();
    const std::string text = writer.take();
    print_line(context.is_json() ? text : wire::indent_json(text));
    return {};
}

}  // namespace

void add_config_command(CLI::App& app, Context& context) {
    CLI::App* command = add_command(app, "config",
                                    "Look at the configuration\n"
                                    "Example: tandem config show --home /srv/acme-1");
    command->require_subcommand(1);
    add_command(*command, "show",
                "Check config.toml and the environment, and print what holds as a config.toml")
        ->callback([&context] { context.outcome = show_config(context); });
    add_command(*command, "reference", "Print every key, its default and its meaning (Markdown)")
        ->callback([] { print_text(config_reference()); });
}

void add_version(CLI::App& app, Context& context) {
    CLI::App* command = add_command(app, "version",
                                    "Show the version\n"
                                    "Example: tandem version --verbose");
    const auto verbose = std::make_shared<bool>(false);
    command->add_flag("-v,--verbose", *verbose, "Also those of the protocols");
    command->callback([&context, verbose] { context.outcome = show_version(context, *verbose); });
}

}  // namespace tandem::program
