// config.toml: what is read, refused and written.
#include "tandem/config.h"

#include <gtest/gtest.h>
#include <map>

#include "tandem/config_table.h"
#include "tandem/duration_text.h"
#include "tandem/node_settings.h"
#include "tandem/testing.h"

namespace tandem::program {
namespace {

Result<ConfigReading> read(std::string_view text) {
    return config_from_toml(text, "config.toml", Config{});
}

/// Keys and values of the file that CometBFT v0.38.26 writes.
constexpr std::string_view cometbft_default = R"toml(
version = "0.38.26"
proxy_app = "tcp://127.0.0.1:26658"
moniker = "anonymous"
db_backend = "goleveldb"
db_dir = "data"
log_level = "info"
log_format = "plain"
genesis_file = "config/genesis.json"
priv_validator_key_file = "config/priv_validator_key.json"
priv_validator_state_file = "data/priv_validator_state.json"
priv_validator_laddr = ""
node_key_file = "config/node_key.json"
abci = "socket"
filter_peers = false
event_bus_buffer_capacity = 0
[rpc]
laddr = "tcp://127.0.0.1:26657"
cors_allowed_origins = []
cors_allowed_methods = ["HEAD", "GET", "POST", ]
cors_allowed_headers = ["Origin", "Accept", "Content-Type", "X-Requested-With", "X-Server-Time", ]
grpc_laddr = ""
grpc_max_open_connections = 900
unsafe = false
max_open_connections = 900
max_subscription_clients = 100
max_subscriptions_per_client = 5
experimental_subscription_buffer_size = 200
experimental_websocket_write_buffer_size = 200
experimental_close_on_slow_client = false
timeout_broadcast_tx_commit = "10s"
max_request_batch_size = 10
max_body_bytes = 1000000
max_header_bytes = 1048576
tls_cert_file = ""
tls_key_file = ""
pprof_laddr = ""
[p2p]
laddr = "tcp://0.0.0.0:26656"
external_address = ""
seeds = ""
persistent_peers = ""
addr_book_file = "config/addrbook.json"
addr_book_strict = true
max_num_inbound_peers = 40
max_num_outbound_peers = 10
unconditional_peer_ids = ""
persistent_peers_max_dial_period = "0s"
flush_throttle_timeout = "100ms"
max_packet_msg_payload_size = 1024
send_rate = 5120000
recv_rate = 5120000
pex = true
seed_mode = false
private_peer_ids = ""
allow_duplicate_ip = false
handshake_timeout = "20s"
dial_timeout = "3s"
[mempool]
type = "flood"
recheck = true
recheck_timeout = "1s"
broadcast = true
wal_dir = ""
size = 5000
max_txs_bytes = 1073741824
cache_size = 10000
keep-invalid-txs-in-cache = false
max_tx_bytes = 1048576
max_batch_bytes = 0
experimental_max_gossip_connections_to_persistent_peers = 0
experimental_max_gossip_connections_to_non_persistent_peers = 0
[statesync]
enable = false
rpc_servers = ""
trust_height = 0
trust_hash = ""
trust_period = "168h0m0s"
discovery_time = "15s"
temp_dir = ""
chunk_request_timeout = "10s"
chunk_fetchers = "4"
max_snapshot_chunks = 100000
[blocksync]
version = "v0"
[consensus]
wal_file = "data/cs.wal/wal"
timeout_propose = "3s"
timeout_propose_delta = "500ms"
timeout_prevote = "1s"
timeout_prevote_delta = "500ms"
timeout_precommit = "1s"
timeout_precommit_delta = "500ms"
timeout_commit = "1s"
double_sign_check_height = 0
skip_timeout_commit = false
create_empty_blocks = true
create_empty_blocks_interval = "0s"
peer_gossip_sleep_duration = "100ms"
peer_query_maj23_sleep_duration = "2s"
block_time_tolerance = "1m0s"
[storage]
discard_abci_responses = false
[tx_index]
indexer = "kv"
psql-conn = ""
[instrumentation]
prometheus = false
prometheus_listen_addr = ":26660"
max_open_connections = 3
namespace = "cometbft"
)toml";

/// The refusal's words, or "".
std::string refusal_of(std::string_view text) {
    const auto reading = read(text);
    if (!reading) return reading.error().check + "|" + reading.error().why;
    const Verdict verdict = validate(reading->config);
    return verdict ? "" : verdict.error().check + "|" + verdict.error().why;
}

TEST(Config, DefaultsAreValid) {
    EXPECT_TRUE(validate(Config{}));
    EXPECT_EQ(without_effect(Config{}), "");
}

TEST(Config, MetricsHaveNamesThatPrometheusTakes) {
    for (const char* name : {"", "cometbft", "a_b:c9"})
        EXPECT_EQ(refusal_of(std::string("[instrumentation]\nnamespace = \"") + name + '"'), "");
    for (const char* name : {"9a", "a-b", "a b"})
        EXPECT_TRUE(refusal_of(std::string("[instrumentation]\nnamespace = \"") + name + '"')
                        .starts_with("instrumentation.namespace|"))
            << name;
    InstrumentationConfig metrics;
    EXPECT_FALSE(metrics.serves_metrics());
    metrics.prometheus = true;
    EXPECT_TRUE(metrics.serves_metrics());
    metrics.prometheus_listen_addr = "";
    EXPECT_FALSE(metrics.serves_metrics());
    metrics = {.prometheus = true, .prometheus_listen_addr = ":0", .max_open_connections = 0};
    EXPECT_EQ(http_config(metrics).connections_max, std::numeric_limits<std::size_t>::max());
    metrics.max_open_connections = 3;
    EXPECT_EQ(http_config(metrics).connections_max, 3U);
    EXPECT_EQ(http_config(metrics).listen, std::vector<std::string>{":0"});
}

TEST(Config, CometBftsOwnFileSaysTheDefaults) {
    const auto reading = read(cometbft_default);
    ASSERT_TRUE(reading) << reading.error().why;
    EXPECT_TRUE(reading->warnings.empty());
    EXPECT_EQ(reading->config, Config{});
}

TEST(Config, SectionsAndKeysStandInTheOrderOfCometBftsFileAndOursBehindThem) {
    const auto names = [](std::string_view text) {
        std::string out;
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(text.size(), line.size() + 1));
            if (line.starts_with('['))
                out += std::string(line) + "\n";
            else if (!line.starts_with('#') && line.find('=') != std::string_view::npos)
                out += std::string(line.substr(0, line.find(' '))) + "\n";
        }
        return out;
    };
    std::string expected = names(cometbft_default);
    constexpr std::string_view last_of_consensus = "block_time_tolerance\n";
    expected.insert(expected.find(last_of_consensus) + last_of_consensus.size(),
                    "block_time_without_nil_from\n");
    EXPECT_EQ(names(config_file_text(Config{})),
              expected + "[seats]\nliveness_key_file\n[share]\nsnapshot_interval\n");
}

TEST(Config, ThePageOfDocumentationIsTheTable) {
    EXPECT_EQ(testing::text_of(TANDEM_SOURCE_DIR "/docs/configuration.md"), config_reference())
        << "run: tandem config reference > docs/configuration.md";
}

TEST(Config, WhatIsWrittenIsRead) {
    // Every key differs from its default, in a way that its kind allows.
    Config config;
    for (const ConfigKey& key : config_keys()) {
        if (const auto* flag = std::get_if<Member<bool>>(&key.member))
            (*flag)(config) = !(*flag)(config);
        else if (const auto* number = std::get_if<Member<std::int64_t>>(&key.member))
            (*number)(config) += 1;
        else if (const auto* span = std::get_if<Member<Duration>>(&key.member))
            (*span)(config).nanos += 1'500'000'001;
        else if (const auto* text = std::get_if<Member<std::string>>(&key.member))
            (*text)(config) += "\"\\ x\t\xc3\xa4";
        else
            std::get<Member<Texts>>(key.member)(config).emplace_back("y");
    }
    const auto reading = read(config_file_text(config));
    ASSERT_TRUE(reading) << reading.error().why;
    EXPECT_EQ(reading->config, config);
    EXPECT_TRUE(reading->warnings.empty());
}

TEST(Config, ALackingKeyKeepsItsDefault) {
    const auto reading = read("moniker = \"x\"\n[rpc]\nunsafe = true\n");
    ASSERT_TRUE(reading);
    Config expected;
    expected.base.moniker = "x";
    expected.rpc.unsafe = true;
    EXPECT_EQ(reading->config, expected);
}

TEST(Config, CometBftsLooseFormsAreTaken) {
    const auto reading = read(
        "[statesync]\nchunk_fetchers = \"7\"\nrpc_servers = \"a:1,b:2\"\n"
        "[rpc]\ncors_allowed_methods = [\"GET\", ]\n[p2p]\npex = \"false\"\n");
    ASSERT_TRUE(reading) << reading.error().why;
    EXPECT_EQ(reading->config.statesync.chunk_fetchers, 7);
    EXPECT_EQ(reading->config.statesync.rpc_servers, (Texts{"a:1", "b:2"}));
    EXPECT_EQ(reading->config.rpc.cors_allowed_methods, (Texts{"GET"}));
    EXPECT_FALSE(reading->config.p2p.pex);
}

struct RefusedCase {
    std::string_view text;
    std::string_view words;  // that the refusal must have
};

TEST(Config, RefusalsNameKeyLineAndRemedy) {
    const std::vector<RefusedCase> cases{
        {"\n[p2p]\nladdr_ = \"x\"",
         "p2p.laddr_|config.toml line 3: unknown key \"p2p.laddr_\"; did "
         "you mean \"laddr\"?"},
        {"laddr = \"x\"", "it belongs under [rpc]"},
        {"[p2p]\nmoniker = \"x\"", "it belongs above the first section"},
        {"[consensuss]\n", "line 1: unknown section [consensuss]; did you mean [consensus]?"},
        {"[zzz]\n", "unknown section [zzz]"},
        {"[mempool]\nkeep_invalid_txs_in_cache = true",
         "did you mean \"keep-invalid-txs-in-cache\""},
        {"[rpc]\nunsafe = 3", "line 2: rpc.unsafe must be true or false"},
        {"[rpc]\nmax_body_bytes = \"many\"", "rpc.max_body_bytes must be a whole number"},
        {"[rpc]\nmax_body_bytes = 1.5", "must be a whole number"},
        {"[rpc]\ncors_allowed_origins = [1]", "must be a list of texts"},
        {"[rpc]\ncors_allowed_origins = 1", "must be a list of texts"},
        {"moniker = 5", "must be a text in quotes"},
        {"[consensus]\ntimeout_commit = 5", "must be a span of time in quotes"},
        {"[consensus]\ntimeout_commit = \"5\"", "lacks a unit"},
        {"[consensus]\ntimeout_commit = \"-5s\"", "must not be negative"},
        {"[consensus]\nblock_time_tolerance = \"0s\"", "it must be positive"},
        {"a = = 1", "toml|config.toml line 1"},
        {"moniker = \"a\"\nmoniker = \"b\"", "toml|config.toml line 2"},
        {"[rpc]\nmax_open_connections = -1", "must not be negative"},
        {"[rpc]\nexperimental_subscription_buffer_size = 99", "at least 100"},
        {"[rpc]\nexperimental_subscription_buffer_size = 300", "must be at least"},
        {"[p2p]\nmax_packet_msg_payload_size = 0", "at least 1"},
        {"[p2p]\nmax_num_inbound_peers = 100001", "at most 100000"},
        {"[p2p]\npersistent_peers = \"abc\"", "p2p.persistent_peers: \"abc\""},
        {"[p2p]\nunconditional_peer_ids = \"xyz\"", "write a node id"},
        {"[p2p]\nseed_mode = true\npex = false", "needs p2p.pex"},
        {"[p2p]\ntest_fuzz = true", "p2p.test_fuzz is refused"},
        {"[p2p.libp2p]\nenabled = true", "p2p.libp2p is refused"},
        {"log_format = \"xml\"", "known are \"plain\", \"json\""},
        {"version = \"one\"", "not a number like"},
        {"abci = \"grpc\"", "by \"socket\" only"},
        {"[rpc]\ngrpc_laddr = \"tcp://:9\"", "serves no gRPC"},
        {"[tx_index]\nindexer = \"psql\"", "PostgreSQL"},
        {"[blocksync]\nversion = \"v1\"", "known are \"v0\""},
        {"[mempool]\ntype = \"priority\"", "known are \"flood\", \"nop\""},
        {"[mempool]\ntype = \"nop\"\n[consensus]\ncreate_empty_blocks = false", "would ever start"},
        {"[statesync]\nenable = true", "must name two servers"},
        {"[statesync]\nenable = true\nrpc_servers = \"a,\"", "empty entry"},
        {"[statesync]\nenable = true\nrpc_servers = \"a,b\"", "trust_height must be set"},
        {"[statesync]\nenable = true\nrpc_servers = \"a,b\"\ntrust_height = 3\ntrust_hash = \"x\"",
         "hexadecimal"},
    };
    for (const RefusedCase& c : cases)
        EXPECT_NE(refusal_of(c.text).find(c.words), std::string::npos)
            << c.text << "\n gave: " << refusal_of(c.text);
}

TEST(Config, KeysOfOlderReleasesArePassedOver) {
    const auto reading = read("fast_sync = true\n[mempool]\nversion = \"v0\"\n[fastsync]\nx = 1\n");
    ASSERT_TRUE(reading) << reading.error().why;
    EXPECT_EQ(reading->warnings.size(), 3U);
    EXPECT_EQ(reading->config, Config{});
}

TEST(Config, WhatNewerReleasesHaveSwitchedOffIsPassedOver) {
    const auto reading = read(
        "[p2p.libp2p]\nenabled = false\n[[p2p.libp2p.scaler.overrides]]\nreactor = \"MEMPOOL\"\n"
        "[blocksync]\nadaptive_sync = false\n");
    ASSERT_TRUE(reading) << reading.error().why;
    EXPECT_EQ(reading->warnings.size(), 1U);
}

TEST(Config, OneWarningNamesWhatHasNoEffect) {
    Config config;
    config.base.db_backend = "pebbledb";
    config.consensus.peer_gossip_sleep_duration = milliseconds(5);
    const std::string warning = without_effect(config);
    EXPECT_NE(warning.find("db_backend (Tandem stores"), std::string::npos) << warning;
    EXPECT_NE(warning.find("consensus.peer_gossip_sleep_duration"), std::string::npos);
    EXPECT_EQ(warning.find("moniker"), std::string::npos);
}

TEST(Config, TheEnvironmentGoesBeforeTheFile) {
    std::map<std::string, std::string> variables{
        {"CMT_MONIKER", "one"},      {"CMTP2P_LADDR", "tcp://1.2.3.4:5"},
        {"CMT_P2P_SEEDS", ""},       {"TANDEM_RPC_UNSAFE", "true"},
        {"CMT_RPC_UNSAFE", "false"}, {"CMT_MEMPOOL_KEEP_INVALID_TXS_IN_CACHE", "1"}};
    const Environment environment = [&](const std::string& name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    };
    Config config;
    config.p2p.seeds = "from the file";
    ASSERT_TRUE(apply_environment(config, environment));
    EXPECT_EQ(config.base.moniker, "one");
    EXPECT_EQ(config.p2p.laddr, "tcp://1.2.3.4:5");
    EXPECT_EQ(config.p2p.seeds, "from the file");
    EXPECT_TRUE(config.rpc.unsafe);
    EXPECT_TRUE(config.mempool.keep_invalid_txs_in_cache);
    variables = {{"CMT_MEMPOOL_SIZE", "lots"}};
    const Verdict refused = apply_environment(config, environment);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().why,
              "environment variable CMT_MEMPOOL_SIZE: mempool.size must be a whole number, not "
              "\"lots\"");
}

TEST(Durations, AreReadAndWrittenAsGoDoes) {
    const std::vector<std::pair<std::string_view, std::int64_t>> cases{
        {"0s", 0},
        {"1ns", 1},
        {"1.5\xc2\xb5s", 1'500},
        {"100ms", 100'000'000},
        {"1s", 1'000'000'000},
        {"1m0s", 60'000'000'000},
        {"1h15m30.918s", 4'530'918'000'000},
        {"168h0m0s", 604'800'000'000'000},
        {"-1h30m0s", -5'400'000'000'000},
        {"2562047h47m16.854775807s", std::numeric_limits<std::int64_t>::max()},
        {"-2562047h47m16.854775808s", std::numeric_limits<std::int64_t>::min()},
    };
    for (const auto& [text, nanos] : cases) {
        const auto span = duration_from_text(text);
        ASSERT_TRUE(span) << text;
        EXPECT_EQ(span->nanos, nanos) << text;
        EXPECT_EQ(to_text(Duration{nanos}), text);
    }
    for (const auto& [text, nanos] :
         std::vector<std::pair<std::string_view, std::int64_t>>{{"0", 0},
                                                                {"+5s", 5'000'000'000},
                                                                {".5s", 500'000'000},
                                                                {"1.s", 1'000'000'000},
                                                                {"1.5h", 5'400'000'000'000},
                                                                {"3us", 3'000},
                                                                {"1s1h", 3'601'000'000'000},
                                                                {"0.9999999999s", 999'999'999},
                                                                {"-0", 0}})
        EXPECT_EQ(duration_from_text(text).value_or(Duration{-7}).nanos, nanos) << text;
    for (const std::string_view text :
         {"", "-", "5", "s", ".s", "1x", "1.2.3s", "1 s", "2562047h47m16.854775808s",
          "9223372036854775808ns", "2562047h2562047h", "9999999999999999999h", "1d"})
        EXPECT_FALSE(duration_from_text(text)) << text;
}

TEST(ConfigTable, NoKeyStandsTwiceAndEverySectionIsKnown) {
    std::map<std::string, int> seen;
    for (const ConfigKey& key : config_keys()) {
        EXPECT_EQ(seen[key.name()]++, 0) << key.name();
        EXPECT_TRUE(std::ranges::any_of(config_sections(), [&](const ConfigSection& section) {
            return section.name == key.section;
        })) << key.name();
        EXPECT_FALSE(key.meaning.empty());
    }
}

}  // namespace
}  // namespace tandem::program
