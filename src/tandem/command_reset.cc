// Commands that take away what a node stored. None of them runs beside a node that is up.
#include <fmt/format.h>

#include "io/failure.h"
#include "io/folder_lock.h"
#include "io/rocks_database.h"
#include "store/rollback.h"
#include "tandem/node_files.h"
#include "wire/json_write.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;

struct Opened {
    Home home;
    Config config;
};

std::expected<Opened, Failure> open_home(const Context& context) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    return Opened{*home, std::move(*config)};
}

/// Nobody can be using a folder that is not there.
Result<std::optional<io::FolderLock>> lock_folder(const fs::path& folder) {
    if (!is_there(folder)) return std::nullopt;
    auto lock = io::FolderLock::take(folder);
    if (!lock) return std::unexpected(lock.error());
    return std::optional(std::move(*lock));
}

std::vector<LogField> validator_fields(const Opened& node) {
    return {{"keyFile", node.home.at(node.config.base.priv_validator_key_file).string()},
            {"stateFile", node.home.at(node.config.base.priv_validator_state_file).string()}};
}

/// Makes the validator's state one that has signed nothing, and the key if there is none.
Outcome reset_validator(const Opened& node, std::vector<LogLine>& log) {
    const fs::path key_path = node.home.at(node.config.base.priv_validator_key_file);
    const fs::path state_path = node.home.at(node.config.base.priv_validator_state_file);
    FileBatch batch(0700);
    const bool has_key = is_there(key_path);
    if (has_key) {
        if (const auto key = load_validator_key(key_path); !key) return fail(key.error());
    } else {
        batch.create(key_path, types::validator_key_text(fresh_key()).view(),
                     types::secret_file_mode);
    }
    batch.replace(state_path, base::as_bytes(types::last_signed_text({})), types::secret_file_mode);
    TANDEM_DO(batch.commit());
    log.push_back({has_key ? "Reset private validator file to genesis state"
                           : "Generated private validator file",
                   validator_fields(node)});
    return {};
}

/// Takes a folder or file away: first out of sight at once, then for good.
Verdict remove_whole(const fs::path& path) {
    fs::path aside = path;
    aside += ".removing";
    std::error_code error;
    fs::remove_all(aside, error);  // of a removal that a crash cut short
    if (!error) fs::rename(path, aside, error);
    if (!error) fs::remove_all(aside, error);
    if (error)
        return refuse("file.remove",
                      fmt::format("cannot remove {}: {}", path.string(), error.message()));
    return {};
}

Outcome reset_all(const Context& context, bool keep_address_book) {
    auto node = open_home(context);
    if (!node) return fail(std::move(node).error());
    const fs::path key_path = node->home.at(node->config.base.priv_validator_key_file);
    if (is_there(key_path))
        if (const auto key = load_validator_key(key_path); !key) return fail(key.error());
    const fs::path data = node->home.at(node->config.base.db_dir);
    const auto lock = lock_folder(data);
    if (!lock) return fail(lock.error());

    std::vector<LogLine> log;
    const fs::path book = node->home.at(node->config.p2p.addr_book_file);
    if (keep_address_book) {
        log.push_back({"The address book remains intact", {}});
    } else if (is_there(book)) {
        TANDEM_DO(remove_whole(book));
        log.push_back({"Removed existing address book", {{"file", book.string()}}});
    }
    if (is_there(data)) TANDEM_DO(remove_whole(data));
    log.push_back({"Removed all blockchain history", {{"dir", data.string()}}});
    FileBatch folders(0700);
    folders.folder(data);
    TANDEM_DO(folders.commit());
    if (Outcome reset = reset_validator(*node, log); !reset) return reset;
    print_log(context, log);
    return {};
}

Outcome reset_private_validator(const Context& context) {
    auto node = open_home(context);
    if (!node) return fail(std::move(node).error());
    const auto lock = lock_folder(node->home.at(node->config.base.db_dir));
    if (!lock) return fail(lock.error());
    std::vector<LogLine> log;
    if (Outcome reset = reset_validator(*node, log); !reset) return reset;
    print_log(context, log);
    return {};
}

Outcome reset_state(const Context& context) {
    auto node = open_home(context);
    if (!node) return fail(std::move(node).error());
    const fs::path data = node->home.at(node->config.base.db_dir);
    const auto lock = lock_folder(data);
    if (!lock) return fail(lock.error());
    std::vector<LogLine> log;
    const fs::path database = data / database_folder;
    if (is_there(database)) {
        TANDEM_DO(remove_whole(database));
        log.push_back(
            {fmt::format("Removed all {}", database_folder), {{"dir", database.string()}}});
    }
    print_log(context, log);
    return {};
}

Outcome rollback(const Context& context, bool hard) {
    auto node = open_home(context);
    if (!node) return fail(std::move(node).error());
    const fs::path data = node->home.at(node->config.base.db_dir);
    const auto failed = [](const Refusal& refusal) {
        return fail(ExitCode::failed, "failed to rollback state: " + refusal.why);
    };
    if (!is_there(data / database_folder))
        return failed({"", fmt::format("there is no {} in {}", database_folder, data.string())});
    const auto lock = lock_folder(data);
    if (!lock) return fail(lock.error());
    auto database = io::RocksDatabase::open(data / database_folder, {.create_if_missing = false});
    if (!database) return fail(ExitCode::bad_data, database.error().why);
    io::report_damage_of(data);
    store::BlockStore blocks(**database);
    store::StateStore states(**database, std::string(cometbft_version));
    const auto done = store::roll_back(blocks, states, hard);
    if (!done) return failed(done.error());
    (*database)->sync();
    const std::string hash = base::to_hex(base::view(done->app_hash), base::HexCase::upper);
    if (context.is_json())
        print_line(wire::JsonWriter()
                       .begin_object()
                       .name("height")
                       .quoted(done->height)
                       .name("app_hash")
                       .string(hash)
                       .name("block_removed")
                       .boolean(hard)
                       .end_object()
                       .take());
    else
        print_line(fmt::format("Rolled back {} to height {} and hash {}",
                               hard ? "both state and block" : "state", done->height, hash));
    return {};
}

}  // namespace

void add_reset_commands(CLI::App& app, Context& context) {
    CLI::App* all = add_command(app, "unsafe-reset-all",
                                "Remove all that the node stored, and forget what its key signed\n"
                                "Unsafe: on a chain that goes on, this key may then sign twice.\n"
                                "Example: tandem unsafe-reset-all --home /srv/acme-1",
                                {"unsafe_reset_all"});
    const auto keep = std::make_shared<bool>(false);
    all->add_flag("--keep-addr-book", *keep, "Leave the address book");
    all->callback([&context, keep] { context.outcome = reset_all(context, *keep); });

    add_command(app, "unsafe-reset-priv-validator",
                "Forget what the consensus key signed; make a key where there is none\n"
                "Unsafe: on a chain that goes on, this key may then sign twice.\n"
                "Example: tandem unsafe-reset-priv-validator --home /srv/acme-1",
                {"unsafe_reset_priv_validator"})
        ->callback([&context] { context.outcome = reset_private_validator(context); });

    add_command(app, "reset-state",
                "Remove blocks and state; what the key signed, the keys and the address book stay\n"
                "Example: tandem reset-state --home /srv/acme-1",
                {"reset_state"})
        ->callback([&context] { context.outcome = reset_state(context); });

    CLI::App* back = add_command(
        app, "rollback",
        "Go back to the state before the newest block, which is executed again at the next start\n"
        "The application has to go back by itself. Can be repeated.\n"
        "Example: tandem rollback --home /srv/acme-1");
    const auto hard = std::make_shared<bool>(false);
    back->add_flag("--hard", *hard, "Remove the newest block as well");
    back->callback([&context, hard] { context.outcome = rollback(context, *hard); });
}

}  // namespace tandem::program
