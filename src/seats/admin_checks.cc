// What several operations ask, each in one place.
#include "crypto/ed25519.h"
#include "seats/admin_operation.h"

namespace tandem::seats {
namespace {

/// Neither the validator nor an end of a pending switch.
bool is_free_standby(const Seat& seat, std::uint32_t index, std::int64_t height) {
    if (index == seat.validator) return false;
    return !seat.has_pending(height) || (index != seat.pending->from && index != seat.pending->to);
}

}  // namespace

bool is_key_known(const State& state, const PublicKey& key) {
    for (const Seat& seat : state.seats) {
        if (seat.admin_key == key) return true;
        for (const Node& node : seat.nodes)
            if (node.consensus_key == key || node.liveness_key == key) return true;
    }
    return std::ranges::find(state.retired_keys, key, &RetiredKey::key) != state.retired_keys.end();
}

bool is_ed25519(const PublicKey& key) {
    return key.type == crypto::KeyType::ed25519 &&
           key.bytes.size() == crypto::ed25519_public_key_size;
}

std::optional<std::uint32_t> node_index(const Seat& seat, std::string_view name) {
    const auto found = std::ranges::find(seat.nodes, name, &Node::name);
    if (found == seat.nodes.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - seat.nodes.begin());
}

/// What moves in one block stays below a third of the total, unless nothing else moves. An
/// operation that moves nothing is not held up by what others move (ADR 0008).
Checked AdminOperation::check_guard(std::int64_t moved) const {
    if (!state().params.power_guard || moved == 0 || block_.moved_power_ == 0) return {};
    TANDEM_REQUIRE(3 * (block_.moved_power_ + moved) < block_.total_before_, AdminCode::power_guard,
                   "{} of {} power move in this block already; send it again for a later block",
                   block_.moved_power_, block_.total_before_);
    return {};
}

/// The largest record must fit a block beside the largest evidence and commit.
Checked AdminOperation::check_room(std::size_t nodes, std::size_t seats) const {
    TANDEM_REQUIRE(fits_block(nodes, seats, state().chain_params.block_bytes_max,
                              state().chain_params.evidence_bytes_max),
                   AdminCode::limits, "the record of {} nodes would not fit a block", nodes);
    return {};
}

Checked AdminOperation::check_new_node(const NodeRegistration& node, std::string_view seat) const {
    TANDEM_REQUIRE(is_valid_name(node.name), AdminCode::bad_value,
                   "a node's name has 1 to {} of A-Z a-z 0-9 . _ -", name_bytes_max);
    TANDEM_REQUIRE(
        allows(state().chain_params.key_types, node.consensus_key) &&
            crypto::can_verify(node.consensus_key.type) &&
            node.consensus_key.bytes.size() == crypto::public_key_size(node.consensus_key.type),
        AdminCode::bad_value, "the consensus key of {} is of no allowed kind", node.name);
    TANDEM_REQUIRE(is_ed25519(node.liveness_key), AdminCode::bad_value,
                   "the liveness key of {} is no Ed25519 key", node.name);
    TANDEM_REQUIRE(node.consensus_key != node.liveness_key &&
                       !is_key_known(state(), node.consensus_key) &&
                       !is_key_known(state(), node.liveness_key),
                   AdminCode::key_in_use, "a key of {} is or was registered already", node.name);
    const Bytes message = registration_sign_bytes(state().chain_id, seat, node);
    TANDEM_REQUIRE(signed_by(node.consensus_key, message, node.consensus_proof) &&
                       signed_by(node.liveness_key, message, node.liveness_proof),
                   AdminCode::bad_proof, "{} does not prove that it holds both keys", node.name);
    return {};
}

Checked AdminOperation::check_total(std::int64_t added) const {
    TANDEM_REQUIRE(added <= types::total_voting_power_max - state().total_power(),
                   AdminCode::empty_set, "the total power would exceed {}",
                   types::total_voting_power_max);
    return {};
}

Checked AdminOperation::check_standby(const std::string& name) const {
    const auto index = node_index(own_seat(), name);
    TANDEM_REQUIRE(index.has_value(), AdminCode::unknown_node, "{} has no node \"{}\"", tx_.seat,
                   name);
    TANDEM_REQUIRE(is_free_standby(own_seat(), *index, height()), AdminCode::not_a_standby,
                   "{} is the validator or an end of a pending switch; switch over first", name);
    return {};
}

Checked AdminOperation::check_admin_key(const PublicKey& key, BytesView proof,
                                        std::string_view seat) const {
    TANDEM_REQUIRE(is_ed25519(key), AdminCode::bad_value, "the admin key is no Ed25519 key");
    TANDEM_REQUIRE(!is_key_known(state(), key), AdminCode::key_in_use,
                   "the key is or was registered already");
    TANDEM_REQUIRE(signed_by(key, admin_key_sign_bytes(state().chain_id, seat, key), proof),
                   AdminCode::bad_proof, "the admin key does not prove itself");
    return {};
}

void AdminOperation::retire(const PublicKey& key, const Seat& seat, bool is_consensus) const {
    state().retired_keys.push_back({key, seat.id, is_consensus ? seat.identity : PublicKey{}});
}

void AdminOperation::retire_node(const Seat& seat, std::uint32_t index) const {
    retire(seat.nodes[index].consensus_key, seat, true);
    retire(seat.nodes[index].liveness_key, seat, false);
}

}  // namespace tandem::seats
