#include "seats/genesis.h"

#include <fmt/format.h>

#include "seats/process.h"
#include "types/json_codec.h"
#include "wire/json_fields.h"

namespace tandem::wire {

template <>
struct JsonFields<seats::Params> {
    using Params = seats::Params;
    static constexpr auto fields =
        std::tuple{json_field("run_records", &Params::run_records),
                   json_field("alive_records", &Params::alive_records),
                   json_field("wedged_records", &Params::wedged_records),
                   json_field("cooldown_blocks", &Params::cooldown_blocks),
                   json_field("run_time", &Params::run_time),
                   json_field("heartbeat_lag_blocks", &Params::heartbeat_lag_blocks),
                   json_field("heartbeat_lag_time", &Params::heartbeat_lag_time),
                   json_field("power_guard", &Params::power_guard)};
};

template <>
struct JsonFields<seats::GenesisNode> {
    using GenesisNode = seats::GenesisNode;
    static constexpr auto fields =
        std::tuple{json_field("name", &GenesisNode::name),
                   json_field("consensus_key", &GenesisNode::consensus_key),
                   json_field("liveness_key", &GenesisNode::liveness_key)};
};

template <>
struct JsonFields<seats::GenesisSeat> {
    using GenesisSeat = seats::GenesisSeat;
    static constexpr auto fields = std::tuple{
        json_field("id", &GenesisSeat::id), json_field("power", &GenesisSeat::power),
        json_field("admin_key", &GenesisSeat::admin_key), json_field("nodes", &GenesisSeat::nodes)};
};

template <>
struct JsonFields<seats::Genesis> {
    using Genesis = seats::Genesis;
    static constexpr auto fields =
        std::tuple{json_field("params", &Genesis::params),
                   json_field("application_sets_powers", &Genesis::application_sets_powers),
                   json_field("seats", &Genesis::seats)};
};

}  // namespace tandem::wire

namespace tandem::seats {
namespace {

constexpr std::array<std::string_view, 2> member_names{"seats", "app"};

}  // namespace

Result<GenesisRead> read_genesis(BytesView app_state) {
    GenesisRead read;
    const std::string_view text = base::as_text(app_state);
    if (text.empty()) return read;
    const auto value = wire::parse_json(text);
    if (!value) return std::unexpected(value.error());
    read.application_state = base::to_bytes(app_state);
    if (value->kind() != wire::JsonKind::object) return read;
    std::optional<wire::JsonValue> seats;
    std::optional<wire::JsonValue> application;
    for (const auto& [name, member] : value->members()) {
        if (name.string_is("seats")) seats = member;
        if (name.string_is("app")) application = member;
    }
    if (!seats) return read;  // somebody else's application state: left alone, also its names
    wire::JsonReading reading;
    const wire::JsonReading::Step step(reading, "app_state");
    wire::visit_json_members(reading, *value, member_names, [](auto&&...) {});
    Genesis genesis;
    const wire::JsonReading::Step inner(reading, "seats");
    if (!wire::JsonCodec<Genesis>::read(reading, *seats, genesis))
        return std::unexpected(reading.refusal());
    read.seats = std::move(genesis);
    read.application_state =
        application ? base::to_bytes(base::as_bytes(application->raw())) : Bytes{};
    // Ours to be strict about: a misspelt parameter must not become its default on every node.
    if (!reading.warnings().empty())
        return refuse("app_state.seats", reading.warnings().front().text());
    return read;
}

std::string write_genesis(const Genesis& genesis, std::string_view application_state) {
    wire::JsonWriter writer;
    writer.begin_object();
    writer.name("seats");
    wire::JsonCodec<Genesis>::write(writer, genesis);
    if (!application_state.empty()) {
        writer.name("app");
        writer.raw(application_state);
    }
    writer.end_object();
    return writer.take();
}

Result<State> initial_state(const Genesis& genesis, const ChainLimits& limits) {
    State state;
    state.chain_id = limits.chain_id;
    state.initial_height = limits.initial_height;
    state.height = limits.initial_height - 1;
    state.params = genesis.params;
    state.chain_params = limits.params;
    state.application_sets_powers = genesis.application_sets_powers;
    for (const GenesisSeat& described : genesis.seats) {
        Seat seat;
        seat.id = described.id;
        seat.power = described.power;
        seat.admin_key = described.admin_key;
        seat.count_from = limits.initial_height;
        for (const GenesisNode& node : described.nodes) {
            const std::string_view kind = crypto::key_type_name(node.consensus_key.type);
            if (!allows(limits.params.key_types, node.consensus_key))
                return refuse("app_state.seats", fmt::format("the consensus key of {} is of kind "
                                                             "{}, which consensus_params.validator."
                                                             "pub_key_types does not list",
                                                             node.name, kind));
            if (!crypto::can_verify(node.consensus_key.type))
                return refuse("app_state.seats",
                              fmt::format("the consensus key of {} is of kind {}, whose signatures "
                                          "this build cannot verify",
                                          node.name, kind));
            seat.nodes.push_back(
                {node.name, node.consensus_key, node.liveness_key, false, Liveness::unknown, {}});
        }
        if (!seat.nodes.empty()) seat.identity = seat.nodes.front().consensus_key;
        state.seats.push_back(std::move(seat));
    }
    if (Verdict verdict = validate(state); !verdict)
        return std::unexpected(within("app_state.seats", std::move(verdict)).error());
    if (!fits_block(state.node_count(), state.seats.size(), limits.params.block_bytes_max,
                    limits.params.evidence_bytes_max))
        return refuse("app_state.seats",
                      fmt::format("the record of {} nodes does not fit a block of {} bytes beside "
                                  "the commit and the evidence; raise consensus_params.block."
                                  "max_bytes",
                                  state.node_count(), limits.params.block_bytes_max));
    return state;
}

}  // namespace tandem::seats
