#include "chain/state.h"

#include <gtest/gtest.h>

#include "abci/results.h"
#include "chain/test_chain.h"

namespace tandem::chain {
namespace {

abci::ValidatorUpdate update(std::uint8_t number, std::int64_t power) {
    return {test_key(number).public_key(), power};
}

abci::ResponseFinalizeBlock with_updates(std::vector<abci::ValidatorUpdate> updates) {
    abci::ResponseFinalizeBlock answer;
    answer.validator_updates = std::move(updates);
    return answer;
}

bool has(const HashedValidators& set, std::uint8_t number) {
    return set->find(crypto::address(test_key(number).public_key())) != nullptr;
}

TEST(State, BeginsAtGenesis) {
    const TestChain chain({10, 20, 30}, 7);
    EXPECT_EQ(chain.state.next_height(), 7);
    EXPECT_EQ(chain.state.last_block_height, 0);
    EXPECT_EQ(chain.state.last_block_time, seconds(0));
    EXPECT_TRUE(chain.state.last_validators->empty());
    EXPECT_EQ(chain.state.validators->size(), 3u);
    EXPECT_EQ(chain.state.validators.hash(), chain.state.validators->hash());
    EXPECT_EQ(*chain.state.next_validators, chain.state.validators->advanced(1));
    EXPECT_EQ(chain.state.last_results_hash, abci::results_hash({}));
}

TEST(State, RecordAndBack) {
    TestChain chain({10, 20, 30});
    EXPECT_EQ(from_record(to_record(chain.state)), chain.state);
    chain.advance(with_updates({update(4, 5)}));
    EXPECT_EQ(from_record(to_record(chain.state)), chain.state);
}

// Trap 14: the application's version, then the parameters', even where that is 0.
TEST(State, AppVersionComesFromInfoAndThenFromParameters) {
    TestChain chain({10});
    State fresh = *fresh_state(chain.genesis);
    EXPECT_EQ(fresh.version.app, 0u);
    adopt_app_version(fresh, 6);
    EXPECT_EQ(after_init_chain(fresh, {})->version.app, 6u);
    abci::ResponseInitChain answer;
    answer.consensus_params.emplace().abci.emplace().vote_extensions_enable_height = 5;
    const auto after = after_init_chain(fresh, answer);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->version.app, 0u);
    EXPECT_EQ(after->consensus_params.abci.vote_extensions_enable_height, 5);
    EXPECT_EQ(after->consensus_params.block, fresh.consensus_params.block);

    chain.state.version.app = 6;
    abci::ResponseFinalizeBlock without;
    chain.advance(without);
    EXPECT_EQ(chain.state.version.app, 6u);
    State later = chain.state;
    adopt_app_version(later, 9);
    EXPECT_EQ(later.version.app, 6u) << "only before the first block";
    abci::ResponseFinalizeBlock with_params;
    with_params.consensus_param_updates.emplace().block.emplace() = {2'000'000, 5};
    chain.advance(with_params);
    EXPECT_EQ(chain.state.version.app, 0u);
    EXPECT_EQ(chain.state.consensus_params.block.max_bytes, 2'000'000);
    EXPECT_EQ(chain.state.last_height_consensus_params_changed, 3);
}

TEST(State, InitChainMayNameValidatorsAndHash) {
    TestChain chain({10, 20});
    abci::ResponseInitChain answer;
    answer.validators = {update(5, 7), update(6, 9), update(7, 9)};
    answer.app_hash = {1, 2};
    chain.start(answer);
    EXPECT_EQ(chain.state.validators->size(), 3u);
    EXPECT_TRUE(has(chain.state.validators, 5));
    EXPECT_EQ(*chain.state.next_validators, chain.state.validators->advanced(1));
    EXPECT_EQ(chain.state.app_hash, Hash({1, 2}));
    chain.start();
    EXPECT_EQ(chain.state.app_hash, chain.genesis.app_hash)
        << "an empty one leaves that of genesis";
}

TEST(State, InitChainRefusals) {
    TestChain chain({10});
    const auto check = [&](const abci::ResponseInitChain& answer, const State& fresh) {
        const auto after = after_init_chain(fresh, answer);
        return after ? std::string() : after.error().check;
    };
    const State fresh = *fresh_state(chain.genesis);
    abci::ResponseInitChain twice;
    twice.validators = {update(5, 7), update(5, 8)};
    EXPECT_NE(check(twice, fresh), "");
    abci::ResponseInitChain zero;
    zero.validators = {update(5, 0)};
    EXPECT_NE(check(zero, fresh), "");
    abci::ResponseInitChain unverifiable;
    unverifiable.validators = {{{crypto::KeyType::ml_dsa_65, {}}, 5}};
    unverifiable.validators[0].pub_key.bytes.assign(crypto::ml_dsa_65_public_key_size, 1);
    EXPECT_EQ(check(unverifiable, fresh), "init_chain.validators.key_type");
    chain.genesis.validators.clear();
    const State nobody = *fresh_state(chain.genesis);
    EXPECT_EQ(check({}, nobody), "init_chain.validators.none");
    abci::ResponseInitChain one;
    one.validators = {update(5, 1)};
    EXPECT_EQ(check(one, nobody), "");
}

TEST(State, InitChainIsAskedInTheOrderOfTheSet) {
    TestChain chain({10, 30, 20});
    chain.genesis.app_state = R"({"a":1})";
    const auto request = init_chain_request(chain.genesis);
    ASSERT_TRUE(request);
    ASSERT_EQ(request->validators.size(), 3u);
    EXPECT_EQ(request->validators[0].power, 30);
    EXPECT_EQ(request->validators[1].power, 20);
    EXPECT_EQ(base::as_text(request->app_state_bytes), chain.genesis.app_state);
    EXPECT_EQ(*types::from_message(*request->consensus_params), chain.genesis.consensus_params);
}

// Trap 13: what block H changes is next in the state after H, hence binds in H+2.
TEST(State, ValidatorsChangeTwoHeightsLater) {
    TestChain chain({10, 20, 30});
    chain.advance(with_updates({update(4, 5), update(1, 0)}));  // block 1
    EXPECT_EQ(chain.state.last_height_validators_changed, 3);
    EXPECT_TRUE(has(chain.state.validators, 1)) << "height 2: as before";
    EXPECT_FALSE(has(chain.state.validators, 4));
    EXPECT_FALSE(has(chain.state.next_validators, 1)) << "height 3: changed";
    EXPECT_TRUE(has(chain.state.next_validators, 4));
    const HashedValidators decided = chain.state.next_validators;
    chain.advance();  // block 2
    EXPECT_EQ(chain.state.validators, decided);
    EXPECT_EQ(chain.state.next_validators.hash(), decided.hash());
    EXPECT_EQ(*chain.state.next_validators, decided->advanced(1)) << "turns go on";
    EXPECT_EQ(chain.state.last_height_validators_changed, 3);
    chain.advance();
    EXPECT_EQ(chain.state.last_validators, decided);
}

TEST(State, HashesFollowTheSets) {
    TestChain chain({10, 20, 30});
    for (std::uint8_t i = 0; i < 12; ++i) {
        std::vector<abci::ValidatorUpdate> updates;
        if (i % 3 == 0) updates = {update(4, i + 1), update(5, i % 2 == 0 ? 7 : 0)};
        chain.advance(with_updates(updates));
        for (const HashedValidators* set :
             {&chain.state.last_validators, &chain.state.validators, &chain.state.next_validators})
            EXPECT_EQ(set->hash(), (*set)->hash());
    }
}

struct RefusedAnswer {
    const char* check;
    std::function<void(abci::ResponseFinalizeBlock&)> spoil;
};

TEST(State, AnswersThatTheNodeCannotFollow) {
    const crypto::PublicKey ml_dsa = [] {
        crypto::PublicKey key{crypto::KeyType::ml_dsa_65, {}};
        key.bytes.assign(crypto::ml_dsa_65_public_key_size, 1);
        return key;
    }();
    using Answer = abci::ResponseFinalizeBlock;
    const std::vector<RefusedAnswer> cases{
        {"validator_updates.power", [](Answer& a) { a.validator_updates = {update(4, -1)}; }},
        {"validator_updates.key_type",
         [](Answer& a) {
             a.validator_updates = {{{crypto::KeyType::secp256k1, {}}, 3}};
             a.validator_updates[0].pub_key.bytes.assign(33, 2);
         }},
        {"validator_updates.key_type_unsupported",
         [&](Answer& a) { a.validator_updates = {{ml_dsa, 3}}; }},
        {"validator_updates.", [](Answer& a) { a.validator_updates = {{{}, 0}}; }},
        {"validator_updates.", [](Answer& a) { a.validator_updates = {update(9, 0)}; }},
        {"validator_updates.",
         [](Answer& a) { a.validator_updates = {update(1, 5), update(1, 6)}; }},
        {"validator_updates.",
         [](Answer& a) { a.validator_updates = {update(1, 0), update(2, 0)}; }},
        {"consensus_param_updates.",
         [](Answer& a) { a.consensus_param_updates.emplace().block.emplace() = {0, 0}; }},
        {"consensus_param_updates.",
         [](Answer& a) {
             a.consensus_param_updates.emplace().abci.emplace().vote_extensions_enable_height = 1;
         }},
    };
    for (const RefusedAnswer& refused : cases) {
        TestChain chain({10, 20});
        chain.state.consensus_params.validator.pub_key_types = {"ed25519", "ml_dsa_65"};
        const State before = chain.state;
        Answer answer;
        refused.spoil(answer);
        const Verdict verdict = chain.try_advance(chain.build(), answer);
        ASSERT_FALSE(verdict) << refused.check;
        EXPECT_TRUE(verdict.error().check.starts_with(refused.check)) << verdict.error().check;
        EXPECT_EQ(chain.state, before);
    }
}

// Parameters that a block changes judge the updates of the next block, not its own.
TEST(State, KeyTypesAreThoseBeforeTheBlock) {
    TestChain chain({10, 20});
    abci::ResponseFinalizeBlock answer;
    answer.consensus_param_updates.emplace().validator.emplace().pub_key_types = {"secp256k1"};
    answer.validator_updates = {update(4, 5)};
    chain.advance(answer);
    EXPECT_FALSE(chain.try_advance(chain.build(), with_updates({update(5, 5)})));
}

}  // namespace
}  // namespace tandem::chain
