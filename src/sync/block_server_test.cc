#include "sync/block_server.h"

#include <gtest/gtest.h>

#include "sync/testing.h"

namespace tandem::sync {
namespace {

using testing::Source;

types::BlocksyncMessage decoded(const Bytes& bytes) {
    auto message = types::decode_checked<types::BlocksyncMessage>(bytes);
    EXPECT_TRUE(message) << message.error().why;
    return std::move(*message);
}

TEST(BlockServer, SaysHowFarItIs) {
    Source source;
    EXPECT_EQ(base::to_hex(status_message(source.blocks)), "2a00");
    source.grow(3);
    source.blocks.prune(2, 2);
    EXPECT_EQ(decoded(status_message(source.blocks)).sum,
              (decltype(types::BlocksyncMessage::sum){types::StatusResponse{3, 2}}));
}

TEST(BlockServer, AnswersAsAnEncodedBlockResponseWould) {
    Source source(2);
    source.grow(2);
    source.grow(1, 200'000);
    const auto& params = source.states.back().consensus_params;
    for (std::int64_t height = 1; height <= 3; ++height) {
        types::BlocksyncMessage expected;
        types::BlockResponse response;
        response.block.emplace() = *source.blocks.block(height);
        if (height >= 2) response.ext_commit.emplace() = *source.blocks.extended_commit(height);
        expected.sum = std::move(response);
        const auto bytes = answer_to({height}, source.blocks, params);
        ASSERT_TRUE(bytes);
        EXPECT_EQ(*bytes, wire::encode(expected));
        decoded(*bytes);
    }
}

TEST(BlockServer, SaysWhatItHasNot) {
    Source source;
    source.grow(1);
    const auto& params = source.states.back().consensus_params;
    for (const std::int64_t height : {0L, 2L, 1L << 62})
        EXPECT_EQ(decoded(*answer_to({height}, source.blocks, params)).sum,
                  (decltype(types::BlocksyncMessage::sum){types::NoBlockResponse{height}}));
    EXPECT_EQ(base::to_hex(*answer_to({2}, source.blocks, params)), "12020802");
}

TEST(BlockServer, IsSilentWithoutTheExtendedCommit) {
    Source source;
    source.grow(2);
    auto params = source.states.back().consensus_params;
    params.abci.vote_extensions_enable_height = 2;
    EXPECT_TRUE(answer_to({1}, source.blocks, params));
    EXPECT_FALSE(answer_to({2}, source.blocks, params));
}

}  // namespace
}  // namespace tandem::sync
