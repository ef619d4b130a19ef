#include "sim/cast.h"

#include <algorithm>
#include <fmt/format.h>

#include "seats/genesis.h"

namespace tandem::sim {
namespace {

constexpr std::int64_t genesis_seconds = 1'700'000'000;

}  // namespace

Cast::Cast(Parts parts, const Plan& plan, LieCounts& lies)
    : parts_(parts), timeouts_(plan.timeouts) {
    make_genesis(plan);
    make_liars(plan, lies);
}

NodeKeys Cast::make_keys() {
    auto consensus = parts_.registry.make_key();
    return {std::move(consensus), parts_.registry.make_key()};
}

std::string Cast::fresh_name(std::string_view seat) {
    return fmt::format("{}-x{}", seat, ++names_);
}

void Cast::make_genesis(const Plan& plan) {
    seats::Genesis description;
    description.params = plan.params;
    for (std::size_t s = 0; s < plan.seats.size(); ++s) {
        const SeatPlan& planned = plan.seats[s];
        const std::size_t index = add_seat(
            {fmt::format("s{}", s), parts_.registry.make_key(), planned.lies, planned.forgets});
        seats::GenesisSeat seat{
            seats_[index].id, planned.power, seats_[index].admin->public_key(), {}};
        for (std::size_t n = 0; n < planned.nodes.size(); ++n) {
            const NodeKeys keys = make_keys();
            const std::string name = fmt::format("s{}-{}", s, n);
            seat.nodes.push_back({name, keys.consensus->public_key(), keys.liveness->public_key()});
            add_node(index, name, keys);
        }
        description.seats.push_back(std::move(seat));
    }
    genesis_.chain_id = "sim";
    genesis_.genesis_time = {genesis_seconds, 0};
    genesis_.initial_height = plan.initial_height;
    genesis_.consensus_params = types::ConsensusParams::defaults();
    genesis_.app_state = seats::write_genesis(description, "");
}

void Cast::make_liars(const Plan& plan, LieCounts& lies) {
    std::size_t index = 0;
    for (std::size_t s = 0; s < plan.seats.size(); ++s)
        for (const NodePlan& planned : plan.seats[s].nodes) {
            const std::size_t node = index++;
            if (!plan.seats[s].lies) continue;
            nodes_[node]->set_liar(std::make_unique<Liar>(parts_.world, planned.character, lies));
            if (planned.has_twin) twins_.emplace_back(node, 0);
        }
    for (auto& [node, twin] : twins_) {
        twin = add_node(owner_[node], nodes_[node]->name(), nodes_[node]->keys());
        nodes_[node]->be_a_twin();
        nodes_[twin]->be_a_twin();
        nodes_[twin]->set_liar(std::make_unique<Liar>(parts_.world, Liar::Character{}, lies));
    }
}

SeatKeys* Cast::find_seat(std::string_view id) {
    const auto found = std::ranges::find(seats_, id, &SeatKeys::id);
    return found == seats_.end() ? nullptr : &*found;
}

std::optional<std::size_t> Cast::find_node(const PublicKey& consensus_key) const {
    for (const auto& node : nodes_)
        if (node->consensus_key() == consensus_key) return node->index();
    return std::nullopt;
}

const seats::State* Cast::newest_seats() const {
    const seats::State* newest = nullptr;
    for (const auto& node : nodes_)
        if (const seats::State* state = node->seats_state();
            state != nullptr && (newest == nullptr || state->height > newest->height))
            newest = state;
    return newest;
}

std::size_t Cast::add_seat(SeatKeys seat) {
    seats_.push_back(std::move(seat));
    return seats_.size() - 1;
}

std::size_t Cast::add_node(std::size_t seat, std::string name, NodeKeys keys) {
    const std::size_t index = nodes_.size();
    nodes_.push_back(std::make_unique<Node>(
        Setting{parts_.world, parts_.network, parts_.registry, parts_.library, parts_.observer,
                genesis_, timeouts_, nodes_},
        index, std::move(name), std::move(keys)));
    owner_.push_back(seat);
    parts_.network.add_node();
    if (joined) joined(*nodes_.back());
    return index;
}

}  // namespace tandem::sim
