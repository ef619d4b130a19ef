#include "chain/block_validation.h"

#include <gtest/gtest.h>

#include "chain/test_chain.h"

namespace tandem::chain {
namespace {

using Spoil = std::function<void(types::Block&)>;

struct Fault {
    const char* check;
    Spoil spoil;
};

/// The body's hashes follow the body, so that a fault of the body is no fault of the header.
void recompute(types::Block& block) {
    block.header.last_commit_hash.clear();
    block.header.data_hash.clear();
    block.header.evidence_hash.clear();
    types::fill_header(block);
}

/// One for each check, in the order of the wire page.
std::vector<Fault> faults() {
    const auto flip = [](Hash& hash) { hash[0] ^= 1; };
    return {
        {"block.header.data_hash", [=](types::Block& b) { flip(b.header.data_hash); }},
        {"block.version", [](types::Block& b) { ++b.header.version.app; }},
        {"block.chain_id", [](types::Block& b) { b.header.chain_id += "x"; }},
        {"block.height", [](types::Block& b) { ++b.header.height; }},
        {"block.last_block_id", [=](types::Block& b) { flip(b.header.last_block_id.hash); }},
        {"block.app_hash", [](types::Block& b) { b.header.app_hash.push_back(1); }},
        {"block.consensus_hash", [=](types::Block& b) { flip(b.header.consensus_hash); }},
        {"block.last_results_hash", [=](types::Block& b) { flip(b.header.last_results_hash); }},
        {"block.validators_hash", [=](types::Block& b) { flip(b.header.validators_hash); }},
        {"block.next_validators_hash",
         [=](types::Block& b) { flip(b.header.next_validators_hash); }},
        {"block.last_commit.",
         [](types::Block& b) {
             b.last_commit->signatures[1].signature[5] ^= 1;
             recompute(b);
         }},
        {"block.proposer_address",
         [](types::Block& b) { b.header.proposer_address.assign(types::address_bytes, 0x77); }},
        {"block.time", [](types::Block& b) { ++b.header.time.nanos; }},
        {"block.evidence.size",
         [](types::Block& b) {
             b.evidence.evidence.assign(4, double_vote(1, 1));
             recompute(b);
         }},
        {"block.evidence.untrue",
         [](types::Block& b) {
             b.evidence.evidence.assign(1, double_vote(1, 1));
             recompute(b);
         }},
    };
}

struct BlockValidation : ::testing::Test {
    TestChain chain{{10, 20, 30, 40}};
    FixedEvidenceJudge judge{true};
    types::Block block;

    BlockValidation() {
        chain.state.consensus_params.evidence.max_bytes = 700;
        chain.advance();
        block = *chain.build().block;
    }
    std::string check_of(const types::Block& candidate, Validation validation) const {
        const Verdict verdict = validate_block(chain.state, candidate, validation);
        return verdict ? "" : verdict.error().check;
    }
    Validation validation() const {
        return {crypto::real_verifier(), judge, ChainRules{}, std::nullopt};
    }
};

TEST_F(BlockValidation, EveryCheckRefusesItsFault) {
    judge.accepts = false;
    ASSERT_EQ(check_of(block, validation()), "");
    for (const Fault& fault : faults()) {
        types::Block spoilt = block;
        fault.spoil(spoilt);
        const std::string check = check_of(spoilt, validation());
        EXPECT_TRUE(check.starts_with(fault.check)) << check << " instead of " << fault.check;
    }
}

// Of two faults the earlier check speaks.
TEST_F(BlockValidation, TheOrderIsThatOfTheWirePage) {
    judge.accepts = false;
    const auto all = faults();
    for (std::size_t first = 0; first < all.size(); ++first)
        for (std::size_t second = first + 1; second < all.size(); ++second) {
            types::Block spoilt = block;
            all[second].spoil(spoilt);  // may recompute the hashes that the first one spoils
            all[first].spoil(spoilt);
            const std::string check = check_of(spoilt, validation());
            EXPECT_TRUE(check.starts_with(all[first].check))
                << check << " instead of " << all[first].check << " before " << all[second].check;
        }
}

TEST_F(BlockValidation, AnyValidatorMayHaveProposed) {
    for (const types::Validator& validator : chain.state.validators->validators()) {
        types::Block other = block;
        other.header.proposer_address = validator.address;
        EXPECT_EQ(check_of(other, validation()), "");
    }
}

// Trap 10: a bad signature under a nil vote makes the block invalid though it adds no power.
TEST_F(BlockValidation, NilVotesAreVerifiedToo) {
    const auto built = chain.build();
    const auto votes = [](types::BlockIdFlag last) {
        return std::vector<TestVote>{{types::BlockIdFlag::commit, 2},
                                     {types::BlockIdFlag::commit, 2},
                                     {types::BlockIdFlag::commit, 2},
                                     {last, 2}};
    };
    ASSERT_TRUE(chain.try_advance(built, {}, votes(types::BlockIdFlag::nil)));
    types::Block next = *chain.build().block;
    EXPECT_EQ(check_of(next, validation()), "");
    next.last_commit->signatures[3].signature[0] ^= 1;
    recompute(next);
    EXPECT_TRUE(check_of(next, validation()).starts_with("block.last_commit."));
}

TEST_F(BlockValidation, TwoThirdsMustHaveVotedForTheLastBlock) {
    const auto built = chain.build();
    // Of 100, 40 + 30 are more than two thirds, 40 + 20 are not.
    const TestVote yes{types::BlockIdFlag::commit, 2}, nil{types::BlockIdFlag::nil, 2},
        absent{types::BlockIdFlag::absent, 0};
    TestChain enough = chain;
    ASSERT_TRUE(enough.try_advance(built, {}, {yes, yes, absent, absent}));
    EXPECT_TRUE(validate_block(enough.state, *enough.build().block, validation()));
    ASSERT_TRUE(chain.try_advance(built, {}, {yes, nil, yes, absent}));
    EXPECT_TRUE(check_of(*chain.build().block, validation()).starts_with("block.last_commit."));
}

// Trap 27: a nil vote that moves the median forks 0.38 from 0.40.
TEST_F(BlockValidation, TheMedianRuleIsTheChains) {
    const auto built = chain.build();
    ASSERT_TRUE(chain.try_advance(built, {},
                                  {{types::BlockIdFlag::commit, 50},
                                   {types::BlockIdFlag::commit, 60},
                                   {types::BlockIdFlag::nil, 70},
                                   {types::BlockIdFlag::nil, 70}}));
    const types::Block next = *chain.build().block;  // by 0.38's rule
    EXPECT_EQ(next.header.time, seconds(60));
    Validation later = validation();
    later.rules.time_without_nil_from = next.header.height + 1;
    EXPECT_EQ(check_of(next, validation()), "");
    EXPECT_EQ(check_of(next, later), "") << "the rule is of heights above";
    later.rules.time_without_nil_from = next.header.height;
    const auto other_time = block_time(chain.state, *next.last_commit, later.rules);
    ASSERT_TRUE(other_time);
    ASSERT_EQ(*other_time, seconds(50));
    EXPECT_EQ(check_of(next, later), "block.time");
    types::Block by_later_rule = next;
    by_later_rule.header.time = *other_time;
    EXPECT_EQ(check_of(by_later_rule, later), "");
    EXPECT_EQ(check_of(by_later_rule, validation()), "block.time");
}

TEST_F(BlockValidation, TimeMustGrow) {
    // The median lies before the last block: nobody can make a valid block of this commit.
    ASSERT_TRUE(chain.try_advance(chain.build(), {},
                                  {{types::BlockIdFlag::commit, 1},
                                   {types::BlockIdFlag::commit, 1},
                                   {types::BlockIdFlag::commit, 1},
                                   {types::BlockIdFlag::commit, 1}}));
    EXPECT_EQ(check_of(*chain.build().block, validation()), "block.time");
}

TEST_F(BlockValidation, TheFirstBlockHasTheTimeOfGenesisAndNoCommit) {
    const TestChain fresh({10, 20}, 9);
    const types::Block first = *fresh.build().block;
    const auto check = [&](const types::Block& candidate) {
        const Verdict verdict = validate_block(fresh.state, candidate, test_validation());
        return verdict ? std::string() : verdict.error().check;
    };
    EXPECT_EQ(check(first), "");
    types::Block late = first;
    ++late.header.time.seconds;
    EXPECT_EQ(check(late), "block.time");
    types::Block committed = first;
    committed.last_commit = *block.last_commit;
    committed.last_commit->height = 0;
    recompute(committed);
    EXPECT_EQ(check(committed), "block.last_commit");
}

TEST_F(BlockValidation, TheClockIsAskedOnlyWhereThereIsOne) {
    Validation with_clock = validation();
    const Timestamp time = block.header.time;
    with_clock.clock = ClockCheck{{time.seconds - 60, time.nanos}, {60'000'000'000}};
    EXPECT_EQ(check_of(block, with_clock), "block.time_ahead") << "not before now + tolerance";
    with_clock.clock->now = wire::add(with_clock.clock->now, {1});
    EXPECT_EQ(check_of(block, with_clock), "");
    with_clock.clock->now = {0, 0};
    EXPECT_EQ(check_of(block, with_clock), "block.time_ahead");
    with_clock.clock.reset();
    EXPECT_EQ(check_of(block, with_clock), "");
}

TEST_F(BlockValidation, WhatWasDoneBeforeIsNotDoneAgain) {
    types::Block spoilt = block;
    spoilt.last_commit->signatures[0].signature[0] ^= 1;
    recompute(spoilt);
    Validation trusting = validation();
    trusting.last_commit_is_verified = true;
    EXPECT_EQ(check_of(spoilt, trusting), "");
    spoilt = block;
    spoilt.header.data_hash[0] ^= 1;
    trusting.basic_is_validated = true;
    EXPECT_EQ(check_of(spoilt, trusting), "");
}

TEST_F(BlockValidation, EvidenceIsHeldAgainstTheChain) {
    struct NothingIsKnown final : types::EvidenceView {
        std::shared_ptr<const types::Header> header(std::int64_t) const override { return {}; }
        std::shared_ptr<const types::Commit> commit(std::int64_t) const override { return {}; }
        std::shared_ptr<const ValidatorSet> validators(std::int64_t) const override { return {}; }
        std::int64_t latest_height() const override { return 1; }
        bool is_pending(const types::Evidence&) const override { return pending; }
        bool is_committed(const types::Evidence&) const override { return false; }
        bool pending = false;
    } view;
    const VerifyingEvidenceJudge verifying(view, crypto::real_verifier());
    const Validation with_view{crypto::real_verifier(), verifying, ChainRules{}, std::nullopt};
    EXPECT_EQ(check_of(block, with_view), "");
    const std::vector<types::Evidence> list{double_vote(1, 1)};
    const types::Block accused = *chain.build({}, list).block;
    EXPECT_TRUE(check_of(accused, with_view).starts_with("block.evidence."));
    view.pending = true;
    EXPECT_EQ(check_of(accused, with_view), "");
}

TEST_F(BlockValidation, SignaturesAreCheckedWhereTheCallerSays) {
    struct Nobody final : crypto::Verifier {
        bool verify(const crypto::PublicKey&, base::BytesView, base::BytesView) const override {
            return false;
        }
    } nobody;
    const Validation nothing_verifies{nobody, judge, ChainRules{}, std::nullopt};
    EXPECT_TRUE(check_of(block, nothing_verifies).starts_with("block.last_commit."));
}

}  // namespace
}  // namespace tandem::chain
