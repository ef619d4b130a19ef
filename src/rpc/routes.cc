#include "rpc/routes.h"

#include <algorithm>
#include <array>

#include "types/json.h"

namespace tandem::rpc {

namespace {

constexpr std::array height_params = {Param{"height", ParamType::optional_int64}};
constexpr std::array hash_params = {Param{"hash", ParamType::bytes}};
constexpr std::array hex_hash_params = {Param{"hash", ParamType::hex_bytes}};
constexpr std::array query_params = {Param{"query", ParamType::string}};
constexpr std::array tx_params = {Param{"tx", ParamType::tx}};
constexpr std::array evidence_params = {Param{"evidence", ParamType::evidence}};
constexpr std::array chunk_params = {Param{"chunk", ParamType::uint}};
constexpr std::array limit_params = {Param{"limit", ParamType::optional_int}};
constexpr std::array seeds_params = {Param{"seeds", ParamType::strings}};
constexpr std::array range_params = {Param{"minHeight", ParamType::int64},
                                     Param{"maxHeight", ParamType::int64}};
constexpr std::array tx_hash_params = {Param{"hash", ParamType::bytes},
                                       Param{"prove", ParamType::boolean}};
constexpr std::array validators_params = {Param{"height", ParamType::optional_int64},
                                          Param{"page", ParamType::optional_int},
                                          Param{"per_page", ParamType::optional_int}};
constexpr std::array abci_query_params = {
    Param{"path", ParamType::string}, Param{"data", ParamType::hex_bytes},
    Param{"height", ParamType::int64}, Param{"prove", ParamType::boolean}};
constexpr std::array tx_search_params = {
    Param{"query", ParamType::string}, Param{"prove", ParamType::boolean},
    Param{"page", ParamType::optional_int}, Param{"per_page", ParamType::optional_int},
    Param{"order_by", ParamType::string}};
constexpr std::array block_search_params = {
    Param{"query", ParamType::string}, Param{"page", ParamType::optional_int},
    Param{"per_page", ParamType::optional_int}, Param{"order_by", ParamType::string}};
constexpr std::array peers_params = {
    Param{"peers", ParamType::strings}, Param{"persistent", ParamType::boolean},
    Param{"unconditional", ParamType::boolean}, Param{"private", ParamType::boolean}};

constexpr Handler on_websocket_only = nullptr;

constexpr std::array table = {
    Route{"abci_info", {}, routes::abci_info, Caching::always},
    Route{"abci_query", abci_query_params, routes::abci_query},
    Route{"block", height_params, routes::block, Caching::with_height},
    Route{"block_by_hash", hash_params, routes::block_by_hash, Caching::always},
    Route{"block_results", height_params, routes::block_results, Caching::with_height},
    Route{"block_search", block_search_params, routes::block_search},
    Route{"blockchain", range_params, routes::blockchain, Caching::always},
    Route{"broadcast_evidence", evidence_params, routes::broadcast_evidence},
    Route{"broadcast_tx_async", tx_params, routes::broadcast_tx_async},
    Route{"broadcast_tx_commit", tx_params, routes::broadcast_tx_commit},
    Route{"broadcast_tx_sync", tx_params, routes::broadcast_tx_sync},
    Route{"check_tx", tx_params, routes::check_tx},
    Route{"commit", height_params, routes::commit, Caching::with_height},
    Route{"consensus_params", height_params, routes::consensus_params, Caching::with_height},
    Route{"consensus_state", {}, routes::consensus_state},
    Route{"dial_peers", peers_params, routes::dial_peers, Caching::no, true},
    Route{"dial_seeds", seeds_params, routes::dial_seeds, Caching::no, true},
    Route{"dump_consensus_state", {}, routes::dump_consensus_state},
    Route{"genesis", {}, routes::genesis, Caching::always},
    Route{"genesis_chunked", chunk_params, routes::genesis_chunked, Caching::always},
    Route{"header", height_params, routes::header, Caching::with_height},
    Route{"header_by_hash", hex_hash_params, routes::header_by_hash, Caching::always},
    Route{"health", {}, routes::health},
    Route{"net_info", {}, routes::net_info},
    Route{"num_unconfirmed_txs", {}, routes::num_unconfirmed_txs},
    Route{"status", {}, routes::status},
    Route{"subscribe", query_params, on_websocket_only},
    Route{"tx", tx_hash_params, routes::tx, Caching::always},
    Route{"tx_search", tx_search_params, routes::tx_search},
    Route{"unconfirmed_txs", limit_params, routes::unconfirmed_txs},
    Route{"unsafe_flush_mempool", {}, routes::flush_mempool, Caching::no, true},
    Route{"unsubscribe", query_params, on_websocket_only},
    Route{"unsubscribe_all", {}, on_websocket_only},
    Route{"validators", validators_params, routes::validators, Caching::with_height},
};
static_assert(std::ranges::is_sorted(table, {}, &Route::name));

}  // namespace

std::span<const Route> all_routes() {
    return table;
}

void invoke(const Route& route, const RouteContext& context, const Arguments& arguments,
            Answer answer) {
    if (context.config.answerer != nullptr)
        return context.config.answerer->answer(route, arguments, std::move(answer));
    route.handler(context, arguments, std::move(answer));
}

bool is_served(const Route& route, const ServiceConfig& config) {
    if (route.is_unsafe && !config.unsafe_routes) return false;
    return config.routes.empty() || std::ranges::binary_search(config.routes, route.name);
}

const Route* find_route(std::string_view name, const ServiceConfig& config) {
    const auto found = std::ranges::lower_bound(table, name, {}, &Route::name);
    if (found == table.end() || found->name != name) return nullptr;
    return is_served(*found, config) ? &*found : nullptr;
}

bool is_cacheable(const Route& route, const Arguments& arguments) {
    if (route.caching != Caching::with_height) return route.caching == Caching::always;
    for (std::size_t i = 0; i < arguments.size(); ++i)
        if (route.params[i].name == "height") return is_given(arguments[i]);
    return true;
}

std::int64_t per_page_of(const Argument& argument) {
    const auto* asked = std::get_if<std::int64_t>(&argument);
    if (asked == nullptr || *asked < 1) return per_page_default;
    return std::min(*asked, per_page_max);
}

bool is_order(std::string_view order) {
    return order.empty() || order == "asc" || order == "desc";
}

std::unexpected<base::Refusal> wrong_order() {
    return base::refuse("rpc.order_by", "expected order_by to be either `asc` or `desc` or empty");
}

Result<Page> page_of(const Argument& page, const Argument& per_page, std::size_t total) {
    const std::int64_t size = per_page_of(per_page);
    const auto count = static_cast<std::int64_t>(total);
    const std::int64_t pages = std::max<std::int64_t>((count + size - 1) / size, 1);
    const auto* asked = std::get_if<std::int64_t>(&page);
    const std::int64_t number = asked == nullptr ? 1 : *asked;
    if (number < 1 || number > pages)
        return base::refuse("rpc.page", "page should be within [1, " + std::to_string(pages) +
                                            "] range, given " + std::to_string(number));
    const std::int64_t skip = (number - 1) * size;
    return Page{static_cast<std::size_t>(skip),
                static_cast<std::size_t>(std::min(size, count - skip))};
}

Result<std::string> validators_page(std::int64_t height, const types::ValidatorSet& set,
                                    const Argument& page, const Argument& per_page) {
    const auto chosen = page_of(page, per_page, set.size());
    if (!chosen) return std::unexpected(chosen.error());
    wire::JsonWriter writer;
    writer.begin_object();
    writer.name("block_height").quoted(height);
    writer.name("validators").begin_array();
    for (const types::Validator& one : set.validators().subspan(chosen->skip, chosen->count))
        types::write_json(writer, one);
    writer.end_array();
    writer.name("count").quoted(static_cast<std::int64_t>(chosen->count));
    writer.name("total").quoted(static_cast<std::int64_t>(set.size()));
    writer.end_object();
    return writer.take();
}

}  // namespace tandem::rpc
