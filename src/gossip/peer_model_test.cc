#include "gossip/peer_model.h"

#include <gtest/gtest.h>

namespace tandem::gossip {
namespace {

using types::SignedMsgType;

types::NewRoundStep at(std::int64_t height, std::int32_t round, std::uint32_t step,
                       std::int32_t last_commit_round = 0) {
    return {height, round, step, 0, last_commit_round};
}

types::PartSetHeader header_of(std::uint32_t total) {
    return {total, types::Hash(types::hash_bytes, static_cast<std::uint8_t>(total))};
}

PeerModel peer_at(std::int64_t height, std::int32_t round) {
    PeerModel model;
    model.hear(at(height, round, 1));
    model.expect_votes(height, 4);
    return model;
}

BitArray bits(std::string_view text) {
    return BitArray::from_text(text).value();
}

TEST(PeerModel, APeerNeverGoesBack) {
    PeerModel model;
    model.hear(at(5, 1, 4));
    for (const auto& [height, round, step] :
         std::vector<std::tuple<std::int64_t, std::int32_t, std::uint32_t>>{
             {5, 1, 4}, {5, 1, 3}, {5, 0, 8}, {4, 9, 8}}) {
        PeerModel same = model;
        same.hear(at(height, round, step));
        EXPECT_EQ(same, model) << height << "/" << round << "/" << step;
    }
    model.hear(at(5, 1, 6));
    EXPECT_EQ(model.step, 6U);
}

TEST(PeerModel, AStepKeepsWhatThePeerHas) {
    PeerModel model = peer_at(5, 1);
    model.has_vote({5, 1, SignedMsgType::prevote}, 2);
    model.expect_parts(header_of(3));
    PeerModel expected = model;
    expected.step = 4;
    model.hear(at(5, 1, 4));
    EXPECT_EQ(model, expected);
}

TEST(PeerModel, ANewRoundForgetsProposalAndVotes) {
    PeerModel model = peer_at(5, 0);
    model.has_vote({5, 0, SignedMsgType::precommit}, 1);
    model.expect_parts(header_of(3));
    model.has_proposal = true;
    model.hear(at(5, 1, 1));
    EXPECT_FALSE(model.has_proposal || model.parts || model.prevotes || model.precommits);
    EXPECT_EQ(model.last_commit_round, 0);
}

TEST(PeerModel, ARoundThatWeCaughtItUpOnIsKnownAlready) {
    PeerModel model = peer_at(5, 0);
    model.expect_commit(5, 2, 4);
    model.has_vote({5, 2, SignedMsgType::precommit}, 3);
    model.hear(at(5, 2, 1));
    EXPECT_EQ(model.precommits, bits("___x"));
}

TEST(PeerModel, PrecommitsOfTheRoundThatDecidedBecomeTheLastCommit) {
    PeerModel model = peer_at(5, 1);
    model.has_vote({5, 1, SignedMsgType::precommit}, 0);
    PeerModel elsewhere = model;
    model.hear(at(6, 0, 1, 1));
    EXPECT_EQ(model.last_commit, bits("x___"));
    EXPECT_EQ(model.last_commit_round, 1);
    elsewhere.hear(at(6, 0, 1, 0));  // decided in another round than we knew it in
    EXPECT_FALSE(elsewhere.last_commit);
    EXPECT_EQ(elsewhere.last_commit_round, 0);
}

TEST(PeerModel, AProposalSaysWhichBlockItCollects) {
    PeerModel model = peer_at(5, 0);
    types::Proposal proposal;
    proposal.height = 5;
    proposal.round = 0;
    proposal.pol_round = -1;
    proposal.block_id.part_set_header = header_of(3);
    model.hear(proposal);
    EXPECT_TRUE(model.has_proposal);
    EXPECT_EQ(model.parts, bits("___"));
    model.has_part(5, 0, 1);
    model.has_part(5, 1, 2);   // of another round
    model.has_part(5, 0, 99);  // beyond the block
    EXPECT_EQ(model.parts, bits("_x_"));
}

TEST(PeerModel, ABlockThatTwoThirdsVotedForComesBeforeTheProposed) {
    PeerModel model = peer_at(5, 0);
    types::NewValidBlock valid{5, 0, header_of(2), {}, false};
    valid.block_parts.emplace() = bits("x_").to_message();
    model.hear(valid);
    types::Proposal proposal;
    proposal.height = 5;
    proposal.round = 0;
    proposal.block_id.part_set_header = header_of(3);
    model.hear(proposal);
    EXPECT_TRUE(model.has_proposal);
    EXPECT_EQ(model.parts_header, header_of(2));
    EXPECT_EQ(model.parts, bits("x_"));
}

TEST(PeerModel, ABlockOfAnotherRoundCountsOnlyWhenItIsDecided) {
    PeerModel model = peer_at(5, 2);
    types::NewValidBlock valid{5, 1, header_of(2), {}, false};
    valid.block_parts.emplace() = bits("x_").to_message();
    model.hear(valid);
    EXPECT_FALSE(model.parts);
    valid.is_commit = true;
    model.hear(valid);
    EXPECT_EQ(model.parts, bits("x_"));
}

TEST(PeerModel, VotesAreNotedWhereThePeerCanUseThem) {
    PeerModel model = peer_at(5, 2);
    model.expect_commit(5, 4, 4);
    model.expect_votes(4, 4);
    const auto noted = [&](std::int64_t height, std::int32_t round, SignedMsgType type) {
        return model.votes({height, round, type}) != nullptr;
    };
    EXPECT_TRUE(noted(5, 2, SignedMsgType::prevote));
    EXPECT_TRUE(noted(5, 2, SignedMsgType::precommit));
    EXPECT_TRUE(noted(5, 4, SignedMsgType::precommit));
    EXPECT_FALSE(noted(5, 4, SignedMsgType::prevote));
    EXPECT_FALSE(noted(5, 1, SignedMsgType::prevote));
    EXPECT_TRUE(noted(4, 0, SignedMsgType::precommit));
    EXPECT_FALSE(noted(4, 0, SignedMsgType::prevote));
    EXPECT_FALSE(noted(4, 1, SignedMsgType::precommit));
    EXPECT_FALSE(noted(6, 2, SignedMsgType::prevote));
}

TEST(PeerModel, BitsSetRightWhatIsBelievedOfOneBlock) {
    PeerModel model = peer_at(5, 0);
    for (const std::size_t index : {0U, 1U, 2U})
        model.has_vote({5, 0, SignedMsgType::prevote}, index);
    types::VoteSetBits message{5, 0, SignedMsgType::prevote, {}, bits("x__x").to_message()};
    // Ours for the block are 0 and 1; what it has of 2 is for another block, and stays.
    const BitArray ours = bits("xx__");
    PeerModel higher = model;
    model.hear(message, &ours);
    EXPECT_EQ(model.prevotes, bits("x_xx"));
    higher.hear(message, nullptr);
    EXPECT_EQ(higher.prevotes, bits("x__x"));
}

TEST(PeerModel, IndexesBeyondTheSetChangeNothing) {
    PeerModel model = peer_at(5, 0);
    const PeerModel before = model;
    model.has_vote({5, 0, SignedMsgType::prevote}, 4);
    model.hear(types::HasVote{5, 0, SignedMsgType::prevote, 2'000'000'000});
    model.hear(types::HasVote{6, 0, SignedMsgType::prevote, 0});
    EXPECT_EQ(model, before);
}

}  // namespace
}  // namespace tandem::gossip
