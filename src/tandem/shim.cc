#include "tandem/shim.h"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "io/abci_server.h"
#include "io/failure.h"
#include "io/folder_lock.h"
#include "io/termination.h"
#include "seats/genesis.h"
#include "store/seats_store.h"
#include "store/storage.h"
#include "tandem/built_in.h"
#include "tandem/engine_settings.h"
#include "tandem/node_files.h"
#include "tandem/process_verifier.h"
#include "tandem/reporter.h"
#include "tandem/shim_health.h"
#include "tandem/timed_application.h"

namespace tandem::program {
namespace {

constexpr std::string_view own_data_folder = "seats";  // in the engine's data folder

/// Built bottom up, and torn down the other way.
class Shim {
  public:
    Shim(const Home& home, const ShimOptions& options) : home_(home), options_(options) {}

    [[nodiscard]] Outcome open();
    [[nodiscard]] Outcome run();

  private:
    [[nodiscard]] Outcome read_settings();
    [[nodiscard]] Outcome read_chain();
    [[nodiscard]] Outcome read_keys();
    [[nodiscard]] Outcome open_storage();
    [[nodiscard]] Outcome begin_seats();
    [[nodiscard]] Outcome reach_engine();
    [[nodiscard]] Outcome serve();
    void on_block(const abci::RequestFinalizeBlock& block,
                  const abci::ResponseFinalizeBlock& answer);

    Home home_;
    ShimOptions options_;
    std::unique_ptr<ProcessReporter> reporter_;
    EngineSettings settings_;
    types::GenesisDoc genesis_;
    base::Bytes own_address_;
    std::shared_ptr<const crypto::SigningKey> liveness_key_;

    boost::asio::io_context loop_{1};
    std::optional<io::FolderLock> lock_;
    std::unique_ptr<io::RocksDatabase> database_;
    ProcessVerifier verifier_;
    ChosenApplication inner_;
    std::unique_ptr<store::SeatsStore> store_;
    std::unique_ptr<seats::SeatsApplication> seats_;
    std::optional<TimedApplication> served_;
    std::optional<EngineLink> engine_;
    std::optional<SeatsMetrics> metrics_;
    std::optional<ShimHealth> health_;
    std::unique_ptr<io::HttpServer> health_server_;
    std::unique_ptr<io::AbciServer> server_;
};

Outcome Shim::open() {
    for (const auto step : {&Shim::read_settings, &Shim::read_chain, &Shim::read_keys,
                            &Shim::open_storage, &Shim::begin_seats, &Shim::reach_engine})
        if (Outcome done = (this->*step)(); !done) return done;
    return {};
}

Outcome Shim::read_settings() {
    auto reporter = ProcessReporter::make(options_.log_level, options_.log_format == "json");
    if (!reporter) return fail(reporter.error());
    reporter_ = std::move(*reporter);
    const std::string path = home_.config().string();
    if (is_there(home_.config())) {
        const auto text = read_file(home_.config(), config_file_bytes_max);
        if (!text) return fail(text.error());
        auto settings = engine_settings(*text, path);
        if (!settings) return fail(settings.error());
        settings_ = std::move(*settings);
    } else {
        reporter_->report(node::LogLevel::warning, "shim",
                          path + " is not there: CometBFT's defaults are assumed");
    }
    std::string faults;
    for (const std::string& fault : engine_faults(settings_)) faults += "\n  " + fault;
    if (!faults.empty())
        return fail(ExitCode::configuration,
                    fmt::format("{} would keep seats from working:{}", path, faults));
    if (options_.listen.empty()) options_.listen = settings_.proxy_app;
    if (!options_.listen.contains(':'))
        return fail(ExitCode::configuration,
                    fmt::format("proxy_app = \"{}\" in {} names an application inside the engine: "
                                "write the address that the shim is to listen on, such as "
                                "tcp://127.0.0.1:26658, or give it with --listen",
                                options_.listen, path));
    if (options_.listen != settings_.proxy_app)
        reporter_->report(node::LogLevel::warning, "shim",
                          fmt::format("listening on {}, while proxy_app in {} is {}",
                                      options_.listen, path, settings_.proxy_app));
    return {};
}

Outcome Shim::read_chain() {
    const auto path = home_.at(settings_.genesis_file);
    auto reading = load_genesis(path);
    if (!reading) return fail(reading.error());
    genesis_ = std::move(reading->doc);
    const auto seats_read = seats::read_genesis(base::as_bytes(genesis_.app_state));
    if (!seats_read) return fail(seats_read.error());
    if (!seats_read->seats)
        return fail(ExitCode::configuration,
                    fmt::format("{}: the application state names no seats, so there is nothing for "
                                "the shim to do. tandem testnet --seats makes such a genesis",
                                path.string()));
    return {};
}

Outcome Shim::read_keys() {
    const auto path = home_.at(settings_.validator_key_file);
    std::string text = fmt::format("{{\"address\":\"{}\"}}", options_.address);
    if (options_.address.empty()) {
        auto file = read_file(path, key_file_bytes_max);
        if (!file)
            return fail({file.error().check,
                         file.error().why +
                             "; where the key is with a remote signer, give --validator-address"},
                        ExitCode::no_input);
        text = std::move(*file);
    }
    auto address = validator_address_in(text);
    if (!address)
        return fail({address.error().check,
                     (options_.address.empty() ? path.string() : "--validator-address") + ": " +
                         address.error().why});
    own_address_ = std::move(*address);

    auto secret = load_node_key(home_.at(SeatsConfig{}.liveness_key_file));
    if (!secret) return fail(secret.error(), ExitCode::no_input);
    liveness_key_ = std::make_shared<FileKey>(std::move(*secret));
    return {};
}

Outcome Shim::open_storage() {
    const auto folder = home_.at(settings_.data_folder) / own_data_folder;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return fail(ExitCode::io_error, fmt::format("{}: {}", folder.string(), error.message()));
    auto lock = io::FolderLock::take(folder);
    if (!lock) return fail(lock.error(), ExitCode::busy);
    lock_.emplace(std::move(*lock));
    auto database = io::RocksDatabase::open(folder / database_folder);
    if (!database) return fail(database.error(), ExitCode::bad_data);
    database_ = std::move(*database);
    io::report_damage_of(folder);
    if (const auto own = store::claim(*database_, genesis_.chain_id); !own)
        return fail(own.error(), ExitCode::bad_data);
    return {};
}

Outcome Shim::begin_seats() {
    auto chosen =
        choose_application(options_.application, genesis_, *database_, *reporter_, verifier_);
    if (!chosen) return fail(chosen.error());
    inner_ = std::move(*chosen);
    store_ = std::make_unique<store::SeatsStore>(
        *database_, inner_.is_in_database ? store::SeatsDurability::with_application
                                          : store::SeatsDurability::at_once);
    seats_ = std::make_unique<seats::SeatsApplication>(*inner_.application, *store_, verifier_,
                                                       seats::OwnNode{own_address_, liveness_key_});
    if (const auto verdict = seats_->recover(); !verdict)
        return fail(verdict.error(), ExitCode::bad_data);
    served_.emplace(*seats_, [] { return std::chrono::steady_clock::now().time_since_epoch(); });
    served_->observe_blocks(
        [this](const auto& block, const auto& answer) { on_block(block, answer); });
    metrics_.emplace(*seats_, own_address_);
    return {};
}

Outcome Shim::reach_engine() {
    const std::string& address = options_.engine.empty() ? settings_.rpc_laddr : options_.engine;
    const auto engine = io::rpc_address(address);
    if (!engine)
        return fail({engine.error().check,
                     engine.error().why + ": heartbeats go to the engine's RPC, rpc.laddr of its "
                                          "config.toml or --engine"});
    engine_.emplace(loop_, *reporter_, *engine);
    health_.emplace(
        ShimHealth::Parts{*engine_, *seats_, *metrics_, own_address_, genesis_.chain_id});
    return {};
}

/// After the application's Commit. The engine has no answer to its own before this turn ends.
void Shim::on_block(const abci::RequestFinalizeBlock& block,
                    const abci::ResponseFinalizeBlock& answer) {
    const std::uint32_t first_code = answer.tx_results.empty() ? 0 : answer.tx_results.front().code;
    metrics_->on_block({block.height, block.txs, first_code, block.proposer_address, true});
    reporter_->report(node::LogLevel::debug, "shim",
                      fmt::format("executed block {}", block.height));
    for (const seats::SwitchFact& fact : seats_->state().recent_switches)
        if (fact.decided_height == block.height)
            reporter_->report(
                node::LogLevel::info, "seats",
                fmt::format("seat {} moves from {} to {} at height {}: {}", fact.seat, fact.from,
                            fact.to, fact.effective_height, to_text(fact.reason)));
    const auto own = seats_->own_heartbeat();
    if (!own) return;
    (void)seats_->add_heartbeat(*own);
    boost::asio::post(loop_, [this, bytes = seats::encode_heartbeat(*own)] {
        health_->count_heartbeat();
        engine_->send_heartbeat(bytes);
    });
}

Outcome Shim::serve() {
    if (!options_.health.empty()) {
        io::HttpServerConfig config;
        config.listen = {options_.health};
        config.setting = "--health";
        auto server = io::HttpServer::start(loop_, *health_, std::move(config));
        if (!server) return fail(server.error(), ExitCode::unavailable);
        health_server_ = std::move(*server);
        reporter_->report(node::LogLevel::info, "shim",
                          "health and metrics at " + health_server_->addresses().front());
    }
    auto server = io::AbciServer::start(loop_, *served_, options_.listen);
    if (!server) return fail(server.error(), ExitCode::unavailable);
    server_ = std::move(*server);
    return {};
}

Outcome Shim::run() {
    if (Outcome serving = serve(); !serving) return serving;
    const io::Termination termination(loop_, [this](int signal) {
        reporter_->report(node::LogLevel::info, "shim",
                          fmt::format("stopping on signal {}", signal));
        loop_.stop();
    });
    const auto self = seats::find_by_consensus_address(seats_->state(), own_address_);
    reporter_->report(
        node::LogLevel::info, "shim",
        fmt::format("seats of chain {} at height {}{}, waiting for the engine at {}",
                    genesis_.chain_id, seats_->state().height,
                    self ? fmt::format(", this node is {}",
                                       seats_->state().seats[self->seat].nodes[self->node].name)
                         : "",
                    server_->address()));
    loop_.run();
    database_->sync();
    return {};
}

}  // namespace

Outcome run_shim(const Home& home, const ShimOptions& options) {
    Shim shim(home, options);
    if (Outcome opened = shim.open(); !opened) return opened;
    return shim.run();
}

}  // namespace tandem::program
