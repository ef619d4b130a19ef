// Identities and the application hash: what the application sees of a seat, and how its hash leads
// to the engine's (seats page, section 5).
#include "seats/identity.h"

#include <gtest/gtest.h>

#include "seats/app_hash.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

TEST(Identities, EveryNodeOfASeatIsItsFirst) {
    const test::CheapChain chain(3, 3);
    const Identities identities(chain.state());
    const types::Address beta(chain.address(1, 0));
    for (std::size_t node = 0; node < 3; ++node)
        EXPECT_EQ(identities.of(chain.address(1, node)), beta);
    const Bytes stranger(20, 9);
    EXPECT_EQ(identities.of(stranger), types::Address(stranger)) << "who is nobody's stays itself";
    EXPECT_EQ(Identities().of(chain.address(1, 1)), types::Address(chain.address(1, 1)));
}

TEST(Identities, RetiredConsensusKeysKeepTheirSeat) {
    test::CheapChain chain(2, 2);
    const Node gone = chain.node(0, 1);
    Seat& alpha = chain.state().seats[0];
    alpha.nodes.pop_back();
    chain.state().retired_keys.push_back({gone.consensus_key, "alpha", alpha.identity});
    chain.state().retired_keys.push_back({gone.liveness_key, "alpha", {}});
    const Identities identities(chain.state());
    EXPECT_EQ(identities.of(test::address_of(gone.consensus_key)),
              types::Address(chain.address(0, 0)));
    const Bytes liveness = test::address_of(gone.liveness_key);
    EXPECT_EQ(identities.of(liveness), types::Address(liveness)) << "no consensus key, no identity";
}

TEST(Identities, AreWrittenIntoCommitsAndMisbehaviour) {
    const test::CheapChain chain(2, 2);
    const Identities identities(chain.state());
    abci::CommitInfo commit;
    commit.votes.resize(2);
    commit.votes[1].validator.address = types::Address(chain.address(1, 1));
    identities.apply(commit);
    EXPECT_EQ(commit.votes[1].validator.address, types::Address(chain.address(1, 0)));
    abci::ExtendedCommitInfo extended;
    extended.votes.resize(1);
    extended.votes[0].validator.address = types::Address(chain.address(0, 1));
    extended.votes[0].vote_extension = {1};
    identities.apply(extended);
    EXPECT_EQ(extended.votes[0].validator.address, types::Address(chain.address(0, 0)));
    EXPECT_EQ(extended.votes[0].vote_extension, Bytes{1});
    std::vector<abci::Misbehavior> misbehavior(1);
    misbehavior[0].validator.address = types::Address(chain.address(1, 1));
    identities.apply(misbehavior);
    EXPECT_EQ(misbehavior[0].validator.address, types::Address(chain.address(1, 0)));
}

TEST(AppHash, CoversBothLeavesAndTellsThemApart) {
    const Bytes a = test::digest_of("a");
    const Bytes b = test::digest_of("b");
    EXPECT_NE(engine_app_hash(a, b), engine_app_hash(b, a));
    EXPECT_NE(engine_app_hash(a, b), engine_app_hash(a, a));
    EXPECT_NE(engine_app_hash({}, b), engine_app_hash(a, b)) << "an application without a hash";
}

TEST(AppHash, StandardVerifiersReachBothLeaves) {
    const Bytes app = test::digest_of("app");
    const Bytes seats = test::digest_of("seats");
    const Bytes root = base::to_bytes(engine_app_hash(app, seats));
    const types::ProofOps to_app{{app_proof_op(app, seats)}};
    const types::ProofOps to_seats{{seats_proof_op(app, seats)}};
    EXPECT_TRUE(types::verify_value(to_app, root, "/app", app));
    EXPECT_TRUE(types::verify_value(to_seats, root, "/seats", seats));
    EXPECT_FALSE(types::verify_value(to_app, root, "/seats", app));
    EXPECT_FALSE(types::verify_value(to_app, root, "/app", seats));
    EXPECT_FALSE(types::verify_value(to_seats, root, "/app", seats));
    EXPECT_EQ(to_app.ops[0].type, "simple:v");
}

}  // namespace
}  // namespace tandem::seats
