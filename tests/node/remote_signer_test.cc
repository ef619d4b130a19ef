// Whole nodes whose keys are with remote signers, under a virtual clock.
#include <gtest/gtest.h>

#include "tests/node/virtual_network.h"

namespace tandem::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct RemoteNetwork : VirtualNetwork {
    explicit RemoteNetwork(std::size_t validators) : VirtualNetwork(validators, validators) {
        has_remote_signers = true;
    }
    /// In the commit that the next block carries.
    bool node_signs_block(std::size_t index, std::int64_t height) {
        const auto next = (*this)[index].blocks().block(height + 1);
        const auto& commit = next->last_commit;
        const types::Address own{crypto::address((*this)[index].key())};
        return std::ranges::any_of(commit->signatures, [&](const types::CommitSig& signature) {
            return signature.validator_address == own &&
                   signature.block_id_flag == types::BlockIdFlag::commit;
        });
    }
};

/// All that any signer was asked to sign, once each.
void expect_each_step_signed_once(VirtualSigner& signer) {
    std::map<std::tuple<std::int64_t, std::int32_t, types::SignedMsgType>, base::Bytes> seen;
    for (const auto& [by_node, message] : signer.said) {
        const auto* answer = std::get_if<types::SignedVoteResponse>(&message.sum);
        if (answer == nullptr || answer->error) continue;
        const types::Vote& vote = answer->vote;
        const auto bytes = types::sign_bytes("virtual", vote);
        const auto [at, is_new] =
            seen.emplace(std::tuple{vote.height, vote.round, vote.type}, bytes);
        EXPECT_TRUE(is_new || at->second == bytes) << vote.height;
    }
    EXPECT_FALSE(seen.empty());
}

TEST(RemoteSigners, FourValidatorsAgree) {
    RemoteNetwork network(4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(10));
    for (std::size_t i = 0; i < 4; ++i) expect_each_step_signed_once(network[i].signer());
}

TEST(RemoteSigners, KilledNodesComeBack) {
    RemoteNetwork network(4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < 4; ++i) network[i].crash();
        const std::int64_t before = 3 + round;
        network.start_all();
        for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(network[i].refusal(), "");
        ASSERT_TRUE(network.run_to_height(before + 1));
    }
    for (std::size_t i = 0; i < 4; ++i) expect_each_step_signed_once(network[i].signer());
}

TEST(RemoteSigners, OneThatIsAwayCostsItsVotesAndNothingElse) {
    RemoteNetwork network(4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    network[3].signer().go();
    const std::int64_t gone = network[3].height();
    ASSERT_TRUE(network.run_to_height(gone + 6));  // the node itself follows, too
    EXPECT_FALSE(network.node_signs_block(3, gone + 4));
    network[3].signer().come();
    const std::int64_t back = network[3].height();
    ASSERT_TRUE(network.run_to_height(back + 6));
    EXPECT_TRUE(network.node_signs_block(3, back + 4));
    expect_each_step_signed_once(network[3].signer());
}

TEST(RemoteSigners, TheOnlyOneIsWaitedFor) {
    RemoteNetwork network(1);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(3));
    network[0].signer().go();
    EXPECT_FALSE(network.run_until([&] { return network[0].height() > 4; }, seconds(60)));
    network[0].signer().come();
    EXPECT_TRUE(network.run_to_height(10));
}

TEST(RemoteSigners, SlowOnesMakeSlowBlocks) {
    RemoteNetwork network(4);
    network.start_all();
    ASSERT_TRUE(network.run_to_height(2));
    for (std::size_t i = 0; i < 4; ++i) network[i].signer().answer_time = milliseconds(400);
    const std::int64_t from = network[0].height();
    ASSERT_TRUE(network.run_to_height(from + 5));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(network.node_signs_block(i, from + 3)) << i;
}

}  // namespace
}  // namespace tandem::testing
