// Commands that take away what a node stored. None of them runs beside a node that is up.
#include <fmt/format.h>

#include "io/folder_lock.h"
#include "tandem/node_files.h"

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
}

}  // namespace tandem::program
