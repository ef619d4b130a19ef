// Queries (seats page, sections 5 and 8): what everybody can see of the seats, and the
// application's own answers, whose proofs lead to the engine's application hash.
#include <gtest/gtest.h>

#include "seats/app_hash.h"
#include "seats/test_application.h"
#include "wire/json.h"

namespace tandem::seats {
namespace {

using test::Rig;

class Query : public testing::Test {
  public:
    Query() {
        (void)rig.init_chain();
        rig.blocks(3);
        rig.blocks(5, {"alpha-1"});  // decided in 8
    }
    abci::ResponseQuery ask(const std::string& path) {
        abci::RequestQuery request;
        request.path = path;
        return rig.seats->query(request);
    }
    /// The answer, which must be JSON.
    std::string text(const std::string& path) {
        const abci::ResponseQuery response = ask(path);
        EXPECT_EQ(response.code, 0U) << path;
        EXPECT_EQ(response.height, 8);
        EXPECT_TRUE(wire::parse_json(base::as_text(response.value))) << path;
        return std::string(base::as_text(response.value));
    }
    static bool has(const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    }

    Rig rig;
};

TEST_F(Query, AllSeats) {
    const std::string all = text("/seats");
    for (const char* part : {R"("id":"alpha")", R"("id":"beta")", R"("id":"gamma")",
                             R"("height":"8")", R"("total_power":"30")"})
        EXPECT_TRUE(has(all, part)) << part;
    EXPECT_EQ(text("/seats/"), all);
}

TEST_F(Query, OneSeat) {
    const std::string alpha = text("/seats/alpha");
    for (const char* part :
         {R"("validator":"alpha-2")", R"("pending":{"from":"alpha-1","to":"alpha-2","height":"8",)",
          R"("effective_height":"10")", R"("paused":false)", R"("leaving":false)",
          R"("liveness":"dead")"})
        EXPECT_TRUE(has(alpha, part)) << part << alpha;
    EXPECT_FALSE(has(alpha, "beta"));
    EXPECT_TRUE(has(text("/seats/beta"), R"("pending":null)"));
    EXPECT_TRUE(has(text("/seats/beta"), R"("records":"SSSSSSS")"));
}

TEST_F(Query, History) {
    EXPECT_EQ(text("/seats/alpha/history"),
              R"({"seat":"alpha","switches":[{"from":"alpha-1","to":"alpha-2","reason":"run",)"
              R"("height":"8","effective_height":"10"}]})");
    EXPECT_EQ(text("/seats/beta/history"), R"({"seat":"beta","switches":[]})");
}

TEST_F(Query, ParametersInForce) {
    const std::string params = text("/seats/params");
    for (const char* part : {R"("n":"5")", R"("k":"4")", R"("c":"20")", R"("strict":false)"})
        EXPECT_TRUE(has(params, part)) << params;
}

TEST_F(Query, Windows) {
    EXPECT_TRUE(has(text("/seats/windows"), R"("name":"gamma-2","records":"HHHHHHH")"));
}

TEST_F(Query, WhatIsNotThereIsSaidSo) {
    for (const char* path :
         {"/seats/omega", "/seats/omega/history", "/seats/alpha/x", "/seats//"}) {
        const abci::ResponseQuery response = ask(path);
        EXPECT_NE(response.code, 0U) << path;
        EXPECT_EQ(response.codespace, "seats");
        EXPECT_TRUE(response.value.empty());
    }
}

TEST_F(Query, TheRestGoesToTheApplication) {
    rig.app->query_answer.value = {1, 2};
    for (const char* path : {"", "/", "/store", "/seatsx", "seats"}) {
        EXPECT_EQ(ask(path).value, (Bytes{1, 2})) << path;
        EXPECT_EQ(rig.app->queried.path, path);
    }
}

/// The application proves that a value stands in its own tree, whose root is its hash.
class ApplicationProof : public Query {
  public:
    ApplicationProof() {
        rig.app->hash_answer = base::to_bytes(engine_app_hash(value, other));
        rig.blocks(1);
        rig.app->query_answer.value = value;
        rig.app->query_answer.height = rig.seats->state().height;
        rig.app->query_answer.proof_ops = types::ProofOps{{app_proof_op(value, other)}};
    }
    Bytes value{7, 7, 7};
    Bytes other{8};
};

TEST_F(ApplicationProof, LeadsOnToTheHashThatTheEngineSees) {
    const abci::ResponseQuery response = ask("/store");
    ASSERT_TRUE(response.proof_ops);
    ASSERT_EQ(response.proof_ops->ops.size(), 2U);
    const Bytes root = rig.seats->info({}).last_block_app_hash;
    EXPECT_TRUE(types::verify_value(*response.proof_ops, root, "/app/app", value));
    EXPECT_FALSE(types::verify_value(*response.proof_ops, root, "/seats/app", value));
    EXPECT_FALSE(types::verify_value(*response.proof_ops, root, "/app/app", other));
    Bytes another_root = root;
    another_root[0] ^= 1;
    EXPECT_FALSE(types::verify_value(*response.proof_ops, another_root, "/app/app", value));
}

TEST_F(ApplicationProof, OfAnotherHeightIsLeftAsItIs) {
    --rig.app->query_answer.height;
    EXPECT_EQ(ask("/store").proof_ops->ops.size(), 1U)
        << "the hash of seats at that height is not at hand";
    rig.app->query_answer.proof_ops.reset();
    EXPECT_FALSE(ask("/store").proof_ops);
}

}  // namespace
}  // namespace tandem::seats
