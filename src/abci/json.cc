#include "abci/json.h"

#include "types/json.h"
#include "wire/json_fields.h"

namespace tandem::wire {

// ---- Tables of the messages that are written in protobuf JSON.

template <>
struct JsonFields<abci::EventAttribute> {
    using M = abci::EventAttribute;
    static constexpr auto fields = std::tuple{
        json_field("key", &M::key), json_field("value", &M::value), json_field("index", &M::index)};
};

template <>
struct JsonFields<abci::Event> {
    using M = abci::Event;
    static constexpr auto fields =
        std::tuple{json_field("type", &M::type), json_field("attributes", &M::attributes)};
};

/// ExecTxResult and ResponseCheckTx have the same members.
template <typename M>
    requires std::same_as<M, abci::ExecTxResult> || std::same_as<M, abci::ResponseCheckTx>
struct JsonFields<M> {
    static constexpr auto fields = std::tuple{json_field("code", &M::code),
                                              json_field("data", &M::data),
                                              json_field("log", &M::log),
                                              json_field("info", &M::info),
                                              json_field("gas_wanted", &M::gas_wanted),
                                              json_field("gas_used", &M::gas_used),
                                              json_field("events", &M::events),
                                              json_field("codespace", &M::codespace)};
};

template <>
struct JsonFields<types::ProofOp> {
    using M = types::ProofOp;
    static constexpr auto fields = std::tuple{
        json_field("type", &M::type), json_field("key", &M::key), json_field("data", &M::data)};
};

template <>
struct JsonFields<types::ProofOps> {
    static constexpr auto fields = std::tuple{json_field("ops", &types::ProofOps::ops)};
};

template <>
struct JsonFields<abci::ResponseQuery> {
    using M = abci::ResponseQuery;
    static constexpr auto fields = std::tuple{json_field("code", &M::code),
                                              json_field("log", &M::log),
                                              json_field("info", &M::info),
                                              json_field("index", &M::index),
                                              json_field("key", &M::key),
                                              json_field("value", &M::value),
                                              json_field("proofOps", &M::proof_ops),
                                              json_field("height", &M::height),
                                              json_field("codespace", &M::codespace)};
};

// ---- And of plain ones.

template <>
struct JsonFields<abci::ResponseInfo> {
    using M = abci::ResponseInfo;
    static constexpr auto fields =
        std::tuple{json_field_if_set("data", &M::data), json_field_if_set("version", &M::version),
                   json_field_if_set("app_version", &M::app_version),
                   json_field_if_set("last_block_height", &M::last_block_height),
                   json_field_if_set("last_block_app_hash", &M::last_block_app_hash)};
};

}  // namespace tandem::wire

namespace tandem::abci {
namespace {

using wire::JsonWriter;

/// Writes `value` by its table, without the members that have zero values.
template <wire::JsonObject M>
void write_plain(JsonWriter& writer, const M& value) {
    writer.begin_object();
    std::apply(
        [&](auto... fields) { ((fields.omit_empty = true, fields.write(writer, value)), ...); },
        wire::JsonFields<M>::fields);
    writer.end_object();
}

template <typename T, typename Write>
void write_list(JsonWriter& writer, const T& list, Write write) {
    writer.begin_array();
    for (const auto& element : list) write(element);
    writer.end_array();
}

template <typename T>
void write_list_or_null(JsonWriter& writer, const std::vector<T>& list) {
    if (list.empty()) {
        writer.null();
        return;
    }
    write_list(writer, list, [&](const T& element) { write_json(writer, element); });
}

void write_plain_events(JsonWriter& writer, std::span<const Event> events) {
    write_list(writer, events, [&](const Event& event) { write_plain(writer, event); });
}

/// How Go names the member of the oneof that holds a key.
struct SumName {
    crypto::KeyType type;
    std::string_view go_type;
    std::string_view member;
};

constexpr std::array<SumName, 3> sum_names = {{
    {crypto::KeyType::ed25519, "tendermint.crypto.PublicKey_Ed25519", "ed25519"},
    {crypto::KeyType::secp256k1, "tendermint.crypto.PublicKey_Secp256K1", "secp256k1"},
    {crypto::KeyType::ml_dsa_65, "tendermint.crypto.PublicKey_Mldsa65", "mldsa65"},
}};

void write_sum(JsonWriter& writer, const crypto::PublicKey& key) {
    const auto name = std::ranges::find(sum_names, key.type, &SumName::type);
    writer.begin_object().name("Sum");
    if (name == sum_names.end()) {
        writer.null();
    } else {
        writer.begin_object().name("type").string(name->go_type).name("value").begin_object();
        if (!key.bytes.empty()) writer.name(name->member).base64(base::view(key.bytes));
        writer.end_object().end_object();
    }
    writer.end_object();
}

}  // namespace

void write_json(JsonWriter& writer, const ExecTxResult& result) {
    wire::write_json_object(writer, result);
}

void write_json(JsonWriter& writer, const ResponseCheckTx& response) {
    wire::write_json_object(writer, response);
}

void write_json(JsonWriter& writer, const ResponseQuery& response) {
    wire::write_json_object(writer, response);
}

void write_json(JsonWriter& writer, const ResponseInfo& response) {
    wire::write_json_object(writer, response);
}

void write_json(JsonWriter& writer, const ValidatorUpdate& update) {
    writer.begin_object().name("pub_key");
    write_sum(writer, update.pub_key);
    if (update.power != 0) writer.name("power").quoted(update.power);
    writer.end_object();
}

void write_json(JsonWriter& writer, const ResponseFinalizeBlock& response) {
    writer.begin_object();
    if (!response.events.empty()) {
        writer.name("events");
        write_plain_events(writer, response.events);
    }
    if (!response.tx_results.empty()) {
        writer.name("tx_results");
        write_list_or_null(writer, response.tx_results);
    }
    writer.name("validator_updates");
    write_list(writer, response.validator_updates,
               [&](const ValidatorUpdate& update) { write_json(writer, update); });
    if (response.consensus_param_updates) {
        writer.name("consensus_param_updates");
        types::write_json(writer, *response.consensus_param_updates);
    }
    if (!response.app_hash.empty()) writer.name("app_hash").base64(response.app_hash);
    writer.end_object();
}

void write_json(JsonWriter& writer, const TxResult& result) {
    writer.begin_object();
    if (result.height != 0) writer.name("height").quoted(result.height);
    if (result.index != 0) writer.name("index").number(result.index);
    if (!result.tx.empty()) writer.name("tx").base64(result.tx);
    writer.name("result").begin_object();
    const auto write_member = [&](auto field) {
        field.omit_empty = true;
        if constexpr (std::same_as<decltype(field.member), std::vector<Event> ExecTxResult::*>) {
            if (result.result.events.empty()) return;
            writer.name(field.name);
            write_plain_events(writer, result.result.events);
        } else {
            field.write(writer, result.result);
        }
    };
    std::apply([&](auto... fields) { (write_member(fields), ...); },
               wire::JsonFields<ExecTxResult>::fields);
    writer.end_object().end_object();
}

void write_json(JsonWriter& writer, std::span<const Event> events) {
    if (events.empty()) {
        writer.null();
    } else {
        write_plain_events(writer, events);
    }
}

void write_block_results(JsonWriter& writer, std::int64_t height,
                         const ResponseFinalizeBlock& response) {
    writer.begin_object().name("height").quoted(height).name("txs_results");
    write_list_or_null(writer, response.tx_results);
    writer.name("finalize_block_events");
    write_json(writer, std::span<const Event>(response.events));
    writer.name("validator_updates");
    write_list_or_null(writer, response.validator_updates);
    writer.name("consensus_param_updates");
    if (response.consensus_param_updates) {
        types::write_json(writer, *response.consensus_param_updates);
    } else {
        writer.null();
    }
    writer.name("app_hash");
    wire::JsonBase64::write(writer, response.app_hash);
    writer.end_object();
}

template <typename T>
base::Result<T> from_json(const wire::JsonValue& value) {
    wire::JsonReading reading;
    base::Result<T> out(T{});
    if (!wire::read_json_member(reading, value, *out)) return std::unexpected(reading.refusal());
    return out;
}
template base::Result<ExecTxResult> from_json(const wire::JsonValue&);
template base::Result<ResponseQuery> from_json(const wire::JsonValue&);

}  // namespace tandem::abci
