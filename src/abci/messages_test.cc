#include "abci/messages.h"

#include <gtest/gtest.h>

#include "abci/results.h"
#include "crypto/sha256.h"

namespace tandem::abci {
namespace {

TEST(Abci, TimesAndCommitsAreWrittenAlsoWhenEmpty) {
    EXPECT_EQ(base::to_hex(wire::encode(Request{RequestFinalizeBlock{}})),
              "a2010f1200320b088092b8c398feffffff01");
    EXPECT_EQ(base::to_hex(wire::encode(Request{RequestFlush{}})), "1200");
    EXPECT_EQ(base::to_hex(wire::encode(Request{})), "");
}

TEST(Abci, TransactionsStayViewsIntoTheBufferTheyCameIn) {
    RequestFinalizeBlock block;
    const std::vector<Bytes> txs{{1, 2, 3}, {}, {4}};
    block.txs = wire::Txs::copy_of(txs);
    const auto buffer = std::make_shared<const Bytes>(wire::encode(Request{block}));
    const auto read = wire::decode<Request>(*buffer, buffer).value();
    const auto& got = std::get<RequestFinalizeBlock>(read.value).txs;
    EXPECT_EQ(got, block.txs);
    EXPECT_GE(got[0].data(), buffer->data());
    EXPECT_LT(got[0].data(), buffer->data() + buffer->size());
}

TEST(Abci, RepeatedChunkNumbersAreReadPackedOrNot) {
    const auto read = [](std::string_view hex) {
        return wire::decode<ResponseApplySnapshotChunk>(base::from_hex(hex).value())
            .value()
            .refetch_chunks;
    };
    const std::vector<std::uint32_t> numbers{0, 1, 300};
    EXPECT_EQ(read("12040001ac02"), numbers);
    EXPECT_EQ(read("1000100110ac02"), numbers);
}

TEST(Results, AgreeWithoutLogsInfosEventsAndCodespaces) {
    ExecTxResult result;
    result.code = 1;
    result.data = Bytes{1, 2};
    result.gas_wanted = 10;
    result.gas_used = -7;
    const Bytes bytes = deterministic_bytes(result);
    EXPECT_EQ(base::to_hex(bytes), "080112020102280a30f9ffffffffffffffff01");
    ExecTxResult chatty = result;
    chatty.log = "log";
    chatty.info = "info";
    chatty.codespace = "space";
    chatty.events.push_back({"event", {{"key", "value", true}}});
    EXPECT_EQ(deterministic_bytes(chatty), bytes);
    const std::vector<ExecTxResult> plain{result, ExecTxResult{}};
    const std::vector<ExecTxResult> other{chatty, ExecTxResult{}};
    EXPECT_EQ(results_hash(plain), results_hash(other));
}

TEST(Results, OfABlockWithoutTransactionsHaveTheHashOfNothing) {
    const auto nothing = crypto::sha256({});
    EXPECT_TRUE(base::equal(results_hash({}), nothing));
}

}  // namespace
}  // namespace tandem::abci
