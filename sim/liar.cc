#include "sim/liar.h"

#include <algorithm>

#include "seats/record.h"

namespace tandem::sim {
namespace {

constexpr std::array<std::string_view, lie_count> names{"none",
                                                        "leave_out_heartbeats",
                                                        "leave_out_signatures",
                                                        "mark_living_dead",
                                                        "forged_heartbeat",
                                                        "stale_heartbeat",
                                                        "foreign_heartbeat",
                                                        "superfluous_heartbeat",
                                                        "signed_marked_dead",
                                                        "dead_marked_alive",
                                                        "non_canonical_record",
                                                        "wrong_height",
                                                        "wrong_proposer",
                                                        "wrong_signature",
                                                        "record_missing",
                                                        "record_not_first",
                                                        "record_twice",
                                                        "heartbeat_as_transaction",
                                                        "false_commit_signature",
                                                        "withheld_parts",
                                                        "heartbeat_spam",
                                                        "heartbeats_of_others",
                                                        "equivocation",
                                                        "amnesia"};

using seats::CommitFacts;
using Vote = CommitFacts::Vote;

}  // namespace

std::string_view to_text(Lie lie) noexcept {
    return names[static_cast<std::size_t>(lie)];
}

Lie Liar::choose() {
    victim_address_ = {};
    falsified_ = false;
    if (!world_.random.chance(character_.lie_chance, 100)) return Lie::none;
    // Half of the lies leave the block valid: only those reach the chain.
    const auto valid = static_cast<std::uint64_t>(Lie::forged_heartbeat);
    if (world_.random.chance(1, 2)) return static_cast<Lie>(1 + world_.random.below(valid - 1));
    return static_cast<Lie>(valid + world_.random.below(block_lies - valid));
}

consensus::CommitRecord Liar::thin_out(const consensus::CommitRecord& commit,
                                       const types::ValidatorSet& validators, Lie lie) {
    const auto* seen = std::get_if<consensus::Shared<types::Commit>>(&commit);
    if (seen == nullptr || !*seen || (*seen)->signatures.empty()) return commit;
    if (lie != Lie::leave_out_signatures && lie != Lie::mark_living_dead &&
        lie != Lie::false_commit_signature)
        return commit;
    types::Commit thinner = **seen;
    const auto members = validators.validators();
    if (members.size() != thinner.signatures.size()) return commit;
    if (lie == Lie::false_commit_signature) {
        types::CommitSig& signature = thinner.signatures[world_.random.below(members.size())];
        if (signature.block_id_flag == types::BlockIdFlag::absent) return commit;
        falsified_ = true;
        const base::Bytes nonsense = world_.random.bytes(64);
        signature.signature.assign(nonsense.begin(), nonsense.end());
        return consensus::Shared<types::Commit>::make(std::move(thinner));
    }
    std::int64_t left = 0;
    for (std::size_t i = 0; i < members.size(); ++i)
        if (thinner.signatures[i].block_id_flag == types::BlockIdFlag::commit)
            left += members[i].voting_power;
    const std::size_t first = world_.random.below(members.size());
    for (std::size_t step = 0; step < members.size(); ++step) {
        const std::size_t i = (first + step) % members.size();
        types::CommitSig& signature = thinner.signatures[i];
        if (signature.block_id_flag == types::BlockIdFlag::absent) continue;
        const bool counts = signature.block_id_flag == types::BlockIdFlag::commit;
        const std::int64_t power = counts ? members[i].voting_power : 0;
        if (3 * (left - power) <= 2 * validators.total_voting_power()) continue;
        left -= power;
        signature = types::CommitSig::absent();
        victim_address_ = members[i].address;
        if (lie == Lie::mark_living_dead) break;
    }
    return consensus::Shared<types::Commit>::make(std::move(thinner));
}

/// A record that is taken apart, changed, and signed again.
struct Liar::Spoiling {
    Liar& liar;
    std::vector<base::Bytes>& txs;
    const Proposal& proposal;
    seats::Record record;
    CommitFacts facts;
    std::vector<const seats::Node*> nodes;  // registered, in registry order
    std::vector<std::size_t> carriers;      // index into nodes, by carried heartbeat

    [[nodiscard]] std::int64_t judged() const { return record.height - 1; }
    [[nodiscard]] bool needs_heartbeat(std::size_t i) const {
        return facts.votes[i] == Vote::absent || facts.votes[i] == Vote::not_validator;
    }
    void read_places();
    void sign_and_put();
    [[nodiscard]] std::optional<std::size_t> any_carried() const;
    [[nodiscard]] std::optional<std::size_t> any_node(bool alive, bool needing) const;
    [[nodiscard]] bool leave_out();
    [[nodiscard]] bool change_heartbeat(Lie lie);
    [[nodiscard]] bool change_status(Lie lie);
    [[nodiscard]] bool change_frame(Lie lie);
};

void Liar::Spoiling::read_places() {
    facts = CommitFacts::from(proposal.state, proposal.draft.local_last_commit);
    for (const seats::Seat& seat : proposal.state.seats)
        for (const seats::Node& node : seat.nodes) nodes.push_back(&node);
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (record.alive[i] && needs_heartbeat(i)) carriers.push_back(i);
}

void Liar::Spoiling::sign_and_put() {
    record.signature = base::to_bytes(
        base::view(proposal.liveness_key.sign(seats::sign_bytes(proposal.state, record))));
    txs[0] = seats::encode_record(record);
}

std::optional<std::size_t> Liar::Spoiling::any_carried() const {
    if (record.heartbeats.empty()) return std::nullopt;
    return liar.world_.random.below(record.heartbeats.size());
}

std::optional<std::size_t> Liar::Spoiling::any_node(bool alive, bool needing) const {
    const std::size_t first = liar.world_.random.below(nodes.size());
    for (std::size_t step = 0; step < nodes.size(); ++step) {
        const std::size_t i = (first + step) % nodes.size();
        if (record.alive[i] == alive && needs_heartbeat(i) == needing) return i;
    }
    return std::nullopt;
}

/// Some of the heartbeats, or that of the node whose signature is left out as well.
bool Liar::Spoiling::leave_out() {
    const bool all = liar.victim_address_.empty();
    bool changed = false;
    for (std::size_t c = record.heartbeats.size(); c-- > 0;) {
        const std::size_t i = carriers[c];
        const bool is_victim = crypto::address(nodes[i]->consensus_key) == liar.victim_address_;
        if (all ? liar.world_.random.chance(1, 2) : !is_victim) continue;
        record.alive[i] = false;
        record.heartbeats.erase(record.heartbeats.begin() + static_cast<std::ptrdiff_t>(c));
        changed = true;
    }
    if (changed) sign_and_put();
    return changed;
}

bool Liar::Spoiling::change_heartbeat(Lie lie) {
    if (lie == Lie::superfluous_heartbeat) {
        record.heartbeats.push_back({0, liar.world_.random.bytes(64)});
        if (record.heartbeats.size() > record.alive.size()) return false;
        return true;
    }
    const auto c = any_carried();
    if (!c) return false;
    seats::CarriedHeartbeat& carried = record.heartbeats[*c];
    if (lie == Lie::forged_heartbeat) {
        carried.signature = liar.world_.random.bytes(64);
        return true;
    }
    const base::Bytes address =
        base::to_bytes(base::view(crypto::address(nodes[carriers[*c]]->consensus_key)));
    for (const auto& [height, heartbeats] : liar.heard_) {
        for (const seats::Heartbeat& heartbeat : heartbeats) {
            const bool own = heartbeat.node_address == address;
            if (lie == Lie::stale_heartbeat) {
                if (!own || height >= judged() || judged() - height > 63 ||
                    seats::is_fresh(proposal.state, height, judged()))
                    continue;
                carried = {static_cast<std::uint8_t>(judged() - height), heartbeat.signature};
                return true;
            }
            if (own || height != judged() - carried.age) continue;  // a foreign one
            carried.signature = heartbeat.signature;
            return true;
        }
    }
    return false;
}

bool Liar::Spoiling::change_status(Lie lie) {
    const bool marks_alive = lie == Lie::dead_marked_alive;
    const auto i = any_node(!marks_alive, marks_alive);
    if (!i) return false;
    record.alive[*i] = marks_alive;
    return true;
}

/// A good signature over a wrong height, or over the name of another node of the same seat, whose
/// key we hold as well.
bool Liar::Spoiling::change_frame(Lie lie) {
    if (lie == Lie::wrong_height) {
        if (proposal.state.block(judged() - 1) == nullptr) return false;
        --record.height;
        sign_and_put();
        return true;
    }
    const auto self = seats::find_by_consensus_address(proposal.state, record.proposer_address);
    if (!self) return false;
    const seats::Seat& seat = proposal.state.seats[self->seat];
    const seats::Node& other = seat.nodes[(self->node + 1) % seat.nodes.size()];
    const auto key = proposal.registry.find_key(other.liveness_key);
    if (seat.nodes.size() < 2 || key == nullptr) return false;
    record.proposer_address = base::to_bytes(base::view(crypto::address(other.consensus_key)));
    record.signature =
        base::to_bytes(base::view(key->sign(seats::sign_bytes(proposal.state, record))));
    txs[0] = seats::encode_record(record);
    return true;
}

Lie Liar::spoil(std::vector<base::Bytes>& txs, const Proposal& proposal, Lie lie) {
    const auto told = [&](Lie what) {
        count(what);
        return what;
    };
    if (lie == Lie::false_commit_signature) return falsified_ ? told(lie) : Lie::none;
    if (lie == Lie::leave_out_signatures && !victim_address_.empty()) return told(lie);
    if (txs.empty() || seats::classify(txs[0]) != seats::TxKind::record) return Lie::none;
    auto record = seats::decode_record(txs[0]);
    if (!record || record->alive.size() != proposal.state.node_count()) return Lie::none;
    Spoiling spoiling{*this, txs, proposal, std::move(*record), {}, {}, {}};
    spoiling.read_places();
    switch (lie) {
        case Lie::leave_out_heartbeats:
            victim_address_ = {};
            return spoiling.leave_out() ? told(lie) : Lie::none;
        case Lie::mark_living_dead:
            return !victim_address_.empty() && spoiling.leave_out() ? told(lie) : Lie::none;
        case Lie::forged_heartbeat:
        case Lie::stale_heartbeat:
        case Lie::foreign_heartbeat:
        case Lie::superfluous_heartbeat:
            if (!spoiling.change_heartbeat(lie)) return Lie::none;
            break;
        case Lie::signed_marked_dead:
        case Lie::dead_marked_alive:
            if (!spoiling.change_status(lie)) return Lie::none;
            break;
        case Lie::wrong_height:
        case Lie::wrong_proposer:
            return spoiling.change_frame(lie) ? told(lie) : Lie::none;
        case Lie::wrong_signature:
            txs[0].back() ^= 1;
            return told(lie);
        case Lie::non_canonical_record:
            txs[0].push_back(0);
            return told(lie);
        case Lie::record_missing:
            txs.erase(txs.begin());
            return told(lie);
        case Lie::record_not_first:
            txs.insert(txs.begin(), world_.random.bytes(12));
            return told(lie);
        case Lie::record_twice:
            txs.push_back(txs[0]);
            return told(lie);
        case Lie::heartbeat_as_transaction:
            if (heard_.empty() || heard_.rbegin()->second.empty()) return Lie::none;
            txs.push_back(seats::encode_heartbeat(heard_.rbegin()->second.front()));
            return told(lie);
        default:
            return Lie::none;
    }
    spoiling.sign_and_put();
    return told(lie);
}

bool Liar::withholds_part() {
    if (!character_.withholds_parts || !world_.random.chance(1, 2)) return false;
    count(Lie::withheld_parts);
    return true;
}

// ---- Heartbeats

void Liar::heard(const seats::Heartbeat& heartbeat) {
    auto& there = heard_[heartbeat.height];
    if (std::ranges::find(there, heartbeat) == there.end()) there.push_back(heartbeat);
    while (heard_.begin()->first < heard_.rbegin()->first - heights_remembered)
        heard_.erase(heard_.begin());
}

std::optional<seats::Heartbeat> Liar::nonsense(const base::Bytes& own_address) {
    if (!character_.spams || heard_.empty()) return std::nullopt;
    count(Lie::heartbeat_spam);
    auto picked = heard_.begin();
    std::advance(picked, static_cast<std::ptrdiff_t>(world_.random.below(heard_.size())));
    seats::Heartbeat heartbeat = picked->second[world_.random.below(picked->second.size())];
    switch (world_.random.below(4)) {
        case 0:
            heartbeat.signature = world_.random.bytes(64);
            break;
        case 1:
            heartbeat.node_address = own_address;
            break;
        case 2:
            heartbeat.height += static_cast<std::int64_t>(world_.random.below(100));
            break;
        default:
            break;  // a true one, again and late
    }
    return heartbeat;
}

std::optional<seats::Heartbeat> Liar::empty_promise(const seats::Heartbeat& own,
                                                    std::string_view chain_id,
                                                    const crypto::SigningKey& key) {
    if (!character_.spams) return std::nullopt;
    count(Lie::heartbeat_spam);
    seats::Heartbeat promise = own;
    ++promise.height;
    promise.block_hash.assign(promise.block_hash.size(), 0xee);
    promise.signature = base::to_bytes(base::view(key.sign(seats::sign_bytes(chain_id, promise))));
    return promise;
}

std::optional<seats::Heartbeat> Liar::repeat(const seats::Heartbeat& other,
                                             const base::Bytes& own_address,
                                             std::string_view chain_id,
                                             const crypto::SigningKey& key) {
    if (other.height <= repeated_) return std::nullopt;
    repeated_ = other.height;
    seats::Heartbeat own = other;
    own.node_address = own_address;
    own.signature = base::to_bytes(base::view(key.sign(seats::sign_bytes(chain_id, own))));
    count(Lie::heartbeats_of_others);
    return own;
}

}  // namespace tandem::sim
