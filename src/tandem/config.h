// The configuration of one node: config.toml of CometBFT 0.38, key by key, and Tandem's own
// [seats].
//
// A key is honoured, accepted though it has no effect here (one warning names all that are set to
// something), or refused with a reason. One that nobody knows is an error, unlike in CometBFT,
// which passes over it: a mistyped limit is a limit that does not hold. What is true for a whole
// chain is in its genesis and not here; which role a node plays is read from the chain.
//
// One table (config_table.h) drives reading, writing, environment and documentation. Members are
// called as the keys are, with the unit behind where the key's name lacks it.
//
// Not here: where files are (home.h), reading and writing them (home.h, files.h).
#pragma once
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "types/basic.h"

namespace tandem::program {

using base::Refusal;
using base::refuse;
using base::Result;
using base::Verdict;
using types::Duration;
using Texts = std::vector<std::string>;

[[nodiscard]] constexpr Duration milliseconds(std::int64_t count) noexcept {
    return {count * 1'000'000};
}

/// The release of CometBFT whose files and protocols these are.
inline constexpr std::string_view cometbft_version = "0.38.26";
inline constexpr std::string_view config_file = "config/config.toml";

/// Paths are absolute or relative to the home folder (Home::at).
struct BaseConfig {
    std::string version{cometbft_version};            // of the program that wrote the file
    std::string proxy_app = "tcp://127.0.0.1:26658";  // or a built-in application's name
    std::string moniker = "anonymous";
    std::string db_backend = "goleveldb";
    std::string db_dir = "data";
    std::string log_level = "info";    // "info", or "consensus:debug,*:error"
    std::string log_format = "plain";  // or "json"
    std::string genesis_file = "config/genesis.json";
    std::string priv_validator_key_file = "config/priv_validator_key.json";
    std::string priv_validator_state_file = "data/priv_validator_state.json";
    std::string priv_validator_laddr;  // empty: the key file signs
    std::string node_key_file = "config/node_key.json";
    std::string abci = "socket";
    bool filter_peers = false;
    std::int64_t event_bus_buffer_capacity = 0;

    bool operator==(const BaseConfig&) const = default;
};

struct RpcConfig {
    std::string laddr = "tcp://127.0.0.1:26657";  // several, with commas; empty: no server
    Texts cors_allowed_origins;                   // empty: CORS is off
    Texts cors_allowed_methods{"HEAD", "GET", "POST"};
    Texts cors_allowed_headers{"Origin", "Accept", "Content-Type", "X-Requested-With",
                               "X-Server-Time"};
    std::string grpc_laddr;
    std::int64_t grpc_max_open_connections = 900;
    bool unsafe = false;
    std::int64_t max_open_connections = 900;  // 0: no limit
    std::int64_t max_subscription_clients = 100;
    std::int64_t max_subscriptions_per_client = 5;
    std::int64_t experimental_subscription_buffer_size = 200;     // events
    std::int64_t experimental_websocket_write_buffer_size = 200;  // answers
    bool experimental_close_on_slow_client = false;
    Duration timeout_broadcast_tx_commit = milliseconds(10'000);
    std::int64_t max_request_batch_size = 10;  // requests; 0: no limit
    std::int64_t max_body_bytes = 1'000'000;
    std::int64_t max_header_bytes = 1 << 20;
    std::string tls_cert_file;  // relative to the folder of config.toml
    std::string tls_key_file;
    std::string pprof_laddr;

    bool operator==(const RpcConfig&) const = default;
    [[nodiscard]] bool uses_tls() const { return !tls_cert_file.empty() && !tls_key_file.empty(); }
};

struct P2pConfig {
    std::string laddr = "tcp://0.0.0.0:26656";
    std::string external_address;  // empty: laddr is told to peers
    std::string seeds;             // "id@host:port", with commas
    std::string persistent_peers;
    std::string addr_book_file = "config/addrbook.json";
    bool addr_book_strict = true;
    std::int64_t max_num_inbound_peers = 40;
    std::int64_t max_num_outbound_peers = 10;   // persistent ones not counted
    std::string unconditional_peer_ids;         // with commas
    Duration persistent_peers_max_dial_period;  // 0: no cap
    Duration flush_throttle_timeout = milliseconds(100);
    std::int64_t max_packet_msg_payload_bytes = 1024;
    std::int64_t send_rate_bytes_per_second = 5'120'000;
    std::int64_t recv_rate_bytes_per_second = 5'120'000;
    bool pex = true;
    bool seed_mode = false;
    std::string private_peer_ids;  // with commas
    bool allow_duplicate_ip = false;
    Duration handshake_timeout = milliseconds(20'000);
    Duration dial_timeout = milliseconds(3'000);

    bool operator==(const P2pConfig&) const = default;
};

struct MempoolConfig {
    std::string type = "flood";  // or "nop"
    bool recheck = true;
    Duration recheck_timeout = milliseconds(1'000);
    bool broadcast = true;
    std::string wal_dir;
    std::int64_t size_txs = 5'000;
    std::int64_t max_txs_bytes = 1 << 30;
    std::int64_t cache_size_txs = 10'000;
    bool keep_invalid_txs_in_cache = false;
    std::int64_t max_tx_bytes = 1 << 20;
    std::int64_t max_batch_bytes = 0;
    std::int64_t experimental_max_gossip_connections_to_persistent_peers = 0;  // 0: no limit
    std::int64_t experimental_max_gossip_connections_to_non_persistent_peers = 0;

    bool operator==(const MempoolConfig&) const = default;
};

struct StateSyncConfig {
    bool enable = false;
    Texts rpc_servers;
    std::int64_t trust_height = 0;
    std::string trust_hash;
    Duration trust_period = milliseconds(168 * 3'600'000LL);
    Duration discovery_time = milliseconds(15'000);
    std::string temp_dir;
    Duration chunk_request_timeout = milliseconds(10'000);
    std::int64_t chunk_fetchers = 4;
    std::int64_t max_snapshot_chunks = 100'000;

    bool operator==(const StateSyncConfig&) const = default;
};

struct BlockSyncConfig {
    std::string version = "v0";

    bool operator==(const BlockSyncConfig&) const = default;
};

struct ConsensusConfig {
    std::string wal_file = "data/cs.wal/wal";
    Duration timeout_propose = milliseconds(3'000);
    Duration timeout_propose_delta = milliseconds(500);
    Duration timeout_prevote = milliseconds(1'000);
    Duration timeout_prevote_delta = milliseconds(500);
    Duration timeout_precommit = milliseconds(1'000);
    Duration timeout_precommit_delta = milliseconds(500);
    Duration timeout_commit = milliseconds(1'000);
    std::int64_t double_sign_check_height = 0;  // blocks to look back; 0: none
    bool skip_timeout_commit = false;
    bool create_empty_blocks = true;
    Duration create_empty_blocks_interval;
    Duration peer_gossip_sleep_duration = milliseconds(100);
    Duration peer_query_maj23_sleep_duration = milliseconds(2'000);
    Duration block_time_tolerance = milliseconds(60'000);
    std::int64_t block_time_without_nil_from = 0;  // a height; 0: none

    bool operator==(const ConsensusConfig&) const = default;
};

struct StorageConfig {
    bool discard_abci_responses = false;

    bool operator==(const StorageConfig&) const = default;
};

struct TxIndexConfig {
    std::string indexer = "kv";  // or "null"
    std::string psql_conn;

    bool operator==(const TxIndexConfig&) const = default;
};

struct InstrumentationConfig {
    bool prometheus = false;
    std::string prometheus_listen_addr = ":26660";
    std::int64_t max_open_connections = 3;
    std::string metrics_namespace = "cometbft";

    [[nodiscard]] bool serves_metrics() const {
        return prometheus && !prometheus_listen_addr.empty();
    }

    bool operator==(const InstrumentationConfig&) const = default;
};

struct SeatsConfig {
    std::string liveness_key_file = "config/liveness_key.json";

    bool operator==(const SeatsConfig&) const = default;
};

/// Of the built-in application `share`.
struct ShareConfig {
    std::int64_t snapshot_interval = 1'000;  // in blocks; 0: none are made

    bool operator==(const ShareConfig&) const = default;
};

struct Config {
    BaseConfig base;
    RpcConfig rpc;
    P2pConfig p2p;
    MempoolConfig mempool;
    StateSyncConfig statesync;
    BlockSyncConfig blocksync;
    ConsensusConfig consensus;
    StorageConfig storage;
    TxIndexConfig tx_index;
    InstrumentationConfig instrumentation;
    SeatsConfig seats;
    ShareConfig share;

    bool operator==(const Config&) const = default;
};

struct ConfigReading {
    Config config;
    Texts warnings;  // for the operator, one sentence each
};

/// The items of a list with commas, without the blanks around them; empty ones are passed over.
[[nodiscard]] std::vector<std::string_view> list_items(std::string_view list);

/// What a text says, above `defaults`. A refusal's check is the key ("p2p.laddr"); its words give
/// `file` and line. Not judged yet: validate does that, once flags and environment had their say.
[[nodiscard]] Result<ConfigReading> config_from_toml(std::string_view text, std::string_view file,
                                                     const Config& defaults);

/// Sets one key, named as in the environment or on a command line ("p2p.laddr"), from a text.
[[nodiscard]] Verdict set_key(Config& config, std::string_view name, std::string_view value);

/// CMT_P2P_LADDR, or as CometBFT also takes it CMTP2P_LADDR, sets p2p.laddr; TANDEM_P2P_LADDR goes
/// before both. `variable` looks one up and gives null where it is not set. An empty one counts as
/// not set.
using Environment = std::function<const char*(const std::string& name)>;
[[nodiscard]] Verdict apply_environment(Config& config, const Environment& variable);

/// Ranges, relations, and what Tandem refuses with a reason.
[[nodiscard]] Verdict validate(const Config& config);

/// Names keys that have no effect here and are not as CometBFT's default has them; empty: none.
[[nodiscard]] std::string without_effect(const Config& config);

/// The file, with every key in CometBFT's order, so that CometBFT reads it too.
[[nodiscard]] std::string config_file_text(const Config& config);

/// docs/configuration.md.
[[nodiscard]] std::string config_reference();

}  // namespace tandem::program
