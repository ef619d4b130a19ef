#include "tandem/config_table.h"

#include <array>

namespace tandem::program {
namespace {

template <typename T>
struct MemberOf;
template <typename Class, typename T>
struct MemberOf<T Class::*> {
    using Type = T;
};

/// The member `Key` of the section `Section`.
template <auto Section, auto Key>
constexpr AnyMember at() {
    using Type = typename MemberOf<decltype(Key)>::Type;
    return static_cast<Member<Type>>([](Config& config) -> Type& { return config.*Section.*Key; });
}

template <auto Key>
constexpr auto base_key = at<&Config::base, Key>();
template <auto Key>
constexpr auto rpc = at<&Config::rpc, Key>();
template <auto Key>
constexpr auto p2p = at<&Config::p2p, Key>();
template <auto Key>
constexpr auto mempool = at<&Config::mempool, Key>();
template <auto Key>
constexpr auto statesync = at<&Config::statesync, Key>();
template <auto Key>
constexpr auto consensus = at<&Config::consensus, Key>();
template <auto Key>
constexpr auto instrumentation = at<&Config::instrumentation, Key>();

using Base = BaseConfig;
using Rpc = RpcConfig;
using P2p = P2pConfig;
using Pool = MempoolConfig;
using Sync = StateSyncConfig;
using Round = ConsensusConfig;
using Metrics = InstrumentationConfig;

constexpr std::int64_t count_max = 2'147'483'647;
constexpr std::string_view own_database = "Tandem stores blocks and state in RocksDB always";
constexpr std::string_view own_log = "Tandem keeps one log of its own in db_dir";
constexpr std::string_view no_polling = "Tandem sends when something changed, and never polls";
constexpr std::string_view no_grpc = "Tandem serves no gRPC";
constexpr std::string_view unused_there = "CometBFT 0.38 does not use it either";

constexpr std::array keys{
    // ---- At the top.
    ConfigKey{"", "version", base_key<&Base::version>,
              "Release whose form this file has; written by the program.",
              "it only says who wrote the file"},
    ConfigKey{
        "", "proxy_app", base_key<&Base::proxy_app>,
        "The application: an address to reach it at (tcp://HOST:PORT or unix://PATH), or the\n"
        "name of a built-in one: kvstore, persistent_kvstore, noop, share."},
    ConfigKey{"", "moniker", base_key<&Base::moniker>, "What people call this node."},
    ConfigKey{"", "db_backend", base_key<&Base::db_backend>, "Which database CometBFT would use.",
              own_database},
    ConfigKey{"", "db_dir", base_key<&Base::db_dir>, "Folder of everything that the node stores."},
    ConfigKey{"", "log_level", base_key<&Base::log_level>,
              "debug, info, error or none; by module as in \"consensus:debug,*:error\"."},
    ConfigKey{
        "", "log_format", base_key<&Base::log_format>, "How log lines look.", {}, "plain|json"},
    ConfigKey{"", "genesis_file", base_key<&Base::genesis_file>,
              "What all nodes agreed on before the first block."},
    ConfigKey{"", "priv_validator_key_file", base_key<&Base::priv_validator_key_file>,
              "The consensus key: with it this node votes."},
    ConfigKey{"", "priv_validator_state_file", base_key<&Base::priv_validator_state_file>,
              "What this key signed last. Losing it can mean signing twice."},
    ConfigKey{"", "priv_validator_laddr", base_key<&Base::priv_validator_laddr>,
              "Where a remote signer connects to (tcp:// or unix://); empty: the key file signs."},
    ConfigKey{"", "node_key_file", base_key<&Base::node_key_file>,
              "The key by which peers know this node."},
    ConfigKey{"", "abci", base_key<&Base::abci>, "How proxy_app is spoken to.", {}, "socket|grpc"},
    ConfigKey{"", "filter_peers", base_key<&Base::filter_peers>,
              "Ask the application whether a peer may stay."},
    ConfigKey{"",
              "event_bus_buffer_capacity",
              base_key<&Base::event_bus_buffer_capacity>,
              "Events that may wait inside CometBFT.",
              "each subscriber has its own bounded buffer",
              {},
              0,
              count_max},

    // ---- [rpc]
    ConfigKey{"rpc", "laddr", rpc<&Rpc::laddr>,
              "Where the RPC server listens; several with commas; empty: nowhere."},
    ConfigKey{"rpc", "cors_allowed_origins", rpc<&Rpc::cors_allowed_origins>,
              "Origins that may ask from a browser; [] switches CORS off, [\"*\"] allows all."},
    ConfigKey{"rpc", "cors_allowed_methods", rpc<&Rpc::cors_allowed_methods>,
              "HTTP methods that CORS allows."},
    ConfigKey{"rpc", "cors_allowed_headers", rpc<&Rpc::cors_allowed_headers>,
              "HTTP headers that CORS allows."},
    ConfigKey{"rpc", "grpc_laddr", rpc<&Rpc::grpc_laddr>,
              "Where CometBFT would serve gRPC. Must be empty here."},
    ConfigKey{"rpc",
              "grpc_max_open_connections",
              rpc<&Rpc::grpc_max_open_connections>,
              "Connections of gRPC at a time.",
              no_grpc,
              {},
              0,
              count_max},
    ConfigKey{"rpc", "unsafe", rpc<&Rpc::unsafe>,
              "Serve the routes that change a running node, such as dial_peers."},
    ConfigKey{"rpc",
              "max_open_connections",
              rpc<&Rpc::max_open_connections>,
              "Connections at a time, WebSockets included; 0: no limit.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"rpc",
              "max_subscription_clients",
              rpc<&Rpc::max_subscription_clients>,
              "Clients that may have subscriptions.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"rpc",
              "max_subscriptions_per_client",
              rpc<&Rpc::max_subscriptions_per_client>,
              "Subscriptions of one client.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"rpc",
              "experimental_subscription_buffer_size",
              rpc<&Rpc::experimental_subscription_buffer_size>,
              "Events that may wait for one subscription; above, it is cancelled.",
              {},
              {},
              100,
              count_max},
    ConfigKey{"rpc",
              "experimental_websocket_write_buffer_size",
              rpc<&Rpc::experimental_websocket_write_buffer_size>,
              "Answers that may wait for one WebSocket; at least the number above.",
              {},
              {},
              100,
              count_max},
    ConfigKey{"rpc", "experimental_close_on_slow_client",
              rpc<&Rpc::experimental_close_on_slow_client>,
              "Close the WebSocket of a client that reads too slowly, instead of dropping events."},
    ConfigKey{"rpc", "timeout_broadcast_tx_commit", rpc<&Rpc::timeout_broadcast_tx_commit>,
              "How long broadcast_tx_commit waits for its block."},
    ConfigKey{"rpc",
              "max_request_batch_size",
              rpc<&Rpc::max_request_batch_size>,
              "Requests in one batch; 0: no limit.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"rpc", "max_body_bytes", rpc<&Rpc::max_body_bytes>, "Bytes of one request's body."},
    ConfigKey{"rpc",
              "max_header_bytes",
              rpc<&Rpc::max_header_bytes>,
              "Bytes of one request's headers.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"rpc", "tls_cert_file", rpc<&Rpc::tls_cert_file>,
              "Certificate for HTTPS, followed by those of its issuers; relative to this file's\n"
              "folder. HTTPS is served when both files are named, else HTTP."},
    ConfigKey{"rpc", "tls_key_file", rpc<&Rpc::tls_key_file>, "The certificate's private key."},
    ConfigKey{"rpc", "pprof_laddr", rpc<&Rpc::pprof_laddr>, "Where Go programs serve profiles.",
              "it is for programs in Go"},

    // ---- [p2p]
    ConfigKey{"p2p", "laddr", p2p<&P2p::laddr>, "Where this node listens for peers."},
    ConfigKey{"p2p", "external_address", p2p<&P2p::external_address>,
              "HOST:PORT that peers are told to dial; empty: laddr."},
    ConfigKey{"p2p", "seeds", p2p<&P2p::seeds>,
              "Nodes to learn addresses from: ID@HOST:PORT, with commas between."},
    ConfigKey{"p2p", "persistent_peers", p2p<&P2p::persistent_peers>,
              "Nodes to stay connected with: ID@HOST:PORT, with commas between."},
    ConfigKey{"p2p", "addr_book_file", p2p<&P2p::addr_book_file>,
              "Where the addresses of other nodes are kept."},
    ConfigKey{"p2p", "addr_book_strict", p2p<&P2p::addr_book_strict>,
              "Keep addresses of the public internet only. Private networks need false."},
    ConfigKey{"p2p",
              "max_num_inbound_peers",
              p2p<&P2p::max_num_inbound_peers>,
              "Peers that dialled us.",
              {},
              {},
              0,
              100'000},
    ConfigKey{"p2p",
              "max_num_outbound_peers",
              p2p<&P2p::max_num_outbound_peers>,
              "Peers that we dial, persistent ones not counted.",
              {},
              {},
              0,
              100'000},
    ConfigKey{"p2p", "unconditional_peer_ids", p2p<&P2p::unconditional_peer_ids>,
              "Node ids, with commas between, that are let in whatever the limits say."},
    ConfigKey{"p2p", "persistent_peers_max_dial_period",
              p2p<&P2p::persistent_peers_max_dial_period>,
              "Longest pause between attempts to reach a persistent peer; 0s: no cap."},
    ConfigKey{"p2p", "flush_throttle_timeout", p2p<&P2p::flush_throttle_timeout>,
              "How long CometBFT collects before it writes.",
              "Tandem writes what one turn made at its end"},
    ConfigKey{"p2p",
              "max_packet_msg_payload_size",
              p2p<&P2p::max_packet_msg_payload_bytes>,
              "Bytes of a message in one packet. All nodes of a network need the same.",
              {},
              {},
              1,
              1 << 20},
    ConfigKey{"p2p", "send_rate", p2p<&P2p::send_rate_bytes_per_second>,
              "Bytes per second to one peer."},
    ConfigKey{"p2p", "recv_rate", p2p<&P2p::recv_rate_bytes_per_second>,
              "Bytes per second from one peer."},
    ConfigKey{"p2p", "pex", p2p<&P2p::pex>, "Exchange addresses of other nodes with peers."},
    ConfigKey{"p2p", "seed_mode", p2p<&P2p::seed_mode>,
              "Only collect addresses and hand them out; needs pex."},
    ConfigKey{"p2p", "private_peer_ids", p2p<&P2p::private_peer_ids>,
              "Node ids, with commas between, that others are never told of."},
    ConfigKey{"p2p", "allow_duplicate_ip", p2p<&P2p::allow_duplicate_ip>,
              "Let several peers come from one IP address."},
    ConfigKey{"p2p", "handshake_timeout", p2p<&P2p::handshake_timeout>,
              "How long the opening of a connection may take.", unused_there},
    ConfigKey{"p2p", "dial_timeout", p2p<&P2p::dial_timeout>, "How long dialling may take.",
              unused_there},

    // ---- [mempool]
    ConfigKey{"mempool",
              "type",
              mempool<&Pool::type>,
              "flood: transactions are kept and told to peers; nop: the application brings them.",
              {},
              "flood|nop|"},
    ConfigKey{"mempool", "recheck", mempool<&Pool::recheck>,
              "After a block, ask the application again about what still waits. Seats need it."},
    ConfigKey{"mempool", "recheck_timeout", mempool<&Pool::recheck_timeout>,
              "How long a remote application may take for that."},
    ConfigKey{"mempool", "broadcast", mempool<&Pool::broadcast>, "Tell peers of transactions."},
    ConfigKey{"mempool", "wal_dir", mempool<&Pool::wal_dir>,
              "Where transactions would be written down.", unused_there},
    ConfigKey{"mempool",
              "size",
              mempool<&Pool::size_txs>,
              "Transactions that may wait.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"mempool", "max_txs_bytes", mempool<&Pool::max_txs_bytes>, "Bytes of all that wait."},
    ConfigKey{"mempool",
              "cache_size",
              mempool<&Pool::cache_size_txs>,
              "Transactions that are remembered, so that they are not checked twice.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"mempool", "keep-invalid-txs-in-cache", mempool<&Pool::keep_invalid_txs_in_cache>,
              "Remember invalid ones too: right where they can never become valid."},
    ConfigKey{"mempool",
              "max_tx_bytes",
              mempool<&Pool::max_tx_bytes>,
              "Bytes of one transaction.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"mempool",
              "max_batch_bytes",
              mempool<&Pool::max_batch_bytes>,
              "Bytes of transactions in one message.",
              unused_there,
              {},
              0,
              count_max},
    ConfigKey{"mempool",
              "experimental_max_gossip_connections_to_persistent_peers",
              mempool<&Pool::experimental_max_gossip_connections_to_persistent_peers>,
              "Persistent peers that transactions are sent to; 0: all.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"mempool",
              "experimental_max_gossip_connections_to_non_persistent_peers",
              mempool<&Pool::experimental_max_gossip_connections_to_non_persistent_peers>,
              "Other peers that transactions are sent to; 0: all.",
              {},
              {},
              0,
              count_max},

    // ---- [statesync]
    ConfigKey{"statesync", "enable", statesync<&Sync::enable>,
              "Begin from a snapshot of the application instead of the first block. Only a node\n"
              "that has no blocks does so."},
    ConfigKey{"statesync", "rpc_servers", statesync<&Sync::rpc_servers>,
              "At least two RPC servers, with commas between, to verify the snapshot by."},
    ConfigKey{"statesync", "trust_height", statesync<&Sync::trust_height>,
              "A height that you trust, by its header's hash, for a while."},
    ConfigKey{"statesync", "trust_hash", statesync<&Sync::trust_hash>, "In hexadecimal digits."},
    ConfigKey{"statesync", "trust_period", statesync<&Sync::trust_period>,
              "Shorter than the time in which validators answer for what they signed."},
    ConfigKey{"statesync", "discovery_time", statesync<&Sync::discovery_time>,
              "How long to look for snapshots before one is chosen: 0s, or at least 5s."},
    ConfigKey{"statesync", "temp_dir", statesync<&Sync::temp_dir>,
              "Folder for pieces of a snapshot; empty: the system's.",
              "Tandem keeps a few pieces in memory and asks for the others when their turn comes"},
    ConfigKey{"statesync", "chunk_request_timeout", statesync<&Sync::chunk_request_timeout>,
              "When a piece is asked for again, of another peer."},
    ConfigKey{"statesync",
              "chunk_fetchers",
              statesync<&Sync::chunk_fetchers>,
              "Pieces on their way at a time.",
              {},
              {},
              0,
              1'000},
    ConfigKey{"statesync",
              "max_snapshot_chunks",
              statesync<&Sync::max_snapshot_chunks>,
              "Pieces that a snapshot may have.",
              {},
              {},
              0,
              0xffff'ffff},

    // ---- [blocksync]
    ConfigKey{"blocksync",
              "version",
              at<&Config::blocksync, &BlockSyncConfig::version>(),
              "The protocol by which blocks are fetched.",
              {},
              "v0"},

    // ---- [consensus]
    ConfigKey{"consensus", "wal_file", consensus<&Round::wal_file>,
              "Where CometBFT writes down what consensus was told.", own_log},
    ConfigKey{"consensus", "timeout_propose", consensus<&Round::timeout_propose>,
              "How long a proposal is waited for."},
    ConfigKey{"consensus", "timeout_propose_delta", consensus<&Round::timeout_propose_delta>,
              "By how much more in each round."},
    ConfigKey{"consensus", "timeout_prevote", consensus<&Round::timeout_prevote>,
              "How long to wait for more prevotes when two thirds are there, but of two minds."},
    ConfigKey{"consensus", "timeout_prevote_delta", consensus<&Round::timeout_prevote_delta>,
              "By how much more in each round."},
    ConfigKey{"consensus", "timeout_precommit", consensus<&Round::timeout_precommit>,
              "The same for precommits."},
    ConfigKey{"consensus", "timeout_precommit_delta", consensus<&Round::timeout_precommit_delta>,
              "By how much more in each round."},
    ConfigKey{"consensus", "timeout_commit", consensus<&Round::timeout_commit>,
              "Pause after a block, in which late precommits may arrive."},
    ConfigKey{"consensus", "double_sign_check_height", consensus<&Round::double_sign_check_height>,
              "At the start, refuse to run if our key signed one of so many last blocks."},
    ConfigKey{"consensus", "skip_timeout_commit", consensus<&Round::skip_timeout_commit>,
              "End that pause when all precommits are there."},
    ConfigKey{"consensus", "create_empty_blocks", consensus<&Round::create_empty_blocks>,
              "Make blocks also when no transaction waits. Seats are judged by blocks: leave it\n"
              "true where a genesis names seats."},
    ConfigKey{"consensus", "create_empty_blocks_interval",
              consensus<&Round::create_empty_blocks_interval>,
              "How long to wait for a transaction before an empty block is made."},
    ConfigKey{"consensus", "peer_gossip_sleep_duration",
              consensus<&Round::peer_gossip_sleep_duration>,
              "How often CometBFT looks what peers lack.", no_polling},
    ConfigKey{"consensus", "peer_query_maj23_sleep_duration",
              consensus<&Round::peer_query_maj23_sleep_duration>,
              "How often CometBFT tells peers which block has two thirds.", no_polling},
    ConfigKey{"consensus",
              "block_time_tolerance",
              consensus<&Round::block_time_tolerance>,
              "How far the time of a proposed block may lie ahead of this machine's clock.",
              {},
              {},
              1},
    ConfigKey{
        "consensus", "block_time_without_nil_from", consensus<&Round::block_time_without_nil_from>,
        "First height whose block time nil votes have no part in, as CometBFT 0.40 has it;\n"
        "0: they always have, as in 0.38. Tandem's own, and the same on all nodes of a chain:\n"
        "1 for one that CometBFT 0.40 began."},

    // ---- [storage]
    ConfigKey{"storage", "discard_abci_responses",
              at<&Config::storage, &StorageConfig::discard_abci_responses>(),
              "Do not keep the application's answers; then /block_results has none."},

    // ---- [tx_index]
    ConfigKey{"tx_index",
              "indexer",
              at<&Config::tx_index, &TxIndexConfig::indexer>(),
              "kv: transactions and blocks can be searched for; null: not.",
              {},
              "kv|null|psql|"},
    ConfigKey{"tx_index", "psql-conn", at<&Config::tx_index, &TxIndexConfig::psql_conn>(),
              "How CometBFT reaches PostgreSQL.", "Tandem indexes into its own database"},

    // ---- [instrumentation]
    ConfigKey{"instrumentation", "prometheus", instrumentation<&Metrics::prometheus>,
              "Serve metrics under /metrics, as Prometheus reads them."},
    ConfigKey{"instrumentation", "prometheus_listen_addr",
              instrumentation<&Metrics::prometheus_listen_addr>,
              "Where: [HOST]:PORT; empty: nowhere."},
    ConfigKey{"instrumentation",
              "max_open_connections",
              instrumentation<&Metrics::max_open_connections>,
              "Connections at a time; 0: no limit.",
              {},
              {},
              0,
              count_max},
    ConfigKey{"instrumentation", "namespace", instrumentation<&Metrics::metrics_namespace>,
              "What the names of metrics begin with; those of seats begin with tandem always."},

    // ---- [seats]
    ConfigKey{"seats", "liveness_key_file", at<&Config::seats, &SeatsConfig::liveness_key_file>(),
              "The key that signs heartbeats and records. Every node has its own."},

    // ---- [share]
    ConfigKey{
        "share",
        "snapshot_interval",
        at<&Config::share, &ShareConfig::snapshot_interval>(),
        "With proxy_app = \"share\": a snapshot is offered of every height that this divides;\n"
        "the newest two are kept. 0: none.",
        {},
        {},
        0,
        count_max},
};

constexpr std::array sections{
    ConfigSection{"", "The node"},
    ConfigSection{"rpc", "The RPC server"},
    ConfigSection{"p2p", "The network between nodes"},
    ConfigSection{"mempool", "Transactions that wait for a block"},
    ConfigSection{"statesync", "Beginning from a snapshot"},
    ConfigSection{"blocksync", "Catching up block by block"},
    ConfigSection{"consensus", "Consensus"},
    ConfigSection{"storage", "What is kept"},
    ConfigSection{"tx_index", "Search"},
    ConfigSection{"instrumentation", "Metrics"},
    ConfigSection{"seats", "Seats: Tandem's own; CometBFT passes over it"},
    ConfigSection{"share", "The application share: Tandem's own; CometBFT passes over it"},
};

constexpr std::string_view older = "CometBFT 0.38 has it no more";
constexpr std::string_view newer = "CometBFT 0.40 has it, and Tandem has not";
constexpr std::string_view test_aid = "it makes CometBFT fail on purpose, for its own tests";

constexpr std::array foreign{
    ForeignKey{"fast_sync", older, ForeignKey::passed_over},
    ForeignKey{"block_sync", older, ForeignKey::passed_over},
    ForeignKey{"fastsync", older, ForeignKey::passed_over},
    ForeignKey{"rpc.timeout_broadcast_tx", older, ForeignKey::passed_over},
    ForeignKey{"p2p.upnp", older, ForeignKey::passed_over},
    ForeignKey{"mempool.version", older, ForeignKey::passed_over},
    ForeignKey{"mempool.ttl-duration", older, ForeignKey::passed_over},
    ForeignKey{"mempool.ttl-num-blocks", older, ForeignKey::passed_over},
    ForeignKey{"blocksync.adaptive_sync", newer, ForeignKey::passed_over},
    ForeignKey{"mempool.seen_cache_size", newer, ForeignKey::passed_over},
    ForeignKey{"mempool.reap_max_bytes", newer, ForeignKey::passed_over},
    ForeignKey{"mempool.reap_max_gas", newer, ForeignKey::passed_over},
    ForeignKey{"mempool.reap_interval", newer, ForeignKey::passed_over},
    ForeignKey{"mempool.check_tx_retry_delay", newer, ForeignKey::passed_over},
    ForeignKey{"p2p.libp2p", newer, ForeignKey::refused_if_on},
    ForeignKey{"p2p.test_dial_fail", test_aid, ForeignKey::refused},
    ForeignKey{"p2p.test_fuzz", test_aid, ForeignKey::refused},
    ForeignKey{"p2p.test_fuzz_config", test_aid, ForeignKey::refused},
};

}  // namespace

std::span<const ConfigKey> config_keys() {
    return keys;
}

std::span<const ConfigSection> config_sections() {
    return sections;
}

std::span<const ForeignKey> foreign_keys() {
    return foreign;
}

}  // namespace tandem::program
