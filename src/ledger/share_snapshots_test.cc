// Snapshots of share: what one node has, another restores, to the byte or not at all.
#include "ledger/share_snapshots.h"

#include <gtest/gtest.h>

#include "ledger/share_testing.h"

namespace tandem::ledger::share::test {
namespace {

using abci::ApplySnapshotChunkResult;
using abci::OfferSnapshotResult;

constexpr ShareSnapshotRules small{.interval = 4, .kept_max = 2, .chunk_bytes_max = 200};

abci::Snapshot snapshot_of(const Rig& rig, std::int64_t height) {
    for (const abci::Snapshot& made : rig.share->list_snapshots({}).snapshots)
        if (made.height == static_cast<std::uint64_t>(height)) return made;
    return {};
}

Bytes chunk_of(Rig& rig, const abci::Snapshot& snapshot, std::uint32_t index) {
    return rig.share->load_snapshot_chunk({snapshot.height, snapshot.format, index}).chunk;
}

/// A share that never was anywhere.
struct Newcomer {
    MemoryStorage storage;
    ShareSettings settings{std::string(chain_id), {}};
    std::unique_ptr<Share> share =
        std::make_unique<Share>(storage, crypto::real_verifier(), settings);

    void restart() { share = std::make_unique<Share>(storage, crypto::real_verifier(), settings); }
    OfferSnapshotResult offer(const abci::Snapshot& snapshot, const Bytes& app_hash) {
        return share->offer_snapshot({base::Box<abci::Snapshot>(snapshot), app_hash}).result;
    }
    abci::ResponseApplySnapshotChunk apply(std::uint32_t index, const Bytes& chunk) {
        return share->apply_snapshot_chunk({index, chunk, "peer"});
    }
    std::size_t entries() const {
        std::size_t count = 0;
        storage.scan({}, {}, [&](BytesView, BytesView) { return ++count > 0; });
        return count;
    }
};

struct ShareSnapshotsTest : testing::Test {
    Rig rig{small};
    Bytes hash_at_4;
    abci::Snapshot snapshot;
    std::vector<Bytes> chunks;
    Newcomer newcomer;

    void SetUp() override {
        std::uint64_t nonce = 100;
        for (int i = 0; i < 4; ++i)
            rig.block(
                {signed_tx("beta/w", ++nonce, Put{"none", bytes("k"), bytes("v"), 0}),
                 signed_tx("acme/w", ++nonce,
                           Put{"open", bytes("twice"), bytes("text " + std::to_string(i)), 0}),
                 signed_tx("acme/w", ++nonce,
                           Put{"open", bytes("k" + std::to_string(i)), bytes("once"), 0})});
        hash_at_4 = rig.app_hash;
        while (rig.share->list_snapshots({}).snapshots.front().hash.empty())
            rig.block(
                {signed_tx("acme/w", ++nonce, Put{"open", bytes("twice"), bytes("later"), 0})});
        snapshot = rig.share->list_snapshots({}).snapshots.front();
        for (std::uint32_t i = 0; i < snapshot.chunks; ++i)
            chunks.push_back(chunk_of(rig, snapshot, i));
    }
    void reseal() {
        snapshot.metadata.clear();
        for (const Bytes& chunk : chunks) base::append(snapshot.metadata, crypto::sha256(chunk));
        const auto digest = crypto::sha256(snapshot.metadata);
        snapshot.hash.assign(digest.begin(), digest.end());
        snapshot.chunks = static_cast<std::uint32_t>(chunks.size());
    }
    /// In all chunks.
    void replace(std::string_view text, std::string_view other) {
        bool found = false;
        for (Bytes& chunk : chunks) {
            std::string whole(base::as_text(chunk));
            for (std::size_t at = 0; (at = whole.find(text, at)) != std::string::npos; ++at) {
                whole.replace(at, text.size(), other);
                found = true;
            }
            chunk = bytes(whole);
        }
        ASSERT_TRUE(found);
        reseal();
    }
    /// The result of the last chunk that was applied.
    ApplySnapshotChunkResult apply_all() {
        auto last = ApplySnapshotChunkResult::unknown;
        for (std::uint32_t i = 0; i < chunks.size(); ++i) {
            last = newcomer.apply(i, chunks[i]).result;
            if (last != ApplySnapshotChunkResult::accept) break;
        }
        return last;
    }
};

TEST_F(ShareSnapshotsTest, AreOfOneHeightWhateverComesLater) {
    EXPECT_EQ(snapshot.height, 4U);
    EXPECT_GE(snapshot.chunks, 3U);
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    ASSERT_EQ(apply_all(), ApplySnapshotChunkResult::accept);
    const auto info = newcomer.share->info({});
    EXPECT_EQ(info.last_block_height, 4);
    EXPECT_EQ(info.last_block_app_hash, hash_at_4);
}

TEST_F(ShareSnapshotsTest, WhoRestoredGoesOnLikeTheOthers) {
    // Another rig, whose newest block is the snapshot's.
    Rig original(small);
    std::uint64_t nonce = 0;
    for (int i = 0; i < 4; ++i)
        original.block({signed_tx("acme/w", ++nonce,
                                  Put{"open", bytes("k"), bytes("text " + std::to_string(i)), 0})});
    const Bytes hash = original.app_hash;
    Rig restored(small);
    while (snapshot_of(original, 4).hash.empty()) original.block({});
    const abci::Snapshot made = snapshot_of(original, 4);
    ASSERT_EQ(restored.share->offer_snapshot({base::Box<abci::Snapshot>(made), hash}).result,
              OfferSnapshotResult::accept);
    for (std::uint32_t i = 0; i < made.chunks; ++i)
        ASSERT_EQ(restored.share->apply_snapshot_chunk({i, chunk_of(original, made, i), ""}).result,
                  ApplySnapshotChunkResult::accept);
    restored.start();  // and from the disk
    restored.height = 4;
    while (restored.height < original.height) restored.block({});
    const Bytes tx = signed_tx("acme/w", ++nonce, Put{"open", bytes("k"), bytes("new"), 4});
    EXPECT_EQ(original.block({tx}), std::vector<std::uint32_t>{0});
    EXPECT_EQ(restored.block({tx}), std::vector<std::uint32_t>{0});
    EXPECT_EQ(restored.app_hash, original.app_hash);
    EXPECT_EQ(restored.query("/history", "acme/open/k").value,
              original.query("/history", "acme/open/k").value);
    EXPECT_FALSE(restored.query("/history", "acme/open/k").value.empty());
}

TEST_F(ShareSnapshotsTest, AChunkThatIsNotTheSnapshotsCostsItsSenderOnly) {
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    Bytes wrong = chunks[0];
    wrong.back() ^= 1;
    const auto answer = newcomer.apply(0, wrong);
    EXPECT_EQ(answer.result, ApplySnapshotChunkResult::retry);
    EXPECT_EQ(answer.refetch_chunks, std::vector<std::uint32_t>{0});
    EXPECT_EQ(answer.reject_senders, std::vector<std::string>{"peer"});
    EXPECT_EQ(apply_all(), ApplySnapshotChunkResult::accept);
}

TEST_F(ShareSnapshotsTest, AForgedRecordIsFoundByTheApplicationHash) {
    replace("once", "lies");
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    EXPECT_EQ(apply_all(), ApplySnapshotChunkResult::reject_snapshot);
    EXPECT_EQ(newcomer.entries(), 0U);
    EXPECT_EQ(newcomer.share->info({}).last_block_height, 0);
}

TEST_F(ShareSnapshotsTest, AForgedOlderVersionIsFoundByTheNewerOne) {
    replace("text 1", "text 7");
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    EXPECT_EQ(apply_all(), ApplySnapshotChunkResult::reject_snapshot);
    EXPECT_EQ(newcomer.entries(), 0U);
}

TEST_F(ShareSnapshotsTest, AMissingVersionIsFound) {
    // The first chunk of versions goes; those that follow name it.
    chunks.erase(chunks.end() - 2);
    reseal();
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    EXPECT_EQ(apply_all(), ApplySnapshotChunkResult::reject_snapshot);
}

TEST_F(ShareSnapshotsTest, ACrashInTheMiddleLeavesNothing) {
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    for (std::uint32_t i = 0; i + 1 < snapshot.chunks; ++i)
        ASSERT_EQ(newcomer.apply(i, chunks[i]).result, ApplySnapshotChunkResult::accept);
    EXPECT_GT(newcomer.entries(), 1U);
    EXPECT_NE(newcomer.share->check_tx({bytes("x"), {}}).code, 0U);
    newcomer.restart();
    EXPECT_EQ(newcomer.entries(), 0U);
    EXPECT_EQ(newcomer.share->info({}).last_block_height, 0);
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    EXPECT_EQ(apply_all(), ApplySnapshotChunkResult::accept);
    newcomer.restart();
    EXPECT_EQ(newcomer.share->info({}).last_block_app_hash, hash_at_4);
}

TEST_F(ShareSnapshotsTest, WhatNobodyMadeIsRefused) {
    abci::Snapshot other = snapshot;
    other.format = 2;
    EXPECT_EQ(newcomer.offer(other, hash_at_4), OfferSnapshotResult::reject_format);
    other = snapshot;
    ++other.chunks;
    EXPECT_EQ(newcomer.offer(other, hash_at_4), OfferSnapshotResult::reject);
    other = snapshot;
    other.hash.back() ^= 1;
    EXPECT_EQ(newcomer.offer(other, hash_at_4), OfferSnapshotResult::reject);
    EXPECT_EQ(newcomer.apply(0, chunks[0]).result, ApplySnapshotChunkResult::abort);
    newcomer.settings.chain_id = "another";
    newcomer.restart();
    ASSERT_EQ(newcomer.offer(snapshot, hash_at_4), OfferSnapshotResult::accept);
    EXPECT_EQ(apply_all(), ApplySnapshotChunkResult::reject_snapshot);
}

TEST_F(ShareSnapshotsTest, AFewAreKeptAndTheNewestIsOfferedWhenItIsWhole) {
    for (int i = 0; i < 200; ++i) {
        rig.block({});
        const auto made = rig.share->list_snapshots({}).snapshots;
        ASSERT_LE(made.size(), 3U);
        for (const abci::Snapshot& one : made) {
            EXPECT_EQ(one.height % 4, 0U);
            EXPECT_EQ(one.hash.empty(), one.chunks == 0);
        }
    }
    EXPECT_GT(rig.share->list_snapshots({}).snapshots.front().height, 100U);
    EXPECT_TRUE(chunk_of(rig, snapshot, 0).empty());  // it went
}

TEST_F(ShareSnapshotsTest, OneThatIsAskedForIsKeptLonger) {
    for (int i = 0; i < 100; ++i) {
        rig.block({});
        ASSERT_FALSE(chunk_of(rig, snapshot, 0).empty());
        ASSERT_LE(rig.share->list_snapshots({}).snapshots.size(), 4U);
    }
    for (int i = 0; i < 100; ++i) rig.block({});
    EXPECT_TRUE(chunk_of(rig, snapshot, 0).empty());
}

TEST(ShareSnapshots, NoneWithoutAnInterval) {
    Rig rig(ShareSnapshotRules{.interval = 0});
    for (int i = 0; i < 20; ++i) rig.block({});
    EXPECT_TRUE(rig.share->list_snapshots({}).snapshots.empty());
}

TEST(ShareSnapshots, AnEmptyStateIsOneChunkThatIsNotEmpty) {
    MemoryStorage storage;
    Share share(storage, crypto::real_verifier(),
                {std::string(chain_id), ShareSnapshotRules{.interval = 1}});
    abci::RequestInitChain request;
    request.chain_id = chain_id;
    (void)share.init_chain(request);
    abci::RequestFinalizeBlock block;
    block.height = 1;
    const Bytes hash = share.finalize_block(block).app_hash;
    (void)share.commit({});
    const auto made = share.list_snapshots({}).snapshots;
    ASSERT_EQ(made.size(), 1U);
    const Bytes chunk = share.load_snapshot_chunk({1, 1, 0}).chunk;
    EXPECT_FALSE(chunk.empty());
    Newcomer newcomer;
    ASSERT_EQ(newcomer.offer(made[0], hash), OfferSnapshotResult::accept);
    EXPECT_EQ(newcomer.apply(0, chunk).result, ApplySnapshotChunkResult::accept);
    EXPECT_EQ(newcomer.share->info({}).last_block_app_hash, hash);
}

}  // namespace
}  // namespace tandem::ledger::share::test
