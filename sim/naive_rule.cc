// Who moves: evidence, the rule, and the bounds that the seats page promises of it.
#include <fmt/format.h>

#include "sim/naive.h"

namespace tandem::sim {

using seats::Status;
using seats::SwitchReason;

namespace {

__extension__ using Wide = __int128;

bool is_allowed(const types::ConsensusParams& params, const crypto::PublicKey& key) {
    for (const std::string& name : params.validator.pub_key_types)
        if (crypto::key_type_from_name(name) == key.type) return true;
    return false;
}

/// Everybody whom a piece of evidence convicts.
std::vector<types::Address> convicted_by(const types::Evidence& evidence) {
    std::vector<types::Address> out;
    if (const auto* votes = evidence.duplicate_vote())
        out.push_back(votes->vote_a->validator_address);
    if (const auto* attack = evidence.light_client_attack())
        for (const types::Validator& validator : attack->byzantine_validators)
            out.push_back(validator.address);
    return out;
}

std::int64_t value_of_k(const seats::Params& params) {
    const std::int64_t n = params.run_records;
    return params.alive_records != 0 ? params.alive_records : 2 * n / 3 + 1;
}

std::int64_t value_of_c(const seats::Params& params) {
    return params.cooldown_blocks != 0 ? params.cooldown_blocks
                                       : 4 * std::int64_t{params.run_records};
}

}  // namespace

std::int64_t wedged_after(const Registry& registry, const Registry::Seat& seat) {
    if (registry.params.wedged_records != 0) return registry.params.wedged_records;
    const std::int64_t five_n = 5 * std::int64_t{registry.params.run_records};
    const std::int64_t share = (3 * registry.total() + seat.power - 1) / seat.power;
    return std::max(five_n, share);
}

// ---- Walking back

/// What the record of `block` says of a node, where it counts for the seat.
std::optional<Status> SecondOpinion::status_in(const Past& block, const Registry::Seat& seat,
                                               const types::Address& node) const {
    if (!block.said || block.height - 1 < seat.counts_from) return std::nullopt;
    const auto found = block.said->find(node);
    // A node that the record does not list was not there yet: not alive.
    return found == block.said->end() ? Status::dead : found->second;
}

std::pair<std::int64_t, std::int64_t> SecondOpinion::tally(const Registry::Seat& seat,
                                                           const types::Address& node,
                                                           std::int64_t records) const {
    std::int64_t alive = 0, dead = 0;
    for (auto block = chain_.rbegin(); block != chain_.rend() && alive + dead < records; ++block) {
        if (block->height - 1 < seat.counts_from) break;
        const auto status = status_in(*block, seat, node);
        if (status) ++(*status != Status::dead ? alive : dead);
    }
    return {alive, dead};
}

Finding SecondOpinion::examine(const Registry& registry, const Registry::Seat& seat) const {
    const Past& now = chain_.back();
    const seats::Params& params = registry.params;
    Finding finding;
    finding.seat = seat.id;
    finding.validator = seat.find(seat.validator)->name;
    finding.quarantined = seat.find(seat.validator)->quarantined;
    finding.pending = seat.is_switching(now.height);
    finding.paused = seat.paused;
    finding.total = registry.total();
    finding.counts = now.said && now.height - 1 >= seat.counts_from;
    finding.validator_alive = tally(seat, seat.validator, params.run_records).first;

    // The run: back to the first record that does not call the validator DEAD.
    std::set<std::string> proposers;
    for (auto block = chain_.rbegin(); block != chain_.rend(); ++block) {
        if (block->height - 1 < seat.counts_from) break;
        const auto status = status_in(*block, seat, seat.validator);
        if (!status) continue;  // a block without a record
        if (*status != Status::dead) break;
        ++finding.run;
        finding.run_from = block->height - 1;
        finding.run_lasted = wire::difference(now.time, block->time);
        proposers.insert(block->proposer_seat);
    }
    for (const std::string& id : proposers) finding.witnesses += registry.present_power(id);

    // The unsigned series: back to the first record that calls it SIGNED.
    for (auto block = chain_.rbegin(); block != chain_.rend(); ++block) {
        if (block->height - 1 < seat.counts_from) break;
        const auto status = status_in(*block, seat, seat.validator);
        if (!status) continue;
        if (*status == Status::has_signed) break;
        ++finding.unsigned_series;
        finding.series_lasted = wire::difference(now.time, block->time);
    }
    finding.wedged_after = seat.stays() ? wedged_after(registry, seat) : 0;

    if (seat.switched_by_rule_at) {
        const std::int64_t effective = *seat.switched_by_rule_at + 2;
        const bool blocks_over = now.height >= effective + value_of_c(params);
        finding.cooling =
            !blocks_over ||
            Wide{wire::difference(now.time, past(effective).time).nanos} * params.run_records <
                Wide{value_of_c(params)} * params.run_time.nanos;
    }

    for (const Registry::Node& node : seat.nodes) {
        if (node.address == seat.validator) continue;
        const auto status = status_in(now, seat, node.address);
        const auto [alive, dead] = tally(seat, node.address, params.run_records);
        finding.standbys.push_back(
            {node.name, alive, dead, status && *status != Status::dead, node.quarantined});
    }
    return finding;
}

// ---- Evidence

void SecondOpinion::evidence_step(Work& work) {
    findings_.clear();
    for (const types::Evidence& evidence : work.block.evidence.evidence)
        for (const types::Address& address : convicted_by(evidence)) {
            const Registry::Seat* seat = work.registry.seat_of(address);
            if (seat != nullptr && !seat->find(address)->quarantined)
                note(work, Convicted{address});
        }
    const Past& now = chain_.back();
    if (!now.said) return;
    for (const Registry::Seat& seat : work.registry.seats) {
        if (!seat.stays() || seat.is_switching(now.height)) continue;
        if (!seat.find(seat.validator)->quarantined) continue;
        const Registry::Node* best = nullptr;
        std::int64_t best_alive = -1;
        for (const Registry::Node& node : seat.nodes) {
            if (node.address == seat.validator || node.quarantined) continue;
            const auto said = now.said->find(node.address);
            if (said == now.said->end() || said->second == Status::dead) continue;
            if (!is_allowed(consensus_params_, node.consensus_key)) continue;
            const std::int64_t alive =
                tally(seat, node.address, work.registry.params.run_records).first;
            if (alive > best_alive) {
                best = &node;
                best_alive = alive;
            }
        }
        if (best == nullptr) continue;
        findings_.push_back(examine(work.registry, seat));
        findings_.back().to = best->name;
        findings_.back().reason = SwitchReason::evidence;
        move(work, seat, types::Address(best->address), SwitchReason::evidence);
    }
}

// ---- The rule

void SecondOpinion::rule_step(Work& work) {
    std::vector<Finding> moved_by_evidence = std::exchange(findings_, {});
    for (const Registry::Seat& seat : work.registry.seats) {
        const auto moved = std::ranges::find(moved_by_evidence, seat.id, &Finding::seat);
        if (moved != moved_by_evidence.end()) {  // it has a switch pending
            findings_.push_back(std::move(*moved));
            continue;
        }
        Finding finding = examine(work.registry, seat);
        const seats::Params& params = work.registry.params;
        const bool silent = finding.run >= params.run_records &&
                            3 * finding.witnesses >= finding.total &&
                            finding.run_lasted >= params.run_time;
        const bool wedged = finding.unsigned_series > 0 &&
                            finding.unsigned_series >= finding.wedged_after &&
                            finding.series_lasted.nanos >= 5 * params.run_time.nanos;
        const bool may_move = chain_.back().said && seat.stays() && !finding.pending &&
                              !finding.paused && !finding.cooling;
        const Finding::Standby* best = nullptr;
        for (const Finding::Standby& standby : finding.standbys) {
            if (standby.quarantined || !standby.alive_now) continue;
            if (standby.alive < value_of_k(params)) continue;
            if (!is_allowed(consensus_params_, seat.named(standby.name)->consensus_key)) continue;
            if (best == nullptr || standby.alive > best->alive) best = &standby;
        }
        if (may_move && (silent || wedged) && best != nullptr) {
            finding.to = best->name;
            finding.reason = silent ? SwitchReason::run : SwitchReason::wedged;
            move(work, seat, types::Address(seat.named(best->name)->address), finding.reason);
        }
        findings_.push_back(std::move(finding));
    }
}

// ---- Bounds

/// What section 4 of the seats page promises of every switch, and when one must come.
void SecondOpinion::check_bounds(const Work& work, std::vector<std::string>& out) const {
    const std::int64_t height = chain_.back().height;
    const auto contains = [](const Set& set, const types::Address& address) {
        return std::ranges::any_of(set, [&](const Member& m) { return m.address == address; });
    };
    for (const Fact& fact : chain_.back().facts) {
        const auto* switched = std::get_if<Switched>(&fact);
        if (switched == nullptr) continue;
        const Registry::Seat* seat = work.registry.seat_of(switched->to);
        const auto said = chain_.back().said->find(switched->to);
        if (said == chain_.back().said->end() || said->second == Status::dead)
            out.push_back(switched->seat + " moves to a node that is not alive");
        if (seat->find(switched->to)->quarantined)
            out.push_back(switched->seat + " moves to a quarantined node");
        if (seat->stays() && (contains(chain_.back().decided, switched->from) ||
                              !contains(chain_.back().decided, switched->to)))
            out.push_back(switched->seat + " does not move in the set of two heights later");
        for (const std::int64_t before : {height, height + 1})
            if (contains(set_of(before), switched->to))
                out.push_back(switched->seat + " moves before its time");
        if (switched->reason == SwitchReason::run) check_run(work, *switched, out);
    }
    check_shortest_run(out);
    for (const Finding& finding : findings_) check_no_veto(work, finding, out);
}

/// The switch was decided in F+R: exactly R+2 heights, from F on, had the old validator in their
/// set and (as far as their commits are known) none of its signatures.
void SecondOpinion::check_run(const Work& work, const Switched& switched,
                              std::vector<std::string>& out) const {
    const std::int64_t height = chain_.back().height;
    const auto finding = std::ranges::find(findings_, switched.seat, &Finding::seat);
    const std::int64_t from = finding->run_from;
    std::int64_t without_record = 0;
    bool honest_witness = false;
    for (std::int64_t h = from + 1; h <= height; ++h) {
        if (!past(h).said)
            ++without_record;
        else if (!liars_.contains(past(h).proposer_seat))
            honest_witness = true;
    }
    if (height != from + finding->run + without_record)
        out.push_back(
            fmt::format("{} moves in {}, F+R is {}+{}", switched.seat, height, from, finding->run));
    for (std::int64_t h = from; h <= height + 1; ++h)
        if (std::ranges::none_of(set_of(h),
                                 [&](const Member& m) { return m.address == switched.from; }))
            out.push_back(fmt::format("{} lacks its old validator at {}", switched.seat, h));
    std::int64_t lying = 0;
    for (const std::string& id : liars_) lying += work.registry.present_power(id);
    if (!honest_witness && 3 * lying < finding->total)
        out.push_back(switched.seat + " is moved by liars alone");
}

/// R = N where blocks are at least T/(N-1) apart, powers are equal, the rotation is undisturbed but
/// for one turn, and there are at most 3(N-1) seats. Asked of the block before the newest, whose
/// round is known by now.
void SecondOpinion::check_shortest_run(std::vector<std::string>& out) const {
    const std::int64_t last = chain_.back().height - 1;
    const Registry registry = registry_after(last - 1);  // parameters as the rule had them
    const std::int64_t n = registry.params.run_records;
    const std::int64_t seats = static_cast<std::int64_t>(set_of(last).size());
    const std::int64_t settled = last - n - 3 * seats;
    if (settled < initial_height_ || seats > 3 * (n - 1)) return;
    for (std::int64_t h = settled; h <= last; ++h)
        if (set_of(h) != set_of(last) || set_of(h).front().power != set_of(h).back().power) return;
    std::int64_t disturbed = 0;
    for (std::int64_t h = last - n + 1; h <= last; ++h) {
        if (past(h).round != 0) ++disturbed;
        if (past(h).round > 1 || !past(h).said) return;
        if (h > last - n + 1 && wire::difference(past(h).time, past(h - 1).time).nanos * (n - 1) <
                                    registry.params.run_time.nanos)
            return;
    }
    if (disturbed > 1) return;
    for (const Registry::Seat& seat : registry.seats) {
        if (!seat.stays() || seat.paused || seat.switched_at || last - n < seat.counts_from)
            continue;
        bool dead = true;
        for (std::int64_t h = last - n + 1; h <= last; ++h)
            dead = dead && status_in(past(h), seat, seat.validator) == Status::dead;
        bool has_standby = false;
        for (const Registry::Node& node : seat.nodes) {
            if (node.address == seat.validator || node.quarantined) continue;
            bool alive = is_allowed(consensus_params_, node.consensus_key);
            for (std::int64_t h = last - n + 1; h <= last; ++h) {
                const auto status = status_in(past(h), seat, node.address);
                alive = alive && status && *status != Status::dead;
            }
            has_standby = has_standby || alive;
        }
        if (!dead || !has_standby) continue;
        const bool moved = std::ranges::any_of(past(last).facts, [&](const Fact& fact) {
            const auto* switched = std::get_if<Switched>(&fact);
            return switched != nullptr && switched->seat == seat.id;
        });
        const bool convicted = std::ranges::any_of(past(last).facts, [](const Fact& fact) {
            return std::holds_alternative<Convicted>(fact);
        });
        if (!moved && !convicted)
            out.push_back(
                fmt::format("{} was dead for N records in {} and did not move", seat.id, last));
    }
}

/// Liars below a third leave heartbeats out of their own blocks only, so within a few rotations
/// some N records hold K honest ones (K as by the formula, powers equal).
void SecondOpinion::check_no_veto(const Work& work, const Finding& finding,
                                  std::vector<std::string>& out) const {
    const seats::Params& params = work.registry.params;
    const Registry::Seat* seat = nullptr;
    for (const Registry::Seat& candidate : work.registry.seats)
        if (candidate.id == finding.seat) seat = &candidate;
    if (seat == nullptr || !finding.to.empty() || finding.pending || finding.paused ||
        finding.cooling || !seat->stays() || seat->is_switching(chain_.back().height))
        return;
    if (value_of_k(params) > 2 * std::int64_t{params.run_records} / 3 + 1) return;
    const Set& set = chain_.back().decided;
    const std::int64_t patience = params.run_records + 4 * static_cast<std::int64_t>(set.size());
    if (finding.run < patience || set.front().power != set.back().power) return;
    if (finding.run_lasted < params.run_time || 3 * finding.witnesses < finding.total) return;
    std::int64_t lying = 0;
    for (const std::string& id : liars_) lying += work.registry.present_power(id);
    if (3 * lying >= finding.total) return;
    for (const Registry::Node& node : seat->nodes) {
        if (node.address == seat->validator || node.quarantined) continue;
        bool seen_by_all_honest = true;
        std::int64_t records = 0;
        for (auto block = chain_.rbegin(); block != chain_.rend() && records < patience; ++block) {
            const auto status = status_in(*block, *seat, node.address);
            if (!status) continue;
            ++records;
            if (*status == Status::dead && !liars_.contains(block->proposer_seat))
                seen_by_all_honest = false;
        }
        if (seen_by_all_honest && is_allowed(consensus_params_, node.consensus_key))
            out.push_back(fmt::format("{} has been dead for {} records, {} alive, and never moves",
                                      seat->id, finding.run, node.name));
    }
}

}  // namespace tandem::sim
