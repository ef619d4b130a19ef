#include "sim/scenario_operations.h"

#include <fmt/format.h>

namespace tandem::sim {
namespace {

/// Names of keys have a space where options have a dot.
std::string key_name(std::string text) {
    std::ranges::replace(text, '.', ' ');
    return text;
}

const std::vector<std::string>& operation_names() {
    static const std::vector<std::string> names{"switchover",
                                                "pause",
                                                "resume",
                                                "add-standby",
                                                "replace-standby",
                                                "remove-standby",
                                                "replace-liveness-key",
                                                "rotate-admin-key",
                                                "add-seat",
                                                "remove-seat",
                                                "change-power",
                                                "change-params"};
    return names;
}

std::string admin_key_of(const OperationNames& names, const std::string& seat) {
    const auto found = names.admin_keys.find(seat);
    return found == names.admin_keys.end() ? seat + " admin" : found->second;
}

Bytes prove(const Key& key, BytesView message) {
    const auto signature = key.sign(message);
    return base::to_bytes(base::view(signature));
}

/// Starts the machine, unless it runs already, and registers it.
seats::NodeRegistration registration(SmallChain& chain, const std::string& seat,
                                     const std::string& name, const std::string& key_name) {
    Machine& machine = chain.add_machine(name, seat, key_name);
    seats::NodeRegistration node;
    node.name = name;
    node.consensus_key = machine.consensus_key->public_key();
    node.liveness_key = machine.liveness_key->public_key();
    const Bytes message = seats::registration_sign_bytes(chain.genesis().chain_id, seat, node);
    node.consensus_proof = prove(*machine.consensus_key, message);
    node.liveness_proof = prove(*machine.liveness_key, message);
    return node;
}

/// What needs nothing but the options.
base::Result<seats::Operation> make(const Command& command, SmallChain& chain,
                                    OperationNames& names) {
    const std::string op = command.text("op");
    const std::string seat = command.text("seat");
    const std::string node = command.text("node");
    const auto power = command.number("power", 10);
    if (!power) return std::unexpected(power.error());
    const std::string_view chain_id = chain.genesis().chain_id;
    if (op == "switchover") return seats::Switchover{command.text("to")};
    if (op == "pause") return seats::Pause{};
    if (op == "resume") return seats::Resume{};
    if (op == "add-standby")
        return seats::AddStandby{registration(chain, seat, node, command.text("keys"))};
    if (op == "replace-standby")
        return seats::ReplaceStandby{command.text("old"),
                                     registration(chain, seat, node, command.text("keys"))};
    if (op == "remove-standby") return seats::RemoveStandby{node};
    if (op == "rotate-admin-key") {
        const std::string name = key_name(command.text("keys", seat + " admin 2"));
        seats::RotateAdminKey wanted{Key(name).public_key(), {}};
        wanted.admin_proof =
            prove(Key(name), seats::admin_key_sign_bytes(chain_id, seat, wanted.admin_key));
        names.next_admin_keys[seat] = name;
        return wanted;
    }
    if (op == "replace-liveness-key") {
        Machine* machine = chain.find(node);
        if (machine == nullptr) return base::refuse("scenario", "no machine is called " + node);
        const std::string name = command.text("keys", node + " liveness 2");
        const auto key = std::make_shared<const Key>(name);
        seats::NodeRegistration proof{
            node, machine->consensus_key->public_key(), key->public_key(), {}, {}};
        seats::ReplaceLivenessKey wanted{node, key->public_key(), {}};
        wanted.liveness_proof = prove(*key, seats::registration_sign_bytes(chain_id, seat, proof));
        machine->next_liveness_key = key;
        return wanted;
    }
    if (op == "add-seat") {
        const std::string id = command.text("id");
        seats::AddSeat wanted{id, *power, Key(id + " admin").public_key(), {}, {}};
        wanted.admin_proof =
            prove(Key(id + " admin"), seats::admin_key_sign_bytes(chain_id, id, wanted.admin_key));
        const auto count = command.number("nodes", 2);
        if (!count) return std::unexpected(count.error());
        for (std::int64_t n = 1; n <= *count; ++n)
            wanted.nodes.push_back(registration(chain, id, fmt::format("{}-{}", id, n), ""));
        return wanted;
    }
    if (op == "remove-seat") return seats::RemoveSeat{command.text("id")};
    if (op == "change-power") return seats::ChangePower{command.text("id"), *power};
    if (op == "change-params") {
        auto params = read_params(command, chain.seats_state().params);
        if (!params) return std::unexpected(params.error());
        return seats::ChangeParams{*params};
    }
    return std::unexpected(unknown("operation", op, operation_names()));
}

struct Words {
    std::string operator()(const std::monostate&) const { return "nothing"; }
    std::string operator()(const seats::Switchover& o) const { return "switchover to " + o.to; }
    std::string operator()(const seats::Pause&) const { return "pause"; }
    std::string operator()(const seats::Resume&) const { return "resume"; }
    std::string operator()(const seats::AddStandby& o) const {
        return "add-standby " + o.node.name;
    }
    std::string operator()(const seats::ReplaceStandby& o) const {
        return fmt::format("replace-standby {} by {}", o.old_name, o.node.name);
    }
    std::string operator()(const seats::RemoveStandby& o) const {
        return "remove-standby " + o.name;
    }
    std::string operator()(const seats::ReplaceLivenessKey& o) const {
        return "replace-liveness-key of " + o.name;
    }
    std::string operator()(const seats::RotateAdminKey&) const { return "rotate-admin-key"; }
    std::string operator()(const seats::AddSeat& o) const {
        return fmt::format("add-seat {} power {}", o.id, o.power);
    }
    std::string operator()(const seats::RemoveSeat& o) const { return "remove-seat " + o.id; }
    std::string operator()(const seats::ChangePower& o) const {
        return fmt::format("change-power {} to {}", o.id, o.power);
    }
    std::string operator()(const seats::ChangeParams&) const { return "change-params"; }
};

}  // namespace

const std::vector<std::string_view>& operate_options() {
    static const std::vector<std::string_view> options{
        "op",    "seat",    "to",    "node",   "keys",  "old", "id",        "power",
        "nodes", "signers", "nonce", "expiry", "spoil", "by",  "at-height", "through",
        "N",     "K",       "M",     "C",      "T",     "lag", "lag-time",  "guard"};
    return options;
}

base::Result<seats::Params> read_params(const Command& command, seats::Params params) {
    for (const auto& [name, member] : {std::pair("N", &seats::Params::run_records),
                                       std::pair("K", &seats::Params::alive_records),
                                       std::pair("lag", &seats::Params::heartbeat_lag_blocks)}) {
        const auto value = command.number(name, params.*member);
        if (!value) return std::unexpected(value.error());
        params.*member = static_cast<std::uint32_t>(*value);
    }
    for (const auto& [name, member] : {std::pair("M", &seats::Params::wedged_records),
                                       std::pair("C", &seats::Params::cooldown_blocks)}) {
        const auto value = command.number(name, params.*member);
        if (!value) return std::unexpected(value.error());
        params.*member = *value;
    }
    for (const auto& [name, member] : {std::pair("T", &seats::Params::run_time),
                                       std::pair("lag-time", &seats::Params::heartbeat_lag_time)}) {
        const auto value = command.number(name, (params.*member).nanos / 1'000'000);
        if (!value) return std::unexpected(value.error());
        (params.*member).nanos = *value * 1'000'000;
    }
    if (command.has("guard")) params.power_guard = command.text("guard") == "on";
    return params;
}

base::Result<Bytes> make_operation(const Command& command, SmallChain& chain,
                                   OperationNames& names) {
    auto operation = make(command, chain, names);
    if (!operation) return std::unexpected(operation.error());
    const seats::State& state = chain.seats_state();
    seats::AdminTx tx;
    tx.operation = std::move(*operation);
    std::vector<std::string> signers = command.list("signers");
    std::uint64_t last_nonce = state.quorum_nonce;
    if (!seats::needs_quorum(tx.operation)) {
        tx.seat = command.text("seat");
        const seats::Seat* seat = state.find_seat(tx.seat);
        if (seat != nullptr) last_nonce = seat->nonce;
        if (signers.empty()) signers = {tx.seat};
    } else if (signers.empty()) {
        for (const seats::Seat& seat : state.seats) signers.push_back(seat.id);
    }
    last_nonce += names.in_block[tx.seat]++;
    const auto nonce = command.number("nonce", static_cast<std::int64_t>(last_nonce) + 1);
    const auto expiry = command.number("expiry", 1'000'000);
    if (!nonce) return std::unexpected(nonce.error());
    if (!expiry) return std::unexpected(expiry.error());
    tx.nonce = static_cast<std::uint64_t>(*nonce);
    tx.expiry_height = *expiry;
    const Bytes message = seats::sign_bytes(state.chain_id, tx);
    for (const std::string& seat : signers) {
        Bytes signature =
            prove(Key(key_name(command.text("by", admin_key_of(names, seat)))), message);
        if (command.text("spoil") == "signature") signature.back() ^= 1;
        tx.signatures.push_back({seat, std::move(signature)});
    }
    return seats::encode_admin_tx(tx);
}

std::string describe(const seats::AdminTx& tx) {
    const std::string words = std::visit(Words{}, tx.operation);
    return tx.seat.empty() ? words : tx.seat + " " + words;
}

std::string_view code_name(std::uint32_t code) {
    constexpr std::array<std::string_view, 23> names{
        "ok",          "malformed",      "unknown_seat", "bad_signature", "no_quorum",
        "wrong_nonce", "expired",        "unknown_node", "not_a_standby", "not_alive",
        "quarantined", "switch_pending", "too_soon",     "no_record",     "power_guard",
        "key_in_use",  "bad_proof",      "name_in_use",  "already",       "limits",
        "bad_value",   "empty_set",      "leaving"};
    return code < names.size() ? names[code] : "unknown code";
}

}  // namespace tandem::sim
