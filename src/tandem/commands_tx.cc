// tandem tx put, remove, set, send: transactions of members, and of applications without signers.
#include <fmt/format.h>

#include "tandem/files.h"
#include "tandem/tx_commands.h"

namespace tandem::program {
namespace {

struct RecordOptions {
    NodeOptions node;
    std::string place;
    std::string key;
    std::optional<std::string> value;
    std::string file;
    std::string member;
    std::string key_path;
    std::int64_t expected_version = 0;
    bool is_new = false;
    bool hex = false;
};

std::expected<base::Bytes, Failure> value_of(const RecordOptions& options) {
    if (options.value.has_value() == !options.file.empty())
        return fail(ExitCode::usage, "give the value either as an argument or with --file");
    if (options.value) return argument_bytes(*options.value, options.hex);
    const auto text = read_file(options.file, share::value_bytes_max);
    if (!text) return fail(text.error());
    return base::to_bytes(base::as_bytes(*text));
}

Outcome check_lengths(base::BytesView key, base::BytesView value) {
    if (key.empty() || key.size() > share::key_bytes_max)
        return fail(ExitCode::usage, fmt::format("a key has 1 to {} bytes, this one {}",
                                                 share::key_bytes_max, key.size()));
    if (value.size() > share::value_bytes_max)
        return fail(ExitCode::usage, fmt::format("a value has at most {} bytes, this one {}",
                                                 share::value_bytes_max, value.size()));
    return {};
}

/// `make` gets the namespace's name and the key.
template <typename Make>
Outcome write_record(const Context& context, const RecordOptions& options, const char* what,
                     Make make) {
    auto place = place_of(options.place, "namespace");
    if (!place) return fail(std::move(place).error());
    auto signer = signer_of(place->organisation, options.member, options.key_path,
                            "--member-key, or set TANDEM_MEMBER_KEY:");
    if (!signer) return fail(std::move(signer).error());
    auto key = argument_bytes(options.key, options.hex);
    if (!key) return fail(std::move(key).error());
    const std::int64_t expected = options.is_new ? -1 : options.expected_version;
    std::expected<share::Operation, Failure> operation = make(place->name, *key, expected);
    if (!operation) return fail(std::move(operation).error());
    auto client = ShareClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto landed = client->execute(*signer, *operation);
    if (!landed) return fail(std::move(landed).error());
    const json answer = json::parse(landed->data.begin(), landed->data.end(), nullptr, false);
    const std::int64_t version = number(answer, "version");
    return report_landed(
        context, *landed,
        fmt::format("{}/{}: version {}{}", options.place, options.key, version, what),
        {{"namespace", options.place}, {"key", base::to_base64(*key)}, {"version", version}});
}

Outcome put(const Context& context, const RecordOptions& options) {
    return write_record(context, options, "",
                        [&](const std::string& name, const base::Bytes& key,
                            std::int64_t expected) -> std::expected<share::Operation, Failure> {
                            auto value = value_of(options);
                            if (!value) return fail(std::move(value).error());
                            if (Outcome fits = check_lengths(key, *value); !fits)
                                return fail(std::move(fits).error());
                            return share::Put{name, key, std::move(*value), expected};
                        });
}

Outcome remove(const Context& context, const RecordOptions& options) {
    return write_record(context, options, ", removed",
                        [](const std::string& name, const base::Bytes& key,
                           std::int64_t expected) -> std::expected<share::Operation, Failure> {
                            if (Outcome fits = check_lengths(key, {}); !fits)
                                return fail(std::move(fits).error());
                            return share::Remove{name, key, expected};
                        });
}

std::shared_ptr<RecordOptions> add_record_options(CLI::App& command) {
    auto options = std::make_shared<RecordOptions>();
    command.add_option("namespace", options->place, "ORGANISATION/NAMESPACE")->required();
    command.add_option("key", options->key, "Key of the record")->required();
    command.add_option("--member", options->member, "Who of the organisation signs")->required();
    command.add_option("--member-key", options->key_path, "File of the member's key")
        ->envname("TANDEM_MEMBER_KEY");
    CLI::Option* expected =
        command
            .add_option("--expect-version", options->expected_version,
                        "Only if the record has this version")
            ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
    command.add_flag("--new", options->is_new, "Only if there is no version yet")
        ->excludes(expected);
    command.add_flag("--hex", options->hex, "Key and value are given in hexadecimal");
    add_node_options(command, options->node);
    return options;
}

void add_record_commands(CLI::App& tx, Context& context) {
    CLI::App* command = add_command(
        tx, "put",
        "share: write a record of one's own organisation\n"
        "Example: tandem tx put acme/open invoice-7 'paid' --member w --member-key w.json");
    command->group("share");
    auto options = add_record_options(*command);
    command->add_option("value", options->value, "Its value");
    command->add_option("--file", options->file, "File with the value");
    command->callback([&context, options] { context.outcome = put(context, *options); });

    command = add_command(tx, "remove",
                          "share: remove a record; its history stays\n"
                          "Example: tandem tx remove acme/open invoice-7 --member w --member-key "
                          "w.json");
    command->group("share");
    options = add_record_options(*command);
    command->callback([&context, options] { context.outcome = remove(context, *options); });
}

struct BytesOptions {
    NodeOptions node;
    std::string key;
    std::string value;
    bool hex = false;
};

Outcome send_bytes(const Context& context, const NodeOptions& options, base::BytesView tx) {
    auto client = NodeClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    auto landed = client->send(tx, 0, "tandem query tx HASH tells, by the hash of its bytes");
    if (!landed) return fail(std::move(landed).error());
    return report_landed(context, *landed, "done", {{"data", base::to_base64(landed->data)}});
}

Outcome set(const Context& context, const BytesOptions& options) {
    // kvstore takes a text with one "=", and reads ":" as one.
    if (options.key.empty() || options.key.find_first_of("=:") != std::string::npos ||
        options.value.find_first_of("=:") != std::string::npos)
        return fail(ExitCode::usage,
                    "kvstore takes keys and values without \"=\" and \":\", and no empty key");
    const std::string tx = options.key + "=" + options.value;
    return send_bytes(context, options.node, base::as_bytes(tx));
}

Outcome send(const Context& context, const BytesOptions& options) {
    auto bytes = argument_bytes(options.value, options.hex);
    if (!bytes) return fail(std::move(bytes).error());
    return send_bytes(context, options.node, *bytes);
}

void add_plain_commands(CLI::App& tx, Context& context) {
    CLI::App* command = add_command(tx, "set",
                                    "kvstore: set a key\n"
                                    "Example: tandem tx set name value");
    command->group("kvstore");
    auto options = std::make_shared<BytesOptions>();
    command->add_option("key", options->key, "Key")->required();
    command->add_option("value", options->value, "Value")->required();
    add_node_options(*command, options->node);
    command->callback([&context, options] { context.outcome = set(context, *options); });

    command = add_command(tx, "send",
                          "Send the bytes of a transaction, whatever the application\n"
                          "Example: tandem tx send 6e616d653d76616c7565 --hex");
    command->group("Any application");
    options = std::make_shared<BytesOptions>();
    command->add_option("tx", options->value, "The transaction")->required();
    command->add_flag("--hex", options->hex, "It is given in hexadecimal");
    add_node_options(*command, options->node);
    command->callback([&context, options] { context.outcome = send(context, *options); });
}

}  // namespace

Outcome report_landed(const Context& context, const Landed& landed, std::string_view what,
                      json details) {
    if (Outcome done = check_success(landed); !done) return done;
    if (context.is_json()) {
        details["height"] = landed.height;
        details["hash"] = landed.hash;
        print_line(details.dump());
    } else {
        print_line(
            fmt::format("{}; in block {}, transaction {}", what, landed.height, landed.hash));
    }
    return {};
}

void add_tx_commands(CLI::App& app, Context& context) {
    CLI::App* tx =
        add_command(app, "tx",
                    "Write to the application, and wait for the block\n"
                    "Example: tandem tx put acme/open invoice-7 'paid' --member w --member-key "
                    "w.json");
    tx->require_subcommand(1);
    add_record_commands(*tx, context);
    add_share_admin_commands(*tx, context);
    add_plain_commands(*tx, context);
}

}  // namespace tandem::program
