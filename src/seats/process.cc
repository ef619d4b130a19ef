#include "seats/process.h"

#include <fmt/format.h>

#include "types/block.h"

namespace tandem::seats {
namespace {

/// The standby that takes over from a convicted validator: not quarantined and ALIVE in this
/// block's record; the most ALIVE among the last N, then the order in the list.
std::optional<std::uint32_t> candidate_after_evidence(const State& state, const Seat& seat,
                                                      KeyTypes key_types) {
    std::optional<std::uint32_t> best;
    std::uint32_t best_alive = 0;
    for (std::uint32_t i = 0; i < seat.nodes.size(); ++i) {
        const Node& node = seat.nodes[i];
        if (i == seat.validator || node.quarantined || node.liveness != Liveness::alive) continue;
        if (!allows(key_types, node.consensus_key)) continue;
        const std::uint32_t alive = node.window.alive_among_last(state.params.run_records);
        if (best && alive <= best_alive) continue;
        best = i;
        best_alive = alive;
    }
    return best;
}

/// Retires whatever left the registry with the seat.
void retire_seat(State& state, const Seat& seat) {
    state.retired_seats.push_back(seat.id);
    state.retired_keys.push_back({seat.admin_key, seat.id, {}});
    for (const Node& node : seat.nodes) {
        state.retired_keys.push_back({node.consensus_key, seat.id, seat.identity});
        state.retired_keys.push_back({node.liveness_key, seat.id, {}});
    }
}

/// What changes `before` into `after`, key by key: new keys and powers in the order of `after`,
/// then removals in the order of `before`.
std::vector<abci::ValidatorUpdate> difference(std::span<const types::ValidatorChange> before,
                                              std::span<const types::ValidatorChange> after) {
    const auto find = [](std::span<const types::ValidatorChange> set, const PublicKey& key) {
        return std::ranges::find(set, key, &types::ValidatorChange::pub_key);
    };
    std::vector<abci::ValidatorUpdate> updates;
    for (const types::ValidatorChange& entry : after) {
        const auto old = find(before, entry.pub_key);
        if (old == before.end() || old->voting_power != entry.voting_power)
            updates.push_back({entry.pub_key, entry.voting_power});
    }
    for (const types::ValidatorChange& entry : before)
        if (find(after, entry.pub_key) == after.end()) updates.push_back({entry.pub_key, 0});
    return updates;
}

}  // namespace

bool fits_block(std::size_t nodes, std::size_t seats, std::int64_t block_bytes_max,
                std::int64_t evidence_bytes_max) {
    const std::int64_t block = block_bytes_max == -1 ? types::block_bytes_max : block_bytes_max;
    const auto room =
        types::data_bytes_max(block, evidence_bytes_max, static_cast<std::int64_t>(seats));
    return nodes <= nodes_max && room && *room >= types::tx_bytes_in_data(record_bytes_max(nodes));
}

Redundancy redundancy_of(const Seat& seat) noexcept {
    // What no record has spoken of yet counts as there, so that a young seat raises no alarm.
    const auto there = [](const Node& node) { return node.liveness != Liveness::dead; };
    if (std::ranges::none_of(seat.nodes, there)) return Redundancy::down;
    for (std::size_t i = 0; i < seat.nodes.size(); ++i)
        if (i != seat.validator && !seat.nodes[i].quarantined && there(seat.nodes[i]))
            return Redundancy::spare;
    return Redundancy::exposed;
}

BlockProcess::BlockProcess(const State& before, const BlockContext& context,
                           const crypto::Verifier& verifier, const HeartbeatPool* pool)
    : state_(before),
      context_(context),
      verifier_(&verifier),
      pool_(pool),
      set_before_(decided_set(before)),
      total_before_(before.total_power()) {
    TANDEM_CHECK(context.height == before.height + 1);
    for (Seat& seat : state_.seats) {
        redundancy_before_.push_back(redundancy_of(seat));
        if (seat.pending && seat.pending->effective_height <= context.height) seat.pending.reset();
        if (seat.cooldown.effective_height == context.height)
            seat.cooldown.effective_time = context.time;
    }
}

void BlockProcess::emit(std::string type,
                        std::vector<std::pair<std::string, std::string>> attributes) {
    abci::Event event;
    event.type = std::move(type);
    for (auto& [key, value] : attributes)
        event.attributes.push_back({std::move(key), std::move(value), true});
    events_.push_back(std::move(event));
}

void BlockProcess::record_step(std::optional<BytesView> first_tx,
                               const std::vector<Status>* checked) {
    if (context_.height == state_.initial_height) {
        record_refusal_ = "the initial height has no record";
        return;
    }
    const std::string height = std::to_string(context_.height);
    if (!first_tx || classify(*first_tx) != TxKind::record) {
        record_refusal_ = "the block does not begin with a record";
        return emit("seat_record_invalid", {{"height", height}, {"reason", record_refusal_}});
    }
    const auto check = [&]() -> Result<std::vector<Status>> {
        if (checked != nullptr) return *checked;
        const CommitFacts commit = CommitFacts::from(state_, context_.last_commit);
        return check_record(state_, {context_.height, context_.proposer_address, commit}, *first_tx,
                            *verifier_, pool_);
    };
    auto statuses = check();
    if (!statuses) {
        record_refusal_ = statuses.error().check + ": " + statuses.error().why;
        return emit("seat_record_invalid",
                    {{"height", height}, {"reason", statuses.error().check}});
    }
    std::vector<Liveness> known;
    for (const Seat& seat : state_.seats)
        for (const Node& node : seat.nodes) known.push_back(node.liveness);
    const auto proposer = find_by_consensus_address(state_, context_.proposer_address);
    TANDEM_CHECK(proposer.has_value());  // check_record found its liveness key
    const std::string proposer_seat = state_.seats[proposer->seat].id;
    count_record(state_, context_.height - 1, context_.time, proposer_seat, *statuses);
    std::size_t index = 0;
    for (const Seat& seat : state_.seats)
        for (const Node& node : seat.nodes)
            if (const Liveness before = known[index++];
                before != Liveness::unknown && before != node.liveness)
                emit("seat_liveness",
                     {{"seat", seat.id},
                      {"node", node.name},
                      {"status", node.liveness == Liveness::alive ? "alive" : "dead"},
                      {"height", height}});
    statuses_ = std::move(*statuses);
}

void BlockProcess::convict(const abci::Misbehavior& misbehavior) {
    const auto found = find_by_consensus_address(state_, misbehavior.validator.address);
    if (!found) return;  // a node that was removed is out of the game already
    const Seat& seat = state_.seats[found->seat];
    Node& node = state_.seats[found->seat].nodes[found->node];
    if (node.quarantined) return;
    node.quarantined = true;
    emit("seat_quarantine", {{"seat", seat.id},
                             {"node", node.name},
                             {"offence_height", std::to_string(misbehavior.height)},
                             {"height", std::to_string(context_.height)}});
}

void BlockProcess::evidence_step() {
    for (const abci::Misbehavior& misbehavior : context_.misbehavior) convict(misbehavior);
    if (!statuses_) return;  // who is alive is not known in this block
    for (Seat& seat : state_.seats) {
        if (!seat.in_set() || seat.has_pending(context_.height)) continue;
        if (!seat.nodes[seat.validator].quarantined) continue;
        if (const auto to = candidate_after_evidence(state_, seat, state_.chain_params.key_types))
            switch_seat(seat, *to, SwitchReason::evidence);
    }
}

void BlockProcess::rule_step() {
    if (!statuses_) return;
    for (Seat& seat : state_.seats) {
        const SeatFacts facts =
            seat_facts(state_, seat, context_.height, context_.time, state_.chain_params.key_types);
        const Decision decision = decide(facts, seat.run.length > 0);
        if (decision != Decision::switch_run && decision != Decision::switch_wedged) continue;
        switch_seat(seat, *candidate_under_rule(state_, seat, state_.chain_params.key_types),
                    decision == Decision::switch_run ? SwitchReason::run : SwitchReason::wedged);
    }
}

void BlockProcess::switch_seat(Seat& seat, std::uint32_t to, SwitchReason reason) {
    apply_switch(state_, seat, to, context_.height, reason);
    count_moved(seat.power);
    const SwitchFact& fact = state_.recent_switches.back();
    switches_.push_back(fact);
    emit("seat_switch", {{"seat", fact.seat},
                         {"from", fact.from},
                         {"to", fact.to},
                         {"reason", std::string(to_text(reason))},
                         {"height", std::to_string(fact.decided_height)},
                         {"effective_height", std::to_string(fact.effective_height)}});
}

void BlockProcess::count_moved(std::int64_t power) {
    // More than there is moves no more than all, and sums of such sums would overflow.
    moved_power_ = std::min(moved_power_ + power, types::total_voting_power_max);
}

void BlockProcess::application_step(std::span<const abci::ValidatorUpdate> updates) {
    for (const abci::ValidatorUpdate& update : updates) {
        const auto seat = std::ranges::find_if(state_.seats, [&](const Seat& candidate) {
            return candidate.identity == update.pub_key;
        });
        const char* refusal = nullptr;
        if (!state_.application_sets_powers) {
            refusal = "the application has no right to set powers";
        } else if (seat == state_.seats.end() || !seat->in_set()) {
            refusal = "no seat of the decided set has this identity";
        } else if (update.power <= 0) {
            refusal = "the power is not positive";
        } else if (std::ranges::find(touched_seats_, seat->id) != touched_seats_.end()) {
            refusal = "an admin operation touched the seat in this block";
        } else if (update.power >
                   types::total_voting_power_max - state_.total_power() + seat->power) {
            refusal = "the total power would overflow";
        }
        if (refusal == nullptr) {
            seat->power = update.power;
        } else {
            emit("seat_application_update_dropped",
                 {{"identity", base::to_hex(crypto::address(update.pub_key), base::HexCase::upper)},
                  {"reason", refusal},
                  {"height", std::to_string(context_.height)}});
        }
    }
}

bool BlockProcess::params_step(const types::ConsensusParamsMessage& update) {
    ChainParams after = state_.chain_params;
    if (update.block) after.block_bytes_max = update.block->max_bytes;
    if (update.evidence) after.evidence_bytes_max = update.evidence->max_bytes;
    if (update.validator) after.key_types = update.validator->pub_key_types;
    // All registered seats: those that leave still sign commits which the next blocks carry.
    if (!fits_block(state_.node_count(), state_.seats.size(), after.block_bytes_max,
                    after.evidence_bytes_max)) {
        emit("seat_application_update_dropped",
             {{"reason", "the record would not fit a block under these consensus parameters"},
              {"height", std::to_string(context_.height)}});
        return false;
    }
    next_chain_params_ = std::move(after);
    return true;
}

BlockProcess::Outcome BlockProcess::finish() && {
    const std::string height = std::to_string(context_.height);
    for (std::size_t i = 0; i < redundancy_before_.size(); ++i) {
        const Seat& seat = state_.seats[i];  // seats leave only below, new ones come behind
        const Redundancy now = redundancy_of(seat);
        if (now == redundancy_before_[i]) continue;
        if (now == Redundancy::exposed)
            emit("seat_exposed", {{"seat", seat.id}, {"height", height}});
        if (now == Redundancy::down) emit("seat_down", {{"seat", seat.id}, {"height", height}});
    }
    for (const Seat& seat : state_.seats)
        if (!seat.in_set() && seat.leaves_at <= context_.height) retire_seat(state_, seat);
    std::erase_if(state_.seats, [&](const Seat& seat) {
        return !seat.in_set() && seat.leaves_at <= context_.height;
    });
    if (next_chain_params_) state_.chain_params = std::move(*next_chain_params_);
    state_.height = context_.height;
    state_.recent_blocks.push_back(
        {context_.height, types::Hash(context_.block_hash), {}, context_.time});
    if (state_.recent_blocks.size() > window_records)
        state_.recent_blocks.erase(state_.recent_blocks.begin());
    auto updates = difference(set_before_, decided_set(state_));
    return {std::move(state_), std::move(updates), std::move(events_), std::move(switches_)};
}

}  // namespace tandem::seats
