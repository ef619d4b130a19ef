#include "sim/judge.h"

#include <fmt/format.h>

#include "abci/results.h"
#include "crypto/sha256.h"
#include "types/verify_commit.h"

namespace tandem::sim {
namespace {

constexpr std::size_t violations_max = 20;  // per seed; one is enough to look

Bytes key_bytes(const PublicKey& key) {
    return {key.bytes.begin(), key.bytes.end()};
}

std::set<Bytes> keys_of(const types::ValidatorSet& set) {
    std::set<Bytes> keys;
    for (const types::Validator& validator : set.validators())
        keys.insert(key_bytes(validator.pub_key));
    return keys;
}

}  // namespace

void Judge::blame(std::int64_t height, std::string what) {
    if (violations_.size() < violations_max) violations_.push_back({height, std::move(what)});
}

void Judge::broken(std::size_t node, std::string what) {
    blame(height_, fmt::format("node {}: {}", node, what));
}

void Judge::introduce(const Node& node, bool lies) {
    players_[node.index()] = {node.name(), lies, false, 0, std::nullopt};
    if (lies) lying_keys_.insert(key_bytes(node.consensus_key()));
}

void Judge::set_diverged(std::size_t node, bool is_diverged) {
    Player& player = players_[node];
    player.diverged = is_diverged;
    // What it says from now on of the newest block is true again.
    std::int64_t& executed = executed_[player.name];
    if (!is_diverged) executed = std::max(executed, player.height);
}

void Judge::expect_refusal(std::size_t node, std::string check) {
    players_[node].must_refuse = std::move(check);
}

void Judge::expect_no_refusal(std::size_t node) {
    if (const auto expected = std::exchange(players_[node].must_refuse, std::nullopt))
        blame(height_, fmt::format("node {} starts where it must refuse: {}", node, *expected));
}

void Judge::refused_start(std::size_t node, const base::Refusal& why) {
    std::optional<std::string>& expected = players_[node].must_refuse;
    if (expected && *expected == why.check) return expected.reset();
    blame(height_, fmt::format("node {} does not start: {}: {}", node, why.check, why.why));
}

void Judge::lied(std::size_t, Lie lie, const types::BlockId& id) {
    lies_told_[base::to_bytes(id.hash)] = lie;
}

void Judge::left_out(std::size_t node, const std::string& name, std::int64_t height) {
    blame(height_ + 1,
          fmt::format("node {} calls {} dead and has its heartbeat for {}", node, name, height));
}

void Judge::judged(std::size_t node, const types::BlockId& id, const types::Header&, bool accepted,
                   const std::string& why) {
    const auto told = lies_told_.find(base::to_bytes(id.hash));
    const Lie lie = told == lies_told_.end() ? Lie::none : told->second;
    if (accepted == !must_be_refused(lie)) return;
    if (accepted)
        blame(height_ + 1, fmt::format("node {} accepts a lie: {}", node, to_text(lie)));
    else
        blame(height_ + 1,
              fmt::format("node {} refuses a block that holds ({}): {}", node, to_text(lie), why));
}

void Judge::decided(std::size_t node, const chain::State& before, const StoredBlock& block,
                    const abci::ResponseFinalizeBlock& answer, const chain::State& state,
                    const seats::State& seats) {
    ++node_heights_;
    const std::int64_t height = block.block->header.height;
    Player& player = players_[node];
    player.height = std::max(player.height, height);
    std::int64_t& executed = executed_[player.name];
    if (!player.diverged) executed = std::max(executed, height);
    const Agreed now{block.id, answer.app_hash, abci::results_hash(answer.tx_results),
                     base::to_bytes(state.next_validators.hash())};
    const auto [agreed, is_first] = agreed_.emplace(height, now);
    if (is_first) {
        states_.emplace(height, seats);
        states_.erase(height - states_kept);
        return judge_first(before, block, answer, state, seats);
    }
    const auto same = [&](bool equal, const char* what) {
        if (!equal) blame(height, fmt::format("node {} disagrees about {}", node, what));
    };
    same(agreed->second.id == now.id, "the block");
    same(agreed->second.app_hash == now.app_hash, "the application hash");
    same(agreed->second.results_hash == now.results_hash, "the results");
    const auto first = states_.find(height);  // the application hash covers those forgotten
    same(first == states_.end() || first->second == seats, "the state of seats");
    same(agreed->second.next_validators_hash == now.next_validators_hash, "the next validators");
}

void Judge::judge_first(const chain::State& before, const StoredBlock& block,
                        const abci::ResponseFinalizeBlock& answer, const chain::State& state,
                        const seats::State& seats) {
    const std::int64_t height = block.block->header.height;
    if (height_ != 0 && height != height_ + 1)
        blame(height, fmt::format("height {} follows {}", height, height_));
    height_ = height;
    crypto::Sha256 hasher;
    trace_ = hasher.update(trace_).update(block.id.hash).update(answer.app_hash).finish();
    sets_.emplace(height, keys_of(*before.validators));
    sets_.emplace(height + 1, keys_of(*state.validators));
    sets_.emplace(height + 2, keys_of(*state.next_validators));
    if (const auto* commit = std::get_if<consensus::Shared<types::Commit>>(&block.commit))
        if (const auto verdict = types::verify_commit(*before.validators, chain_id_, block.id,
                                                      height, **commit, registry_);
            !verdict)
            blame(height, "the commit does not verify: " + verdict.error().why);
    judge_set(*state.next_validators, seats);
    if (second_opinion_)
        for (const std::string& what :
             second_opinion_->block(*block.block, block.id.hash, {answer, seats}))
            blame(height, "second opinion: " + what);
    if (watch_) watch_(height, *second_opinion_);
    times_[height] = block.block->header.time;
    for (const seats::SwitchFact& fact : seats.recent_switches) {
        if (fact.decided_height != height) continue;
        ++switches_[static_cast<std::size_t>(fact.reason)];
        judge_switch(fact, seats);
    }
    if (const auto earlier = states_.find(height - 1); earlier != states_.end())
        judge_power_guard(earlier->second, seats);
    convicted_ += block.block->evidence.evidence.size();
    for (const abci::Event& event : answer.events)
        if (event.type == "seat_record_invalid") ++invalid_records_;
}

/// One node per seat, with the seat's power, and nobody else.
void Judge::judge_set(const types::ValidatorSet& set, const seats::State& seats) {
    std::size_t found = 0;
    for (const seats::Seat& seat : seats.seats) {
        if (!seat.in_set()) continue;
        std::size_t members = 0;
        for (const seats::Node& node : seat.nodes) {
            const types::Validator* member = set.find(crypto::address(node.consensus_key));
            if (member == nullptr) continue;
            ++members;
            if (member->voting_power != seat.power)
                blame(seats.height, fmt::format("{} has power {} in the set instead of {}", seat.id,
                                                member->voting_power, seat.power));
        }
        if (members != 1)
            blame(seats.height, fmt::format("{} has {} nodes in the set", seat.id, members));
        found += members;
    }
    if (found != set.size())
        blame(seats.height,
              fmt::format("the set has {} members, seats explain {}", set.size(), found));
}

void Judge::judge_signatures(SignatureRegistry& registry) {
    const auto& doubles = registry.double_signs();
    for (; double_signs_seen_ < doubles.size(); ++double_signs_seen_) {
        const auto& found = doubles[double_signs_seen_];
        if (lying_keys_.contains(key_bytes(found.key))) {
            ++equivocations_;
            continue;
        }
        blame(found.what.height, fmt::format("a key signed twice: height {} round {} type {}",
                                             found.what.height, found.what.round, found.what.type));
    }
    const auto fresh = registry.take_signed_heights();
    unjudged_.insert(unjudged_.end(), fresh.begin(), fresh.end());
    std::erase_if(unjudged_, [this](const SignatureRegistry::SignedHeight& entry) {
        const auto set = sets_.find(entry.height);
        if (set == sets_.end()) return false;
        if (!set->second.contains(key_bytes(entry.key)))
            blame(entry.height, "a key signed for a height whose set lacks it");
        return true;
    });
}

}  // namespace tandem::sim
