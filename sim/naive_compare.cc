// What the second opinion found, held against what the chain says.
#include <fmt/format.h>

#include "sim/naive.h"

namespace tandem::sim {

using seats::Status;

void SecondOpinion::compare_answers(const Work& work, const Claim& claim,
                                    std::vector<std::string>& out) const {
    const bool due = work.block.header.height != initial_height_;
    const bool said_invalid = std::ranges::any_of(
        claim.answer.events,
        [](const abci::Event& event) { return event.type == "seat_record_invalid"; });
    if (due && said_invalid == chain_.back().said.has_value())
        out.push_back(said_invalid
                          ? "the chain refuses a record that holds"
                          : "the chain takes a record that does not hold: " + record_refusal_);
    const auto& results = claim.answer.tx_results;
    if (results.size() != work.codes.size()) {
        out.push_back("another number of results than of transactions");
        return;
    }
    for (std::size_t i = 0; i < results.size(); ++i)
        if (work.codes[i] && *work.codes[i] != results[i].code)
            out.push_back(fmt::format("transaction {} is answered with code {} instead of {}: {}",
                                      i, results[i].code, *work.codes[i], results[i].log));
}

namespace {

/// Says which of the values that the chain claims for one thing differ from ours.
class Comparison {
  public:
    Comparison(std::string about, std::vector<std::string>& out)
        : about_(std::move(about)), out_(out) {}
    template <typename T>
    void same(const char* what, const T& claimed, const T& found) {
        if (claimed == found) return;
        if constexpr (fmt::is_formattable<T>::value)
            out_.push_back(fmt::format("{}: {} is {} instead of {}", about_, what, claimed, found));
        else
            out_.push_back(fmt::format("{}: {} differs", about_, what));
    }

  private:
    std::string about_;
    std::vector<std::string>& out_;
};

void compare_switches(const std::vector<Fact>& facts, const Registry& before_leaving,
                      std::int64_t height, const seats::State& claimed,
                      std::vector<std::string>& out) {
    std::vector<seats::SwitchFact> found;
    for (const Fact& fact : facts)
        if (const auto* switched = std::get_if<Switched>(&fact)) {
            const Registry::Seat* seat = before_leaving.seat_of(switched->to);
            if (seat == nullptr) continue;
            found.push_back({switched->seat, seat->find(switched->from)->name,
                             seat->find(switched->to)->name, switched->reason, height, height + 2});
        }
    std::vector<seats::SwitchFact> said;
    for (const seats::SwitchFact& fact : claimed.recent_switches)
        if (fact.decided_height == height) said.push_back(fact);
    for (const seats::SwitchFact& fact : said)
        if (std::ranges::find(found, fact) == found.end())
            out.push_back(fmt::format("{} moves from {} to {}, which is wrong", fact.seat,
                                      fact.from, fact.to));
    for (const seats::SwitchFact& fact : found)
        if (std::ranges::find(said, fact) == said.end())
            out.push_back(fmt::format("{} does not move from {} to {}, as it must", fact.seat,
                                      fact.from, fact.to));
    if (said.size() != found.size()) out.push_back("another number of switches");
}

}  // namespace

void SecondOpinion::compare_node(const Registry::Seat& seat, const Registry::Node& node,
                                 const seats::Node& claimed, std::vector<std::string>& out) const {
    Comparison comparison(fmt::format("{} {}", seat.id, node.name), out);
    comparison.same("the name", claimed.name, node.name);
    comparison.same("the consensus key", claimed.consensus_key.key(), node.consensus_key);
    comparison.same("the liveness key", claimed.liveness_key, node.liveness_key);
    comparison.same("quarantine", claimed.quarantined, node.quarantined);
    std::uint64_t alive = 0, has_signed = 0;
    std::uint32_t count = 0;
    for (auto block = chain_.rbegin(); block != chain_.rend() && count < 64; ++block) {
        if (block->height - 1 < seat.counts_from) break;
        if (!block->said) continue;
        const auto status = block->said->find(node.address);
        if (status == block->said->end()) break;  // registered later
        if (status->second != Status::dead) alive |= std::uint64_t{1} << count;
        if (status->second == Status::has_signed) has_signed |= std::uint64_t{1} << count;
        ++count;
    }
    comparison.same("alive in the window", claimed.window.alive_bits, alive);
    comparison.same("signed in the window", claimed.window.signed_bits, has_signed);
    comparison.same("the length of the window", claimed.window.count, count);
}

void SecondOpinion::compare_seat(const Registry& registry, const Registry::Seat& seat,
                                 const seats::Seat& claimed, std::vector<std::string>& out) const {
    const std::int64_t height = chain_.back().height;
    Comparison comparison(seat.id, out);
    comparison.same("the power", claimed.power, seat.power);
    comparison.same("the admin key", claimed.admin_key, seat.admin_key);
    comparison.same("the identity", claimed.identity, seat.identity);
    comparison.same("the nonce", claimed.nonce, seat.nonce);
    comparison.same("paused", claimed.paused, seat.paused);
    comparison.same("what counts", claimed.count_from, seat.counts_from);
    comparison.same("leaving", claimed.leaves_at, seat.leaves_at);
    comparison.same("the last switchover", claimed.last_switchover, seat.switchover_at.value_or(0));
    comparison.same("a pending switch", claimed.has_pending(height), seat.is_switching(height));
    const bool cools = seat.switched_by_rule_at.has_value();
    comparison.same("cooldown from", claimed.cooldown.effective_height,
                    cools ? *seat.switched_by_rule_at + 2 : 0);
    if (cools && *seat.switched_by_rule_at + 2 <= height)
        comparison.same("cooldown since", claimed.cooldown.effective_time,
                        past(*seat.switched_by_rule_at + 2).time);
    comparison.same("the number of nodes", claimed.nodes.size(), seat.nodes.size());
    if (claimed.nodes.size() != seat.nodes.size()) return;
    comparison.same("the validator", claimed.nodes.at(claimed.validator).name,
                    seat.find(seat.validator)->name);
    for (std::size_t i = 0; i < seat.nodes.size(); ++i)
        compare_node(seat, seat.nodes[i], claimed.nodes[i], out);

    const Finding now = examine(registry, seat);
    comparison.same("the run", claimed.run.length, now.run);
    comparison.same("the unsigned series", claimed.unsigned_series.length, now.unsigned_series);
    if (now.run > 0)
        comparison.same("the age of the run",
                        wire::difference(chain_.back().time, claimed.run.first_time).nanos,
                        now.run_lasted.nanos);
    if (now.unsigned_series > 0)
        comparison.same(
            "the age of the series",
            wire::difference(chain_.back().time, claimed.unsigned_series.first_time).nanos,
            now.series_lasted.nanos);
    std::int64_t witnesses = 0;
    for (const std::string& id : claimed.run.proposer_seats)
        witnesses += registry.present_power(id);
    comparison.same("the power of those who saw the run", witnesses, now.witnesses);
}

void SecondOpinion::compare_state(const Work& work, const Claim& claim,
                                  std::vector<std::string>& out) const {
    Comparison comparison("state", out);
    comparison.same("the parameters", claim.seats.params, work.registry.params);
    comparison.same("the quorum's nonce", claim.seats.quorum_nonce, work.registry.quorum_nonce);
    comparison.same("the number of seats", claim.seats.seats.size(), work.registry.seats.size());
    comparison.same("the number of retired seats", claim.seats.retired_seats.size(),
                    work.registry.ids_ever.size() - work.registry.seats.size());
    if (claim.seats.seats.size() != work.registry.seats.size()) return;
    for (std::size_t i = 0; i < work.registry.seats.size(); ++i) {
        comparison.same("the seat", claim.seats.seats[i].id, work.registry.seats[i].id);
        compare_seat(work.registry, work.registry.seats[i], claim.seats.seats[i], out);
    }
    std::size_t in_use = 0;
    for (const Registry::Seat& seat : work.registry.seats) in_use += 1 + 2 * seat.nodes.size();
    comparison.same("the number of retired keys", claim.seats.retired_keys.size(),
                    work.registry.keys_ever.size() - in_use);
    for (const seats::RetiredKey& retired : claim.seats.retired_keys)
        comparison.same("a retired key was in use",
                        std::ranges::find(work.registry.keys_ever, retired.key) !=
                            work.registry.keys_ever.end(),
                        true);
    compare_switches(chain_.back().facts, work.registry, chain_.back().height, claim.seats, out);
}

/// The sets that the header commits to, and the updates that lead to the next one.
void SecondOpinion::compare_sets(const Work& work, const Claim& claim,
                                 std::vector<std::string>& out) const {
    const types::Header& header = work.block.header;
    const auto hash_of = [](const Set& set) {
        std::vector<types::Validator> members;
        for (const Member& member : set)
            members.push_back({member.address, member.key, member.power, 0});
        return types::ValidatorSet::from_existing(std::move(members))->hash();
    };
    const Set& present = set_of(header.height);
    const Set& next = set_of(header.height + 1);
    const Set& decided = chain_.back().decided;
    // A set that stays as it is was compared when it came.
    const bool is_first = header.height == initial_height_;
    if ((is_first || present != set_of(header.height - 1)) &&
        header.validators_hash != hash_of(present))
        out.push_back("the validators are others");
    if ((is_first || next != present) && header.next_validators_hash != hash_of(next))
        out.push_back("the next validators are others");

    std::map<types::Address, std::int64_t> wanted, said;
    for (const Member& member : decided)
        if (std::ranges::find(next, member) == next.end()) wanted[member.address] = member.power;
    for (const Member& member : next)
        if (std::ranges::find(decided, member.address, &Member::address) == decided.end())
            wanted[member.address] = 0;
    for (const abci::ValidatorUpdate& update : claim.answer.validator_updates)
        said[types::Address(crypto::address(update.pub_key))] = update.power;
    if (wanted != said || claim.answer.validator_updates.size() != said.size())
        out.push_back(fmt::format("{} validator updates, {} were due or they differ",
                                  claim.answer.validator_updates.size(), wanted.size()));
}

}  // namespace tandem::sim
