// Valid states of many shapes, for tests and fuzz targets: a chain of invented blocks in which
// records are counted, seats switch, leave and join, and keys retire, as the dice fall.
//
// It changes the state as process.h does, in far fewer words, and without signatures.
#pragma once
#include <algorithm>

#include "base/random.h"
#include "seats/rule.h"
#include "seats/test_support.h"

namespace tandem::seats::test {

class RandomChain {
  public:
    explicit RandomChain(base::SeededRandom& dice)
        : dice_(dice),
          chain_(1 + dice.below(6), 1 + dice.below(4),
                 1 + static_cast<std::int64_t>(dice.below(100))) {
        Params& params = chain_.state().params;
        params.run_records = 2 + static_cast<std::uint32_t>(dice.below(63));
        params.heartbeat_lag_blocks = static_cast<std::uint32_t>(dice.below(params.run_records));
        params.heartbeat_lag_time = {static_cast<std::int64_t>(dice.below(3'000'000'001))};
        params.power_guard = dice.chance(1, 2);
        chain_.state().application_sets_powers = dice.chance(1, 2);
        for (std::uint64_t blocks = dice.below(150); blocks > 0; --blocks) next_block();
    }

    [[nodiscard]] CheapChain& chain() { return chain_; }

  private:
    void next_block() {
        State& state = chain_.state();
        chain_.execute_block(1 + static_cast<std::int64_t>(dice_.below(800)));
        const Timestamp time = state.recent_blocks.back().time;
        for (Seat& seat : state.seats) {
            if (seat.pending && seat.pending->effective_height <= state.height)
                seat.pending.reset();
            if (seat.cooldown.effective_height == state.height) seat.cooldown.effective_time = time;
        }
        if (state.height > state.initial_height && !dice_.chance(1, 10)) count(time);
        if (dice_.chance(1, 4)) change(state.seats[dice_.below(state.seats.size())]);
        if (dice_.chance(1, 20)) add_seat();
        for (const Seat& seat : state.seats)
            if (has_left(seat)) retire(seat);
        std::erase_if(state.seats, [this](const Seat& seat) { return has_left(seat); });
    }

    void count(Timestamp time) {
        State& state = chain_.state();
        std::vector<Status> statuses;
        for (const Seat& seat : state.seats)
            for (std::size_t i = 0; i < seat.nodes.size(); ++i)
                statuses.push_back(dice_.chance(1, 4)    ? Status::dead
                                   : i == seat.validator ? Status::has_signed
                                                         : Status::heard);
        const std::string proposer = state.seats[dice_.below(state.seats.size())].id;
        count_record(state, state.height - 1, time, proposer, statuses);
    }

    void change(Seat& seat) {
        State& state = chain_.state();
        const auto other = static_cast<std::uint32_t>(dice_.below(seat.nodes.size()));
        const bool free = seat.in_set() && !seat.has_pending(state.height);
        switch (dice_.below(8)) {
            case 0:
                seat.paused = !seat.paused;
                break;
            case 1:
                ++seat.nonce;
                break;
            case 2:
                seat.nodes[other].quarantined = true;
                break;
            case 3:
                replace_liveness_key(seat, seat.nodes[other]);
                break;
            case 4:
                seat.last_switchover = state.height;
                break;
            case 5:
                if (free && seat.power < state.total_power()) seat.leaves_at = state.height + 2;
                break;
            default:
                if (free && other != seat.validator)
                    apply_switch(state, seat, other, state.height,
                                 static_cast<SwitchReason>(1 + dice_.below(4)));
        }
    }

    void replace_liveness_key(const Seat& seat, Node& node) {
        chain_.state().retired_keys.push_back({node.liveness_key, seat.id, {}});
        node.liveness_key = CheapKey("new " + std::to_string(++names_)).public_key();
    }

    void add_seat() {
        const std::string number = std::to_string(++names_);
        Seat seat;
        seat.id = "later-" + number;
        seat.power = 1 + static_cast<std::int64_t>(dice_.below(30));
        seat.admin_key = CheapKey("admin " + number).public_key();
        seat.count_from = chain_.state().height + 2;
        Node node;
        node.name = "only";
        node.consensus_key = CheapKey("consensus " + number).public_key();
        node.liveness_key = CheapKey("liveness " + number).public_key();
        seat.identity = node.consensus_key;
        seat.nodes.push_back(node);
        chain_.state().seats.push_back(std::move(seat));
    }

    [[nodiscard]] bool has_left(const Seat& seat) {
        return !seat.in_set() && seat.leaves_at <= chain_.state().height;
    }
    void retire(const Seat& seat) {
        State& state = chain_.state();
        state.retired_seats.push_back(seat.id);
        state.retired_keys.push_back({seat.admin_key, seat.id, {}});
        for (const Node& node : seat.nodes) {
            state.retired_keys.push_back({node.consensus_key, seat.id, seat.identity});
            state.retired_keys.push_back({node.liveness_key, seat.id, {}});
        }
    }

    base::SeededRandom& dice_;
    CheapChain chain_;
    std::uint64_t names_ = 0;
};

/// Heartbeats about some of the last 70 blocks, each node's true ones, as the dice fall.
inline HeartbeatPool random_pool(base::SeededRandom& dice, const State& state,
                                 const crypto::Verifier& verifier) {
    HeartbeatPool pool;
    for (const Seat& seat : state.seats)
        for (const Node& node : seat.nodes)
            for (std::int64_t age = 0; age < 70; ++age) {
                const BlockFacts* block = state.block(state.height - age);
                if (block == nullptr || !dice.chance(1, 8)) continue;
                Heartbeat heartbeat{address_of(node.consensus_key),
                                    block->height,
                                    base::to_bytes(block->block_hash),
                                    base::to_bytes(block->app_hash),
                                    {}};
                // Cheap keys sign with what is public.
                const auto signature =
                    CheapKey(node.liveness_key).sign(sign_bytes(state.chain_id, heartbeat));
                heartbeat.signature = base::to_bytes(base::view(signature));
                (void)pool.add(state, heartbeat, verifier);
            }
    return pool;
}

/// Builds a record by a random proposer, about a random commit, on a random state, with what is in
/// a random pool, and checks it with that pool and without one. Says what is wrong with the answer;
/// empty where it stands and its statuses are as they should be.
inline std::string build_and_check_record(base::SeededRandom& dice) {
    RandomChain random(dice);
    const State& state = random.chain().state();
    if (state.height < state.initial_height) return {};  // no record judges anything yet
    const CheapVerifier verifier;
    const HeartbeatPool pool = random_pool(dice, state, verifier);
    std::vector<const Node*> nodes;
    CommitFacts commit;
    for (const Seat& seat : state.seats)
        for (const Node& node : seat.nodes) {
            nodes.push_back(&node);
            commit.votes.push_back(static_cast<CommitFacts::Vote>(dice.below(4)));
        }
    const Node& proposer = *nodes[dice.below(nodes.size())];
    const Bytes address = address_of(proposer.consensus_key);
    const RecordContext context{state.height + 1, address, commit};
    const Bytes tx =
        encode_record(build_record(state, context, pool, CheapKey(proposer.liveness_key)));
    for (const bool with_pool : {false, true}) {
        const auto statuses =
            check_record(state, context, tx, verifier, with_pool ? &pool : nullptr);
        if (!statuses) return statuses.error().check + ": " + statuses.error().why;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const auto vote = commit.votes[i];
            const bool heard =
                vote == CommitFacts::Vote::nil ||
                pool.freshest(state, address_of(nodes[i]->consensus_key), state.height) != nullptr;
            const Status expected = vote == CommitFacts::Vote::block ? Status::has_signed
                                    : heard                          ? Status::heard
                                                                     : Status::dead;
            if ((*statuses)[i] != expected) return "the status of " + nodes[i]->name;
        }
    }
    return {};
}

}  // namespace tandem::seats::test
