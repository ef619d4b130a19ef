// Registry, blocks, records.
#include "sim/naive.h"

#include <fmt/format.h>

#include "sim/naive_bytes.h"

namespace tandem::sim {

using seats::Status;

// ---- Registry

const Registry::Node* Registry::Seat::find(const types::Address& address) const {
    for (const Node& node : nodes)
        if (node.address == address) return &node;
    return nullptr;
}

const Registry::Node* Registry::Seat::named(std::string_view name) const {
    for (const Node& node : nodes)
        if (node.name == name) return &node;
    return nullptr;
}

Registry::Seat* Registry::find(std::string_view id) {
    for (Seat& seat : seats)
        if (seat.id == id) return &seat;
    return nullptr;
}

const Registry::Seat* Registry::seat_of(const types::Address& node) const {
    for (const Seat& seat : seats)
        if (seat.find(node) != nullptr) return &seat;
    return nullptr;
}

std::int64_t Registry::present_power(std::string_view id) const {
    for (const Seat& seat : seats)
        if (seat.id == id && seat.stays()) return seat.power;
    return 0;
}

std::int64_t Registry::total() const {
    std::int64_t sum = 0;
    for (const Seat& seat : seats)
        if (seat.stays()) sum += seat.power;
    return sum;
}

void Registry::drop_leavers(std::int64_t height) {
    std::erase_if(seats,
                  [&](const Seat& seat) { return !seat.stays() && seat.leaves_at <= height; });
}

namespace {

/// What an accepted operation changes in the registry.
struct Change {
    Registry& registry;
    std::int64_t height;
    std::string_view seat;

    [[nodiscard]] Registry::Seat& own() const { return *registry.find(seat); }
    [[nodiscard]] Registry::Node& node(std::string_view name) const {
        for (Registry::Node& candidate : own().nodes)
            if (candidate.name == name) return candidate;
        TANDEM_CHECK(false);
    }
    [[nodiscard]] Registry::Node make(const seats::NodeRegistration& wanted) const {
        registry.keys_ever.push_back(wanted.consensus_key);
        registry.keys_ever.push_back(wanted.liveness_key);
        return {wanted.name, wanted.consensus_key, wanted.liveness_key,
                types::Address(crypto::address(wanted.consensus_key))};
    }

    void operator()(const std::monostate&) const {}
    void operator()(const seats::Switchover&) const { own().switchover_at = height; }
    void operator()(const seats::Pause&) const { own().paused = true; }
    void operator()(const seats::Resume&) const { own().paused = false; }
    void operator()(const seats::AddStandby& wanted) const {
        own().nodes.push_back(make(wanted.node));
    }
    void operator()(const seats::ReplaceStandby& wanted) const {
        node(wanted.old_name) = make(wanted.node);
    }
    void operator()(const seats::RemoveStandby& wanted) const {
        std::erase_if(own().nodes, [&](const auto& other) { return other.name == wanted.name; });
    }
    void operator()(const seats::ReplaceLivenessKey& wanted) const {
        node(wanted.name).liveness_key = wanted.liveness_key;
        registry.keys_ever.push_back(wanted.liveness_key);
    }
    void operator()(const seats::RotateAdminKey& wanted) const {
        own().admin_key = wanted.admin_key;
        registry.keys_ever.push_back(wanted.admin_key);
    }
    void operator()(const seats::AddSeat& wanted) const {
        Registry::Seat added;
        added.id = wanted.id;
        added.power = wanted.power;
        added.admin_key = wanted.admin_key;
        for (const seats::NodeRegistration& one : wanted.nodes) added.nodes.push_back(make(one));
        added.identity = added.nodes.front().consensus_key;
        added.validator = added.nodes.front().address;
        added.counts_from = height + 2;
        registry.keys_ever.push_back(wanted.admin_key);
        registry.ids_ever.push_back(wanted.id);
        registry.seats.push_back(std::move(added));
    }
    void operator()(const seats::RemoveSeat& wanted) const {
        registry.find(wanted.id)->leaves_at = height + 2;
    }
    void operator()(const seats::ChangePower& wanted) const {
        registry.find(wanted.id)->power = wanted.power;
    }
    void operator()(const seats::ChangeParams& wanted) const { registry.params = wanted.params; }
};

}  // namespace

void Registry::apply(std::int64_t height, const Fact& fact) {
    if (const auto* convicted = std::get_if<Convicted>(&fact)) {
        for (Seat& seat : seats)
            for (Node& node : seat.nodes)
                if (node.address == convicted->node) node.quarantined = true;
    } else if (const auto* switched = std::get_if<Switched>(&fact)) {
        Seat& seat = *find(switched->seat);
        seat.validator = switched->to;
        seat.counts_from = height + 2;
        seat.switched_at = height;
        seat.last_switch = *switched;
        if (switched->reason == seats::SwitchReason::run ||
            switched->reason == seats::SwitchReason::wedged)
            seat.switched_by_rule_at = height;
    } else if (const auto* used = std::get_if<NonceUsed>(&fact)) {
        ++(used->seat.empty() ? quorum_nonce : find(used->seat)->nonce);
    } else {
        const auto& accepted = std::get<Accepted>(fact);
        std::visit(Change{*this, height, accepted.seat}, accepted.operation);
    }
}

// ---- The chain

SecondOpinion::SecondOpinion(const types::GenesisDoc& genesis, const crypto::Verifier& verifier)
    : verifier_(verifier),
      chain_id_(genesis.chain_id),
      initial_height_(genesis.initial_height),
      consensus_params_(genesis.consensus_params) {
    const auto read = seats::read_genesis(base::as_bytes(genesis.app_state));
    TANDEM_CHECK(read && read->seats && !read->seats->application_sets_powers);
    genesis_.params = read->seats->params;
    for (const seats::GenesisSeat& described : read->seats->seats) {
        seats::AddSeat seat{described.id, described.power, described.admin_key, {}, {}};
        for (const seats::GenesisNode& node : described.nodes)
            seat.nodes.push_back({node.name, node.consensus_key, node.liveness_key, {}, {}});
        // As if added so early that the first height is the first that counts.
        genesis_.apply(initial_height_ - 2, Accepted{"", std::move(seat)});
    }
    genesis_set_ = decided_by(genesis_);
}

SecondOpinion::Set SecondOpinion::decided_by(const Registry& registry) {
    Set set;
    for (const Registry::Seat& seat : registry.seats)
        if (seat.stays())
            set.push_back({seat.validator, seat.find(seat.validator)->consensus_key, seat.power});
    std::ranges::sort(set, [](const Member& a, const Member& b) {
        return a.power != b.power ? a.power > b.power : a.address < b.address;
    });
    return set;
}

std::int64_t SecondOpinion::newest() const {
    return initial_height_ + static_cast<std::int64_t>(chain_.size()) - 1;
}

const SecondOpinion::Past& SecondOpinion::past(std::int64_t height) const {
    return chain_.at(static_cast<std::size_t>(height - initial_height_));
}

Registry SecondOpinion::registry_after(std::int64_t height) const {
    Registry registry = genesis_;
    for (const Past& block : chain_) {
        if (block.height > height) break;
        for (const Fact& fact : block.facts) registry.apply(block.height, fact);
        registry.drop_leavers(block.height);
    }
    return registry;
}

const SecondOpinion::Set& SecondOpinion::set_of(std::int64_t height) const {
    return height - 2 < initial_height_ ? genesis_set_ : past(height - 2).decided;
}

void SecondOpinion::note(Work& work, Fact fact) {
    work.registry.apply(work.block.header.height, fact);
    chain_.back().facts.push_back(std::move(fact));
}

void SecondOpinion::move(Work& work, const Registry::Seat& seat, const types::Address& to,
                         seats::SwitchReason reason) {
    work.moved += seat.power;
    note(work, Switched{seat.id, seat.validator, to, reason});
}

std::vector<std::string> SecondOpinion::block(const types::Block& block, const types::Hash& hash,
                                              const Claim& claim) {
    const types::Header& header = block.header;
    TANDEM_CHECK(header.height == newest() + 1);
    Work work{block, registry_after(newest()), 0, 0, {}};
    work.total_before = work.registry.total();
    work.codes.resize(block.data.txs.size());
    if (!chain_.empty() && block.last_commit) chain_.back().round = block.last_commit->round;
    chain_.push_back({});
    chain_.back().height = header.height;
    chain_.back().time = header.time;
    chain_.back().hash = base::to_bytes(hash);
    chain_.back().app_hash_before = base::to_bytes(header.app_hash);
    record_step(work);
    evidence_step(work);
    rule_step(work);
    operations_step(work);
    chain_.back().decided = decided_by(work.registry);
    std::vector<std::string> out;
    check_bounds(work, out);
    work.registry.drop_leavers(header.height);
    compare_answers(work, claim, out);
    compare_state(work, claim, out);
    compare_sets(work, claim, out);
    return out;
}

// ---- The record

void SecondOpinion::record_step(Work& work) {
    record_refusal_.clear();
    record_.clear();
    if (work.block.header.height == initial_height_) return;
    auto statuses = judge_record(work);
    if (!statuses) {
        record_refusal_ = statuses.error().check;
        return;
    }
    for (const Registry::Seat& seat : work.registry.seats)
        for (const Registry::Node& node : seat.nodes)
            record_.emplace_back(node.name, statuses->at(node.address));
    chain_.back().said = std::move(*statuses);
    chain_.back().proposer_seat = work.registry.seat_of(work.block.header.proposer_address)->id;
    work.codes.front() = 0;
}

base::Result<SecondOpinion::Statuses> SecondOpinion::judge_record(const Work& work) const {
    const types::Header& header = work.block.header;
    const wire::Txs& txs = work.block.data.txs;
    if (txs.empty() || kind_of(txs[0]) != 'R') return base::refuse("record.missing", "");
    const auto record = seats::decode_record(txs[0]);
    if (!record) return std::unexpected(record.error());
    if (record->height != header.height) return base::refuse("record.height", "");
    if (!base::equal(record->proposer_address, header.proposer_address))
        return base::refuse("record.proposer", "");
    const Registry::Seat* proposer = work.registry.seat_of(header.proposer_address);
    if (proposer == nullptr) return base::refuse("record.proposer_unknown", "");

    // Who voted in the commit for H-1.
    const Set& set = set_of(header.height - 1);
    const auto& signatures = work.block.last_commit->signatures;
    if (signatures.size() != set.size()) return base::refuse("commit.size", "");
    std::map<types::Address, types::BlockIdFlag> votes;
    for (std::size_t i = 0; i < set.size(); ++i)
        votes[set[i].address] = signatures[i].block_id_flag;

    Statuses statuses;
    std::size_t bit = 0, used = 0;
    for (const Registry::Seat& seat : work.registry.seats)
        for (const Registry::Node& node : seat.nodes) {
            if (bit == record->alive.size()) return base::refuse("record.nodes", "");
            const bool alive = record->alive[bit++];
            const auto vote = votes.find(node.address);
            const bool signed_block =
                vote != votes.end() && vote->second == types::BlockIdFlag::commit;
            const bool signed_nil = vote != votes.end() && vote->second == types::BlockIdFlag::nil;
            if (signed_block || signed_nil) {
                if (!alive) return base::refuse("record.status", "");
                statuses[node.address] = signed_block ? Status::has_signed : Status::heard;
            } else if (!alive) {
                statuses[node.address] = Status::dead;
            } else {
                if (used == record->heartbeats.size())
                    return base::refuse("record.heartbeat_missing", "");
                if (!heartbeat_holds(work.registry, node, header.height - 1,
                                     record->heartbeats[used++]))
                    return base::refuse("record.heartbeat", "");
                statuses[node.address] = Status::heard;
            }
        }
    if (bit != record->alive.size()) return base::refuse("record.nodes", "");
    if (used != record->heartbeats.size()) return base::refuse("record.heartbeat_superfluous", "");
    const BytesView tx = txs[0];
    const Bytes message = SignedText("tandem/record/1", chain_id_)
                              .prefixed(past(header.height - 1).hash)
                              .prefixed(tx.first(tx.size() - 64))
                              .take();
    if (!verifier_.verify(proposer->find(header.proposer_address)->liveness_key, message,
                          record->signature))
        return base::refuse("record.signature", "");
    return statuses;
}

/// Whether a heartbeat of `node` that a record judging `judged` carries is fresh and true.
bool SecondOpinion::heartbeat_holds(const Registry& before, const Registry::Node& node,
                                    std::int64_t judged,
                                    const seats::CarriedHeartbeat& carried) const {
    const std::int64_t g = judged - carried.age;
    if (g < initial_height_ || g > judged || g <= judged + 1 - 65) return false;
    const bool few_blocks = g >= judged - std::int64_t{before.params.heartbeat_lag_blocks};
    const bool soon =
        wire::difference(past(judged).time, past(g).time) <= before.params.heartbeat_lag_time;
    if (!few_blocks && !soon) return false;
    const Bytes message = SignedText("tandem/heartbeat/1", chain_id_)
                              .number(static_cast<std::uint64_t>(g), 8)
                              .prefixed(past(g).hash)
                              .prefixed(past(g + 1).app_hash_before)
                              .take();
    return verifier_.verify(node.liveness_key, message, carried.signature);
}

}  // namespace tandem::sim
