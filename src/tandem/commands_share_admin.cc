// tandem tx: what the admins of organisations do in share.
//
// A new organisation needs more than two thirds of those that are there: its request goes as a file
// from admin to admin, and is sent with the last approval that it needs.
#include <fmt/format.h>

#include "tandem/files.h"
#include "tandem/tx_commands.h"
#include "types/json.h"

namespace tandem::program {
namespace {

struct AdminTxOptions {
    NodeOptions node;
    std::string organisation;
    std::string name;
    std::string key_path;
    std::string public_key;
    std::string role = "writer";
    std::string file;
    std::string out;
    Texts readers;
};

using MadeOperation = std::expected<share::Operation, Failure>;
using MakeShareOperation = std::function<MadeOperation(const AdminTxOptions&, ShareClient&)>;

std::expected<Signer, Failure> admin_of(const AdminTxOptions& options) {
    return signer_of(options.organisation, "", options.key_path,
                     "--admin-key, or set TANDEM_ADMIN_KEY:");
}

base::Bytes admin_proof(const std::string& chain_id, const std::string& organisation,
                        const crypto::PrivateKey& key) {
    const auto signature =
        key.sign(share::admin_proof_bytes(chain_id, organisation, key.public_key()));
    return base::to_bytes(base::view(signature));
}

Outcome check_name(const std::string& name, const char* what) {
    if (share::is_name(name)) return {};
    return fail(
        ExitCode::usage,
        fmt::format("\"{}\" is no name of a {}: 1 to {} of a-z, 0-9, \"-\", \"_\" and \".\"", name,
                    what, share::name_bytes_max));
}

Outcome administer(const Context& context, const AdminTxOptions& options, std::string_view what,
                   const MakeShareOperation& make) {
    auto admin = admin_of(options);
    if (!admin) return fail(std::move(admin).error());
    auto client = ShareClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto operation = make(options, *client);
    if (!operation) return fail(std::move(operation).error());
    auto landed = client->execute(*admin, *operation);
    if (!landed) return fail(std::move(landed).error());
    return report_landed(context, *landed, what, {{"organisation", options.organisation}});
}

MadeOperation set_member(const AdminTxOptions& options, ShareClient& /*client*/) {
    if (Outcome named = check_name(options.name, "member"); !named)
        return fail(std::move(named).error());
    auto key = public_key_of(options.public_key);
    if (!key) return fail(std::move(key).error());
    return share::SetMember{options.name, std::move(*key),
                            options.role == "reader" ? share::Role::reader : share::Role::writer};
}

MadeOperation remove_member(const AdminTxOptions& options, ShareClient& /*client*/) {
    if (Outcome named = check_name(options.name, "member"); !named)
        return fail(std::move(named).error());
    return share::RemoveMember{options.name};
}

MadeOperation set_namespace(const AdminTxOptions& options, ShareClient& /*client*/) {
    if (Outcome named = check_name(options.name, "namespace"); !named)
        return fail(std::move(named).error());
    share::SetNamespace operation{options.name, {options.readers.begin(), options.readers.end()}};
    for (const std::string& reader : operation.readers)
        if (Outcome named = check_name(reader, "reading organisation"); !named)
            return fail(std::move(named).error());
    std::ranges::sort(operation.readers);
    const auto twice = std::ranges::unique(operation.readers);
    operation.readers.erase(twice.begin(), twice.end());
    return operation;
}

MadeOperation rotate_admin(const AdminTxOptions& options, ShareClient& client) {
    const auto key = load_node_key(options.file);
    if (!key) return fail(key.error());
    return share::RotateAdmin{key->public_key(),
                              admin_proof(client.begun_at().chain_id, options.organisation, *key)};
}

CLI::App* add_admin_command(CLI::App& tx, Context& context, const char* name, const char* about,
                            const char* done, MakeShareOperation make,
                            std::shared_ptr<AdminTxOptions>& options) {
    CLI::App* command = add_command(tx, name, about);
    command->group("share, for admins");
    options = std::make_shared<AdminTxOptions>();
    command->add_option("organisation", options->organisation, "Whose admin signs")->required();
    command->add_option("--admin-key", options->key_path, "File of the admin's key")
        ->envname("TANDEM_ADMIN_KEY");
    add_node_options(*command, options->node);
    command->callback([&context, options, done, make = std::move(make)] {
        context.outcome = administer(context, *options, done, make);
    });
    return command;
}

void add_member_commands(CLI::App& tx, Context& context) {
    std::shared_ptr<AdminTxOptions> options;
    CLI::App* command = add_admin_command(
        tx, context, "set-member",
        "share: add a member of the organisation, or give one another key or role\n"
        "Example: tandem tx set-member acme w --role writer --public-key "
        "\"$(tandem keys show w.json)\" --admin-key acme.json",
        "set", set_member, options);
    command->add_option("name", options->name, "Name of the member")->required();
    command
        ->add_option("--public-key", options->public_key,
                     "The member's public key: as tandem keys prints it, or base64")
        ->required();
    command->add_option("--role", options->role, "reader or writer")
        ->check(CLI::IsMember({"reader", "writer"}))
        ->capture_default_str();

    command = add_admin_command(tx, context, "remove-member",
                                "share: take a member's rights away; what the member wrote stays\n"
                                "Example: tandem tx remove-member acme w --admin-key acme.json",
                                "removed", remove_member, options);
    command->add_option("name", options->name, "Name of the member")->required();

    command = add_admin_command(
        tx, context, "set-namespace",
        "share: make a namespace, or say anew who reads it\n"
        "Example: tandem tx set-namespace acme closed --reader beta --admin-key acme.json",
        "set", set_namespace, options);
    command->add_option("name", options->name, "Name of the namespace")->required();
    command
        ->add_option("--reader", options->readers,
                     "An organisation that reads it, besides its own; once for each (default: "
                     "everybody reads)")
        ->take_all()
        ->allow_extra_args(false);

    command = add_admin_command(
        tx, context, "rotate-admin",
        "share: give the organisation a new admin key\n"
        "Example: tandem tx rotate-admin acme --new-key new.json --admin-key acme.json",
        "the admin key is another one", rotate_admin, options);
    command->add_option("--new-key", options->file, "File of the new key")->required();
}

// ---- New organisations.

std::expected<json, Failure> read_object(const std::string& path, const char* what) {
    const auto text = read_file(path, key_file_bytes_max);
    if (!text) return fail(text.error());
    json value = json::parse(*text, nullptr, false);
    if (!value.is_object())
        return fail(ExitCode::configuration, fmt::format("{} is no {}", path, what));
    return value;
}

Outcome write_file(const std::string& path, const json& value, bool is_new) {
    const std::string text = value.dump(2) + "\n";
    FileBatch batch(0755);
    if (is_new)
        batch.create(path, base::as_bytes(text), 0644);
    else
        batch.replace(path, base::as_bytes(text), 0644);
    TANDEM_DO(batch.commit());
    return {};
}

/// By the new organisation: its public key, and that it has the private one.
Outcome register_organisation(const Context& context, const AdminTxOptions& options) {
    if (Outcome named = check_name(options.organisation, "organisation"); !named) return named;
    auto admin = admin_of(options);
    if (!admin) return fail(std::move(admin).error());
    auto client = ShareClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    const std::string& chain_id = client->begun_at().chain_id;
    const auto proof = admin->key->sign(
        share::admin_proof_bytes(chain_id, options.organisation, admin->key->public_key()));
    const json file{{"chain_id", chain_id},
                    {"organisation", options.organisation},
                    {"admin_key", shown_key(admin->key->public_key())},
                    {"proof", base::to_base64(base::view(proof))}};
    if (options.out.empty()) return print_line(file.dump(2)), Outcome{};
    return write_file(options.out, file, true);
}

std::expected<share::AddOrganisation, Failure> read_registration(const std::string& path,
                                                                 const std::string& chain_id) {
    auto file = read_object(path, "registration of an organisation");
    if (!file) return fail(std::move(file).error());
    share::AddOrganisation operation;
    operation.name = file->value("organisation", std::string());
    auto key = public_key_of(file->value("admin_key", std::string()));
    if (!key) return fail(ExitCode::configuration, path + ": " + key.error().what);
    operation.admin_key = std::move(*key);
    operation.proof = bytes_at(*file, "proof");
    if (file->value("chain_id", std::string()) != chain_id ||
        !crypto::verify(operation.admin_key,
                        share::admin_proof_bytes(chain_id, operation.name, operation.admin_key),
                        operation.proof))
        return fail(ExitCode::configuration,
                    fmt::format("{}: the proof of the admin key does not hold for the chain {}; "
                                "make the file anew, with tandem tx register-organisation",
                                path, chain_id));
    return operation;
}

/// Sends a request that has the approvals it needs; else keeps it for the next admin.
Outcome send_or_keep(const Context& context, ShareClient& client, const share::Tx& tx,
                     const std::string& path, bool is_new) {
    auto names = client.ask_json("/organisations", {});
    if (!names) return fail(std::move(names).error());
    const std::size_t approving = 1 + tx.approvals.size();
    const std::string name = std::get<share::AddOrganisation>(tx.operation).name;
    if (3 * approving > 2 * names->size()) {
        auto landed = client.send(tx);
        if (!landed) return fail(std::move(landed).error());
        return report_landed(context, *landed, "organisation " + name + " added",
                             {{"organisation", name}});
    }
    const json file{{"chain_id", client.begun_at().chain_id},
                    {"adds", name},
                    {"approved_by", approving},
                    {"organisations", names->size()},
                    {"tx", base::to_base64(share::encode(tx))}};
    if (path.empty())
        return fail(ExitCode::usage, "more approvals are needed: where to keep it? Give --out");
    if (Outcome written = write_file(path, file, is_new); !written) return written;
    print_line(context.is_json()
                   ? file.dump()
                   : fmt::format("{}: approved by {} of {} organisations; more than two thirds are "
                                 "needed. Next: tandem tx approve-organisation",
                                 path, approving, names->size()));
    return {};
}

Outcome add_organisation(const Context& context, const AdminTxOptions& options) {
    auto admin = admin_of(options);
    if (!admin) return fail(std::move(admin).error());
    auto client = ShareClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto operation = read_registration(options.file, client->begun_at().chain_id);
    if (!operation) return fail(std::move(operation).error());
    auto tx = client->prepare(*admin, std::move(*operation));
    if (!tx) return fail(std::move(tx).error());
    share::sign(*tx, client->begun_at().chain_id, *admin->key);
    return send_or_keep(context, *client, *tx, options.out, true);
}

Outcome approve_organisation(const Context& context, const AdminTxOptions& options) {
    auto admin = admin_of(options);
    if (!admin) return fail(std::move(admin).error());
    auto file = read_object(options.file, "request for an organisation");
    if (!file) return fail(std::move(file).error());
    auto tx = share::decode_tx(bytes_at(*file, "tx"));
    if (!tx || !std::holds_alternative<share::AddOrganisation>(tx->operation))
        return fail(ExitCode::configuration,
                    fmt::format("{} is no request for an organisation", options.file));
    auto client = ShareClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    const std::string& chain_id = client->begun_at().chain_id;
    if (file->value("chain_id", std::string()) != chain_id)
        return fail(ExitCode::failed,
                    fmt::format("{} is for another chain than {}", options.file, chain_id));
    // Refused where the key is not that of the organisation's admin.
    if (auto own = client->prepare(*admin, tx->operation); !own)
        return fail(std::move(own).error());
    if (admin->organisation == tx->organisation)
        return fail(ExitCode::failed, fmt::format("{} has signed it already", tx->organisation));
    const auto signature = admin->key->sign(share::sign_bytes(chain_id, *tx));
    std::erase_if(tx->approvals, [&](const share::Approval& one) {
        return one.organisation == admin->organisation;
    });
    tx->approvals.push_back({admin->organisation, base::to_bytes(base::view(signature))});
    std::ranges::sort(tx->approvals, {}, &share::Approval::organisation);
    return send_or_keep(context, *client, *tx, options.file, false);
}

using RunAdmin = Outcome (*)(const Context&, const AdminTxOptions&);

void add_organisation_command(CLI::App& tx, Context& context, const char* name, const char* about,
                              const char* whose, RunAdmin run) {
    CLI::App* command = add_command(tx, name, about);
    command->group("share, for admins");
    const auto options = std::make_shared<AdminTxOptions>();
    command->add_option("organisation", options->organisation, whose)->required();
    command->add_option("--admin-key", options->key_path, "File of the admin's key")
        ->envname("TANDEM_ADMIN_KEY");
    add_node_options(*command, options->node);
    command->callback([&context, options, run] { context.outcome = run(context, *options); });
    if (run == register_organisation) {
        command->add_option("--out", options->out, "File to write (default: standard output)");
    } else if (run == add_organisation) {
        command->add_option("--registration", options->file, "What the new one's admin wrote")
            ->required();
        command->add_option("--out", options->out, "File for the next admin to approve");
    } else {
        command->add_option("--request", options->file, "The request; it is written anew")
            ->required();
    }
}

}  // namespace

void add_share_admin_commands(CLI::App& tx, Context& context) {
    add_member_commands(tx, context);
    add_organisation_command(
        tx, context, "register-organisation",
        "share: the new organisation's key with its proof, in a file for those who are there\n"
        "Example: tandem tx register-organisation delta --admin-key delta.json --out reg.json",
        "Name of the new organisation", register_organisation);
    add_organisation_command(
        tx, context, "add-organisation",
        "share: ask for a new organisation; more than two thirds must approve\n"
        "Example: tandem tx add-organisation acme --registration reg.json --admin-key acme.json "
        "--out request.json",
        "Whose admin signs", add_organisation);
    add_organisation_command(
        tx, context, "approve-organisation",
        "share: approve a new organisation; sent with the last approval that it needs\n"
        "Example: tandem tx approve-organisation beta --request request.json --admin-key "
        "beta.json",
        "Whose admin approves", approve_organisation);
}

}  // namespace tandem::program
