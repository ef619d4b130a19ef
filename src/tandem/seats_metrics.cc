#include "tandem/seats_metrics.h"

#include <algorithm>
#include <bit>

#include "seats/record.h"
#include "seats/rule.h"

namespace tandem::program {
namespace {

using enum MetricType;
using seats::Liveness;

template <typename Value>
void each_node(MetricsPage& page, const seats::State& state, Value value) {
    for (const seats::Seat& seat : state.seats)
        for (std::size_t i = 0; i < seat.nodes.size(); ++i)
            if (const auto number = value(seat, i))
                page.sample(*number, {{"seat", seat.id}, {"node", seat.nodes[i].name}});
}

/// Standbys that the newest record calls alive and that may take over.
std::int64_t live_standbys(const seats::Seat& seat) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < seat.nodes.size(); ++i)
        if (i != seat.validator && seat.nodes[i].liveness == Liveness::alive &&
            !seat.nodes[i].quarantined)
            ++count;
    return count;
}

}  // namespace

// ---- What happens

void SeatsMetrics::count_record(const CommittedBlock& block) {
    const seats::State& state = seats_->state();
    if (block.height == state.initial_height) return;  // it has none
    const auto first = block.txs.begin();
    if (first == block.txs.end() || seats::classify(*first) != seats::TxKind::record) {
        ++records_missing_;
        return;
    }
    if (block.first_code != 0) {
        ++records_invalid_;
        return;
    }
    ++records_valid_;
    if (!block.own_was_heard) return;
    const auto self = seats::find_by_consensus_address(state, own_);
    const auto proposer = seats::find_by_consensus_address(state, base::view(block.proposer));
    if (self && proposer && state.seats[self->seat].nodes[self->node].liveness == Liveness::dead)
        ++omissions_[state.seats[proposer->seat].id];
}

void SeatsMetrics::on_block(const CommittedBlock& block) {
    count_record(block);
    for (const seats::SwitchFact& fact : seats_->state().recent_switches)
        if (fact.decided_height == block.height) ++switches_[{fact.seat, fact.reason}];
}

// ---- What is said

void SeatsMetrics::write(MetricsPage& page) const {
    write_margin(page);
    write_seats(page);
    write_nodes(page);
    write_counts(page);
}

void SeatsMetrics::write_margin(MetricsPage& page) const {
    const std::int64_t total = seats_->state().total_power();
    std::vector<std::int64_t> alive;
    std::int64_t power = 0;
    for (const seats::Seat& seat : seats_->state().seats) {
        if (!seat.in_set() || seat.nodes[seat.validator].liveness == Liveness::dead) continue;
        alive.push_back(seat.power);
        power += seat.power;
    }
    const std::int64_t needed = total / 3 * 2 + total % 3 * 2 / 3 + 1;  // more than two thirds
    page.one("seats_margin_power", gauge,
             "How much more power may fail before no block can be decided.",
             std::max<std::int64_t>(power - needed, 0));
    std::ranges::sort(alive, std::greater());
    std::int64_t validators = 0;
    for (const std::int64_t one : alive) {
        power -= one;
        if (power < needed) break;
        ++validators;
    }
    page.one("seats_margin_validators", gauge,
             "How many more validators may fail, the heaviest first.", validators);
}

void SeatsMetrics::write_seats(MetricsPage& page) const {
    const seats::State& state = seats_->state();
    const auto each = [&](auto value) {
        for (const seats::Seat& seat : state.seats)
            if (const auto number = value(seat)) page.sample(*number, {{"seat", seat.id}});
    };
    const auto each_has = [&](auto value) {
        each([&](const seats::Seat& seat) { return std::optional(value(seat)); });
    };
    page.begin("seats_power", gauge, "Power of a seat.");
    each_has([](const seats::Seat& seat) { return seat.power; });
    page.begin("seats_live_standbys", gauge,
               "Standbys that the newest record calls alive and that may take over.");
    each_has(live_standbys);
    page.begin("seats_run_records", gauge,
               "Records in a row, up to the newest, that call the seat's validator dead.");
    each_has([](const seats::Seat& seat) { return seat.run.length; });
    page.begin("seats_pending_switch", gauge,
               "1 while a switch is decided and not yet in effect, else 0.");
    each_has([&](const seats::Seat& seat) { return seat.has_pending(state.height + 1); });
    page.begin("seats_paused", gauge, "1 while the rule does not run for the seat, else 0.");
    each_has([](const seats::Seat& seat) { return seat.paused; });
    page.begin("seats_last_switch_height", gauge,
               "Height that decided the seat's last switch, if it is one of the last 64.");
    each([&](const seats::Seat& seat) {
        std::optional<std::int64_t> height;
        for (const seats::SwitchFact& fact : state.recent_switches)
            if (fact.seat == seat.id) height = fact.decided_height;
        return height;
    });
}

void SeatsMetrics::write_nodes(MetricsPage& page) const {
    const seats::State& state = seats_->state();
    using Number = std::optional<std::int64_t>;
    page.begin("seats_node_validator", gauge,
               "1 for the node that holds the seat in the newest decided set, else 0.");
    each_node(page, state, [](const seats::Seat& seat, std::size_t i) {
        return Number(i == seat.validator ? 1 : 0);
    });
    page.begin("seats_node_alive", gauge, "Whether the newest record calls the node alive.");
    each_node(page, state, [](const seats::Seat& seat, std::size_t i) {
        const Liveness said = seat.nodes[i].liveness;
        return said == Liveness::unknown ? Number() : Number(said == Liveness::alive ? 1 : 0);
    });
    page.begin("seats_node_alive_records", gauge,
               "Records among the last N of the rule that call the node alive.");
    each_node(page, state, [&](const seats::Seat& seat, std::size_t i) {
        return Number(seat.nodes[i].window.alive_among_last(state.params.run_records));
    });
    page.begin("seats_node_records_since_dead", gauge,
               "Records in a row, up to the newest, that call the node alive; 64 at most.");
    each_node(page, state, [](const seats::Seat& seat, std::size_t i) {
        return Number(std::countr_one(seat.nodes[i].window.alive_bits));
    });
    page.begin("seats_node_quarantined", gauge, "1 for a node that evidence convicted, else 0.");
    each_node(page, state, [](const seats::Seat& seat, std::size_t i) {
        return Number(seat.nodes[i].quarantined ? 1 : 0);
    });
    page.begin("seats_own_validator", gauge,
               "Of this node: 1 while it holds its seat, 0 while it stands by.");
    const auto self = seats::find_by_consensus_address(state, own_);
    if (!self) return;
    const seats::Seat& seat = state.seats[self->seat];
    page.sample(self->node == seat.validator,
                {{"seat", seat.id}, {"node", seat.nodes[self->node].name}});
}

void SeatsMetrics::write_counts(MetricsPage& page) const {
    page.begin("seats_switches_total", counter, "Switches decided, by seat and reason.");
    for (const auto& [what, count] : switches_)
        page.sample(count, {{"seat", what.first}, {"reason", std::string(to_text(what.second))}});
    page.begin("seats_records_total", counter, "Blocks by the record that they begin with.");
    page.sample(records_valid_, {{"result", "valid"}});
    page.sample(records_invalid_, {{"result", "invalid"}});
    page.sample(records_missing_, {{"result", "missing"}});
    page.begin("seats_own_omitted_total", counter,
               "Valid records that call this node dead, by the seat of who proposed them.");
    for (const auto& [seat, count] : omissions_) page.sample(count, {{"proposer_seat", seat}});
}

}  // namespace tandem::program
