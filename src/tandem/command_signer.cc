// tandem signer serve: holds a validator's key on another machine, and signs for the validator that
// it dials: ours, or CometBFT.
//
// What was signed last stands in priv_validator_state.json before a signature leaves; the lock of
// its folder keeps a second process away. A home folder in which this key signed as a node's own
// has a log that may remember more than that file, and then the log counts.
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <fmt/format.h>

#include "io/failure.h"
#include "io/folder_lock.h"
#include "io/log_file.h"
#include "io/signer_dialer.h"
#include "signer/watermark.h"
#include "tandem/node_files.h"
#include "tandem/reporter.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;

struct SignerOptions {
    std::string connect;
    std::string chain_id;
};

/// Where the key, what it signed and the log are.
struct SignerFiles {
    fs::path key, state, log, genesis;
};

SignerFiles files_of(const Home& home, const Config& config) {
    return {home.at(config.base.priv_validator_key_file),
            home.at(config.base.priv_validator_state_file),
            home.at(config.base.db_dir) / log_folder, home.at(config.base.genesis_file)};
}

std::expected<std::string, Failure> chain_of(const SignerOptions& options, const fs::path& path) {
    if (!options.chain_id.empty()) return options.chain_id;
    if (!is_there(path))
        return fail(ExitCode::usage,
                    fmt::format("for which chain? Give --chain-id, or put its genesis at {}",
                                path.string()));
    auto reading = load_genesis(path);
    if (!reading) return fail(reading.error());
    return std::move(reading->doc.chain_id);
}

/// The later of what the state file and a log of this home remember.
std::expected<types::LastSigned, Failure> newest_signed(const SignerFiles& files,
                                                        const std::string& chain_id,
                                                        const crypto::PrivateKey& key) {
    auto last = load_last_signed(files.state);
    if (!last) return fail(last.error(), ExitCode::bad_data);
    if (is_there(files.log)) {
        const auto log = io::LogFile::open(files.log, chain_id);
        if (!log) return fail(log.error(), ExitCode::bad_data);
        const auto& newest = log->contents.newest;
        if (newest && !newest->watermark.empty()) {
            const types::Address address = crypto::address(key.public_key());
            auto logged = signer::decode_watermark(newest->watermark, address);
            if (!logged) return fail(logged.error(), ExitCode::bad_data);
            if (std::tuple(logged->height, logged->round, logged->step) >
                std::tuple(last->height, last->round, last->step))
                last = std::move(logged);
        }
    }
    if (last->signature.empty() && !last->sign_bytes.empty())
        last->signature = key.sign(last->sign_bytes);
    return std::move(*last);
}

signer::RemoteService::Keep keeper(const fs::path& path) {
    return [path](const types::LastSigned& last) {
        const auto kept = io::replace_file(path, base::as_bytes(types::last_signed_text(last)),
                                           types::secret_file_mode);
        if (!kept)
            io::end_process(
                io::exit_code::io_error,
                fmt::format("{}; nothing is signed that cannot be remembered: mend the disk or "
                            "make room, and start again",
                            kept.error().why));
    };
}

Outcome serve(const Context& context, const SignerOptions& options) {
    if (const auto usable = io::SignerDialer::check_address(options.connect); !usable)
        return fail(usable.error(), ExitCode::usage);
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    auto reporter =
        ProcessReporter::make(config->base.log_level, config->base.log_format == "json");
    if (!reporter) return fail(reporter.error());
    const SignerFiles files = files_of(*home, *config);
    auto key = load_validator_key(files.key);
    if (!key) return fail(key.error());
    auto chain_id = chain_of(options, files.genesis);
    if (!chain_id) return fail(std::move(chain_id).error());
    if (!is_there(files.state))
        return fail(ExitCode::no_input,
                    fmt::format("{} is missing, but {} is there: without knowing what the key "
                                "signed last it must not sign. Bring the state file back",
                                files.state.string(), files.key.string()));
    const auto lock = io::FolderLock::take(files.state.parent_path());
    if (!lock) return fail(lock.error());
    auto last = newest_signed(files, *chain_id, *key);
    if (!last) return fail(std::move(last).error());

    (*reporter)->report(node::LogLevel::info, "signer",
                        fmt::format("signing for chain {} with key {}, which signed last at "
                                    "height {}, round {}, step {}",
                                    *chain_id, base::to_hex(crypto::address(key->public_key())),
                                    last->height, last->round, static_cast<int>(last->step)));
    signer::RemoteService service(*chain_id, types::GuardedKey(std::move(*key), std::move(*last)),
                                  keeper(files.state));
    boost::asio::io_context loop(1);
    const auto dialer = io::SignerDialer::start(loop, **reporter, service, options.connect);
    if (!dialer) return fail(dialer.error(), ExitCode::usage);
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code& error, int signal) {
        if (error) return;
        (*reporter)->report(node::LogLevel::info, "signer",
                            fmt::format("stopping on signal {}", signal));
        loop.stop();
    });
    loop.run();
    return {};
}

}  // namespace

void add_signer(CLI::App& app, Context& context) {
    CLI::App* signer = add_command(app, "signer",
                                   "A validator's key in a process of its own\n"
                                   "Example: tandem signer serve --home /srv/acme-key --chain-id "
                                   "acme --connect tcp://10.0.0.1:26659");
    signer->require_subcommand(1);
    const auto options = std::make_shared<SignerOptions>();
    CLI::App* command = add_command(
        *signer, "serve",
        "Sign for a validator, ours or CometBFT's, whose priv_validator_laddr is dialled, until "
        "SIGTERM\n"
        "Example: tandem signer serve --home /srv/acme-key --chain-id acme --connect "
        "tcp://10.0.0.1:26659");
    command
        ->add_option("--connect", options->connect,
                     "The validator's priv_validator_laddr: tcp://HOST:PORT, which is sealed, or "
                     "unix://PATH")
        ->required();
    command->add_option("--chain-id", options->chain_id,
                        "Sign for this chain and for no other (default: that of the genesis in "
                        "the home folder)");
    command->callback([&context, options] { context.outcome = serve(context, *options); });
}

}  // namespace tandem::program
