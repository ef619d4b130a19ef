// The configuration as the parts of a node want it: each in its own words and units.
//
// The configuration is valid already (config.h); what can still be refused here is what only the
// part itself can read.
#pragma once
#include "io/http_server.h"
#include "io/network_host.h"
#include "io/rpc_client.h"
#include "rpc/indexer.h"
#include "tandem/home.h"

namespace tandem::program {

[[nodiscard]] Result<io::NetworkConfig> network_config(const P2pConfig& config);
[[nodiscard]] p2p::ConnectionConfig connection_config(const P2pConfig& config);
[[nodiscard]] Result<p2p::PeersConfig> peers_config(const P2pConfig& config,
                                                    const std::string& own_id);
[[nodiscard]] consensus::Config consensus_config(const ConsensusConfig& config);
/// Without the key.
[[nodiscard]] node::EngineConfig engine_config(const Config& config);
/// Of what engine_config() has the engine store.
[[nodiscard]] rpc::Answers stored_answers(const StorageConfig& config);
/// REQUIRES: statesync is enabled.
[[nodiscard]] Result<std::vector<io::RpcAddress>> light_addresses(const StateSyncConfig& config);
[[nodiscard]] node::StateSyncConfig state_sync_config(const StateSyncConfig& config,
                                                      const types::GenesisDoc& genesis,
                                                      node::LightServers& servers);
[[nodiscard]] mempool::Limits mempool_limits(const MempoolConfig& config);
[[nodiscard]] std::uint32_t tx_bytes_max(const MempoolConfig& config);
[[nodiscard]] rpc::ServiceConfig service_config(const RpcConfig& config);
/// Refused: files of TLS that are set and cannot be used ("file.*", "rpc.tls_*").
[[nodiscard]] Verdict check_tls(const RpcConfig& config, const Home& home);
/// `home`: where the files of TLS are.
[[nodiscard]] io::HttpServerConfig http_config(const RpcConfig& config, const Home& home);
[[nodiscard]] io::HttpServerConfig http_config(const InstrumentationConfig& config);

}  // namespace tandem::program
