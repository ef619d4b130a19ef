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
        for (std::int64_t height = 1; height <= 5; ++height) add_block(height);
    }
    void add_block(std::int64_t height) {
        abci::ResponseFinalizeBlock answer;
        answer.tx_results.resize(2);
        answer.tx_results[0].events = {transfer("a", std::to_string(height))};
        answer.tx_results[1].events = {transfer("a", "1000"),
                                       transfer("b", std::to_string(2 * height)),
                                       transfer("hidden", "77", false)};
        if (height % 2 == 0) answer.events = {{"era", {{"kind", "even", true}}}};
        add_txs(height, {tx(height, 0), tx(height, 1)}, answer);
    }
    void add_txs(std::int64_t height, const std::vector<Bytes>& txs,
                 const abci::ResponseFinalizeBlock& answer) {
        indexer.add(height, wire::Txs::copy_of(txs), answer);
    }
    /// A block of these transactions, each with an event {note.text = "again"}.
    void add_notes(std::int64_t height, const std::vector<Bytes>& txs) {
        abci::ResponseFinalizeBlock answer;
        answer.tx_results.resize(txs.size());
        for (auto& result : answer.tx_results)
            result.events = {{"note", {{"text", "again", true}}}};
        add_txs(height, txs, answer);
    }
    static std::string text_of(const TxPlace& place) {
        return std::to_string(place.height) + '.' + std::to_string(place.index);
    }
    static Bytes tx(std::int64_t height, int number) {
        const std::string text = std::to_string(height) + '.' + std::to_string(number);
        return base::to_bytes(base::as_bytes(text));
    }
    std::string found(std::string_view query) {
        const auto results = indexer.search_txs(*Query::parse(query));
        if (!results) return results.error().why;
        std::string text;
        for (const TxPlace& place : *results) text += text_of(place) + ' ';
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
    EXPECT_EQ(indexer.find_tx(base::view(hash)), (TxPlace{3, 1}));
    EXPECT_EQ(found("tx.hash='" + base::to_hex(base::view(hash)) + "' AND tx.height=99"), "3.1 ");
    EXPECT_EQ(found("tx.hash='00'"), "");
    EXPECT_FALSE(*indexer.find_tx(Bytes(32, 1)));
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
    add_notes(6, {tx(1, 0), tx(6, 0), tx(6, 0)});
    const auto before = storage.entries;
    for (const std::int64_t height : {1, 4, 5}) add_block(height);
    add_notes(6, {tx(1, 0), tx(6, 0), tx(6, 0)});
    EXPECT_EQ(storage.entries, before);
}

TEST_F(IndexerTest, ATransactionThatIsExecutedAgainCountsWhereItWasLast) {
    add_notes(6, {tx(1, 0), tx(6, 1)});
    add_notes(7, {tx(7, 0), tx(6, 1), tx(7, 0)});
    EXPECT_EQ(found("note.text='again'"), "6.0 7.1 7.2 ");
    EXPECT_EQ(found("tx.height=7"), "7.1 7.2 ");
    EXPECT_EQ(found("tx.height=6"), "6.0 7.1 ");
    EXPECT_EQ(found("tx.height=1"), "1.1 6.0 ");
    EXPECT_EQ(found("transfer.amount='1' AND tx.height<3"), "6.0 ");
    EXPECT_EQ(indexer.find_tx(base::view(types::hash_of_tx(tx(7, 0)))), (TxPlace{7, 2}));
    add_notes(9, {tx(1, 0)});
    EXPECT_EQ(found("tx.height<=1"), "1.1 9.0 ");
    EXPECT_EQ(found("tx.height<=6 AND tx.height>5"), "7.1 9.0 ");
}

TEST_F(IndexerTest, AValueHasOneEntryForABlock) {
    const std::size_t before = storage.entries.size();
    std::vector<Bytes> txs;
    for (int i = 0; i < 100; ++i) txs.push_back(tx(6, i));
    add_notes(6, txs);
    EXPECT_EQ(storage.entries.size() - before, 1 + 1 + 100) << "block, value, hashes";
    EXPECT_EQ(indexer.search_txs(*Query::parse("note.text='again'"))->size(), 100U);
}

TEST_F(IndexerTest, ASearchReadsABoundedNumberOfEntries) {
    const KeyValueIndexer narrow(storage, Answers::stored, 10);
    const auto check = [&](std::string_view query) {
        const auto found = narrow.search_txs(*Query::parse(query));
        return found ? std::string() : found.error().check;
    };
    EXPECT_EQ(check("tx.height>0"), "index.search");
    EXPECT_EQ(check("tx.height<3"), "");
    EXPECT_EQ(check("transfer.amount>0"), "index.search");
    EXPECT_EQ(check("transfer.from='a' AND tx.height=2"), "");
    EXPECT_FALSE(KeyValueIndexer(storage, Answers::stored, 4)
                     .search_blocks(*Query::parse("block.height>0")));
    EXPECT_TRUE(KeyValueIndexer(storage, Answers::stored, 5)
                    .search_blocks(*Query::parse("block.height>0")));
}

TEST_F(IndexerTest, KeepsWhatTheNodeForgets) {
    EXPECT_FALSE(*indexer.kept_tx({7, 1}));
    abci::ResponseFinalizeBlock answer;
    answer.tx_results.resize(2);
    answer.tx_results[1].log = "done";
    const std::vector<Bytes> txs = {tx(7, 0), tx(7, 1)};
    indexer.keep(7, wire::Txs::copy_of(txs), answer);
    EXPECT_EQ(indexer.kept_tx({7, 1}), (abci::TxResult{7, 1, txs[1], answer.tx_results[1]}));
    EXPECT_FALSE(*indexer.kept_tx({7, 2}));
}

TEST_F(IndexerTest, KeepsByItselfWhatTheNodeDoesNotStore) {
    abci::ResponseFinalizeBlock answer;
    answer.tx_results.resize(1);
    answer.tx_results[0].log = "done";
    const std::vector<Bytes> txs = {tx(8, 0)};
    indexer.add(8, wire::Txs::copy_of(txs), answer);
    EXPECT_FALSE(*indexer.kept_tx({8, 0})) << "it is stored with the block";
    KeyValueIndexer only_one(storage, Answers::discarded);
    only_one.add(8, wire::Txs::copy_of(txs), answer);
    EXPECT_EQ(only_one.kept_tx({8, 0}), (abci::TxResult{8, 0, txs[0], answer.tx_results[0]}));
}

TEST_F(IndexerTest, KnowsItsNewestBlock) {
    EXPECT_EQ(indexer.newest_block(2), 5);
    EXPECT_EQ(indexer.newest_block(5), 5);
    EXPECT_EQ(indexer.newest_block(6), 0);
}

TEST(NullIndexer, SaysThatNothingIsIndexed) {
    const NullIndexer indexer;
    EXPECT_EQ(indexer.find_tx({}).error().why, "transaction indexing is disabled");
    EXPECT_EQ(indexer.search_blocks(*Query::parse("a=1")).error().why,
              "block indexing is disabled");
}

}  // namespace
}  // namespace tandem::rpc
