// What a configuration may not say.
#include <fmt/format.h>

#include "tandem/config_table.h"
#include "tandem/duration_text.h"
#include "types/net_address.h"

namespace tandem::program {
namespace {

constexpr std::int64_t second = 1'000'000'000;

bool is_one_of(std::string_view value, std::string_view allowed) {
    for (;;) {
        const std::size_t bar = allowed.find('|');
        if (allowed.substr(0, bar) == value) return true;
        if (bar == std::string_view::npos) return false;
        allowed.remove_prefix(bar + 1);
    }
}

std::string listed(std::string_view allowed) {
    std::string text;
    while (!allowed.empty()) {
        const std::size_t bar = allowed.find('|');
        text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", allowed.substr(0, bar));
        if (bar == std::string_view::npos) break;
        allowed.remove_prefix(bar + 1);
    }
    return text;
}

Verdict check_range(const ConfigKey& key, std::int64_t value) {
    if (value >= key.least && value <= key.most) return {};
    if (value < 0 && key.least == 0)
        return refuse(key.name(), fmt::format("{} must not be negative", key.name()));
    return refuse(key.name(), value < key.least ? fmt::format("{} is {}; at least {} is needed",
                                                              key.name(), value, key.least)
                                                : fmt::format("{} is {}; at most {} is possible",
                                                              key.name(), value, key.most));
}

Verdict check_key(const ConfigKey& key, Config& config) {
    if (const auto* number = std::get_if<Member<std::int64_t>>(&key.member))
        return check_range(key, (*number)(config));
    if (const auto* span = std::get_if<Member<Duration>>(&key.member)) {
        if ((*span)(config).nanos >= key.least) return {};
        return refuse(key.name(),
                      fmt::format("{} is {}; it must {}", key.name(), to_text((*span)(config)),
                                  key.least > 0 ? "be positive" : "not be negative"));
    }
    const auto* text = std::get_if<Member<std::string>>(&key.member);
    if (text == nullptr || key.allowed.empty() || is_one_of((*text)(config), key.allowed))
        return {};
    return refuse(key.name(), fmt::format("{} is \"{}\"; known are {}", key.name(), (*text)(config),
                                          listed(key.allowed)));
}

/// "1.2.3", with anything that a release may have behind it.
bool is_version(std::string_view text) {
    for (int part = 0; part < 3; ++part) {
        std::size_t digits = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
        if (digits == 0) return false;
        text.remove_prefix(digits);
        if (part < 2 && !text.starts_with('.')) return false;
        if (part < 2) text.remove_prefix(1);
    }
    return text.empty() || text[0] == '-' || text[0] == '+';
}

Verdict check_statesync(const StateSyncConfig& sync) {
    if (!sync.enable) return {};
    const auto needs = [](std::string_view key, std::string_view what) {
        return refuse(fmt::format("statesync.{}", key),
                      fmt::format("statesync.enable is true, so statesync.{} {}", key, what));
    };
    if (sync.rpc_servers.size() < 2) return needs("rpc_servers", "must name two servers at least");
    for (const std::string& server : sync.rpc_servers)
        if (server.empty()) return needs("rpc_servers", "must not have an empty entry");
    if (sync.discovery_time.nanos != 0 && sync.discovery_time.nanos < 5 * second)
        return needs("discovery_time", "must be 0s, or 5s at least");
    if (sync.trust_period.nanos == 0) return needs("trust_period", "must be set");
    if (sync.trust_height == 0) return needs("trust_height", "must be set");
    if (sync.trust_hash.empty()) return needs("trust_hash", "must be set");
    if (!base::from_hex(sync.trust_hash)) return needs("trust_hash", "must be hexadecimal digits");
    if (sync.chunk_request_timeout.nanos < 5 * second)
        return needs("chunk_request_timeout", "must be 5s at least");
    if (sync.chunk_fetchers == 0) return needs("chunk_fetchers", "must be 1 at least");
    if (sync.max_snapshot_chunks == 0) return needs("max_snapshot_chunks", "must be 1 at least");
    return {};
}

Verdict check_list(std::string_view name, std::string_view list, bool with_address) {
    for (const std::string_view entry : list_items(list)) {
        Verdict verdict;
        if (with_address) {
            if (auto address = types::peer_address_from_text(entry); !address)
                verdict = std::unexpected(address.error());
        } else {
            verdict = types::validate_node_id(entry);
        }
        if (!verdict)
            return refuse(name,
                          fmt::format("{}: \"{}\": {}; write {}", name, entry, verdict.error().why,
                                      with_address ? "ID@HOST:PORT" : "a node id"));
    }
    return {};
}

Verdict check_peers(const P2pConfig& p2p) {
    TANDEM_TRY(check_list("p2p.seeds", p2p.seeds, true));
    TANDEM_TRY(check_list("p2p.persistent_peers", p2p.persistent_peers, true));
    TANDEM_TRY(check_list("p2p.unconditional_peer_ids", p2p.unconditional_peer_ids, false));
    TANDEM_TRY(check_list("p2p.private_peer_ids", p2p.private_peer_ids, false));
    if (p2p.seed_mode && !p2p.pex)
        return refuse("p2p.seed_mode",
                      "p2p.seed_mode needs p2p.pex = true: a seed hands out "
                      "addresses by peer exchange");
    return {};
}

/// Prometheus refuses other names.
Verdict check_metrics(const InstrumentationConfig& metrics) {
    const std::string& name = metrics.metrics_namespace;
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == ':';
    };
    if (std::ranges::all_of(name, fits) && (name.empty() || name[0] < '0' || name[0] > '9'))
        return {};
    return refuse("instrumentation.namespace",
                  fmt::format("instrumentation.namespace is \"{}\"; letters, digits, _ and : may "
                              "stand in it, and no digit first",
                              name));
}

/// What CometBFT can do and Tandem does not.
Verdict check_offered(const Config& config) {
    if (config.base.abci == "grpc")
        return refuse("abci",
                      "abci is \"grpc\"; Tandem speaks to applications by \"socket\" only. "
                      "Let the application serve its socket, and name that in proxy_app");
    if (!config.rpc.grpc_laddr.empty())
        return refuse("rpc.grpc_laddr",
                      "rpc.grpc_laddr is set, but Tandem serves no gRPC; leave it "
                      "empty and use broadcast_tx_commit of rpc.laddr");
    if (config.tx_index.indexer == "psql")
        return refuse("tx_index.indexer",
                      "tx_index.indexer is \"psql\", but Tandem cannot write to "
                      "PostgreSQL; use \"kv\" or \"null\"");
    return {};
}

}  // namespace

Verdict validate(const Config& config) {
    Config mine = config;
    for (const ConfigKey& key : config_keys()) TANDEM_TRY(check_key(key, mine));
    if (!config.base.version.empty() && !is_version(config.base.version))
        return refuse("version", fmt::format("version is \"{}\", not a number like \"{}\"",
                                             config.base.version, cometbft_version));
    const RpcConfig& rpc = config.rpc;
    if (rpc.experimental_websocket_write_buffer_size < rpc.experimental_subscription_buffer_size)
        return refuse(
            "rpc.experimental_websocket_write_buffer_size",
            fmt::format("rpc.experimental_websocket_write_buffer_size is {}; it must be at "
                        "least rpc.experimental_subscription_buffer_size, which is {}",
                        rpc.experimental_websocket_write_buffer_size,
                        rpc.experimental_subscription_buffer_size));
    TANDEM_TRY(check_statesync(config.statesync));
    if (!config.consensus.create_empty_blocks && config.mempool.type == "nop")
        return refuse("consensus.create_empty_blocks",
                      "consensus.create_empty_blocks is false, but mempool.type is \"nop\": no "
                      "transaction would ever start a block");
    TANDEM_TRY(check_peers(config.p2p));
    TANDEM_TRY(check_metrics(config.instrumentation));
    return check_offered(config);
}

}  // namespace tandem::program
