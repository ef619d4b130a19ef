#include "seats/heartbeat.h"

#include <gtest/gtest.h>
#include <set>

#include "seats/formats.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

using test::Chain;
using test::CheapChain;
using test::CheapVerifier;
using Added = HeartbeatPool::Added;

// ---- Bytes

TEST(HeartbeatCodec, WhatIsWrittenIsRead) {
    Chain chain(2, 2);
    chain.execute_blocks(3);
    const Heartbeat heartbeat = chain.heartbeat(1, 1, 3);
    const Bytes bytes = encode_heartbeat(heartbeat);
    EXPECT_EQ(bytes.size(), 161U);
    EXPECT_EQ(classify(bytes), TxKind::heartbeat);
    EXPECT_EQ(decode_heartbeat(bytes), heartbeat);
}

TEST(HeartbeatCodec, RefusesWhatIsNone) {
    const CheapChain chain(2, 2);
    const Bytes bytes = encode_heartbeat(chain.heartbeat(0, 0, 5));
    const auto refusal_of = [&bytes](auto&& change) {
        Bytes changed = bytes;
        change(changed);
        const auto read = decode_heartbeat(changed);
        return read ? "" : read.error().check;
    };
    EXPECT_EQ(refusal_of([](Bytes& b) { b.pop_back(); }), "heartbeat.size");
    EXPECT_EQ(refusal_of([](Bytes& b) { b.push_back(0); }), "heartbeat.size");
    EXPECT_EQ(refusal_of([](Bytes& b) { b.clear(); }), "heartbeat.size");
    EXPECT_EQ(refusal_of([](Bytes& b) { b[0] = 1; }), "heartbeat.preamble");
    EXPECT_EQ(refusal_of([](Bytes& b) { b[3] = 'R'; }), "heartbeat.preamble");
    EXPECT_EQ(refusal_of([](Bytes& b) { b[4] = 2; }), "heartbeat.preamble");
    EXPECT_EQ(refusal_of([](Bytes& b) { b[25] = 0x80; }), "heartbeat.height") << "negative";
    EXPECT_EQ(refusal_of([](Bytes& b) { b[32] = 0; }), "heartbeat.height") << "zero";
}

TEST(SignedBytes, BeginWithDifferentTagsAndNoneBeginsAnother) {
    const std::string_view tags[] = {domain::record, domain::heartbeat, domain::admin,
                                     domain::registration, domain::admin_key};
    for (const std::string_view a : tags)
        for (const std::string_view b : tags) {
            if (a == b) continue;
            const Bytes begin = FixedWriter::signed_bytes(a, "c").take();
            const Bytes other = FixedWriter::signed_bytes(b, "c").take();
            EXPECT_FALSE(std::ranges::equal(
                begin, BytesView(other).first(std::min(begin.size(), other.size()))));
        }
}

TEST(SignedBytes, ChainHeightAndHashesAreAllCovered) {
    const CheapChain chain(1, 2);
    const Heartbeat heartbeat = chain.heartbeat(0, 0, 5);
    std::set<Bytes> all{sign_bytes("a", heartbeat), sign_bytes("b", heartbeat)};
    for (auto change :
         {+[](Heartbeat& h) { ++h.height; }, +[](Heartbeat& h) { h.block_hash[9] ^= 1; },
          +[](Heartbeat& h) { h.app_hash[9] ^= 1; },
          +[](Heartbeat& h) { std::swap(h.app_hash, h.block_hash); }}) {
        Heartbeat changed = heartbeat;
        change(changed);
        all.insert(sign_bytes("a", changed));
    }
    EXPECT_EQ(all.size(), 6U);
}

TEST(MakeHeartbeat, SpeaksOfTheNewestBlock) {
    Chain chain(2, 2);
    chain.execute_blocks(7);
    const Heartbeat made =
        make_heartbeat(chain.state(), chain.address(1, 0), chain.liveness_key(chain.node(1, 0)));
    EXPECT_EQ(made, chain.heartbeat(1, 0, 7));
    EXPECT_EQ(judge_heartbeat(chain.state(), made, crypto::real_verifier()),
              HeartbeatStanding::confirmed);
}

// ---- Freshness

TEST(Freshness, InBlocksWhereTheChainIsSlow) {
    CheapChain chain(2, 2);
    chain.execute_blocks(10, 1000);
    EXPECT_TRUE(is_fresh(chain.state(), 10, 10));
    EXPECT_TRUE(is_fresh(chain.state(), 9, 10)) << "lag is one block";
    EXPECT_FALSE(is_fresh(chain.state(), 8, 10));
    EXPECT_FALSE(is_fresh(chain.state(), 11, 10)) << "not executed yet";
    chain.state().params.heartbeat_lag_blocks = 0;
    EXPECT_TRUE(is_fresh(chain.state(), 10, 10));
    EXPECT_FALSE(is_fresh(chain.state(), 9, 10));
    chain.state().params.heartbeat_lag_blocks = 4;
    EXPECT_TRUE(is_fresh(chain.state(), 6, 10));
    EXPECT_FALSE(is_fresh(chain.state(), 5, 10));
}

TEST(Freshness, InTimeWhereTheChainIsFastTheBoundIncluded) {
    CheapChain chain(2, 2);
    chain.execute_blocks(40, 10);
    EXPECT_TRUE(is_fresh(chain.state(), 15, 40)) << "250 ms earlier";
    EXPECT_FALSE(is_fresh(chain.state(), 14, 40));
    ++chain.state().params.heartbeat_lag_time.nanos;
    EXPECT_FALSE(is_fresh(chain.state(), 14, 40));
    chain.state().params.heartbeat_lag_time.nanos = 249'999'999;
    EXPECT_FALSE(is_fresh(chain.state(), 15, 40));
}

TEST(Freshness, NeverMoreThan64Blocks) {
    CheapChain chain(2, 2);
    chain.execute_blocks(200, 1);
    EXPECT_TRUE(is_fresh(chain.state(), 137, 200)) << "200 = H-1, 137 = H-64";
    EXPECT_FALSE(is_fresh(chain.state(), 136, 200));
}

TEST(Freshness, NothingBeforeTheInitialHeight) {
    CheapChain chain(2, 2, 50);
    chain.execute_blocks(2, 1);
    EXPECT_TRUE(is_fresh(chain.state(), 50, 51));
    EXPECT_FALSE(is_fresh(chain.state(), 49, 51));
    EXPECT_FALSE(is_fresh(chain.state(), 0, 51));
    EXPECT_FALSE(is_fresh(chain.state(), std::numeric_limits<std::int64_t>::min(), 51));
}

// ---- Standing

TEST(JudgeHeartbeat, ByItsOwnChain) {
    CheapChain chain(2, 2);
    const CheapVerifier verifier;
    chain.execute_blocks(10);
    const auto standing = [&](Heartbeat heartbeat) {
        return judge_heartbeat(chain.state(), heartbeat, verifier);
    };
    EXPECT_EQ(standing(chain.heartbeat(0, 1, 10)), HeartbeatStanding::confirmed);
    EXPECT_EQ(standing(chain.heartbeat(0, 1, 8)), HeartbeatStanding::stale);
    EXPECT_EQ(standing(chain.heartbeat(0, 1, 11)), HeartbeatStanding::not_yet);
    EXPECT_EQ(standing(chain.heartbeat(0, 1, 12)), HeartbeatStanding::not_yet);
    EXPECT_EQ(standing(chain.heartbeat(0, 1, 13)), HeartbeatStanding::too_far_ahead);
    Heartbeat diverged = chain.heartbeat(0, 1, 10);
    diverged.app_hash[0] ^= 1;
    chain.sign(diverged, chain.node(0, 1));
    EXPECT_EQ(standing(diverged), HeartbeatStanding::wrong_hash);
    Heartbeat forked = chain.heartbeat(0, 1, 10);
    forked.block_hash[0] ^= 1;
    chain.sign(forked, chain.node(0, 1));
    EXPECT_EQ(standing(forked), HeartbeatStanding::wrong_hash);
    Heartbeat forged = chain.heartbeat(0, 1, 10);
    chain.sign(forged, chain.node(0, 0));
    EXPECT_EQ(standing(forged), HeartbeatStanding::forged) << "another node's key";
    Heartbeat stranger = chain.heartbeat(0, 1, 10);
    stranger.node_address[0] ^= 1;
    EXPECT_EQ(standing(stranger), HeartbeatStanding::unknown_node);
}

// ---- The pool

class PoolTest : public testing::Test {
  protected:
    PoolTest() { chain.execute_blocks(10); }

    Added add(const Heartbeat& heartbeat) { return pool.add(chain.state(), heartbeat, verifier); }
    /// A heartbeat of alpha-2 for `height` that says nonsense under its own good signature.
    Heartbeat nonsense(std::int64_t height, std::uint8_t which) {
        Heartbeat made = chain.heartbeat(0, 1, height);
        made.app_hash.assign(32, which);
        chain.sign(made, chain.node(0, 1));
        return made;
    }
    const Heartbeat* freshest() {
        return pool.freshest(chain.state(), chain.address(0, 1), chain.state().height);
    }

    CheapChain chain{3, 2};
    CheapVerifier verifier;
    HeartbeatPool pool;
};

TEST_F(PoolTest, KeepsOneConfirmedPerNodeAndHeight) {
    EXPECT_EQ(add(chain.heartbeat(0, 1, 10)), Added::kept);
    EXPECT_EQ(add(chain.heartbeat(0, 1, 10)), Added::known);
    EXPECT_EQ(add(chain.heartbeat(0, 0, 10)), Added::kept) << "another node";
    EXPECT_EQ(add(chain.heartbeat(0, 1, 9)), Added::kept) << "another height, fresh as well";
    EXPECT_EQ(pool.size(), 3U);
    EXPECT_EQ(*freshest(), chain.heartbeat(0, 1, 10));
}

TEST_F(PoolTest, WhatCannotBeKeptCostsNoVerification) {
    Heartbeat stranger = chain.heartbeat(0, 1, 10);
    stranger.node_address[3] ^= 1;
    for (const Heartbeat& refused :
         {chain.heartbeat(0, 1, 8), chain.heartbeat(0, 1, 13), nonsense(10, 1), stranger})
        EXPECT_EQ(add(refused), Added::refused);
    EXPECT_EQ(verifier.calls, 0U);
    EXPECT_EQ(add(chain.heartbeat(0, 1, 10)), Added::kept);
    EXPECT_EQ(add(chain.heartbeat(0, 1, 10)), Added::known);
    for (std::uint8_t i = 0; i < 4; ++i) EXPECT_EQ(add(nonsense(11, i)), Added::kept);
    EXPECT_EQ(add(nonsense(11, 0)), Added::known);
    EXPECT_EQ(add(nonsense(11, 4)), Added::full);
    EXPECT_EQ(verifier.calls, 5U) << "one for each that was kept";
}

TEST_F(PoolTest, AForgedOneTakesNoPlace) {
    Heartbeat forged = chain.heartbeat(0, 1, 11);
    chain.sign(forged, chain.node(0, 0));
    EXPECT_EQ(add(forged), Added::refused);
    EXPECT_EQ(pool, HeartbeatPool{});
}

TEST_F(PoolTest, WaitingOnesAreJudgedWhenTheirBlockIsExecuted) {
    EXPECT_EQ(add(nonsense(11, 1)), Added::kept);
    EXPECT_EQ(add(chain.heartbeat(0, 1, 11)), Added::kept);
    EXPECT_EQ(add(chain.heartbeat(1, 1, 12)), Added::kept);
    EXPECT_EQ(freshest(), nullptr) << "what waits is no evidence";
    EXPECT_FALSE(pool.is_confirmed(chain.heartbeat(0, 1, 11), chain.node(0, 1).liveness_key));
    chain.execute_block();
    EXPECT_EQ(pool.executed(chain.state()), std::vector{chain.heartbeat(0, 1, 11)});
    EXPECT_EQ(pool.size(), 2U) << "the nonsense is gone, height 12 still waits";
    EXPECT_EQ(*freshest(), chain.heartbeat(0, 1, 11));
    EXPECT_TRUE(pool.is_confirmed(chain.heartbeat(0, 1, 11), chain.node(0, 1).liveness_key));
    EXPECT_EQ(verifier.calls, 3U) << "no signature is looked at twice";
}

TEST_F(PoolTest, AStolenKeyCannotSilenceItsNode) {
    for (std::uint8_t i = 0; i < 4; ++i) EXPECT_EQ(add(nonsense(11, i)), Added::kept);
    EXPECT_EQ(add(chain.heartbeat(0, 1, 11)), Added::full) << "it waits elsewhere";
    chain.execute_block();
    EXPECT_TRUE(pool.executed(chain.state()).empty());
    EXPECT_EQ(pool.size(), 0U);
    EXPECT_EQ(add(nonsense(11, 9)), Added::refused) << "nonsense about what is known";
    EXPECT_EQ(add(chain.heartbeat(0, 1, 11)), Added::kept) << "offered again";
}

TEST_F(PoolTest, AConfirmedOneDisplacesWhatWaits) {
    for (std::uint8_t i = 0; i < 4; ++i) EXPECT_EQ(add(nonsense(11, i)), Added::kept);
    chain.execute_block();  // and nobody has told the pool yet
    EXPECT_EQ(add(chain.heartbeat(0, 1, 11)), Added::kept);
    EXPECT_EQ(pool.size(), 1U);
    EXPECT_EQ(*freshest(), chain.heartbeat(0, 1, 11));
}

TEST_F(PoolTest, DropsWhatIsNoLongerFresh) {
    EXPECT_EQ(add(chain.heartbeat(0, 1, 10)), Added::kept);
    chain.execute_block();
    EXPECT_TRUE(pool.executed(chain.state()).empty());
    EXPECT_EQ(*freshest(), chain.heartbeat(0, 1, 10));
    chain.execute_block();
    EXPECT_TRUE(pool.executed(chain.state()).empty());
    EXPECT_EQ(freshest(), nullptr);
    EXPECT_EQ(pool, HeartbeatPool{});
}

TEST_F(PoolTest, KeepsEveryHeightThatIsFreshInTime) {
    chain.execute_blocks(30, 5);
    for (std::int64_t height = 1; height <= 42; ++height)
        EXPECT_EQ(add(chain.heartbeat(0, 1, height)), height < 10 ? Added::refused : Added::kept)
            << height;
    EXPECT_EQ(*freshest(), chain.heartbeat(0, 1, 40));
}

TEST_F(PoolTest, DropsWhatAReplacedLivenessKeySigned) {
    EXPECT_EQ(add(chain.heartbeat(0, 1, 10)), Added::kept);
    EXPECT_EQ(add(chain.heartbeat(0, 1, 11)), Added::kept);
    const Heartbeat before = chain.heartbeat(0, 1, 10);
    Node& node = chain.state().seats[0].nodes[1];
    const PublicKey old_key = node.liveness_key;
    node.liveness_key = test::CheapKey("alpha-2 liveness, renewed").public_key();
    EXPECT_FALSE(pool.is_confirmed(before, node.liveness_key)) << "even before it is told";
    EXPECT_TRUE(pool.is_confirmed(before, old_key));
    chain.execute_block();
    EXPECT_TRUE(pool.executed(chain.state()).empty());
    EXPECT_EQ(pool.size(), 0U);
}

TEST_F(PoolTest, DropsWhatARemovedNodeSigned) {
    EXPECT_EQ(add(chain.heartbeat(0, 1, 11)), Added::kept);
    chain.state().seats[0].nodes.pop_back();
    chain.execute_block();
    EXPECT_TRUE(pool.executed(chain.state()).empty());
    EXPECT_EQ(pool.size(), 0U);
}

TEST_F(PoolTest, AnotherSignatureUnderTheSameWordsIsNotConfirmed) {
    EXPECT_EQ(add(chain.heartbeat(0, 1, 10)), Added::kept);
    Heartbeat other = chain.heartbeat(0, 1, 10);
    other.signature[0] ^= 1;
    EXPECT_FALSE(pool.is_confirmed(other, chain.node(0, 1).liveness_key));
    EXPECT_FALSE(pool.is_confirmed(chain.heartbeat(0, 0, 10), chain.node(0, 0).liveness_key));
}

TEST_F(PoolTest, IsBoundedByNodesAndHeights) {
    chain.execute_blocks(100, 1);
    const std::int64_t height = chain.state().height;
    for (std::int64_t g = 1; g <= height + 10; ++g)
        for (std::uint8_t i = 0; i < 10; ++i) {
            (void)add(nonsense(g, i));
            (void)add(chain.heartbeat(0, 1, g));
        }
    EXPECT_EQ(pool.size(), 64U + 2 * 4);
}

}  // namespace
}  // namespace tandem::seats
