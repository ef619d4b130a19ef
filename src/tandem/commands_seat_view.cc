// tandem seat list, show, history, watch, params, drill: who holds each seat, and what would
// happen.
#include <fmt/format.h>
#include <thread>

#include "tandem/seat_client.h"
#include "tandem/seat_commands.h"

namespace tandem::program {
namespace {

constexpr std::size_t shown_records = 20;

std::string text(const json& value, const char* name) {
    const auto found = value.find(name);
    return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& validator_of(const json& seat) {
    for (const json& node : seat.at("nodes"))
        if (text(node, "role") == "validator") return node;
    return seat.at("nodes").at(0);
}

std::vector<json> standbys_of(const json& seat) {
    std::vector<json> out;
    for (const json& node : seat.at("nodes"))
        if (text(node, "role") != "validator") out.push_back(node);
    return out;
}

/// "|" for alive and "." for dead, the newest last.
std::string bars(const std::string& records) {
    std::string out;
    for (const char record : records) out.push_back(record == '.' ? '.' : '|');
    if (out.size() > shown_records) out.erase(0, out.size() - shown_records);
    return out;
}

/// How many more validators may fail, the heaviest first, before no block can be decided.
std::int64_t margin_of(const json& seats) {
    const std::int64_t total = number(seats, "total_power");
    std::vector<std::int64_t> alive;
    std::int64_t power = 0;
    for (const json& seat : seats.at("seats")) {
        if (seat.value("leaving", false) || text(validator_of(seat), "liveness") == "dead")
            continue;
        alive.push_back(number(seat, "power"));
        power += alive.back();
    }
    std::ranges::sort(alive, std::greater());
    std::int64_t margin = 0;
    for (const std::int64_t one : alive) {
        power -= one;
        if (3 * power <= 2 * total) break;
        ++margin;
    }
    return margin;
}

std::string state_of(const json& seat) {
    std::string state = text(seat, "state");
    if (state == "healthy" && text(validator_of(seat), "liveness") == "dead")
        state = "failing over";
    if (!seat.at("pending").is_null()) state += ", switching";
    if (seat.value("paused", false)) state += ", paused";
    if (seat.value("leaving", false)) state += ", leaving";
    return state;
}

std::string last_switch(SeatClient& client, const std::string& seat) {
    const auto history = client.seats("/" + seat + "/history");
    if (!history || history->at("switches").empty()) return "-";
    return "h " + text(history->at("switches").back(), "height");
}

std::expected<std::string, Failure> table(SeatClient& client) {
    auto seats = client.seats();
    if (!seats) return fail(std::move(seats).error());
    std::string out =
        fmt::format("{:<12} {:>8}  {:<22} {:<22} {:<20}  {:<20} {}\n", "SEAT", "POWER", "VALIDATOR",
                    "STANDBY", "LAST 20 RECORDS", "STATE", "LAST SWITCH");
    for (const json& seat : seats->at("seats")) {
        const json& validator = validator_of(seat);
        std::string standbys;
        for (const json& node : standbys_of(seat))
            standbys += fmt::format(
                "{}{} {}", standbys.empty() ? "" : ", ", text(node, "name"),
                node.value("quarantined", false) ? "quarantined" : text(node, "liveness"));
        out += fmt::format("{:<12} {:>8}  {:<22} {:<22} {:<20}  {:<20} {}\n", text(seat, "id"),
                           text(seat, "power"),
                           text(validator, "name") + " " + text(validator, "liveness"),
                           standbys.empty() ? "none" : standbys, bars(text(validator, "records")),
                           state_of(seat), last_switch(client, text(seat, "id")));
    }
    const std::int64_t margin = margin_of(*seats);
    out += fmt::format("height {}; margin {}: {}\n", text(*seats, "height"), margin,
                       margin == 0   ? "if one more validator fails, the chain stops"
                       : margin == 1 ? "one more validator may fail"
                                     : fmt::format("{} more validators may fail", margin));
    return out;
}

Outcome list(const Context& context, const NodeOptions& options) {
    auto client = SeatClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    if (context.is_json()) {
        auto seats = client->seats();
        if (!seats) return fail(std::move(seats).error());
        (*seats)["margin"] = margin_of(*seats);
        return print_line(seats->dump()), Outcome{};
    }
    auto out = table(*client);
    if (!out) return fail(std::move(out).error());
    return print_text(*out), Outcome{};
}

struct WatchOptions {
    NodeOptions node;
    std::int64_t times = 0;  // 0: until interrupted
};

Outcome watch(const Context& context, const WatchOptions& options) {
    auto client = SeatClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    for (std::int64_t i = 0; options.times == 0 || i < options.times; ++i) {
        if (i > 0) std::this_thread::sleep_for(std::chrono::seconds(1));
        auto out = table(*client);
        if (!out) return fail(std::move(out).error());
        print_text("\x1b[H\x1b[2J" + *out);
        std::fflush(stdout);
    }
    return {};
}

std::string describe(const json& seat) {
    std::string out = fmt::format("seat {}: power {}, {}\n", text(seat, "id"), text(seat, "power"),
                                  state_of(seat));
    for (const json& node : seat.at("nodes"))
        out += fmt::format("  {:<16} {:<10} {:<8}{} {}\n", text(node, "name"), text(node, "role"),
                           text(node, "liveness"),
                           node.value("quarantined", false) ? " quarantined" : "",
                           text(node, "records"));
    if (const json& pending = seat.at("pending"); !pending.is_null())
        out += fmt::format("switching from {} to {}: decided at height {}, in effect from {}\n",
                           text(pending, "from"), text(pending, "to"), text(pending, "height"),
                           text(pending, "effective_height"));
    out += fmt::format("run {} records; without a signature {}; nonce {}\n", text(seat, "run"),
                       text(seat, "unsigned_series"), text(seat, "nonce"));
    return out;
}

Outcome show(const Context& context, const NodeOptions& options, const std::string& id) {
    auto client = SeatClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    auto seat = client->seats("/" + id);
    if (!seat) return fail(std::move(seat).error());
    print_text(context.is_json() ? seat->dump() + "\n" : describe(*seat));
    return {};
}

Outcome history(const Context& context, const NodeOptions& options, const std::string& id) {
    auto client = SeatClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    auto answer = client->seats("/" + id + "/history");
    if (!answer) return fail(std::move(answer).error());
    if (context.is_json()) return print_line(answer->dump()), Outcome{};
    if (answer->at("switches").empty()) print_line("no switch of " + id + " among the last 64");
    for (const json& fact : answer->at("switches"))
        print_line(fmt::format("height {:>8}, in effect from {:>8}: {} -> {} ({})",
                               text(fact, "height"), text(fact, "effective_height"),
                               text(fact, "from"), text(fact, "to"), text(fact, "reason")));
    return {};
}

Outcome params(const Context& context, const NodeOptions& options) {
    auto client = SeatClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    auto answer = client->seats("/params");
    if (!answer) return fail(std::move(answer).error());
    if (context.is_json()) return print_line(answer->dump()), Outcome{};
    const bool strict = answer->value("strict", false);
    print_line(fmt::format(
        "N {}  K {} ({})  T {} ns  M {}  C {}  lag {} blocks, {} ns  power guard {}",
        text(*answer, "n"), text(*answer, "k"),
        strict ? "strict: a standby alive in all of the last N" : "liars cannot block a switch",
        text(*answer, "t"), text(*answer, "m") == "0" ? "by formula" : text(*answer, "m"),
        text(*answer, "c"), text(*answer, "heartbeat_lag_blocks"),
        text(*answer, "heartbeat_lag_time"), answer->value("power_guard", false) ? "on" : "off"));
    return {};
}

/// Would the seat switch if its validator died now?
struct Drill {
    std::string to;          // empty: to nobody
    std::int64_t after = 0;  // records that call it dead
    std::vector<std::string> obstacles;
};

Drill drill_of(const json& seat, const json& params, std::int64_t height) {
    Drill drill;
    drill.after = std::max<std::int64_t>(number(params, "n") - number(seat, "run"), 0);
    if (seat.value("leaving", false)) drill.obstacles.emplace_back("the seat is leaving the set");
    if (!seat.at("pending").is_null())
        drill.obstacles.emplace_back("a switch is under way already");
    if (seat.value("paused", false))
        drill.obstacles.emplace_back("the seat is paused; tandem seat resume ends that");
    if (number(seat, "cools_until") > height + drill.after)
        drill.obstacles.push_back(fmt::format(
            "the last switch is too fresh: the rule may move the seat again from height {} on",
            number(seat, "cools_until")));
    const std::vector<json> standbys = standbys_of(seat);
    if (standbys.empty())
        drill.obstacles.emplace_back("there is no standby; tandem seat add-standby brings one");
    std::int64_t best = -1;
    for (const json& node : standbys) {
        const std::string name = text(node, "name");
        if (node.value("quarantined", false)) {
            if (standbys.size() == 1)
                drill.obstacles.push_back(name + " is quarantined; replace it");
            continue;
        }
        if (text(node, "liveness") != "alive") {
            if (standbys.size() == 1)
                drill.obstacles.push_back(name + " is " + text(node, "liveness") +
                                          ": it sends no fresh heartbeat");
            continue;
        }
        if (number(node, "alive_among_last_n") > best) {
            best = number(node, "alive_among_last_n");
            drill.to = name;
        }
    }
    if (drill.to.empty() && standbys.size() > 1)
        drill.obstacles.emplace_back("no standby is alive and free of quarantine");
    return drill;
}

Outcome drill(const Context& context, const NodeOptions& options, const std::string& id) {
    auto client = SeatClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    auto seat = client->seats("/" + id);
    if (!seat) return fail(std::move(seat).error());
    auto answer = client->seats("/params");
    if (!answer) return fail(std::move(answer).error());
    auto status = client->status();
    if (!status) return fail(std::move(status).error());
    const Drill result = drill_of(*seat, *answer, status->height);
    const bool would = result.obstacles.empty();
    if (context.is_json()) {
        json out{{"seat", id}, {"would_switch", would}, {"obstacles", result.obstacles}};
        if (would) out["to"] = result.to;
        if (would) out["after_records"] = result.after;
        print_line(out.dump());
    } else if (would) {
        print_line(fmt::format(
            "{}: if {} died now, {} would take over: decided after {} records that call it dead, "
            "at "
            "the earliest (proposers of a third of the power and {} ns of block time are needed, "
            "too), in effect two heights later",
            id, text(*seat, "validator"), result.to, result.after, text(*answer, "t")));
    } else {
        print_line(fmt::format("{}: if {} died now, nobody would take over:", id,
                               text(*seat, "validator")));
        for (const std::string& obstacle : result.obstacles) print_line("  " + obstacle);
    }
    if (!would) return fail(ExitCode::failed, "the seat " + id + " has no spare");
    return {};
}

/// A command about one seat.
template <typename Run>
void add_view(CLI::App& app, Context& context, const char* name, const char* about, Run run) {
    CLI::App* command = add_command(app, name, about);
    const auto options = std::make_shared<NodeOptions>();
    const auto seat = std::make_shared<std::string>();
    command->add_option("seat", *seat, "Id of the seat")->required();
    add_node_options(*command, *options);
    command->callback(
        [&context, options, seat, run] { context.outcome = run(context, *options, *seat); });
}

}  // namespace

void add_seat_views(CLI::App& seat, Context& context) {
    CLI::App* all = add_command(seat, "list",
                                "Who holds each seat, how alive, and how many may still fail\n"
                                "Example: tandem seat list --node tcp://127.0.0.1:26657");
    const auto node = std::make_shared<NodeOptions>();
    add_node_options(*all, *node);
    all->callback([&context, node] { context.outcome = list(context, *node); });

    CLI::App* live = add_command(seat, "watch",
                                 "The list, drawn anew every second\n"
                                 "Example: tandem seat watch --home /srv/acme-1");
    const auto watching = std::make_shared<WatchOptions>();
    add_node_options(*live, watching->node);
    live->add_option("--times", watching->times, "End after so many drawings (default: never)");
    live->callback([&context, watching] { context.outcome = watch(context, *watching); });

    CLI::App* rules = add_command(seat, "params",
                                  "The parameters of the rule\n"
                                  "Example: tandem seat params --output json");
    const auto rules_node = std::make_shared<NodeOptions>();
    add_node_options(*rules, *rules_node);
    rules->callback([&context, rules_node] { context.outcome = params(context, *rules_node); });

    add_view(seat, context, "show",
             "One seat and its nodes\n"
             "Example: tandem seat show acme",
             show);
    add_view(seat, context, "history",
             "The last switches of a seat\n"
             "Example: tandem seat history acme",
             history);
    add_view(seat, context, "drill",
             "Would the seat switch if its validator died now? Ends with 1 if not\n"
             "Example: tandem seat drill acme",
             drill);
}

}  // namespace tandem::program
