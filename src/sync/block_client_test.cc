#include "sync/block_client.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sync/testing.h"

namespace tandem::sync {
namespace {

using testing::Follower;
using testing::second;
using testing::Source;

std::vector<std::pair<std::uint64_t, std::int64_t>> asked(const std::vector<BlockEffect>& effects) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> all;
    for (const BlockEffect& effect : effects)
        if (const auto* question = std::get_if<AskBlock>(&effect))
            all.emplace_back(question->peer.value, question->height);
    return all;
}
std::vector<std::uint64_t> dropped(const std::vector<BlockEffect>& effects) {
    std::vector<std::uint64_t> all;
    for (const BlockEffect& effect : effects)
        if (const auto* drop = std::get_if<Drop>(&effect)) all.push_back(drop->peer.value);
    return all;
}

struct ClientTest : ::testing::Test {
    Source source;

    /// Every question is answered at once, until nothing is left to do.
    static void run(Follower& follower) {
        while (true) {
            const auto questions = asked(follower.effects());
            if (questions.empty()) return;
            for (const auto& [peer, height] : questions) EXPECT_TRUE(follower.give(peer, height));
            follower.execute();
        }
    }
};

TEST_F(ClientTest, FollowsAChain) {
    source.grow(50);
    Follower follower(source);
    EXPECT_FALSE(follower.client.is_caught_up()) << "nobody is there";
    follower.add_peer(1);
    EXPECT_EQ(follower.effects(), std::vector<BlockEffect>{AskStatus{{1}}});
    EXPECT_FALSE(follower.client.is_caught_up()) << "it has not said how far it is";
    follower.tell_status(1, 50);
    EXPECT_FALSE(follower.client.is_caught_up());
    run(follower);
    EXPECT_EQ(follower.client.next_height(), 50) << "the last one is proven by its successor only";
    EXPECT_EQ(follower.client.executed_count(), 49);
    EXPECT_TRUE(follower.client.is_caught_up());
    EXPECT_EQ(follower.state, source.states[49]);
    // The chain goes on.
    source.grow(5);
    follower.tell_status(1, 55);
    EXPECT_FALSE(follower.client.is_caught_up());
    run(follower);
    EXPECT_EQ(follower.client.next_height(), 55);
    EXPECT_LE(follower.client.waiting_bytes(), 1000U);
}

TEST_F(ClientTest, GoesOnBehindBlocksThatTookEffectWithoutIt) {
    source.grow(30);
    Follower follower(source);
    follower.add_peer(1);
    follower.tell_status(1, 30);
    auto questions = asked(follower.effects());
    ASSERT_EQ(questions.size(), 20U);
    EXPECT_TRUE(follower.give(1, 2));
    for (int height = 1; height <= 3; ++height) follower.client.passed(follower.now);
    follower.state = source.states[3];
    EXPECT_EQ(follower.client.next_height(), 4);
    EXPECT_TRUE(follower.give(1, 1)) << "it was asked";
    for (const auto& [peer, height] : asked(follower.effects()))
        questions.emplace_back(peer, height);
    for (const auto& [peer, height] : questions)
        if (height > 3) {
            EXPECT_TRUE(follower.give(peer, height));
        }
    EXPECT_GT(follower.execute(), 0);
    run(follower);
    EXPECT_EQ(follower.state, source.states[29]);
    EXPECT_EQ(follower.client.executed_count(), 26);
    EXPECT_LE(follower.client.waiting_bytes(), 1000U);
}

TEST_F(ClientTest, IsCaughtUpWhereNobodyHasBlocks) {
    Follower follower(source);
    follower.add_peer(1);
    follower.tell_status(1, 0, 0);
    EXPECT_TRUE(follower.client.is_caught_up());
    follower.tell_status(1, 2);
    EXPECT_TRUE(follower.client.is_caught_up()) << "consensus makes up for so much";
    follower.tell_status(1, 3);
    EXPECT_FALSE(follower.client.is_caught_up());
}

TEST_F(ClientTest, ListensForAWhileBeforeItBelieves) {
    Follower follower(source, {.settle = second});
    follower.now = 10 * second;
    follower.add_peer(1);
    follower.tell_status(1, 0, 0);
    EXPECT_FALSE(follower.client.is_caught_up());
    follower.now += second / 2;
    follower.add_peer(2);
    follower.tell_status(2, 40);
    follower.now += second / 2;
    follower.client.tick(follower.now);
    EXPECT_FALSE(follower.client.is_caught_up()) << "somebody is further";
    follower.client.remove_peer({2}, follower.now);
    EXPECT_TRUE(follower.client.is_caught_up());
}

TEST_F(ClientTest, SharesTheWorkAmongPeers) {
    source.grow(100);
    Follower follower(source);
    for (const std::uint64_t peer : {1U, 2U, 3U}) {
        follower.add_peer(peer);
        follower.tell_status(peer, 100);
    }
    std::map<std::uint64_t, int> count;
    for (const auto& [peer, height] : asked(follower.effects())) ++count[peer];
    EXPECT_EQ(count, (std::map<std::uint64_t, int>{{1, 20}, {2, 20}, {3, 20}}));
}

TEST_F(ClientTest, AsksOnlyWhoHasTheBlock) {
    source.grow(30);
    Follower follower(source);
    follower.add_peer(1);
    follower.tell_status(1, 10, 1);
    follower.add_peer(2);
    follower.tell_status(2, 30, 11);
    for (const auto& [peer, height] : asked(follower.effects()))
        EXPECT_EQ(peer, height <= 10 ? 1U : 2U) << height;
    EXPECT_EQ(follower.client.height_max(), 30);
}

TEST_F(ClientTest, PrefersTheFasterPeer) {
    source.grow(200);
    Follower follower(source);
    for (const std::uint64_t peer : {1U, 2U}) {
        follower.add_peer(peer);
        follower.tell_status(peer, 200);
    }
    // Peer 1 answers at once, peer 2 a second later.
    std::map<std::uint64_t, int> count;
    std::vector<std::pair<std::uint64_t, std::int64_t>> slow;
    for (int turn = 0; turn < 400 && follower.client.next_height() < 200; ++turn) {
        follower.now += second / 100;
        for (const auto& [peer, height] : asked(follower.effects())) {
            ++count[peer];
            if (peer == 1) {
                EXPECT_TRUE(follower.give(1, height));
            } else {
                slow.emplace_back(peer, height);
            }
        }
        if (turn % 10 == 9) {
            for (const auto& [peer, height] : std::exchange(slow, {}))
                EXPECT_TRUE(follower.give(peer, height));
        }
        follower.execute();
    }
    EXPECT_EQ(follower.client.next_height(), 200);
    EXPECT_GT(count[1], 2 * count[2]);
}

TEST_F(ClientTest, DropsBothSendersOfWhatIsNotGood) {
    source.grow(10);
    const auto spoilt_block = [](types::BlockResponse& answer) {
        answer.block->header.app_hash[0] ^= 1;
    };
    const auto spoilt_signature = [](types::BlockResponse& answer) {
        answer.block->last_commit->signatures[0].signature[5] ^= 1;
        answer.block->header.last_commit_hash.clear();
        types::fill_header(*answer.block);
    };
    for (const int what : {1, 2, 3}) {
        Follower follower(source);
        follower.add_peer(1);
        follower.tell_status(1, 4, 1);
        follower.add_peer(2);
        follower.tell_status(2, 10, 5);
        follower.add_peer(3);
        follower.tell_status(3, 10, 1);
        const auto questions = asked(follower.effects());
        std::map<std::int64_t, std::uint64_t> by;
        for (const auto& [peer, height] : questions) {
            by[height] = peer;
            auto answer = follower.response(height);
            if (what == 1 && height == 4) spoilt_block(answer);
            if (what == 2 && height == 5) spoilt_signature(answer);
            if (what == 3 && height == 5) answer.block = follower.response(3).block;
            const auto verdict =
                follower.client.hear(PeerId{peer}, std::move(answer), follower.now);
            EXPECT_EQ(verdict.has_value(), what != 3 || height != 5);
        }
        ASSERT_EQ(by[4], 1U);
        ASSERT_EQ(by[5], 2U);
        EXPECT_EQ(follower.execute(), 3) << what;
        const auto effects = follower.effects();
        const auto guilty = what == 3 ? std::vector<std::uint64_t>{} : std::vector{by[4], by[5]};
        EXPECT_EQ(dropped(effects), guilty) << what;
        EXPECT_EQ(follower.client.peer_count(), what == 3 ? 2U : 1U);
        // The rest is asked of those who are left.
        for (const auto& [peer, height] : asked(effects)) EXPECT_TRUE(follower.give(peer, height));
        follower.execute();
        run(follower);
        EXPECT_EQ(follower.client.next_height(), 10) << what;
    }
}

TEST_F(ClientTest, TakesNothingThatItDidNotAsk) {
    source.grow(30);
    const auto started = [&] {
        auto follower = std::make_unique<Follower>(source);
        for (const std::uint64_t peer : {1U, 2U}) {
            follower->add_peer(peer);
            follower->tell_status(peer, 10);
        }
        return follower;
    };
    {
        auto follower = started();
        const auto verdict = follower->give(1, 20);
        ASSERT_FALSE(verdict);
        EXPECT_EQ(verdict.error().check, "blocksync.height");
        EXPECT_EQ(follower->client.peer_count(), 1U);
    }
    auto follower = started();
    const auto questions = asked(follower->effects());
    const auto [peer, height] = questions.at(4);
    EXPECT_FALSE(follower->give(3 - peer, height)) << "it was asked of the other";
    EXPECT_TRUE(follower->give(peer, height));
    EXPECT_FALSE(follower->give(peer, height)) << "once is enough";
    EXPECT_EQ(follower->client.peer_count(), 0U);
    EXPECT_TRUE(follower->give(7, height)) << "of a peer that is not in the pool nothing counts";
}

TEST_F(ClientTest, IgnoresAnswersThatAreNoLongerNeeded) {
    source.grow(5);
    Follower follower(source);
    for (const std::uint64_t peer : {1U, 2U}) {
        follower.add_peer(peer);
        follower.tell_status(peer, 5);
    }
    const auto first = asked(follower.effects());
    const auto [slow, height] = first.at(0);
    ASSERT_EQ(height, 1);
    follower.now += 3 * second;
    follower.client.tick(follower.now);
    const auto again = asked(follower.effects());
    ASSERT_EQ(slow, 1U);
    ASSERT_EQ(again, (std::vector<std::pair<std::uint64_t, std::int64_t>>{{2, 1}, {2, 2}}))
        << "what all wait for is asked of a second peer";
    for (const auto& [peer, h] : first) EXPECT_TRUE(h == 1 || follower.give(peer, h));
    EXPECT_TRUE(follower.give(2, 1));
    EXPECT_EQ(follower.execute(), 4);
    EXPECT_TRUE(follower.give(slow, 1)) << "late, and harmless";
    EXPECT_TRUE(follower.give(2, 2));
    follower.now += 60 * second;
    follower.client.tick(follower.now);
    EXPECT_TRUE(dropped(follower.effects()).empty()) << "nobody owes anything";
}

TEST_F(ClientTest, DropsWhoIsSilent) {
    source.grow(10);
    Follower follower(source, {.second_peer_after = 100 * second});
    follower.add_peer(1);
    follower.tell_status(1, 10);
    EXPECT_EQ(asked(follower.effects()).size(), 10U);
    follower.add_peer(2);
    follower.tell_status(2, 10);
    follower.now += 10 * second;
    EXPECT_TRUE(follower.give(1, 1));
    follower.now += 14 * second;
    follower.client.tick(follower.now);
    EXPECT_TRUE(dropped(follower.effects()).empty());
    follower.now += 2 * second;
    follower.client.tick(follower.now);
    const auto effects = follower.effects();
    EXPECT_EQ(dropped(effects), std::vector<std::uint64_t>{1});
    EXPECT_EQ(asked(effects).size(), 9U) << "the rest goes to the other";
    // It comes back too early.
    follower.add_peer(1);
    EXPECT_TRUE(follower.effects().empty());
    follower.now += 61 * second;
    follower.add_peer(1);
    EXPECT_EQ(follower.client.peer_count(), 2U);
}

TEST_F(ClientTest, BlamesNobodyForTheTimeInWhichItWasDeaf) {
    source.grow(10);
    Follower follower(source, {.second_peer_after = 100 * second});
    follower.add_peer(1);
    follower.tell_status(1, 10);
    EXPECT_EQ(asked(follower.effects()).size(), 10U);
    follower.now += 20 * second;
    follower.client.was_deaf(20 * second);
    follower.client.tick(follower.now);
    EXPECT_TRUE(dropped(follower.effects()).empty());
    follower.now += 16 * second;
    follower.client.tick(follower.now);
    EXPECT_EQ(dropped(follower.effects()), std::vector<std::uint64_t>{1});
}

TEST_F(ClientTest, GivesUpOnASlowPeersRequests) {
    source.grow(10);
    Follower follower(source, {.second_peer_after = 100 * second});
    follower.add_peer(1);
    follower.tell_status(1, 10);
    (void)follower.effects();
    for (std::int64_t height = 1; height <= 3; ++height) {
        follower.now += 12 * second;  // drop by drop
        EXPECT_TRUE(follower.give(1, height));
        follower.client.tick(follower.now);
    }
    EXPECT_TRUE(dropped(follower.effects()).empty());
    follower.add_peer(2);
    follower.tell_status(2, 10);
    const auto questions = asked(follower.effects());
    EXPECT_EQ(questions.size(), 7U);
    for (const auto& [peer, height] : questions) EXPECT_TRUE(follower.give(peer, height));
    EXPECT_EQ(follower.execute(), 9);
}

TEST_F(ClientTest, PutsWhoLowersItsClaimsOutOfThePool) {
    source.grow(10);
    for (const auto& [height, base] : {std::pair{9, 5}, std::pair{10, 4}}) {
        Follower follower(source);
        follower.add_peer(1);
        follower.tell_status(1, 10, 5);
        EXPECT_EQ(follower.client.height_max(), 10);
        follower.tell_status(1, height, base);
        EXPECT_EQ(follower.client.peer_count(), 0U);
        EXPECT_TRUE(dropped(follower.effects()).empty()) << "not disconnected";
        follower.add_peer(1);
        EXPECT_EQ(follower.client.peer_count(), 0U) << "banned for a while";
    }
}

TEST_F(ClientTest, IsHeldBackByAnAbsurdClaimForAShortTimeOnly) {
    source.grow(10);
    const std::int64_t absurd = 1'000'000'000'000;
    for (const bool says_no : {true, false}) {
        Follower follower(source);
        follower.add_peer(1);
        follower.tell_status(1, 10);
        follower.add_peer(2);
        follower.tell_status(2, absurd);
        for (int turn = 0; turn < 40 && !follower.client.is_caught_up(); ++turn) {
            for (const BlockEffect& effect : follower.effects()) {
                if (const auto* status = std::get_if<AskStatus>(&effect))
                    follower.tell_status(status->peer.value, status->peer.value == 1 ? 10 : absurd);
                const auto* question = std::get_if<AskBlock>(&effect);
                if (question == nullptr) continue;
                if (question->height <= 10 && question->peer.value == 1) {
                    EXPECT_TRUE(follower.give(1, question->height));
                } else if (says_no) {
                    follower.client.hear(question->peer, types::NoBlockResponse{question->height},
                                         follower.now);
                }
            }
            follower.execute();
            follower.now += second / 2;
            follower.client.tick(follower.now);
        }
        EXPECT_TRUE(follower.client.is_caught_up()) << says_no;
        EXPECT_EQ(follower.client.height_max(), 10) << "the claim does not count";
        EXPECT_LE(follower.now, 16 * second);
    }
}

TEST_F(ClientTest, AsksOthersWherePeersHavePruned) {
    source.grow(10);
    Follower follower(source);
    follower.add_peer(1);
    follower.tell_status(1, 10);
    const auto questions = asked(follower.effects());
    follower.add_peer(2);
    follower.tell_status(2, 10);
    for (const auto& [peer, height] : questions)
        follower.client.hear(PeerId{peer}, types::NoBlockResponse{height}, follower.now);
    follower.tell_status(1, 10, 8);
    EXPECT_EQ(follower.client.peer_count(), 2U) << "it was honest";
    run(follower);
    EXPECT_EQ(follower.client.next_height(), 10);
}

TEST_F(ClientTest, HoldsNoMoreThanItMay) {
    source.grow(60, 10'000);
    Follower follower(source, {.waiting_bytes_max = 100'000});
    for (const std::uint64_t peer : {1U, 2U, 3U}) {
        follower.add_peer(peer);
        follower.tell_status(peer, 60);
    }
    // The first block is slow to come.
    std::vector<std::pair<std::uint64_t, std::int64_t>> first;
    std::size_t most = 0;
    for (auto questions = asked(follower.effects()); !questions.empty();
         questions = asked(follower.effects())) {
        for (const auto& [peer, height] : questions) {
            if (height == 1) {
                first.emplace_back(peer, height);
            } else {
                EXPECT_TRUE(follower.give(peer, height));
            }
            most = std::max(most, follower.client.waiting_bytes());
        }
    }
    // What was asked before the size of blocks was known comes as well.
    EXPECT_LE(most, 60U * 11'000);
    const std::size_t waiting = follower.client.waiting_bytes();
    EXPECT_TRUE(follower.give(first[0].first, 1));
    follower.execute();
    EXPECT_LT(follower.client.waiting_bytes(), waiting);
    most = 0;
    while (true) {
        const auto questions = asked(follower.effects());
        if (questions.empty()) break;
        for (const auto& [peer, height] : questions) EXPECT_TRUE(follower.give(peer, height));
        most = std::max(most, follower.client.waiting_bytes());
        follower.execute();
    }
    EXPECT_EQ(follower.client.next_height(), 60);
    EXPECT_LE(most, 130'000U);
}

TEST_F(ClientTest, WantsExtendedCommitsWhereTheyAreEnabled) {
    Source extended(3);
    extended.grow(8);
    {
        Follower follower(extended);
        follower.add_peer(1);
        follower.tell_status(1, 8);
        run(follower);
        EXPECT_EQ(follower.client.next_height(), 8);
    }
    const auto first_refused = [&](std::int64_t height, auto spoil) {
        Follower follower(extended);
        follower.add_peer(1);
        follower.tell_status(1, 8);
        for (const auto& [peer, h] : asked(follower.effects())) {
            auto answer = follower.response(h);
            if (h == height) spoil(answer);
            EXPECT_TRUE(follower.client.hear(PeerId{peer}, std::move(answer), follower.now));
        }
        follower.execute();
        for (const BlockEffect& effect : follower.effects())
            if (const auto* drop = std::get_if<Drop>(&effect))
                return std::to_string(follower.client.next_height()) + " " + drop->why.check;
        return std::string();
    };
    EXPECT_EQ(first_refused(5, [](types::BlockResponse& a) { a.ext_commit.reset(); }),
              "5 blocksync.ext_commit");
    EXPECT_EQ(first_refused(2,
                            [&](types::BlockResponse& a) {
                                a.ext_commit.emplace() = *extended.blocks.extended_commit(3);
                                a.ext_commit->height = 2;
                            }),
              "2 blocksync.ext_commit");
    EXPECT_NE(first_refused(5,
                            [](types::BlockResponse& a) {
                                a.ext_commit->extended_signatures[0].extension_signature[3] ^= 1;
                            }),
              "");
    EXPECT_NE(first_refused(5,
                            [](types::BlockResponse& a) {
                                a.ext_commit->extended_signatures[1].signature[3] ^= 1;
                            }),
              "");
}

// ---- The captured chains

using Json = nlohmann::json;

template <typename M>
M from_hex(const Json& json) {
    const auto bytes =
        std::make_shared<const base::Bytes>(*base::from_hex(json.get<std::string>()));
    auto message = wire::decode<M>(*bytes, bytes);
    EXPECT_TRUE(message);
    return std::move(*message);
}

class CapturedChain : public ::testing::TestWithParam<const char*> {};

TEST_P(CapturedChain, IsFollowedToItsEnd) {
    const std::string path = std::string(TANDEM_VECTORS_DIR) + "/net/" + GetParam();
    const Json head = Json::parse(std::ifstream(path + ".head.json"));
    std::ifstream stream(path + ".jsonl");
    std::vector<Json> lines;
    for (std::string text; std::getline(stream, text);) lines.push_back(Json::parse(text));
    ASSERT_FALSE(lines.empty());

    store::MemoryKeyValues database;
    store::BlockStore blocks(database);
    // Those of the end of the chain, as a server takes them.
    const auto params = types::from_message(
        from_hex<types::ConsensusParamsMessage>(lines.back().at("consensus_params")));
    ASSERT_TRUE(params);
    for (const Json& line : lines) {
        auto built = chain::with_parts(from_hex<types::Block>(line.at("block")));
        consensus::CommitRecord commit =
            Shared<types::Commit>::make(from_hex<types::Commit>(line.at("seen_commit")));
        if (line.contains("extended_commit"))
            commit = Shared<types::ExtendedCommit>::make(
                from_hex<types::ExtendedCommit>(line.at("extended_commit")));
        blocks.save({built.id, built.block, built.parts, std::move(commit)});
    }

    const auto first = blocks.block(blocks.base());
    const auto genesis = types::genesis_from_json(head.at("genesis").dump(), {});
    ASSERT_TRUE(genesis) << genesis.error().why;
    auto fresh = chain::fresh_state(genesis->doc);
    ASSERT_TRUE(fresh);
    chain::adopt_app_version(*fresh, first->header.version.app);
    abci::ResponseInitChain answer;
    answer.app_hash = base::to_bytes(base::view(first->header.app_hash));
    chain::State state = *chain::after_init_chain(*fresh, answer);

    BlockClient client({}, state.next_height(), Time{0});
    for (const std::uint64_t peer : {1U, 2U, 3U}) {
        client.add_peer({peer}, std::to_string(peer), Time{0});
        client.hear({peer}, types::StatusResponse{blocks.height(), blocks.base()}, Time{0});
    }
    while (const auto effect = client.next_effect()) {
        if (const auto* drop = std::get_if<Drop>(&*effect)) FAIL() << drop->why.why;
        const auto* question = std::get_if<AskBlock>(&*effect);
        if (question == nullptr) continue;
        const auto answered = answer_to({question->height}, blocks, *params);
        ASSERT_TRUE(answered);
        ASSERT_TRUE(types::check_before_decoding_blocksync(*answered));
        auto message = types::decode_checked<types::BlocksyncMessage>(*answered);
        ASSERT_TRUE(message) << message.error().why;
        ASSERT_TRUE(client.hear(question->peer,
                                std::get<types::BlockResponse>(std::move(message->sum)), Time{0}));
        while (auto block = client.next_block(state, chain::test_validation(), Time{0})) {
            const std::int64_t height = block->block->header.height;
            const Json& line = lines.at(static_cast<std::size_t>(height - blocks.base()));
            const auto next = chain::update_state(
                state, block->id, block->block->header,
                from_hex<abci::ResponseFinalizeBlock>(line.at("finalize_block_response")));
            ASSERT_TRUE(next) << next.error().why;
            state = *next;
            EXPECT_EQ(base::to_hex(base::view(state.app_hash)), line.at("app_hash_after"));
            client.executed(Time{0});
        }
    }
    EXPECT_EQ(client.next_height(), blocks.height());
    EXPECT_TRUE(client.is_caught_up());
}

INSTANTIATE_TEST_SUITE_P(All, CapturedChain,
                         ::testing::Values("chain-main", "chain-vx", "chain-ih1000"),
                         [](const auto& chosen) {
                             std::string name = chosen.param;
                             std::erase(name, '-');
                             return name;
                         });

}  // namespace
}  // namespace tandem::sync
