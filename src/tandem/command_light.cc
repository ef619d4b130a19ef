// `tandem light`: RPC as a node serves it, by a process that has no blocks and believes nobody.
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <csignal>
#include <fmt/format.h>

#include "io/folder_lock.h"
#include "io/http_server.h"
#include "io/rocks_database.h"
#include "node/stored_environment.h"
#include "rpc/event_bus.h"
#include "rpc/indexer.h"
#include "store/memory_key_values.h"
#include "store/storage.h"
#include "tandem/cli.h"
#include "tandem/duration_text.h"
#include "tandem/light_proxy.h"
#include "tandem/node_files.h"
#include "tandem/reporter.h"

namespace tandem::program {
namespace {

struct LightOptions {
    std::string chain_id;
    std::string primary, witnesses;
    std::int64_t height = 0;  // 0: not given
    std::string hash;
    std::string folder;
    std::string laddr = "tcp://localhost:8888";
    std::string trust_level = "1/3";
    std::string trusting_period = "168h";
    std::size_t connections_max = 900;
    bool sequential = false, verbose = false;
};

std::expected<types::TrustLevel, Failure> trust_level_of(const std::string& text) {
    types::TrustLevel level;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, level.numerator);
    const bool has_slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
    const auto second = has_slash ? std::from_chars(first.ptr + 1, end, level.denominator) : first;
    if (!has_slash || second.ec != std::errc() || second.ptr != end)
        return fail(ExitCode::usage,
                    fmt::format("--trust-level \"{}\" is no fraction such as 1/3", text));
    if (const auto verdict = types::validate_trust_level(level); !verdict)
        return fail(ExitCode::usage, "--trust-level " + verdict.error().why);
    return level;
}

std::vector<std::string> addresses_in(const LightOptions& options) {
    std::vector<std::string> found{options.primary};
    std::string_view rest = options.witnesses;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        if (end > 0) found.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return found;
}

/// Built bottom up, and torn down the other way.
class Light {
  public:
    explicit Light(LightOptions options) : options_(std::move(options)) {}

    [[nodiscard]] Outcome run() {
        for (const auto step : {&Light::open_folder, &Light::choose_servers, &Light::begin_trust})
            if (Outcome done = (this->*step)(); !done) return done;
        return serve();
    }

  private:
    [[nodiscard]] Outcome open_folder();
    [[nodiscard]] Outcome choose_servers();
    [[nodiscard]] Outcome begin_trust();
    [[nodiscard]] Outcome anchor(const types::Hash& hash);
    [[nodiscard]] Outcome serve();
    [[nodiscard]] static Outcome refused(const base::Refusal& why);

    LightOptions options_;
    std::unique_ptr<ProcessReporter> reporter_;
    std::optional<io::FolderLock> lock_;
    std::unique_ptr<io::RocksDatabase> database_;
    std::optional<LightStore> store_;
    std::vector<std::string> servers_;
    std::vector<io::RpcAddress> addresses_;
    boost::asio::io_context loop_{1};
    std::unique_ptr<LightVerifier> verifier_;
    std::string attack_;  // what ended it; of the loop alone
};

Outcome Light::open_folder() {
    auto reporter = ProcessReporter::make(options_.verbose ? "debug" : "info", false);
    if (!reporter) return fail(reporter.error());
    reporter_ = std::move(*reporter);
    std::error_code error;
    std::filesystem::create_directories(options_.folder, error);
    if (error)
        return fail(ExitCode::io_error, fmt::format("{}: {}", options_.folder, error.message()));
    auto lock = io::FolderLock::take(options_.folder);
    if (!lock) return fail(lock.error(), ExitCode::busy);
    lock_.emplace(std::move(*lock));
    auto database = io::RocksDatabase::open(std::filesystem::path(options_.folder) / "light.db");
    if (!database) return fail(database.error(), ExitCode::bad_data);
    database_ = std::move(*database);
    if (const auto own = store::claim(*database_, options_.chain_id); !own)
        return fail(own.error(), ExitCode::bad_data);
    store_.emplace(*database_);
    return {};
}

Outcome Light::choose_servers() {
    servers_ = options_.primary.empty() ? store_->servers() : addresses_in(options_);
    if (servers_.empty())
        return fail(ExitCode::usage,
                    "no primary is known: name one with --primary, and witnesses with --witnesses");
    for (const std::string& server : servers_) {
        auto address = io::rpc_address(server);
        if (!address) return fail(address.error(), ExitCode::usage);
        if (std::ranges::find(addresses_, *address) != addresses_.end())
            return fail(ExitCode::usage, fmt::format("{} is named twice: a witness of itself "
                                                     "shows nothing",
                                                     server));
        addresses_.push_back(std::move(*address));
    }
    if (servers_.size() < 2 && !options_.sequential)
        return fail(ExitCode::usage,
                    "no witness is known: name one with --witnesses, or verify every header with "
                    "--sequential");
    store_->save_servers(servers_);
    return {};
}

Outcome Light::refused(const base::Refusal& why) {
    return fail({why.check, why.check + ": " + why.why},
                why.check == sync::light_no_answer || why.check == sync::light_not_there
                    ? ExitCode::unavailable
                    : ExitCode::failed);
}

Outcome Light::begin_trust() {
    auto level = trust_level_of(options_.trust_level);
    if (!level) return fail(std::move(level).error());
    const auto period = duration_from_text(options_.trusting_period);
    if (!period || period->nanos <= 0)
        return fail(ExitCode::usage, fmt::format("--trusting-period \"{}\" is no time such as 168h",
                                                 options_.trusting_period));
    auto trusted = store_->blocks();
    if (!trusted) return fail(trusted.error(), ExitCode::bad_data);
    sync::LightClientConfig config;
    config.chain_id = options_.chain_id;
    config.trust_period = *period;
    config.trust_level = *level;
    config.sequential = options_.sequential;
    config.servers = servers_;
    const bool is_new = trusted->empty();
    const auto known = trusted->find(options_.height);
    std::optional<types::Hash> known_hash;
    if (known != trusted->end()) known_hash = types::hash_of(*known->second.signed_header->header);
    verifier_ =
        std::make_unique<LightVerifier>(std::move(config), addresses_, std::move(*trusted), *store_,
                                        *reporter_, [this](std::string why) {
                                            boost::asio::post(loop_, [this, why = std::move(why)] {
                                                attack_ = why;
                                                loop_.stop();
                                            });
                                        });
    if (options_.hash.empty()) {
        if (is_new)
            return fail(ExitCode::usage,
                        "nothing is trusted yet: name a header with --height and --hash, from a "
                        "source that you trust");
        return {};
    }
    const auto bytes = base::from_hex(options_.hash);
    if (!bytes || bytes->size() != types::hash_bytes)
        return fail(ExitCode::usage,
                    fmt::format("--hash \"{}\" is not 64 hexadecimal digits", options_.hash));
    const types::Hash hash(bytes->begin(), bytes->end());
    if (known_hash && *known_hash == hash) return {};
    if (known_hash)
        return fail(ExitCode::bad_data,
                    fmt::format("{} trusts another header of height {}: {}. Remove the folder to "
                                "begin anew",
                                options_.folder, options_.height,
                                base::to_hex(*known_hash, base::HexCase::upper)));
    return anchor(hash);
}

Outcome Light::anchor(const types::Hash& hash) {
    const auto trusted = verifier_->anchor(std::max<std::int64_t>(options_.height, 1), hash);
    if (!trusted) return refused(trusted.error());
    reporter_->report(node::LogLevel::info, "light",
                      fmt::format("trusts header {} of {}", options_.height, options_.chain_id));
    return {};
}

Outcome Light::serve() {
    const auto newest = verifier_->block(0);
    if (!newest) return refused(newest.error());
    reporter_->report(
        node::LogLevel::info, "light",
        fmt::format("verified up to height {}, primary {}", newest->signed_header->header->height,
                    verifier_->primary().to_text()));
    // Every route is answered by the proxy: these have nothing.
    store::MemoryKeyValues nothing;
    const store::BlockStore blocks(nothing);
    const store::StateStore states(nothing);
    const types::GenesisDoc genesis;
    node::StoredEnvironment environment(blocks, states, genesis);
    const rpc::NullIndexer indexer;
    rpc::EventBus bus(rpc::EventBusLimits{});

    rpc::ServiceConfig settings;
    settings.routes = light_routes();
    io::HttpServerConfig http;
    http.listen = {options_.laddr};
    http.setting = "--laddr";
    http.connections_max = options_.connections_max;
    http.write_timeout = std::chrono::seconds(60);  // a far header takes its time
    LightProxy proxy(loop_, *verifier_);
    settings.answerer = &proxy;
    rpc::Service service(environment, bus, indexer, settings);
    io::RpcHandler handler(service);
    auto server = io::HttpServer::start(loop_, handler, std::move(http));
    if (!server) return fail(server.error(), ExitCode::unavailable);
    boost::asio::signal_set signals(loop_, SIGTERM, SIGINT);
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        reporter_->report(node::LogLevel::info, "light",
                          fmt::format("stopping on signal {}", signal));
        loop_.stop();
    });
    reporter_->report(node::LogLevel::info, "light",
                      "serving at " + (*server)->addresses().front());
    loop_.run();
    if (attack_.empty()) return {};
    return fail(ExitCode::failed, attack_ + ". Find out which side is the chain's, remove " +
                                      options_.folder + ", and begin anew with that side");
}

std::string usual_folder() {
    const char* home = process_environment()("HOME");
    return home != nullptr ? std::string(home) + "/.tandem-light" : ".tandem-light";
}

}  // namespace

void add_light(CLI::App& app, Context& context) {
    CLI::App* command =
        add_command(app, "light",
                    "Serve a node's RPC, and verify what the node says before it is passed on\n"
                    "Example: tandem light my-chain --primary tcp://10.0.0.1:26657 --witnesses "
                    "tcp://10.0.0.2:26657 --height 100 --hash HEX");
    const auto options = std::make_shared<LightOptions>();
    options->folder = usual_folder();
    command->add_option("chain-id", options->chain_id, "The chain")->required();
    command->add_option("-p,--primary", options->primary, "The node that is asked");
    command->add_option("-w,--witnesses", options->witnesses,
                        "Other nodes, with commas, whose headers the primary's are compared with");
    command->add_option("--height", options->height, "Height of a header that you trust")
        ->check(CLI::PositiveNumber);
    command->add_option("--hash", options->hash, "Its hash");
    command->add_option("--home-dir,--dir,-d", options->folder, "What is trusted, from run to run")
        ->capture_default_str();
    command->add_option("--laddr", options->laddr, "Where to serve")->capture_default_str();
    command->add_option("--max-open-connections", options->connections_max, "0: no limit")
        ->capture_default_str();
    command->add_flag("--sequential", options->sequential, "Verify every header");
    command
        ->add_option("--trust-level", options->trust_level,
                     "Share of the trusted validators who must have signed, from 1/3 to 1")
        ->capture_default_str();
    command
        ->add_option("--trusting-period", options->trusting_period,
                     "How long a header is trusted; less than validators are bonded for")
        ->capture_default_str();
    command->add_flag("--verbose", options->verbose, "Say more");
    command->callback([&context, options] { context.outcome = Light(*options).run(); });
}

}  // namespace tandem::program
