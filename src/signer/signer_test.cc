#include "signer/signer.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "signer/test_key.h"
#include "signer/watermark.h"

namespace tandem::signer {
namespace {

using types::SignedMsgType;
using types::Vote;

constexpr std::string_view chain_id = "signer-test";
constexpr LogPosition everything{std::numeric_limits<std::uint64_t>::max()};

types::BlockId block(std::uint8_t number) {
    types::BlockId id;
    if (number == 0) return id;
    id.hash.assign(types::hash_bytes, number);
    id.part_set_header = {1, id.hash};
    return id;
}

struct SignerTest : ::testing::Test {
    std::shared_ptr<RecordingKey> key = std::make_shared<RecordingKey>(1);
    std::shared_ptr<RecordingKey> other_key = std::make_shared<RecordingKey>(2);
    types::ValidatorSet set = set_of(std::array{key->public_key(), other_key->public_key()});
    types::Address address{crypto::address(key->public_key())};

    Signer make(types::LastSigned last = {}) const {
        return {std::string(chain_id), key, std::move(last)};
    }
    Vote vote(SignedMsgType type, std::int64_t height, std::int32_t round,
              std::uint8_t block_number, std::int64_t seconds = 100) const {
        Vote vote;
        vote.type = type;
        vote.height = height;
        vote.round = round;
        vote.block_id = block(block_number);
        vote.timestamp = {seconds, 0};
        vote.validator_address = address;
        vote.validator_index = static_cast<std::int32_t>(*set.index_of(address));
        return vote;
    }
    types::Proposal proposal(std::int64_t height, std::int32_t round, std::uint8_t block_number,
                             std::int64_t seconds = 100) const {
        types::Proposal proposal;
        proposal.type = SignedMsgType::proposal;
        proposal.height = height;
        proposal.round = round;
        proposal.pol_round = -1;
        proposal.block_id = block(block_number);
        proposal.timestamp = {seconds, 0};
        return proposal;
    }
    /// Reserve, log, wait, sign, all at once.
    Result<Vote> cast(Signer& signer, Vote vote, bool extensions = false) const {
        auto reservation = signer.reserve(vote, {vote.height, set}, extensions);
        if (!reservation) return std::unexpected(reservation.error());
        return signer.sign(std::move(*reservation).logged_at({1}), {1});
    }
    std::string refusal(Signer& signer, const Vote& vote, bool extensions = false) const {
        const auto result = cast(signer, vote, extensions);
        return result ? "" : result.error().check;
    }
};

TEST_F(SignerTest, SignsWhatTheVoteSays) {
    Signer signer = make();
    const auto signed_vote = cast(signer, vote(SignedMsgType::prevote, 5, 0, 7));
    ASSERT_TRUE(signed_vote);
    ASSERT_EQ(key->everything_signed().size(), 1u);
    EXPECT_EQ(key->everything_signed()[0].message, types::sign_bytes(chain_id, *signed_vote));
    EXPECT_EQ(signed_vote->signature, key->everything_signed()[0].signature);
    EXPECT_TRUE(signed_vote->extension_signature.empty());
}

TEST_F(SignerTest, NothingIsSignedBeforeItsTurn) {
    Signer signer = make();
    auto reservation = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, set}, false);
    ASSERT_TRUE(reservation);
    EXPECT_TRUE(key->everything_signed().empty());
    auto pending = std::move(*reservation).logged_at({40});
    EXPECT_EQ(pending.needs(), LogPosition{40});
    EXPECT_TRUE(key->everything_signed().empty());
    EXPECT_DEATH((void)signer.sign(pending, {39}), "needs_ <= durable");
    EXPECT_TRUE(signer.sign(std::move(pending), {40}));
    EXPECT_EQ(key->everything_signed().size(), 1u);
}

TEST_F(SignerTest, AKeyOutsideTheSetIsSilent) {
    Signer signer = make();
    const types::ValidatorSet without = set_of(std::array{other_key->public_key()});
    const auto result = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, without}, false);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().check, "sign.not_validator");
    const auto as_proposer = signer.reserve(proposal(5, 0, 7), {5, without});
    ASSERT_FALSE(as_proposer);
    EXPECT_EQ(as_proposer.error().check, "sign.not_validator");
    EXPECT_EQ(signer.last_signed(), types::LastSigned{});
}

TEST_F(SignerTest, TheSetMustBeThatOfTheHeight) {
    Signer signer = make();
    EXPECT_DEATH((void)signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {4, set}, false),
                 "validators.height == height");
}

TEST_F(SignerTest, IndexAndAddressMustBeOurs) {
    Signer signer = make();
    Vote wrong = vote(SignedMsgType::prevote, 5, 0, 7);
    wrong.validator_index = 1 - wrong.validator_index;
    EXPECT_EQ(refusal(signer, wrong), "sign.validator_index");
    wrong = vote(SignedMsgType::prevote, 5, 0, 7);
    wrong.validator_address = types::Address(crypto::address(other_key->public_key()));
    EXPECT_EQ(refusal(signer, wrong), "sign.validator_address");
    EXPECT_TRUE(key->everything_signed().empty());
}

TEST_F(SignerTest, BelowTheWatermarkIsRefused) {
    Signer signer = make();
    ASSERT_TRUE(cast(signer, vote(SignedMsgType::precommit, 5, 3, 7)));
    EXPECT_EQ(refusal(signer, vote(SignedMsgType::prevote, 4, 9, 7)), "sign.height");
    EXPECT_EQ(refusal(signer, vote(SignedMsgType::precommit, 5, 2, 7)), "sign.round");
    EXPECT_EQ(refusal(signer, vote(SignedMsgType::prevote, 5, 3, 7)), "sign.step");
    EXPECT_EQ(refusal(signer, vote(SignedMsgType::precommit, 5, 3, 8)), "sign.conflict");
    EXPECT_EQ(refusal(signer, vote(SignedMsgType::precommit, 5, 4, 8)), "");
}

TEST_F(SignerTest, TheSameVoteGetsItsOldTimeBack) {
    Signer signer = make();
    const auto first = cast(signer, vote(SignedMsgType::prevote, 5, 0, 7, 100));
    const auto second = cast(signer, vote(SignedMsgType::prevote, 5, 0, 7, 200));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(second->timestamp.seconds, 100);
    EXPECT_EQ(key->everything_signed().size(), 1u);
}

TEST_F(SignerTest, AProposalToo) {
    Signer signer = make();
    const auto cast_proposal = [&](types::Proposal p) {
        auto reservation = signer.reserve(std::move(p), {5, set});
        EXPECT_TRUE(reservation);
        return signer.sign(std::move(*reservation).logged_at({1}), {1});
    };
    const auto first = cast_proposal(proposal(5, 0, 7, 100));
    const auto second = cast_proposal(proposal(5, 0, 7, 200));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
    const auto conflicting = signer.reserve(proposal(5, 0, 8), {5, set});
    ASSERT_FALSE(conflicting);
    EXPECT_EQ(conflicting.error().check, "sign.conflict");
}

TEST_F(SignerTest, TheSameStepWaitsOnce) {
    Signer signer = make();
    auto first = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, set}, false);
    ASSERT_TRUE(first);
    const auto again = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, set}, false);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().check, "sign.pending");
    const auto conflicting = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 8), {5, set}, false);
    ASSERT_FALSE(conflicting);
}

TEST_F(SignerTest, TwoStepsMayWaitForOneBarrier) {
    Signer signer = make();
    auto prevote = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, set}, false);
    auto precommit = signer.reserve(vote(SignedMsgType::precommit, 5, 0, 7), {5, set}, false);
    ASSERT_TRUE(prevote && precommit);
    const auto first = signer.sign(std::move(*prevote).logged_at({1}), {2});
    const auto second = signer.sign(std::move(*precommit).logged_at({2}), {2});
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->type, SignedMsgType::prevote);
    EXPECT_EQ(signer.last_signed().signature, second->signature);
}

TEST_F(SignerTest, ExtensionsAreSignedWhereTheyBelong) {
    Signer signer = make();
    Vote precommit = vote(SignedMsgType::precommit, 5, 0, 7);
    precommit.extension = {1, 2, 3};
    EXPECT_EQ(refusal(signer, precommit, /*extensions=*/false), "sign.extension");
    const auto signed_vote = cast(signer, precommit, true);
    ASSERT_TRUE(signed_vote);
    EXPECT_EQ(key->everything_signed().back().message,
              types::extension_sign_bytes(chain_id, precommit));
    EXPECT_FALSE(signed_vote->extension_signature.empty());
    // An empty extension is signed as well, and nil has none.
    const auto empty = cast(signer, vote(SignedMsgType::precommit, 6, 0, 7), true);
    ASSERT_TRUE(empty);
    EXPECT_FALSE(empty->extension_signature.empty());
    const auto nil = cast(signer, vote(SignedMsgType::precommit, 7, 0, 0), true);
    ASSERT_TRUE(nil);
    EXPECT_TRUE(nil->extension_signature.empty());
}

TEST_F(SignerTest, AfterARestartTheLogRemembers) {
    Signer signer = make();
    auto reservation = signer.reserve(vote(SignedMsgType::precommit, 5, 1, 7), {5, set}, false);
    ASSERT_TRUE(reservation);
    // Crash behind the barrier, before the signature.
    auto last = decode_watermark(reservation->record(), address);
    ASSERT_TRUE(last);
    Signer restarted = make(*last);
    EXPECT_EQ(refusal(restarted, vote(SignedMsgType::precommit, 5, 1, 8)), "sign.conflict");
    EXPECT_EQ(refusal(restarted, vote(SignedMsgType::precommit, 5, 1, 0)), "sign.conflict");
    const auto again = cast(restarted, vote(SignedMsgType::precommit, 5, 1, 7, 900));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->timestamp.seconds, 100);
    EXPECT_EQ(key->everything_signed().size(), 1u);
}

TEST_F(SignerTest, HoldBackSilencesHeights) {
    Signer signer = make();
    const auto record = signer.hold_back(5);
    ASSERT_TRUE(record);
    EXPECT_FALSE(signer.hold_back(3));
    EXPECT_FALSE(signer.hold_back(5));
    Signer restarted = make(*decode_watermark(*record, address));
    for (Signer* each : {&signer, &restarted}) {
        EXPECT_EQ(refusal(*each, vote(SignedMsgType::prevote, 4, 0, 7)), "sign.height");
        EXPECT_EQ(refusal(*each, vote(SignedMsgType::precommit, 5, 0, 7)), "sign.round");
        const std::int32_t last_round = std::numeric_limits<std::int32_t>::max();
        EXPECT_EQ(refusal(*each, vote(SignedMsgType::precommit, 5, last_round, 7)), "sign.state");
        EXPECT_EQ(refusal(*each, vote(SignedMsgType::prevote, 6, 0, 7)), "");
    }
}

TEST_F(SignerTest, WhatTheNetworkRemembersCountsToo) {
    Signer signer = make();
    auto waiting = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, set}, false);
    ASSERT_TRUE(waiting);
    Vote foreign = vote(SignedMsgType::prevote, 5, 0, 8);
    foreign.signature = crypto::SignatureBytes(32, 9);
    const auto record = signer.saw_own(foreign);
    ASSERT_TRUE(record);
    const auto overtaken = signer.sign(std::move(*waiting).logged_at({1}), everything);
    ASSERT_FALSE(overtaken);
    EXPECT_EQ(overtaken.error().check, "sign.overtaken");
    EXPECT_TRUE(key->everything_signed().empty());
    // The same message is ours to repeat, with the signature that it has.
    const auto again = cast(signer, vote(SignedMsgType::prevote, 5, 0, 8, 300));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->signature, foreign.signature);
    // And the record brings it over a restart.
    Signer restarted = make(*decode_watermark(*record, address));
    EXPECT_EQ(refusal(restarted, vote(SignedMsgType::prevote, 5, 0, 7)), "sign.conflict");
}

TEST_F(SignerTest, WhatTheNetworkRemembersVoidsWhatWaitsBelowTheWatermark) {
    Signer signer = make();
    auto prevote = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, set}, false);
    auto precommit = signer.reserve(vote(SignedMsgType::precommit, 5, 0, 7), {5, set}, false);
    ASSERT_TRUE(prevote && precommit);
    Vote foreign = vote(SignedMsgType::prevote, 5, 0, 8);
    foreign.signature = crypto::SignatureBytes(32, 9);
    EXPECT_FALSE(signer.saw_own(foreign));  // the watermark stays: it is above
    const auto overtaken = signer.sign(std::move(*prevote).logged_at({1}), everything);
    ASSERT_FALSE(overtaken);
    EXPECT_EQ(overtaken.error().check, "sign.overtaken");
    EXPECT_TRUE(signer.sign(std::move(*precommit).logged_at({2}), everything));
}

TEST_F(SignerTest, WhatIsVoidStaysVoidWhenAnOlderVoteComesLater) {
    Signer signer = make();
    auto prevote = signer.reserve(vote(SignedMsgType::prevote, 5, 0, 7), {5, set}, false);
    auto precommit = signer.reserve(vote(SignedMsgType::precommit, 5, 0, 7), {5, set}, false);
    auto next = signer.reserve(vote(SignedMsgType::prevote, 5, 1, 7), {5, set}, false);
    ASSERT_TRUE(prevote && precommit && next);
    for (const auto type : {SignedMsgType::precommit, SignedMsgType::prevote}) {
        Vote foreign = vote(type, 5, 0, 8);
        foreign.signature = crypto::SignatureBytes(32, 9);
        EXPECT_FALSE(signer.saw_own(foreign));
    }
    EXPECT_FALSE(signer.sign(std::move(*prevote).logged_at({1}), everything));
    EXPECT_FALSE(signer.sign(std::move(*precommit).logged_at({2}), everything));
    EXPECT_TRUE(signer.sign(std::move(*next).logged_at({3}), everything));
}

TEST_F(SignerTest, OurOwnEchoChangesNothing) {
    {
        Signer signer = make();
        const auto prevote = cast(signer, vote(SignedMsgType::prevote, 5, 0, 7));
        auto waiting = signer.reserve(vote(SignedMsgType::precommit, 5, 0, 7), {5, set}, false);
        ASSERT_TRUE(prevote && waiting);
        EXPECT_FALSE(signer.saw_own(*prevote));
        EXPECT_TRUE(signer.sign(std::move(*waiting).logged_at({1}), everything));
    }
    Signer signer = make();
    const auto prevote = cast(signer, vote(SignedMsgType::prevote, 5, 0, 7));
    const auto precommit = cast(signer, vote(SignedMsgType::precommit, 5, 0, 7));
    ASSERT_TRUE(prevote && precommit);
    EXPECT_FALSE(signer.saw_own(*prevote));
    EXPECT_FALSE(signer.saw_own(*precommit));
    EXPECT_EQ(refusal(signer, vote(SignedMsgType::prevote, 5, 1, 8)), "");
}

// ---- Any sequence of wishes, barriers, crashes and old images: never two signatures for one
// place.

struct Life {
    const SignerTest& test;
    base::SeededRandom random;
    bool protect;  // use hold_back or saw_own after an old image
    Signer signer;
    std::vector<Bytes> log{};            // records
    std::size_t durable = 0;             // how many of them are on disk
    std::vector<Pending<Vote>> votes{};  // that wait
    std::map<std::tuple<std::int64_t, std::int32_t, int>, Bytes> spoken{};
    std::int64_t height = 1;
    std::optional<Vote> last_spoken{};  // in the order of places
    bool violated = false;

    void wish() {
        if (random.chance(1, 8)) height += static_cast<std::int64_t>(random.below(3));
        const auto type = random.chance(1, 2) ? SignedMsgType::prevote : SignedMsgType::precommit;
        const std::int64_t wished =
            std::max<std::int64_t>(1, height - static_cast<std::int64_t>(random.below(3)) + 1);
        const Vote vote = test.vote(type, wished, static_cast<std::int32_t>(random.below(4)),
                                    static_cast<std::uint8_t>(random.below(3)),
                                    static_cast<std::int64_t>(random.below(1000)));
        auto reservation = signer.reserve(vote, {vote.height, test.set}, false);
        if (!reservation) return;
        log.push_back(reservation->record());
        votes.push_back(std::move(*reservation).logged_at({log.size()}));
    }
    void barrier() {
        durable = log.size();
        for (auto& pending : std::exchange(votes, {}))
            if (auto vote = signer.sign(std::move(pending), {durable})) speak(*vote);
    }
    void speak(const Vote& vote) {
        const auto place = std::tuple{vote.height, vote.round, static_cast<int>(vote.type)};
        Bytes bytes = types::sign_bytes(chain_id, vote);
        const auto [at, is_new] = spoken.emplace(place, bytes);
        violated = violated || (!is_new && at->second != bytes);
        if (!last_spoken || std::tuple{last_spoken->height, last_spoken->round,
                                       static_cast<int>(last_spoken->type)} < place)
            last_spoken = vote;
    }
    void start_from(std::size_t records) {
        log.resize(records);
        durable = records;
        votes.clear();
        types::LastSigned last;
        if (!log.empty()) last = *decode_watermark(log.back(), test.address);
        signer = test.make(std::move(last));
    }
    /// What was not durable is lost, or part of it is.
    void crash() { start_from(durable + random.below(log.size() - durable + 1)); }
    void old_image() {
        start_from(random.below(durable + 1));
        if (!protect || !last_spoken) return;
        auto record = random.chance(1, 2) ? signer.hold_back(last_spoken->height)
                                          : signer.saw_own(*last_spoken);
        if (record) log.push_back(std::move(*record));
        durable = log.size();
    }
    void run(std::size_t steps) {
        for (std::size_t i = 0; i < steps && !violated; ++i) {
            const std::uint64_t dice = random.below(100);
            if (dice < 60)
                wish();
            else if (dice < 90)
                barrier();
            else if (dice < 97)
                crash();
            else
                old_image();
        }
    }
};

TEST_F(SignerTest, NeverTwoSignaturesForOnePlace) {
    std::size_t spoken = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        Life life{*this, base::SeededRandom(seed), true, make()};
        life.run(250);
        ASSERT_FALSE(life.violated) << "seed " << seed;
        spoken += life.spoken.size();
    }
    EXPECT_GT(spoken, 4'000u);  // else the walk has tested little
}

// The canary: an old image that nobody notices must be found by the very same walk.
TEST_F(SignerTest, AnUnnoticedOldImageIsFound) {
    std::size_t violations = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        Life life{*this, base::SeededRandom(seed), false, make()};
        life.run(250);
        violations += life.violated ? 1 : 0;
    }
    EXPECT_GT(violations, 0u);
}

}  // namespace
}  // namespace tandem::signer
