#include "sim/operators.h"

#include <fmt/format.h>

#include "seats/admin.h"

namespace tandem::sim {
namespace {

Bytes signed_with(const crypto::SigningKey& key, const Bytes& message) {
    return base::to_bytes(base::view(key.sign(message)));
}

}  // namespace

void Operators::operate() {
    const State* newest = cast_.newest_seats();
    if (newest == nullptr) return;
    const State state = *newest;  // its node may be stopped by what follows
    ++tally_.operations;
    if (random().chance(1, 4)) return operate_quorum(state);
    const std::size_t first = random().below(state.seats.size());
    // Sometimes several at once, which the power guard must see together.
    const std::size_t count = random().chance(1, 5) ? 2 + random().below(3) : 1;
    for (std::size_t i = 0; i < std::min(count, state.seats.size()); ++i)
        operate_seat(state, state.seats[(first + i) % state.seats.size()]);
}

void Operators::resume_all() {
    const State* state = cast_.newest_seats();
    if (state == nullptr) return;
    for (const seats::Seat& seat : state->seats)
        if (seat.paused) submit(*state, seat.id, seats::Resume{}, seat.nonce + 1);
}

void Operators::submit(const State& state, const std::string& seat, seats::Operation operation,
                       std::uint64_t nonce) {
    seats::AdminTx tx{seat, std::move(operation), nonce, state.height + expiry, {}};
    const std::uint64_t spoilt = random().below(30);
    if (spoilt == 0) ++tx.nonce;
    if (spoilt == 1) tx.expiry_height = std::max<std::int64_t>(state.height, 1);
    const Bytes message = seats::sign_bytes(state.chain_id, tx);
    if (!seat.empty()) {
        const SeatKeys* keys = cast_.find_seat(seat);
        if (keys == nullptr) return;
        tx.signatures.push_back({seat, signed_with(*keys->admin, message)});
    } else {
        for (const seats::Seat& one : state.seats)
            if (const SeatKeys* keys = cast_.find_seat(one.id); one.in_set() && keys != nullptr)
                tx.signatures.push_back({one.id, signed_with(*keys->admin, message)});
    }
    if (spoilt == 2 && !tx.signatures.empty()) tx.signatures.front().signature.front() ^= 1;
    for (const auto& node : cast_.nodes()) node->submit(seats::encode_admin_tx(tx));
}

void Operators::await(std::int64_t height, std::function<bool(const State&)> done,
                      std::function<void(bool)> then) {
    world_.after(300 * millisecond, [this, height, done = std::move(done), then = std::move(then)] {
        const State* state = cast_.newest_seats();
        if (state != nullptr && done(*state)) return then(true);
        if (state != nullptr && state->height > height) return then(false);
        await(height, done, then);
    });
}

// ---- Of one seat

void Operators::operate_seat(const State& state, const seats::Seat& seat) {
    const std::uint64_t nonce = seat.nonce + 1;
    switch (random().below(9)) {
        case 0:
            if (seat.paused) return submit(state, seat.id, seats::Resume{}, nonce);
            return submit(state, seat.id, seats::Pause{}, nonce);
        case 1:
            return replace_liveness_key(state, seat);
        case 2:
            return rotate_admin_key(state, seat);
        case 3:
        case 4:
            if (auto operation = nodes_operation(state, seat))
                submit(state, seat.id, std::move(*operation), nonce);
            return;
        default:
            if (seat.paused && random().chance(1, 2))
                return submit(state, seat.id, seats::Resume{}, nonce);
            return submit(state, seat.id,
                          seats::Switchover{seat.nodes[random().below(seat.nodes.size())].name},
                          nonce);
    }
}

/// A machine with an empty disk starts and synchronises; its node asks to be registered.
seats::NodeRegistration Operators::join(const State& state, const std::string& seat) {
    const NodeKeys keys = cast_.make_keys();
    seats::NodeRegistration wanted{
        cast_.fresh_name(seat), keys.consensus->public_key(), keys.liveness->public_key(), {}, {}};
    const Bytes message = seats::registration_sign_bytes(state.chain_id, seat, wanted);
    wanted.consensus_proof = signed_with(*keys.consensus, message);
    wanted.liveness_proof = signed_with(*keys.liveness, message);
    const auto index = static_cast<std::size_t>(cast_.find_seat(seat) - cast_.seats().data());
    torment_.restart(cast_.add_node(index, wanted.name, keys));
    return wanted;
}

std::optional<seats::Operation> Operators::nodes_operation(const State& state,
                                                           const seats::Seat& seat) {
    const std::string& any = seat.nodes[random().below(seat.nodes.size())].name;
    const bool has_room = cast_.nodes().size() < machines_max;
    switch (random().below(4)) {
        case 0:
            if (seat.nodes.size() > 1) return seats::RemoveStandby{any};
            [[fallthrough]];
        case 1:
            if (has_room && seat.nodes.size() < nodes_max)
                return seats::AddStandby{join(state, seat.id)};
            [[fallthrough]];
        default: {
            if (!has_room) return std::nullopt;
            // Whoever was convicted is replaced first.
            const auto convicted = std::ranges::find_if(seat.nodes, &seats::Node::quarantined);
            return seats::ReplaceStandby{convicted != seat.nodes.end() ? convicted->name : any,
                                         join(state, seat.id)};
        }
    }
}

void Operators::replace_liveness_key(const State& state, const seats::Seat& seat) {
    const seats::Node& node = seat.nodes[random().below(seat.nodes.size())];
    const auto index = cast_.find_node(node.consensus_key);
    const bool has_twin = std::ranges::any_of(
        cast_.twins(), [&](const auto& pair) { return index && pair.first == *index; });
    if (!index || has_twin || !cast_.nodes()[*index]->running()) return;
    if (!torment_.may_stay_silent(*index)) return;
    const auto key = registry_.make_key();
    seats::ReplaceLivenessKey wanted{node.name, key->public_key(), {}};
    const seats::NodeRegistration described{
        node.name, node.consensus_key, wanted.liveness_key, {}, {}};
    wanted.liveness_proof =
        signed_with(*key, seats::registration_sign_bytes(state.chain_id, seat.id, described));
    torment_.take_out_of_service(*index);
    submit(state, seat.id, wanted, seat.nonce + 1);
    await(
        state.height + expiry + 1,
        [id = seat.id, name = node.name, wanted](const State& now) {
            const seats::Seat* found = now.find_seat(id);
            return found != nullptr && std::ranges::any_of(found->nodes, [&](const auto& one) {
                       return one.name == name && one.liveness_key == wanted.liveness_key;
                   });
        },
        [this, index = *index, key](bool is_replaced) {
            if (is_replaced) cast_.nodes()[index]->use_liveness_key(key);
            torment_.put_back_into_service(index);
        });
}

void Operators::rotate_admin_key(const State& state, const seats::Seat& seat) {
    const auto key = registry_.make_key();
    seats::RotateAdminKey wanted{key->public_key(), {}};
    wanted.admin_proof =
        signed_with(*key, seats::admin_key_sign_bytes(state.chain_id, seat.id, wanted.admin_key));
    submit(state, seat.id, wanted, seat.nonce + 1);
    await(
        state.height + expiry + 1,
        [id = seat.id, wanted](const State& now) {
            const seats::Seat* found = now.find_seat(id);
            return found != nullptr && found->admin_key == wanted.admin_key;
        },
        [this, id = seat.id, key](bool is_rotated) {
            if (is_rotated) cast_.find_seat(id)->admin = key;
        });
}

// ---- Of all seats

/// Whether liars still hold less than a third when `changed` has `power`.
bool Operators::liars_stay_few(const State& state, std::string_view changed,
                               std::int64_t power) const {
    std::int64_t lying = 0, total = 0;
    for (const SeatKeys& keys : cast_.seats()) {
        const std::int64_t own = keys.id == changed ? power : state.present_power(keys.id);
        total += own;
        if (keys.lies) lying += own;
    }
    return 3 * lying < total;
}

void Operators::add_seat(const State& state) {
    if (cast_.seats().size() >= 12 || cast_.nodes().size() + 2 > machines_max) return;
    SeatKeys keys{fmt::format("s{}", cast_.seats().size()), registry_.make_key(), false, false};
    seats::AddSeat wanted;
    wanted.id = keys.id;
    wanted.power = 1 + static_cast<std::int64_t>(random().below(12));
    wanted.admin_key = keys.admin->public_key();
    wanted.admin_proof = signed_with(
        *keys.admin, seats::admin_key_sign_bytes(state.chain_id, wanted.id, wanted.admin_key));
    cast_.add_seat(keys);
    for (std::uint64_t i = 0; i <= random().below(2); ++i)
        wanted.nodes.push_back(join(state, wanted.id));
    submit(state, "", std::move(wanted), state.quorum_nonce + 1);
}

void Operators::operate_quorum(const State& state) {
    const seats::Seat& seat = state.seats[random().below(state.seats.size())];
    const std::uint64_t nonce = state.quorum_nonce + 1;
    if (!torment_.silent_seats().empty()) return;
    torment_.expect_powers_to_move(state.height + expiry + 2);
    switch (random().below(5)) {
        case 0:
            return add_seat(state);
        case 1:
            if (state.seats.size() <= 4 || !liars_stay_few(state, seat.id, 0)) return;
            return submit(state, "", seats::RemoveSeat{seat.id}, nonce);
        case 2: {
            seats::Params params = state.params;
            params.run_records = static_cast<std::uint32_t>(2 + random().below(6));
            params.alive_records =
                random().chance(1, 2)
                    ? 0U
                    : static_cast<std::uint32_t>(1 + random().below(params.run_records));
            params.heartbeat_lag_blocks =
                std::min(params.heartbeat_lag_blocks, params.run_records - 1);
            if (params.wedged_records != 0)
                params.wedged_records =
                    std::max<std::int64_t>(params.wedged_records, params.run_records);
            return submit(state, "", seats::ChangeParams{params}, nonce);
        }
        default: {
            const std::int64_t power = 1 + static_cast<std::int64_t>(random().below(20));
            if (!liars_stay_few(state, seat.id, power)) return;
            return submit(state, "", seats::ChangePower{seat.id, power}, nonce);
        }
    }
}

}  // namespace tandem::sim
