#include "tandem/light_store.h"

#include <gtest/gtest.h>

#include "store/memory_key_values.h"
#include "types/validator_set.h"

namespace tandem::program {
namespace {

types::LightBlock block_of(std::int64_t height) {
    types::LightBlock block;
    types::SignedHeader& signed_header = block.signed_header.emplace();
    signed_header.header.emplace().height = height;
    signed_header.header->chain_id = "test";
    signed_header.commit.emplace().height = height;
    block.validator_set.emplace();
    return block;
}

TEST(LightStore, KeepsBlocksByHeight) {
    store::MemoryKeyValues database;
    LightStore store(database);
    EXPECT_TRUE(store.blocks()->empty());
    std::map<std::int64_t, types::LightBlock> blocks;
    for (const std::int64_t height : {2, 300, 70'000}) blocks.emplace(height, block_of(height));
    store.save(blocks);
    ASSERT_TRUE(store.blocks());
    EXPECT_EQ(*store.blocks(), blocks);
    blocks.erase(2);
    blocks.emplace(301, block_of(301));
    store.save(blocks);
    EXPECT_EQ(*LightStore(database).blocks(), blocks);
}

TEST(LightStore, RefusesWhatIsNoBlock) {
    store::MemoryKeyValues database;
    LightStore store(database);
    store.save({{5, block_of(5)}});
    database.put({'l', 0, 0, 0, 0, 0, 0, 0, 6}, {1, 2, 3});
    EXPECT_FALSE(store.blocks());
}

TEST(LightStore, KeepsWhomItAsks) {
    store::MemoryKeyValues database;
    LightStore store(database);
    EXPECT_TRUE(store.servers().empty());
    store.save_servers({"tcp://a:1", "tcp://b:2"});
    EXPECT_EQ(LightStore(database).servers(), (std::vector<std::string>{"tcp://a:1", "tcp://b:2"}));
}

}  // namespace
}  // namespace tandem::program
