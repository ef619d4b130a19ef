#include "tandem/seat_operations.h"

#include <fmt/format.h>

#include "tandem/duration_text.h"
#include "types/json.h"

namespace tandem::program {
namespace {

using nlohmann::json;

base::Bytes signed_by(const crypto::PrivateKey& key, base::BytesView message) {
    const auto signature = key.sign(message);
    return base::to_bytes(base::view(signature));
}

json key_json(const crypto::PublicKey& key) {
    return json::parse(types::to_json(key));
}

Result<crypto::PublicKey> key_of(const json& value) {
    return types::from_json<crypto::PublicKey>(value.dump());
}

std::string key_text(const crypto::PublicKey& key) {
    return base::to_base64(base::view(key.bytes));
}

Result<json> read_json(const std::filesystem::path& path) {
    const auto text = read_file(path, key_file_bytes_max);
    if (!text) return std::unexpected(text.error());
    json value = json::parse(*text, nullptr, false);
    if (!value.is_object())
        return refuse("registration", fmt::format("{} is no JSON object", path.string()));
    return value;
}

Verdict check_proof(const std::filesystem::path& path, const char* name,
                    const crypto::PublicKey& key, base::BytesView message, base::BytesView proof) {
    if (crypto::verify(key, message, proof)) return {};
    return refuse("registration",
                  fmt::format("{}: {} does not hold; make the file anew on the node itself, with "
                              "tandem seat registration",
                              path.string(), name));
}

std::string node_text(const seats::NodeRegistration& node) {
    return fmt::format("{} (consensus key {}, liveness key {})", node.name,
                       key_text(node.consensus_key), key_text(node.liveness_key));
}

struct Describe {
    std::string operator()(std::monostate /*none*/) const { return "nothing"; }
    std::string operator()(const seats::Switchover& o) const { return "switch over to " + o.to; }
    std::string operator()(const seats::Pause& /*o*/) const { return "pause the rule"; }
    std::string operator()(const seats::Resume& /*o*/) const { return "resume the rule"; }
    std::string operator()(const seats::AddStandby& o) const {
        return "add the standby " + node_text(o.node);
    }
    std::string operator()(const seats::ReplaceStandby& o) const {
        return fmt::format("replace the standby {} by {}", o.old_name, node_text(o.node));
    }
    std::string operator()(const seats::RemoveStandby& o) const {
        return "remove the standby " + o.name;
    }
    std::string operator()(const seats::ReplaceLivenessKey& o) const {
        return fmt::format("give {} the liveness key {}", o.name, key_text(o.liveness_key));
    }
    std::string operator()(const seats::RotateAdminKey& o) const {
        return "make " + key_text(o.admin_key) + " the admin key";
    }
    std::string operator()(const seats::AddSeat& o) const {
        std::string text = fmt::format("add the seat {} of power {}, admin key {}, nodes:", o.id,
                                       o.power, key_text(o.admin_key));
        for (const seats::NodeRegistration& node : o.nodes) text += "\n    " + node_text(node);
        return text;
    }
    std::string operator()(const seats::RemoveSeat& o) const { return "remove the seat " + o.id; }
    std::string operator()(const seats::ChangePower& o) const {
        return fmt::format("give the seat {} the power {}", o.id, o.power);
    }
    std::string operator()(const seats::ChangeParams& o) const {
        const seats::Params& p = o.params;
        const auto or_formula = [](std::int64_t value) {
            return value == 0 ? std::string("by formula") : std::to_string(value);
        };
        return fmt::format(
            "set the parameters N {}, K {}, T {}, M {}, C {}, lag {} blocks and {}, "
            "power guard {}",
            p.run_records, or_formula(p.alive_records), to_text(p.run_time),
            or_formula(p.wedged_records), or_formula(p.cooldown_blocks), p.heartbeat_lag_blocks,
            to_text(p.heartbeat_lag_time), p.power_guard ? "on" : "off");
    }
};

}  // namespace

RegistrationFile make_registration(std::string chain_id, std::string seat, std::string name,
                                   const crypto::PrivateKey& consensus,
                                   const crypto::PrivateKey& liveness) {
    seats::NodeRegistration node;
    node.name = std::move(name);
    node.consensus_key = consensus.public_key();
    node.liveness_key = liveness.public_key();
    const base::Bytes message = seats::registration_sign_bytes(chain_id, seat, node);
    node.consensus_proof = signed_by(consensus, message);
    node.liveness_proof = signed_by(liveness, message);
    return {std::move(chain_id), std::move(seat), std::move(node)};
}

std::string to_text(const RegistrationFile& file) {
    return json{{"chain_id", file.chain_id},
                {"seat", file.seat},
                {"name", file.node.name},
                {"consensus_key", key_json(file.node.consensus_key)},
                {"liveness_key", key_json(file.node.liveness_key)},
                {"consensus_proof", base::to_base64(file.node.consensus_proof)},
                {"liveness_proof", base::to_base64(file.node.liveness_proof)}}
               .dump(2) +
           "\n";
}

Result<RegistrationFile> read_registration(const std::filesystem::path& path,
                                           std::string_view chain_id, std::string_view seat) {
    const auto value = read_json(path);
    if (!value) return std::unexpected(value.error());
    RegistrationFile file;
    try {
        file.chain_id = value->at("chain_id").get<std::string>();
        file.seat = value->at("seat").get<std::string>();
        file.node.name = value->at("name").get<std::string>();
        const auto consensus = key_of(value->at("consensus_key"));
        const auto liveness = key_of(value->at("liveness_key"));
        if (!consensus) return std::unexpected(consensus.error());
        if (!liveness) return std::unexpected(liveness.error());
        file.node.consensus_key = *consensus;
        file.node.liveness_key = *liveness;
        file.node.consensus_proof =
            base::from_base64(value->at("consensus_proof").get<std::string>())
                .value_or(base::Bytes{});
        file.node.liveness_proof = base::from_base64(value->at("liveness_proof").get<std::string>())
                                       .value_or(base::Bytes{});
    } catch (const json::exception& error) {
        return refuse("registration", fmt::format("{} is no registration of a node: {}",
                                                  path.string(), error.what()));
    }
    if (file.chain_id != chain_id || file.seat != seat)
        return refuse("registration",
                      fmt::format("{} is for the seat {} of the chain {}, not for {} of {}",
                                  path.string(), file.seat, file.chain_id, seat, chain_id));
    const base::Bytes message = seats::registration_sign_bytes(chain_id, seat, file.node);
    TANDEM_TRY(check_proof(path, "consensus_proof", file.node.consensus_key, message,
                           file.node.consensus_proof));
    TANDEM_TRY(check_proof(path, "liveness_proof", file.node.liveness_key, message,
                           file.node.liveness_proof));
    return file;
}

void sign(seats::AdminTx& tx, const std::string& chain_id, const std::string& seat,
          const crypto::PrivateKey& key) {
    std::erase_if(tx.signatures,
                  [&](const seats::AdminSignature& one) { return one.seat == seat; });
    tx.signatures.push_back({seat, signed_by(key, seats::sign_bytes(chain_id, tx))});
}

std::string to_text(const Proposal& proposal) {
    json signers = json::array();
    for (const seats::AdminSignature& one : proposal.tx.signatures) signers.push_back(one.seat);
    return json{{"chain_id", proposal.chain_id},
                {"operation", describe(proposal.tx)},
                {"signed_by", signers},
                {"tx", base::to_base64(seats::encode_admin_tx(proposal.tx))}}
               .dump(2) +
           "\n";
}

Result<Proposal> read_proposal(const std::filesystem::path& path) {
    const auto value = read_json(path);
    if (!value) return std::unexpected(value.error());
    // The transaction alone counts; the words beside it are for people, and made anew.
    if (!value->contains("tx") || !(*value)["tx"].is_string() || !value->contains("chain_id") ||
        !(*value)["chain_id"].is_string())
        return refuse("proposal", fmt::format("{} is no proposal", path.string()));
    const auto bytes = base::from_base64((*value)["tx"].get<std::string>());
    auto tx = seats::decode_admin_tx(bytes.value_or(base::Bytes{}));
    if (!tx)
        return refuse("proposal",
                      fmt::format("{} is no proposal: {}", path.string(), tx.error().why));
    return Proposal{(*value)["chain_id"].get<std::string>(), std::move(*tx)};
}

std::string describe(const seats::AdminTx& tx) {
    const std::string what = std::visit(Describe{}, tx.operation);
    return tx.seat.empty() ? what : fmt::format("seat {}: {}", tx.seat, what);
}

}  // namespace tandem::program
