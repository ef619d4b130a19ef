// Building a node, bottom up.
#include "tandem/running_node_parts.h"

#include <boost/asio/post.hpp>

#include "crypto/ed25519.h"
#include "io/failure.h"
#include "seats/genesis.h"
#include "store/storage.h"
#include "tandem/node_settings.h"

namespace tandem::program {
namespace {

constexpr std::size_t address_book_bytes_max = std::size_t{64} << 20;

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    for (const std::uint8_t byte : random_bytes(8)) seed = seed << 8 | byte;
    return seed;
}

}  // namespace

base::Verdict RunningNode::Parts::check_offered() const {
    const auto not_yet = [](std::string_view key, std::string_view what) {
        return base::refuse(std::string(key),
                            fmt::format("{} is set, and this program does not {} yet: take it out "
                                        "of config.toml",
                                        key, what));
    };
    if (config.base.abci != "socket")
        return not_yet("abci = \"" + config.base.abci + '"', "speak gRPC to an application");
    if (config.base.filter_peers) return not_yet("filter_peers", "ask the application about peers");
    if (config.mempool.experimental_max_gossip_connections_to_persistent_peers +
            config.mempool.experimental_max_gossip_connections_to_non_persistent_peers >
        0)
        reporter->report(node::LogLevel::warning, "node",
                         "mempool.experimental_max_gossip_connections_* have no effect yet: "
                         "transactions are sent to every peer");
    return {};
}

bool RunningNode::Parts::begins_with_snapshot() const {
    if (!config.statesync.enable || blocks->height() > 0) return false;
    if (const auto state = states->load(); state && state->last_block_height > 0) return false;
    // A network of one has nobody to get a snapshot from.
    return genesis.validators.size() != 1 ||
           genesis.validators.front().pub_key != validator_public_key;
}

base::Verdict RunningNode::Parts::check_double_sign() const {
    const types::Address own = crypto::address(validator_public_key);
    const std::int64_t newest = blocks->height();
    for (std::int64_t height =
             std::max(newest - config.consensus.double_sign_check_height + 1, blocks->base());
         height > 0 && height <= newest; ++height) {
        const auto commit = blocks->seen_commit(height);
        if (!commit) continue;
        for (const types::CommitSig& signature : commit->signatures)
            if (signature.validator_address == own &&
                signature.block_id_flag == types::BlockIdFlag::commit)
                return base::refuse(
                    "consensus.double_sign_check_height",
                    fmt::format("this node's key signed block {}, one of the last {}: another "
                                "node may be running with it. Wait until it has not signed for so "
                                "many blocks, or set double_sign_check_height to 0",
                                height, config.consensus.double_sign_check_height));
    }
    return {};
}

Opened<void> RunningNode::Parts::read_files() {
    auto made = ProcessReporter::make(config.base.log_level, config.base.log_format == "json");
    if (!made) return failed(made.error(), ExitCode::configuration);
    reporter = std::move(*made);
    if (const auto offered = check_offered(); !offered)
        return failed(offered.error(), ExitCode::configuration);

    auto reading = load_genesis(home.at(config.base.genesis_file));
    if (!reading) return failed(reading.error(), ExitCode::configuration);
    for (const wire::JsonWarning& warning : reading->warnings)
        reporter->report(node::LogLevel::warning, "genesis", warning.text());
    genesis = std::move(reading->doc);
    if (const auto usable = types::check_usable(genesis); !usable)
        return failed(usable.error(), ExitCode::configuration);

    if (!config.rpc.laddr.empty()) {
        if (const auto usable = check_tls(config.rpc, home); !usable)
            return failed(usable.error(), ExitCode::configuration);
        if (config.rpc.tls_cert_file.empty() != config.rpc.tls_key_file.empty())
            reporter->report(node::LogLevel::warning, "rpc",
                             "without TLS: of tls_cert_file and tls_key_file only one is set");
    }
    auto node_secret = load_node_key(home.at(config.base.node_key_file));
    if (!node_secret) return failed(node_secret.error(), ExitCode::no_input);
    node_key = std::make_shared<FileKey>(std::move(*node_secret));
    if (config.base.priv_validator_laddr.empty()) {
        auto secret = load_validator_key(home.at(config.base.priv_validator_key_file));
        if (!secret) return failed(secret.error(), ExitCode::no_input);
        validator_key = std::make_shared<FileKey>(std::move(*secret));
        validator_public_key = validator_key->public_key();
        auto state = load_last_signed(home.at(config.base.priv_validator_state_file));
        if (!state) return failed(state.error(), ExitCode::bad_data);
        signed_before = std::move(*state);
    }

    const auto seats_read = seats::read_genesis(base::as_bytes(genesis.app_state));
    if (!seats_read) return failed(seats_read.error(), ExitCode::configuration);
    if (!seats_read->seats) return {};
    auto liveness_secret = load_node_key(home.at(config.seats.liveness_key_file));
    if (!liveness_secret) return failed(liveness_secret.error(), ExitCode::no_input);
    liveness_key = std::make_shared<FileKey>(std::move(*liveness_secret));
    return {};
}

Opened<void> RunningNode::Parts::open_storage() {
    const auto data = home.at(config.base.db_dir);
    std::error_code error;
    std::filesystem::create_directories(data, error);
    if (error)
        return failed({"data", fmt::format("{}: {}", data.string(), error.message())},
                      ExitCode::io_error);
    auto taken = io::FolderLock::take(data);
    if (!taken) return failed(taken.error(), ExitCode::busy);
    lock.emplace(std::move(*taken));
    auto opened = io::RocksDatabase::open(data / database_folder);
    if (!opened) return failed(opened.error(), ExitCode::bad_data);
    database = std::move(*opened);
    io::report_damage_of(data);
    if (const auto own = store::claim(*database, genesis.chain_id); !own)
        return failed(own.error(), ExitCode::bad_data);
    if (store::undo_unfinished_restore(*database))
        reporter->report(node::LogLevel::warning, "statesync",
                         "a snapshot was not restored to its end: beginning anew");
    blocks.emplace(*database);
    states.emplace(*database, std::string(cometbft_version));

    io::LogFileConfig log_config;
    log_config.barrier_done = [this] {
        boost::asio::post(loop, [this] {
            if (node) node->log_durable();
        });
    };
    auto found = io::LogFile::open(data / log_folder, genesis.chain_id, std::move(log_config));
    if (!found) return failed(found.error(), ExitCode::bad_data);
    log_file.emplace(std::move(*found));
    log.emplace(*log_file->log);
    return {};
}

/// Waits for a remote signer, where one has the key.
Opened<void> RunningNode::Parts::find_validator_key() {
    if (validator_key) return {};
    auto opened = io::RemoteSigner::listen(loop, *reporter, config.base.priv_validator_laddr,
                                           genesis.chain_id);
    if (!opened) return failed(opened.error(), ExitCode::unavailable);
    remote_signer = std::move(*opened);
    reporter->report(node::LogLevel::info, "privval",
                     "waiting for a signer at " + remote_signer->address());
    if (const auto found = remote_signer->wait_for_key(); !found)
        return failed(found.error(), ExitCode::unavailable);
    validator_public_key = remote_signer->client().public_key();
    return {};
}

Opened<void> RunningNode::Parts::choose_application() {
    auto chosen =
        program::choose_application(config.base.proxy_app, genesis, *database, *reporter, verifier,
                                    {.interval = config.share.snapshot_interval});
    if (!chosen) return failed(chosen.error(), ExitCode::configuration);
    inner = std::move(*chosen);
    if (!liveness_key) return {};
    seats_store = std::make_unique<store::SeatsStore>(
        *database, inner.is_in_database ? store::SeatsDurability::with_application
                                        : store::SeatsDurability::at_once);
    const types::Address address = crypto::address(validator_public_key);
    seats = std::make_unique<seats::SeatsApplication>(
        *inner.application, *seats_store, verifier,
        seats::OwnNode{base::to_bytes(base::view(address)), liveness_key});
    // An application that was restored, and we not, is offered a snapshot again.
    if (begins_with_snapshot()) return {};
    if (const auto verdict = seats->recover(); !verdict)
        return failed(verdict.error(), ExitCode::bad_data);
    return {};
}

types::NodeInfo RunningNode::Parts::own_info() const {
    types::NodeInfo info;
    info.protocol_version = {types::p2p_protocol, types::block_protocol, 0};
    info.default_node_id = types::node_id(node_key->public_key());
    info.listen_addr =
        config.p2p.external_address.empty() ? config.p2p.laddr : config.p2p.external_address;
    info.network = genesis.chain_id;
    info.version = std::string(cometbft_version);
    info.moniker = config.base.moniker;
    info.other = {config.tx_index.indexer == "kv" ? "on" : "off", config.rpc.laddr};
    for (const p2p::Channel& channel : local->channels)
        if (channel.id != 0x00 && (channel.id != node::heartbeat_channel || seats))
            info.channels.push_back(channel.id);
    if (config.p2p.pex) info.channels.push_back(0x00);
    return info;
}

base::Result<p2p::AddressBook> RunningNode::Parts::address_book() const {
    p2p::BookRules rules;
    rules.strict = config.p2p.addr_book_strict;
    rules.own_ids = {types::node_id(node_key->public_key())};
    for (const std::string_view id : list_items(config.p2p.private_peer_ids))
        rules.private_ids.emplace(id);
    const auto path = home.at(config.p2p.addr_book_file);
    if (!is_there(path)) return p2p::AddressBook(std::move(rules), random_bytes(12));
    const auto text = read_file(path, address_book_bytes_max);
    if (!text) return std::unexpected(text.error());
    return p2p::AddressBook::from_text(std::move(rules), *text);
}

Opened<void> RunningNode::Parts::open_network() {
    auto network = network_config(config.p2p);
    if (!network) return failed(network.error(), ExitCode::configuration);
    network->first_link = log_file->contents.peer_max + 1;  // its numbers are not given again
    network->address_book = home.at(config.p2p.addr_book_file);
    host.emplace(loop, *reporter, std::move(*network));
    local.emplace(p2p::LocalNode{*node_key,
                                 {},
                                 node::open_channels(tx_bytes_max(config.mempool)),
                                 connection_config(config.p2p)});
    local->info = own_info();
    return {};
}

abci::Application& RunningNode::Parts::application() {
    abci::Application& outer = seats ? static_cast<abci::Application&>(*seats) : *inner.application;
    if (!config.instrumentation.serves_metrics()) return outer;
    timed.emplace(outer, [] { return std::chrono::steady_clock::now().time_since_epoch(); });
    return *timed;
}

void RunningNode::Parts::measure() {
    if (!config.instrumentation.serves_metrics()) return;
    metrics.emplace(NodeMetrics::Parts{*node, *host, seats.get(), &*timed, genesis.chain_id,
                                       config.instrumentation.metrics_namespace});
    node->add_observer(*metrics);
}

Opened<void> RunningNode::Parts::assemble() {
    mempool.emplace(mempool_limits(config.mempool));
    evidence.emplace(*database, *blocks, *states, verifier);
    auto rules = peers_config(config.p2p, local->id());
    if (!rules) return failed(rules.error(), ExitCode::configuration);
    auto book = address_book();
    if (!book) return failed(book.error(), ExitCode::bad_data);
    node::NodeConfig settings{.engine = engine_config(config),
                              .peers = std::move(*rules),
                              .book = std::move(*book),
                              .seed = random_seed(),
                              .broadcast_txs = config.mempool.broadcast,
                              .tx_bytes_max = tx_bytes_max(config.mempool)};
    settings.engine.key = validator_key;
    settings.engine.signed_before = signed_before;
    if (remote_signer) settings.engine.remote_key = &remote_signer->client();
    const node::EngineParts engine{.host = *host,
                                   .reporter = *reporter,
                                   .log = *log,
                                   .database = *database,
                                   .blocks = *blocks,
                                   .states = *states,
                                   .application = application(),
                                   .evidence = *evidence,
                                   .mempool = *mempool,
                                   .verifier = verifier};
    if (only_looks && begins_with_snapshot())
        return failed({"statesync", "nothing is stored yet: the node will begin with a snapshot"},
                      ExitCode::no_input);
    if (begins_with_snapshot()) {
        auto addresses = light_addresses(config.statesync);
        if (!addresses) return failed(addresses.error(), ExitCode::configuration);
        light_servers = std::make_unique<RpcLightServers>(loop, std::move(*addresses));
        settings.state_sync = state_sync_config(config.statesync, genesis, *light_servers);
    } else if (config.statesync.enable) {
        reporter->report(node::LogLevel::info, "statesync",
                         "skipped: this node has a state already, or nobody to get one from");
    }
    if (const auto alone = check_double_sign(); !alone)
        return failed(alone.error(), ExitCode::unavailable);
    node.emplace(engine, std::move(settings), *local, seats.get());
    host->attach(*node);
    if (light_servers) light_servers->attach(*node);
    measure();
    if (only_looks) facts_before = look(engine.application);
    observe(engine);  // a block that recovery finishes is indexed, too
    if (const auto verdict = node->recover(genesis, log_file->contents); !verdict)
        return failed(verdict.error(), ExitCode::bad_data);
    environment->recovered();
    local->info.protocol_version.app = node->engine().state().version.app;
    return {};
}

chain::RecoveryFacts RunningNode::Parts::look(abci::Application& asked) const {
    chain::RecoveryFacts facts;
    facts.initial_height = genesis.initial_height;
    facts.store_base = blocks->base();
    facts.store_height = blocks->height();
    if (const auto state = states->load()) facts.state_height = state->last_block_height;
    facts.application_height = asked
                                   .info({std::string(cometbft_version), types::block_protocol,
                                          types::p2p_protocol, "2.0.0"})
                                   .last_block_height;
    facts.answer_stored = facts.store_height > 0 && states->answer(facts.store_height).has_value();
    if (const auto& newest = log_file->contents.newest) {
        facts.log = newest->has_marker ? chain::RecoveryFacts::Log::marker
                                       : chain::RecoveryFacts::Log::no_marker;
        facts.log_height = newest->marker;
    }
    return facts;
}

void RunningNode::Parts::observe(const node::EngineParts& engine) {
    index_storage.emplace(*database);
    if (config.tx_index.indexer == "kv")
        indexer =
            std::make_unique<rpc::KeyValueIndexer>(*index_storage, stored_answers(config.storage));
    else
        indexer = std::make_unique<rpc::NullIndexer>();
    bus.emplace(
        rpc::EventBusLimits{static_cast<std::size_t>(config.rpc.max_subscription_clients),
                            static_cast<std::size_t>(config.rpc.max_subscriptions_per_client)});
    environment.emplace(
        node::RpcEnvironment::Parts{*node,
                                    engine,
                                    *local,
                                    seats.get(),
                                    *bus,
                                    *indexer,
                                    genesis,
                                    {fmt::format("Listener(@{})", config.p2p.external_address)}});
    node->add_observer(*environment);
}

}  // namespace tandem::program
