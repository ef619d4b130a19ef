#include "sim/run.h"

#include <fmt/format.h>

#include "seats/genesis.h"

namespace tandem::sim {
namespace {

constexpr std::int64_t genesis_seconds = 1'700'000'000;
constexpr Nanos heal_time_max = 300 * second;  // virtual time in which a healed network must move
constexpr std::int64_t heal_heights = 10;      // by as many heights

struct Cast {                                                               // who plays
    std::vector<std::shared_ptr<const crypto::SigningKey>> consensus_keys;  // by node
    std::vector<std::shared_ptr<const crypto::SigningKey>> liveness_keys;
    std::vector<std::shared_ptr<const crypto::SigningKey>> admin_keys;  // by seat
};

class Simulation {
  public:
    Simulation(std::uint64_t seed, const Options& options);
    [[nodiscard]] Summary run();

  private:
    void make_genesis();
    void draw_sins();
    void start_all();
    void plan_next_fault();
    void commit_fault();
    void crash_one();
    void freeze_one();
    void cut_one();
    void operate();
    void heal();
    [[nodiscard]] std::int64_t highest() const;
    [[nodiscard]] std::int64_t lowest() const;
    [[nodiscard]] std::size_t seat_of(std::size_t node) const {
        return node / (1 + options_.standbys);
    }
    [[nodiscard]] bool may_fail(std::size_t node) const;
    [[nodiscard]] const seats::State* newest_seats() const;
    void run_until(const std::function<bool()>& done, Nanos deadline);

    Options options_;
    Summary summary_;
    World world_;
    SignatureRegistry registry_;
    Network network_;
    Library library_;
    Judge judge_;
    Cast cast_;
    types::GenesisDoc genesis_;
    std::vector<std::unique_ptr<Node>> nodes_;
    FaultKinds drawn_;
    bool tormenting_ = true;
};

Simulation::Simulation(std::uint64_t seed, const Options& options)
    : options_(options),
      world_(seed),
      registry_(/*real_signatures=*/seed % 97 == 13),
      network_(world_),
      judge_(registry_, "sim") {
    summary_.seed = seed;
    make_genesis();
    judge_.ask_second_opinion(genesis_, options.watch);
    const std::array<Nanos, 4> commit_times{5 * millisecond, 50 * millisecond, 200 * millisecond,
                                            600 * millisecond};
    consensus::Config timeouts;
    timeouts.timeout_propose = {400 * millisecond};
    timeouts.timeout_propose_delta = {200 * millisecond};
    timeouts.timeout_prevote = {150 * millisecond};
    timeouts.timeout_prevote_delta = {100 * millisecond};
    timeouts.timeout_precommit = {150 * millisecond};
    timeouts.timeout_precommit_delta = {100 * millisecond};
    timeouts.timeout_commit = {commit_times[world_.random.below(commit_times.size())]};
    const std::size_t count = options.seats * (1 + options.standbys);
    for (std::size_t i = 0; i < count; ++i)
        nodes_.push_back(std::make_unique<Node>(
            Setting{world_, network_, registry_, library_, judge_, genesis_, timeouts, nodes_}, i,
            fmt::format("s{}-{}", seat_of(i), i % (1 + options.standbys)),
            NodeKeys{cast_.consensus_keys[i], cast_.liveness_keys[i]}));
    for (std::size_t i = 0; i < count; ++i) network_.add_node();
    world_.deliver = [this](const Delivery& d) { nodes_[d.to]->receive(d.from, d.message); };
}

void Simulation::make_genesis() {
    seats::Genesis description;
    description.params.run_records = options_.n;
    description.params.alive_records = options_.k;
    for (std::size_t s = 0; s < options_.seats; ++s) {
        seats::GenesisSeat seat;
        seat.id = fmt::format("s{}", s);
        seat.power = 10;
        cast_.admin_keys.push_back(registry_.make_key());
        seat.admin_key = cast_.admin_keys.back()->public_key();
        for (std::size_t n = 0; n <= options_.standbys; ++n) {
            cast_.consensus_keys.push_back(registry_.make_key());
            cast_.liveness_keys.push_back(registry_.make_key());
            seat.nodes.push_back({fmt::format("s{}-{}", s, n),
                                  cast_.consensus_keys.back()->public_key(),
                                  cast_.liveness_keys.back()->public_key()});
        }
        description.seats.push_back(std::move(seat));
    }
    genesis_.chain_id = "sim";
    genesis_.genesis_time = {genesis_seconds, 0};
    genesis_.initial_height = 1;
    genesis_.consensus_params = types::ConsensusParams::defaults();
    genesis_.app_state = seats::write_genesis(description, "");
}

void Simulation::draw_sins() {
    base::SeededRandom& random = world_.random;
    const FaultKinds& allowed = options_.faults;
    const auto draw = [&](bool is_allowed) { return is_allowed && random.chance(2, 3); };
    drawn_ = {draw(allowed.loss),       draw(allowed.partition),   draw(allowed.crash),
              draw(allowed.freeze),     draw(allowed.clock),       draw(allowed.heartbeat),
              draw(allowed.operations), draw(allowed.beyond_third)};
    if (drawn_.loss) {
        network_.sins.loss = random.below(60);
        network_.sins.duplication = random.below(60);
        network_.sins.delay_max = static_cast<Nanos>(5 + random.below(150)) * millisecond;
        network_.sins.vote_loss = random.below(100);
    }
    if (drawn_.heartbeat) network_.sins.heartbeat_loss = random.below(400);
}

void Simulation::start_all() {
    for (const auto& node : nodes_)
        if (!node->running()) node->start();
}

std::int64_t Simulation::highest() const {
    return judge_.height();
}

std::int64_t Simulation::lowest() const {
    std::int64_t height = std::numeric_limits<std::int64_t>::max();
    for (const auto& node : nodes_) height = std::min(height, node->height());
    return height;
}

const seats::State* Simulation::newest_seats() const {
    const seats::State* newest = nullptr;
    for (const auto& node : nodes_)
        if (const seats::State* state = node->seats_state();
            state != nullptr && (newest == nullptr || state->height > newest->height))
            newest = state;
    return newest;
}

/// Within the fault bound: seats whose validator is down hold less than a third, this one included.
/// Standbys may fail freely.
bool Simulation::may_fail(std::size_t node) const {
    if (drawn_.beyond_third && world_.now() / (20 * second) % 5 == 3) return true;
    const seats::State* state = newest_seats();
    if (state == nullptr) return false;
    std::size_t down = 1;
    for (std::size_t s = 0; s < options_.seats; ++s) {
        if (s == seat_of(node)) continue;
        const std::size_t validator = s * (1 + options_.standbys) + state->seats[s].validator;
        if (!nodes_[validator]->running() || nodes_[validator]->frozen()) ++down;
    }
    return 3 * down < options_.seats;
}

void Simulation::crash_one() {
    base::SeededRandom& random = world_.random;
    const std::size_t victim = random.below(nodes_.size());
    Node& node = *nodes_[victim];
    if (!node.running() || !may_fail(victim)) return;
    ++summary_.crashes;
    if (random.chance(1, 3)) {
        node.crash_in_the_middle(1 + random.below(40));
    } else {
        node.crash();
    }
    const bool long_outage = random.chance(1, 2);
    const Nanos outage =
        static_cast<Nanos>(long_outage ? 2000 + random.below(25'000) : 50 + random.below(1500)) *
        millisecond;
    // Whatever has become of it by then, it runs again: it may have died in between.
    world_.after(outage, [&node] {
        if (!node.running()) node.start();
    });
}

void Simulation::freeze_one() {
    base::SeededRandom& random = world_.random;
    const std::size_t victim = random.below(nodes_.size());
    Node& node = *nodes_[victim];
    if (!node.running() || !may_fail(victim)) return;
    ++summary_.freezes;
    node.freeze(true);
    const Nanos pause = static_cast<Nanos>(200 + random.below(15'000)) * millisecond;
    world_.after(pause, [&node] { node.freeze(false); });
}

void Simulation::cut_one() {
    base::SeededRandom& random = world_.random;
    const std::size_t victim = random.below(nodes_.size());
    if (!may_fail(victim)) return;
    ++summary_.partitions;
    const std::uint64_t kind = random.below(3);  // deaf, mute or both
    for (std::size_t other = 0; other < nodes_.size(); ++other) {
        if (kind != 0) network_.cut(Cut::torment, victim, other, true);
        if (kind != 1) network_.cut(Cut::torment, other, victim, true);
    }
    const Nanos time = static_cast<Nanos>(200 + random.below(12'000)) * millisecond;
    world_.after(time, [this, victim] {
        for (std::size_t other = 0; other < nodes_.size(); ++other) {
            network_.cut(Cut::torment, victim, other, false);
            network_.cut(Cut::torment, other, victim, false);
        }
    });
}

void Simulation::operate() {
    const seats::State* state = newest_seats();
    if (state == nullptr) return;
    base::SeededRandom& random = world_.random;
    const std::size_t index = random.below(state->seats.size());
    const seats::Seat& seat = state->seats[index];
    seats::AdminTx tx;
    tx.seat = seat.id;
    tx.nonce = seat.nonce + 1;
    tx.expiry_height = state->height + 30;
    if (seat.paused)
        tx.operation = seats::Resume{};
    else if (random.chance(1, 5))
        tx.operation = seats::Pause{};
    else
        tx.operation = seats::Switchover{seat.nodes[random.below(seat.nodes.size())].name};
    const Bytes message = seats::sign_bytes(state->chain_id, tx);
    tx.signatures.push_back({seat.id, base::to_bytes(cast_.admin_keys[index]->sign(message))});
    for (const auto& node : nodes_) node->submit(seats::encode_admin_tx(tx));
}

void Simulation::commit_fault() {
    switch (world_.random.below(6)) {
        case 0:
        case 1:
            if (drawn_.crash) crash_one();
            break;
        case 2:
            if (drawn_.partition) cut_one();
            break;
        case 3:
            if (drawn_.freeze) freeze_one();
            break;
        case 4:
            if (drawn_.operations) operate();
            break;
        case 5:
            if (drawn_.clock)
                nodes_[world_.random.below(nodes_.size())]->jump_clock(
                    (static_cast<Nanos>(world_.random.below(3000)) - 1500) * millisecond);
            break;
        default:
            break;
    }
}

void Simulation::plan_next_fault() {
    const Nanos pause = static_cast<Nanos>(300 + world_.random.below(2500)) * millisecond;
    world_.after(pause, [this] {
        if (!tormenting_) return;
        commit_fault();
        nodes_[world_.random.below(nodes_.size())]->submit(world_.random.bytes(20));
        plan_next_fault();
    });
}

void Simulation::heal() {
    tormenting_ = false;
    network_.heal();
    for (const auto& node : nodes_) {
        node->freeze(false);
        node->crash_in_the_middle(0);
    }
    start_all();
}

void Simulation::run_until(const std::function<bool()>& done, Nanos deadline) {
    std::uint64_t steps = 0;
    while (!done() && world_.now() < deadline && judge_.violations().empty()) {
        if (!world_.step()) return judge_.blame(highest(), "nothing happens any more");
        if (++steps % 256 == 0) judge_.judge_signatures(registry_);
    }
    judge_.judge_signatures(registry_);
}

Summary Simulation::run() {
    draw_sins();
    start_all();
    const bool torment = drawn_.loss || drawn_.partition || drawn_.crash || drawn_.freeze ||
                         drawn_.clock || drawn_.heartbeat || drawn_.operations;
    if (torment) plan_next_fault();
    const std::int64_t target = std::max<std::int64_t>(options_.heights - heal_heights, 1);
    run_until([&] { return highest() >= target; }, 5 * second * options_.heights);
    heal();
    const std::int64_t goal = highest() + heal_heights;
    run_until([&] { return lowest() >= goal; }, world_.now() + heal_time_max);
    if (judge_.violations().empty() && lowest() < goal)
        judge_.blame(highest(), fmt::format("after healing the slowest node is at {}, not {}",
                                            lowest(), goal));
    summary_.heights = highest();
    summary_.node_heights = judge_.node_heights();
    for (std::size_t reason = 0; reason < summary_.switches.size(); ++reason)
        summary_.switches[reason] = judge_.switches(static_cast<seats::SwitchReason>(reason));
    if (!torment && summary_.switches != decltype(summary_.switches){})
        judge_.blame(highest(), "a healthy chain has switched");
    summary_.invalid_records = judge_.invalid_records();
    summary_.signatures = registry_.signatures();
    summary_.trace = base::to_hex(judge_.trace());
    summary_.violations = judge_.violations();
    return summary_;
}

}  // namespace

FaultKinds FaultKinds::none() {
    return {false, false, false, false, false, false, false, false};
}

std::optional<FaultKinds> FaultKinds::from_text(std::string_view text) {
    if (text == "all") return FaultKinds{};
    FaultKinds kinds = none();
    if (text == "none") return kinds;
    const std::array<std::pair<std::string_view, bool FaultKinds::*>, 8> names{
        {{"loss", &FaultKinds::loss},
         {"partition", &FaultKinds::partition},
         {"crash", &FaultKinds::crash},
         {"freeze", &FaultKinds::freeze},
         {"clock", &FaultKinds::clock},
         {"heartbeat", &FaultKinds::heartbeat},
         {"operations", &FaultKinds::operations},
         {"beyond_third", &FaultKinds::beyond_third}}};
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const auto found = std::ranges::find(
            names, text.substr(0, comma), &std::pair<std::string_view, bool FaultKinds::*>::first);
        if (found == names.end()) return std::nullopt;
        kinds.*found->second = true;
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return kinds;
}

Summary run_seed(std::uint64_t seed, const Options& options) {
    return Simulation(seed, options).run();
}

}  // namespace tandem::sim
