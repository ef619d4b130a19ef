#include "store/block_store.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"
#include "store/memory_key_values.h"

namespace tandem::store {
namespace {

using types::BlockIdFlag;

struct StoreTest : testing::Test {
    chain::TestChain chain{{10, 10, 10, 10}};
    MemoryKeyValues database;
    BlockStore store{database};
    std::vector<chain::DecidedBlock> saved;  // by height - 1

    void add_block(std::size_t tx_bytes = 100, bool extended = false) {
        const auto built = chain.build({Bytes(tx_bytes, 7)});
        const auto commit = chain.commit_for(built.id);
        CommitRecord record = Shared<types::Commit>::make(commit);
        if (extended) {
            types::ExtendedCommit with{commit.height, commit.round, commit.block_id, {}};
            for (const types::CommitSig& sig : commit.signatures)
                with.extended_signatures.push_back({sig.block_id_flag, sig.validator_address,
                                                    sig.timestamp, sig.signature, Bytes{1, 2},
                                                    types::Signature(64, 3)});
            record = Shared<types::ExtendedCommit>::make(std::move(with));
        }
        saved.push_back({built.id, built.block, built.parts, std::move(record)});
        store.save(saved.back());
        // The proposer of the next block saw less: canonical and seen differ.
        ASSERT_TRUE(chain.try_advance(built, {}, {{BlockIdFlag::absent, 0}}));
    }
    void add_blocks(int count) {
        for (int i = 0; i < count; ++i) add_block();
    }
    const chain::DecidedBlock& at(std::int64_t height) const {
        return saved.at(static_cast<std::size_t>(height - 1));
    }
    void expect_block(const BlockStore& from, std::int64_t height) const {
        SCOPED_TRACE(height);
        const auto& expected = at(height);
        const auto found = from.decided(height);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->id, expected.id);
        EXPECT_EQ(found->block, expected.block);
        EXPECT_EQ(found->parts, expected.parts);
        EXPECT_EQ(from.block(height), expected.block);
        EXPECT_EQ(from.block_bytes(height), wire::encode(*expected.block));
        const auto meta = from.meta(height);
        ASSERT_TRUE(meta);
        EXPECT_EQ(meta->block_id, expected.id);
        EXPECT_EQ(meta->header, expected.block->header);
        EXPECT_EQ(meta->num_txs, 1);
        EXPECT_EQ(meta->block_size, static_cast<std::int64_t>(wire::encoded_size(*expected.block)));
        EXPECT_EQ(from.parts_header(height), expected.id.part_set_header);
        for (std::uint32_t i = 0; i < expected.parts->total(); ++i)
            EXPECT_EQ(from.part(height, i), *expected.parts->part(i));
        EXPECT_EQ(from.part(height, expected.parts->total()), std::nullopt);
        EXPECT_EQ(from.height_of(expected.id.hash), height);
        if (height < from.height())
            EXPECT_EQ(*from.canonical_commit(height), *at(height + 1).block->last_commit);
        else
            EXPECT_FALSE(from.canonical_commit(height));
    }
};

TEST_F(StoreTest, IsEmptyAtFirst) {
    EXPECT_EQ(store.base(), 0);
    EXPECT_EQ(store.height(), 0);
    EXPECT_FALSE(store.decided(1));
    EXPECT_FALSE(store.decided(0));
    EXPECT_FALSE(store.block(1));
    EXPECT_FALSE(store.block_bytes(1));
    EXPECT_FALSE(store.meta(1));
    EXPECT_FALSE(store.seen_commit(1));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(store.commit(1)));
    EXPECT_FALSE(store.height_of(Bytes(32, 1)));
    EXPECT_FALSE(store.parts_header(1));
}

TEST_F(StoreTest, GivesBackWhatWasSaved) {
    add_blocks(3);
    add_block(200'000);  // four parts
    const BlockStore reopened(database);
    for (const BlockStore* from : {static_cast<const BlockStore*>(&store), &reopened}) {
        EXPECT_EQ(from->base(), 1);
        EXPECT_EQ(from->height(), 4);
        for (std::int64_t height = 1; height <= 4; ++height) expect_block(*from, height);
        EXPECT_EQ(CommitRecord(from->seen_commit(4)), at(4).commit);
        EXPECT_EQ(from->commit(4), at(4).commit);
        EXPECT_EQ(from->seen_commit(3), from->canonical_commit(3));
        EXPECT_EQ(from->commit(3), CommitRecord(from->canonical_commit(3)));
        EXPECT_FALSE(from->extended_commit(3));
    }
}

TEST_F(StoreTest, KeepsExtendedCommits) {
    add_block(10, true);
    add_block(10, true);
    const BlockStore reopened(database);
    for (const BlockStore* from : {static_cast<const BlockStore*>(&store), &reopened}) {
        for (const std::int64_t height : {1, 2}) {
            EXPECT_EQ(from->commit(height), at(height).commit);
            EXPECT_EQ(CommitRecord(from->extended_commit(height)), at(height).commit);
        }
        EXPECT_EQ(*from->seen_commit(2), from->extended_commit(2)->without_extensions());
        EXPECT_EQ(*from->canonical_commit(1), *at(2).block->last_commit);
    }
}

TEST_F(StoreTest, DoesNotDependOnItsCache) {
    BlockStore small(database, 1);
    for (int i = 0; i < 4; ++i) {
        add_block(70'000);
        small.save(saved.back());
        for (std::int64_t height = 1; height <= small.height(); ++height)
            expect_block(small, height);
    }
}

TEST_F(StoreTest, LosesTheNewestBlocksWholeInACrash) {
    add_blocks(2);
    database.sync();
    add_blocks(2);
    database.crash(1);
    const BlockStore reopened(database);
    EXPECT_EQ(reopened.height(), 3);
    expect_block(reopened, 3);
    EXPECT_EQ(CommitRecord(reopened.seen_commit(3)), at(3).commit);
    EXPECT_FALSE(reopened.meta(4));
}

TEST_F(StoreTest, PrunesInBoundedSteps) {
    add_blocks(10);
    EXPECT_EQ(store.prune(8, 8, 3), 3);
    EXPECT_EQ(store.base(), 4);
    EXPECT_EQ(store.prune(8, 8, 3), 3);
    EXPECT_EQ(store.prune(8, 8, 3), 1);
    EXPECT_EQ(store.prune(8, 8, 3), 0);
    EXPECT_EQ(store.prune(5, 5), 0);
    const BlockStore reopened(database);
    for (const BlockStore* from : {static_cast<const BlockStore*>(&store), &reopened}) {
        EXPECT_EQ(from->base(), 8);
        for (std::int64_t height = 1; height < 8; ++height) {
            EXPECT_FALSE(from->meta(height));
            EXPECT_FALSE(from->decided(height));
            EXPECT_FALSE(from->part(height, 0));
            EXPECT_FALSE(from->parts_header(height));
            EXPECT_FALSE(from->seen_commit(height));
            EXPECT_FALSE(from->height_of(at(height).id.hash));
        }
        for (std::int64_t height = 8; height <= 10; ++height) expect_block(*from, height);
    }
}

TEST_F(StoreTest, KeepsHeadersForEvidence) {
    add_blocks(10);
    EXPECT_EQ(store.prune(8, 5), 7);
    for (std::int64_t height = 1; height < 8; ++height) {
        EXPECT_EQ(store.meta(height).has_value(), height >= 5);
        EXPECT_EQ(store.canonical_commit(height).has_value(), height >= 5);
        EXPECT_FALSE(store.block(height));
        EXPECT_FALSE(store.parts_header(height)) << "gossip must not offer it";
    }
    // Later the kept ones go, too.
    EXPECT_EQ(store.prune(9, 7), 1);
    for (std::int64_t height = 1; height < 9; ++height)
        EXPECT_EQ(store.meta(height).has_value(), height >= 7);
}

TEST_F(StoreTest, RemovesTheNewestBlock) {
    add_blocks(3);
    store.remove_newest();
    const BlockStore reopened(database);
    for (const BlockStore* from : {static_cast<const BlockStore*>(&store), &reopened}) {
        EXPECT_EQ(from->height(), 2);
        expect_block(*from, 2);
        EXPECT_EQ(*from->seen_commit(2), *at(3).block->last_commit);
        EXPECT_FALSE(from->decided(3));
        EXPECT_FALSE(from->seen_commit(3));
    }
    store.save(at(3));
    expect_block(store, 3);
    expect_block(store, 2);
    for (int i = 0; i < 3; ++i) store.remove_newest();
    EXPECT_EQ(store.height(), 0);
    EXPECT_EQ(store.base(), 0);
}

TEST_F(StoreTest, BeginsAnywhereAfterAStateSync) {
    add_blocks(3);
    MemoryKeyValues other;
    BlockStore synced(other);
    synced.save_seen_commit(2, *std::get<Shared<types::Commit>>(at(2).commit));
    EXPECT_EQ(synced.height(), 0);
    EXPECT_EQ(synced.commit(2), at(2).commit);
    synced.save(at(3));
    EXPECT_EQ(synced.base(), 3);
    EXPECT_EQ(*synced.canonical_commit(2), *at(3).block->last_commit);
}

using StoreDeathTest = StoreTest;

TEST_F(StoreDeathTest, EndsTheProcessWhereTheDatabaseIsDamaged) {
    add_blocks(1);
    Batch batch;
    batch.put(Key(KeySpace::block_part, 1).add_u32(0).bytes(), Bytes{1, 2, 3});
    database.write(batch);
    const BlockStore reopened(database);
    EXPECT_DEATH((void)reopened.decided(1), "the entry with key 70000000000000000100000000");
}

}  // namespace
}  // namespace tandem::store
