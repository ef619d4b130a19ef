#include "sim/seats_scenario.h"

#include <fmt/format.h>

#include "sim/naive.h"
#include "sim/scenario_operations.h"

namespace tandem::sim {
namespace {

using seats::Status;

constexpr std::int64_t for_ever = 1'000'000;

const std::vector<CommandShape>& shapes() {
    static const std::vector<CommandShape> known = [] {
        std::vector<CommandShape> list{{"network",
                                        {"seats", "standbys", "powers", "N", "K", "M", "C", "T",
                                         "lag", "lag-time", "guard", "block-time", "round-time"}},
                                       {"behind", {"node", "blocks", "at-height"}},
                                       {"flap", {"node", "down", "up", "from-height"}},
                                       {"lie", {"node", "kind", "of", "from-height", "to-height"}},
                                       {"operate", operate_options()},
                                       {"evidence", {"node", "kind", "at-height"}},
                                       {"block-time", {"ms"}},
                                       {"wait", {"ms"}},
                                       {"run", {"to-height"}},
                                       {"why", {"seat"}}};
        for (const std::string_view verb :
             {"crash", "restart", "freeze", "wake", "wedge", "nil-votes", "diverge", "mute", "deaf",
              "cut", "blind", "steal-liveness-key", "heal"})
            list.push_back({verb, {"node", "at-height"}});
        return list;
    }();
    return known;
}

std::string count_word(std::size_t count) {
    constexpr std::array<std::string_view, 13> words{"no",   "one",    "two",   "three", "four",
                                                     "five", "six",    "seven", "eight", "nine",
                                                     "ten",  "eleven", "twelve"};
    return count < words.size() ? std::string(words[count]) : std::to_string(count);
}

std::string_view word_of(Status status) {
    switch (status) {
        case Status::has_signed:
            return "SIGNED";
        case Status::heard:
            return "HEARD";
        case Status::dead:
            break;
    }
    return "DEAD";
}

std::string value_of(const abci::Event& event, std::string_view key) {
    for (const abci::EventAttribute& attribute : event.attributes)
        if (attribute.key == key) return attribute.value;
    return "";
}

class SeatsHarness final : public Harness {
  public:
    base::Verdict execute(const Command& command) override;

  private:
    base::Verdict make_network(const Command& command);
    base::Verdict run_to(const Command& command);
    base::Verdict condition(const Command& command);
    base::Verdict flap(const Command& command);
    base::Verdict lie(const Command& command);
    base::Verdict before_block(const Command& command);
    base::Verdict explain(const Command& command);
    base::Result<Machine*> machine_of(const Command& command);
    void apply(Machine& machine, const std::string& verb, std::int64_t blocks);
    bool decide();
    void catch_up();
    void adopt_new_keys(const SmallChain::Decided& decided);

    void say(std::int64_t height, std::string_view what, std::string_view text) {
        transcript.push_back(text.empty() ? fmt::format("{}: {}", height, what)
                                          : fmt::format("{}: {:<7} {}", height, what, text));
    }
    void report(const SmallChain::Decided& decided);
    void report_record(std::int64_t height, const std::set<std::string>& moved);
    void report_results(const SmallChain::Decided& decided);
    void report_events(const SmallChain::Decided& decided);
    void report_first_commits(const SmallChain::Decided& decided);
    void summarise();

    std::optional<SmallChain> chain_;
    std::optional<SecondOpinion> opinion_;
    std::multimap<std::int64_t, std::function<void()>> planned_;  // between votes and execution
    std::multimap<std::int64_t, Command> in_block_;               // operations, evidence
    OperationNames names_;
    std::set<std::string> liars_;
    std::map<std::string, Status> shown_;                 // by node: what was last on record
    std::map<std::string, std::string> validator_;        // by seat, when that was
    std::multimap<std::int64_t, std::string> newcomers_;  // seats by their new validator's height
    bool one_validator_each_ = true;
};

// ---- Commands

base::Verdict SeatsHarness::execute(const Command& command) {
    TANDEM_TRY(check_shape(command, shapes()));
    if (command.verb == "network") {
        if (chain_) return base::refuse("scenario", "there is a network already");
        return make_network(command);
    }
    if (command.verb == "run") return run_to(command);
    if (command.verb == "flap") return flap(command);
    if (command.verb == "lie") return lie(command);
    if (command.verb == "why") return explain(command);
    if (command.verb == "operate" || command.verb == "evidence") return before_block(command);
    if (command.verb == "wait" || command.verb == "block-time") {
        const auto ms = command.number("ms", 0);
        if (!ms) return std::unexpected(ms.error());
        if (*ms < 1) return base::refuse("scenario", "ms must be 1 or more");
        if (command.verb == "wait")
            chain_->pass_time(*ms);
        else
            chain_->setting.block_ms = *ms;
        return {};
    }
    return condition(command);
}

base::Verdict SeatsHarness::make_network(const Command& command) {
    SmallChain::Setting setting;
    const auto seats = command.number("seats", 4);
    auto standbys = command.numbers("standbys");
    auto powers = command.numbers("powers");
    const auto block_ms = command.number("block-time", 1000);
    auto params = read_params(command, {});
    for (const bool good : {seats.has_value(), standbys.has_value(), powers.has_value(),
                            block_ms.has_value(), params.has_value()})
        if (!good) {
            if (!seats) return std::unexpected(seats.error());
            if (!standbys) return std::unexpected(standbys.error());
            if (!powers) return std::unexpected(powers.error());
            if (!block_ms) return std::unexpected(block_ms.error());
            return std::unexpected(params.error());
        }
    const auto round_ms = command.number("round-time", *block_ms);
    if (!round_ms) return std::unexpected(round_ms.error());
    if (*seats < 1 || *seats > 16) return base::refuse("scenario", "seats must be 1 to 16");
    const auto count = static_cast<std::size_t>(*seats);
    if (powers->empty()) powers->assign(count, 10);
    if (standbys->size() <= 1) standbys->assign(count, standbys->empty() ? 1 : standbys->front());
    if (powers->size() != count || standbys->size() != count)
        return base::refuse("scenario", "powers and standbys are one or as many as seats");
    for (std::size_t i = 0; i < count; ++i)
        if ((*powers)[i] < 1 || (*standbys)[i] < 0 || (*standbys)[i] > 9)
            return base::refuse("scenario", "powers are above 0, standbys 0 to 9");
    if (*block_ms < 1 || *round_ms < 1) return base::refuse("scenario", "times are 1 ms or more");
    TANDEM_TRY(seats::validate(*params));
    setting = {*params, *powers, *standbys, *block_ms, *round_ms};
    chain_.emplace(std::move(setting));
    opinion_.emplace(chain_->genesis(), chain_->verifier());
    for (const seats::Seat& seat : chain_->seats_state().seats)
        validator_[seat.id] = seat.nodes[seat.validator].name;
    return {};
}

base::Result<Machine*> SeatsHarness::machine_of(const Command& command) {
    if (Machine* machine = chain_->find(command.text("node"))) return machine;
    std::vector<std::string> names;
    for (const auto& machine : chain_->machines()) names.push_back(machine->name);
    return std::unexpected(unknown("node", command.text("node"), names));
}

/// What befalls a machine, now or at a height.
base::Verdict SeatsHarness::condition(const Command& command) {
    const auto machine = machine_of(command);
    if (!machine) return std::unexpected(machine.error());
    const auto blocks = command.number("blocks", 0);
    if (!blocks) return std::unexpected(blocks.error());
    const auto at = command.number("at-height", 0);
    if (!at) return std::unexpected(at.error());
    if (!command.has("at-height")) {
        apply(**machine, command.verb, *blocks);
        catch_up();
        return {};
    }
    if (*at <= chain_->height()) return base::refuse("scenario", "that height is over");
    planned_.emplace(*at, [this, machine = *machine, verb = command.verb, blocks = *blocks] {
        apply(*machine, verb, blocks);
    });
    return {};
}

void SeatsHarness::apply(Machine& machine, const std::string& verb, std::int64_t blocks) {
    if (verb == "crash") chain_->stop(machine);
    if (verb == "restart" && !machine.seats) chain_->start(machine);
    if (verb == "freeze") machine.frozen = true;
    if (verb == "wake") machine.frozen = false;
    if (verb == "wedge") machine.wedged = true;
    if (verb == "nil-votes") machine.votes_nil = true;
    if (verb == "diverge") machine.application.diverged = true;
    if (verb == "mute") machine.mute = true;
    if (verb == "deaf") machine.deaf = true;
    if (verb == "cut") machine.cut = true;
    if (verb == "blind") machine.blind = true;
    if (verb == "steal-liveness-key") machine.key_stolen = true;
    if (verb == "behind") machine.behind = blocks;
    if (verb == "heal") {
        machine.frozen = machine.wedged = machine.votes_nil = machine.mute = machine.deaf =
            machine.cut = machine.blind = machine.key_stolen = false;
        machine.behind = 0;
        machine.flap.reset();
    }
}

/// Whoever hears again fetches what it missed.
void SeatsHarness::catch_up() {
    for (const auto& machine : chain_->machines())
        if (machine->hears(chain_->height()))
            chain_->execute(*machine, chain_->height() - machine->behind);
    if (chain_->height() > 0) chain_->exchange_heartbeats();
}

base::Verdict SeatsHarness::flap(const Command& command) {
    const auto machine = machine_of(command);
    if (!machine) return std::unexpected(machine.error());
    const auto down = command.number("down", 1);
    const auto up = command.number("up", 1);
    const auto from = command.number("from-height", chain_->height() + 1);
    if (!down) return std::unexpected(down.error());
    if (!up) return std::unexpected(up.error());
    if (!from) return std::unexpected(from.error());
    if (*down < 1 || *up < 1) return base::refuse("scenario", "down and up are 1 or more");
    (*machine)->flap = {*down, *up, *from};
    return {};
}

base::Verdict SeatsHarness::lie(const Command& command) {
    const auto machine = machine_of(command);
    if (!machine) return std::unexpected(machine.error());
    const auto from = command.number("from-height", chain_->height() + 1);
    const auto to = command.number("to-height", for_ever);
    if (!from) return std::unexpected(from.error());
    if (!to) return std::unexpected(to.error());
    const std::string kind = command.text("kind");
    if (std::ranges::find(lie_kinds(), kind) == lie_kinds().end())
        return std::unexpected(unknown("lie", kind, lie_kinds()));
    (*machine)->lies.push_back({kind, command.list("of"), *from, *to});
    liars_.insert((*machine)->seat);
    opinion_->set_liars(liars_);
    return {};
}

base::Verdict SeatsHarness::before_block(const Command& command) {
    const auto at = command.number("at-height", chain_->height() + 1);
    if (!at) return std::unexpected(at.error());
    if (*at <= chain_->height()) return base::refuse("scenario", "that height is over");
    in_block_.emplace(*at, command);
    return {};
}

// ---- Running

base::Verdict SeatsHarness::run_to(const Command& command) {
    const auto target = command.number("to-height", 0);
    if (!target) return std::unexpected(target.error());
    if (*target <= chain_->height() || *target > 10'000)
        return base::refuse("scenario", "to-height lies ahead, and is at most 10000");
    while (chain_->height() < *target) {
        const std::int64_t next = chain_->height() + 1;
        names_.in_block.clear();
        for (auto [at, end] = in_block_.equal_range(next); at != end; ++at) {
            const Command& wanted = at->second;
            if (wanted.verb == "evidence") {
                const auto machine = machine_of(wanted);
                if (!machine) return std::unexpected(machine.error());
                chain_->convict(**machine, wanted.text("kind") == "light-client");
                continue;
            }
            auto tx = make_operation(wanted, *chain_, names_);
            if (!tx) return std::unexpected(tx.error());
            auto& list = wanted.text("through") == "pool" ? chain_->pool : chain_->forced_txs;
            list.push_back(std::move(*tx));
        }
        in_block_.erase(next);
        if (decide()) continue;
        const auto [power, total] = chain_->power_at_hand();
        say(next, "halted", fmt::format("power {} of {} can vote", power, total));
        return {};
    }
    summarise();
    return {};
}

bool SeatsHarness::decide() {
    const SmallChain::Decided* decided = chain_->decide_next([this](std::int64_t height) {
        for (auto [at, end] = planned_.equal_range(height); at != end; ++at) at->second();
        planned_.erase(height);
    });
    if (decided == nullptr) return false;
    const auto disagreements = opinion_->block(*decided->block, decided->id.hash,
                                               {decided->answer, chain_->seats_state()});
    for (const std::string& what : disagreements)
        violations.push_back(fmt::format("{}: second opinion: {}", decided->height, what));
    adopt_new_keys(*decided);
    report(*decided);
    return true;
}

/// Whose liveness key or admin key was changed by this block uses the new one from now on.
void SeatsHarness::adopt_new_keys(const SmallChain::Decided& decided) {
    bool changed = false;
    for (const Fact& fact : opinion_->facts()) {
        const auto* accepted = std::get_if<Accepted>(&fact);
        if (accepted == nullptr) continue;
        if (std::holds_alternative<seats::RotateAdminKey>(accepted->operation))
            names_.admin_keys[accepted->seat] = names_.next_admin_keys[accepted->seat];
        const auto* key = std::get_if<seats::ReplaceLivenessKey>(&accepted->operation);
        Machine* machine = key != nullptr ? chain_->find(key->name) : nullptr;
        if (machine == nullptr) continue;
        machine->liveness_key = std::exchange(machine->next_liveness_key, nullptr);
        machine->key_stolen = false;
        if (!machine->seats) continue;
        chain_->stop(*machine);
        chain_->start(*machine);
        changed = true;
    }
    if (changed && decided.height > 0) catch_up();
}

// ---- The transcript

void SeatsHarness::report(const SmallChain::Decided& decided) {
    for (const SmallChain::Refused& refused : chain_->refused())
        say(decided.height, "refused",
            fmt::format("the block of {} in round {}: {}", refused.proposer, refused.round,
                        refused.check));
    std::set<std::string> moved;
    for (const abci::Event& event : decided.answer.events)
        if (event.type == "seat_switch") moved.insert(value_of(event, "seat"));
    report_record(decided.height, moved);
    report_events(decided);
    report_results(decided);
    report_first_commits(decided);
    const auto set = chain_->state().next_validators->validators();
    for (const seats::Seat& seat : chain_->seats_state().seats) {
        std::size_t members = 0;
        for (const seats::Node& node : seat.nodes)
            for (const types::Validator& validator : set)
                if (validator.pub_key == node.consensus_key) ++members;
        if (members != (seat.in_set() ? 1U : 0U)) one_validator_each_ = false;
    }
}

void SeatsHarness::report_record(std::int64_t height, const std::set<std::string>& moved) {
    if (opinion_->record().empty()) return;
    std::map<std::string, Status> said(opinion_->record().begin(), opinion_->record().end());
    const std::size_t n = chain_->seats_state().params.run_records;
    for (const Finding& finding : opinion_->findings()) {
        bool is_news = moved.contains(finding.seat);
        std::string line;
        const auto show = [&](const std::string& name, std::int64_t alive, std::int64_t dead) {
            const Status status = said.at(name);
            const auto before = shown_.find(name);
            const bool is_validator = finding.validator == name;
            const Status expected = is_validator ? Status::has_signed : Status::heard;
            const bool same_role = finding.counts && validator_[finding.seat] == finding.validator;
            const Status old = before == shown_.end() ? expected : before->second;
            if (seats::is_alive(old) != seats::is_alive(status) ||
                (is_validator && same_role && old != status))
                is_news = true;
            line += fmt::format("{}{} {}", line.empty() ? "" : "   ", name, word_of(status));
            if (finding.counts)
                line += fmt::format(" {}/{}", seats::is_alive(status) ? alive : dead, n);
        };
        for (const auto& [name, status] : opinion_->record()) {
            if (name == finding.validator) show(name, finding.validator_alive, finding.run);
            for (const Finding::Standby& standby : finding.standbys)
                if (standby.name == name) show(name, standby.alive, standby.dead);
        }
        if (is_news) say(height, "record", line);
        for (const auto& [name, status] : opinion_->record())
            if (name == finding.validator ||
                std::ranges::find(finding.standbys, name, &Finding::Standby::name) !=
                    finding.standbys.end())
                shown_[name] = status;
        if (finding.counts) validator_[finding.seat] = finding.validator;
    }
}

void SeatsHarness::report_events(const SmallChain::Decided& decided) {
    for (const abci::Event& event : decided.answer.events) {
        const std::string seat = value_of(event, "seat");
        if (event.type == "seat_switch") {
            const std::string reason = value_of(event, "reason");
            const std::string effective = value_of(event, "effective_height");
            say(decided.height, "switch",
                fmt::format("{}  {} -> {}  effective {}{}", seat, value_of(event, "from"),
                            value_of(event, "to"), effective,
                            reason == "run" ? "" : "  (" + reason + ")"));
            newcomers_.emplace(decided.height + 2, seat);
        } else if (event.type == "seat_quarantine") {
            say(decided.height, "event",
                fmt::format("{} {} {}", event.type, seat, value_of(event, "node")));
        } else if (event.type == "seat_record_invalid") {
            say(decided.height, "event",
                fmt::format("{}: {}", event.type, value_of(event, "reason")));
        } else if (event.type == "seat_exposed" || event.type == "seat_down") {
            say(decided.height, "event", fmt::format("{} {}", event.type, seat));
        }
    }
}

void SeatsHarness::report_results(const SmallChain::Decided& decided) {
    const wire::Txs& txs = decided.block->data.txs;
    for (std::size_t i = 0; i < txs.size(); ++i) {
        if (seats::classify(txs[i]) != seats::TxKind::admin) continue;
        const auto tx = seats::decode_admin_tx(txs[i]);
        const abci::ExecTxResult& result = decided.answer.tx_results[i];
        const std::string words = tx ? describe(*tx) : std::string("of unknown form");
        std::string answer = fmt::format("refused: {}", code_name(result.code));
        if (result.code == 0) {
            const std::string data(base::as_text(result.data));
            const std::size_t at = data.find("effective_height\":\"");
            answer =
                "accepted, effective " + data.substr(at + 19, data.find('"', at + 19) - at - 19);
        }
        say(decided.height, "operation", fmt::format("{}  {}", words, answer));
    }
}

/// Whether the new validator of a seat signs the first commit that it can.
void SeatsHarness::report_first_commits(const SmallChain::Decided& decided) {
    for (auto [at, end] = newcomers_.equal_range(decided.height); at != end; ++at) {
        const seats::Seat* seat = chain_->seats_state().find_seat(at->second);
        if (seat == nullptr) continue;
        std::string signer;
        for (const std::string& name : decided.signers)
            if (std::ranges::find(seat->nodes, name, &seats::Node::name) != seat->nodes.end())
                signer = name;
        say(decided.height, "commit",
            signer.empty() ? "not signed by " + seat->id : "signed by " + signer);
    }
    newcomers_.erase(decided.height);
}

void SeatsHarness::summarise() {
    const std::int64_t height = chain_->height();
    std::size_t there = 0;
    std::string behind;
    std::set<Bytes> hashes;
    for (const auto& machine : chain_->machines()) {
        if (!machine->seats) continue;
        if (machine->height != height) {
            behind += fmt::format(", {} at {}", machine->name, machine->height);
            continue;
        }
        ++there;
        hashes.insert(machine->seats->info({}).last_block_app_hash);
    }
    transcript.push_back(fmt::format("{}: {} nodes at height {}{}, {} application hash{}, {}",
                                     height, count_word(there), height, behind,
                                     count_word(hashes.size()), hashes.size() == 1 ? "" : "es",
                                     one_validator_each_ ? "one validator per seat at every height"
                                                         : "NOT one validator per seat"));
}

base::Verdict SeatsHarness::explain(const Command& command) {
    std::vector<std::string> ids;
    for (const Finding& finding : opinion_->findings()) {
        ids.push_back(finding.seat);
        if (finding.seat != command.text("seat")) continue;
        for (const std::string& line : explanation(finding, chain_->seats_state().params))
            say(chain_->height(), "why", line);
        return {};
    }
    return std::unexpected(unknown("seat", command.text("seat"), ids));
}

}  // namespace

std::unique_ptr<Harness> make_seats_harness() {
    return std::make_unique<SeatsHarness>();
}

}  // namespace tandem::sim
