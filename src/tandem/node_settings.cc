#include "tandem/node_settings.h"

#include <charconv>
#include <fmt/format.h>

#include "tandem/files.h"

namespace tandem::program {
namespace {

constexpr std::size_t tls_file_bytes_max = std::size_t{1} << 20;

Result<std::vector<types::PeerAddress>> addresses_in(std::string_view list) {
    std::vector<types::PeerAddress> addresses;
    for (const std::string_view item : list_items(list)) {
        auto address = types::peer_address_from_text(item);
        if (!address) return std::unexpected(address.error());
        addresses.push_back(std::move(*address));
    }
    return addresses;
}

}  // namespace

Result<io::NetworkConfig> network_config(const P2pConfig& config) {
    const auto laddr = types::split_host_port(types::without_scheme(config.laddr));
    if (!laddr) return std::unexpected(laddr.error());
    io::NetworkConfig network;
    if (!laddr->host.empty()) network.listen_host = laddr->host;
    const std::string_view port = laddr->port;
    const auto [end, error] = std::from_chars(port.begin(), port.end(), network.listen_port);
    if (error != std::errc() || end != port.end())
        return refuse("p2p.laddr", fmt::format("\"{}\" is no port: 0 to 65535", port));
    network.inbound_max = static_cast<std::size_t>(config.max_num_inbound_peers);
    return network;
}

p2p::ConnectionConfig connection_config(const P2pConfig& config) {
    p2p::ConnectionConfig connection;
    connection.payload_bytes = static_cast<std::size_t>(config.max_packet_msg_payload_bytes);
    connection.send_bytes_per_second =
        static_cast<std::uint64_t>(config.send_rate_bytes_per_second);
    connection.receive_bytes_per_second =
        static_cast<std::uint64_t>(config.recv_rate_bytes_per_second);
    return connection;
}

Result<p2p::PeersConfig> peers_config(const P2pConfig& config, const std::string& own_id) {
    p2p::PeersConfig rules;
    rules.own_id = own_id;
    auto persistent = addresses_in(config.persistent_peers);
    if (!persistent) return std::unexpected(persistent.error());
    rules.persistent = std::move(*persistent);
    auto seeds = addresses_in(config.seeds);
    if (!seeds) return std::unexpected(seeds.error());
    rules.seeds = std::move(*seeds);
    for (const std::string_view id : list_items(config.unconditional_peer_ids))
        rules.unconditional_ids.emplace(id);
    rules.inbound_max = static_cast<std::size_t>(config.max_num_inbound_peers);
    rules.outbound_max = static_cast<std::size_t>(config.max_num_outbound_peers);
    rules.persistent_dial_period_max = p2p::Time(config.persistent_peers_max_dial_period.nanos);
    rules.allow_duplicate_ip = config.allow_duplicate_ip;
    rules.pex = config.pex;
    rules.seed_mode = config.seed_mode;
    return rules;
}

node::EngineConfig engine_config(const Config& config) {
    node::EngineConfig engine;
    engine.consensus = consensus_config(config.consensus);
    engine.block_time_tolerance = config.consensus.block_time_tolerance;
    engine.rules.time_without_nil_from = config.consensus.block_time_without_nil_from;
    engine.software_version = std::string(cometbft_version);
    engine.keep_answers = !config.storage.discard_abci_responses;
    return engine;
}

rpc::Answers stored_answers(const StorageConfig& config) {
    return config.discard_abci_responses ? rpc::Answers::discarded : rpc::Answers::stored;
}

consensus::Config consensus_config(const ConsensusConfig& config) {
    return {.timeout_propose = config.timeout_propose,
            .timeout_propose_delta = config.timeout_propose_delta,
            .timeout_prevote = config.timeout_prevote,
            .timeout_prevote_delta = config.timeout_prevote_delta,
            .timeout_precommit = config.timeout_precommit,
            .timeout_precommit_delta = config.timeout_precommit_delta,
            .timeout_commit = config.timeout_commit,
            .skip_timeout_commit = config.skip_timeout_commit,
            .create_empty_blocks = config.create_empty_blocks,
            .create_empty_blocks_interval = config.create_empty_blocks_interval};
}

Result<std::vector<io::RpcAddress>> light_addresses(const StateSyncConfig& config) {
    std::vector<io::RpcAddress> addresses;
    for (const std::string& server : config.rpc_servers) {
        auto address = io::rpc_address(server);
        if (!address)
            return refuse("statesync.rpc_servers",
                          fmt::format("{} (HTTPS is not spoken here)", address.error().why));
        addresses.push_back(std::move(*address));
    }
    return addresses;
}

node::StateSyncConfig state_sync_config(const StateSyncConfig& config,
                                        const types::GenesisDoc& genesis,
                                        node::LightServers& servers) {
    node::StateSyncConfig sync;
    sync.snapshots.discovery = p2p::Time(config.discovery_time.nanos);
    sync.snapshots.chunk_timeout = p2p::Time(config.chunk_request_timeout.nanos);
    sync.snapshots.fetchers = static_cast<std::uint32_t>(config.chunk_fetchers);
    sync.snapshots.chunks_ahead_max =
        std::max(sync.snapshots.chunks_ahead_max, sync.snapshots.fetchers);
    sync.snapshots.chunks_max = static_cast<std::uint32_t>(config.max_snapshot_chunks);
    sync.light.chain_id = genesis.chain_id;
    sync.light.initial_height = genesis.initial_height;
    sync.light.trust_height = config.trust_height;
    sync.light.trust_hash = types::Hash(base::BytesView(*base::from_hex(config.trust_hash)));
    sync.light.trust_period = config.trust_period;
    sync.light.servers = config.rpc_servers.size();
    sync.servers = &servers;
    return sync;
}

mempool::Limits mempool_limits(const MempoolConfig& config) {
    return {.txs_max = static_cast<std::size_t>(config.size_txs),
            .bytes_max = static_cast<std::uint64_t>(config.max_txs_bytes),
            .tx_bytes_max = static_cast<std::size_t>(config.max_tx_bytes),
            .cache_keys_max = static_cast<std::size_t>(config.cache_size_txs),
            .recheck = config.recheck,
            .keep_invalid_txs_in_cache = config.keep_invalid_txs_in_cache};
}

std::uint32_t tx_bytes_max(const MempoolConfig& config) {
    return static_cast<std::uint32_t>(config.max_tx_bytes);
}

rpc::ServiceConfig service_config(const RpcConfig& config) {
    rpc::ServiceConfig settings;
    settings.body_bytes_max = static_cast<std::size_t>(config.max_body_bytes);
    settings.batch_requests_max = static_cast<std::size_t>(config.max_request_batch_size);
    settings.commit_timeout = config.timeout_broadcast_tx_commit;
    settings.unsafe_routes = config.unsafe;
    settings.subscription_events_max =
        static_cast<std::size_t>(config.experimental_subscription_buffer_size);
    settings.websocket_frames_max =
        static_cast<std::size_t>(config.experimental_websocket_write_buffer_size);
    settings.close_slow_clients = config.experimental_close_on_slow_client;
    return settings;
}

namespace {

/// 0 in the file: no limit.
std::size_t connections_max(std::int64_t configured) {
    return configured == 0 ? std::numeric_limits<std::size_t>::max()
                           : static_cast<std::size_t>(configured);
}

io::TlsFiles tls_files(const RpcConfig& config, const Home& home) {
    return {home.at("config/" + config.tls_cert_file).string(),
            home.at("config/" + config.tls_key_file).string()};
}

}  // namespace

Verdict check_tls(const RpcConfig& config, const Home& home) {
    if (!config.uses_tls()) return {};
    const io::TlsFiles files = tls_files(config, home);
    for (const std::string& path : {files.certificate, files.key})
        if (const auto text = read_file(path, tls_file_bytes_max); !text)
            return std::unexpected(text.error());
    return io::check_tls_files(files);
}

io::HttpServerConfig http_config(const RpcConfig& config, const Home& home) {
    io::HttpServerConfig server;
    for (const std::string_view address : list_items(config.laddr))
        server.listen.emplace_back(address);
    server.cors.origins = config.cors_allowed_origins;
    server.cors.methods = config.cors_allowed_methods;
    server.cors.headers = config.cors_allowed_headers;
    if (config.uses_tls()) server.tls = tls_files(config, home);
    server.connections_max = connections_max(config.max_open_connections);
    server.body_bytes_max = static_cast<std::size_t>(config.max_body_bytes);
    server.header_bytes_max = static_cast<std::uint32_t>(config.max_header_bytes);
    // An answer may wait for its block, and then has a second to leave.
    server.write_timeout =
        std::chrono::milliseconds(config.timeout_broadcast_tx_commit.nanos / 1'000'000 + 1'000);
    return server;
}

io::HttpServerConfig http_config(const InstrumentationConfig& config) {
    io::HttpServerConfig server;
    server.listen = {config.prometheus_listen_addr};
    server.setting = "instrumentation.prometheus_listen_addr";
    server.connections_max = connections_max(config.max_open_connections);
    server.body_bytes_max = 1024;  // a scrape has none
    return server;
}

}  // namespace tandem::program
