// Operations on chain, as docs/formats/admin-transaction.md has them: condition by condition, the
// first that fails gives the code.
#include "sim/naive.h"
#include "sim/naive_bytes.h"

namespace tandem::sim {

using seats::AdminCode;

namespace {

constexpr std::int64_t power_max = std::numeric_limits<std::int64_t>::max() / 8;

bool is_good_name(std::string_view name) {
    const auto good = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, good);
}

bool is_ed25519(const crypto::PublicKey& key) {
    return key.type == crypto::KeyType::ed25519 && key.bytes.size() == 32;
}

bool are_good(const seats::Params& p) {
    const std::int64_t n = p.run_records;
    const auto records = [](std::int64_t value, std::int64_t least) {
        return value == 0 || (value >= least && value <= 1'000'000'000);
    };
    return n >= 2 && n <= 64 && p.alive_records <= n && records(p.wedged_records, n) &&
           records(p.cooldown_blocks, 1) && p.run_time.nanos > 0 &&
           p.run_time.nanos <= std::int64_t{86'400} * 1'000'000'000 &&
           p.heartbeat_lag_blocks <= n - 1 && p.heartbeat_lag_time.nanos >= 0 &&
           p.heartbeat_lag_time.nanos <= 3 * p.run_time.nanos;
}

/// The transaction without its field 4, the signatures: what they sign.
Bytes without_signatures(BytesView message) {
    const auto varint = [&](std::size_t& at) {
        std::uint64_t value = 0;
        for (unsigned shift = 0; at < message.size() && shift < 64; shift += 7) {
            const std::uint8_t byte = message[at++];
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) break;
        }
        return value;
    };
    Bytes out;
    std::size_t at = 0;
    while (at < message.size()) {
        const std::size_t start = at;
        const std::uint64_t tag = varint(at);
        const std::uint64_t value = varint(at);  // a number, or the length of what follows
        if ((tag & 7) == 2) at += static_cast<std::size_t>(value);
        if (tag >> 3 != 4) base::append(out, message.subspan(start, at - start));
    }
    return out;
}

/// One operation in its block. Every function gives ok or the code of the first condition that
/// fails.
struct Judge {
    const Registry& registry;
    const crypto::Verifier& verifier;
    const types::ConsensusParams& consensus_params;
    std::string_view chain_id;
    std::int64_t height;
    const std::map<types::Address, seats::Status>* record;  // null: no valid one
    std::int64_t total_before;
    std::int64_t moved;
    const Registry::Seat* own = nullptr;  // of an operation of a seat
    mutable std::int64_t moves = 0;       // power that the operation moves

    [[nodiscard]] const Registry::Seat* seat(std::string_view id) const {
        for (const Registry::Seat& candidate : registry.seats)
            if (candidate.id == id) return &candidate;
        return nullptr;
    }
    [[nodiscard]] bool is_new(const crypto::PublicKey& key) const {
        return std::ranges::find(registry.keys_ever, key) == registry.keys_ever.end();
    }
    [[nodiscard]] bool is_free_standby(const Registry::Node& node) const {
        if (node.address == own->validator) return false;
        return !own->is_switching(height) || node.address != own->last_switch->from;
    }
    [[nodiscard]] bool is_allowed(const crypto::PublicKey& key) const {
        bool named = false;
        for (const std::string& name : consensus_params.validator.pub_key_types)
            named = named || crypto::key_type_from_name(name) == key.type;
        return named && crypto::can_verify(key.type) &&
               key.bytes.size() == crypto::public_key_size(key.type);
    }
    [[nodiscard]] bool has_room(std::size_t more_nodes, std::size_t more_seats) const {
        std::size_t nodes = more_nodes, seats = more_seats;
        for (const Registry::Seat& one : registry.seats) {
            nodes += one.nodes.size();
            ++seats;
        }
        const std::int64_t block = consensus_params.block.max_bytes == -1
                                       ? types::block_bytes_max
                                       : consensus_params.block.max_bytes;
        const auto room = types::data_bytes_max(block, consensus_params.evidence.max_bytes,
                                                static_cast<std::int64_t>(seats));
        const std::size_t longest = 99 + (nodes + 7) / 8 + 65 * nodes;
        return nodes <= 1000 && room && *room >= types::tx_bytes_in_data(longest);
    }
    [[nodiscard]] bool guard(std::int64_t power) const {
        moves = power;
        if (!registry.params.power_guard || power == 0 || moved == 0) return true;
        return 3 * (moved + power) < total_before;
    }
    [[nodiscard]] bool proves_registration(std::string_view seat_id, std::string_view name,
                                           const crypto::PublicKey& consensus_key,
                                           const crypto::PublicKey& liveness_key,
                                           const crypto::PublicKey& by, BytesView proof) const {
        const Bytes message = SignedText("tandem/registration/1", chain_id)
                                  .text(seat_id)
                                  .text(name)
                                  .key(consensus_key)
                                  .key(liveness_key)
                                  .take();
        return verifier.verify(by, message, proof);
    }
    [[nodiscard]] bool proves_admin(std::string_view seat_id, const crypto::PublicKey& key,
                                    BytesView proof) const {
        const Bytes message =
            SignedText("tandem/admin-key/1", chain_id).text(seat_id).key(key).take();
        return verifier.verify(key, message, proof);
    }
    /// From the name on, as all three operations that register a node have it.
    [[nodiscard]] AdminCode registers(std::string_view seat_id,
                                      const seats::NodeRegistration& node) const {
        if (!is_good_name(node.name) || !is_allowed(node.consensus_key))
            return AdminCode::bad_value;
        if (!is_ed25519(node.liveness_key)) return AdminCode::bad_value;
        if (!is_new(node.consensus_key) || !is_new(node.liveness_key) ||
            node.consensus_key == node.liveness_key)
            return AdminCode::key_in_use;
        for (const auto& [key, proof] : {std::pair(node.consensus_key, node.consensus_proof),
                                         std::pair(node.liveness_key, node.liveness_proof)})
            if (!proves_registration(seat_id, node.name, node.consensus_key, node.liveness_key, key,
                                     proof))
                return AdminCode::bad_proof;
        return AdminCode::ok;
    }

    AdminCode operator()(const std::monostate&) const { return AdminCode::malformed; }
    AdminCode operator()(const seats::Switchover& wanted) const {
        const Registry::Node* to = own->named(wanted.to);
        if (to == nullptr) return AdminCode::unknown_node;
        if (own->is_switching(height)) return AdminCode::switch_pending;
        if (to->address == own->validator) return AdminCode::not_a_standby;
        if (record == nullptr) return AdminCode::no_record;
        if (to->quarantined) return AdminCode::quarantined;
        const auto said = record->find(to->address);
        if (said == record->end() || said->second == seats::Status::dead)
            return AdminCode::not_alive;
        if (!is_allowed(to->consensus_key)) return AdminCode::bad_value;
        if (own->switchover_at && height < *own->switchover_at + wedged_after(registry, *own))
            return AdminCode::too_soon;
        return guard(own->power) ? AdminCode::ok : AdminCode::power_guard;
    }
    AdminCode operator()(const seats::Pause&) const {
        return own->paused ? AdminCode::already : AdminCode::ok;
    }
    AdminCode operator()(const seats::Resume&) const {
        return own->paused ? AdminCode::ok : AdminCode::already;
    }
    AdminCode operator()(const seats::AddStandby& wanted) const {
        if (own->named(wanted.node.name) != nullptr) return AdminCode::name_in_use;
        if (!has_room(1, 0)) return AdminCode::limits;
        return registers(own->id, wanted.node);
    }
    AdminCode operator()(const seats::ReplaceStandby& wanted) const {
        const Registry::Node* old = own->named(wanted.old_name);
        if (old == nullptr) return AdminCode::unknown_node;
        if (!is_free_standby(*old)) return AdminCode::not_a_standby;
        if (wanted.node.name != wanted.old_name && own->named(wanted.node.name) != nullptr)
            return AdminCode::name_in_use;
        return registers(own->id, wanted.node);
    }
    AdminCode operator()(const seats::RemoveStandby& wanted) const {
        const Registry::Node* old = own->named(wanted.name);
        if (old == nullptr) return AdminCode::unknown_node;
        return is_free_standby(*old) ? AdminCode::ok : AdminCode::not_a_standby;
    }
    AdminCode operator()(const seats::ReplaceLivenessKey& wanted) const {
        const Registry::Node* node = own->named(wanted.name);
        if (node == nullptr) return AdminCode::unknown_node;
        if (!is_ed25519(wanted.liveness_key)) return AdminCode::bad_value;
        if (!is_new(wanted.liveness_key)) return AdminCode::key_in_use;
        return proves_registration(own->id, node->name, node->consensus_key, wanted.liveness_key,
                                   wanted.liveness_key, wanted.liveness_proof)
                   ? AdminCode::ok
                   : AdminCode::bad_proof;
    }
    AdminCode operator()(const seats::RotateAdminKey& wanted) const {
        if (!is_ed25519(wanted.admin_key)) return AdminCode::bad_value;
        if (!is_new(wanted.admin_key)) return AdminCode::key_in_use;
        return proves_admin(own->id, wanted.admin_key, wanted.admin_proof) ? AdminCode::ok
                                                                           : AdminCode::bad_proof;
    }
    AdminCode operator()(const seats::AddSeat& wanted) const {
        if (!is_good_name(wanted.id)) return AdminCode::bad_value;
        if (std::ranges::find(registry.ids_ever, wanted.id) != registry.ids_ever.end())
            return AdminCode::name_in_use;
        if (wanted.power <= 0 || wanted.nodes.empty()) return AdminCode::bad_value;
        if (wanted.power > power_max - registry.total()) return AdminCode::empty_set;
        if (!has_room(wanted.nodes.size(), 1)) return AdminCode::limits;
        if (!is_ed25519(wanted.admin_key) || !is_new(wanted.admin_key))
            return AdminCode::key_in_use;
        if (!proves_admin(wanted.id, wanted.admin_key, wanted.admin_proof))
            return AdminCode::bad_proof;
        std::vector<crypto::PublicKey> keys{wanted.admin_key};
        for (std::size_t i = 0; i < wanted.nodes.size(); ++i) {
            const seats::NodeRegistration& node = wanted.nodes[i];
            for (std::size_t j = 0; j < i; ++j)
                if (wanted.nodes[j].name == node.name) return AdminCode::name_in_use;
            for (const crypto::PublicKey& key : {node.consensus_key, node.liveness_key}) {
                if (std::ranges::find(keys, key) != keys.end()) return AdminCode::key_in_use;
                keys.push_back(key);
            }
            if (const AdminCode code = registers(wanted.id, node); code != AdminCode::ok)
                return code;
        }
        return guard(wanted.power) ? AdminCode::ok : AdminCode::power_guard;
    }
    AdminCode operator()(const seats::RemoveSeat& wanted) const {
        const Registry::Seat* leaver = seat(wanted.id);
        if (leaver == nullptr) return AdminCode::unknown_seat;
        if (!leaver->stays()) return AdminCode::leaving;
        if (registry.total() == leaver->power) return AdminCode::empty_set;
        return guard(leaver->power) ? AdminCode::ok : AdminCode::power_guard;
    }
    AdminCode operator()(const seats::ChangePower& wanted) const {
        const Registry::Seat* changed = seat(wanted.id);
        if (changed == nullptr) return AdminCode::unknown_seat;
        if (!changed->stays()) return AdminCode::leaving;
        if (wanted.power < 1 || wanted.power > power_max) return AdminCode::bad_value;
        if (wanted.power > power_max - (registry.total() - changed->power))
            return AdminCode::empty_set;
        return guard(std::abs(wanted.power - changed->power)) ? AdminCode::ok
                                                              : AdminCode::power_guard;
    }
    AdminCode operator()(const seats::ChangeParams& wanted) const {
        return are_good(wanted.params) ? AdminCode::ok : AdminCode::bad_value;
    }
};

/// Step 1, "Who": signers, their signatures, nonce and expiry.
AdminCode judge_signers(const Registry& registry, const seats::AdminTx& tx, BytesView message,
                        const crypto::Verifier& verifier, std::int64_t height) {
    const bool of_quorum = tx.operation.index() >= 9;
    std::uint64_t last_nonce = registry.quorum_nonce;
    std::int64_t power = 0;
    std::set<std::string> signers;
    const auto find = [&](std::string_view id) -> const Registry::Seat* {
        for (const Registry::Seat& seat : registry.seats)
            if (seat.id == id) return &seat;
        return nullptr;
    };
    if (of_quorum != tx.seat.empty()) return AdminCode::malformed;
    if (!of_quorum) {
        const Registry::Seat* seat = find(tx.seat);
        if (seat == nullptr) return AdminCode::unknown_seat;
        if (tx.signatures.size() != 1 || tx.signatures.front().seat != tx.seat)
            return AdminCode::malformed;
        last_nonce = seat->nonce;
    }
    for (const seats::AdminSignature& signature : tx.signatures) {
        const Registry::Seat* seat = find(signature.seat);
        if (seat == nullptr) return AdminCode::unknown_seat;
        if (!signers.insert(signature.seat).second) return AdminCode::malformed;
        if (!verifier.verify(seat->admin_key, message, signature.signature))
            return AdminCode::bad_signature;
        power += registry.present_power(signature.seat);
    }
    if (of_quorum && 3 * power <= 2 * registry.total()) return AdminCode::no_quorum;
    if (tx.nonce != last_nonce + 1) return AdminCode::wrong_nonce;
    return tx.expiry_height >= height ? AdminCode::ok : AdminCode::expired;
}

}  // namespace

std::uint32_t SecondOpinion::operate(Work& work, BytesView bytes) {
    const auto code_of = [](AdminCode code) { return static_cast<std::uint32_t>(code); };
    const auto tx = seats::decode_admin_tx(bytes);
    if (!tx) return code_of(AdminCode::malformed);
    const std::int64_t height = work.block.header.height;
    const Bytes message =
        SignedText("tandem/admin/1", chain_id_).raw(without_signatures(bytes.subspan(5))).take();
    const AdminCode signers = judge_signers(work.registry, *tx, message, verifier_, height);
    if (signers != AdminCode::ok) return code_of(signers);
    note(work, NonceUsed{tx->seat});
    const auto& said = chain_.back().said;
    Judge judge{work.registry,           verifier_,         consensus_params_, chain_id_, height,
                said ? &*said : nullptr, work.total_before, work.moved};
    if (!tx->seat.empty()) {
        judge.own = judge.seat(tx->seat);
        if (!judge.own->stays()) return code_of(AdminCode::leaving);
    }
    const AdminCode code = std::visit(judge, tx->operation);
    if (code != AdminCode::ok) return code_of(code);
    work.moved += judge.moves;
    if (const auto* switchover = std::get_if<seats::Switchover>(&tx->operation)) {
        const Registry::Seat& seat = *judge.own;
        note(work,
             Switched{seat.id, seat.validator, types::Address(seat.named(switchover->to)->address),
                      seats::SwitchReason::switchover});
    }
    note(work, Accepted{tx->seat, tx->operation});
    return code_of(AdminCode::ok);
}

void SecondOpinion::operations_step(Work& work) {
    const wire::Txs& txs = work.block.data.txs;
    bool in_front = true;
    for (std::size_t i = 0; i < txs.size(); ++i) {
        const char kind = kind_of(txs[i]);
        if (kind == 0)
            in_front = false;
        else if (kind == 'A' && in_front)
            work.codes[i] = operate(work, txs[i]);
        else if (!work.codes[i])  // the record that holds has its answer already
            work.codes[i] = static_cast<std::uint32_t>(AdminCode::malformed);
    }
}

}  // namespace tandem::sim
