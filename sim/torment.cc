#include "sim/torment.h"

namespace tandem::sim {
namespace {

Nanos milliseconds(std::uint64_t count) {
    return static_cast<Nanos>(count) * millisecond;
}

}  // namespace

void Torment::start_all() {
    for (const auto& one : parts_.cast.nodes()) restart(one->index());
}

void Torment::restart(std::size_t index) {
    if (node(index).running() || down_.contains(index) || out_of_service_.contains(index) ||
        away_.contains(index))
        return;
    const SeatKeys& seat = parts_.cast.seat_of(index);
    if (seat.lies && seat.forgets && !node(index).disk().log().empty()) {
        node(index).disk().forget_what_was_signed();
        ++parts_.lies[static_cast<std::size_t>(Lie::amnesia)];
    }
    node(index).start();
}

// ---- Who may fail

bool Torment::fails(std::size_t index) const {
    const auto found = impaired_.find(index);
    return !node(index).running() || node(index).frozen() || node(index).wedged() ||
           node(index).diverged() || node(index).holds_back() ||
           (found != impaired_.end() && found->second > 0);
}

bool Torment::may_fail(std::size_t victim) const {
    if (plan_.faults.beyond_third && world().now() / (20 * second) % 5 == 3) return true;
    const seats::State* state = parts_.cast.newest_seats();
    if (state == nullptr) return false;
    std::int64_t failing = 0;
    const std::string& own = parts_.cast.seat_of(victim).id;
    for (const seats::Seat& seat : state->seats) {
        if (!seat.in_set()) continue;
        const auto validator = parts_.cast.find_node(seat.nodes[seat.validator].consensus_key);
        const SeatKeys* keys = parts_.cast.find_seat(seat.id);
        if (seat.id == own || (keys->lies && plan_.within_third) || !validator || fails(*validator))
            failing += seat.power;
    }
    return 3 * failing < state->total_power();
}

std::set<std::string> Torment::silent_seats() const {
    const seats::State* state = parts_.cast.newest_seats();
    std::set<std::string> silent;
    for (const auto& one : parts_.cast.nodes()) {
        const auto since = silent_since_.find(one->index());
        if (one->holds_back() || out_of_service_.contains(one->index()) ||
            (since != silent_since_.end() && state != nullptr &&
             state->height <= since->second + 1))
            silent.insert(parts_.cast.seat_of(one->index()).id);
    }
    return silent;
}

bool Torment::may_stay_silent(std::size_t victim) const {
    const seats::State* state = parts_.cast.newest_seats();
    if (state == nullptr || state->height <= powers_move_until_) return false;
    std::set<std::string> silent = silent_seats();
    silent.insert(parts_.cast.seat_of(victim).id);
    std::int64_t power = 0;
    for (const SeatKeys& seat : parts_.cast.seats())
        if (seat.lies || silent.contains(seat.id)) power += state->present_power(seat.id);
    return 3 * power < state->total_power();
}

void Torment::impair(std::size_t victim, Nanos time, std::function<void()> ends) {
    ++impaired_[victim];
    world().after(time, [this, victim, when = healings_, ends = std::move(ends)] {
        if (when != healings_) return;
        --impaired_[victim];
        ends();
    });
}

// ---- Faults

void Torment::crash(std::size_t victim) {
    if (!node(victim).running()) return;
    ++parts_.tally.crashes;
    if (random().chance(2, 5))
        node(victim).crash_in_the_middle(1 + random().below(40));
    else
        node(victim).crash();
    const bool long_outage = random().chance(1, 2);
    const Nanos outage =
        milliseconds(long_outage ? 2000 + random().below(25'000) : 50 + random().below(1500));
    // Whatever has become of it by then, it runs again: it may have died in between.
    world().after(outage, [this, victim] { restart(victim); });
}

/// One, or all nodes of a seat, or nodes of several seats at once.
void Torment::crash_some() {
    const std::size_t first = any_node();
    const std::uint64_t kind = random().below(8);
    for (const auto& one : parts_.cast.nodes()) {
        const std::size_t index = one->index();
        const bool same_seat = parts_.cast.seat_of(index).id == parts_.cast.seat_of(first).id;
        const bool chosen =
            index == first || (kind == 0 && same_seat) || (kind == 1 && random().chance(1, 3));
        if (chosen && may_fail(index)) crash(index);
    }
}

void Torment::freeze_one() {
    const std::size_t victim = any_node();
    if (!node(victim).running() || away_.contains(victim) || !may_fail(victim)) return;
    if (random().chance(1, 4)) return slow_one();
    ++parts_.tally.freezes;
    node(victim).freeze(true);
    world().after(milliseconds(200 + random().below(15'000)),
                  [this, victim] { node(victim).freeze(false); });
}

void Torment::slow_one() {
    const std::size_t victim = any_node();
    if (!may_fail(victim)) return;
    node(victim).slow_down(static_cast<Nanos>(2 + random().below(30)));
    parts_.network.slow_down(victim, milliseconds(random().below(300)));
    impair(victim, milliseconds(1000 + random().below(10'000)), [this, victim] {
        node(victim).slow_down(1);
        parts_.network.slow_down(victim, 0);
    });
}

void Torment::cut_one() {
    const std::size_t victim = any_node();
    if (!may_fail(victim)) return;
    ++parts_.tally.partitions;
    const std::uint64_t kind = random().below(3);  // deaf, mute or both
    const auto cut = [this, victim, kind](bool is_cut) {
        for (std::size_t other = 0; other < parts_.cast.nodes().size(); ++other) {
            if (kind != 0) parts_.network.cut(Cut::torment, victim, other, is_cut);
            if (kind != 1) parts_.network.cut(Cut::torment, other, victim, is_cut);
        }
    };
    cut(true);
    impair(victim, milliseconds(200 + random().below(12'000)), [cut] { cut(false); });
}

/// Votes only, proposals only or heartbeats only, one way, for a round or for many heights.
void Torment::cut_channel() {
    const std::size_t victim = any_node();
    if (!may_fail(victim)) return;
    ++parts_.tally.channel_cuts;
    const std::array<Channel, 4> channels{Channel::data, Channel::vote, Channel::heartbeat,
                                          Channel::sync};
    const Channel channel = channels[random().below(channels.size())];
    const bool is_deaf = random().chance(1, 2);
    const auto lose = [this, victim, channel, is_deaf](bool is_lost) {
        for (std::size_t other = 0; other < parts_.cast.nodes().size(); ++other)
            parts_.network.lose(channel, is_deaf ? other : victim, is_deaf ? victim : other,
                                is_lost);
    };
    lose(true);
    impair(victim, milliseconds(400 + random().below(20'000)), [lose] { lose(false); });
}

/// What the seats are for: a validator dies or freezes for longer than its seat needs, and comes
/// back when it is the standby; or after many heights in which nobody could take over.
void Torment::fail_over_one() {
    const seats::State* state = parts_.cast.newest_seats();
    if (state == nullptr) return;
    const std::size_t first = random().below(state->seats.size());
    for (std::size_t i = 0; i < state->seats.size(); ++i) {
        const seats::Seat& seat = state->seats[(first + i) % state->seats.size()];
        const auto validator = mortal_validator(seat);
        if (!validator) continue;
        ++parts_.tally.outages;
        away_.insert(*validator);
        const std::int64_t until =
            state->height + 10 + static_cast<std::int64_t>(random().below(40));
        await_switch(seat.id, *validator, until);
        // The state may be that of the node which dies here.
        return random().chance(1, 4) ? node(*validator).freeze(true) : node(*validator).crash();
    }
}

std::optional<std::size_t> Torment::mortal_validator(const seats::Seat& seat) const {
    if (!seat.in_set()) return std::nullopt;
    const auto validator = parts_.cast.find_node(seat.nodes[seat.validator].consensus_key);
    if (!validator || fails(*validator) || !may_fail(*validator)) return std::nullopt;
    const bool has_heir = std::ranges::any_of(seat.nodes, [&](const seats::Node& other) {
        const auto index = parts_.cast.find_node(other.consensus_key);
        return index && *index != *validator && !fails(*index);
    });
    return has_heir ? validator : std::nullopt;
}

void Torment::await_switch(const std::string& seat, std::size_t away, std::int64_t until) {
    world().after(
        milliseconds(100 + random().below(400)), [this, seat, away, until, when = healings_] {
            if (when != healings_ || !away_.contains(away)) return;
            const seats::State* state = parts_.cast.newest_seats();
            const seats::Seat* found = state == nullptr ? nullptr : state->find_seat(seat);
            const bool holds =
                found != nullptr && found->in_set() &&
                found->nodes[found->validator].consensus_key == node(away).consensus_key();
            if (holds && state->height < until) return await_switch(seat, away, until);
            return_from_outage(away);
        });
}

void Torment::return_from_outage(std::size_t index) {
    away_.erase(index);
    node(index).freeze(false);
    restart(index);
    if (random().chance(2, 3)) fail_over_one();
}

void Torment::wedge_one() {
    const std::size_t victim = any_node();
    if (!may_fail(victim)) return;
    ++parts_.tally.wedges;
    node(victim).wedge(true);
    impair(victim, milliseconds(2000 + random().below(60'000)),
           [this, victim] { end_wedge(victim); });
}

/// By a restart: what it did not say it will not say later.
void Torment::end_wedge(std::size_t victim) {
    node(victim).wedge(false);
    node(victim).diverge(false);
    parts_.judge.set_diverged(victim, false);
    if (node(victim).running()) node(victim).crash();
    restart(victim);
}

void Torment::diverge_one() {
    const std::size_t victim = any_node();
    if (!may_fail(victim)) return;
    ++parts_.tally.wedges;
    node(victim).diverge(true);
    parts_.judge.set_diverged(victim, true);
    impair(victim, milliseconds(2000 + random().below(20'000)),
           [this, victim] { end_wedge(victim); });
}

void Torment::commit_fault() {
    const FaultKinds& faults = plan_.faults;
    struct Choice {
        bool is_drawn;
        std::size_t weight;
        void (Torment::*commit)();
    };
    const std::array<Choice, 9> choices{{{faults.crash, 3, &Torment::crash_some},
                                         {faults.partition, 1, &Torment::cut_one},
                                         {faults.freeze, 1, &Torment::freeze_one},
                                         {faults.clock, 1, &Torment::jump_clock},
                                         {faults.channels, 2, &Torment::cut_channel},
                                         {faults.outages, 4, &Torment::fail_over_one},
                                         {faults.wedge, 1, &Torment::wedge_or_diverge},
                                         {faults.disks, 1, &Torment::torment_disk},
                                         {faults.splits, 2, &Torment::split_lock}}};
    std::vector<const Choice*> drawn;
    for (const Choice& choice : choices)
        for (std::size_t i = 0; choice.is_drawn && i < choice.weight; ++i) drawn.push_back(&choice);
    if (!drawn.empty()) (this->*drawn[random().below(drawn.size())]->commit)();
    if (random().chance(1, 3)) deal_twins();
    if (random().chance(1, 3)) blink();
}

/// In one of the heights to come: parts are assigned when its round begins.
void Torment::split_lock() {
    const seats::State* state = parts_.cast.newest_seats();
    if (state == nullptr || split_) return;
    const std::uint64_t number = ++split_number_;
    const auto plays = [this](std::size_t index) {
        return !parts_.cast.lies(index) && !fails(index);
    };
    const auto begins = [this, number,
                         time = milliseconds(2500 + random().below(4000))](std::size_t decider) {
        ++parts_.tally.splits;
        impair(decider, time, [this, number] { end_split(number); });
    };
    split_ = std::make_unique<SplitLock>(
        SplitLock::Place{state->height + 2, random().chance(1, 8) ? 1 : 0, random().below(64)},
        SplitLock::Rules{plays, [this](std::size_t index) { return may_fail(index); }, begins},
        parts_.cast);
    parts_.network.splits = [split = split_.get()](std::size_t from, std::size_t to,
                                                   const Message& message) {
        return split->hides(from, to, message);
    };
    // The round may never come.
    world().after(10 * second, [this, number] {
        if (split_ && !split_->has_begun()) end_split(number);
    });
}

void Torment::end_split(std::uint64_t number) {
    if (!split_ || number != split_number_) return;
    parts_.network.splits = {};
    split_.reset();
}

/// Whoever forgets what it signed is back before the height is over.
void Torment::blink() {
    for (const auto& one : parts_.cast.nodes()) {
        const SeatKeys& seat = parts_.cast.seat_of(one->index());
        if (!seat.lies || !seat.forgets || !one->running()) continue;
        one->crash();
        world().after(milliseconds(random().below(30)),
                      [this, index = one->index()] { restart(index); });
    }
}

void Torment::jump_clock() {
    node(any_node()).jump_clock(milliseconds(random().below(3000)) - milliseconds(1500));
}

void Torment::wedge_or_diverge() {
    random().chance(2, 3) ? wedge_one() : diverge_one();
}

void Torment::deal_twins() {
    for (const auto& [one, twin] : parts_.cast.twins())
        for (const auto& other : parts_.cast.nodes()) {
            const std::size_t index = other->index();
            if (index == one || index == twin) continue;
            const std::uint64_t heard = random().below(5);  // the one, the other, or both
            for (const auto& [who, is_cut] :
                 {std::pair(one, heard < 2), std::pair(twin, heard > 2)}) {
                parts_.network.cut(Cut::twins, index, who, is_cut);
                parts_.network.cut(Cut::twins, who, index, is_cut);
            }
        }
}

// ---- And their end

void Torment::heal() {
    ++healings_;
    impaired_.clear();
    away_.clear();
    split_.reset();
    parts_.network.heal();
    for (const auto& one : parts_.cast.nodes()) {
        one->freeze(false);
        if (one->wedged() || one->diverged()) end_wedge(one->index());
        one->slow_down(1);
        one->crash_in_the_middle(0);
    }
    start_all();
}

void Torment::take_down(const std::vector<std::string>& seats) {
    for (const auto& one : parts_.cast.nodes()) {
        const std::string& own = parts_.cast.seat_of(one->index()).id;
        if (std::ranges::find(seats, own) == seats.end()) continue;
        if (one->running()) one->crash();
        down_.insert(one->index());
    }
}

void Torment::bring_back() {
    down_.clear();
    start_all();
}

void Torment::take_out_of_service(std::size_t index) {
    if (node(index).running()) node(index).crash();
    out_of_service_.insert(index);
}

void Torment::put_back_into_service(std::size_t index) {
    out_of_service_.erase(index);
    restart(index);
}

}  // namespace tandem::sim
