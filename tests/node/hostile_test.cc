// A whole node, and a bare peer that means harm: limits that show at this level best. Where there
// is an advisory of CometBFT's on it, the test has its number in its name.
#include <array>
#include <gtest/gtest.h>
#include <limits>

#include "p2p/testing.h"
#include "tests/node/virtual_network.h"
#include "types/blocksync_messages.h"
#include "types/consensus_messages.h"
#include "types/mempool_messages.h"

namespace tandem::testing {
namespace {

constexpr std::uint8_t state_channel = 0x20, data_channel = 0x21, vote_channel = 0x22,
                       vote_bits_channel = 0x23, mempool_channel = 0x30, blocksync_channel = 0x40;

class Hostile : public ::testing::Test {
  protected:
    VirtualNetwork network{4, 4};
    std::shared_ptr<const crypto::SigningKey> key;
    std::unique_ptr<Stranger> stranger;
    std::uint8_t keys = 77;

    void SetUp() override {
        network.start_all();
        ASSERT_TRUE(network.run_to_height(3));
        meet();
    }
    /// Another stranger, who is let in.
    void meet() {
        stranger.reset();
        key = std::make_shared<p2p::testing::FixedKey>(++keys);
        stranger =
            std::make_unique<Stranger>(network, node(), key, Stranger::good_info(network, *key));
        ASSERT_TRUE(
            network.run_until([&] { return stranger->introduced() && their_peer() != nullptr; }));
    }
    VirtualNode& node() { return network[attacked]; }
    std::size_t attacked = 0;
    /// What the node holds of the stranger; null before and after it is let in.
    const node::Peer* their_peer() {
        for (const auto& [link, peer] : node().node().peers())
            if (peer.link.open() && peer.link.peer_id() == types::node_id(key->public_key()))
                return &peer;
        return nullptr;
    }
    void say(std::uint8_t channel, const types::ConsensusMessage& message) {
        stranger->say(channel, wire::encode(message));
    }
    [[nodiscard]] std::int64_t height_at_work() {
        return node().node().engine().consensus_state().height;
    }
    template <typename M>
    void say_blocksync(M message) {
        types::BlocksyncMessage whole;
        whole.sum = std::move(message);
        stranger->say(blocksync_channel, wire::encode(whole));
    }
    [[nodiscard]] bool hangs_up() {
        return network.run_until([&] { return stranger->closed(); }, std::chrono::seconds(5));
    }
    /// Three more blocks come, and the honest peers are there.
    void expect_goes_on() {
        ASSERT_TRUE(network.run_to_height(node().height() + 3));
        EXPECT_EQ(std::ranges::count_if(node().node().peers(),
                                        [](const auto& entry) {
                                            return entry.second.link.peer_info().moniker !=
                                                   "stranger";
                                        }),
                  3);
    }
    /// Where the node is, so that it notes what is said of its height.
    void stand_with_the_node(std::int32_t round = 0) {
        say(state_channel, {types::NewRoundStep{height_at_work(), round, 3, 0, 0}});
    }
    types::Proposal proposal(std::uint32_t parts) {
        types::Proposal said;
        said.type = types::SignedMsgType::proposal;
        said.height = height_at_work();
        said.pol_round = -1;
        said.block_id.hash.assign(types::hash_bytes, 1);
        said.block_id.part_set_header = {parts, said.block_id.hash};
        said.timestamp = {1'700'000'000, 0};
        said.signature.assign(64, 1);
        return said;
    }
};

/// CometBFT pull request 5324: such a proposal made a bit array of its size before anybody looked
/// whether its proposer had signed it.
TEST_F(Hostile, CometBft5324_OversizeProposal) {
    for (const std::uint32_t parts :
         {std::uint32_t{types::block_parts_max} + 1, std::numeric_limits<std::uint32_t>::max()}) {
        meet();
        stand_with_the_node();
        say(data_channel, {types::ProposalMessage{proposal(parts)}});
        EXPECT_TRUE(hangs_up()) << parts;
        expect_goes_on();
    }
}

TEST_F(Hostile, AProposalOfNobodysIsNoCauseToHangUp) {
    stand_with_the_node();
    say(data_channel, {types::ProposalMessage{proposal(1)}});
    expect_goes_on();
    EXPECT_FALSE(stranger->closed());
}

/// GHSA-r3r4-g7hq-pq4f: the part was stored by its own index and proved by that of its proof.
TEST_F(Hostile, Asa2025_002_PartIndexAgainstProofIndex) {
    types::Part part;
    part.index = 1;
    part.bytes = {1, 2, 3};
    part.proof.total = 2;
    part.proof.index = 0;
    part.proof.leaf_hash.assign(types::hash_bytes, 1);
    part.proof.aunts.push_back(part.proof.leaf_hash);
    stand_with_the_node();
    say(data_channel, {types::BlockPart{height_at_work(), 0, part}});
    EXPECT_TRUE(hangs_up());
    expect_goes_on();
}

/// GHSA-hrhf-2vcr-ghch: the words of a bit array were fewer than its bits need.
TEST_F(Hostile, Asa2025_003_BitsAndWordsOfABitArrayDisagree) {
    types::BlockId block;
    block.hash.assign(types::hash_bytes, 1);
    block.part_set_header = {100, block.hash};
    const types::BitArrayMessage lies{100, {~std::uint64_t{0}}};
    const auto prevote = types::SignedMsgType::prevote;
    const auto one_of_each = [&](std::int64_t height) {
        return std::vector<std::pair<std::uint8_t, types::ConsensusMessage>>{
            {state_channel, {types::NewValidBlock{height, 0, block.part_set_header, {lies}, true}}},
            {data_channel, {types::ProposalPol{height, 0, lies}}},
            {vote_bits_channel, {types::VoteSetBits{height, 0, prevote, block, lies}}}};
    };
    for (std::size_t i = 0; i < 3; ++i) {
        meet();
        stand_with_the_node();
        const auto [channel, message] = one_of_each(height_at_work()).at(i);
        say(channel, message);
        EXPECT_TRUE(hangs_up()) << "message " << i;
        expect_goes_on();
    }
}

/// GHSA-p7mv-53f2-4cwj: a precommit with an extension, of a validator that does not exist.
TEST_F(Hostile, Asa2024_011_ValidatorIndexOutOfRange) {
    stand_with_the_node();
    for (const std::int32_t index : {4, std::numeric_limits<std::int32_t>::max()}) {
        types::Vote vote;
        vote.type = types::SignedMsgType::precommit;
        vote.height = height_at_work();
        vote.block_id = proposal(1).block_id;
        vote.timestamp = {1'700'000'000, 0};
        vote.validator_address.assign(types::address_bytes, 1);
        vote.validator_index = index;
        vote.signature.assign(64, 1);
        vote.extension = {1};
        vote.extension_signature.assign(64, 1);
        say(vote_channel, {types::VoteMessage{{vote}}});
        say(state_channel, {types::HasVote{vote.height, 0, vote.type, index}});
    }
    expect_goes_on();
    EXPECT_FALSE(stranger->closed());
}

/// CometBFT pull request 5946: two bytes on the wire, and a transaction each in memory.
TEST_F(Hostile, CometBft5946_MempoolBatchInflation) {
    constexpr std::size_t txs = 300'000;
    const std::vector<base::BytesView> nothing(txs);
    types::MempoolMessage message;
    message.sum = types::MempoolTxs{wire::Txs::copy_of(nothing)};
    stranger->say(mempool_channel, wire::encode(message));
    EXPECT_TRUE(hangs_up());
    expect_goes_on();
}

/// Ever so many transactions that the application refuses empty no cache of those that it took:
/// what a block had does not come back.
TEST_F(Hostile, AFloodOfBadTransactionsBringsNoneBack) {
    constexpr std::size_t floods = 6, good = 1'000, bad = 20'000;
    for (std::size_t flood = 0; flood < floods; ++flood) {
        std::vector<std::string> owned;
        for (std::size_t i = 0; i < bad; ++i) owned.push_back(std::to_string(flood * bad + i));
        for (std::size_t i = 0; i < good; ++i)
            owned[i * (bad / good)] = "k" + std::to_string(flood * good + i) + "=v";
        std::vector<base::BytesView> views;
        for (const std::string& tx : owned) views.push_back(base::as_bytes(tx));
        types::MempoolMessage message;
        message.sum = types::MempoolTxs{wire::Txs::copy_of(views)};
        stranger->say(mempool_channel, wire::encode(message));
    }
    ASSERT_TRUE(network.run_to_height(node().height() + 8));
    for (std::size_t i = 0; i < network.size(); ++i)
        EXPECT_EQ(network[i].node().mempool().size(), 0U) << "node " << i;
    std::map<std::string, int> times;
    for (std::int64_t height = 1; height <= node().height(); ++height)
        for (const base::BytesView tx : node().blocks().block(height)->data.txs)
            ++times[std::string(base::as_text(tx))];
    EXPECT_GE(times.size(), good);
    EXPECT_EQ(std::ranges::count_if(times, [](const auto& entry) { return entry.second > 1; }), 0);
}

/// The application is asked about a hundred of them at a time, and others have their turn.
TEST_F(Hostile, ManyTransactionsInOneMessageHoldNobodyUp) {
    constexpr std::size_t txs = 20'000, a_turn = 100;
    const std::vector<base::Bytes> bad(txs, base::Bytes{'b', 'a', 'd'});
    types::MempoolMessage message;
    message.sum = types::MempoolTxs{wire::Txs::copy_of(std::span<const base::Bytes>(bad))};
    stranger->say(mempool_channel, wire::encode(message));
    const auto failed = [&] { return node().node().mempool().counts().failed; };
    std::uint64_t before = failed(), most = 0;
    EXPECT_TRUE(network.run_until([&] {
        most = std::max(most, failed() - before);
        before = failed();
        return before >= txs;
    }));
    EXPECT_EQ(failed(), txs);
    EXPECT_LE(most, a_turn);
    expect_goes_on();
    EXPECT_FALSE(stranger->closed());
}

/// Whoever has the most of what does not end goes, and the others stay.
TEST_F(Hostile, MessagesThatDoNotEndAreHeldToOneBoundTogether) {
    constexpr std::size_t piece_bytes = 1'000;
    node().crash();
    network.unfinished_bytes_max = 3'000'000;
    node().start();
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (const std::size_t bytes : std::array<std::size_t, 3>{1'400'000, 1'000'000, 900'000}) {
        meet();
        for (std::size_t sent = 0; sent < bytes; sent += piece_bytes)
            stranger->say_packet(
                {types::PacketMsg{blocksync_channel, false, base::Bytes(piece_bytes, 0x0a)}});
        strangers.push_back(std::move(stranger));
    }
    EXPECT_TRUE(network.run_until([&] { return strangers[0]->closed(); }));
    ASSERT_TRUE(network.run_to_height(node().height() + 3));
    EXPECT_FALSE(strangers[1]->closed());
    EXPECT_FALSE(strangers[2]->closed());
    EXPECT_EQ(node().node().peers().size(), 5U);
}

/// A node that was away, and meets the stranger as soon as it is back.
class HostileSync : public Hostile {
  protected:
    static constexpr std::int64_t heights_missed = 30;
    void SetUp() override {
        attacked = 3;
        network.start_all();
        ASSERT_TRUE(network.run_to_height(3));
        network[3].crash();
        ASSERT_TRUE(network.run_to_height(heights_missed));
        network[3].start();
        meet();
        ASSERT_TRUE(node().node().syncs_blocks());
    }
    void expect_catches_up() {
        ASSERT_TRUE(network.run_until(
            [&] {
                return node().node().engine().consensus_runs() &&
                       node().height() >= network[0].height() && node().height() > heights_missed;
            },
            std::chrono::minutes(2)));
        EXPECT_GE(node().node().peers().size(), 3U);
    }
};

/// GHSA-22qq-3xwm-r5x4, CVE-2025-24371: first a height that nobody has, then a lower one.
TEST_F(HostileSync, Asa2025_001_APeerThatLowersItsHeight) {
    say_blocksync(types::StatusResponse{std::int64_t{1} << 40U, 1});
    say_blocksync(types::StatusResponse{1, 1});
    expect_catches_up();
}

/// GHSA-hg58-rf2h-6rr7: blocks that were not asked for, and bad ones where they were.
TEST_F(HostileSync, Asa2024_008_WrongBlocks) {
    say_blocksync(types::StatusResponse{1'000, 1});
    std::size_t answered = 0;
    const auto answer = [&] {
        for (; answered < stranger->heard.size(); ++answered) {
            const auto& heard = stranger->heard[answered];
            if (heard.channel != blocksync_channel) continue;
            const auto asked = wire::decode<types::BlocksyncMessage>(heard.message);
            const auto* request = asked ? std::get_if<types::BlockRequest>(&asked->sum) : nullptr;
            if (request == nullptr || stranger->closed()) continue;
            const auto stored = network[0].blocks().block(
                std::min<std::int64_t>(request->height, heights_missed / 2));
            if (!stored) continue;
            types::Block block = *stored;
            block.header.height = request->height;
            say_blocksync(types::BlockResponse{{std::move(block)}, {}});
        }
        return stranger->closed();
    };
    EXPECT_TRUE(network.run_until(answer));
    expect_catches_up();
}

/// A claim that nobody can meet holds nobody up.
TEST_F(HostileSync, AnAbsurdHeight) {
    say_blocksync(types::StatusResponse{std::numeric_limits<std::int64_t>::max(), 1});
    say(state_channel, {types::NewRoundStep{std::numeric_limits<std::int64_t>::max(), 0, 1, 0, 0}});
    expect_catches_up();
}

/// Blocks are read when there is room for them in what is being sent.
TEST_F(Hostile, RequestsForBlocksThatAreNotReadCostNoMemory) {
    constexpr std::size_t tx_bytes = 900'000, requests = 1'000;
    ASSERT_TRUE(node().submit("k=" + std::string(tx_bytes, 'v')));
    ASSERT_TRUE(network.run_until([&] { return node().node().mempool().size() == 0; }));
    std::int64_t large = node().height();
    while (node().blocks().meta(large)->block_size < static_cast<std::int64_t>(tx_bytes)) --large;
    for (std::size_t i = 0; i < requests; ++i) say_blocksync(types::BlockRequest{large});
    std::size_t most = 0, heard = 0;
    ASSERT_TRUE(network.run_until([&] {
        if (const node::Peer* peer = their_peer())
            most = std::max(most, peer->link.load(blocksync_channel).bytes);
        heard = static_cast<std::size_t>(std::ranges::count_if(
            stranger->heard,
            [](const auto& message) { return message.message.size() > tx_bytes; }));
        return heard >= node::Peer::wanted_blocks_max / 2;
    }));
    EXPECT_GT(most, 0U);
    EXPECT_LE(most, node::Peer::answer_bytes_ahead + 2 * tx_bytes);
    EXPECT_LE(heard, node::Peer::wanted_blocks_max);
    EXPECT_FALSE(stranger->closed());
}

}  // namespace
}  // namespace tandem::testing
