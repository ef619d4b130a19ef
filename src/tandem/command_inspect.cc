// `tandem inspect`: the routes of RPC that look at blocks and states, over the stores of a node
// that does not run, whatever kept it from running.
//
// Nothing on the disk is changed, and nothing recovered: after a crash the newest block may be one
// that was not executed yet.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <fmt/format.h>

#include "io/folder_lock.h"
#include "io/http_server.h"
#include "io/rocks_database.h"
#include "io/shared_database.h"
#include "node/stored_environment.h"
#include "rpc/event_bus.h"
#include "store/storage.h"
#include "tandem/cli.h"
#include "tandem/files.h"
#include "tandem/node_files.h"
#include "tandem/node_settings.h"

namespace tandem::program {
namespace {

// Those that CometBFT 0.38 answers here.
constexpr std::array<std::string_view, 12> routes{
    "block",     "block_by_hash",    "block_results", "block_search",   "blockchain",
    "commit",    "consensus_params", "header",        "header_by_hash", "tx",
    "tx_search", "validators"};
static_assert(std::ranges::is_sorted(routes));

struct InspectOptions {
    std::optional<std::string> laddr;
    std::optional<std::string> folder;
    std::string backend;
};

Outcome serve(rpc::Service& service, const Config& config, const Home& home) {
    boost::asio::io_context loop{1};
    io::RpcHandler handler(service);
    auto server = io::HttpServer::start(loop, handler, http_config(config.rpc, home));
    if (!server) return fail(server.error(), ExitCode::busy);
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
    for (const std::string& address : (*server)->addresses()) {
        print_line("serving at " + address);
        std::fflush(stdout);
    }
    loop.run();
    return {};
}

Outcome run_inspect(const Context& context, const InspectOptions& options) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    if (options.laddr) config->rpc.laddr = *options.laddr;
    if (options.folder) config->base.db_dir = *options.folder;
    if (config->rpc.laddr.empty())
        return fail(ExitCode::configuration,
                    "rpc.laddr is empty: say where to serve with --rpc.laddr");
    TANDEM_DO(check_tls(config->rpc, *home));
    auto genesis = load_genesis(home->at(config->base.genesis_file));
    if (!genesis) return fail(genesis.error());

    const auto data = home->at(config->base.db_dir);
    if (!is_there(data / database_folder))
        return fail(ExitCode::no_input, fmt::format("{} has no database", data.string()));
    const auto lock = io::FolderLock::take(data);
    if (!lock) return fail(lock.error(), ExitCode::busy);
    const auto database = io::RocksDatabase::open(data / database_folder, {.is_read_only = true});
    if (!database) return fail(database.error(), ExitCode::bad_data);
    if (const auto own = store::check_claim(**database, genesis->doc.chain_id); !own)
        return fail(own.error(), ExitCode::bad_data);
    const store::BlockStore blocks(**database);
    const store::StateStore states(**database);
    io::SharedIndexStorage storage(**database);
    const std::unique_ptr<rpc::Indexer> indexer =
        config->tx_index.indexer == "kv"
            ? std::unique_ptr<rpc::Indexer>(std::make_unique<rpc::KeyValueIndexer>(storage))
            : std::make_unique<rpc::NullIndexer>();
    node::StoredEnvironment environment(blocks, states, genesis->doc);
    rpc::EventBus bus(rpc::EventBusLimits{});
    rpc::ServiceConfig settings = service_config(config->rpc);
    settings.routes = routes;
    rpc::Service service(environment, bus, *indexer, settings);
    return serve(service, *config, *home);
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
    CLI::App* command =
        add_command(app, "inspect",
                    "Serve blocks and states of a node that does not run, over RPC, until SIGTERM\n"
                    "Example: tandem inspect --home /srv/acme-1 --rpc.laddr tcp://127.0.0.1:26657");
    const auto options = std::make_shared<InspectOptions>();
    command->add_option("--rpc.laddr", options->laddr, "Where to serve (default: as configured)");
    command->add_option("--db-dir", options->folder, "Folder of the data (default: as configured)");
    command->add_option("--db-backend", options->backend, "As in CometBFT; it is RocksDB always");
    command->callback([&context, options] { context.outcome = run_inspect(context, *options); });
}

}  // namespace tandem::program
