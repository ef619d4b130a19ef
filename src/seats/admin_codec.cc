// The bytes of operations on chain, and what their signatures cover.
#include <fmt/format.h>

#include "crypto/ed25519.h"
#include "seats/admin.h"
#include "seats/elements.h"
#include "seats/formats.h"

namespace tandem::wire {

using namespace seats;  // NOLINT(google-build-using-namespace): the tables below read as lists

template <>
struct Described<NodeRegistration> {
    static constexpr std::string_view name = "SeatNodeRegistration";
    static constexpr auto fields =
        std::tuple{field<1>("name", &NodeRegistration::name),
                   field<2>("consensus_key", &NodeRegistration::consensus_key),
                   field<3>("liveness_key", &NodeRegistration::liveness_key),
                   field<4>("consensus_proof", &NodeRegistration::consensus_proof),
                   field<5>("liveness_proof", &NodeRegistration::liveness_proof)};
};

template <>
struct Described<Switchover> {
    static constexpr std::string_view name = "SeatSwitchover";
    static constexpr auto fields = std::tuple{field<1>("to", &Switchover::to)};
};

template <>
struct Described<Pause> {
    static constexpr std::string_view name = "SeatPause";
    static constexpr std::tuple<> fields{};
};

template <>
struct Described<Resume> {
    static constexpr std::string_view name = "SeatResume";
    static constexpr std::tuple<> fields{};
};

template <>
struct Described<AddStandby> {
    static constexpr std::string_view name = "SeatAddStandby";
    static constexpr auto fields = std::tuple{field<1>("node", &AddStandby::node)};
};

template <>
struct Described<ReplaceStandby> {
    static constexpr std::string_view name = "SeatReplaceStandby";
    static constexpr auto fields = std::tuple{field<1>("old_name", &ReplaceStandby::old_name),
                                              field<2>("node", &ReplaceStandby::node)};
};

template <>
struct Described<RemoveStandby> {
    static constexpr std::string_view name = "SeatRemoveStandby";
    static constexpr auto fields = std::tuple{field<1>("name", &RemoveStandby::name)};
};

template <>
struct Described<ReplaceLivenessKey> {
    static constexpr std::string_view name = "SeatReplaceLivenessKey";
    static constexpr auto fields =
        std::tuple{field<1>("name", &ReplaceLivenessKey::name),
                   field<2>("liveness_key", &ReplaceLivenessKey::liveness_key),
                   field<3>("liveness_proof", &ReplaceLivenessKey::liveness_proof)};
};

template <>
struct Described<RotateAdminKey> {
    static constexpr std::string_view name = "SeatRotateAdminKey";
    static constexpr auto fields =
        std::tuple{field<1>("admin_key", &RotateAdminKey::admin_key),
                   field<2>("admin_proof", &RotateAdminKey::admin_proof)};
};

template <>
struct Described<AddSeat> {
    static constexpr std::string_view name = "SeatAddSeat";
    static constexpr auto fields = std::tuple{
        field<1>("id", &AddSeat::id), field<2>("power", &AddSeat::power),
        field<3>("admin_key", &AddSeat::admin_key), field<4>("admin_proof", &AddSeat::admin_proof),
        field<5>("nodes", &AddSeat::nodes)};
};

template <>
struct Described<RemoveSeat> {
    static constexpr std::string_view name = "SeatRemoveSeat";
    static constexpr auto fields = std::tuple{field<1>("id", &RemoveSeat::id)};
};

template <>
struct Described<ChangePower> {
    static constexpr std::string_view name = "SeatChangePower";
    static constexpr auto fields =
        std::tuple{field<1>("id", &ChangePower::id), field<2>("power", &ChangePower::power)};
};

template <>
struct Described<ChangeParams> {
    static constexpr std::string_view name = "SeatChangeParams";
    static constexpr auto fields = std::tuple{field<1>("params", &ChangeParams::params)};
};

template <>
struct Described<AdminSignature> {
    static constexpr std::string_view name = "SeatAdminSignature";
    static constexpr auto fields = std::tuple{field<1>("seat", &AdminSignature::seat),
                                              field<2>("signature", &AdminSignature::signature)};
};

template <>
struct Described<AdminTx> {
    static constexpr std::string_view name = "SeatAdminTx";
    static constexpr auto fields = std::tuple{
        field<1>("seat", &AdminTx::seat), field<2>("nonce", &AdminTx::nonce),
        field<3>("expiry_height", &AdminTx::expiry_height),
        field<4>("signatures", &AdminTx::signatures),
        one_of<11, 12, 13, 14, 15, 16, 17, 18, 31, 32, 33, 34>(
            "operation", &AdminTx::operation, "switchover", "pause", "resume", "add_standby",
            "replace_standby", "remove_standby", "replace_liveness_key", "rotate_admin_key",
            "add_seat", "remove_seat", "change_power", "change_params")};
};

}  // namespace tandem::wire

namespace tandem::seats {
namespace {

constexpr std::size_t signature_element_min = 3 + 2 + crypto::ed25519_signature_size;
constexpr std::array added_nodes{ElementShape{5, 3 + 36 + 36, {}}};
constexpr std::array admin_tx_lists{ElementShape{4, signature_element_min, {}},
                                    ElementShape{31, 0, added_nodes}};

/// The first text, key or proof that is longer than any may be. What the texts say is judged when
/// the operation is executed, so that a wrong one is answered with its own code.
struct LengthCheck {
    std::string_view too_long;

    void text(std::string_view field, std::string_view value) {
        if (value.size() > name_bytes_max) too_long = field;
    }
    void key(std::string_view field, const PublicKey& value) {
        if (value.bytes.size() > crypto::ml_dsa_65_public_key_size) too_long = field;
    }
    void proof(std::string_view field, BytesView value) {
        if (value.size() > types::signature_bytes_max) too_long = field;
    }
    void node(const NodeRegistration& node) {
        text("node.name", node.name);
        key("consensus_key", node.consensus_key);
        key("liveness_key", node.liveness_key);
        proof("consensus_proof", node.consensus_proof);
        proof("liveness_proof", node.liveness_proof);
    }

    void operator()(const std::monostate&) {}
    void operator()(const Switchover& operation) { text("to", operation.to); }
    void operator()(const Pause&) {}
    void operator()(const Resume&) {}
    void operator()(const AddStandby& operation) { node(operation.node); }
    void operator()(const ReplaceStandby& operation) {
        text("old_name", operation.old_name);
        node(operation.node);
    }
    void operator()(const RemoveStandby& operation) { text("name", operation.name); }
    void operator()(const ReplaceLivenessKey& operation) {
        text("name", operation.name);
        key("liveness_key", operation.liveness_key);
        proof("liveness_proof", operation.liveness_proof);
    }
    void operator()(const RotateAdminKey& operation) {
        key("admin_key", operation.admin_key);
        proof("admin_proof", operation.admin_proof);
    }
    void operator()(const AddSeat& operation) {
        text("id", operation.id);
        key("admin_key", operation.admin_key);
        proof("admin_proof", operation.admin_proof);
        for (const NodeRegistration& added : operation.nodes) node(added);
    }
    void operator()(const RemoveSeat& operation) { text("id", operation.id); }
    void operator()(const ChangePower& operation) { text("id", operation.id); }
    void operator()(const ChangeParams&) {}
};

Verdict check_limits(const AdminTx& tx) {
    if (std::holds_alternative<std::monostate>(tx.operation))
        return refuse("admin_tx.operation", "there is no operation that this version knows");
    LengthCheck lengths;
    lengths.text("seat", tx.seat);
    std::visit(lengths, tx.operation);
    for (const AdminSignature& signature : tx.signatures) {
        lengths.text("signatures.seat", signature.seat);
        if (signature.signature.size() != crypto::ed25519_signature_size)
            return refuse("admin_tx.signature",
                          fmt::format("a signature has {} bytes", signature.signature.size()));
    }
    if (!lengths.too_long.empty())
        return refuse("admin_tx.length", fmt::format("{} is too long", lengths.too_long));
    if (tx.nonce == 0 || tx.expiry_height < 1)
        return refuse("admin_tx.number", "nonce and expiry height are positive");
    return {};
}

}  // namespace

bool needs_quorum(const Operation& operation) noexcept {
    return std::holds_alternative<AddSeat>(operation) ||
           std::holds_alternative<RemoveSeat>(operation) ||
           std::holds_alternative<ChangePower>(operation) ||
           std::holds_alternative<ChangeParams>(operation);
}

std::string_view name_of(const Operation& operation) noexcept {
    static constexpr std::array<std::string_view, std::variant_size_v<Operation>> names{
        "none",           "switchover",           "pause",
        "resume",         "add_standby",          "replace_standby",
        "remove_standby", "replace_liveness_key", "rotate_admin_key",
        "add_seat",       "remove_seat",          "change_power",
        "change_params"};
    return names[operation.index()];
}

Bytes encode_admin_tx(const AdminTx& tx) {
    const Bytes message = wire::encode(tx);
    return FixedWriter::special(admin_letter, preamble_bytes + message.size()).raw(message).take();
}

Result<AdminTx> decode_admin_tx(BytesView bytes) {
    if (!has_preamble(bytes, admin_letter))
        return refuse("admin_tx.preamble",
                      "it does not begin as an admin transaction of version 1");
    if (bytes.size() > admin_tx_bytes_max)
        return refuse("admin_tx.size",
                      fmt::format("{} bytes are more than {}", bytes.size(), admin_tx_bytes_max));
    const BytesView message = bytes.subspan(preamble_bytes);
    if (!elements_are_filled(message, admin_tx_lists))
        return refuse("admin_tx.elements", "an element of a list is shorter than any can be");
    auto tx = wire::decode<AdminTx>(message);
    if (!tx) return std::unexpected(tx.error().to_refusal());
    TANDEM_TRY(check_limits(*tx));
    if (!base::equal(wire::encode(*tx), message))
        return refuse("admin_tx.canonical", "the transaction is not in its canonical bytes");
    return std::move(*tx);
}

Bytes sign_bytes(std::string_view chain_id, const AdminTx& tx) {
    const AdminTx bare{tx.seat, tx.operation, tx.nonce, tx.expiry_height, {}};
    return FixedWriter::signed_bytes(domain::admin, chain_id).raw(wire::encode(bare)).take();
}

Bytes registration_sign_bytes(std::string_view chain_id, std::string_view seat,
                              const NodeRegistration& node) {
    return FixedWriter::signed_bytes(domain::registration, chain_id)
        .text(seat)
        .text(node.name)
        .key(node.consensus_key)
        .key(node.liveness_key)
        .take();
}

Bytes admin_key_sign_bytes(std::string_view chain_id, std::string_view seat,
                           const PublicKey& admin_key) {
    return FixedWriter::signed_bytes(domain::admin_key, chain_id).text(seat).key(admin_key).take();
}

}  // namespace tandem::seats
