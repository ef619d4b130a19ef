// What RPC servers say to a light client: they are not believed, and what they say may be anything.
#include "tandem/light_servers.h"

#include <gtest/gtest.h>

#include "io/http_testing.h"

namespace tandem::program {
namespace {

TEST(LightServers, AnswersOfAWrongShapeAreRefused) {
    std::string said;
    const io::TestHttpServer server(
        [&](const std::string&) -> io::TestHttpServer::Answer { return {said}; });
    io::RpcClient client(*io::rpc_address(server.address()), std::chrono::seconds(5));
    for (const char* result :
         {"null", "7", "[]", "\"x\"", "{}", R"({"signed_header":7,"consensus_params":[]})",
          R"({"signed_header":{},"validators":7,"consensus_params":{"block":7}})",
          R"({"signed_header":{"header":null},"validators":[7],"total":3})"}) {
        said = std::string(R"({"result":)") + result + '}';
        EXPECT_FALSE(light_block_from(client, 5)) << result;
    }
    for (const char* result :
         {"null", "7", "[]", R"({"consensus_params":7})", R"({"consensus_params":{"block":7}})"}) {
        said = std::string(R"({"result":)") + result + '}';
        const auto params = params_from(client, 5);
        EXPECT_FALSE(params) << result;
    }
}

}  // namespace
}  // namespace tandem::program
