// Snapshots (seats page, section 5): the state of seats travels as chunk 0, in front of the
// application's, and is held against the trusted application hash before the rest is offered.
#include <gtest/gtest.h>

#include "seats/test_application.h"

namespace tandem::seats {
namespace {

using test::Rig;
using Chunk = abci::ApplySnapshotChunkResult;
using Offer = abci::OfferSnapshotResult;

abci::Snapshot of_height(std::uint64_t height, std::uint32_t chunks = 2) {
    return {height, 3, chunks, test::digest_of("snapshot " + std::to_string(height)), {4, 4}};
}

/// A node that offers snapshots of 5, and one that wants to begin from there.
class Snapshots : public testing::Test {
  public:
    Snapshots() {
        (void)source.init_chain();
        source.blocks(4);
        source.disk.snapshots = {of_height(5, application_chunks)};
        source.blocks(1);
        trusted = source.seats->info({}).last_block_app_hash;
        state = source.seats->state();
        source.blocks(3);
    }
    abci::Snapshot offered() { return source.seats->list_snapshots({}).snapshots.at(0); }
    Bytes chunk(std::uint32_t index) {
        return source.seats->load_snapshot_chunk({5, 3, index}).chunk;
    }
    Offer offer(const abci::Snapshot& snapshot) {
        return target.seats->offer_snapshot({base::Box<abci::Snapshot>(snapshot), trusted}).result;
    }
    abci::ResponseApplySnapshotChunk apply(std::uint32_t index, const Bytes& bytes) {
        return target.seats->apply_snapshot_chunk({index, bytes, "peer"});
    }

    static constexpr std::uint32_t application_chunks = 2;
    Rig source;
    Rig target;
    Bytes trusted;
    State state;
};

TEST_F(Snapshots, AreOfferedWithOnePartMore) {
    const abci::Snapshot snapshot = offered();
    EXPECT_EQ(snapshot.height, 5U);
    EXPECT_EQ(snapshot.format, 3U);
    EXPECT_EQ(snapshot.chunks, application_chunks + 1);
    EXPECT_NE(snapshot.hash, of_height(5).hash);
    EXPECT_EQ(chunk(1), test::digest_of("chunk 0")) << "the application's own, one further on";
    EXPECT_EQ(chunk(2), test::digest_of("chunk 1"));
}

TEST_F(Snapshots, StatesAreKeptAsLongAsTheApplicationOffersThem) {
    EXPECT_EQ(source.store.kept_for_snapshots(), std::vector<std::int64_t>{5});
    source.disk.snapshots = {of_height(5), of_height(9)};
    source.blocks(1);
    EXPECT_EQ(source.store.kept_for_snapshots(), (std::vector<std::int64_t>{5, 9}));
    source.disk.snapshots = {of_height(9)};
    source.blocks(1);
    EXPECT_EQ(source.store.kept_for_snapshots(), std::vector<std::int64_t>{9});
    source.disk.snapshots = {of_height(2)};
    EXPECT_TRUE(source.seats->list_snapshots({}).snapshots.empty())
        << "one of a height whose state was not kept cannot be offered";
    EXPECT_TRUE(source.seats->load_snapshot_chunk({2, 3, 0}).chunk.empty());
}

TEST_F(Snapshots, OneThatIsBeingMadeKeepsItsStateAndIsNotOffered) {
    abci::Snapshot making = of_height(9, 0);
    making.hash.clear();
    making.metadata.clear();
    source.disk.snapshots = {making};
    source.blocks(1);
    EXPECT_EQ(source.store.kept_for_snapshots(), std::vector<std::int64_t>{9});
    EXPECT_TRUE(source.seats->list_snapshots({}).snapshots.empty());
    source.blocks(3);
    source.disk.snapshots = {of_height(9)};
    source.blocks(1);
    ASSERT_EQ(source.seats->list_snapshots({}).snapshots.size(), 1U);
    EXPECT_EQ(source.seats->list_snapshots({}).snapshots[0].height, 9U);
}

TEST_F(Snapshots, AreRestored) {
    ASSERT_EQ(offer(offered()), Offer::accept);
    EXPECT_TRUE(target.app->offered.empty()) << "asked once the part of seats was checked";
    ASSERT_EQ(apply(0, chunk(0)).result, Chunk::accept);
    ASSERT_EQ(target.app->offered.size(), 1U);
    EXPECT_EQ(*target.app->offered[0].snapshot, of_height(5)) << "as the application offered it";
    EXPECT_EQ(target.app->offered[0].app_hash, source.store.kept.at(5).application_hash)
        << "with the application's own hash, now to be trusted";
    ASSERT_EQ(apply(1, chunk(1)).result, Chunk::accept);
    EXPECT_EQ(target.store.saves, 0U) << "not complete";
    ASSERT_EQ(apply(2, chunk(2)).result, Chunk::accept);
    ASSERT_EQ(target.app->applied.size(), 2U);
    EXPECT_EQ(target.app->applied[0].index, 0U);
    EXPECT_EQ(target.app->applied[1].chunk, test::digest_of("chunk 1"));
    EXPECT_EQ(target.seats->state(), state);
    EXPECT_EQ(target.store.saves, 1U) << "and lasting";
    EXPECT_EQ(target.seats->info({}).last_block_height, 5);
    EXPECT_EQ(target.seats->info({}).last_block_app_hash, trusted);
    target.disk.height = 5;
    target.start();
    ASSERT_TRUE(target.seats->recover());
    EXPECT_EQ(target.seats->state(), state);
}

TEST_F(Snapshots, OfAnApplicationWithoutChunks) {
    source.disk.snapshots = {of_height(5, 0)};
    ASSERT_EQ(offer(offered()), Offer::accept);
    EXPECT_EQ(apply(0, chunk(0)).result, Chunk::accept);
    EXPECT_EQ(target.seats->state(), state);
}

TEST_F(Snapshots, AForgedPartIsFetchedAgainFromSomebodyElse) {
    ASSERT_EQ(offer(offered()), Offer::accept);
    Bytes bent = chunk(0);
    bent[bent.size() / 2] ^= 1;
    for (const Bytes& bytes : {bent, Bytes{}, Bytes{1, 2, 3}, chunk(1)}) {
        const auto response = apply(0, bytes);
        EXPECT_EQ(response.result, Chunk::retry);
        EXPECT_EQ(response.refetch_chunks, std::vector<std::uint32_t>{0});
        EXPECT_EQ(response.reject_senders, std::vector<std::string>{"peer"});
    }
    EXPECT_TRUE(target.app->offered.empty()) << "the application is offered nothing";
    EXPECT_EQ(apply(0, chunk(0)).result, Chunk::accept) << "the true one still serves";
}

TEST_F(Snapshots, ATrueStateOfAnotherChainOrHeightIsNotTrusted) {
    abci::Snapshot snapshot = offered();
    trusted[0] ^= 1;
    ASSERT_EQ(offer(snapshot), Offer::accept);
    EXPECT_EQ(apply(0, chunk(0)).result, Chunk::retry) << "the header says another hash";
    trusted[0] ^= 1;
    ++snapshot.height;
    ASSERT_EQ(offer(snapshot), Offer::accept);
    EXPECT_EQ(apply(0, chunk(0)).result, Chunk::retry);
    EXPECT_TRUE(target.app->offered.empty());
}

TEST_F(Snapshots, TheHashCoversBothParts) {
    abci::Snapshot snapshot = offered();
    snapshot.hash[0] ^= 1;
    ASSERT_EQ(offer(snapshot), Offer::accept);
    EXPECT_EQ(apply(0, chunk(0)).result, Chunk::retry);
}

TEST_F(Snapshots, TheApplicationMayRefuseOrAskAgain) {
    const abci::Snapshot snapshot = offered();
    for (const auto& [answer, result] : {std::pair(Offer::abort, Chunk::abort),
                                         {Offer::reject, Chunk::reject_snapshot},
                                         {Offer::reject_format, Chunk::reject_snapshot},
                                         {Offer::reject_sender, Chunk::reject_snapshot}}) {
        target.app->offer_answer = answer;
        ASSERT_EQ(offer(snapshot), Offer::accept);
        EXPECT_EQ(apply(0, chunk(0)).result, result);
        EXPECT_EQ(apply(1, chunk(1)).result, Chunk::retry_snapshot) << "the part was not taken";
    }
    target.app->offer_answer = Offer::accept;
    ASSERT_EQ(offer(snapshot), Offer::accept);
    ASSERT_EQ(apply(0, chunk(0)).result, Chunk::accept);
    target.app->apply_answer = {Chunk::retry, {0, 1}, {"liar"}};
    const auto response = apply(2, chunk(2));
    EXPECT_EQ(response.refetch_chunks, (std::vector<std::uint32_t>{1, 2}))
        << "as the engine counts";
    EXPECT_EQ(response.reject_senders, std::vector<std::string>{"liar"});
    EXPECT_EQ(target.store.saves, 0U) << "the last chunk was not accepted";
}

TEST_F(Snapshots, NothingWithoutAnOffer) {
    EXPECT_EQ(apply(0, chunk(0)).result, Chunk::abort);
    EXPECT_EQ(target.seats->offer_snapshot({}).result, Offer::reject);
    abci::Snapshot snapshot = offered();
    snapshot.chunks = 0;
    EXPECT_EQ(offer(snapshot), Offer::reject);
    snapshot = offered();
    snapshot.metadata = {0xff};
    EXPECT_EQ(offer(snapshot), Offer::reject);
    EXPECT_EQ(apply(0, chunk(0)).result, Chunk::abort) << "a refused offer leaves nothing behind";
}

}  // namespace
}  // namespace tandem::seats
