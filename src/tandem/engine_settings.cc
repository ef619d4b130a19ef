#include "tandem/engine_settings.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace tandem::program {
namespace {

constexpr std::size_t address_bytes = 20;

/// Takes `key` of `table` where it is there.
template <typename T>
Verdict take(const toml::table& file, std::string_view section, std::string_view key, T& out,
             const std::string& path) {
    const toml::node* node = section.empty() ? &file : file.get(section);
    const toml::node_view<const toml::node> table(node);
    const auto found = table[key];
    if (!found) return {};
    if (const auto value = found.value_exact<T>()) {
        out = *value;
        return {};
    }
    return refuse("config",
                  fmt::format("{}: {}{}{} must be {}", path, section, section.empty() ? "" : ".",
                              key, std::is_same_v<T, bool> ? "true or false" : "a text"));
}

}  // namespace

Result<EngineSettings> engine_settings(std::string_view toml, const std::string& path) {
    const toml::parse_result file = toml::parse(toml, path);
    if (!file)
        return refuse("config", fmt::format("{}:{}: {}", path, file.error().source().begin.line,
                                            file.error().description()));
    EngineSettings settings;
    const toml::table& top = file.table();
    TANDEM_TRY(take(top, "", "proxy_app", settings.proxy_app, path));
    TANDEM_TRY(take(top, "", "abci", settings.abci, path));
    TANDEM_TRY(take(top, "", "genesis_file", settings.genesis_file, path));
    TANDEM_TRY(take(top, "", "priv_validator_key_file", settings.validator_key_file, path));
    TANDEM_TRY(take(top, "", "db_dir", settings.data_folder, path));
    TANDEM_TRY(take(top, "rpc", "laddr", settings.rpc_laddr, path));
    TANDEM_TRY(take(top, "mempool", "type", settings.mempool_type, path));
    TANDEM_TRY(take(top, "mempool", "recheck", settings.recheck, path));
    TANDEM_TRY(take(top, "mempool", "broadcast", settings.broadcast, path));
    TANDEM_TRY(take(top, "consensus", "create_empty_blocks", settings.creates_empty_blocks, path));
    TANDEM_TRY(take(top, "blocksync", "adaptive_sync", settings.adaptive_sync, path));
    return settings;
}

Texts engine_faults(const EngineSettings& settings) {
    Texts faults;
    if (settings.abci != "socket")
        faults.push_back(
            fmt::format("abci = \"{}\": the shim speaks the socket protocol; write "
                        "abci = \"socket\"",
                        settings.abci));
    if (!settings.creates_empty_blocks)
        faults.emplace_back(
            "consensus.create_empty_blocks = false: a chain that makes no blocks "
            "makes no records, and no seat moves; write true");
    if (settings.mempool_type != "flood")
        faults.push_back(
            fmt::format("mempool.type = \"{}\": heartbeats travel through the "
                        "mempool; write \"flood\"",
                        settings.mempool_type));
    if (!settings.broadcast)
        faults.emplace_back(
            "mempool.broadcast = false: this node's heartbeats would reach nobody, "
            "and the records would call it dead; write true");
    if (!settings.recheck)
        faults.emplace_back(
            "mempool.recheck = false: heartbeats leave the mempool by being "
            "checked again, and would fill it; write true");
    if (settings.adaptive_sync)
        faults.emplace_back(
            "blocksync.adaptive_sync = true: blocks would be executed by block "
            "sync and by consensus in turns, and a node that is behind would judge "
            "proposals by records of another height; write false");
    return faults;
}

Result<base::Bytes> validator_address_in(std::string_view text) {
    const auto document = nlohmann::json::parse(text, nullptr, false);
    const auto address =
        document.is_object() ? document.value("address", nlohmann::json()) : nlohmann::json();
    auto bytes = address.is_string() ? base::from_hex(address.get<std::string>()) : std::nullopt;
    if (!bytes || bytes->size() != address_bytes)
        return refuse("address", "there is no \"address\" of 40 hexadecimal digits");
    return *bytes;
}

}  // namespace tandem::program
