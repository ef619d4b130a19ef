// Messages between reactors: what golden vectors do not say by themselves.
#include <gtest/gtest.h>

#include "types/blocksync_messages.h"
#include "types/consensus_messages.h"
#include "types/decode.h"
#include "types/mempool_messages.h"
#include "types/node_info.h"
#include "types/p2p_messages.h"
#include "types/statesync_messages.h"

namespace tandem::types {
namespace {

template <typename M>
std::string check_of(M message) {
    const Verdict verdict = check_decoded(message);
    return verdict ? "" : verdict.error().check;
}

TEST(ConsensusMessages, ARefusalNamesMessageAndField) {
    EXPECT_EQ(check_of(ConsensusMessage{}), "consensus.sum");
    EXPECT_EQ(check_of(ConsensusMessage{NewRoundStep{-1, 0, 1, 0, 0}}), "NewRoundStep.height");
    EXPECT_EQ(check_of(ConsensusMessage{NewRoundStep{1, 0, 256, 0, 0}}), "NewRoundStep.step");
    EXPECT_EQ(check_of(ConsensusMessage{HasVote{1, 0, SignedMsgType::proposal, 0}}),
              "HasVote.type");
    EXPECT_EQ(check_of(ConsensusMessage{VoteMessage{}}), "Vote.vote");
}

TEST(ConsensusMessages, ANegativeSizeIsAnEmptyArrayWhereCometBftLetsItPass) {
    ProposalPol message{1, 0, {-126, {}}};
    EXPECT_EQ(check_of(message), "");
    EXPECT_EQ(BitArray::from_message(message.proposal_pol).size(), 0U);
    message.proposal_pol.bits = -127;
    EXPECT_NE(check_of(message), "");
    message.proposal_pol.bits = 0;
    EXPECT_EQ(check_of(message), "proposal_pol");
    EXPECT_EQ(check_of(VoteSetBits{1, 0, SignedMsgType::prevote, {}, {}}), "");
}

TEST(ConsensusMessages, PartsAreAsManyAsTheirHeaderSays) {
    const PartSetHeader header{0xFFFF'FFFF, Hash(hash_bytes, 1)};
    NewValidBlock message{1, 0, header, BitArrayMessage{-1, {}}, false};
    EXPECT_EQ(check_of(message), "block_parts");  // -1 is not 2^32-1
}

TEST(BlocksyncMessages, SignaturesAreCountedOverAllRepetitions) {
    const auto response_with = [](std::size_t signatures, std::size_t extended) {
        Block block;
        block.last_commit.emplace().signatures.resize(signatures);
        BlockResponse response{block, {}};
        response.ext_commit.emplace().extended_signatures.resize(extended);
        return wire::encode(BlocksyncMessage{response});
    };
    const auto passes = [](BytesView bytes) {
        return check_before_decoding_blocksync(bytes).has_value();
    };
    EXPECT_TRUE(passes(response_with(votes_max, votes_max)));
    EXPECT_FALSE(passes(response_with(votes_max + 1, 0)));
    EXPECT_FALSE(passes(response_with(0, votes_max + 1)));
    Bytes twice = response_with(votes_max / 2 + 1, 0);
    base::append(twice, Bytes(twice));
    EXPECT_FALSE(passes(twice));
    Bytes behind = wire::encode(BlocksyncMessage{BlockRequest{1}});
    base::append(behind, response_with(votes_max + 1, 0));
    EXPECT_FALSE(passes(behind));
    EXPECT_TRUE(passes({}));
    EXPECT_TRUE(passes(wire::encode(BlocksyncMessage{StatusRequest{}})));
}

std::string mempool_check(std::string_view hex, MempoolLimits limits = {4, 6}) {
    const auto bytes = base::from_hex(hex).value();
    const Verdict verdict = check_before_decoding_mempool(bytes, limits);
    return verdict ? "" : verdict.error().check;
}

TEST(MempoolMessages, AreJudgedBeforeTheyAreDecoded) {
    EXPECT_EQ(mempool_check("0a060a0401020304"), "");
    EXPECT_EQ(mempool_check("0a070a050102030405"), "mempool.tx_bytes");
    EXPECT_EQ(mempool_check("0a0c0a04010203040a0401020304"), "mempool.batch_bytes");
    // Split over two lists, of which only the last is decoded.
    EXPECT_EQ(mempool_check("0a060a04010203040a060a0401020304"), "mempool.batch_bytes");
    EXPECT_EQ(mempool_check("0a020a00"), "mempool.tx");
    EXPECT_EQ(mempool_check("0a00"), "mempool.txs");
    EXPECT_EQ(mempool_check(""), "");                          // fails when it is decoded
    EXPECT_EQ(mempool_check("0a060a0401020304", {8, 0}), "");  // never below one transaction
}

TEST(MempoolMessages, MustBeWellFormed) {
    EXPECT_EQ(mempool_check("0a03"), "mempool.encoding");
    EXPECT_EQ(mempool_check("0a030a05ff"), "mempool.encoding");
    EXPECT_EQ(mempool_check("0001"), "mempool.encoding");
    EXPECT_EQ(mempool_check("1b1c"), "mempool.encoding");  // a group, which decoding skips
    EXPECT_EQ(mempool_check("1e"), "mempool.encoding");
    EXPECT_EQ(mempool_check("ffffffffffffffffffff01"), "mempool.encoding");
    // Unknown fields pass, the first field of another type among them.
    EXPECT_EQ(mempool_check("10011900000000000000001d000000002201ff08050a030a0161"), "");
    // Field number 2^32+1 is cut to 1 when decoded, and is not looked at here.
    EXPECT_EQ(mempool_check("8a80808080010161"), "mempool.txs");
}

TEST(StatesyncMessages, AChunkOfNoBytesIsNoMissingChunk) {
    const auto check = [](std::string_view hex) {
        const auto message = decode_checked<StatesyncMessage>(base::from_hex(hex).value());
        return message ? "" : message.error().check;
    };
    EXPECT_EQ(check("22020864"), "ChunkResponse.chunk");
    EXPECT_EQ(check("220408642200"), "");
    EXPECT_EQ(check("220608642200"
                    "2801"),
              "");
    EXPECT_EQ(check("22070864220161"
                    "2801"),
              "ChunkResponse.chunk");
}

TEST(StatesyncMessages, TheBoundOnChunksIsTheReceivers) {
    const StatesyncMessage message{SnapshotsResponse{1, 0, 5, {1}, {}}};
    EXPECT_TRUE(check_decoded(message, 5).has_value());
    EXPECT_FALSE(check_decoded(message, 4).has_value());
}

TEST(NodeInfo, AnAtSignInTheIdIsNoSecondAddress) {
    NodeInfo info;
    info.default_node_id = std::string(40, 'a') + "@1.2.3.4:1@";
    info.listen_addr = "tcp://1.2.3.4:1";
    info.moniker = "m";
    EXPECT_EQ(validate(info).error().check, "node_info.address.id");
    info.default_node_id.resize(40);
    EXPECT_EQ(validate(info).value().to_text(), info.default_node_id + "@1.2.3.4:1");
    info.channels = Bytes{0x20, 0x21, 0x20};
    EXPECT_EQ(validate(info).error().check, "node_info.channels");
}

TEST(NodeInfo, PeersWithoutACommonChannelHaveNothingToSay) {
    NodeInfo mine;
    NodeInfo other;
    EXPECT_TRUE(compatible(mine, other).has_value());
    mine.channels = Bytes{0x20};
    EXPECT_FALSE(compatible(mine, other).has_value());
    other.channels = Bytes{0x30, 0x20};
    EXPECT_TRUE(compatible(mine, other).has_value());
    other.protocol_version.app = 7;
    other.protocol_version.p2p = 7;
    EXPECT_TRUE(compatible(mine, other).has_value());
    other.network = "another";
    EXPECT_EQ(compatible(mine, other).error().check, "node_info.network");
}

}  // namespace
}  // namespace tandem::types
