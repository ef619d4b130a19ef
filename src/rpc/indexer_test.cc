#include "rpc/indexer.h"

#include <gtest/gtest.h>

#include "rpc/testing.h"

namespace tandem::rpc {
namespace {

abci::Event transfer(std::string from, std::string amount, bool indexed = true) {
    return {"transfer", {{"from", std::move(from), true}, {"amount", std::move(amount), indexed}}};
}

/// Heights 1 to 5 with two transactions each: from "a" of the height's amount, from "b" of twice
/// as much in a second event.
class IndexerTest : public ::testing::Test {
  protected:
    IndexerTest() {
        for (std::int64_t height = 1; height <= 5; ++height) {
            const std::vector<Bytes> txs = {tx(height, 0), tx(height, 1)};
            abci::ResponseFinalizeBlock answer;
            answer.tx_results.resize(2);
            answer.tx_results[0].events = {transfer("a", std::to_string(height))};
            answer.tx_results[1].events = {transfer("a", "1000"),
                                           transfer("b", std::to_string(2 * height)),
                                           transfer("hidden", "77", false)};
            if (height % 2 == 0) answer.events = {{"era", {{"kind", "even", true}}}};
            indexer.add(height, wire::Txs::copy_of(txs), answer);
        }
    }
    static Bytes tx(std::int64_t height, int number) {
        const std::string text = std::to_string(height) + '.' + std::to_string(number);
        return base::to_bytes(base::as_bytes(text));
    }
    std::string found(std::string_view query) {
        const auto results = indexer.search_txs(*Query::parse(query));
        if (!results) return results.error().why;
        std::string text;
        for (const abci::TxResult& result : *results)
            text += std::string(base::as_text(result.tx)) + ' ';
        return text;
    }
    std::string blocks(std::string_view query) {
        std::string text;
        const auto heights = indexer.search_blocks(*Query::parse(query));
        if (!heights) return heights.error().why;
        for (const std::int64_t height : *heights) text += std::to_string(height) + ' ';
        return text;
    }

    MemoryIndexStorage storage;
    KeyValueIndexer indexer{storage};
};

TEST_F(IndexerTest, FindsByHash) {
    const Hash hash = types::hash_of_tx(tx(3, 1));
    const auto result = indexer.tx(base::view(hash));
    ASSERT_TRUE(result && *result);
    EXPECT_EQ((*result)->height, 3);
    EXPECT_EQ((*result)->index, 1U);
    EXPECT_EQ(found("tx.hash='" + base::to_hex(base::view(hash)) + "' AND tx.height=99"), "3.1 ");
    EXPECT_EQ(found("tx.hash='00'"), "");
    EXPECT_FALSE(*indexer.tx(Bytes(32, 1)));
}

TEST_F(IndexerTest, FindsByHeight) {
    EXPECT_EQ(found("tx.height=2"), "2.0 2.1 ");
    EXPECT_EQ(found("tx.height='2'"), "2.0 2.1 ");
    EXPECT_EQ(found("tx.height>3"), "4.0 4.1 5.0 5.1 ");
    EXPECT_EQ(found("tx.height>=5"), "5.0 5.1 ");
    EXPECT_EQ(found("tx.height<2"), "1.0 1.1 ");
    EXPECT_EQ(found("tx.height<=1 AND tx.height>0"), "1.0 1.1 ");
    EXPECT_EQ(found("tx.height>1.5 AND tx.height<2.5"), "2.0 2.1 ");
    EXPECT_EQ(found("tx.height>99999999999999999999"), "");
    EXPECT_EQ(found("tx.height<99999999999999999999 AND tx.height>4"), "5.0 5.1 ");
}

TEST_F(IndexerTest, ConditionsHoldWithinOneEvent) {
    EXPECT_EQ(found("transfer.from='a' AND transfer.amount='3'"), "3.0 ");
    EXPECT_EQ(found("transfer.from='b' AND transfer.amount=8"), "4.1 ");
    EXPECT_EQ(found("transfer.from='b' AND transfer.amount='1000'"), "");
    EXPECT_EQ(found("transfer.from='b' AND transfer.amount>6"), "4.1 5.1 ");
    EXPECT_EQ(found("transfer.from='b' AND transfer.amount>6 AND tx.height<5"), "4.1 ");
    EXPECT_EQ(found("transfer.from CONTAINS 'id' AND tx.height=1"), "1.1 ");
    EXPECT_EQ(found("transfer.amount EXISTS AND tx.height=1"), "1.0 1.1 ");
}

TEST_F(IndexerTest, KeepsOnlyWhatIsMarked) {
    EXPECT_EQ(found("transfer.amount='77'"), "");
    EXPECT_EQ(found("transfer.from='hidden' AND tx.height=2"), "2.1 ");
}

TEST_F(IndexerTest, LongValuesAreFoundAsShortOnes) {
    // Around the length from which on they stand by their hash.
    for (const std::size_t length : {127U, 128U, 129U, 5000U}) {
        const std::string value = std::string(length - 1, 'x') + 'y';
        const std::int64_t height = 100 + static_cast<std::int64_t>(length);
        const std::vector<Bytes> txs = {tx(height, 0), tx(height, 1)};
        abci::ResponseFinalizeBlock answer;
        answer.tx_results.resize(2);
        answer.tx_results[0].events = {{"note", {{"text", value, true}, {"by", "ann", true}}}};
        answer.tx_results[1].events = {{"note", {{"text", value + "z", true}}}};
        indexer.add(height, wire::Txs::copy_of(txs), answer);
        const std::string first = std::to_string(height) + ".0 ";
        const std::string both = first + std::to_string(height) + ".1 ";
        const std::string here = " AND tx.height=" + std::to_string(height);
        EXPECT_EQ(found("note.text='" + value + "'"), first) << length;
        EXPECT_EQ(found("note.text='" + value + "' AND note.by='ann'"), first) << length;
        EXPECT_EQ(found("note.text CONTAINS 'xy'" + here), both) << length;
        EXPECT_EQ(found("note.text CONTAINS 'yz'" + here), std::to_string(height) + ".1 ")
            << length;
        EXPECT_EQ(found("note.text EXISTS" + here), both) << length;
        EXPECT_EQ(found("note.text='" + value.substr(1) + "'" + here), "") << length;
    }
}

TEST_F(IndexerTest, FindsBlocks) {
    EXPECT_EQ(blocks("block.height>=4"), "4 5 ");
    EXPECT_EQ(blocks("era.kind='even'"), "2 4 ");
    EXPECT_EQ(blocks("era.kind='even' AND block.height>2"), "4 ");
    EXPECT_EQ(blocks("era.kind='odd'"), "");
}

TEST_F(IndexerTest, ABlockThatIsIndexedAgainChangesNothing) {
    const auto before = storage.entries;
    abci::ResponseFinalizeBlock answer;
    answer.tx_results.resize(1);
    answer.tx_results[0].events = {transfer("a", "1")};
    KeyValueIndexer again(storage);
    const std::vector<Bytes> txs = {tx(1, 0)};
    again.add(1, wire::Txs::copy_of(txs), answer);
    EXPECT_EQ(storage.entries, before);
}

TEST(NullIndexer, SaysThatNothingIsIndexed) {
    const NullIndexer indexer;
    EXPECT_EQ(indexer.tx({}).error().why, "transaction indexing is disabled");
    EXPECT_EQ(indexer.search_blocks(*Query::parse("a=1")).error().why,
              "block indexing is disabled");
}

}  // namespace
}  // namespace tandem::rpc
