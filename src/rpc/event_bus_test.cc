#include "rpc/event_bus.h"

#include <gtest/gtest.h>

namespace tandem::rpc {
namespace {

Query query(std::string_view text) {
    return *Query::parse(text);
}

/// Takes `room` events, then has no more room.
struct Listener {
    std::size_t room = 100;
    std::vector<std::string> got;
    std::vector<std::string> reasons;

    EventBus::Subscriber subscriber() {
        return {[this](const PublishedEvent& event) {
                    if (got.size() == room) return false;
                    got.push_back(*event.data);
                    return true;
                },
                [this](std::string_view reason) { reasons.emplace_back(reason); }};
    }
};

Event event(std::string name, std::size_t* renderings = nullptr) {
    Event made;
    made.type = "test/" + name;
    made.map["tm.event"] = {name};
    made.value = [renderings] {
        if (renderings != nullptr) ++*renderings;
        return std::string("1");
    };
    return made;
}

std::string why(const Verdict& verdict) {
    return verdict ? "" : verdict.error().why;
}

TEST(EventBus, AnEventGoesToWhoeverAskedForIt) {
    EventBus bus({});
    Listener all, none;
    ASSERT_TRUE(bus.subscribe("a", query("tm.event='X'"), all.subscriber()));
    ASSERT_TRUE(bus.subscribe("b", query("tm.event='Y'"), none.subscriber()));
    bus.publish(event("X"));
    EXPECT_EQ(all.got, (std::vector<std::string>{R"({"type":"test/X","value":1})"}));
    EXPECT_TRUE(none.got.empty());
}

TEST(EventBus, AnEventIsWrittenOnceOrNotAtAll) {
    EventBus bus({});
    std::size_t renderings = 0;
    bus.publish(event("X", &renderings));
    EXPECT_EQ(renderings, 0U);
    Listener a, b;
    ASSERT_TRUE(bus.subscribe("a", query("tm.event='X'"), a.subscriber()));
    ASSERT_TRUE(bus.subscribe("b", query("tm.event='X'"), b.subscriber()));
    bus.publish(event("X", &renderings));
    EXPECT_EQ(renderings, 1U);
    EXPECT_EQ(a.got.size() + b.got.size(), 2U);
}

TEST(EventBus, HoldsItsLimits) {
    EventBus bus({.clients_max = 2, .subscriptions_per_client_max = 2});
    Listener listener;
    EXPECT_TRUE(bus.subscribe("a", query("a=1"), listener.subscriber()));
    EXPECT_EQ(why(bus.subscribe("a", query("a = 1"), listener.subscriber())), "already subscribed");
    EXPECT_TRUE(bus.subscribe("a", query("a=2"), listener.subscriber()));
    EXPECT_EQ(why(bus.subscribe("a", query("a=3"), listener.subscriber())),
              "max_subscriptions_per_client 2 reached");
    EXPECT_TRUE(bus.subscribe("b", query("a=1"), listener.subscriber()));
    EXPECT_EQ(why(bus.subscribe("c", query("a=1"), listener.subscriber())),
              "max_subscription_clients 2 reached");
    EXPECT_TRUE(bus.unsubscribe("b", query("a =1")));
    EXPECT_EQ(why(bus.unsubscribe("b", query("a=1"))), "subscription not found");
    EXPECT_TRUE(bus.subscribe("c", query("a=1"), listener.subscriber()));
    EXPECT_TRUE(bus.unsubscribe_all("a"));
    EXPECT_EQ(why(bus.unsubscribe_all("a")), "subscription not found");
    EXPECT_EQ(bus.clients(), 1U);
}

TEST(EventBus, WhoeverCannotKeepUpLosesTheSubscription) {
    EventBus bus({});
    Listener slow, quick;
    slow.room = 1;
    ASSERT_TRUE(bus.subscribe("slow", query("tm.event='X'"), slow.subscriber()));
    ASSERT_TRUE(bus.subscribe("quick", query("tm.event='X'"), quick.subscriber()));
    for (int i = 0; i < 3; ++i) bus.publish(event("X"));
    EXPECT_EQ(slow.got.size(), 1U);
    EXPECT_EQ(slow.reasons,
              (std::vector<std::string>{"internal subscription event buffer is out of capacity"}));
    EXPECT_EQ(quick.got.size(), 3U);
    EXPECT_EQ(bus.clients(), 1U);
    bus.close();
    EXPECT_EQ(quick.reasons, (std::vector<std::string>{"CometBFT exited"}));
}

TEST(EventBus, ASubscriberMayLeaveWhileItIsTold) {
    EventBus bus({});
    Listener later;
    std::size_t told = 0;
    ASSERT_TRUE(bus.subscribe("a", query("tm.event='X'"),
                              {[&](const PublishedEvent&) {
                                   ++told;
                                   (void)bus.unsubscribe_all("a");
                                   (void)bus.unsubscribe_all("b");
                                   return true;
                               },
                               [](std::string_view) {}}));
    ASSERT_TRUE(bus.subscribe("b", query("tm.event='X'"), later.subscriber()));
    bus.publish(event("X"));
    bus.publish(event("X"));
    EXPECT_EQ(told, 1U);
    EXPECT_TRUE(later.got.empty());
}

TEST(EventBus, WaitingForATransactionCountsAsASubscription) {
    EventBus bus({.clients_max = 1, .subscriptions_per_client_max = 2});
    const Bytes hash(32, 7), other(32, 8);
    std::vector<std::int64_t> heights;
    const auto done = [&](const abci::TxResult& result) { heights.push_back(result.height); };
    (void)bus.wait_for_tx("a", hash, done);
    const auto second = bus.wait_for_tx("a", hash, done);
    EXPECT_EQ(bus.clients(), 1U);
    EXPECT_FALSE(bus.has_room("a"));
    EXPECT_FALSE(bus.has_room("b"));
    bus.tx_committed(other, {5, 0, {}, {}});
    EXPECT_TRUE(heights.empty());
    bus.stop_waiting(second);
    bus.tx_committed(hash, {6, 0, {}, {}});
    bus.tx_committed(hash, {7, 0, {}, {}});
    EXPECT_EQ(heights, (std::vector<std::int64_t>{6}));
    EXPECT_EQ(bus.clients(), 0U);
    EXPECT_TRUE(bus.has_room("b"));
}

}  // namespace
}  // namespace tandem::rpc
