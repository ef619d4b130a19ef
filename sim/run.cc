#include "sim/run.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/operators.h"
#include "sim/views.h"

namespace tandem::sim {
namespace {

constexpr Nanos heal_time_max = 300 * second;  // virtual time in which a healed network must move
constexpr std::int64_t heal_heights = 10;      // by as many heights
constexpr Nanos grace = 5 * second;            // for what was on its way when the last third fell
constexpr Nanos standstill = 15 * second;      // that is watched

/// Tells the views who has decided; everything else goes to the judge as it comes.
class Watching final : public Observer {
  public:
    Watching(Judge& judge, Views* views) : judge_(judge), views_(views) {}
    std::size_t nodes = 0;

    void decided(std::size_t node, const chain::State& before, const StoredBlock& block,
                 const abci::ResponseFinalizeBlock& answer, const chain::State& state,
                 const seats::State& seats) override {
        if (views_ != nullptr) views_->decided(node, block.block->header.height, nodes);
        judge_.decided(node, before, block, answer, state, seats);
    }
    void judged(std::size_t node, const types::BlockId& id, const types::Header& header,
                bool accepted, const std::string& why) override {
        judge_.judged(node, id, header, accepted, why);
    }
    void lied(std::size_t node, Lie lie, const types::BlockId& id) override {
        judge_.lied(node, lie, id);
    }
    void broken(std::size_t node, std::string what) override {
        judge_.broken(node, std::move(what));
    }
    void left_out(std::size_t node, const std::string& name, std::int64_t height) override {
        judge_.left_out(node, name, height);
    }
    void refused_start(std::size_t node, const base::Refusal& why) override {
        judge_.refused_start(node, why);
    }

  private:
    Judge& judge_;
    Views* views_;
};

class Simulation {
  public:
    Simulation(std::uint64_t seed, const Options& options, Judge::Watch watch);
    [[nodiscard]] Summary run();

  private:
    void plan_next_fault();
    void demand_progress(const char* after_what);
    void take_a_third_away();
    [[nodiscard]] std::string where_all_are() const;
    void sum_up();
    [[nodiscard]] std::int64_t highest() const {
        return std::max(judge_.height(), plan_.initial_height - 1);
    }
    [[nodiscard]] std::int64_t lowest() const;
    void run_until(const std::function<bool()>& done, Nanos deadline);
    void run_for(Nanos time);

    Options options_;
    Summary summary_;
    World world_;
    Plan plan_;
    SignatureRegistry registry_;
    Network network_;
    Library library_;
    Judge judge_;
    Views views_;
    Watching observer_;
    Cast cast_;
    Torment torment_;
    Operators operators_;
    bool tormenting_ = true;
};

Simulation::Simulation(std::uint64_t seed, const Options& options, Judge::Watch watch)
    : options_(options),
      world_(seed),
      plan_(draw_plan(world_.random, options)),
      registry_(/*real_signatures=*/seed % 97 == 13),
      network_(world_),
      judge_(registry_, "sim"),
      views_(world_, seed),
      observer_(judge_, plan_.faults.views ? &views_ : nullptr),
      cast_({world_, network_, registry_, library_, observer_}, plan_, summary_.lies),
      torment_({world_, network_, cast_, judge_, summary_.tally, summary_.lies}, plan_),
      operators_(cast_, world_, registry_, torment_, summary_.tally) {
    summary_.seed = seed;
    judge_.ask_second_opinion(cast_.genesis(), std::move(watch));
    std::set<std::string> liars;
    for (const SeatKeys& seat : cast_.seats())
        if (seat.lies) liars.insert(seat.id);
    summary_.liars = liars.size();
    judge_.second_opinion().set_liars(std::move(liars));
    cast_.joined = [this](const Node& node) {
        judge_.introduce(node, cast_.lies(node.index()));
        ++observer_.nodes;
    };
    for (const auto& node : cast_.nodes()) cast_.joined(*node);
    network_.sins = plan_.sins;
    if (plan_.faults.views)
        network_.hides = [this](std::size_t from, std::size_t to, const Message& message) {
            return views_.hides(from, to, message);
        };
    world_.deliver = [this](const Delivery& d) { cast_.nodes()[d.to]->receive(d.from, d.message); };
}

/// Of those whom the chain needs: registered nodes of honest seats.
std::int64_t Simulation::lowest() const {
    std::int64_t height = std::numeric_limits<std::int64_t>::max();
    const seats::State* state = cast_.newest_seats();
    if (state == nullptr) return 0;
    for (const seats::Seat& seat : state->seats)
        for (const seats::Node& registered : seat.nodes) {
            const auto node = cast_.find_node(registered.consensus_key);
            if (node && !cast_.lies(*node))
                height = std::min(height, cast_.nodes()[*node]->height());
        }
    return height;
}

void Simulation::plan_next_fault() {
    const Nanos pause =
        world_.between_ms(static_cast<std::uint64_t>(plan_.pause_max / millisecond) / 5 + 50,
                          static_cast<std::uint64_t>(plan_.pause_max / millisecond));
    world_.after(pause, [this] {
        if (!tormenting_) return;
        torment_.commit_fault();
        if (plan_.faults.operations && world_.random.chance(1, 6)) operators_.operate();
        cast_.nodes()[world_.random.below(cast_.nodes().size())]->submit(world_.random.bytes(20));
        plan_next_fault();
    });
}

void Simulation::run_until(const std::function<bool()>& done, Nanos deadline) {
    std::uint64_t steps = 0;
    while (!done() && world_.now() < deadline && judge_.violations().empty()) {
        if (!world_.step()) break;  // nobody runs
        if (++steps % 256 == 0) judge_.judge_signatures(registry_);
    }
    judge_.judge_signatures(registry_);
}

void Simulation::run_for(Nanos time) {
    run_until([] { return false; }, world_.now() + time);
}

void Simulation::demand_progress(const char* after_what) {
    const std::int64_t goal = highest() + heal_heights;
    std::uint64_t looked_at = 0;  // it costs more than most events, which change nothing about it
    const auto all_are_there = [&] {
        if (looked_at == judge_.node_heights()) return false;
        looked_at = judge_.node_heights();
        return lowest() >= goal;
    };
    run_until(all_are_there, world_.now() + heal_time_max);
    if (judge_.violations().empty() && lowest() < goal)
        judge_.blame(highest(), fmt::format("after {} the slowest node is at {}, not {}:{}",
                                            after_what, lowest(), goal, where_all_are()));
}

std::string Simulation::where_all_are() const {
    std::string text;
    for (const auto& node : cast_.nodes()) {
        text +=
            fmt::format(" {}{}{} at {}", node->name(), cast_.lies(node->index()) ? " (lies)" : "",
                        node->running() ? "" : " (off)", node->height());
        if (const consensus::State* state = node->consensus_state()) {
            text +=
                fmt::format("+{}/{}/{}{}", state->height - node->height(), state->round,
                            static_cast<int>(state->step),
                            state->locked ? fmt::format(" locked {}", state->locked_round) : "");
            for (const types::VoteSet* votes :
                 {state->votes.prevotes(state->round), state->votes.precommits(state->round)})
                if (votes != nullptr) {
                    text += ' ';
                    for (std::size_t i = 0; i < votes->size(); ++i)
                        text += votes->bit_array().get(i) ? 'x' : '_';
                }
        }
        text += node->holds_back() ? " holds back;" : ";";
    }
    return text;
}

/// Seats fall one after another, with all their nodes: the chain goes on as long as more than two
/// thirds are there, stops with the one that is too many, and goes on when they are back.
void Simulation::take_a_third_away() {
    // Who came back with an older disk is there and does not vote yet.
    const auto all_speak = [&] {
        return std::ranges::none_of(cast_.nodes(),
                                    [](const auto& node) { return node->holds_back(); });
    };
    run_until(all_speak, world_.now() + heal_time_max);
    const seats::State* state = cast_.newest_seats();
    if (state == nullptr || !judge_.violations().empty()) return;
    if (!all_speak()) return judge_.blame(highest(), "nodes hold back for ever:" + where_all_are());
    const std::int64_t total = state->total_power();
    std::vector<std::pair<std::string, std::int64_t>> standing;
    std::int64_t lying = 0;
    for (const seats::Seat& seat : state->seats) {
        if (!seat.in_set()) continue;
        if (cast_.find_seat(seat.id)->lies)
            lying += seat.power;
        else
            standing.emplace_back(seat.id, seat.power);
    }
    std::vector<std::string> fallen;
    std::int64_t down = 0;
    while (!standing.empty() && 3 * (down + lying) < total) {
        const std::size_t index = world_.random.below(standing.size());
        const auto [id, power] = standing[index];
        if (3 * (down + lying + power) >= total && !fallen.empty()) {
            torment_.take_down(fallen);
            const std::int64_t goal = highest() + 3;
            run_until([&] { return highest() >= goal; }, world_.now() + heal_time_max);
            if (judge_.violations().empty() && highest() < goal)
                judge_.blame(highest(), "the chain stops though more than two thirds are there:" +
                                            where_all_are());
        }
        standing.erase(standing.begin() + static_cast<std::ptrdiff_t>(index));
        fallen.push_back(id);
        down += power;
    }
    if (3 * down < total) return torment_.bring_back();  // with the liars' votes it may move
    torment_.take_down(fallen);
    run_for(grace);
    const std::int64_t stopped_at = highest();
    run_for(standstill);
    if (highest() != stopped_at) judge_.blame(highest(), "the chain moves without two thirds");
    ++summary_.halts;
    torment_.bring_back();
    demand_progress("a third was away");
}

Summary Simulation::run() {
    torment_.start_all();
    torment_.deal_twins();
    const bool torments = plan_.faults.any();
    if (torments) plan_next_fault();
    const std::int64_t target =
        plan_.initial_height - 1 + std::max<std::int64_t>(options_.heights - heal_heights, 1);
    run_until([&] { return highest() >= target; }, 5 * second * options_.heights);
    tormenting_ = false;
    torment_.heal();
    operators_.resume_all();
    demand_progress("healing");
    if (options_.faults.beyond_third && world_.random.chance(1, 3)) take_a_third_away();
    sum_up();
    return summary_;
}

void Simulation::sum_up() {
    summary_.heights = highest() - plan_.initial_height + 1;
    summary_.node_heights = judge_.node_heights();
    using Reason = seats::SwitchReason;
    for (const Reason reason : {Reason::run, Reason::wedged, Reason::evidence, Reason::switchover})
        summary_.switches[static_cast<std::size_t>(reason)] = judge_.switches(reason);
    // Where parameters were drawn, a few records in which its vote came after the commit was closed
    // are enough to call a validator wedged: that is no fault of the rule.
    auto unexpected = summary_.switches;
    if (options_.faults.any()) unexpected[static_cast<std::size_t>(Reason::wedged)] = 0;
    if (!plan_.faults.any() && unexpected != decltype(unexpected){})
        judge_.blame(highest(), "a healthy chain has switched");
    summary_.lies[static_cast<std::size_t>(Lie::equivocation)] = judge_.equivocations();
    summary_.evidence = judge_.convicted();
    summary_.invalid_records = judge_.invalid_records();
    summary_.signatures = registry_.signatures();
    summary_.trace = base::to_hex(judge_.trace());
    summary_.violations = judge_.violations();
}

}  // namespace

Summary run_seed(std::uint64_t seed, const Options& options, Judge::Watch watch) {
    return Simulation(seed, options, std::move(watch)).run();
}

}  // namespace tandem::sim
