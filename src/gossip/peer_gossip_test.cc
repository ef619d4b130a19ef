// Several cores that reach each other by gossip alone.
#include "gossip/peer_gossip.h"

#include <gtest/gtest.h>

#include "consensus/core_testing.h"

namespace tandem::gossip {
namespace {

using namespace consensus::testing;
using namespace consensus;

/// What a node has decided.
class Decided final : public StoredBlocks {
  public:
    [[nodiscard]] std::int64_t base() const override {
        return blocks.empty() ? 0 : blocks.begin()->first;
    }
    [[nodiscard]] std::optional<types::PartSetHeader> parts_header(
        std::int64_t height) const override {
        const auto found = blocks.find(height);
        if (found == blocks.end()) return std::nullopt;
        return found->second.parts->header();
    }
    [[nodiscard]] std::optional<types::Part> part(std::int64_t height,
                                                  std::uint32_t index) const override {
        const auto found = blocks.find(height);
        if (found == blocks.end() || found->second.parts->part(index) == nullptr)
            return std::nullopt;
        return *found->second.parts->part(index);
    }
    [[nodiscard]] CommitRecord commit(std::int64_t height) const override {
        const auto found = blocks.find(height);
        return found == blocks.end() ? CommitRecord{} : found->second.commit;
    }

    std::map<std::int64_t, Decide> blocks;
};

/// Nodes in a row; every message arrives at once, and time passes when there is none.
class Network {
  public:
    explicit Network(std::size_t size)
        : validators_(validators_of(std::vector<std::int64_t>(size, 10))) {
        for (std::size_t i = 0; i < size; ++i) nodes_.push_back(std::make_unique<Node>(i, size));
        for (auto& node : nodes_) start(*node, 1, {});
    }

    /// Until every node that is not cut off, and is not `except`, stands at `height`.
    void run_to(std::int64_t height, std::optional<std::size_t> except = {}) {
        for (int turns = 0; turns < 20'000 && lowest(except) < height; ++turns) {
            if (pump()) continue;
            if (!ring_next()) return;
        }
    }

    /// From now on nothing reaches the node and nothing leaves it.
    void cut_off(std::size_t index) { nodes_[index]->is_cut_off = true; }
    /// A new connection: both ends know nothing of each other.
    void connect(std::size_t index) {
        nodes_[index]->is_cut_off = false;
        for (auto& node : nodes_) {
            node->peers[index] = PeerGossip(PeerId{index + 1});
            nodes_[index]->peers[node->index] = PeerGossip(PeerId{node->index + 1});
        }
    }
    void claim_again() {
        for (auto& node : nodes_)
            for (PeerGossip& peer : node->peers) peer.claim_again();
    }

    [[nodiscard]] std::int64_t height(std::size_t index) const {
        return nodes_[index]->core.state().height;
    }
    [[nodiscard]] const Decided& decided(std::size_t index) const { return nodes_[index]->decided; }

    /// Votes and parts that reach this node are lost, though the sender believes otherwise.
    std::optional<std::size_t> loses;
    bool loses_precommits_only = false;
    std::size_t lost = 0;
    std::map<std::size_t, std::size_t> said;  // messages by kind
    std::size_t said_twice = 0;               // votes and parts to the same node by the same one

  private:
    struct Node {
        Node(std::size_t number, std::size_t size) : index(number) {
            for (std::size_t i = 0; i < size; ++i) peers.emplace_back(PeerId{i + 1});
        }
        std::size_t index;
        bool is_cut_off = false;
        Core core;
        std::optional<std::pair<std::int64_t, Timer>> timer;  // milliseconds
        Decided decided;
        std::vector<PeerGossip> peers;
        std::set<std::pair<std::size_t, crypto::Digest>> sent;
    };

    [[nodiscard]] std::int64_t lowest(std::optional<std::size_t> except) const {
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        for (const auto& node : nodes_)
            if (!node->is_cut_off && except != node->index)
                least = std::min(least, node->core.state().height);
        return least;
    }
    [[nodiscard]] Timestamp now() const {
        return {1'000'000 + now_ms_ / 1000, static_cast<std::int32_t>(now_ms_ % 1000) * 1'000'000};
    }

    void start(Node& node, std::int64_t height, CommitRecord last_commit) {
        StartHeight event;
        event.height = height;
        event.validators = validators_;
        event.last_validators = validators_;
        event.last_commit = std::move(last_commit);
        event.own_address = validators_->validators()[node.index].address;
        feed(node, std::move(event));
    }

    void feed(Node& node, Event event) {
        const auto ready = node.core.step({now(), std::move(event)});
        if (!ready) return;
        for (const Inward& effect : ready->now)
            std::visit([&](const auto& e) { on(node, e); }, effect);
        for (const Outward& effect : ready->once_durable)
            std::visit([&](const auto& e) { on(node, e); }, effect);
    }

    void on(Node& node, const SetTimer& e) {
        node.timer.emplace(now_ms_ + std::max<std::int64_t>(0, e.after.nanos / 1'000'000), e.timer);
    }
    void on(Node& node, const BuildBlock& e) {
        const auto* commit = std::get_if<Shared<types::Commit>>(&e.last_commit);
        const HeldBlock block = make_block(e.height, std::string(150'000, 'x'),
                                           commit != nullptr ? **commit : types::Commit{});
        feed(node, BlockBuilt{e.height, e.round, block.id, block.block, block.parts});
    }
    void on(Node& node, const JudgeBlock& e) {
        feed(node, BlockJudged{e.height, e.id, Judgement::accepted});
    }
    void on(Node& node, const CastProposal& e) {
        feed(node, ProposalSigned{signed_proposal(e.unsigned_proposal, key(node))});
    }
    void on(Node& node, const CastVote& e) {
        feed(node, VoteSigned{signed_vote(e.unsigned_vote, key(node), Extensions::disabled)});
    }
    void on(Node& node, const Decide& e) {
        node.decided.blocks.emplace(e.height, e);
        start(node, e.height + 1, e.commit);
    }
    void on(Node& node, const consensus::NewRoundStep&) {
        for (PeerGossip& peer : node.peers) peer.tell_round_step();
    }
    void on(Node& node, const consensus::NewValidBlock& e) {
        for (PeerGossip& peer : node.peers) peer.tell(e);
    }
    void on(Node& node, const VoteAdded& e) {
        for (PeerGossip& peer : node.peers) peer.tell(e);
    }
    template <typename Effect>
    void on(Node&, const Effect&) {}

    [[nodiscard]] const crypto::PublicKey& key(const Node& node) const {
        return validators_->validators()[node.index].pub_key;
    }

    /// Every node says to every other what there is to say. False when that is nothing.
    bool pump() {
        bool any = false;
        for (auto& from : nodes_)
            for (auto& to : nodes_)
                if (from != to && !from->is_cut_off && !to->is_cut_off)
                    any = speak(*from, *to) || any;
        return any;
    }

    bool speak(Node& from, Node& to) {
        bool any = false;
        PeerGossip& peer = from.peers[to.index];
        for (const Channel channel :
             {Channel::state, Channel::data, Channel::vote, Channel::vote_set_bits})
            while (const auto bytes =
                       peer.next(channel, {from.core.state(), from.decided, now()})) {
                any = true;
                auto message = wire::decode<types::ConsensusMessage>(*bytes);
                TANDEM_CHECK(message && types::check_decoded(*message));
                ++said[message->sum.index()];
                const bool is_content = channel == Channel::data || channel == Channel::vote;
                if (is_content && !from.sent.emplace(to.index, crypto::sha256(*bytes)).second)
                    ++said_twice;
                hear(to, from, *message);
            }
        return any;
    }

    [[nodiscard]] bool is_lost(const Node& to, const types::ConsensusMessage& message) const {
        if (loses != to.index) return false;
        const auto* vote = std::get_if<types::VoteMessage>(&message.sum);
        if (loses_precommits_only)
            return vote != nullptr && vote->vote->type == types::SignedMsgType::precommit;
        return vote != nullptr || std::holds_alternative<types::BlockPart>(message.sum);
    }

    void hear(Node& to, Node& from, const types::ConsensusMessage& message) {
        if (is_lost(to, message)) {
            ++lost;
            return;
        }
        const PeerId id{from.index + 1};
        if (const auto* claim = std::get_if<types::VoteSetMaj23>(&message.sum))
            feed(to,
                 PeerClaimsMajority{id, claim->height, claim->round, claim->type, claim->block_id});
        to.peers[from.index].hear(message, {to.core.state(), to.decided, now()});
        if (const auto* proposal = std::get_if<types::ProposalMessage>(&message.sum)) {
            const auto verified = verify_proposal(
                FakeVerifier{}, chain_id, to.core.state().validators->proposer().pub_key,
                Shared<types::Proposal>::make(proposal->proposal));
            if (verified) feed(to, ProposalReceived{id, *verified});
        } else if (const auto* part = std::get_if<types::BlockPart>(&message.sum)) {
            feed(to, PartReceived{id, part->height, part->round,
                                  Shared<types::Part>::make(part->part)});
        } else if (const auto* vote = std::get_if<types::VoteMessage>(&message.sum)) {
            const auto index = static_cast<std::size_t>(vote->vote->validator_index);
            const auto verified =
                verify_vote(FakeVerifier{}, chain_id, validators_->validators()[index].pub_key,
                            Shared<types::Vote>::make(*vote->vote), Extensions::disabled);
            if (verified) feed(to, VoteReceived{id, *verified});
        }
    }

    bool ring_next() {
        Node* next = nullptr;
        for (auto& node : nodes_)
            if (node->timer && (next == nullptr || node->timer->first < next->timer->first))
                next = node.get();
        if (next == nullptr) return false;
        now_ms_ = std::max(now_ms_, next->timer->first);
        const Timer timer = next->timer->second;
        next->timer.reset();
        feed(*next, TimerRang{timer});
        return true;
    }

    Shared<types::ValidatorSet> validators_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::int64_t now_ms_ = 0;
};

constexpr std::size_t vote_kind = 6;  // places in ConsensusMessage's variant
constexpr std::size_t part_kind = 5;

TEST(PeerGossip, NodesDecideAndNobodyHearsTheSameVoteOrPartTwice) {
    Network network(4);
    network.run_to(12);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(network.height(i), 12);
    EXPECT_EQ(network.said_twice, 0U);
    // Of 11 heights with 4 prevotes and 4 precommits each, every node lacks those of 3 others; a
    // vote that two tell at once comes twice at most. So do parts.
    EXPECT_LE(network.said[vote_kind], 11U * 8 * 3 * 2);
    const std::size_t parts = network.decided(0).parts_header(5)->total;
    EXPECT_EQ(parts, 3U);
    EXPECT_LE(network.said[part_kind], 12U * (parts + 1) * 3 * 2);
}

TEST(PeerGossip, AQuietNetworkHasNothingToSay) {
    Network network(1);
    network.run_to(3);
    EXPECT_EQ(network.height(0), 3);
    EXPECT_TRUE(network.said.empty());
}

TEST(PeerGossip, WhoWasAwayIsBroughtToTheLiveHeight) {
    Network network(4);
    network.run_to(3);
    network.cut_off(2);
    network.run_to(9);
    EXPECT_LT(network.height(2), 5);
    network.connect(2);
    network.run_to(12);
    EXPECT_GE(network.height(2), 12);
    for (std::int64_t height = 1; height < 12; ++height)
        EXPECT_EQ(network.decided(2).blocks.at(height).id, network.decided(0).blocks.at(height).id);
}

TEST(PeerGossip, WhatAPeerDidNotTakeIsSaidAgainOnceItTellsWhatItHas) {
    Network network(4);
    network.run_to(4);
    network.loses = 1;  // the rest go on without it, and believe that it has all votes
    network.loses_precommits_only = true;
    network.run_to(6, 1);
    EXPECT_GT(network.lost, 0U);
    EXPECT_LT(network.height(1), 6);
    network.loses.reset();
    network.run_to(8, 1);
    EXPECT_LT(network.height(1), 6);  // nobody knows better
    network.claim_again();
    network.run_to(10);
    EXPECT_GE(network.height(1), 10);
}

/// One core with its peer, by hand.
struct Desk {
    Bench bench;
    Decided decided;
    PeerGossip peer{another_peer};

    [[nodiscard]] OurView view() const { return {bench.state(), decided, bench.now}; }
    std::optional<types::ConsensusMessage> next(Channel channel) {
        const auto bytes = peer.next(channel, view());
        if (!bytes) return std::nullopt;
        return *wire::decode<types::ConsensusMessage>(*bytes);
    }
    void hear(auto message) { peer.hear(types::ConsensusMessage{std::move(message)}, view()); }
};

TEST(PeerGossip, ThePeerHearsFirstWhereWeStandAndThenNothingMore) {
    Desk desk;
    const auto message = desk.next(Channel::state);
    ASSERT_TRUE(message);
    const auto* step = std::get_if<types::NewRoundStep>(&message->sum);
    ASSERT_NE(step, nullptr);
    EXPECT_EQ(step->height, 1);
    EXPECT_EQ(step->last_commit_round, -1);
    EXPECT_FALSE(desk.next(Channel::state));
}

TEST(PeerGossip, AVoteLeavesInTheTurnInWhichItCame) {
    Desk desk;
    desk.hear(types::NewRoundStep{1, 0, 3, 0, -1});
    EXPECT_FALSE(desk.next(Channel::vote));
    desk.bench.prevote(0, 0, {});
    const auto message = desk.next(Channel::vote);
    ASSERT_TRUE(message);
    EXPECT_EQ(std::get<types::VoteMessage>(message->sum).vote->validator_index, 0);
    EXPECT_FALSE(desk.next(Channel::vote));
}

TEST(PeerGossip, WhatIsSparedAPeerComesDueAfterTwoPeriods) {
    Bench bench;
    bench.ring();
    const auto block = make_block(1, "block");
    bench.propose(block);
    const Decided nothing;
    const OurView view{bench.state(), nothing, bench.now};
    PeerGossip peer(a_peer);
    peer.hear(types::ConsensusMessage{types::NewRoundStep{1, 0, 3, 0, -1}}, view);
    peer.spare(PartAdded{1, 0, 0, {7}});
    const auto parts_said = [&] {
        std::size_t parts = 0;
        while (const auto bytes = peer.next(Channel::data, view))
            parts += std::holds_alternative<types::BlockPart>(
                wire::decode<types::ConsensusMessage>(*bytes)->sum);
        return parts;
    };
    EXPECT_EQ(parts_said(), 0U);
    EXPECT_TRUE(peer.end_sparing());
    EXPECT_EQ(parts_said(), 0U) << "it was spared a moment ago";
    EXPECT_TRUE(peer.end_sparing());
    EXPECT_EQ(parts_said(), 1U);
    EXPECT_FALSE(peer.end_sparing());
}

TEST(PeerGossip, APeerThatSaysThatItHasTheBlockIsNotSentIt) {
    Bench bench;
    bench.ring();
    bench.propose(make_block(1, "block"));
    const Decided nothing;
    const OurView view{bench.state(), nothing, bench.now};
    PeerGossip peer(a_peer);
    peer.hear(types::ConsensusMessage{types::NewRoundStep{1, 0, 3, 0, -1}}, view);
    PeerGossip at_the_peer(a_peer);
    at_the_peer.tell_complete_block(bench.state());
    at_the_peer.hear(types::ConsensusMessage{types::NewRoundStep{1, 0, 3, 0, -1}}, view);
    while (const auto bytes = at_the_peer.next(Channel::state, view))
        peer.hear(*wire::decode<types::ConsensusMessage>(*bytes), view);
    EXPECT_TRUE(peer.model().parts && peer.model().parts->is_full());
}

TEST(PeerGossip, APeerThatHasNotSaidWhereItStandsGetsNothing) {
    Desk desk;
    desk.bench.prevote(0, 0, {});
    EXPECT_FALSE(desk.next(Channel::vote));
    EXPECT_FALSE(desk.next(Channel::data));
}

TEST(PeerGossip, AQuestionForVotesIsAnsweredWithThoseForThatBlock) {
    Desk desk;
    const BlockId id = make_block(1, "one").id;
    desk.bench.prevote(0, 0, id);
    desk.bench.prevote(1, 0, {});
    const types::VoteSetMaj23 asked{1, 0, types::SignedMsgType::prevote, id};
    desk.bench.feed(PeerClaimsMajority{another_peer, 1, 0, types::SignedMsgType::prevote, id});
    desk.hear(asked);
    const auto message = desk.next(Channel::vote_set_bits);
    ASSERT_TRUE(message);
    const auto& bits = std::get<types::VoteSetBits>(message->sum);
    EXPECT_EQ(bits.block_id, id);
    EXPECT_EQ(BitArray::from_message(bits.votes), BitArray::from_text("x___"));
    EXPECT_FALSE(desk.next(Channel::vote_set_bits));
    desk.hear(types::VoteSetMaj23{7, 0, types::SignedMsgType::prevote, id});  // of another height
    EXPECT_FALSE(desk.next(Channel::vote_set_bits));
}

TEST(PeerGossip, AFloodOfQuestionsIsAnsweredInPart) {
    Desk desk;
    for (std::int32_t round = 0; round < 1000; ++round)
        desk.hear(types::VoteSetMaj23{1, round, types::SignedMsgType::prevote, {}});
    int answers = 0;
    while (desk.next(Channel::vote_set_bits)) ++answers;
    EXPECT_EQ(answers, 16);
}

}  // namespace
}  // namespace tandem::gossip
