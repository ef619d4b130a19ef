// What an organisation may do with its own seat.
#include "seats/admin_operation.h"

namespace tandem::seats {

Checked AdminOperation::apply(const std::monostate&) {
    return reject(AdminCode::malformed, "the transaction has no operation");
}

Checked AdminOperation::apply(const Switchover& operation) {
    Seat& seat = own_seat();
    const auto to = node_index(seat, operation.to);
    TANDEM_REQUIRE(to.has_value(), AdminCode::unknown_node, "{} has no node \"{}\"", seat.id,
                   operation.to);
    TANDEM_REQUIRE(!seat.has_pending(height()), AdminCode::switch_pending,
                   "a switch of {} is pending until height {}", seat.id,
                   seat.pending->effective_height);
    TANDEM_REQUIRE(*to != seat.validator, AdminCode::not_a_standby, "{} is the validator",
                   operation.to);
    TANDEM_REQUIRE(block_.statuses_.has_value(), AdminCode::no_record,
                   "this block has no valid record; send it again");
    const Node& node = seat.nodes[*to];
    TANDEM_REQUIRE(!node.quarantined, AdminCode::quarantined,
                   "{} was convicted of misbehaviour; replace it", operation.to);
    TANDEM_REQUIRE(node.liveness == Liveness::alive, AdminCode::not_alive,
                   "{} is not alive in this block's record", operation.to);
    TANDEM_REQUIRE(allows(state().chain_params.key_types, node.consensus_key), AdminCode::bad_value,
                   "the key type of {} is not allowed any more", operation.to);
    const std::int64_t gap = state().params.m(state().total_power(), seat.power);
    TANDEM_REQUIRE(seat.last_switchover == 0 || height() - seat.last_switchover >= gap,
                   AdminCode::too_soon,
                   "the last switchover of {} was at {}; the next may be at {}", seat.id,
                   seat.last_switchover, seat.last_switchover + gap);
    TANDEM_ADMIN_TRY(check_guard(seat.power));
    block_.switch_seat(seat, *to, SwitchReason::switchover);
    seat.last_switchover = height();
    return {};
}

Checked AdminOperation::apply(const Pause&) {
    TANDEM_REQUIRE(!own_seat().paused, AdminCode::already, "{} is paused already", tx_.seat);
    own_seat().paused = true;
    return {};
}

Checked AdminOperation::apply(const Resume&) {
    TANDEM_REQUIRE(own_seat().paused, AdminCode::already, "{} is not paused", tx_.seat);
    own_seat().paused = false;
    return {};
}

Checked AdminOperation::apply(const AddStandby& operation) {
    Seat& seat = own_seat();
    TANDEM_REQUIRE(!node_index(seat, operation.node.name), AdminCode::name_in_use,
                   "{} has a node \"{}\" already", seat.id, operation.node.name);
    TANDEM_ADMIN_TRY(check_room(state().node_count() + 1, state().seats.size()));
    TANDEM_ADMIN_TRY(check_new_node(operation.node, seat.id));
    seat.nodes.push_back(new_node(operation.node));
    return {};
}

Checked AdminOperation::apply(const ReplaceStandby& operation) {
    Seat& seat = own_seat();
    TANDEM_ADMIN_TRY(check_standby(operation.old_name));
    TANDEM_REQUIRE(
        operation.node.name == operation.old_name || !node_index(seat, operation.node.name),
        AdminCode::name_in_use, "{} has a node \"{}\" already", seat.id, operation.node.name);
    TANDEM_ADMIN_TRY(check_new_node(operation.node, seat.id));
    const std::uint32_t index = *node_index(seat, operation.old_name);
    retire_node(seat, index);
    seat.nodes[index] = new_node(operation.node);
    return {};
}

Checked AdminOperation::apply(const RemoveStandby& operation) {
    Seat& seat = own_seat();
    TANDEM_ADMIN_TRY(check_standby(operation.name));
    const std::uint32_t index = *node_index(seat, operation.name);
    retire_node(seat, index);
    seat.nodes.erase(seat.nodes.begin() + index);
    const auto close_up = [index](std::uint32_t& other) { other -= other > index ? 1 : 0; };
    close_up(seat.validator);
    if (seat.pending) {
        close_up(seat.pending->from);
        close_up(seat.pending->to);
    }
    return {};
}

Checked AdminOperation::apply(const ReplaceLivenessKey& operation) {
    Seat& seat = own_seat();
    const auto index = node_index(seat, operation.name);
    TANDEM_REQUIRE(index.has_value(), AdminCode::unknown_node, "{} has no node \"{}\"", seat.id,
                   operation.name);
    Node& node = seat.nodes[*index];
    TANDEM_REQUIRE(is_ed25519(operation.liveness_key), AdminCode::bad_value,
                   "the liveness key is no Ed25519 key");
    TANDEM_REQUIRE(!is_key_known(state(), operation.liveness_key), AdminCode::key_in_use,
                   "the key is or was registered already");
    const NodeRegistration renewed{node.name, node.consensus_key, operation.liveness_key, {}, {}};
    TANDEM_REQUIRE(signed_by(operation.liveness_key,
                             registration_sign_bytes(state().chain_id, seat.id, renewed),
                             operation.liveness_proof),
                   AdminCode::bad_proof, "the new liveness key does not prove itself");
    retire(node.liveness_key, seat, false);
    node.liveness_key = operation.liveness_key;
    return {};
}

Checked AdminOperation::apply(const RotateAdminKey& operation) {
    Seat& seat = own_seat();
    TANDEM_ADMIN_TRY(check_admin_key(operation.admin_key, operation.admin_proof, seat.id));
    retire(seat.admin_key, seat, false);
    seat.admin_key = operation.admin_key;
    return {};
}

}  // namespace tandem::seats
