#include "tandem/node_client.h"

#include <charconv>
#include <fmt/format.h>
#include <thread>

#include "tandem/files.h"
#include "types/block.h"

namespace tandem::program {
namespace {

constexpr std::chrono::milliseconds ask_again{100};

std::unexpected<Failure> rpc_failure(const Refusal& refusal) {
    const bool is_answer = refusal.check == "rpc.error" || refusal.check == "rpc.answer";
    return fail(is_answer ? ExitCode::failed : ExitCode::unavailable, refusal.why);
}

void take_result(Landed& landed, const json& result) {
    landed.code = number(result, "code");
    landed.log = result.value("log", std::string());
    landed.data = bytes_at(result, "data");
}

}  // namespace

void add_node_options(CLI::App& command, NodeOptions& options) {
    command.add_option("--node", options.address,
                       "RPC of a node, tcp://HOST:PORT (default: rpc.laddr of the home folder, "
                       "else tcp://127.0.0.1:26657)");
    command.add_option("--timeout", options.timeout_seconds, "Seconds to wait for a block")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
}

const json& member(const json& value, const char* name) {
    static const json nothing;
    const auto found = value.find(name);
    return found == value.end() ? nothing : *found;
}

std::int64_t number(const json& value, const char* name) {
    const auto found = value.find(name);
    if (found == value.end()) return 0;
    if (found->is_number_integer()) return found->get<std::int64_t>();
    if (!found->is_string()) return 0;
    const auto& text = found->get_ref<const std::string&>();
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

base::Bytes bytes_at(const json& value, const char* name) {
    const auto found = value.find(name);
    if (found == value.end() || !found->is_string()) return {};
    return base::from_base64(found->get_ref<const std::string&>()).value_or(base::Bytes{});
}

Outcome check_success(const Landed& landed) {
    if (landed.code == 0) return {};
    return fail(ExitCode::failed,
                landed.height == 0
                    ? fmt::format("the node refuses it (code {}): {}", landed.code, landed.log)
                    : fmt::format("refused at height {} (code {}): {}", landed.height, landed.code,
                                  landed.log));
}

std::expected<NodeClient, Failure> NodeClient::open(const Context& context,
                                                    const NodeOptions& options) {
    std::string address = options.address;
    if (address.empty()) {
        address = Config{}.rpc.laddr;
        const auto home = context.home();
        if (home && is_there(home->config())) {
            auto config = context.config(*home);
            if (!config) return fail(std::move(config).error());
            address = config->rpc.laddr;
        }
    }
    const auto where = io::rpc_address(address);
    if (!where) return fail(ExitCode::usage, where.error().why);
    return NodeClient(io::RpcClient(*where), options);
}

std::chrono::steady_clock::time_point NodeClient::deadline() const {
    return std::chrono::steady_clock::now() + std::chrono::seconds(options_.timeout_seconds);
}

std::expected<json, Failure> NodeClient::call(const std::string& method, json params) {
    auto result = client_.call(method, std::move(params));
    if (!result) return rpc_failure(result.error());
    return std::move(*result);
}

std::expected<ChainStatus, Failure> NodeClient::status() {
    auto result = call("status", json::object());
    if (!result) return fail(std::move(result).error());
    try {
        return ChainStatus{result->at("node_info").at("network").get<std::string>(),
                           number(result->at("sync_info"), "latest_block_height"),
                           result->at("sync_info").at("catching_up").get<bool>()};
    } catch (const json::exception& error) {
        return fail(ExitCode::failed,
                    fmt::format("{} does not answer as a node: {}", address(), error.what()));
    }
}

std::expected<json, Failure> NodeClient::find_in_block(std::int64_t height, const std::string& tx) {
    auto block = call("block", {{"height", std::to_string(height)}});
    if (!block) return fail(std::move(block).error());
    const json& txs = (*block)["block"]["data"]["txs"];
    for (std::size_t i = 0; i < txs.size(); ++i) {
        if (txs[i] != tx) continue;
        auto results = call("block_results", {{"height", std::to_string(height)}});
        if (!results) return fail(std::move(results).error());
        const json& all = (*results)["txs_results"];
        return i < all.size() ? all[i] : json();
    }
    return json();
}

std::optional<Landed> NodeClient::find_in_index(base::BytesView hash) {
    const auto found = client_.call("tx", {{"hash", base::to_base64(hash)}, {"prove", false}});
    if (!found || !found->is_object() || number(*found, "height") == 0) return std::nullopt;
    Landed landed;
    landed.height = number(*found, "height");
    take_result(landed, found->value("tx_result", json::object()));
    return landed;
}

std::expected<Landed, Failure> NodeClient::send(base::BytesView tx, std::int64_t height_last,
                                                std::string_view how_to_look) {
    auto before = status();
    if (!before) return fail(std::move(before).error());
    const std::string text = base::to_base64(tx);
    const types::Hash hash = types::hash_of_tx(tx);
    Landed sent;
    sent.hash = base::to_hex(hash, base::HexCase::upper);
    std::int64_t next = before->height + 1;
    const auto answer = client_.call("broadcast_tx_sync", {{"tx", text}});
    if (answer) {
        take_result(sent, *answer);
        sent.data.clear();
        if (sent.code != 0) return sent;
    } else if (answer.error().why.contains("already exists in cache")) {
        if (auto found = find_in_index(hash)) {
            found->hash = std::move(sent.hash);
            return std::move(*found);
        }
        next = std::max<std::int64_t>(before->height - 1, 1);  // what the index does not have yet
    } else {
        return rpc_failure(answer.error());
    }
    return wait_for_tx(std::move(sent), text, next, height_last, how_to_look);
}

std::expected<Landed, Failure> NodeClient::wait_for_tx(Landed sent, const std::string& tx,
                                                       std::int64_t next, std::int64_t height_last,
                                                       std::string_view how_to_look) {
    const auto end = deadline();
    for (;;) {
        auto now = status();
        if (!now) return fail(std::move(now).error());
        for (; next <= now->height; ++next) {
            auto found = find_in_block(next, tx);
            if (!found) return fail(std::move(found).error());
            if (found->is_null()) continue;
            take_result(sent, *found);
            sent.height = next;
            return sent;
        }
        if (height_last != 0 && now->height >= height_last)
            return fail(ExitCode::failed,
                        fmt::format("no block up to {} has it, and later ones will not take it; "
                                    "nothing changed",
                                    height_last));
        if (std::chrono::steady_clock::now() >= end)
            return fail(
                ExitCode::unavailable,
                fmt::format(
                    "not decided yet at height {}; it may still be{}. {}", now->height,
                    height_last == 0 ? std::string() : fmt::format(" until height {}", height_last),
                    how_to_look));
        std::this_thread::sleep_for(ask_again);
    }
}

Outcome NodeClient::wait_for(std::int64_t height) {
    const auto end = deadline();
    for (;;) {
        auto now = status();
        if (!now) return fail(std::move(now).error());
        if (now->height >= height) return {};
        if (std::chrono::steady_clock::now() >= end)
            return fail(
                ExitCode::unavailable,
                fmt::format("the chain is at height {} and not yet at {}", now->height, height));
        std::this_thread::sleep_for(ask_again);
    }
}

}  // namespace tandem::program
