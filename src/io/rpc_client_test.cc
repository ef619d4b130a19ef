// The client of JSON-RPC against a server that answers as the test says.
#include "io/rpc_client.h"

#include <gtest/gtest.h>

#include "io/http_testing.h"

namespace tandem::io {
namespace {

using nlohmann::json;

RpcClient client_of(const TestHttpServer& server) {
    return RpcClient(*rpc_address(server.address()), std::chrono::seconds(5));
}

TEST(RpcAddress, IsReadInTheFormsThatConfigurationsHave) {
    const std::vector<std::pair<std::string_view, RpcAddress>> cases{
        {"tcp://127.0.0.1:26657", {"127.0.0.1", "26657"}},
        {"http://example.org:80/", {"example.org", "80"}},
        {"localhost:1", {"localhost", "1"}},
        {"tcp://0.0.0.0:26657,tcp://1.2.3.4:5", {"127.0.0.1", "26657"}},
        {"tcp://:26657", {"127.0.0.1", "26657"}},
        {"tcp://[::1]:7", {"::1", "7"}},
    };
    for (const auto& [text, address] : cases) {
        const auto read = rpc_address(text);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(*read, address) << text;
    }
    for (const std::string_view text :
         {"", "localhost", "unix:///tmp/x", "https://x:1", "x:port", "x:123456", "a b:1"})
        EXPECT_FALSE(rpc_address(text)) << text;
}

TEST(RpcClient, AsksAndGivesTheResult) {
    json asked;
    const TestHttpServer server([&](const std::string& body) -> TestHttpServer::Answer {
        asked = json::parse(body);
        return {R"({"jsonrpc":"2.0","id":1,"result":{"x":"7"}})"};
    });
    RpcClient client = client_of(server);
    const auto result = client.call("block", {{"height", "5"}});
    ASSERT_TRUE(result) << result.error().why;
    EXPECT_EQ((*result)["x"], "7");
    EXPECT_EQ(asked["method"], "block");
    EXPECT_EQ(asked["params"]["height"], "5");
    EXPECT_TRUE(client.call("status"));
    EXPECT_EQ(asked["params"], json::object());
}

TEST(RpcClient, AnswersOfAnyShapeAreRefusedOrGiven) {
    std::string said;
    const TestHttpServer server(
        [&](const std::string&) -> TestHttpServer::Answer { return {said}; });
    RpcClient client = client_of(server);
    const auto check_of = [&](std::string answer) {
        said = std::move(answer);
        const auto result = client.call("status");
        return result ? "" : result.error().check;
    };
    EXPECT_EQ(check_of(R"({"error":{"data":7,"message":null}})"), "rpc.error");
    EXPECT_EQ(check_of(R"({"error":7})"), "rpc.error");
    EXPECT_EQ(check_of("[]"), "rpc.answer");
    const auto nested = [](std::size_t depth) {
        return R"({"result":)" + std::string(depth, '[') + std::string(depth, ']') + '}';
    };
    EXPECT_EQ(check_of(nested(99)), "");
    EXPECT_EQ(check_of(nested(100)), "rpc.answer");
    EXPECT_EQ(check_of(nested(1'000'000)), "rpc.answer");
    EXPECT_EQ(check_of(R"({"result":"\"[)" + std::string(200, '[') + R"("})"), "");
}

TEST(RpcClient, ErrorsCarryTheNodesOwnWords) {
    const TestHttpServer server([](const std::string& body) -> TestHttpServer::Answer {
        if (body.find("one") != std::string::npos)
            return {R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error",)"
                    R"("data":"height must be greater than 0"}})"};
        if (body.find("two") != std::string::npos)
            return {R"({"id":1,"error":{"code":-32601,"message":"Method not found"}})"};
        return {"<html>"};
    });
    RpcClient client = client_of(server);
    EXPECT_EQ(client.call("one").error().why, "height must be greater than 0");
    EXPECT_EQ(client.call("one").error().check, "rpc.error");
    EXPECT_EQ(client.call("two").error().why, "Method not found");
    EXPECT_EQ(client.call("three").error().check, "rpc.answer");
}

TEST(RpcClient, AClosedConnectionIsOpenedAnew) {
    int questions = 0;
    const TestHttpServer server([&](const std::string&) -> TestHttpServer::Answer {
        ++questions;
        return {R"({"result":1})", true};
    });
    RpcClient client = client_of(server);
    for (int i = 0; i < 5; ++i) {
        const auto result = client.call(i % 2 == 0 ? "status" : "broadcast_tx_sync");
        EXPECT_TRUE(result) << result.error().why;
    }
    EXPECT_EQ(questions, 5) << "nothing was asked twice";
}

TEST(RpcClient, ANodeThatIsNotThereIsNamed) {
    std::string port;
    {
        const TestHttpServer server(
            [](const std::string&) -> TestHttpServer::Answer { return {}; });
        port = server.port();
    }
    RpcClient client(*rpc_address("localhost:" + port), std::chrono::seconds(5));
    const auto result = client.call("status");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().check, "rpc.unreachable");
    EXPECT_NE(result.error().why.find("localhost:" + port), std::string::npos);
}

}  // namespace
}  // namespace tandem::io
