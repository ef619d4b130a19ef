#include "tandem/seat_client.h"

#include <charconv>
#include <fmt/format.h>
#include <thread>

#include "tandem/files.h"

namespace tandem::program {
namespace {

constexpr std::chrono::milliseconds ask_again{100};

std::unexpected<Failure> rpc_failure(const Refusal& refusal) {
    const bool is_answer = refusal.check == "rpc.error" || refusal.check == "rpc.answer";
    return fail(is_answer ? ExitCode::failed : ExitCode::unavailable, refusal.why);
}

/// Decoded JSON of a base64 text; null for anything else.
json decoded(const json& base64) {
    if (!base64.is_string()) return nullptr;
    const auto bytes = base::from_base64(base64.get_ref<const std::string&>());
    if (!bytes) return nullptr;
    return json::parse(bytes->begin(), bytes->end(), nullptr, false);
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

std::expected<SeatClient, Failure> SeatClient::open(const Context& context,
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
    return SeatClient(io::RpcClient(*where), options);
}

std::expected<json, Failure> SeatClient::call(const std::string& method, json params) {
    auto result = client_.call(method, std::move(params));
    if (!result) return rpc_failure(result.error());
    return std::move(*result);
}

std::expected<ChainStatus, Failure> SeatClient::status() {
    auto result = call("status", json::object());
    if (!result) return fail(std::move(result).error());
    try {
        return ChainStatus{result->at("node_info").at("network").get<std::string>(),
                           number(result->at("sync_info"), "latest_block_height"),
                           result->at("sync_info").at("catching_up").get<bool>()};
    } catch (const json::exception& error) {
        return fail(ExitCode::failed, fmt::format("{} does not answer as a node: {}",
                                                  client_.address().to_text(), error.what()));
    }
}

std::expected<json, Failure> SeatClient::seats(const std::string& path) {
    auto result = call("abci_query", {{"path", "/seats" + path}});
    if (!result) return fail(std::move(result).error());
    const json response = result->value("response", json::object());
    json value = decoded(response.value("value", json()));
    if (number(response, "code") == 0 && value.is_object()) return value;
    const std::string log = response.value("log", std::string());
    if (response.value("codespace", std::string()) == "seats" && !log.empty())
        return fail(ExitCode::failed,
                    fmt::format("/seats{}: {}. tandem seat list shows them", path, log));
    return fail(ExitCode::failed,
                fmt::format("the chain of {} has no seats: its genesis names none",
                            client_.address().to_text()));
}

std::expected<json, Failure> SeatClient::find_in_block(std::int64_t height, const std::string& tx) {
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

std::expected<Decided, Failure> SeatClient::submit(const seats::AdminTx& tx) {
    auto before = status();
    if (!before) return fail(std::move(before).error());
    const base::Bytes bytes = seats::encode_admin_tx(tx);
    const std::string text = base::to_base64(bytes);
    auto sent = call("broadcast_tx_sync", {{"tx", text}});
    if (!sent) return fail(std::move(sent).error());
    if (number(*sent, "code") != 0)
        return fail(ExitCode::failed,
                    fmt::format("the node refuses it (code {}): {}", number(*sent, "code"),
                                sent->value("log", std::string())));
    const std::string hash = sent->value("hash", std::string());
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(options_.timeout_seconds);
    std::int64_t next = before->height + 1;
    for (;;) {
        auto now = status();
        if (!now) return fail(std::move(now).error());
        for (; next <= now->height; ++next) {
            // The block is stored a moment before the application's answers are.
            auto found = find_in_block(next, text);
            if (!found) return fail(std::move(found).error());
            if (found->is_null()) continue;
            if (number(*found, "code") != 0)
                return fail(ExitCode::failed, fmt::format("refused at height {} (code {}): {}",
                                                          next, number(*found, "code"),
                                                          found->value("log", std::string())));
            const json data = decoded(found->value("data", json()));
            return Decided{number(data, "height"), number(data, "effective_height"), hash};
        }
        if (now->height >= tx.expiry_height)
            return fail(ExitCode::failed,
                        fmt::format("no block up to {} has it, and later ones will not take it; "
                                    "nothing changed",
                                    tx.expiry_height));
        if (std::chrono::steady_clock::now() >= deadline)
            return fail(
                ExitCode::unavailable,
                fmt::format("not decided yet at height {}; it may still be until height {}. "
                            "tandem seat show tells",
                            now->height, tx.expiry_height));
        std::this_thread::sleep_for(ask_again);
    }
}

Outcome SeatClient::wait_for(std::int64_t height) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(options_.timeout_seconds);
    for (;;) {
        auto now = status();
        if (!now) return fail(std::move(now).error());
        if (now->height >= height) return {};
        if (std::chrono::steady_clock::now() >= deadline)
            return fail(
                ExitCode::unavailable,
                fmt::format("the chain is at height {} and not yet at {}", now->height, height));
        std::this_thread::sleep_for(ask_again);
    }
}

}  // namespace tandem::program
