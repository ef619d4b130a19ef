#include "chain/requests.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"

namespace tandem::chain {
namespace {

types::Evidence light_attack(std::int64_t common_height) {
    types::LightClientAttackEvidence attack;
    attack.common_height = common_height;
    attack.total_voting_power = 100;
    attack.timestamp = seconds(4);
    for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
        types::Validator validator;
        validator.address.assign(types::address_bytes, number);
        validator.voting_power = number * 10;
        attack.byzantine_validators.push_back(validator);
    }
    types::Evidence evidence;
    evidence.sum = base::Box<types::LightClientAttackEvidence>(attack);
    return evidence;
}

TEST(Requests, EvidenceIsFlattenedInOrder) {
    const types::EvidenceList list{{double_vote(3, 9, 5), light_attack(2), double_vote(4, 8, 6)}};
    const auto flat = misbehavior(list);
    ASSERT_EQ(flat.size(), 4u);
    EXPECT_EQ(flat[0].type, abci::MisbehaviorType::duplicate_vote);
    EXPECT_EQ(flat[0].validator.address, types::Address(types::address_bytes, 9));
    EXPECT_EQ(flat[0].validator.power, 5);
    EXPECT_EQ(flat[0].height, 3);
    EXPECT_EQ(flat[0].time, seconds(3));
    EXPECT_EQ(flat[0].total_voting_power, 40);
    EXPECT_EQ(flat[1].type, abci::MisbehaviorType::light_client_attack);
    EXPECT_EQ(flat[1].validator.power, 10);
    EXPECT_EQ(flat[2].validator.power, 20);
    EXPECT_EQ(flat[2].height, 2);
    EXPECT_EQ(flat[2].time, seconds(4));
    EXPECT_EQ(flat[3].validator.power, 6);
}

TEST(Requests, TheFirstBlockHasNoVotesToShow) {
    const TestChain chain({10, 20}, 5);
    const auto built = chain.build({{1}});
    const BlockView view{built.id, *built.block, *chain.state.last_validators, 5};
    EXPECT_EQ(commit_info(view), abci::CommitInfo{});
    EXPECT_EQ(finalize_block_request(view).height, 5);
}

// Trap 13: the votes are shown with the validators and powers of the height before.
TEST(Requests, VotesAreThoseOfTheHeightBefore) {
    TestChain chain({10, 20, 30});
    abci::ResponseFinalizeBlock answer;
    answer.validator_updates = {{test_key(1).public_key(), 50}};
    chain.advance(answer);
    chain.advance();
    chain.advance({}, {{types::BlockIdFlag::commit, 9},
                       {types::BlockIdFlag::commit, 9},
                       {types::BlockIdFlag::absent, 0}});
    const auto built = chain.build();
    const BlockView view{built.id, *built.block, *chain.state.last_validators, 1};
    const auto info = commit_info(view);
    ASSERT_EQ(info.votes.size(), 3u);
    EXPECT_EQ(info.round, 0);
    for (std::size_t i = 0; i < 3; ++i) {
        const types::Validator& validator = chain.state.last_validators->validators()[i];
        EXPECT_EQ(info.votes[i].validator.address, validator.address);
        EXPECT_EQ(info.votes[i].validator.power, validator.voting_power);
    }
    EXPECT_EQ(info.votes[0].validator.power, 50);
    EXPECT_EQ(info.votes[2].block_id_flag, types::BlockIdFlag::absent);
}

TEST(Requests, TheThreeQuestionsAboutABlockSayTheSame) {
    TestChain chain({10, 20, 30});
    chain.advance();
    const std::vector<types::Evidence> pending{double_vote(1, 1)};
    const auto built = chain.build({{1, 2}, {3}}, pending);
    const BlockView view{built.id, *built.block, *chain.state.last_validators, 1};
    const auto finalize = finalize_block_request(view);
    const auto process = process_proposal_request(view);
    const auto extend = extend_vote_request(view);
    EXPECT_EQ(finalize.hash, built.id.hash);
    EXPECT_EQ(finalize.time, built.block->header.time);
    EXPECT_EQ(finalize.proposer_address, built.block->header.proposer_address);
    EXPECT_EQ(finalize.next_validators_hash, chain.state.next_validators.hash());
    EXPECT_EQ(finalize.txs.size(), 2u);
    EXPECT_EQ(finalize.misbehavior.size(), 1u);
    EXPECT_EQ(finalize.decided_last_commit, commit_info(view));
    // Their fields have the same numbers but for two of ExtendVote.
    EXPECT_EQ(wire::encode(process), wire::encode(finalize));
    EXPECT_EQ(extend.hash, finalize.hash);
    EXPECT_EQ(extend.txs, finalize.txs);
    EXPECT_EQ(extend.proposed_last_commit, finalize.decided_last_commit);
    EXPECT_EQ(extend.misbehavior, finalize.misbehavior);
    EXPECT_EQ(extend.time, finalize.time);
}

TEST(Requests, AnExtensionIsShownWithItsVote) {
    types::Vote vote;
    vote.type = types::SignedMsgType::precommit;
    vote.height = 7;
    vote.block_id.hash.assign(types::hash_bytes, 3);
    vote.block_id.part_set_header = {1, vote.block_id.hash};
    vote.validator_address.assign(types::address_bytes, 5);
    vote.extension = {1, 2};
    const auto request = verify_vote_extension_request(vote);
    EXPECT_EQ(request.hash, vote.block_id.hash);
    EXPECT_EQ(request.validator_address, vote.validator_address);
    EXPECT_EQ(request.height, 7);
    EXPECT_EQ(request.vote_extension, vote.extension);
    vote.block_id = {};
    EXPECT_DEATH((void)verify_vote_extension_request(vote), "is_zero");
}

}  // namespace
}  // namespace tandem::chain
