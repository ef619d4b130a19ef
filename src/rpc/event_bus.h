// Who listens to which events.
//
// A client (its remote address) has subscriptions, each with a query; two queries that differ in
// blanks alone are one. Whoever cannot keep up loses the subscription, not the node: `deliver`
// answers false when its buffer is full, and then the subscription ends with `ended`.
//
// A request that waits for its transaction counts as a subscription of its client, as in CometBFT.
//
// Not here: buffers (websocket.h has them), and what the events are (events.h).
#pragma once
#include "abci/messages.h"
#include "rpc/environment.h"
#include "rpc/events.h"

namespace tandem::rpc {

struct EventBusLimits {
    std::size_t clients_max = 100;
    std::size_t subscriptions_per_client_max = 5;
};

/// An event as it is sent: rendered once for all who get it.
struct PublishedEvent {
    std::shared_ptr<const std::string> data;    // {"type": .., "value": ..}
    std::shared_ptr<const std::string> events;  // the map
};

class EventBus {
  public:
    explicit EventBus(EventBusLimits limits) : limits_(limits) {}

    struct Subscriber {
        std::function<bool(const PublishedEvent&)> deliver;  // false: no room
        std::function<void(std::string_view reason)> ended;  // not by the client itself
    };
    /// Checks the limits, then whether the client has this query already.
    [[nodiscard]] Verdict subscribe(const std::string& client, const Query& query,
                                    Subscriber subscriber);
    [[nodiscard]] Verdict unsubscribe(const std::string& client, const Query& query);
    [[nodiscard]] Verdict unsubscribe_all(const std::string& client);
    /// Only the limits: the error comes before that of a query that cannot be read.
    [[nodiscard]] Verdict has_room(const std::string& client) const;

    /// Goes to every subscriber whose query matches. Subscribers may subscribe and unsubscribe
    /// meanwhile.
    void publish(const Event& event);

    // ---- Waiting for a transaction (broadcast_tx_commit).
    using WaitId = std::uint64_t;
    /// REQUIRES: has_room(client).
    [[nodiscard]] WaitId wait_for_tx(const std::string& client, BytesView tx_hash,
                                     std::function<void(const abci::TxResult&)> done);
    void stop_waiting(WaitId wait);
    /// REQUIRES: in the order of the block, before or after its events.
    void tx_committed(BytesView tx_hash, const abci::TxResult& result);
    [[nodiscard]] bool is_waiting_for(BytesView tx_hash) const;

    /// A block with all that it means: its events, then those who wait for its transactions.
    void publish_block(const ExecutedBlock& block, std::span<const types::ValidatorChange> changes);

    /// Ends every subscription, as when the node stops.
    void close();
    [[nodiscard]] std::size_t clients() const;

  private:
    struct Subscription {
        Query query;
        Subscriber subscriber;
    };
    struct Wait {
        std::string client;
        std::string tx_hash;
        std::function<void(const abci::TxResult&)> done;
    };
    [[nodiscard]] std::size_t subscriptions_of(const std::string& client) const;

    EventBusLimits limits_;
    std::map<std::string, std::map<std::string, std::shared_ptr<Subscription>>> clients_;
    std::map<WaitId, Wait> waits_;
    std::multimap<std::string, WaitId, std::less<>> waits_by_tx_;
    std::map<std::string, std::size_t> waits_of_client_;
    WaitId next_wait_ = 1;
};

}  // namespace tandem::rpc
