#include "sync/snapshot_client.h"

#include <gtest/gtest.h>

#include "sync/snapshot_server.h"
#include "types/decode.h"

namespace tandem::sync {
namespace {

using abci::ApplySnapshotChunkResult;
using abci::OfferSnapshotResult;

constexpr Time second = std::chrono::seconds(1);

struct SnapshotTest : testing::Test {
    SnapshotClient client{{}, Time{0}};
    Time now{0};
    std::vector<SnapshotEffect> seen;  // of the last look

    static types::SnapshotsResponse snapshot(std::uint64_t height, std::uint32_t format = 1,
                                             std::uint32_t chunks = 3) {
        return {height, format, chunks, base::Bytes(32, static_cast<std::uint8_t>(height)), {}};
    }
    void add_peer(std::uint64_t peer, std::vector<types::SnapshotsResponse> has = {}) {
        client.add_peer({peer}, "node " + std::to_string(peer), now);
        for (const auto& one : has) client.hear({peer}, one, now);
    }
    const std::vector<SnapshotEffect>& look() {
        seen.clear();
        while (auto effect = client.next_effect()) seen.push_back(std::move(*effect));
        return seen;
    }
    template <typename T>
    std::vector<T> looked() const {
        std::vector<T> found;
        for (const SnapshotEffect& effect : seen)
            if (const auto* one = std::get_if<T>(&effect)) found.push_back(*one);
        return found;
    }
    void pass(Time time) {
        now += time;
        client.tick(now);
        look();
    }
    static types::ChunkResponse chunk_of(const AskChunk& question, std::size_t bytes = 10) {
        types::ChunkResponse answer;
        answer.height = question.request.height;
        answer.format = question.request.format;
        answer.index = question.request.index;
        answer.chunk = types::ChunkBytes(
            base::Bytes(bytes, static_cast<std::uint8_t>(question.request.index)));
        return answer;
    }
    /// Until the application was offered the best snapshot.
    void offer() {
        pass(15 * second);
        ASSERT_EQ(looked<Trust>().size(), 1U);
        client.trusted(base::Bytes{7}, now);
        look();
        ASSERT_EQ(looked<Offer>().size(), 1U);
    }
    /// Answers and accepts all; the indices in the order in which they were applied.
    std::vector<std::uint32_t> run() {
        std::vector<std::uint32_t> order;
        while (!look().empty()) {
            for (const SnapshotEffect& effect : std::vector(seen)) {
                if (const auto* question = std::get_if<AskChunk>(&effect)) {
                    client.hear(question->peer, chunk_of(*question), now);
                } else if (const auto* apply = std::get_if<Apply>(&effect)) {
                    order.push_back(apply->request.index);
                    client.applied({ApplySnapshotChunkResult::accept, {}, {}}, now);
                }
            }
            if (client.has_ended()) break;
        }
        return order;
    }
};

TEST_F(SnapshotTest, RestoresTheBestSnapshot) {
    add_peer(1, {snapshot(100), snapshot(200)});
    add_peer(2, {snapshot(200), snapshot(200, 2)});
    look();
    EXPECT_EQ(looked<AskSnapshots>().size(), 2U);
    pass(14 * second);
    EXPECT_TRUE(looked<Trust>().empty()) << "more may come";
    pass(second);
    ASSERT_EQ(looked<Trust>(), std::vector{Trust{200}});
    client.trusted(base::Bytes{7}, now);
    look();
    const auto offers = looked<Offer>();
    ASSERT_EQ(offers.size(), 1U);
    EXPECT_EQ(offers[0].request.snapshot->format, 2U);
    EXPECT_EQ(offers[0].request.app_hash, base::Bytes{7});
    client.offered(OfferSnapshotResult::accept, now);
    EXPECT_EQ(run(), (std::vector<std::uint32_t>{0, 1, 2}));
    look();
    EXPECT_TRUE(client.has_ended());
}

TEST_F(SnapshotTest, SaysWhatWasRestored) {
    add_peer(1, {snapshot(100, 1, 1)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    client.hear({1}, chunk_of(looked<AskChunk>().at(0)), now);
    look();
    ASSERT_EQ(looked<Apply>().size(), 1U);
    EXPECT_EQ(looked<Apply>()[0].request.sender, "node 1");
    client.applied({ApplySnapshotChunkResult::accept, {}, {}}, now);
    look();
    ASSERT_EQ(looked<Restored>().size(), 1U);
    EXPECT_EQ(looked<Restored>()[0].snapshot.height, 100U);
    EXPECT_EQ(looked<Restored>()[0].app_hash, base::Bytes{7});
}

TEST_F(SnapshotTest, PrefersWhatMorePeersHave) {
    auto other = snapshot(100);
    other.hash[0] ^= 1;
    add_peer(1, {snapshot(100)});
    add_peer(2, {other});
    add_peer(3, {other});
    offer();
    EXPECT_EQ(looked<Offer>()[0].request.snapshot->hash, other.hash);
}

TEST_F(SnapshotTest, LooksAgainWhereThereIsNothing) {
    add_peer(1);
    look();
    pass(15 * second);
    EXPECT_EQ(looked<AskSnapshots>(), std::vector{AskSnapshots{{1}}});
    client.hear({1}, snapshot(5), now);
    offer();
}

TEST_F(SnapshotTest, GoesOnWithTheNextWhereOneIsRefused) {
    add_peer(1, {snapshot(300), snapshot(200), snapshot(200, 2), snapshot(100)});
    add_peer(2, {snapshot(100, 3)});
    offer();
    client.offered(OfferSnapshotResult::reject, now);
    look();
    EXPECT_EQ(looked<Trust>(), std::vector{Trust{200}});
    client.trusted({}, now);
    look();
    EXPECT_EQ(looked<Offer>()[0].request.snapshot->format, 2U);
    client.offered(OfferSnapshotResult::reject_format, now);
    look();
    client.not_trusted(now);  // 200, format 1
    look();
    EXPECT_EQ(looked<Trust>(), std::vector{Trust{100}});
    client.trusted({}, now);
    look();
    EXPECT_EQ(looked<Offer>()[0].request.snapshot->format, 3U);
    client.offered(OfferSnapshotResult::reject_sender, now);
    look();
    client.trusted({}, now);
    look();
    EXPECT_EQ(looked<Offer>()[0].request.snapshot->format, 1U);
    // None of them comes back.
    client.offered(OfferSnapshotResult::reject, now);
    look();
    for (const auto& one : {snapshot(300), snapshot(200), snapshot(77, 2)})
        client.hear({1}, one, now);
    add_peer(2, {snapshot(400)});
    pass(20 * second);
    EXPECT_TRUE(looked<Trust>().empty());
}

TEST_F(SnapshotTest, EndsWhereTheApplicationSaysSo) {
    for (const auto result : {OfferSnapshotResult::abort, OfferSnapshotResult::unknown}) {
        client = SnapshotClient({}, now);
        add_peer(1, {snapshot(100)});
        offer();
        client.offered(result, now);
        look();
        EXPECT_EQ(looked<SnapshotsFailed>().size(), 1U);
        EXPECT_TRUE(client.has_ended());
    }
}

TEST_F(SnapshotTest, FetchesAFewAtATimeAndAFewAhead) {
    add_peer(1, {snapshot(100, 1, 50)});
    add_peer(2, {snapshot(100, 1, 50)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    auto questions = looked<AskChunk>();
    ASSERT_EQ(questions.size(), 4U);
    EXPECT_NE(questions[0].peer, questions[1].peer) << "by turns";
    // The first one does not come.
    std::size_t held = 0;
    std::vector<AskChunk> open(questions.begin() + 1, questions.end());
    while (!open.empty()) {
        for (const AskChunk& question : std::exchange(open, {})) {
            client.hear(question.peer, chunk_of(question, 100), now);
            ++held;
        }
        look();
        open = looked<AskChunk>();
    }
    EXPECT_EQ(held, 8U);
    EXPECT_EQ(client.waiting_bytes(), 800U);
    client.hear(questions[0].peer, chunk_of(questions[0]), now);
    EXPECT_EQ(run().size(), 50U);
}

TEST_F(SnapshotTest, TakesOnlyWhatItAskedOfWhomItAsked) {
    add_peer(1, {snapshot(100)});
    add_peer(2, {snapshot(100)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    const auto questions = looked<AskChunk>();
    auto wrong = chunk_of(questions[0]);
    client.hear({3 - questions[0].peer.value}, wrong, now);
    wrong.format = 9;
    client.hear(questions[0].peer, wrong, now);
    wrong = chunk_of(questions[0]);
    wrong.index = 77;
    client.hear(questions[0].peer, wrong, now);
    EXPECT_EQ(client.waiting_bytes(), 0U);
    client.hear(questions[0].peer, chunk_of(questions[0]), now);
    EXPECT_EQ(client.waiting_bytes(), 10U);
}

TEST_F(SnapshotTest, AsksAnotherPeer) {
    add_peer(1, {snapshot(100, 1, 1)});
    add_peer(2, {snapshot(100, 1, 1)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    const AskChunk first = looked<AskChunk>().at(0);
    pass(9 * second);
    EXPECT_TRUE(seen.empty());
    pass(second);
    const AskChunk again = looked<AskChunk>().at(0);
    EXPECT_NE(again.peer, first.peer);
    auto missing = chunk_of(again);
    missing.chunk = {};
    missing.missing = true;
    client.hear(again.peer, missing, now);
    look();
    EXPECT_TRUE(looked<AskChunk>().empty()) << "both had their turn";
    pass(10 * second);
    ASSERT_EQ(looked<AskChunk>().size(), 1U);
    client.remove_peer(looked<AskChunk>()[0].peer, now);
    look();
    EXPECT_EQ(looked<AskChunk>().size(), 1U);
}

TEST_F(SnapshotTest, AsksForSnapshotsUntilOneIsChosen) {
    add_peer(1, {snapshot(100)});
    look();
    pass(2 * second);
    EXPECT_EQ(looked<AskSnapshots>(), std::vector{AskSnapshots{{1}}});
    // Of more than it may have, the newest count.
    for (std::uint64_t height = 1; height <= 20; ++height)
        client.hear({1}, snapshot(100 + height), now);
    client.hear({1}, snapshot(50), now);
    pass(13 * second);
    EXPECT_EQ(looked<Trust>(), std::vector{Trust{120}});
    for (std::uint64_t height = 119; height > 110; --height) {
        client.not_trusted(now);
        look();
        ASSERT_EQ(looked<Trust>(), std::vector{Trust{height}});
    }
    client.not_trusted(now);
    look();
    EXPECT_TRUE(looked<Trust>().empty());
    EXPECT_EQ(looked<AskSnapshots>(), std::vector{AskSnapshots{{1}}});
}

TEST_F(SnapshotTest, GivesUpAtOnceWhatNobodyHasAnyMore) {
    add_peer(1, {snapshot(100, 1, 1), snapshot(50)});
    add_peer(2, {snapshot(100, 1, 1)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(looked<Trust>().empty());
        const AskChunk question = looked<AskChunk>().at(0);
        auto answer = chunk_of(question);
        answer.chunk = {};
        answer.missing = true;
        client.hear(question.peer, answer, now);
        look();
    }
    EXPECT_EQ(looked<Trust>(), std::vector{Trust{50}});
}

TEST_F(SnapshotTest, GivesUpWithoutChunks) {
    add_peer(1, {snapshot(100), snapshot(50)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    for (int i = 0; i < 11; ++i) pass(10 * second);
    EXPECT_TRUE(looked<Trust>().empty());
    pass(10 * second);
    EXPECT_EQ(looked<Trust>(), std::vector{Trust{50}});
}

TEST_F(SnapshotTest, DoesAsTheApplicationSaysToChunks) {
    add_peer(1, {snapshot(100)});
    add_peer(2, {snapshot(100)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    for (const AskChunk& question : looked<AskChunk>())
        client.hear(question.peer, chunk_of(question), now);
    look();
    ASSERT_EQ(looked<Apply>().at(0).request.index, 0U);
    client.applied({ApplySnapshotChunkResult::retry, {}, {}}, now);
    look();
    ASSERT_EQ(looked<Apply>().at(0).request.index, 0U) << "the same once more";
    client.applied({ApplySnapshotChunkResult::accept, {}, {}}, now);
    look();
    ASSERT_EQ(looked<Apply>().at(0).request.index, 1U);
    // Chunk 0 was bad after all, and so is who sent it.
    const std::string sender =
        looked<Apply>().at(0).request.sender == "node 1" ? "node 2" : "node 1";
    client.applied({ApplySnapshotChunkResult::accept, {0}, {sender}}, now);
    look();
    ASSERT_TRUE(looked<Apply>().empty());
    for (const AskChunk& question : looked<AskChunk>())
        EXPECT_NE("node " + std::to_string(question.peer.value), sender);
    for (const AskChunk& question : looked<AskChunk>())
        client.hear(question.peer, chunk_of(question), now);
    EXPECT_EQ(run(), (std::vector<std::uint32_t>{0, 2}));
    look();
    EXPECT_TRUE(client.has_ended());
}

TEST_F(SnapshotTest, BeginsAnewWhereTheApplicationWantsTo) {
    add_peer(1, {snapshot(100), snapshot(50)});
    offer();
    client.offered(OfferSnapshotResult::accept, now);
    look();
    client.hear({1}, chunk_of(looked<AskChunk>().at(0)), now);
    look();
    client.applied({ApplySnapshotChunkResult::retry_snapshot, {}, {}}, now);
    look();
    ASSERT_EQ(looked<Offer>().size(), 1U);
    EXPECT_EQ(looked<Offer>()[0].request.snapshot->height, 100U);
    client.offered(OfferSnapshotResult::accept, now);
    look();
    client.hear({1}, chunk_of(looked<AskChunk>().at(0)), now);
    look();
    client.applied({ApplySnapshotChunkResult::reject_snapshot, {}, {}}, now);
    look();
    EXPECT_EQ(looked<Trust>(), std::vector{Trust{50}});
    client.trusted({}, now);
    client.offered(OfferSnapshotResult::accept, now);
    look();
    client.hear({1}, chunk_of(looked<AskChunk>().at(0)), now);
    client.applied({ApplySnapshotChunkResult::unknown, {}, {}}, now);
    look();
    EXPECT_EQ(looked<SnapshotsFailed>().size(), 1U);
}

TEST_F(SnapshotTest, BoundsWhatAPeerOffers) {
    add_peer(1);
    for (std::uint64_t height = 1; height <= 30; ++height) client.hear({1}, snapshot(height), now);
    offer();
    EXPECT_EQ(looked<Offer>()[0].request.snapshot->height, 30U) << "the newest ten count";
}

TEST(SnapshotServer, AdvertisesTheNewest) {
    abci::ResponseListSnapshots list;
    for (std::uint64_t height = 1; height <= 12; ++height)
        for (const std::uint32_t format : {1U, 2U})
            list.snapshots.push_back({height, format, 1, base::Bytes{1}, base::Bytes{2}});
    list.snapshots.push_back({99, 1, 0, base::Bytes{1}, {}});  // no chunks: no peer takes that
    const auto messages = advertise(list);
    ASSERT_EQ(messages.size(), 10U);
    const auto first = wire::decode<types::StatesyncMessage>(messages.front());
    ASSERT_TRUE(first && types::check_decoded(*first));
    EXPECT_EQ(first->sum, (decltype(types::StatesyncMessage::sum){
                              types::SnapshotsResponse{12, 2, 1, base::Bytes{1}, base::Bytes{2}}}));
    const auto last = wire::decode<types::StatesyncMessage>(messages.back());
    EXPECT_EQ(std::get<types::SnapshotsResponse>(last->sum).height, 8U);
}

TEST(SnapshotServer, SendsChunks) {
    const types::ChunkRequest request{5, 1, 2};
    EXPECT_EQ(load_request(request), (abci::RequestLoadSnapshotChunk{5, 1, 2}));
    const auto decoded = [&](base::Bytes chunk) {
        const auto message =
            wire::decode<types::StatesyncMessage>(chunk_message(request, {std::move(chunk)}));
        EXPECT_TRUE(message && types::check_decoded(*message));
        return std::get<types::ChunkResponse>(message->sum);
    };
    EXPECT_EQ(decoded({}).missing, true);
    const auto there = decoded({7, 8});
    EXPECT_FALSE(there.missing);
    EXPECT_EQ(there.chunk, types::ChunkBytes({7, 8}));
    EXPECT_EQ(there.index, 2U);
}

}  // namespace
}  // namespace tandem::sync
