#include "tandem/light_proxy.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <utility>

#include "rpc/event_bus.h"
#include "tandem/light_route.h"

namespace tandem::program {
namespace {

constexpr std::size_t threads_count = 8;
/// More than a node takes for a transaction that is to be in a block.
constexpr std::chrono::seconds answer_timeout{15};
constexpr rpc::EventBusLimits limits;

// Not served, as by CometBFT's: what changes a node, or runs a transaction outside of the chain.
constexpr std::array<std::string_view, 30> routes{"abci_info",
                                                  "abci_query",
                                                  "block",
                                                  "block_by_hash",
                                                  "block_results",
                                                  "block_search",
                                                  "blockchain",
                                                  "broadcast_evidence",
                                                  "broadcast_tx_async",
                                                  "broadcast_tx_commit",
                                                  "broadcast_tx_sync",
                                                  "commit",
                                                  "consensus_params",
                                                  "consensus_state",
                                                  "dump_consensus_state",
                                                  "genesis",
                                                  "genesis_chunked",
                                                  "header",
                                                  "header_by_hash",
                                                  "health",
                                                  "net_info",
                                                  "num_unconfirmed_txs",
                                                  "status",
                                                  "subscribe",
                                                  "tx",
                                                  "tx_search",
                                                  "unconfirmed_txs",
                                                  "unsubscribe",
                                                  "unsubscribe_all",
                                                  "validators"};
static_assert(std::ranges::is_sorted(routes));

}  // namespace

std::span<const std::string_view> light_routes() {
    return routes;
}

LightProxy::LightProxy(boost::asio::io_context& loop, LightVerifier& verifier)
    : loop_(loop), verifier_(verifier) {
    for (std::size_t i = 0; i < threads_count; ++i) threads_.emplace_back([this] { work(); });
}

LightProxy::~LightProxy() {
    verifier_.stop();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    for (auto& [client, subscriptions] : subscriptions_)
        for (auto& [query, events] : subscriptions) events->close();
}

void LightProxy::answer(const rpc::Route& route, std::vector<rpc::Argument> arguments,
                        rpc::Reply<std::string> answer) {
    {
        const std::lock_guard lock(mutex_);
        open_.push_back({&route, std::move(arguments), std::move(answer)});
    }
    changed_.notify_one();
}

void LightProxy::work() {
    std::optional<io::RpcClient> client;
    while (true) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !open_.empty(); });
        if (stopping_) return;
        Question question = std::move(open_.front());
        open_.pop_front();
        lock.unlock();
        const io::RpcAddress primary = verifier_.primary();
        if (!client || client->address() != primary) client.emplace(primary, answer_timeout);
        auto result = light_answer(*client, verifier_, *question.route, question.arguments);
        boost::asio::post(
            loop_, [answer = std::move(question.answer), result = std::move(result)]() mutable {
                answer(std::move(result));
            });
    }
}

// ---- Subscriptions

base::Verdict LightProxy::subscribe(const std::string& client, const rpc::Query& query,
                                    const std::string& text, Subscriber subscriber) {
    const std::string canonical = query.canonical();
    const auto known = subscriptions_.find(client);
    if (known == subscriptions_.end() && subscriptions_.size() >= limits.clients_max)
        return base::refuse(
            "subscriptions.clients",
            "max_subscription_clients " + std::to_string(limits.clients_max) + " reached");
    auto& own = subscriptions_[client];
    if (own.contains(canonical)) return base::refuse("subscriptions.query", "already subscribed");
    if (own.size() >= limits.subscriptions_per_client_max)
        return base::refuse("subscriptions.client",
                            "max_subscriptions_per_client " +
                                std::to_string(limits.subscriptions_per_client_max) + " reached");
    auto ended = [this, client, canonical, tell = subscriber.ended](std::string_view reason) {
        if (const auto found = subscriptions_.find(client); found != subscriptions_.end())
            found->second.erase(canonical);
        tell(reason);
    };
    const auto events = std::make_shared<UpstreamEvents>(
        loop_, verifier_.primary(), text,
        Subscriber{std::move(subscriber.deliver), std::move(ended)});
    own.emplace(canonical, events);
    events->start();
    return {};
}

base::Verdict LightProxy::unsubscribe(const std::string& client, const rpc::Query& query) {
    const auto own = subscriptions_.find(client);
    const auto found = own == subscriptions_.end()
                           ? std::map<std::string, std::shared_ptr<UpstreamEvents>>::iterator{}
                           : own->second.find(query.canonical());
    if (own == subscriptions_.end() || found == own->second.end())
        return base::refuse("subscriptions.query", "subscription not found");
    found->second->close();
    own->second.erase(found);
    if (own->second.empty()) subscriptions_.erase(own);
    return {};
}

base::Verdict LightProxy::unsubscribe_all(const std::string& client) {
    const auto own = subscriptions_.find(client);
    if (own == subscriptions_.end())
        return base::refuse("subscriptions.client", "subscription not found");
    for (auto& [query, events] : own->second) events->close();
    subscriptions_.erase(own);
    return {};
}

}  // namespace tandem::program
