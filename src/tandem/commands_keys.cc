// Commands that show and make keys.
#include <fmt/format.h>

#include "tandem/node_files.h"
#include "types/json.h"

namespace tandem::program {
namespace {

void print_field(const Context& context, std::string_view name, const std::string& value) {
    print_line(context.is_json()
                   ? wire::JsonWriter().begin_object().name(name).string(value).end_object().take()
                   : value);
}

Outcome show_node_id(const Context& context) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    const auto key = load_node_key(home->at(config->base.node_key_file));
    if (!key) return fail(key.error());
    print_field(context, "node_id", types::node_id(key->public_key()));
    return {};
}

Outcome show_validator(const Context& context) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    const auto path = home->at(config->base.priv_validator_key_file);
    if (!is_there(path))
        return fail(ExitCode::no_input,
                    fmt::format("private validator file {} does not exist; tandem init makes one",
                                path.string()));
    const auto key = load_validator_key(path);
    if (!key) return fail(key.error());
    print_line(types::to_json(key->public_key()));
    return {};
}

Outcome gen_node_key(const Context& context) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    const auto path = home->at(config->base.node_key_file);
    if (is_there(path))
        return fail(
            ExitCode::failed,
            fmt::format("node key at {} already exists; a key is never overwritten: move it "
                        "away if you want another",
                        path.string()));
    const crypto::PrivateKey key = fresh_key();
    FileBatch batch(0700);
    batch.create(path, types::node_key_text(key).view(), types::secret_file_mode);
    TANDEM_DO(batch.commit());
    print_field(context, "node_id", types::node_id(key.public_key()));
    return {};
}

std::string compact(std::string_view json) {
    return wire::compact_json(*wire::parse_json(json));
}

Outcome gen_validator() {
    const crypto::PrivateKey key = fresh_key();
    const crypto::SecretBytes text = types::validator_key_text(key);
    print_line(fmt::format(R"({{"Key":{},"LastSignState":{}}})",
                           compact(base::as_text(text.view())),
                           compact(types::last_signed_text({}))));
    return {};
}

Outcome generate_key(const std::string& path) {
    const crypto::PrivateKey key = fresh_key();
    FileBatch batch(0700);
    batch.create(path, types::node_key_text(key).view(), types::secret_file_mode);
    TANDEM_DO(batch.commit());
    print_line(types::to_json(key.public_key()));
    return {};
}

Outcome show_key(const std::string& path) {
    const auto key = load_node_key(path);
    if (!key) return fail(key.error());
    print_line(types::to_json(key->public_key()));
    return {};
}

}  // namespace

void add_member_keys(CLI::App& app, Context& context) {
    CLI::App* keys = add_command(app, "keys",
                                 "Keys of members and admins of organisations\n"
                                 "Example: tandem keys generate --out w.json");
    keys->require_subcommand(1);
    const auto path = std::make_shared<std::string>();
    CLI::App* command = add_command(*keys, "generate",
                                    "Make a key, readable for its owner alone, and print its "
                                    "public key\n"
                                    "Example: tandem keys generate --out w.json");
    command->add_option("--out", *path, "File to write; what is there is never overwritten")
        ->required();
    command->callback([&context, path] { context.outcome = generate_key(*path); });
    command = add_command(*keys, "show",
                          "Print the public key of a key file\n"
                          "Example: tandem keys show w.json");
    command->add_option("file", *path, "The key file")->required();
    command->callback([&context, path] { context.outcome = show_key(*path); });
}

void add_key_commands(CLI::App& app, Context& context) {
    add_command(app, "show-node-id",
                "Show the id by which peers know this node\n"
                "Example: tandem show-node-id --home /srv/acme-1",
                {"show_node_id"})
        ->callback([&context] { context.outcome = show_node_id(context); });
    add_command(app, "show-validator",
                "Show the public key with which this node votes, as JSON\n"
                "Example: tandem show-validator --home /srv/acme-1",
                {"show_validator"})
        ->callback([&context] { context.outcome = show_validator(context); });
    add_command(app, "gen-node-key",
                "Make a node key and show its id\n"
                "Example: tandem gen-node-key --home /srv/acme-1",
                {"gen_node_key"})
        ->callback([&context] { context.outcome = gen_node_key(context); });
    add_command(app, "gen-validator",
                "Make a consensus key and print it, secret included; no file is written\n"
                "Example: tandem gen-validator > /srv/acme-1/new_key.json",
                {"gen_validator"})
        ->callback([&context] { context.outcome = gen_validator(); });
}

}  // namespace tandem::program
