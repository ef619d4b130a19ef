// The methods of RPC: their names, parameters and what they answer (wire page of the RPC, methods).
//
// A method gets its arguments converted and answers with a result as JSON, or with a refusal whose
// text becomes the error's data. How a request came (URI, JSON-RPC, WebSocket) is not seen here.
//
// subscribe, unsubscribe and unsubscribe_all are in the table and have no handler: only a WebSocket
// has them (websocket.cc).
#pragma once
#include "rpc/arguments.h"
#include "rpc/service.h"

namespace tandem::rpc {

struct RouteContext {
    Environment& environment;
    EventBus& bus;
    const Indexer& indexer;
    const ServiceConfig& config;
    std::weak_ptr<const bool> alive;  // gone with the service
    std::string client;               // remote address of who asks
};

using Arguments = std::vector<Argument>;
using Answer = Reply<std::string>;  // JSON
using Handler = void (*)(const RouteContext& context, const Arguments& arguments, Answer answer);

enum class Caching : std::uint8_t { no, always, with_height };

struct Route {
    std::string_view name;
    std::span<const Param> params;
    Handler handler;  // null: on a WebSocket only
    Caching caching = Caching::no;
    bool is_unsafe = false;
};

/// The route's own handler, or who answers in its place. REQUIRES: it has a handler.
void invoke(const Route& route, const RouteContext& context, const Arguments& arguments,
            Answer answer);

/// Sorted by name.
[[nodiscard]] std::span<const Route> all_routes();
/// Whether it is answered with this configuration.
[[nodiscard]] bool is_served(const Route& route, const ServiceConfig& config);
/// Null for an unknown name, and for one that is not served.
[[nodiscard]] const Route* find_route(std::string_view name, const ServiceConfig& config);
/// Whether the answer may be cached, given the arguments.
[[nodiscard]] bool is_cacheable(const Route& route, const Arguments& arguments);

// ---- Searches of the index.
/// "asc", "desc" or empty.
[[nodiscard]] bool is_order(std::string_view order);
[[nodiscard]] std::unexpected<base::Refusal> wrong_order();

/// Finds with `find` beside everything else, and answers with what `write` makes of it.
template <typename Find, typename Write>
void search_aside(const RouteContext& context, Find find, Write write, Answer answer) {
    using Found = std::invoke_result_t<Find>;
    const auto found = std::make_shared<std::optional<Found>>();
    const auto reply = std::make_shared<Answer>(std::move(answer));
    const bool is_taken = context.environment.search_aside(
        [found, find = std::move(find)] { *found = find(); },
        [found, reply, write = std::move(write), alive = context.alive] {
            if (alive.expired()) return;
            if (!**found) return (*reply)(std::unexpected((*found)->error()));
            (*reply)(write(std::move(***found)));
        });
    if (!is_taken)
        (*reply)(base::refuse("rpc.searches", "too many searches wait already; try again later"));
}

// ---- Paging, as every list has it.
inline constexpr std::int64_t per_page_default = 30, per_page_max = 100;
[[nodiscard]] std::int64_t per_page_of(const Argument& argument);
struct Page {
    std::size_t skip = 0;
    std::size_t count = 0;
};
/// Refused where the page is out of range; an empty list has one page.
[[nodiscard]] Result<Page> page_of(const Argument& page, const Argument& per_page,
                                   std::size_t total);

/// The result of `validators`: one page of a set. Refused where the page is out of range.
[[nodiscard]] Result<std::string> validators_page(std::int64_t height,
                                                  const types::ValidatorSet& set,
                                                  const Argument& page, const Argument& per_page);

// ---- Handlers, by what they are about.
namespace routes {
void health(const RouteContext&, const Arguments&, Answer);
void status(const RouteContext&, const Arguments&, Answer);
void net_info(const RouteContext&, const Arguments&, Answer);
void genesis(const RouteContext&, const Arguments&, Answer);
void genesis_chunked(const RouteContext&, const Arguments&, Answer);
void consensus_state(const RouteContext&, const Arguments&, Answer);
void dump_consensus_state(const RouteContext&, const Arguments&, Answer);
void dial_seeds(const RouteContext&, const Arguments&, Answer);
void dial_peers(const RouteContext&, const Arguments&, Answer);

void blockchain(const RouteContext&, const Arguments&, Answer);
void block(const RouteContext&, const Arguments&, Answer);
void block_by_hash(const RouteContext&, const Arguments&, Answer);
void block_results(const RouteContext&, const Arguments&, Answer);
void block_search(const RouteContext&, const Arguments&, Answer);
void commit(const RouteContext&, const Arguments&, Answer);
void header(const RouteContext&, const Arguments&, Answer);
void header_by_hash(const RouteContext&, const Arguments&, Answer);
void validators(const RouteContext&, const Arguments&, Answer);
void consensus_params(const RouteContext&, const Arguments&, Answer);

void tx(const RouteContext&, const Arguments&, Answer);
void tx_search(const RouteContext&, const Arguments&, Answer);
void check_tx(const RouteContext&, const Arguments&, Answer);
void unconfirmed_txs(const RouteContext&, const Arguments&, Answer);
void num_unconfirmed_txs(const RouteContext&, const Arguments&, Answer);
void flush_mempool(const RouteContext&, const Arguments&, Answer);
void broadcast_tx_async(const RouteContext&, const Arguments&, Answer);
void broadcast_tx_sync(const RouteContext&, const Arguments&, Answer);
void broadcast_tx_commit(const RouteContext&, const Arguments&, Answer);
void broadcast_evidence(const RouteContext&, const Arguments&, Answer);
void abci_query(const RouteContext&, const Arguments&, Answer);
void abci_info(const RouteContext&, const Arguments&, Answer);
}  // namespace routes

}  // namespace tandem::rpc
