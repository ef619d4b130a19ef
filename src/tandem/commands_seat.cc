// tandem seat: operations of one organisation on its seat.
#include <fmt/format.h>

#include "tandem/seat_client.h"
#include "tandem/seat_commands.h"
#include "tandem/seat_operations.h"
#include "types/json.h"

namespace tandem::program {
namespace {

struct OperationOptions {
    NodeOptions node;
    AdminOptions admin;
    std::string seat;
    std::string name;     // of a node of the seat
    std::string file;     // registration, or key
    std::int64_t at = 0;  // height at the earliest
    bool wait = true;
};

using MakeOperation = std::function<std::expected<seats::Operation, Failure>(
    const OperationOptions&, const ChainStatus&, const json& seat)>;

std::expected<crypto::PrivateKey, Failure> load_admin_key(const std::string& path) {
    if (path.empty())
        return fail(ExitCode::usage,
                    "which admin key signs? Give --admin-key FILE, or set TANDEM_ADMIN_KEY");
    auto key = load_node_key(path);
    if (!key) return fail(key.error());
    return std::move(*key);
}

Outcome check_admin(const json& seat, const crypto::PrivateKey& key, const std::string& path) {
    const auto registered = types::from_json<crypto::PublicKey>(seat.at("admin_key").dump());
    if (registered && *registered == key.public_key()) return {};
    return fail(ExitCode::failed, fmt::format("{} is not the admin key of the seat {}", path,
                                              seat.at("id").get<std::string>()));
}

void report(const Context& context, const seats::AdminTx& tx, const Decided& decided,
            bool in_effect) {
    if (context.is_json()) {
        print_line(json{{"seat", tx.seat},
                        {"operation", seats::name_of(tx.operation)},
                        {"height", decided.height},
                        {"effective_height", decided.effective_height},
                        {"in_effect", in_effect},
                        {"hash", decided.hash}}
                       .dump());
    } else if (in_effect) {
        print_line(fmt::format("in effect since height {}", decided.effective_height));
    }
}

Outcome run_operation(const Context& context, const OperationOptions& options,
                      const MakeOperation& make) {
    auto key = load_admin_key(options.admin.key_path);
    if (!key) return fail(std::move(key).error());
    auto client = SeatClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto status = client->status();
    if (!status) return fail(std::move(status).error());
    if (options.at > status->height + 1) {
        if (!context.is_json())
            print_line(fmt::format("waiting for height {}; the chain is at {}", options.at,
                                   status->height));
        if (Outcome waited = client->wait_for(options.at - 1); !waited) return waited;
        status = client->status();
        if (!status) return fail(std::move(status).error());
    }
    auto seat = client->seats("/" + options.seat);
    if (!seat) return fail(std::move(seat).error());
    if (Outcome known = check_admin(*seat, *key, options.admin.key_path); !known) return known;
    auto operation = make(options, *status, *seat);
    if (!operation) return fail(std::move(operation).error());

    seats::AdminTx tx;
    tx.seat = options.seat;
    tx.operation = std::move(*operation);
    tx.nonce = static_cast<std::uint64_t>(number(*seat, "nonce")) + 1;
    tx.expiry_height = status->height + options.admin.expiry_blocks;
    sign(tx, status->chain_id, options.seat, *key);
    if (!context.is_json()) print_line(describe(tx));
    return submit_and_report(context, *client, tx, options.wait);
}

std::expected<seats::NodeRegistration, Failure> registration(const OperationOptions& options,
                                                             const ChainStatus& status) {
    auto file = read_registration(options.file, status.chain_id, options.seat);
    if (!file) return fail(file.error());
    return std::move(file->node);
}

/// The standby that was named, or the only one there is.
std::expected<std::string, Failure> standby(const OperationOptions& options, const json& seat) {
    if (!options.name.empty()) return options.name;
    std::vector<std::string> names;
    for (const json& node : seat.at("nodes"))
        if (node.at("role") == "standby") names.push_back(node.at("name").get<std::string>());
    if (names.size() == 1) return names.front();
    return fail(ExitCode::usage,
                names.empty() ? fmt::format("the seat {} has no standby", options.seat)
                              : fmt::format("the seat {} has {} standbys; say to which, with --to",
                                            options.seat, names.size()));
}

struct AddedCommand {
    CLI::App* command;
    std::shared_ptr<OperationOptions> options;
};

AddedCommand add_operation(CLI::App& app, Context& context, const char* name, const char* about,
                           MakeOperation make) {
    CLI::App* command = add_command(app, name, about);
    const auto options = std::make_shared<OperationOptions>();
    command->add_option("seat", options->seat, "Id of the seat")->required();
    add_node_options(*command, options->node);
    add_admin_options(*command, options->admin);
    command
        ->add_flag("--wait,!--no-wait", options->wait, "Wait until it is in effect (the default)")
        ->default_str("true");
    command->callback([&context, options, make = std::move(make)] {
        context.outcome = run_operation(context, *options, make);
    });
    return {command, options};
}

struct RegistrationOptions {
    std::string seat;
    std::string name;
    std::string out;
};

Outcome write_registration(const Context& context, const RegistrationOptions& options) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    const auto consensus = load_validator_key(home->at(config->base.priv_validator_key_file));
    if (!consensus) return fail(consensus.error());
    const auto liveness = load_node_key(home->at(config->seats.liveness_key_file));
    if (!liveness) return fail(liveness.error());
    const auto genesis = load_genesis(home->at(config->base.genesis_file));
    if (!genesis) return fail(genesis.error());
    const std::string file = to_text(make_registration(genesis->doc.chain_id, options.seat,
                                                       options.name, *consensus, *liveness));
    if (options.out.empty()) return print_text(file), Outcome{};
    FileBatch batch(0755);
    batch.create(options.out, base::as_bytes(file), 0644);
    TANDEM_DO(batch.commit());
    return {};
}

void add_registration(CLI::App& seat, Context& context) {
    CLI::App* command = add_command(
        seat, "registration",
        "On a new node: its public keys, and proofs that it has the private ones, for the admin\n"
        "Example: tandem seat registration acme acme-3 --home /srv/acme-3 --out acme-3.json");
    const auto options = std::make_shared<RegistrationOptions>();
    command->add_option("seat", options->seat, "Id of the seat that it is to join")->required();
    command->add_option("name", options->name, "Name of the node")->required();
    command->add_option("--out", options->out, "File to write (default: standard output)");
    command->callback(
        [&context, options] { context.outcome = write_registration(context, *options); });
}

void add_switchover(CLI::App& seat, Context& context) {
    const AddedCommand added = add_operation(
        seat, context, "switchover",
        "Hand the seat over to a standby; no commit is lost\n"
        "Example: tandem seat switchover acme --to acme-2 --admin-key admin/acme.json",
        [](const OperationOptions& options, const ChainStatus& /*status*/,
           const json& state) -> std::expected<seats::Operation, Failure> {
            auto name = standby(options, state);
            if (!name) return fail(std::move(name).error());
            return seats::Switchover{*name};
        });
    added.command->add_option("--to", added.options->name, "Name of the standby");
    added.command->add_option("--at", added.options->at, "Not before this height");
}

void add_node_operations(CLI::App& seat, Context& context) {
    AddedCommand added = add_operation(
        seat, context, "add-standby",
        "Register a further node of the seat\n"
        "Example: tandem seat add-standby acme --registration acme-3.json --admin-key "
        "admin/acme.json",
        [](const OperationOptions& options, const ChainStatus& status,
           const json& /*state*/) -> std::expected<seats::Operation, Failure> {
            auto node = registration(options, status);
            if (!node) return fail(std::move(node).error());
            return seats::AddStandby{std::move(*node)};
        });
    added.command
        ->add_option("--registration", added.options->file,
                     "What tandem seat registration wrote on the new node")
        ->required();

    added = add_operation(
        seat, context, "replace",
        "Put a new node in the place of a standby; the old one's keys never return\n"
        "Example: tandem seat replace acme acme-2 --registration acme-3.json --admin-key "
        "admin/acme.json",
        [](const OperationOptions& options, const ChainStatus& status,
           const json& /*state*/) -> std::expected<seats::Operation, Failure> {
            auto node = registration(options, status);
            if (!node) return fail(std::move(node).error());
            return seats::ReplaceStandby{options.name, std::move(*node)};
        });
    added.command->add_option("old", added.options->name, "Name of the standby that goes")
        ->required();
    added.command
        ->add_option("--registration", added.options->file,
                     "What tandem seat registration wrote on the new node")
        ->required();

    added =
        add_operation(seat, context, "remove-standby",
                      "Take a standby out of the seat; its keys never return\n"
                      "Example: tandem seat remove-standby acme acme-3 --admin-key admin/acme.json",
                      [](const OperationOptions& options, const ChainStatus& /*status*/,
                         const json& /*state*/) -> std::expected<seats::Operation, Failure> {
                          return seats::RemoveStandby{options.name};
                      });
    added.command->add_option("name", added.options->name, "Name of the standby")->required();
}

void add_replace_liveness_key(CLI::App& seat, Context& context) {
    const AddedCommand added = add_operation(
        seat, context, "replace-liveness-key",
        "Give a node of the seat a new liveness key; the old one, which somebody may have stolen, "
        "never returns\n"
        "Example: tandem seat replace-liveness-key acme --registration acme-1.json --admin-key "
        "admin/acme.json",
        [](const OperationOptions& options, const ChainStatus& status,
           const json& /*state*/) -> std::expected<seats::Operation, Failure> {
            auto node = registration(options, status);
            if (!node) return fail(std::move(node).error());
            return seats::ReplaceLivenessKey{node->name, node->liveness_key, node->liveness_proof};
        });
    added.command
        ->add_option("--registration", added.options->file,
                     "What tandem seat registration wrote on the node, its new key in place")
        ->required();
}

void add_admin_operations(CLI::App& seat, Context& context) {
    add_operation(seat, context, "pause",
                  "Keep the rule from moving the seat\n"
                  "Example: tandem seat pause acme --admin-key admin/acme.json",
                  [](const auto&, const auto&, const auto&) { return seats::Pause{}; });
    add_operation(seat, context, "resume",
                  "Let the rule move the seat again\n"
                  "Example: tandem seat resume acme --admin-key admin/acme.json",
                  [](const auto&, const auto&, const auto&) { return seats::Resume{}; });
    const AddedCommand added = add_operation(
        seat, context, "rotate-admin",
        "Give the seat a new admin key; the old one never returns\n"
        "Example: tandem seat rotate-admin acme --new-key new.json --admin-key admin/acme.json",
        [](const OperationOptions& options, const ChainStatus& status,
           const json& /*state*/) -> std::expected<seats::Operation, Failure> {
            auto key = load_node_key(options.file);
            if (!key) return fail(key.error());
            seats::RotateAdminKey operation{key->public_key(), {}};
            const auto proof = key->sign(
                seats::admin_key_sign_bytes(status.chain_id, options.seat, operation.admin_key));
            operation.admin_proof = base::to_bytes(base::view(proof));
            return operation;
        });
    added.command
        ->add_option("--new-key", added.options->file,
                     "File of the new key, as tandem seat admin-key makes one")
        ->required();
}

void add_admin_key(CLI::App& seat, Context& context) {
    CLI::App* command = add_command(seat, "admin-key",
                                    "Make an admin key and print its public key\n"
                                    "Example: tandem seat admin-key --out admin/acme.json");
    const auto out = std::make_shared<std::string>();
    command->add_option("--out", *out, "File to write")->required();
    command->callback([&context, out] {
        const crypto::PrivateKey key = fresh_key();
        FileBatch batch(0700);
        batch.create(*out, types::node_key_text(key).view(), types::secret_file_mode);
        if (const Verdict written = batch.commit(); !written)
            context.outcome = fail(written.error());
        else
            print_line(types::to_json(key.public_key()));
    });
}

}  // namespace

void add_admin_options(CLI::App& command, AdminOptions& options) {
    command.add_option("--admin-key", options.key_path, "File of the admin key that signs")
        ->envname("TANDEM_ADMIN_KEY");
    command
        .add_option("--expiry-blocks", options.expiry_blocks,
                    "It is void when so many blocks did not take it")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
}

std::expected<crypto::PrivateKey, Failure> admin_key_of(const AdminOptions& options) {
    return load_admin_key(options.key_path);
}

Outcome submit_and_report(const Context& context, SeatClient& client, const seats::AdminTx& tx,
                          bool wait) {
    auto decided = client.submit(tx);
    if (!decided) return fail(std::move(decided).error());
    if (!context.is_json())
        print_line(fmt::format("decided at height {}, takes effect at height {}", decided->height,
                               decided->effective_height));
    if (wait)
        if (Outcome waited = client.wait_for(decided->effective_height); !waited) return waited;
    report(context, tx, *decided, wait);
    return {};
}

void add_seat_commands(CLI::App& app, Context& context) {
    CLI::App* seat = add_command(app, "seat",
                                 "Look at seats, and operate on them\n"
                                 "Example: tandem seat list");
    seat->require_subcommand(1);
    add_seat_views(*seat, context);
    add_switchover(*seat, context);
    add_admin_operations(*seat, context);
    add_node_operations(*seat, context);
    add_replace_liveness_key(*seat, context);
    add_registration(*seat, context);
    add_admin_key(*seat, context);
    add_quorum_commands(*seat, context);
}

}  // namespace tandem::program
