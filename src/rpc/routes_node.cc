// Methods about the node itself: its state, its peers, its genesis and its place in consensus.
#include "rpc/consensus_json.h"
#include "rpc/routes.h"
#include "types/json.h"
#include "types/time_text.h"

namespace tandem::rpc::routes {

namespace {

using base::refuse;
using wire::JsonWriter;

constexpr std::size_t genesis_chunk_bytes = std::size_t{16} << 20U;

void write_time(JsonWriter& writer, std::string_view name, Timestamp time) {
    writer.name(name).string(types::to_text(time));
}

void write_sync_info(JsonWriter& writer, const SyncInfo& sync) {
    writer.begin_object();
    writer.name("latest_block_hash").hex(base::view(sync.latest_block_hash));
    writer.name("latest_app_hash").hex(base::view(sync.latest_app_hash));
    writer.name("latest_block_height").quoted(sync.latest_height);
    // Before the first block the times are those of the Unix epoch, not of year 1.
    write_time(writer, "latest_block_time",
               sync.latest_height == 0 ? Timestamp{0, 0} : sync.latest_time);
    writer.name("earliest_block_hash").hex(base::view(sync.earliest_block_hash));
    writer.name("earliest_app_hash").hex(base::view(sync.earliest_app_hash));
    writer.name("earliest_block_height").quoted(sync.earliest_height);
    write_time(writer, "earliest_block_time",
               sync.earliest_height == 0 ? Timestamp{0, 0} : sync.earliest_time);
    writer.name("catching_up").boolean(sync.catching_up);
    writer.end_object();
}

void write_flow(JsonWriter& writer, const FlowStatus& flow) {
    writer.begin_object();
    write_time(writer, "Start", flow.start);
    writer.name("Bytes").quoted(flow.bytes);
    writer.name("Samples").quoted(flow.samples);
    writer.name("InstRate").quoted(flow.rate_now);
    writer.name("CurRate").quoted(flow.rate_current);
    writer.name("AvgRate").quoted(flow.rate_average);
    writer.name("PeakRate").quoted(flow.rate_peak);
    writer.name("BytesRem").quoted(flow.bytes_remaining);
    writer.name("Duration").quoted(flow.duration.nanos);
    writer.name("Idle").quoted(flow.idle.nanos);
    writer.name("TimeRem").quoted(flow.time_remaining.nanos);
    writer.name("Progress").number(flow.progress);
    writer.name("Active").boolean(flow.active);
    writer.end_object();
}

void write_peer(JsonWriter& writer, const PeerStatus& peer) {
    writer.begin_object();
    writer.name("node_info").raw(types::to_json(peer.node));
    writer.name("is_outbound").boolean(peer.is_outbound);
    writer.name("connection_status").begin_object();
    writer.name("Duration").quoted(peer.duration.nanos);
    writer.name("SendMonitor");
    write_flow(writer, peer.sent);
    writer.name("RecvMonitor");
    write_flow(writer, peer.received);
    writer.name("Channels").begin_array();
    for (const ChannelStatus& channel : peer.channels) {
        writer.begin_object();
        writer.name("ID").number(channel.id);
        writer.name("SendQueueCapacity").quoted(channel.send_queue_capacity);
        writer.name("SendQueueSize").quoted(channel.send_queue_size);
        writer.name("Priority").quoted(channel.priority);
        writer.name("RecentlySent").quoted(channel.recently_sent);
        writer.end_object();
    }
    writer.end_array().end_object();
    writer.name("remote_ip").string(peer.remote_ip);
    writer.end_object();
}

std::string log_answer(std::string_view log) {
    JsonWriter writer;
    writer.begin_object().name("log").string(log).end_object();
    return writer.take();
}

std::size_t genesis_chunks(const std::string& genesis) {
    return (genesis.size() + genesis_chunk_bytes - 1) / genesis_chunk_bytes;
}

}  // namespace

void health(const RouteContext&, const Arguments&, Answer answer) {
    answer("{}");
}

void status(const RouteContext& context, const Arguments&, Answer answer) {
    const Status status = context.environment.status();
    JsonWriter writer;
    writer.begin_object();
    writer.name("node_info").raw(types::to_json(status.node));
    writer.name("sync_info");
    write_sync_info(writer, status.sync);
    writer.name("validator_info").begin_object();
    writer.name("address").hex(base::view(status.validator_address));
    writer.name("pub_key");
    types::write_json(writer, status.validator_key);
    writer.name("voting_power").quoted(status.voting_power);
    writer.end_object().end_object();
    answer(writer.take());
}

void net_info(const RouteContext& context, const Arguments&, Answer answer) {
    const NetInfo info = context.environment.net_info();
    JsonWriter writer;
    writer.begin_object();
    writer.name("listening").boolean(info.listening);
    writer.name("listeners").begin_array();
    for (const std::string& listener : info.listeners) writer.string(listener);
    writer.end_array();
    writer.name("n_peers").quoted(static_cast<std::int64_t>(info.peers.size()));
    writer.name("peers").begin_array();
    for (const PeerStatus& peer : info.peers) write_peer(writer, peer);
    writer.end_array().end_object();
    answer(writer.take());
}

void genesis(const RouteContext& context, const Arguments&, Answer answer) {
    const std::string& genesis = context.environment.genesis();
    if (genesis_chunks(genesis) > 1)
        return answer(refuse("rpc.genesis",
                             "genesis response is large, please use the genesis_chunked API "
                             "instead"));
    JsonWriter writer(genesis.size() + 16);
    writer.begin_object().name("genesis").raw(genesis).end_object();
    answer(writer.take());
}

void genesis_chunked(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const std::string& genesis = context.environment.genesis();
    const std::size_t chunks = genesis_chunks(genesis);
    const auto chunk = std::get<std::uint64_t>(arguments[0]);
    if (chunk >= chunks)
        return answer(refuse("rpc.genesis", "there are " + std::to_string(chunks - 1) +
                                                " chunks, " + std::to_string(chunk) +
                                                " is invalid"));
    const auto part =
        std::string_view(genesis).substr(chunk * genesis_chunk_bytes, genesis_chunk_bytes);
    JsonWriter writer;
    writer.begin_object();
    writer.name("chunk").quoted(chunk);
    writer.name("total").quoted(static_cast<std::int64_t>(chunks));
    writer.name("data").base64(base::as_bytes(part));
    writer.end_object();
    answer(writer.take());
}

void consensus_state(const RouteContext& context, const Arguments&, Answer answer) {
    JsonWriter writer;
    writer.begin_object().name("round_state");
    write_round_state(writer, context.environment.consensus());
    writer.end_object();
    answer(writer.take());
}

void dump_consensus_state(const RouteContext& context, const Arguments&, Answer answer) {
    JsonWriter writer;
    writer.begin_object().name("round_state");
    write_full_round_state(writer, context.environment.consensus());
    writer.name("peers").begin_array();
    for (const PeerRound& peer : context.environment.peer_rounds()) {
        writer.begin_object();
        writer.name("node_address").string(peer.node_address);
        writer.name("peer_state").raw(peer.state);
        writer.end_object();
    }
    writer.end_array().end_object();
    answer(writer.take());
}

void dial_seeds(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto& seeds = std::get<std::vector<std::string>>(arguments[0]);
    if (seeds.empty()) return answer(refuse("rpc.seeds", "no seeds provided"));
    if (const auto verdict = context.environment.dial_seeds(seeds); !verdict)
        return answer(std::unexpected(verdict.error()));
    answer(log_answer("Dialing seeds in progress. See /net_info for details"));
}

void dial_peers(const RouteContext& context, const Arguments& arguments, Answer answer) {
    PeersToDial peers{std::get<std::vector<std::string>>(arguments[0]),
                      std::get<bool>(arguments[1]), std::get<bool>(arguments[2]),
                      std::get<bool>(arguments[3])};
    if (peers.addresses.empty()) return answer(refuse("rpc.peers", "no peers provided"));
    if (const auto verdict = context.environment.dial_peers(peers); !verdict)
        return answer(std::unexpected(verdict.error()));
    answer(log_answer("Dialing peers in progress. See /net_info for details"));
}

}  // namespace tandem::rpc::routes
