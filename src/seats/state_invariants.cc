// The invariants of State, in the order of their numbers beside it.
#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <unordered_map>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "seats/state.h"

namespace tandem::seats {
namespace {

std::unexpected<Refusal> broken(int invariant, std::string why) {
    return refuse(fmt::format("state.invariant_{}", invariant), std::move(why));
}

#define TANDEM_INVARIANT(number, condition, ...) \
    if (!(condition)) return broken(number, fmt::format(__VA_ARGS__))

bool is_ed25519(const PublicKey& key) {
    return key.type == crypto::KeyType::ed25519 &&
           key.bytes.size() == crypto::ed25519_public_key_size;
}

bool is_well_sized(const PublicKey& key) {
    return key.type != crypto::KeyType::none &&
           key.bytes.size() == crypto::public_key_size(key.type);
}

Verdict check_chain(const State& state) {
    TANDEM_TRY(validate(state.params));
    TANDEM_INVARIANT(1,
                     !state.chain_id.empty() && state.chain_id.size() <= types::chain_id_bytes_max,
                     "the chain id has {} bytes", state.chain_id.size());
    TANDEM_INVARIANT(1,
                     state.initial_height >= 1 && state.height >= state.initial_height - 1 &&
                         state.height <= heights_max,
                     "height {} of a chain that begins at {}", state.height, state.initial_height);
    return {};
}

Verdict check_powers(const State& state) {
    std::int64_t total = 0;
    for (const Seat& seat : state.seats) {
        TANDEM_INVARIANT(2, seat.power > 0 && seat.power <= types::total_voting_power_max,
                         "the power of {} is {}", seat.id, seat.power);
        if (!seat.in_set()) continue;
        TANDEM_INVARIANT(2, seat.power <= types::total_voting_power_max - total,
                         "the total power overflows at {}", seat.id);
        total += seat.power;
    }
    TANDEM_INVARIANT(2, total > 0, "no seat is in the decided set");
    return {};
}

Verdict check_nodes(const State& state) {
    std::size_t count = 0;
    for (const Seat& seat : state.seats) {
        TANDEM_INVARIANT(3, seat.validator < seat.nodes.size(),
                         "{} has {} nodes, the validator is {}", seat.id, seat.nodes.size(),
                         seat.validator);
        count += seat.nodes.size();
    }
    TANDEM_INVARIANT(3, count <= nodes_max, "{} nodes are registered", count);
    return {};
}

using Names = std::set<std::string_view>;

/// Ids of all seats that are or were. REQUIRES: check_names passed.
Names known_seats(const State& state) {
    Names known(state.retired_seats.begin(), state.retired_seats.end());
    for (const Seat& seat : state.seats) known.insert(seat.id);
    return known;
}

Verdict check_names(const State& state) {
    Names ids;
    for (const std::string& id : state.retired_seats)
        TANDEM_INVARIANT(4, is_valid_name(id) && ids.insert(id).second, "the retired id \"{}\"",
                         id);
    for (const Seat& seat : state.seats) {
        TANDEM_INVARIANT(4, is_valid_name(seat.id) && ids.insert(seat.id).second,
                         "the seat id \"{}\"", seat.id);
        Names names;
        for (const Node& node : seat.nodes)
            TANDEM_INVARIANT(4, is_valid_name(node.name) && names.insert(node.name).second,
                             "the node name \"{}\" of {}", node.name, seat.id);
        for (const std::string& proposer : seat.run.proposer_seats)
            TANDEM_INVARIANT(4, is_valid_name(proposer), "the run of {} names \"{}\"", seat.id,
                             proposer);
    }
    return {};
}

Verdict check_references(const State& state) {
    const Names known = known_seats(state);
    for (const RetiredKey& retired : state.retired_keys)
        TANDEM_INVARIANT(4, known.contains(retired.seat), "a key retired of \"{}\"", retired.seat);
    for (const Seat& seat : state.seats)
        for (const std::string& proposer : seat.run.proposer_seats)
            TANDEM_INVARIANT(4, known.contains(proposer), "the run of {} names {}", seat.id,
                             proposer);
    return {};
}

// NOLINTBEGIN(readability-identifier-naming): names of std::unordered_map
struct HashOfKey {
    std::size_t operator()(const PublicKey* key) const noexcept {
        return std::hash<std::string_view>()(base::as_text(key->bytes));
    }
};
struct SameKey {
    bool operator()(const PublicKey* a, const PublicKey* b) const noexcept { return *a == *b; }
};
// NOLINTEND(readability-identifier-naming)

/// Every key with the seat that it gives an identity to: empty for liveness and admin keys.
using Keys = std::unordered_map<const PublicKey*, std::string_view, HashOfKey, SameKey>;

Verdict check_keys(const State& state) {
    Keys keys;
    for (const Seat& seat : state.seats) {
        TANDEM_INVARIANT(5, is_ed25519(seat.admin_key) && keys.emplace(&seat.admin_key, "").second,
                         "the admin key of {}", seat.id);
        for (const Node& node : seat.nodes) {
            TANDEM_INVARIANT(5,
                             is_well_sized(node.consensus_key) &&
                                 keys.emplace(&node.consensus_key.key(), seat.id).second,
                             "the consensus key of {}/{}", seat.id, node.name);
            TANDEM_INVARIANT(
                5, is_ed25519(node.liveness_key) && keys.emplace(&node.liveness_key, "").second,
                "the liveness key of {}/{}", seat.id, node.name);
        }
    }
    for (const RetiredKey& retired : state.retired_keys) {
        const bool of_consensus = retired.identity.type != crypto::KeyType::none;
        TANDEM_INVARIANT(
            5, of_consensus ? is_well_sized(retired.identity) : retired.identity.bytes.empty(),
            "the identity of a retired key of {}", retired.seat);
        TANDEM_INVARIANT(
            5,
            is_well_sized(retired.key) &&
                keys.emplace(&retired.key, of_consensus ? std::string_view(retired.seat) : "")
                    .second,
            "a retired key of {}", retired.seat);
    }
    for (const Seat& seat : state.seats) {
        const auto identity = keys.find(&seat.identity);
        TANDEM_INVARIANT(5, identity != keys.end() && identity->second == seat.id,
                         "the identity of {}", seat.id);
    }
    return {};
}

Verdict check_transitions(const State& state, const Seat& seat) {
    if (seat.pending) {
        const PendingSwitch& pending = *seat.pending;
        const auto reason = static_cast<std::int32_t>(pending.reason);
        TANDEM_INVARIANT(6,
                         pending.decided_height <= state.height &&
                             pending.decided_height >= state.height - 1 &&
                             pending.decided_height >= state.initial_height &&
                             pending.effective_height == pending.decided_height + 2 &&
                             seat.count_from == pending.effective_height,
                         "{} has a switch pending from {} to {}", seat.id, pending.decided_height,
                         pending.effective_height);
        TANDEM_INVARIANT(6,
                         pending.from < seat.nodes.size() && pending.from != pending.to &&
                             pending.to == seat.validator && reason >= 1 && reason <= 4,
                         "{} has a switch pending from node {} to {}, reason {}", seat.id,
                         pending.from, pending.to, reason);
    }
    const std::int64_t leaves_in = seat.leaves_at - state.height;
    TANDEM_INVARIANT(7, seat.leaves_at == 0 || leaves_in == 1 || leaves_in == 2,
                     "{} leaves at {}, this is {}", seat.id, seat.leaves_at, state.height);
    TANDEM_INVARIANT(7, seat.leaves_at == 0 || !seat.pending, "{} leaves and switches", seat.id);
    TANDEM_INVARIANT(8,
                     seat.count_from >= state.initial_height && seat.count_from <= state.height + 2,
                     "{} counts from {}, this is {}", seat.id, seat.count_from, state.height);
    TANDEM_INVARIANT(
        11,
        seat.cooldown.effective_height >= 0 && seat.cooldown.effective_height <= state.height + 2,
        "the cooldown of {} begins at {}", seat.id, seat.cooldown.effective_height);
    const bool has_begun =
        seat.cooldown.effective_height != 0 && seat.cooldown.effective_height <= state.height;
    TANDEM_INVARIANT(11,
                     seat.cooldown.effective_time.in_range() &&
                         (has_begun || seat.cooldown.effective_time.is_zero_time()),
                     "the time of the cooldown of {}", seat.id);
    TANDEM_INVARIANT(11,
                     seat.last_switchover == 0 || (seat.last_switchover >= state.initial_height &&
                                                   seat.last_switchover <= state.height),
                     "the last switchover of {} was at {}", seat.id, seat.last_switchover);
    return {};
}

std::uint64_t newest_bits(std::int64_t records) {
    return records >= std::int64_t{window_records} ? ~std::uint64_t{0}
                                                   : (std::uint64_t{1} << records) - 1;
}

Verdict check_windows(const State& state, const Seat& seat) {
    const std::int64_t counted = std::max<std::int64_t>(0, state.height - seat.count_from);
    for (const Node& node : seat.nodes) {
        const Window& window = node.window;
        TANDEM_INVARIANT(9,
                         window.count <= window_records && window.count <= counted &&
                             (window.alive_bits & ~newest_bits(window.count)) == 0 &&
                             (window.signed_bits & ~window.alive_bits) == 0,
                         "the window of {}/{}", seat.id, node.name);
        const auto liveness = static_cast<std::int32_t>(node.liveness);
        TANDEM_INVARIANT(9, liveness >= 0 && liveness <= 2, "the liveness of {}/{} is {}", seat.id,
                         node.name, liveness);
    }
    const Run& run = seat.run;
    const UnsignedSeries& series = seat.unsigned_series;
    const Window& window = seat.nodes[seat.validator].window;
    TANDEM_INVARIANT(10, run.length >= 0 && run.length <= series.length && series.length <= counted,
                     "of {} records of {}, {} are not SIGNED and {} DEAD", counted, seat.id,
                     series.length, run.length);
    TANDEM_INVARIANT(10,
                     window.count >= std::min<std::int64_t>(series.length, window_records) &&
                         (window.signed_bits & newest_bits(series.length)) == 0 &&
                         (window.alive_bits & newest_bits(run.length)) == 0,
                     "the window of the validator of {} disagrees with its run", seat.id);
    TANDEM_INVARIANT(10,
                     run.first_time.in_range() && series.first_time.in_range() &&
                         (run.length > 0 || run.first_time.is_zero_time()) &&
                         (series.length > 0 || series.first_time.is_zero_time()),
                     "the first time of a series of {}", seat.id);
    const auto proposers = static_cast<std::int64_t>(run.proposer_seats.size());
    TANDEM_INVARIANT(10,
                     (run.length == 0) == (proposers == 0) && proposers <= run.length &&
                         std::ranges::adjacent_find(run.proposer_seats, std::greater_equal<>()) ==
                             run.proposer_seats.end(),
                     "{} proposers of a run of {} of {}", proposers, run.length, seat.id);
    return {};
}

Verdict check_blocks(const State& state) {
    const auto& blocks = state.recent_blocks;
    const std::int64_t expected =
        std::min<std::int64_t>(window_records, state.height - state.initial_height + 1);
    TANDEM_INVARIANT(12, static_cast<std::int64_t>(blocks.size()) == expected,
                     "{} blocks are kept instead of {}", blocks.size(), expected);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const BlockFacts& block = blocks[i];
        const bool is_newest = i + 1 == blocks.size();
        TANDEM_INVARIANT(12,
                         block.height == state.height - expected + 1 + static_cast<std::int64_t>(i),
                         "block {} stands at place {}", block.height, i);
        TANDEM_INVARIANT(
            12,
            block.block_hash.size() == hash_bytes && block.time.in_range() &&
                (block.app_hash.size() == hash_bytes || (is_newest && block.app_hash.empty())),
            "the hashes or the time of block {}", block.height);
    }
    return {};
}

Verdict check_switches(const State& state) {
    TANDEM_INVARIANT(13, state.recent_switches.size() <= switch_facts_max, "{} switches are kept",
                     state.recent_switches.size());
    std::int64_t last = state.initial_height;
    for (const SwitchFact& fact : state.recent_switches) {
        const auto reason = static_cast<std::int32_t>(fact.reason);
        TANDEM_INVARIANT(13,
                         fact.decided_height >= last && fact.decided_height <= state.height &&
                             fact.effective_height == fact.decided_height + 2 && reason >= 1 &&
                             reason <= 4,
                         "a switch of {} decided at {}", fact.seat, fact.decided_height);
        TANDEM_INVARIANT(13,
                         is_valid_name(fact.seat) && is_valid_name(fact.from) &&
                             is_valid_name(fact.to) && fact.from != fact.to,
                         "a switch of \"{}\" from \"{}\" to \"{}\"", fact.seat, fact.from, fact.to);
        last = fact.decided_height;
    }
    return {};
}

}  // namespace

Verdict validate(const State& state) {
    TANDEM_TRY(check_chain(state));
    TANDEM_TRY(check_powers(state));
    TANDEM_TRY(check_nodes(state));
    TANDEM_TRY(check_names(state));
    TANDEM_TRY(check_references(state));
    TANDEM_TRY(check_keys(state));
    for (const Seat& seat : state.seats) {
        TANDEM_TRY(check_transitions(state, seat));
        TANDEM_TRY(check_windows(state, seat));
    }
    TANDEM_TRY(check_blocks(state));
    return check_switches(state);
}

void check_invariants(const State& state) {
    if (const Verdict verdict = validate(state); !verdict) {
        const std::string what = verdict.error().check + ": " + verdict.error().why;
        base::check_failed(what.c_str(), __FILE__, __LINE__);
    }
}

}  // namespace tandem::seats
