// What more than two thirds of the power may do with all seats.
#include "seats/admin_operation.h"
#include "types/block.h"

namespace tandem::seats {

Checked AdminOperation::check_new_nodes(const AddSeat& operation) const {
    std::vector<PublicKey> keys{operation.admin_key};
    std::vector<std::string_view> names;
    for (const NodeRegistration& node : operation.nodes) {
        TANDEM_ADMIN_TRY(check_new_node(node, operation.id));
        TANDEM_REQUIRE(std::ranges::find(names, node.name) == names.end(), AdminCode::name_in_use,
                       "two nodes are named \"{}\"", node.name);
        names.push_back(node.name);
        for (const PublicKey& key : {node.consensus_key, node.liveness_key}) {
            TANDEM_REQUIRE(std::ranges::find(keys, key) == keys.end(), AdminCode::key_in_use,
                           "a key stands twice in the operation");
            keys.push_back(key);
        }
    }
    return {};
}

Checked AdminOperation::apply(const AddSeat& operation) {
    TANDEM_REQUIRE(is_valid_name(operation.id), AdminCode::bad_value,
                   "a seat's id has 1 to {} of A-Z a-z 0-9 . _ -", name_bytes_max);
    const auto& retired = state().retired_seats;
    TANDEM_REQUIRE(state().find_seat(operation.id) == nullptr &&
                       std::ranges::find(retired, operation.id) == retired.end(),
                   AdminCode::name_in_use, "the seat \"{}\" is or was there already", operation.id);
    TANDEM_REQUIRE(operation.power > 0, AdminCode::bad_value, "the power is not positive");
    TANDEM_REQUIRE(!operation.nodes.empty(), AdminCode::bad_value, "the seat has no node");
    TANDEM_ADMIN_TRY(check_total(operation.power));
    TANDEM_ADMIN_TRY(
        check_room(state().node_count() + operation.nodes.size(), state().seats.size() + 1));
    TANDEM_ADMIN_TRY(check_admin_key(operation.admin_key, operation.admin_proof, operation.id));
    TANDEM_ADMIN_TRY(check_new_nodes(operation));
    TANDEM_ADMIN_TRY(check_guard(operation.power));
    Seat seat;
    for (const NodeRegistration& node : operation.nodes) seat.nodes.push_back(new_node(node));
    seat.id = operation.id;
    seat.power = operation.power;
    seat.admin_key = operation.admin_key;
    seat.identity = seat.nodes.front().consensus_key;
    seat.count_from = height() + 2;
    block_.count_moved(seat.power);
    state().seats.push_back(std::move(seat));
    return {};
}

Checked AdminOperation::apply(const RemoveSeat& operation) {
    Seat* seat = state().find_seat(operation.id);
    TANDEM_REQUIRE(seat != nullptr, AdminCode::unknown_seat, "there is no seat \"{}\"",
                   operation.id);
    TANDEM_REQUIRE(seat->in_set(), AdminCode::leaving, "{} is being removed already", operation.id);
    TANDEM_REQUIRE(seat->power < state().total_power(), AdminCode::empty_set, "{} is the last seat",
                   operation.id);
    TANDEM_ADMIN_TRY(check_guard(seat->power));
    block_.count_moved(seat->power);
    seat->leaves_at = height() + 2;
    seat->pending.reset();  // the removal wins
    return {};
}

Checked AdminOperation::apply(const ChangePower& operation) {
    Seat* seat = state().find_seat(operation.id);
    TANDEM_REQUIRE(seat != nullptr, AdminCode::unknown_seat, "there is no seat \"{}\"",
                   operation.id);
    TANDEM_REQUIRE(seat->in_set(), AdminCode::leaving, "{} is being removed", operation.id);
    TANDEM_REQUIRE(operation.power > 0 && operation.power <= types::total_voting_power_max,
                   AdminCode::bad_value, "the power is not within 1 to {}",
                   types::total_voting_power_max);
    TANDEM_ADMIN_TRY(check_total(operation.power - seat->power));
    const std::int64_t moved = std::abs(operation.power - seat->power);
    TANDEM_ADMIN_TRY(check_guard(moved));
    block_.count_moved(moved);
    seat->power = operation.power;
    return {};
}

Checked AdminOperation::apply(const ChangeParams& operation) {
    const Verdict valid = validate(operation.params);
    TANDEM_REQUIRE(valid.has_value(), AdminCode::bad_value, "{}: {}", valid.error().check,
                   valid.error().why);
    state().params = operation.params;
    return {};
}

}  // namespace tandem::seats
