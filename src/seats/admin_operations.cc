// Applying operations: who may, whether it fits, what it changes. One function per operation; the
// checks that several share stand above them.
#include <fmt/format.h>

#include "crypto/ed25519.h"
#include "seats/process.h"
#include "types/block.h"

namespace tandem::seats {
namespace {

constexpr std::uint64_t nonces_ahead_max = 16;

/// A refusal of an operation: the code for programs, the words for the person who signed it.
struct Rejection {
    AdminCode code;
    std::string why;
};
using Checked = std::expected<void, Rejection>;

std::unexpected<Rejection> reject(AdminCode code, std::string why) {
    return std::unexpected<Rejection>(Rejection{code, std::move(why)});
}

#define TANDEM_REQUIRE(condition, code, ...) \
    if (!(condition)) return reject(code, fmt::format(__VA_ARGS__))

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

/// Neither the validator nor an end of a pending switch.
bool is_free_standby(const Seat& seat, std::uint32_t index, std::int64_t height) {
    if (index == seat.validator) return false;
    return !seat.has_pending(height) || (index != seat.pending->from && index != seat.pending->to);
}

// ---- Who signed

Checked check_quorum(const State& state, const AdminTx& tx, BytesView message,
                     const crypto::Verifier& verifier) {
    std::int64_t power = 0;
    std::vector<std::string_view> signers;
    for (const AdminSignature& signature : tx.signatures) {
        const Seat* seat = state.find_seat(signature.seat);
        TANDEM_REQUIRE(seat != nullptr, AdminCode::unknown_seat, "there is no seat \"{}\"",
                       signature.seat);
        TANDEM_REQUIRE(std::ranges::find(signers, signature.seat) == signers.end(),
                       AdminCode::malformed, "{} signed twice", signature.seat);
        TANDEM_REQUIRE(verifier.verify(seat->admin_key, message, signature.signature),
                       AdminCode::bad_signature, "the signature of {}'s admin key does not hold",
                       signature.seat);
        signers.push_back(signature.seat);
        power += state.present_power(signature.seat);
    }
    const std::int64_t total = state.total_power();
    TANDEM_REQUIRE(3 * power > 2 * total, AdminCode::no_quorum,
                   "seats with {} of {} power signed; more than two thirds are needed", power,
                   total);
    return {};
}

/// The signatures hold and come from those who may sign the operation.
Checked check_signers(const State& state, const AdminTx& tx, const crypto::Verifier& verifier) {
    const bool quorum = needs_quorum(tx.operation);
    TANDEM_REQUIRE(!std::holds_alternative<std::monostate>(tx.operation), AdminCode::malformed,
                   "the transaction has no operation");
    TANDEM_REQUIRE(quorum == tx.seat.empty(), AdminCode::malformed,
                   "a seat's own operation names the seat, a quorum operation names none");
    const Bytes message = sign_bytes(state.chain_id, tx);
    if (quorum) return check_quorum(state, tx, message, verifier);
    const Seat* seat = state.find_seat(tx.seat);
    TANDEM_REQUIRE(seat != nullptr, AdminCode::unknown_seat, "there is no seat \"{}\"", tx.seat);
    TANDEM_REQUIRE(tx.signatures.size() == 1 && tx.signatures[0].seat == tx.seat,
                   AdminCode::malformed, "the seat's admin key signs, and nobody else");
    TANDEM_REQUIRE(verifier.verify(seat->admin_key, message, tx.signatures[0].signature),
                   AdminCode::bad_signature, "the signature of {}'s admin key does not hold",
                   tx.seat);
    return {};
}

/// The nonce used last. REQUIRES: the seat of a seat's own operation is there.
std::uint64_t last_nonce(const State& state, const AdminTx& tx) {
    return needs_quorum(tx.operation) ? state.quorum_nonce : state.find_seat(tx.seat)->nonce;
}

Checked check_expiry(const AdminTx& tx, std::int64_t height) {
    TANDEM_REQUIRE(tx.expiry_height >= height, AdminCode::expired,
                   "expired at height {}, this is {}", tx.expiry_height, height);
    return {};
}

}  // namespace

/// One operation on its way through the state of a block. The state is changed only when every
/// check has passed.
class AdminOperation {
  public:
    AdminOperation(BlockProcess& block, const AdminTx& tx) : block_(block), tx_(tx) {}

    [[nodiscard]] Checked authenticate() const;
    void use_up_nonce();
    /// The height from which the operation has effect.
    [[nodiscard]] std::expected<std::int64_t, Rejection> apply();

  private:
    [[nodiscard]] State& state() const { return block_.state_; }
    [[nodiscard]] std::int64_t height() const { return block_.context_.height; }
    [[nodiscard]] Seat& own_seat() const { return *state().find_seat(tx_.seat); }
    [[nodiscard]] bool signed_by(const PublicKey& key, BytesView message, BytesView sig) const {
        return block_.verifier_->verify(key, message, sig);
    }

    [[nodiscard]] Checked check_guard(std::int64_t moved) const;
    [[nodiscard]] Checked check_room(std::size_t nodes, std::size_t seats) const;
    [[nodiscard]] Checked check_new_node(const NodeRegistration& node, std::string_view seat) const;
    [[nodiscard]] Checked check_total(std::int64_t added) const;
    [[nodiscard]] Checked check_standby(const std::string& name) const;
    void retire(const PublicKey& key, const Seat& seat, bool is_consensus) const;
    void retire_node(const Seat& seat, std::uint32_t index) const;

    [[nodiscard]] Checked apply(const std::monostate&);
    [[nodiscard]] Checked apply(const Switchover& operation);
    [[nodiscard]] Checked apply(const Pause& operation);
    [[nodiscard]] Checked apply(const Resume& operation);
    [[nodiscard]] Checked apply(const AddStandby& operation);
    [[nodiscard]] Checked apply(const ReplaceStandby& operation);
    [[nodiscard]] Checked apply(const RemoveStandby& operation);
    [[nodiscard]] Checked apply(const ReplaceLivenessKey& operation);
    [[nodiscard]] Checked apply(const RotateAdminKey& operation);
    [[nodiscard]] Checked apply(const AddSeat& operation);
    [[nodiscard]] Checked apply(const RemoveSeat& operation);
    [[nodiscard]] Checked apply(const ChangePower& operation);
    [[nodiscard]] Checked apply(const ChangeParams& operation);
    [[nodiscard]] static Node new_node(const NodeRegistration& node) {
        return {node.name, node.consensus_key, node.liveness_key, false, Liveness::unknown, {}};
    }

    BlockProcess& block_;
    const AdminTx& tx_;
};

#define TANDEM_ADMIN_TRY(expression) \
    if (Checked checked = (expression); !checked) return checked

Checked AdminOperation::authenticate() const {
    TANDEM_ADMIN_TRY(check_signers(state(), tx_, *block_.verifier_));
    const std::uint64_t last = last_nonce(state(), tx_);
    TANDEM_REQUIRE(tx_.nonce == last + 1, AdminCode::wrong_nonce,
                   "the nonce is {}; the next one is {}", tx_.nonce, last + 1);
    return check_expiry(tx_, height());
}

void AdminOperation::use_up_nonce() {
    if (needs_quorum(tx_.operation))
        state().quorum_nonce = tx_.nonce;
    else
        own_seat().nonce = tx_.nonce;
}

// ---- What several operations check

/// What moves in one block stays below a third of the total, unless nothing else moves. An
/// operation that moves nothing is not held up by what others move (docs/adr).
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

void AdminOperation::retire(const PublicKey& key, const Seat& seat, bool is_consensus) const {
    state().retired_keys.push_back({key, seat.id, is_consensus ? seat.identity : PublicKey{}});
}

void AdminOperation::retire_node(const Seat& seat, std::uint32_t index) const {
    retire(seat.nodes[index].consensus_key, seat, true);
    retire(seat.nodes[index].liveness_key, seat, false);
}

// ---- A seat's own operations

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
    TANDEM_REQUIRE(is_ed25519(operation.admin_key), AdminCode::bad_value,
                   "the admin key is no Ed25519 key");
    TANDEM_REQUIRE(!is_key_known(state(), operation.admin_key), AdminCode::key_in_use,
                   "the key is or was registered already");
    TANDEM_REQUIRE(signed_by(operation.admin_key,
                             admin_key_sign_bytes(state().chain_id, seat.id, operation.admin_key),
                             operation.admin_proof),
                   AdminCode::bad_proof, "the new admin key does not prove itself");
    retire(seat.admin_key, seat, false);
    seat.admin_key = operation.admin_key;
    return {};
}

// ---- Quorum operations

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
    TANDEM_REQUIRE(is_ed25519(operation.admin_key) && !is_key_known(state(), operation.admin_key),
                   AdminCode::key_in_use,
                   "the admin key is no Ed25519 key or was registered before");
    TANDEM_REQUIRE(
        signed_by(operation.admin_key,
                  admin_key_sign_bytes(state().chain_id, operation.id, operation.admin_key),
                  operation.admin_proof),
        AdminCode::bad_proof, "the admin key does not prove itself");
    std::vector<PublicKey> keys{operation.admin_key};
    Seat seat;
    for (const NodeRegistration& node : operation.nodes) {
        TANDEM_ADMIN_TRY(check_new_node(node, operation.id));
        TANDEM_REQUIRE(!node_index(seat, node.name), AdminCode::name_in_use,
                       "two nodes are named \"{}\"", node.name);
        for (const PublicKey& key : {node.consensus_key, node.liveness_key}) {
            TANDEM_REQUIRE(std::ranges::find(keys, key) == keys.end(), AdminCode::key_in_use,
                           "a key stands twice in the operation");
            keys.push_back(key);
        }
        seat.nodes.push_back(new_node(node));
    }
    TANDEM_ADMIN_TRY(check_guard(operation.power));
    seat.id = operation.id;
    seat.power = operation.power;
    seat.admin_key = operation.admin_key;
    seat.identity = seat.nodes.front().consensus_key;
    seat.count_from = height() + 2;
    block_.moved_power_ += seat.power;
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
    block_.moved_power_ += seat->power;
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
    block_.moved_power_ += moved;
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

// ---- The whole of one operation

std::expected<std::int64_t, Rejection> AdminOperation::apply() {
    const bool quorum = needs_quorum(tx_.operation);
    if (!quorum && !own_seat().in_set())
        return reject(AdminCode::leaving, fmt::format("{} is being removed", tx_.seat));
    Checked applied =
        std::visit([this](const auto& operation) { return apply(operation); }, tx_.operation);
    if (!applied) return std::unexpected(applied.error());
    std::string touched = tx_.seat;
    if (const auto* add = std::get_if<AddSeat>(&tx_.operation)) touched = add->id;
    if (const auto* remove = std::get_if<RemoveSeat>(&tx_.operation)) touched = remove->id;
    if (const auto* power = std::get_if<ChangePower>(&tx_.operation)) touched = power->id;
    if (!touched.empty()) block_.touched_seats_.push_back(touched);
    const bool changes_set = std::holds_alternative<Switchover>(tx_.operation) ||
                             std::holds_alternative<AddSeat>(tx_.operation) ||
                             std::holds_alternative<RemoveSeat>(tx_.operation) ||
                             std::holds_alternative<ChangePower>(tx_.operation);
    return height() + (changes_set ? 2 : 1);
}

AdminCheck check_admin_tx(const State& state, BytesView bytes, const crypto::Verifier& verifier) {
    const auto tx = decode_admin_tx(bytes);
    if (!tx) return {AdminCode::malformed, tx.error().check + ": " + tx.error().why};
    Checked checked = check_signers(state, *tx, verifier);
    if (checked) checked = check_expiry(*tx, state.height + 1);
    if (!checked) return {checked.error().code, checked.error().why};
    const std::uint64_t last = last_nonce(state, *tx);
    // A few may wait for each other in the mempool.
    if (tx->nonce <= last || tx->nonce > last + nonces_ahead_max)
        return {AdminCode::wrong_nonce,
                fmt::format("the nonce is {}; the next one is {}", tx->nonce, last + 1)};
    return {};
}

abci::ExecTxResult BlockProcess::admin_step(BytesView bytes) {
    const auto answer = [](AdminCode code, std::string log) {
        abci::ExecTxResult result;
        result.code = static_cast<std::uint32_t>(code);
        result.log = std::move(log);
        result.codespace = "seats";
        return result;
    };
    const auto tx = decode_admin_tx(bytes);
    if (!tx) return answer(AdminCode::malformed, tx.error().check + ": " + tx.error().why);
    AdminOperation operation(*this, *tx);
    if (const Checked authentic = operation.authenticate(); !authentic)
        return answer(authentic.error().code, authentic.error().why);
    operation.use_up_nonce();
    const auto effective = operation.apply();
    const std::string height = std::to_string(context_.height);
    const std::string name(name_of(tx->operation));
    if (!effective) {
        emit("seat_admin",
             {{"seat", tx->seat},
              {"operation", name},
              {"code", std::to_string(static_cast<std::uint32_t>(effective.error().code))},
              {"height", height}});
        return answer(effective.error().code, effective.error().why);
    }
    emit("seat_admin", {{"seat", tx->seat},
                        {"operation", name},
                        {"code", "0"},
                        {"height", height},
                        {"effective_height", std::to_string(*effective)}});
    abci::ExecTxResult result = answer(AdminCode::ok, {});
    const std::string data =
        fmt::format(R"({{"height":"{}","effective_height":"{}"}})", context_.height, *effective);
    result.data = base::to_bytes(base::as_bytes(data));
    return result;
}

}  // namespace tandem::seats
