#include "seats/state.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace tandem::seats {
namespace {

/// The newest `records` bits of a window.
std::uint64_t newest_mask(std::uint32_t records) {
    return records >= window_records ? ~std::uint64_t{0} : (std::uint64_t{1} << records) - 1;
}

}  // namespace

void Window::push(Status status) noexcept {
    alive_bits = alive_bits << 1 | (is_alive(status) ? 1U : 0U);
    signed_bits = signed_bits << 1 | (status == Status::has_signed ? 1U : 0U);
    count = std::min(count + 1, window_records);
}

std::uint32_t Window::alive_among_last(std::uint32_t records) const noexcept {
    return static_cast<std::uint32_t>(std::popcount(alive_bits & newest_mask(records)));
}

const Seat* State::find_seat(std::string_view id) const noexcept {
    const auto found = std::ranges::find(seats, id, &Seat::id);
    return found == seats.end() ? nullptr : &*found;
}

Seat* State::find_seat(std::string_view id) noexcept {
    const auto found = std::ranges::find(seats, id, &Seat::id);
    return found == seats.end() ? nullptr : &*found;
}

std::int64_t State::total_power() const noexcept {
    std::int64_t total = 0;
    for (const Seat& seat : seats)
        if (seat.in_set()) total += seat.power;
    return total;
}

std::int64_t State::present_power(std::string_view id) const noexcept {
    const Seat* seat = find_seat(id);
    return seat != nullptr && seat->in_set() ? seat->power : 0;
}

const BlockFacts* State::block(std::int64_t block_height) const noexcept {
    if (recent_blocks.empty()) return nullptr;
    const std::int64_t first = recent_blocks.front().height;
    if (block_height < first || block_height > recent_blocks.back().height) return nullptr;
    return &recent_blocks[static_cast<std::size_t>(block_height - first)];  // by invariant 12
}

std::size_t State::node_count() const noexcept {
    std::size_t count = 0;
    for (const Seat& seat : seats) count += seat.nodes.size();
    return count;
}

bool is_valid_name(std::string_view name) noexcept {
    const auto is_allowed = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, is_allowed);
}

std::optional<NodeRef> find_by_consensus_address(const State& state, BytesView address) {
    for (std::size_t seat = 0; seat < state.seats.size(); ++seat) {
        const std::vector<Node>& nodes = state.seats[seat].nodes;
        for (std::size_t node = 0; node < nodes.size(); ++node)
            if (base::equal(nodes[node].consensus_key.address(), address))
                return NodeRef{seat, node};
    }
    return std::nullopt;
}

std::vector<types::ValidatorChange> decided_set(const State& state) {
    std::vector<types::ValidatorChange> set;
    set.reserve(state.seats.size());
    for (const Seat& seat : state.seats)
        if (seat.in_set()) set.push_back({seat.nodes[seat.validator].consensus_key, seat.power});
    return set;
}

}  // namespace tandem::seats
