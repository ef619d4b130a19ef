// A node's home folder: where its files are, and the configuration that holds for it.
//
//     HOME/config/   config.toml genesis.json node_key.json priv_validator_key.json
//                    liveness_key.json addrbook.json
//     HOME/data/     what the node stores; priv_validator_state.json
//
// The folder is the one that --home names; else TANDEM_HOME, CMTHOME, CMT_HOME or TMHOME; else
// .tandem in the user's own folder. A flag goes before the environment here; in CometBFT CMTHOME
// goes before the flag.
#pragma once
#include <filesystem>
#include <optional>

#include "tandem/config.h"

namespace tandem::program {

// ---- In db_dir.
inline constexpr std::string_view database_folder = "tandem.db";
inline constexpr std::string_view log_folder = "log";

struct Home {
    std::filesystem::path root;

    /// A path of the configuration: relative ones are below `root`.
    [[nodiscard]] std::filesystem::path at(std::string_view path) const { return root / path; }
    [[nodiscard]] std::filesystem::path config() const { return at(config_file); }
};

/// Refused where no flag is given and the environment names no folder at all.
[[nodiscard]] Result<Home> find_home(const std::optional<std::string>& flag,
                                     const Environment& variable);

/// Environment of this process.
[[nodiscard]] Environment process_environment();

/// Defaults, with the machine's name as moniker.
[[nodiscard]] Config usual_config();

/// The configuration of a home folder: defaults, config.toml where there is one, then the
/// environment. Not validated: flags come behind.
[[nodiscard]] Result<ConfigReading> load_config(const Home& home, const Environment& variable);

}  // namespace tandem::program
