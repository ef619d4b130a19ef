#include "rpc/service.h"

#include <gtest/gtest.h>

#include "rpc/dashboard.h"
#include "rpc/testing.h"
#include "rpc/websocket.h"

namespace tandem::rpc {
namespace {

/// What the golden vectors cannot hold: answers that come later, limits, unsafe methods.
class ServiceTest : public ::testing::Test {
  protected:
    explicit ServiceTest(ServiceConfig config = {})
        : service(std::make_unique<Service>(environment, bus, indexer, config)) {}

    void send(HttpRequest request) {
        request.host = "localhost";
        request.client = "client";
        service->handle(std::move(request),
                        [this](HttpResponse answer) { answers.push_back(std::move(answer)); });
    }
    HttpResponse get(std::string target) {
        HttpRequest request;
        request.target = std::move(target);
        send(request);
        EXPECT_EQ(answers.size(), 1U);
        return std::exchange(answers, {}).at(0);
    }
    void post(std::string body) {
        HttpRequest request;
        request.verb = "POST";
        request.body = std::move(body);
        send(request);
    }

    TestEnvironment environment;
    EventBus bus{{.clients_max = 2, .subscriptions_per_client_max = 5}};
    MemoryIndexStorage storage;
    KeyValueIndexer indexer{storage};
    std::unique_ptr<Service> service;
    std::vector<HttpResponse> answers;
};

TEST_F(ServiceTest, HealthEndpointsAnswerWithTheirStatus) {
    environment.ready = {
        .catching_up = false, .behind_blocks = 3, .is_validator = true, .is_standby = false};
    EXPECT_EQ(get("/ready").status, 200);
    EXPECT_EQ(get("/ready?lag=3").status, 200);
    EXPECT_EQ(get("/ready?lag=2").status, 503);
    EXPECT_EQ(get("/ready?lag=two").status, 400);
    EXPECT_EQ(get("/validator").status, 200);
    EXPECT_EQ(get("/standby").status, 503);
    environment.ready = {
        .catching_up = true, .behind_blocks = 0, .is_validator = false, .is_standby = true};
    EXPECT_EQ(get("/ready").status, 503);
    EXPECT_EQ(get("/ready?lag=9").status, 503);
    EXPECT_EQ(get("/validator").status, 503);
    EXPECT_EQ(get("/standby").status, 200);
    EXPECT_EQ(get("/health").status, 200);
}

std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return "";
}

TEST_F(ServiceTest, TheDashboardIsAPageThatMayUseItselfOnly) {
    const HttpResponse page = get("/dashboard");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body, dashboard_html);
    EXPECT_TRUE(page.body.starts_with("<!DOCTYPE html>"));
    EXPECT_TRUE(page.body.ends_with("</html>\n"));
    EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(header(page, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
    EXPECT_EQ(header(page, "Access-Control-Allow-Origin"), "");
    const std::string policy = header(page, "Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'sha256-")) << policy;
    EXPECT_NE(policy.find("; style-src 'sha256-"), std::string::npos) << policy;
    EXPECT_NE(policy.find("; connect-src 'self';"), std::string::npos) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
}

TEST_F(ServiceTest, TheDashboardsPolicyKnowsEachPartOnce) {
    for (const std::string_view part : {"<script", "</script>", "<style", "</style>"}) {
        const std::size_t at = dashboard_html.find(part);
        ASSERT_NE(at, std::string_view::npos) << part;
        EXPECT_EQ(dashboard_html.find(part, at + 1), std::string_view::npos) << part;
    }
    for (const std::string_view outside :
         {"<link", "<img", " src=", " href=", " style=", "@import", "url("})
        EXPECT_EQ(dashboard_html.find(outside), std::string_view::npos) << outside;
}

TEST_F(ServiceTest, TheDashboardChangesNoOtherPath) {
    EXPECT_EQ(get("/").body.find("dashboard"), std::string::npos);
    EXPECT_EQ(get("/dashboard/x").status, 404);
    EXPECT_EQ(get("/dashboards").status, 404);
    EXPECT_EQ(get("//dashboard").status, 307);
    HttpRequest request;
    request.verb = "HEAD";  // the transport leaves the body out
    request.target = "/dashboard?x=1";
    send(request);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status, 200);
    EXPECT_EQ(answers[0].body.size(), dashboard_html.size());
}

TEST_F(ServiceTest, UnsafeMethodsAreNotThere) {
    EXPECT_EQ(get("/unsafe_flush_mempool").status, 404);
    EXPECT_FALSE(environment.flushed);
    EXPECT_EQ(get("/").body.find("dial_peers"), std::string::npos);
}

class UnsafeServiceTest : public ServiceTest {
  protected:
    UnsafeServiceTest() : ServiceTest({.unsafe_routes = true}) {}
};

TEST_F(UnsafeServiceTest, UnsafeMethodsDoWhatTheySay) {
    EXPECT_EQ(get("/unsafe_flush_mempool").status, 200);
    EXPECT_TRUE(environment.flushed);
    EXPECT_EQ(get("/dial_peers?peers=[]").status, 500);
    const HttpResponse answer = get(R"(/dial_peers?peers=["a@b:1"]&persistent=true&private=true)");
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.body.find("Dialing peers in progress"), std::string::npos);
    EXPECT_EQ(environment.dialled.addresses, (std::vector<std::string>{"a@b:1"}));
    EXPECT_TRUE(environment.dialled.persistent && environment.dialled.private_peers);
    EXPECT_FALSE(environment.dialled.unconditional);
    EXPECT_NE(get("/").body.find("dial_peers"), std::string::npos);
}

TEST_F(ServiceTest, ABatchWaitsForEachOfItsAnswersInTurn) {
    environment.answers_info_later = true;
    post(
        R"([{"id":1,"method":"abci_info"},{"id":2,"method":"health"},{"id":3,"method":"abci_info"}])");
    ASSERT_EQ(environment.infos.size(), 1U);
    EXPECT_TRUE(answers.empty());
    environment.infos[0](abci::ResponseInfo{});
    ASSERT_EQ(environment.infos.size(), 2U);
    EXPECT_TRUE(answers.empty());
    environment.infos[1](base::refuse("application", "gone"));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].body,
              R"([{"jsonrpc":"2.0","id":1,"result":{"response":{}}},)"
              R"({"jsonrpc":"2.0","id":2,"result":{}},)"
              R"({"jsonrpc":"2.0","id":3,"error":{"code":-32603,"message":"Internal error",)"
              R"("data":"gone"}}])");
}

TEST_F(ServiceTest, ACommitIsWaitedForAndThenForgotten) {
    post(R"({"id":1,"method":"broadcast_tx_commit","params":["YT1i"]})");
    ASSERT_EQ(environment.unchecked.size(), 1U);
    environment.unchecked[0](abci::ResponseCheckTx{});
    EXPECT_TRUE(answers.empty());
    EXPECT_EQ(environment.timers.size(), 1U);
    const Bytes tx = {'a', '=', 'b'};
    bus.tx_committed(base::view(types::hash_of_tx(tx)), {9, 0, tx, {}});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_NE(answers[0].body.find(R"("height":"9")"), std::string::npos);
    EXPECT_TRUE(environment.timers.empty());
    EXPECT_EQ(bus.clients(), 0U);
}

TEST_F(ServiceTest, ABlockMayComeBeforeTheMempoolsAnswer) {
    post(R"({"id":1,"method":"broadcast_tx_commit","params":["YT1i"]})");
    const Bytes tx = {'a', '=', 'b'};
    bus.tx_committed(base::view(types::hash_of_tx(tx)), {9, 0, tx, {}});
    EXPECT_TRUE(answers.empty());
    environment.unchecked[0](abci::ResponseCheckTx{});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_NE(answers[0].body.find(R"("height":"9")"), std::string::npos);
}

TEST_F(ServiceTest, WaitersAreLimited) {
    for (int i = 0; i < 5; ++i)
        post(R"({"id":1,"method":"broadcast_tx_commit","params":["YT1i"]})");
    EXPECT_TRUE(answers.empty());
    post(R"({"id":1,"method":"broadcast_tx_commit","params":["YT1i"]})");
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_NE(answers[0].body.find("max_subscriptions_per_client 5 reached"), std::string::npos);
}

TEST_F(ServiceTest, NobodyIsAnsweredAfterTheEnd) {
    environment.answers_info_later = true;
    post(R"({"id":1,"method":"abci_info"})");
    post(R"({"id":1,"method":"broadcast_tx_commit","params":["YT1i"]})");
    post(R"({"id":1,"method":"broadcast_tx_sync","params":["YT1i"]})");
    service.reset();
    environment.infos[0](abci::ResponseInfo{});
    for (auto& checked : environment.unchecked) checked(abci::ResponseCheckTx{});
    EXPECT_TRUE(answers.empty());
    EXPECT_TRUE(environment.timers.empty());
}

class WebSocketTest : public ServiceTest {
  protected:
    WebSocketTest() : ServiceTest({.subscription_events_max = 2, .websocket_frames_max = 2}) {}

    std::string next() {
        if (session.next() == nullptr) return "";
        std::string frame = *session.next();
        session.sent();
        return frame;
    }
    void publish() {
        Event event;
        event.type = "t";
        event.map["tm.event"] = {"X"};
        event.value = [] { return std::string("1"); };
        bus.publish(event);
    }

    std::size_t wakes = 0;
    WebSocketSession session{*service, "socket", [this] { ++wakes; }};
};

TEST_F(WebSocketTest, AnswersInOrderThoughOneWaits) {
    environment.answers_info_later = true;
    session.receive(R"({"id":1,"method":"abci_info"})");
    EXPECT_TRUE(session.is_busy());
    session.receive(R"({"id":2,"method":"health"})");
    EXPECT_EQ(next(), "");
    EXPECT_EQ(wakes, 0U);
    environment.infos[0](abci::ResponseInfo{});
    EXPECT_GT(wakes, 0U);
    EXPECT_NE(next().find(R"("id":1)"), std::string::npos);
    EXPECT_NE(next().find(R"("id":2)"), std::string::npos);
    EXPECT_FALSE(session.is_busy());
}

TEST_F(WebSocketTest, ASubscriberThatDoesNotReadLosesItsSubscription) {
    session.receive(R"({"id":"s","method":"subscribe","params":["tm.event='X'"]})");
    EXPECT_EQ(next(), R"({"jsonrpc":"2.0","id":"s","result":{}})");
    for (int i = 0; i < 6; ++i) publish();
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(next(), R"({"jsonrpc":"2.0","id":"s","result":{"query":"tm.event='X'",)"
                          R"("data":{"type":"t","value":1},"events":{"tm.event":["X"]}}})");
    const std::string frame = next();
    EXPECT_TRUE(frame.starts_with(R"({"jsonrpc":"2.0","id":"s","error":{"code":-32000,)"
                                  R"("message":"Server error",)"))
        << frame;
    EXPECT_NE(frame.find("subscription was canceled (reason: internal subscription event buffer is "
                         "out of capacity)"),
              std::string::npos);
    EXPECT_EQ(next(), "");
    EXPECT_EQ(bus.clients(), 0U);
    EXPECT_FALSE(session.should_close());
}

TEST_F(WebSocketTest, ItsSubscriptionsEndWithIt) {
    {
        WebSocketSession other(*service, "other", [] {});
        other.receive(R"({"id":1,"method":"subscribe","params":["tm.event='X'"]})");
        EXPECT_EQ(bus.clients(), 1U);
    }
    EXPECT_EQ(bus.clients(), 0U);
    publish();
}

TEST_F(WebSocketTest, ReadsNoMoreWhileItsAnswersAreNotTaken) {
    session.receive(R"({"id":1,"method":"health"})");
    EXPECT_FALSE(session.is_busy());
    session.receive(R"({"id":2,"method":"health"})");
    EXPECT_TRUE(session.is_busy());
    (void)next();
    EXPECT_FALSE(session.is_busy());
}

}  // namespace
}  // namespace tandem::rpc
