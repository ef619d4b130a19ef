// What a running node stands on, in the order in which it is built; for running_node*.cc alone.
#pragma once
#include <fmt/format.h>

#include "io/http_server.h"
#include "io/remote_signer.h"
#include "io/shared_database.h"
#include "store/seats_store.h"
#include "tandem/built_in.h"
#include "tandem/light_servers.h"
#include "tandem/node_files.h"
#include "tandem/node_metrics.h"
#include "tandem/process_verifier.h"
#include "tandem/running_node.h"

namespace tandem::program {

template <typename T>
using Opened = std::expected<T, Failure>;

/// Recovery and its kin are looked up in the manual by the name of the check.
inline std::unexpected<Failure> failed(const base::Refusal& why, ExitCode code) {
    return fail({why.check, fmt::format("{}: {}", why.check, why.why)}, code);
}

/// The log on disk, as the node sees it.
class DiskLog final : public node::Log {
  public:
    explicit DiskLog(io::LogFile& file) : file_(file) {}
    signer::LogPosition append(const consensus::Input& input) override {
        return {file_.append(input)};
    }
    signer::LogPosition append_marker(std::int64_t height) override {
        return {file_.append_marker(height)};
    }
    signer::LogPosition append_watermark(base::BytesView record) override {
        return {file_.append_watermark(record)};
    }
    [[nodiscard]] signer::LogPosition durable() const override { return {file_.durable()}; }
    void ask_barrier() override { file_.ask_barrier(); }
    void sync() override { file_.sync(); }

  private:
    io::LogFile& file_;
};

struct RunningNode::Parts {
    Parts(const Home& node_home, const Config& node_config)
        : home(node_home), config(node_config) {}

    /// What the configuration asks for and this program does not do yet.
    [[nodiscard]] base::Verdict check_offered() const;
    /// Our key must not have signed one of the last blocks (double_sign_check_height).
    [[nodiscard]] base::Verdict check_double_sign() const;

    /// Whether to begin with a snapshot: as configured, where there is no state yet.
    [[nodiscard]] bool begins_with_snapshot() const;

    /// What recovery will find. Asks the application.
    [[nodiscard]] chain::RecoveryFacts look(abci::Application& asked) const;

    // ---- Opening, in this order.
    Opened<void> read_files();
    Opened<void> open_storage();
    Opened<void> find_validator_key();
    Opened<void> choose_application();
    Opened<void> open_network();
    Opened<void> assemble();
    void observe(const node::EngineParts& engine);
    [[nodiscard]] types::NodeInfo own_info() const;
    [[nodiscard]] base::Result<p2p::AddressBook> address_book() const;
    [[nodiscard]] abci::Application& application();
    void measure();
    [[nodiscard]] base::Verdict serve_rpc();
    [[nodiscard]] base::Verdict serve_metrics();

    Home home;
    Config config;
    bool only_looks = false;
    chain::RecoveryFacts facts_before;  // of recovery; of a node that only looks
    std::unique_ptr<ProcessReporter> reporter;
    types::GenesisDoc genesis;
    std::shared_ptr<const crypto::SigningKey> node_key;
    std::shared_ptr<const crypto::SigningKey> validator_key;  // null: a remote signer has it
    types::LastSigned signed_before;                          // by it, says its state file
    crypto::PublicKey validator_public_key;
    std::shared_ptr<const crypto::SigningKey> liveness_key;  // of a chain with seats

    ProcessVerifier verifier;
    boost::asio::io_context loop{1};  // outlives the log, whose thread calls it
    std::optional<io::FolderLock> lock;
    std::unique_ptr<io::RocksDatabase> database;
    std::optional<store::BlockStore> blocks;
    std::optional<store::StateStore> states;
    std::optional<io::LogFile::Opened> log_file;
    std::optional<DiskLog> log;

    std::unique_ptr<io::RemoteSigner> remote_signer;

    ChosenApplication inner;
    std::unique_ptr<store::SeatsStore> seats_store;
    std::unique_ptr<seats::SeatsApplication> seats;
    std::optional<TimedApplication> timed;  // around them, where metrics are served

    std::optional<io::NetworkHost> host;
    std::unique_ptr<RpcLightServers> light_servers;  // while there is no state yet
    std::optional<mempool::Mempool> mempool;
    std::optional<evidence::Pool> evidence;
    std::optional<p2p::LocalNode> local;
    std::optional<node::Node> node;

    std::optional<io::SharedIndexStorage> index_storage;
    std::unique_ptr<rpc::Indexer> indexer;
    std::optional<rpc::EventBus> bus;
    std::optional<node::RpcEnvironment> environment;
    std::optional<rpc::Service> service;
    std::optional<io::RpcHandler> rpc_handler;
    std::unique_ptr<io::HttpServer> rpc_server;  // none where [rpc] laddr is empty

    std::optional<NodeMetrics> metrics;  // none where they are not served
    std::optional<io::MetricsHandler> metrics_handler;
    std::unique_ptr<io::HttpServer> metrics_server;
};

}  // namespace tandem::program
