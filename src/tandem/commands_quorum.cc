// tandem seat propose, approve: operations that more than two thirds of the power must sign.
//
// A proposal is a file that goes from admin to admin; each adds a signature. It is sent when those
// who signed have the power, or by hand.
#include <charconv>
#include <fmt/format.h>
#include <map>

#include "tandem/duration_text.h"
#include "tandem/seat_commands.h"
#include "tandem/seat_operations.h"
#include "types/json.h"

namespace tandem::program {
namespace {

struct QuorumOptions {
    NodeOptions node;
    AdminOptions admin;
    std::string as_seat;  // whose admin signs
    std::string out;      // where the proposal is written
    std::string file;     // the proposal
    // ---- What is proposed.
    std::string seat;
    std::int64_t power = 0;
    std::string admin_key_path;
    Texts registrations;
    std::map<std::string, std::string> params;
};

/// Power of those who signed, and of all.
struct Support {
    std::int64_t power = 0;
    std::int64_t total = 0;
    std::size_t signers = 0;
    std::size_t seats = 0;

    [[nodiscard]] bool enough() const noexcept { return 3 * power > 2 * total; }
};

Support support_of(const seats::AdminTx& tx, const json& seats) {
    Support support;
    support.total = number(seats, "total_power");
    for (const json& seat : seats.at("seats")) {
        ++support.seats;
        const std::string id = seat.at("id").get<std::string>();
        if (std::ranges::none_of(tx.signatures, [&](const auto& one) { return one.seat == id; }))
            continue;
        ++support.signers;
        if (!seat.value("leaving", false)) support.power += number(seat, "power");
    }
    return support;
}

/// The seat whose admin key this is.
std::expected<std::string, Failure> seat_of_key(const json& seats, const crypto::PublicKey& key) {
    for (const json& seat : seats.at("seats"))
        if (const auto admin = types::from_json<crypto::PublicKey>(seat.at("admin_key").dump());
            admin && *admin == key)
            return seat.at("id").get<std::string>();
    return fail(ExitCode::failed, "this key is the admin key of no seat");
}

Outcome write_proposal(const Context& context, const Proposal& proposal, const std::string& path,
                       const Support& support, bool is_new) {
    FileBatch batch(0755);
    const std::string text = to_text(proposal);
    if (is_new)
        batch.create(path, base::as_bytes(text), 0644);
    else
        batch.replace(path, base::as_bytes(text), 0644);
    TANDEM_DO(batch.commit());
    if (context.is_json()) return print_text(text), Outcome{};
    print_line(describe(proposal.tx));
    print_line(fmt::format(
        "{}: signed by {} of {} seats, {} of {} power; more than two thirds are needed. Void after "
        "height {}",
        path, support.signers, support.seats, support.power, support.total,
        proposal.tx.expiry_height));
    return {};
}

using MakeQuorumOperation = std::function<std::expected<seats::Operation, Failure>(
    const QuorumOptions&, const ChainStatus&, SeatClient&)>;

Outcome propose(const Context& context, const QuorumOptions& options,
                const MakeQuorumOperation& make) {
    auto key = admin_key_of(options.admin);
    if (!key) return fail(std::move(key).error());
    auto client = SeatClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto status = client->status();
    if (!status) return fail(std::move(status).error());
    auto seats = client->seats();
    if (!seats) return fail(std::move(seats).error());
    auto signer = seat_of_key(*seats, key->public_key());
    if (!signer) return fail(std::move(signer).error());
    auto operation = make(options, *status, *client);
    if (!operation) return fail(std::move(operation).error());

    Proposal proposal;
    proposal.chain_id = status->chain_id;
    proposal.tx.operation = std::move(*operation);
    proposal.tx.nonce = static_cast<std::uint64_t>(number(*seats, "quorum_nonce")) + 1;
    proposal.tx.expiry_height = status->height + options.admin.expiry_blocks;
    sign(proposal.tx, status->chain_id, *signer, *key);
    return write_proposal(context, proposal, options.out, support_of(proposal.tx, *seats), true);
}

Outcome approve(const Context& context, const QuorumOptions& options) {
    auto key = admin_key_of(options.admin);
    if (!key) return fail(std::move(key).error());
    auto proposal = read_proposal(options.file);
    if (!proposal) return fail(proposal.error());
    auto client = SeatClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto status = client->status();
    if (!status) return fail(std::move(status).error());
    if (status->chain_id != proposal->chain_id)
        return fail(ExitCode::failed,
                    fmt::format("{} is for the chain {}, and the node follows {}", options.file,
                                proposal->chain_id, status->chain_id));
    if (proposal->tx.expiry_height <= status->height)
        return fail(ExitCode::failed,
                    fmt::format("{} was void after height {}, and the chain is at {}; propose it "
                                "again",
                                options.file, proposal->tx.expiry_height, status->height));
    auto seats = client->seats();
    if (!seats) return fail(std::move(seats).error());
    auto signer = seat_of_key(*seats, key->public_key());
    if (!signer) return fail(std::move(signer).error());
    sign(proposal->tx, proposal->chain_id, *signer, *key);
    const Support support = support_of(proposal->tx, *seats);
    if (Outcome written = write_proposal(context, *proposal, options.file, support, false);
        !written || !support.enough())
        return written;
    return submit_and_report(context, *client, proposal->tx, true);
}

std::expected<seats::Operation, Failure> make_add_seat(const QuorumOptions& options,
                                                       const ChainStatus& status,
                                                       SeatClient& /*client*/) {
    seats::AddSeat operation;
    operation.id = options.seat;
    operation.power = options.power;
    const auto admin = load_node_key(options.admin_key_path);
    if (!admin) return fail(admin.error());
    operation.admin_key = admin->public_key();
    const auto proof = admin->sign(
        seats::admin_key_sign_bytes(status.chain_id, options.seat, operation.admin_key));
    operation.admin_proof = base::to_bytes(base::view(proof));
    for (const std::string& path : options.registrations) {
        auto file = read_registration(path, status.chain_id, options.seat);
        if (!file) return fail(file.error());
        operation.nodes.push_back(std::move(file->node));
    }
    return operation;
}

template <typename T>
bool take_number(const std::map<std::string, std::string>& given, const char* name, T& out) {
    const auto found = given.find(name);
    if (found == given.end()) return true;
    std::int64_t value = 0;
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::in_range<T>(value))
        return false;
    out = static_cast<T>(value);
    return true;
}

Outcome take_span(const std::map<std::string, std::string>& given, const char* name,
                  Duration& out) {
    const auto found = given.find(name);
    if (found == given.end()) return {};
    const auto span = duration_from_text(found->second);
    if (!span) return fail(ExitCode::usage, fmt::format("--{}: {}", name, span.error().why));
    out = *span;
    return {};
}

/// The present parameters, with what was given in their place. Formulas stay formulas.
std::expected<seats::Operation, Failure> make_change_params(const QuorumOptions& options,
                                                            const ChainStatus& /*status*/,
                                                            SeatClient& client) {
    auto now = client.seats("/params");
    if (!now) return fail(std::move(now).error());
    seats::Params params;
    params.run_records = static_cast<std::uint32_t>(number(*now, "n"));
    const bool was_strict = now->value("strict", false);
    const auto k = static_cast<std::uint32_t>(number(*now, "k"));
    if (params.k() != k && !was_strict) params.alive_records = k;
    params.wedged_records = number(*now, "m");
    if (params.c() != number(*now, "c")) params.cooldown_blocks = number(*now, "c");
    params.run_time = {number(*now, "t")};
    params.heartbeat_lag_blocks = static_cast<std::uint32_t>(number(*now, "heartbeat_lag_blocks"));
    params.heartbeat_lag_time = {number(*now, "heartbeat_lag_time")};
    params.power_guard = now->value("power_guard", true);

    const auto& given = options.params;
    if (!take_number(given, "n", params.run_records) ||
        !take_number(given, "k", params.alive_records) ||
        !take_number(given, "m", params.wedged_records) ||
        !take_number(given, "c", params.cooldown_blocks) ||
        !take_number(given, "lag-blocks", params.heartbeat_lag_blocks))
        return fail(ExitCode::usage, "parameters are whole numbers");
    // K = N stays so when N changes, unless K is given.
    if (was_strict && !given.contains("k")) params.alive_records = params.run_records;
    if (Outcome taken = take_span(given, "t", params.run_time); !taken)
        return fail(std::move(taken).error());
    if (Outcome taken = take_span(given, "lag-time", params.heartbeat_lag_time); !taken)
        return fail(std::move(taken).error());
    if (const auto guard = given.find("power-guard"); guard != given.end())
        params.power_guard = guard->second == "on";
    if (const Verdict valid = seats::validate(params); !valid)
        return fail(ExitCode::usage, valid.error().check + ": " + valid.error().why);
    return seats::ChangeParams{params};
}

struct AddedProposal {
    CLI::App* command;
    std::shared_ptr<QuorumOptions> options;
};

AddedProposal add_proposal(CLI::App& app, Context& context, const char* name, const char* about,
                           MakeQuorumOperation make) {
    CLI::App* command = add_command(app, name, about);
    const auto options = std::make_shared<QuorumOptions>();
    options->admin.expiry_blocks = 100'000;  // it travels between people
    command->add_option("--out", options->out, "File to write the proposal to")->required();
    add_node_options(*command, options->node);
    add_admin_options(*command, options->admin);
    command->callback([&context, options, make = std::move(make)] {
        context.outcome = propose(context, *options, make);
    });
    return {command, options};
}

void add_seat_proposals(CLI::App& app, Context& context) {
    AddedProposal added = add_proposal(
        app, context, "add-seat",
        "A new seat\n"
        "Example: tandem seat propose add-seat delta --power 10 --seat-admin-key delta.json "
        "--registration delta-1.json --registration delta-2.json --admin-key admin/acme.json --out "
        "proposal.json",
        make_add_seat);
    added.command->add_option("seat", added.options->seat, "Id of the new seat")->required();
    added.command->add_option("--power", added.options->power, "Its voting power")->required();
    added.command
        ->add_option("--seat-admin-key", added.options->admin_key_path,
                     "File of the new seat's admin key, which proves itself")
        ->required();
    added.command
        ->add_option("--registration", added.options->registrations,
                     "Of each node; the first becomes the validator")
        ->required()
        ->take_all()
        ->allow_extra_args(false);

    added = add_proposal(app, context, "remove-seat",
                         "Take a seat out of the chain\n"
                         "Example: tandem seat propose remove-seat delta --admin-key "
                         "admin/acme.json --out proposal.json",
                         [](const QuorumOptions& options, const ChainStatus& /*status*/,
                            SeatClient& /*client*/) -> std::expected<seats::Operation, Failure> {
                             return seats::RemoveSeat{options.seat};
                         });
    added.command->add_option("seat", added.options->seat, "Id of the seat")->required();

    added = add_proposal(app, context, "change-power",
                         "Give a seat another voting power\n"
                         "Example: tandem seat propose change-power delta --power 20 --admin-key "
                         "admin/acme.json --out proposal.json",
                         [](const QuorumOptions& options, const ChainStatus& /*status*/,
                            SeatClient& /*client*/) -> std::expected<seats::Operation, Failure> {
                             return seats::ChangePower{options.seat, options.power};
                         });
    added.command->add_option("seat", added.options->seat, "Id of the seat")->required();
    added.command->add_option("--power", added.options->power, "Its new voting power")->required();
}

void add_params_proposal(CLI::App& app, Context& context) {
    const AddedProposal added = add_proposal(
        app, context, "change-params",
        "Change parameters of the rule; those not given stay\n"
        "Example: tandem seat propose change-params --n 7 --admin-key admin/acme.json --out "
        "proposal.json",
        make_change_params);
    const std::vector<std::pair<std::string, std::string>> names{
        {"n", "Records of a run"},
        {"k", "Of them the standby must be alive in; 0: by formula"},
        {"t", "Time that a run must last, such as 1s"},
        {"m", "Records without a signature that make a wedged validator; 0: by formula"},
        {"c", "Blocks of cooldown; 0: by formula"},
        {"lag-blocks", "How many blocks old a heartbeat may be"},
        {"lag-time", "How old a heartbeat may be in block time"},
        {"power-guard", "on or off"},
    };
    for (const auto& [name, about] : names) {
        CLI::Option* option = added.command->add_option_function<std::string>(
            "--" + name,
            [options = added.options, key = name](const std::string& value) {
                options->params[key] = value;
            },
            about);
        if (name == "power-guard") option->check(CLI::IsMember({"on", "off"}));
    }
}

}  // namespace

void add_quorum_commands(CLI::App& seat, Context& context) {
    CLI::App* proposals = add_command(
        seat, "propose",
        "Write a proposal for what more than two thirds of the power must sign\n"
        "Example: tandem seat propose change-power delta --power 20 --admin-key admin/acme.json "
        "--out proposal.json");
    proposals->require_subcommand(1);
    add_seat_proposals(*proposals, context);
    add_params_proposal(*proposals, context);

    CLI::App* command =
        add_command(seat, "approve",
                    "Sign a proposal; it is sent when those who signed have the power\n"
                    "Example: tandem seat approve proposal.json --admin-key admin/beta.json");
    const auto options = std::make_shared<QuorumOptions>();
    command->add_option("file", options->file, "The proposal")->required();
    add_node_options(*command, options->node);
    add_admin_options(*command, options->admin);
    command->callback([&context, options] { context.outcome = approve(context, *options); });
}

}  // namespace tandem::program
