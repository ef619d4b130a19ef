#include "rpc/event_bus.h"

#include "base/check.h"
#include "wire/json_write.h"

namespace tandem::rpc {

namespace {

using base::refuse;

constexpr std::string_view out_of_capacity =
    "internal subscription event buffer is out of capacity";

PublishedEvent rendered(const Event& event) {
    wire::JsonWriter data;
    data.begin_object().name("type").string(event.type).name("value").raw(event.value());
    data.end_object();
    wire::JsonWriter map;
    map.begin_object();
    for (const auto& [key, values] : event.map) {
        map.name(key).begin_array();
        for (const std::string& value : values) map.string(value);
        map.end_array();
    }
    map.end_object();
    return {std::make_shared<const std::string>(data.take()),
            std::make_shared<const std::string>(map.take())};
}

std::string key_of(BytesView hash) {
    return std::string(base::as_text(hash));
}

}  // namespace

std::size_t EventBus::clients() const {
    std::size_t count = clients_.size();
    for (const auto& [client, waits] : waits_of_client_)
        count += clients_.contains(client) ? 0U : 1U;
    return count;
}

std::size_t EventBus::subscriptions_of(const std::string& client) const {
    const auto found = clients_.find(client);
    const auto waits = waits_of_client_.find(client);
    return (found == clients_.end() ? 0 : found->second.size()) +
           (waits == waits_of_client_.end() ? 0 : waits->second);
}

Verdict EventBus::has_room(const std::string& client) const {
    if (clients() >= limits_.clients_max)
        return refuse(
            "subscriptions.clients",
            "max_subscription_clients " + std::to_string(limits_.clients_max) + " reached");
    if (subscriptions_of(client) >= limits_.subscriptions_per_client_max)
        return refuse("subscriptions.client",
                      "max_subscriptions_per_client " +
                          std::to_string(limits_.subscriptions_per_client_max) + " reached");
    return {};
}

Verdict EventBus::subscribe(const std::string& client, const Query& query, Subscriber subscriber) {
    TANDEM_TRY(has_room(client));
    auto& subscriptions = clients_[client];
    const auto [place, is_new] = subscriptions.try_emplace(
        query.canonical(),
        std::make_shared<Subscription>(Subscription{query, std::move(subscriber)}));
    if (!is_new) return refuse("subscriptions.again", "already subscribed");
    return {};
}

Verdict EventBus::unsubscribe(const std::string& client, const Query& query) {
    const auto found = clients_.find(client);
    if (found == clients_.end() || found->second.erase(query.canonical()) == 0)
        return refuse("subscriptions.unknown", "subscription not found");
    if (found->second.empty()) clients_.erase(found);
    return {};
}

Verdict EventBus::unsubscribe_all(const std::string& client) {
    if (clients_.erase(client) == 0)
        return refuse("subscriptions.unknown", "subscription not found");
    return {};
}

void EventBus::publish(const Event& event) {
    struct Match {
        std::string client, query;
        std::shared_ptr<Subscription> subscription;
    };
    std::vector<Match> matches;  // a copy: whoever is told may change the table
    for (const auto& [client, subscriptions] : clients_)
        for (const auto& [query, subscription] : subscriptions)
            if (subscription->query.matches(event.map))
                matches.push_back({client, query, subscription});
    if (matches.empty()) return;
    const PublishedEvent published = rendered(event);
    for (const Match& match : matches) {
        const auto client = clients_.find(match.client);
        if (client == clients_.end()) continue;
        const auto place = client->second.find(match.query);
        if (place == client->second.end() || place->second != match.subscription) continue;
        if (match.subscription->subscriber.deliver(published)) continue;
        client->second.erase(place);
        if (client->second.empty()) clients_.erase(client);
        match.subscription->subscriber.ended(out_of_capacity);
    }
}

EventBus::WaitId EventBus::wait_for_tx(const std::string& client, BytesView tx_hash,
                                       std::function<void(const abci::TxResult&)> done) {
    const WaitId id = next_wait_++;
    waits_.emplace(id, Wait{client, key_of(tx_hash), std::move(done)});
    waits_by_tx_.emplace(key_of(tx_hash), id);
    ++waits_of_client_[client];
    return id;
}

void EventBus::stop_waiting(WaitId wait) {
    const auto found = waits_.find(wait);
    if (found == waits_.end()) return;
    const auto [first, last] = waits_by_tx_.equal_range(found->second.tx_hash);
    for (auto at = first; at != last; ++at) {
        if (at->second != wait) continue;
        waits_by_tx_.erase(at);
        break;
    }
    const auto count = waits_of_client_.find(found->second.client);
    TANDEM_CHECK(count != waits_of_client_.end());
    if (--count->second == 0) waits_of_client_.erase(count);
    waits_.erase(found);
}

bool EventBus::is_waiting_for(BytesView tx_hash) const {
    return waits_by_tx_.contains(base::as_text(tx_hash));
}

void EventBus::tx_committed(BytesView tx_hash, const abci::TxResult& result) {
    std::vector<WaitId> waits;
    const auto [first, last] = waits_by_tx_.equal_range(base::as_text(tx_hash));
    for (auto at = first; at != last; ++at) waits.push_back(at->second);
    for (const WaitId id : waits) {
        const auto found = waits_.find(id);
        if (found == waits_.end()) continue;
        const auto done = std::move(found->second.done);
        stop_waiting(id);
        done(result);
    }
}

void EventBus::publish_block(const ExecutedBlock& block,
                             std::span<const types::ValidatorChange> changes) {
    if (!clients_.empty())
        for (const Event& event : events_of(block, changes)) publish(event);
    if (waits_.empty()) return;
    const wire::Txs& txs = block.block->data.txs;
    for (std::size_t i = 0; i < txs.size(); ++i) {
        const Hash hash = types::hash_of_tx(txs[i]);
        if (!is_waiting_for(base::view(hash))) continue;
        tx_committed(base::view(hash), {block.block->header.height, static_cast<std::uint32_t>(i),
                                        base::to_bytes(txs[i]), block.answer->tx_results[i]});
    }
}

void EventBus::close() {
    const auto clients = std::exchange(clients_, {});
    for (const auto& [client, subscriptions] : clients)
        for (const auto& [query, subscription] : subscriptions)
            subscription->subscriber.ended("CometBFT exited");
}

}  // namespace tandem::rpc
