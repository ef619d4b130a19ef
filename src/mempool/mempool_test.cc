#include "mempool/mempool.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tandem::mempool {
namespace {

using base::Bytes;

abci::ResponseCheckTx answer_of(std::uint32_t code, std::int64_t gas_wanted = 0) {
    abci::ResponseCheckTx answer;
    answer.code = code;
    answer.gas_wanted = gas_wanted;
    return answer;
}

const abci::ResponseCheckTx yes = answer_of(0);
const abci::ResponseCheckTx no = answer_of(7);

Bytes tx(std::uint8_t number, std::size_t size = 10) {
    return Bytes(size, number);
}

std::vector<Bytes> contents(const std::vector<Tx>& txs) {
    std::vector<Bytes> out;
    for (const Tx& one : txs) out.push_back(*one);
    return out;
}

/// Adds it, and the application says yes.
void take(Mempool& mempool, const Bytes& bytes, std::optional<PeerId> from = {}) {
    const auto question = mempool.add(bytes, from);
    ASSERT_TRUE(question.has_value());
    ASSERT_TRUE(mempool.answer(question->number, yes));
}

std::string refusal(const auto& result) {
    return result ? "" : result.error().check;
}

std::vector<Question> commit(Mempool& mempool, std::int64_t height, const std::vector<Bytes>& txs,
                             std::vector<std::uint32_t> codes = {}, const BlockRules& rules = {}) {
    std::vector<abci::ExecTxResult> results(txs.size());
    for (std::size_t i = 0; i < codes.size(); ++i) results[i].code = codes[i];
    return mempool.update(height, wire::Txs::copy_of(std::span<const Bytes>(txs)), results, rules);
}

TEST(Mempool, FirstComeFirstServed) {
    Mempool mempool({});
    for (const std::uint8_t i : std::array<std::uint8_t, 3>{3, 1, 2}) take(mempool, tx(i));
    EXPECT_EQ(contents(mempool.first(10)), (std::vector<Bytes>{tx(3), tx(1), tx(2)}));
    EXPECT_EQ(contents(mempool.first(2)), (std::vector<Bytes>{tx(3), tx(1)}));
    EXPECT_EQ(mempool.bytes(), 30U);
}

TEST(Mempool, AskedOnceAndTakenWhenTheApplicationAgrees) {
    Mempool mempool({});
    const auto question = mempool.add(tx(1));
    ASSERT_TRUE(question);
    EXPECT_EQ(question->type, abci::CheckTxType::new_tx);
    EXPECT_EQ(mempool.size(), 0U);
    EXPECT_EQ(refusal(mempool.add(tx(1))), "mempool.seen");
    EXPECT_TRUE(mempool.answer(question->number, yes));
    EXPECT_EQ(mempool.size(), 1U);
    EXPECT_TRUE(mempool.answer(question->number, no));  // nobody waits for it
    EXPECT_EQ(mempool.size(), 1U);
}

TEST(Mempool, WhatTheApplicationRefusesMayComeAgain) {
    Mempool mempool({});
    EXPECT_EQ(refusal(mempool.answer(mempool.add(tx(1))->number, no)), "mempool.check");
    EXPECT_TRUE(mempool.add(tx(1)));
    Mempool keeping({.keep_invalid_txs_in_cache = true});
    EXPECT_EQ(refusal(keeping.answer(keeping.add(tx(1))->number, no)), "mempool.check");
    EXPECT_EQ(refusal(keeping.add(tx(1))), "mempool.seen");
}

TEST(Mempool, FullByCountAlsoWithThoseThatAreAskedAbout) {
    Mempool mempool({.txs_max = 2});
    take(mempool, tx(1));
    const auto second = mempool.add(tx(2));
    ASSERT_TRUE(second);
    EXPECT_EQ(refusal(mempool.add(tx(3))), "mempool.full");
    EXPECT_FALSE(mempool.answer(second->number, no));
    EXPECT_TRUE(mempool.add(tx(3)));  // and it was not seen before
}

TEST(Mempool, FullByBytes) {
    Mempool mempool({.bytes_max = 100});
    take(mempool, tx(1, 60));
    EXPECT_EQ(refusal(mempool.add(tx(2, 41))), "mempool.full");
    EXPECT_TRUE(mempool.add(tx(2, 40)));
    EXPECT_EQ(refusal(mempool.add(tx(3, 1))), "mempool.full");
}

TEST(Mempool, TooLongForUsOrForAnyBlock) {
    Mempool mempool({.tx_bytes_max = 100});
    EXPECT_EQ(refusal(mempool.add(tx(1, 101))), "mempool.tx_bytes");
    static_cast<void>(commit(mempool, 1, {}, {}, {.data_bytes_max = 52}));
    EXPECT_TRUE(mempool.add(tx(1, 50)));  // 52 with its tag and length
    EXPECT_EQ(refusal(mempool.add(tx(1, 51))), "mempool.block");
}

TEST(Mempool, GasIsHeldToTheBlocks) {
    Mempool mempool({});
    static_cast<void>(commit(mempool, 1, {}, {}, {.gas_max = 100}));
    const auto answered = [&](std::uint8_t number, std::int64_t gas) {
        return refusal(mempool.answer(mempool.add(tx(number))->number, answer_of(0, gas)));
    };
    EXPECT_EQ(answered(1, 100), "");
    EXPECT_EQ(answered(2, 101), "mempool.gas");
    EXPECT_EQ(answered(3, -1), "mempool.gas");
}

TEST(Mempool, ReapsWhatFitsAndStopsAtTheFirstThatDoesNot) {
    Mempool mempool({});
    take(mempool, tx(1, 40));
    take(mempool, tx(2, 60));
    take(mempool, tx(3, 10));
    EXPECT_EQ(mempool.reap(-1, -1).size(), 3U);
    EXPECT_EQ(mempool.reap(42 + 62, -1).size(), 2U);
    EXPECT_EQ(mempool.reap(42 + 61, -1).size(), 1U);  // the short one behind is not pulled forward
    EXPECT_EQ(mempool.reap(0, -1).size(), 0U);
}

TEST(Mempool, ReapsUpToTheGas) {
    Mempool mempool({});
    for (const std::uint8_t i : std::array<std::uint8_t, 3>{1, 2, 3})
        ASSERT_TRUE(mempool.answer(mempool.add(tx(i))->number, answer_of(0, 40)));
    EXPECT_EQ(mempool.reap(-1, 80).size(), 2U);
    EXPECT_EQ(mempool.reap(-1, 79).size(), 1U);
    EXPECT_EQ(mempool.reap(-1, 0).size(), 0U);
}

TEST(Mempool, GasThatWouldOverflowStops) {
    Mempool mempool({});
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const std::uint8_t i : std::array<std::uint8_t, 2>{1, 2})
        ASSERT_TRUE(mempool.answer(mempool.add(tx(i))->number, answer_of(0, most)));
    EXPECT_EQ(mempool.reap(-1, most).size(), 1U);
}

TEST(Mempool, WhatABlockHoldsLeavesAndIsNotTakenAgain) {
    Mempool mempool({});
    for (const std::uint8_t i : std::array<std::uint8_t, 3>{1, 2, 3}) take(mempool, tx(i));
    static_cast<void>(commit(mempool, 5, {tx(2), tx(3), tx(9)}, {0, 1, 0}));
    EXPECT_EQ(contents(mempool.first(10)), std::vector<Bytes>{tx(1)});
    EXPECT_EQ(mempool.bytes(), 10U);
    EXPECT_EQ(refusal(mempool.add(tx(2))), "mempool.seen");
    EXPECT_EQ(refusal(mempool.add(tx(9))), "mempool.seen");  // never was here
    EXPECT_TRUE(mempool.add(tx(3)));                         // it failed, and may be tried again
}

/// GHSA-w24w-wp77-qffm: what the cache has forgotten came into the list once more, and no block
/// took the second one out.
TEST(Mempool, Cve2023_34451_TheSameTransactionTwice) {
    Mempool mempool({.cache_keys_max = 1});
    take(mempool, tx(1));
    take(mempool, tx(2));  // the cache knows this one alone
    EXPECT_EQ(refusal(mempool.add(tx(1))), "mempool.seen");
    EXPECT_EQ(mempool.size(), 2U);
    (void)commit(mempool, 1, {tx(1)});
    EXPECT_EQ(contents(mempool.first(10)), (std::vector<Bytes>{tx(2)}));
    // And of one that is asked about twice at once.
    const auto first = mempool.add(tx(3)), other = mempool.add(tx(4)), again = mempool.add(tx(3));
    ASSERT_TRUE(first && other && again);
    for (const auto& question : {first, other, again})
        EXPECT_TRUE(mempool.answer(question->number, yes));
    (void)commit(mempool, 2, {tx(3)});
    EXPECT_EQ(contents(mempool.first(10)), (std::vector<Bytes>{tx(2), tx(4)}));
}

TEST(Mempool, TheRestIsAskedAboutAgainInItsOrder) {
    Mempool mempool({});
    for (const std::uint8_t i : std::array<std::uint8_t, 3>{1, 2, 3}) take(mempool, tx(i));
    const auto questions = commit(mempool, 5, {tx(2)});
    ASSERT_EQ(questions.size(), 2U);
    EXPECT_EQ(*questions[0].tx, tx(1));
    EXPECT_EQ(*questions[1].tx, tx(3));
    EXPECT_EQ(questions[0].type, abci::CheckTxType::recheck);
    EXPECT_EQ(refusal(mempool.answer(questions[0].number, no)), "mempool.check");
    EXPECT_TRUE(mempool.answer(questions[1].number, yes));
    EXPECT_EQ(contents(mempool.first(10)), std::vector<Bytes>{tx(3)});
    EXPECT_TRUE(mempool.add(tx(1)));
    Mempool quiet({.recheck = false});
    take(quiet, tx(1));
    EXPECT_TRUE(commit(quiet, 5, {}).empty());
}

TEST(Mempool, AnswersOfBeforeTheLastBlockMeanNothing) {
    Mempool mempool({});
    take(mempool, tx(1));
    const auto old = commit(mempool, 5, {});
    const auto fresh = commit(mempool, 6, {});
    EXPECT_TRUE(mempool.answer(old[0].number, no));
    EXPECT_EQ(mempool.size(), 1U);
    EXPECT_FALSE(mempool.answer(fresh[0].number, no));
    EXPECT_EQ(mempool.size(), 0U);
}

TEST(Mempool, APeerGetsEachOnceAndNoneThatItSent) {
    Mempool mempool({});
    const PeerId peer{1};
    const PeerId other{2};
    take(mempool, tx(1), peer);
    take(mempool, tx(2));
    take(mempool, tx(3), other);
    EXPECT_EQ(refusal(mempool.add(tx(3), peer)), "mempool.seen");  // it has that one too
    Walk walk;
    EXPECT_EQ(*mempool.next_for(peer, walk, 1), tx(2));
    EXPECT_EQ(mempool.next_for(peer, walk, 1), nullptr);
    take(mempool, tx(4));
    static_cast<void>(commit(mempool, 2, {tx(2)}));
    EXPECT_EQ(*mempool.next_for(peer, walk, 1), tx(4));
    Walk fresh;
    EXPECT_EQ(*mempool.next_for(other, fresh, 1), tx(1));
}

TEST(Mempool, WhatItsFirstSenderSendsThePeerTooIsLeftToHim) {
    Mempool mempool({});
    const PeerId peer{1};
    const PeerId neighbour{2};
    const PeerId stranger{3};
    take(mempool, tx(1), neighbour);
    take(mempool, tx(2), stranger);
    EXPECT_EQ(refusal(mempool.add(tx(2), neighbour)), "mempool.seen");  // he may have it from us
    take(mempool, tx(3));
    EXPECT_EQ(refusal(mempool.add(tx(3), neighbour)), "mempool.seen");
    const auto sends = [&](PeerId first_sender) { return first_sender == neighbour; };
    Walk walk;
    EXPECT_EQ(*mempool.next_for(peer, walk, 1, sends), tx(2));
    EXPECT_TRUE(mempool.has_more(walk));
    EXPECT_EQ(*mempool.next_for(peer, walk, 1, sends), tx(3));
    EXPECT_FALSE(mempool.has_more(walk));
    Walk without;
    EXPECT_EQ(*mempool.next_for(peer, without, 1), tx(1));
}

TEST(Mempool, APeerThatLagsWaits) {
    Mempool mempool({});
    static_cast<void>(commit(mempool, 10, {}));
    take(mempool, tx(1));
    Walk walk;
    EXPECT_EQ(mempool.next_for({1}, walk, 8), nullptr);
    EXPECT_EQ(*mempool.next_for({1}, walk, 9), tx(1));
}

TEST(Mempool, FlushForgetsEverything) {
    Mempool mempool({});
    take(mempool, tx(1));
    const auto question = mempool.add(tx(2));
    mempool.flush();
    EXPECT_TRUE(mempool.answer(question->number, yes));
    EXPECT_EQ(mempool.size() + mempool.bytes(), 0U);
    EXPECT_TRUE(mempool.add(tx(1)));
}

TEST(Mempool, ItsBooksBalanceWhateverHappens) {
    base::SeededRandom random(7);
    Mempool mempool({.txs_max = 30, .bytes_max = 600, .cache_keys_max = 20});
    std::vector<std::uint64_t> open;
    for (int step = 0; step < 20'000; ++step) {
        const auto number = static_cast<std::uint8_t>(random.below(60));
        const std::size_t choice = random.below(10);
        if (choice < 5) {
            const auto question = mempool.add(tx(number, 1 + number));
            if (question) open.push_back(question->number);
        } else if (choice < 9 && !open.empty()) {
            const std::size_t index = random.below(open.size());
            static_cast<void>(mempool.answer(open[index], random.chance(1, 4) ? no : yes));
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(index));
        } else if (choice == 9) {
            for (const Question& question :
                 commit(mempool, step, {tx(number, 1 + number)}, {random.chance(1, 2) ? 1U : 0U}))
                open.push_back(question.number);
        }
        std::size_t bytes = 0;
        std::set<Bytes> distinct;
        for (const Tx& one : mempool.first(1000)) {
            bytes += one->size();
            EXPECT_TRUE(distinct.insert(*one).second);
            EXPECT_TRUE(mempool.contains(crypto::sha256(*one)));
        }
        ASSERT_EQ(bytes, mempool.bytes());
        ASSERT_EQ(distinct.size(), mempool.size());
        ASSERT_LE(mempool.size(), 30U);
        ASSERT_LE(mempool.bytes(), 600U);
    }
}

TEST(TxCache, TheLongestNotSeenGoesFirst) {
    TxCache cache(2);
    const auto key = [](std::uint8_t number) { return crypto::sha256(Bytes{number}); };
    EXPECT_TRUE(cache.push(key(1)));
    EXPECT_TRUE(cache.push(key(2)));
    EXPECT_FALSE(cache.push(key(1)));
    EXPECT_TRUE(cache.push(key(3)));
    EXPECT_TRUE(cache.contains(key(1)));
    EXPECT_FALSE(cache.contains(key(2)));
    cache.remove(key(1));
    EXPECT_EQ(cache.size(), 1U);
    TxCache none(0);
    EXPECT_TRUE(none.push(key(1)));
    EXPECT_TRUE(none.push(key(1)));
}

}  // namespace
}  // namespace tandem::mempool
