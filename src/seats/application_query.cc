// Queries under /seats: what everybody can see, as JSON. The rest goes to the application, its
// proofs extended by the operator that leads to the engine's application hash.
#include "seats/app_hash.h"
#include "seats/application_impl.h"
#include "types/json.h"
#include "types/time_text.h"
#include "wire/json_write.h"

namespace tandem::seats {
namespace {

constexpr std::string_view root_path = "/seats";
constexpr std::uint32_t code_not_found = 1;

class StateJson {
  public:
    explicit StateJson(const State& state) : state_(state) {}

    [[nodiscard]] std::string all();
    [[nodiscard]] std::string seat(const Seat& seat);
    [[nodiscard]] std::string history(std::string_view seat);
    [[nodiscard]] std::string params();
    [[nodiscard]] std::string windows();

  private:
    void write_seat(const Seat& seat);
    void write_node(const Seat& seat, std::uint32_t index);
    void write_window(const Window& window);
    void field(std::string_view name, std::string_view text) { json_.name(name).string(text); }
    void field(std::string_view name, std::int64_t number) { json_.name(name).quoted(number); }
    void key(std::string_view name, const PublicKey& key) {
        json_.name(name);
        types::write_json(json_, key);
    }

    const State& state_;
    wire::JsonWriter json_;
};

std::string_view text_of(Liveness liveness) {
    switch (liveness) {
        case Liveness::unknown:
            return "unknown";
        case Liveness::alive:
            return "alive";
        case Liveness::dead:
            return "dead";
    }
    return "unknown";
}

std::string_view text_of(Redundancy redundancy) {
    switch (redundancy) {
        case Redundancy::spare:
            return "healthy";
        case Redundancy::exposed:
            return "exposed";
        case Redundancy::down:
            return "down";
    }
    return "unknown";
}

/// Oldest first: S signed, H heard, . dead.
std::string text_of(const Window& window) {
    std::string text;
    for (std::uint32_t i = window.count; i-- > 0;) {
        const bool alive = ((window.alive_bits >> i) & 1) != 0;
        const bool signed_block = ((window.signed_bits >> i) & 1) != 0;
        text.push_back(signed_block ? 'S' : alive ? 'H' : '.');
    }
    return text;
}

void StateJson::write_window(const Window& window) {
    field("records", text_of(window));
    field("alive_among_last_n", window.alive_among_last(state_.params.run_records));
}

void StateJson::write_node(const Seat& seat, std::uint32_t index) {
    const Node& node = seat.nodes[index];
    json_.begin_object();
    field("name", node.name);
    field("role", index == seat.validator ? "validator" : "standby");
    field("liveness", text_of(node.liveness));
    json_.name("quarantined").boolean(node.quarantined);
    json_.name("address").hex(node.consensus_key.address());
    key("consensus_key", node.consensus_key);
    key("liveness_key", node.liveness_key);
    write_window(node.window);
    json_.end_object();
}

void StateJson::write_seat(const Seat& seat) {
    json_.begin_object();
    field("id", seat.id);
    field("power", seat.power);
    field("state", text_of(redundancy_of(seat)));
    field("validator", seat.nodes[seat.validator].name);
    json_.name("paused").boolean(seat.paused);
    json_.name("leaving").boolean(!seat.in_set());
    json_.name("nonce").quoted(seat.nonce);
    key("admin_key", seat.admin_key);
    key("identity", seat.identity);
    field("run", seat.run.length);
    field("unsigned_series", seat.unsigned_series.length);
    field("counts_from", seat.count_from);
    field("cools_until", seat.cooldown.effective_height == 0
                             ? 0
                             : seat.cooldown.effective_height + state_.params.c());
    json_.name("pending");
    if (seat.pending) {
        json_.begin_object();
        field("from", seat.nodes[seat.pending->from].name);
        field("to", seat.nodes[seat.pending->to].name);
        field("height", seat.pending->decided_height);
        field("effective_height", seat.pending->effective_height);
        json_.end_object();
    } else {
        json_.null();
    }
    json_.name("nodes").begin_array();
    for (std::uint32_t i = 0; i < seat.nodes.size(); ++i) write_node(seat, i);
    json_.end_array();
    json_.end_object();
}

std::string StateJson::all() {
    json_.begin_object();
    field("height", state_.height);
    field("total_power", state_.total_power());
    json_.name("quorum_nonce").quoted(state_.quorum_nonce);
    json_.name("seats").begin_array();
    for (const Seat& seat : state_.seats) write_seat(seat);
    json_.end_array();
    json_.end_object();
    return json_.take();
}

std::string StateJson::seat(const Seat& seat) {
    write_seat(seat);
    return json_.take();
}

std::string StateJson::history(std::string_view seat) {
    json_.begin_object();
    field("seat", seat);
    json_.name("switches").begin_array();
    for (const SwitchFact& fact : state_.recent_switches) {
        if (fact.seat != seat) continue;
        json_.begin_object();
        field("from", fact.from);
        field("to", fact.to);
        field("reason", to_text(fact.reason));
        field("height", fact.decided_height);
        field("effective_height", fact.effective_height);
        json_.end_object();
    }
    json_.end_array();
    json_.end_object();
    return json_.take();
}

std::string StateJson::params() {
    const Params& params = state_.params;
    json_.begin_object();
    field("n", params.run_records);
    field("k", params.k());
    json_.name("strict").boolean(params.k() == params.run_records);
    field("t", params.run_time.nanos);
    field("m", params.wedged_records);  // 0: by formula, for each seat its own
    field("c", params.c());
    field("heartbeat_lag_blocks", params.heartbeat_lag_blocks);
    field("heartbeat_lag_time", params.heartbeat_lag_time.nanos);
    json_.name("power_guard").boolean(params.power_guard);
    json_.end_object();
    return json_.take();
}

std::string StateJson::windows() {
    json_.begin_object();
    field("height", state_.height);
    json_.name("nodes").begin_array();
    for (const Seat& seat : state_.seats)
        for (const Node& node : seat.nodes) {
            json_.begin_object();
            field("seat", seat.id);
            field("name", node.name);
            write_window(node.window);
            json_.end_object();
        }
    json_.end_array();
    json_.end_object();
    return json_.take();
}

/// The answer to a path under /seats, or nothing where there is no such thing.
std::optional<std::string> answer(const State& state, std::string_view path) {
    constexpr std::string_view history_suffix = "/history";
    if (path.empty() || path == "/") return StateJson(state).all();
    path.remove_prefix(1);
    // A seat may be named as one of these; they come first.
    if (path == "params") return StateJson(state).params();
    if (path == "windows") return StateJson(state).windows();
    const bool wants_history = path.ends_with(history_suffix);
    if (wants_history) path.remove_suffix(history_suffix.size());
    const Seat* seat = state.find_seat(path);
    if (wants_history && (seat != nullptr || std::ranges::find(state.retired_seats, path) !=
                                                 state.retired_seats.end()))
        return StateJson(state).history(path);
    if (!wants_history && seat != nullptr) return StateJson(state).seat(*seat);
    return std::nullopt;
}

}  // namespace

abci::ResponseQuery SeatsApplication::Impl::query(const abci::RequestQuery& request) const {
    const std::string_view path = request.path;
    if (path != root_path && !path.starts_with(std::string(root_path) + "/")) {
        abci::ResponseQuery response = inner.query(request);
        if (response.proof_ops && response.height == committed.state.height)
            response.proof_ops->ops.push_back(
                app_proof_op(committed.application_hash, committed.seats_hash));
        return response;
    }
    abci::ResponseQuery response;
    response.height = committed.state.height;
    response.codespace = "seats";
    if (auto value = answer(committed.state, path.substr(root_path.size()))) {
        response.value = base::to_bytes(base::as_bytes(*value));
    } else {
        response.code = code_not_found;
        response.log = "there is no such seat; /seats lists them";
    }
    return response;
}

}  // namespace tandem::seats
