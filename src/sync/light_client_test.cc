#include "sync/light_client.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"
#include "types/evidence_verify.h"

namespace tandem::sync {
namespace {

using types::LightBlock;
using Blocks = std::map<std::int64_t, LightBlock>;

constexpr std::int64_t fork_height = 24;

/// A chain whose validators are replaced bit by bit, and one that parts from it.
class Chains {
  public:
    Chains() {
        chain::TestChain chain{{10, 10, 10}};
        for (int i = 0; i < 40; ++i) {
            if (chain.state.next_height() == fork_height) {
                chain::TestChain other = chain;
                forked = real;
                for (int j = 0; j < 15; ++j) advance(other, forked, {base::Bytes{1, 2, 3}});
            }
            advance(chain, real, {});
        }
    }
    Blocks real, forked;  // equal below fork_height

  private:
    static void advance(chain::TestChain& chain, Blocks& blocks, std::vector<base::Bytes> txs) {
        abci::ResponseFinalizeBlock answer;
        answer.tx_results.resize(txs.size());
        const auto built = chain.build(std::move(txs));
        const std::int64_t height = built.block->header.height;
        LightBlock& block = blocks[height];
        block.signed_header.emplace().header.emplace() = built.block->header;
        block.signed_header->commit.emplace() = chain.commit_for(built.id);
        block.validator_set.emplace() = chain.state.validators->to_message();
        answer.app_hash = base::Bytes(4, static_cast<std::uint8_t>(height));
        // Every fifth height one validator leaves and another comes: keys 1 to 15.
        if (height % 5 == 0 && height / 5 + 3 < 15) {
            const auto step = static_cast<std::uint8_t>(height / 5);
            answer.validator_updates.push_back({chain::test_key(step).public_key(), 0});
            answer.validator_updates.push_back(
                {chain::test_key(static_cast<std::uint8_t>(step + 3)).public_key(), 10});
        }
        TANDEM_CHECK(chain.try_advance(built, answer).has_value());
    }
};

const Chains& chains() {
    static const Chains made;
    return made;
}

struct LightClientTest : ::testing::Test {
    using Server = std::function<base::Result<LightBlock>(std::int64_t height)>;
    std::vector<Server> servers = {of(chains().real), of(chains().real), of(chains().real)};
    std::vector<BlockQuestion> asked;
    types::Timestamp now = chain::seconds(1000);

    static Server of(const Blocks& blocks) {
        return [&blocks](std::int64_t height) -> base::Result<LightBlock> {
            const auto found = height == 0 ? std::prev(blocks.end()) : blocks.find(height);
            if (found == blocks.end()) return base::refuse(light_not_there, "is not there");
            return found->second;
        };
    }
    /// As `of`, with one height changed.
    static Server liar(std::int64_t height, const std::function<void(LightBlock&)>& lie) {
        return [height, lie, honest = of(chains().real)](std::int64_t at) {
            auto block = honest(at);
            if (block && header_of(*block).height == height) lie(*block);
            return block;
        };
    }
    static base::Result<LightBlock> away(std::int64_t) {
        return base::refuse(light_no_answer, "is away");
    }

    LightClientConfig config() const {
        LightClientConfig made;
        made.chain_id = "test-chain";
        for (std::size_t i = 0; i < servers.size(); ++i)
            made.servers.push_back("server " + std::to_string(i));
        return made;
    }
    LightClient anchored(LightClientConfig with, std::int64_t height = 2) {
        LightClient client(std::move(with), {}, crypto::real_verifier());
        client.anchor(height, types::hash_of(header_of(chains().real.at(height))));
        const auto outcome = run(client);
        EXPECT_TRUE(outcome) << outcome.error().check << ": " << outcome.error().why;
        return client;
    }
    base::Result<LightBlock> run(LightClient& client) {
        asked.clear();
        while (true) {
            if (auto outcome = client.outcome()) {
                EXPECT_FALSE(client.next_question());
                return std::move(*outcome);
            }
            const auto question = client.next_question();
            TANDEM_CHECK(question.has_value() && asked.size() < 500);
            asked.push_back(*question);
            client.answer(servers.at(question->server)(question->height), now);
        }
    }
    base::Result<LightBlock> wanted(LightClient& client, std::int64_t height) {
        client.want(height);
        return run(client);
    }
    std::string fault(LightClient& client, std::int64_t height) {
        const auto outcome = wanted(client, height);
        return outcome ? "" : outcome.error().check;
    }
};

TEST_F(LightClientTest, SkipsAndRemembers) {
    LightClient client = anchored(config());
    const auto block = wanted(client, 35);
    ASSERT_TRUE(block);
    EXPECT_EQ(*block, chains().real.at(35));
    EXPECT_GT(asked.size(), 5U) << "the validators are others by then";
    EXPECT_LT(asked.size(), 30U) << "but not by every height";
    EXPECT_TRUE(wanted(client, 35));
    EXPECT_TRUE(asked.empty());
    const auto between = wanted(client, 34);
    ASSERT_TRUE(between);
    EXPECT_EQ(*between, chains().real.at(34));
    const auto newest = wanted(client, 0);
    ASSERT_TRUE(newest);
    EXPECT_EQ(header_of(*newest).height, 40);
}

TEST_F(LightClientTest, GoesStepByStepWhereToldTo) {
    auto with = config();
    with.sequential = true;
    LightClient client = anchored(with);
    ASSERT_TRUE(wanted(client, 12));
    EXPECT_EQ(client.trusted().size(), 11U);
    EXPECT_EQ(asked.size(), 10U + 2U);
}

TEST_F(LightClientTest, GoesBackByHashes) {
    LightClient client = anchored(config(), 20);
    const auto block = wanted(client, 15);
    ASSERT_TRUE(block);
    EXPECT_EQ(*block, chains().real.at(15));
    EXPECT_EQ(asked.size(), 5U);
    for (Server& server : servers)
        server = liar(17, [](LightBlock& lie) {
            lie.signed_header->header->app_hash.assign(4, 99);
            lie.signed_header->commit->block_id.hash = types::hash_of(header_of(lie));
        });
    EXPECT_EQ(fault(client, 14), "header.hash");
}

TEST_F(LightClientTest, GoesOnFromWhatWasStored) {
    LightClient before = anchored(config());
    ASSERT_TRUE(wanted(before, 20));
    LightClient client(config(), before.trusted(), crypto::real_verifier());
    EXPECT_TRUE(wanted(client, 20));
    EXPECT_TRUE(asked.empty());
    EXPECT_TRUE(wanted(client, 22));
}

TEST_F(LightClientTest, ForgetsTheOldest) {
    auto with = config();
    with.blocks_max = 2;
    LightClient client = anchored(with);
    ASSERT_TRUE(wanted(client, 30));
    EXPECT_EQ(client.trusted().size(), 2U);
    EXPECT_TRUE(client.trusted().contains(30));
}

TEST_F(LightClientTest, RefusesAnotherChainThanTheTrustedOne) {
    LightClient client(config(), {}, crypto::real_verifier());
    client.anchor(3, types::hash_of(header_of(chains().real.at(2))));
    const auto outcome = run(client);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().check, "light.trust_hash");
}

TEST_F(LightClientTest, RefusesWhatIsTooOld) {
    auto with = config();
    LightClient client = anchored(with);
    now = chain::seconds(8 * 24 * 3600);
    EXPECT_EQ(fault(client, 30), "light.trust_period");
}

TEST_F(LightClientTest, ReplacesAPrimaryThatIsAway) {
    LightClient client = anchored(config());
    servers[0] = away;
    EXPECT_TRUE(wanted(client, 30));
    EXPECT_EQ(client.primary(), 1U);
    EXPECT_TRUE(client.is_used(0));
    EXPECT_FALSE(client.take_notes().empty());
    servers[1] = servers[2] = away;
    EXPECT_EQ(fault(client, 31), light_no_answer);
}

TEST_F(LightClientTest, KeepsThePrimaryWhereNobodyHasTheHeight) {
    LightClient client = anchored(config());
    EXPECT_EQ(fault(client, 99), light_not_there);
    EXPECT_EQ(client.primary(), 0U);
    EXPECT_TRUE(wanted(client, 30));
}

TEST_F(LightClientTest, LeavesOutAPrimaryThatLies) {
    LightClient client = anchored(config());
    servers[0] = liar(
        30, [](LightBlock& lie) { lie.signed_header->commit->signatures[0].signature[3] ^= 1; });
    const auto block = wanted(client, 30);
    ASSERT_TRUE(block);
    EXPECT_EQ(*block, chains().real.at(30));
    EXPECT_FALSE(client.is_used(0));
    EXPECT_EQ(client.primary(), 1U);
    const auto notes = client.take_notes();
    ASSERT_FALSE(notes.empty());
    EXPECT_NE(notes[0].find("server 0 lies"), std::string::npos) << notes[0];
}

TEST_F(LightClientTest, LeavesOutAWitnessThatLies) {
    LightClient client = anchored(config());
    servers[1] = liar(30, [](LightBlock& lie) {
        lie.signed_header->header->app_hash.assign(4, 99);
        lie.signed_header->commit->block_id.hash = types::hash_of(header_of(lie));
    });
    EXPECT_TRUE(wanted(client, 30)) << "the other witness is enough";
    EXPECT_FALSE(client.is_used(1));
    EXPECT_FALSE(client.attack());
    servers[2] = away;
    EXPECT_EQ(fault(client, 31), "light.witness");
}

TEST_F(LightClientTest, WaitsForAWitnessThatIsBehind) {
    LightClient client = anchored(config());
    int missing = 3;
    servers[1] = [&missing](std::int64_t height) -> base::Result<LightBlock> {
        if (missing-- > 0) return base::refuse(light_not_there, "not yet");
        return of(chains().real)(height);
    };
    servers[2] = away;
    EXPECT_TRUE(wanted(client, 30));
    EXPECT_TRUE(asked[asked.size() - 2].again);
}

TEST_F(LightClientTest, NeedsNoWitnessWhereThereIsNone) {
    servers.resize(1);
    LightClient client = anchored(config());
    EXPECT_TRUE(wanted(client, 30));
}

/// What a full node of `blocks` says of the evidence.
base::Verdict judged(const types::LightClientAttackEvidence& evidence, const Blocks& blocks) {
    const LightBlock& common = blocks.at(evidence.common_height);
    const std::int64_t height = header_of(*evidence.conflicting_block).height;
    const auto set = types::ValidatorSet::from_message(*common.validator_set);
    types::Evidence wrapped;
    wrapped.sum = base::Box<types::LightClientAttackEvidence>(evidence);
    TANDEM_TRY(types::validate_basic(wrapped));
    return types::verify_light_attack(evidence, *common.signed_header,
                                      *blocks.at(height).signed_header, *set);
}

TEST_F(LightClientTest, TellsBothSidesOfAnAttack) {
    for (const bool primary_attacks : {true, false}) {
        servers = {of(primary_attacks ? chains().forked : chains().real),
                   of(primary_attacks ? chains().real : chains().forked)};
        LightClient client = anchored(config());
        EXPECT_EQ(fault(client, 36), "light.attack");
        ASSERT_TRUE(client.attack());
        const auto& attack = *client.attack();
        EXPECT_GE(attack.height, fork_height);
        ASSERT_TRUE(attack.for_witness);
        ASSERT_TRUE(attack.for_primary);
        const Blocks& of_witness = primary_attacks ? chains().real : chains().forked;
        const Blocks& of_primary = primary_attacks ? chains().forked : chains().real;
        const auto by_witness = judged(*attack.for_witness, of_witness);
        EXPECT_TRUE(by_witness) << by_witness.error().check << ": " << by_witness.error().why;
        const auto by_primary = judged(*attack.for_primary, of_primary);
        EXPECT_TRUE(by_primary) << by_primary.error().check << ": " << by_primary.error().why;
        EXPECT_FALSE(attack.for_witness->byzantine_validators.empty());
        EXPECT_EQ(fault(client, 20), "light.attack") << "nothing is believed any more";
    }
}

}  // namespace
}  // namespace tandem::sync
