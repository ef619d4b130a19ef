// Seats in the genesis: what is read, what is refused, and the state before the first block.
#include "seats/genesis.h"

#include <gtest/gtest.h>

#include "seats/process.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

PublicKey key(std::string_view text) {
    return test::CheapKey(text).public_key();
}

Genesis two_seats() {
    Genesis genesis;
    for (const std::string id : {"alpha", "beta"})
        genesis.seats.push_back({id,
                                 10,
                                 key(id),
                                 {{id + "-1", key(id + "-1 c"), key(id + "-1 l")},
                                  {id + "-2", key(id + "-2 c"), key(id + "-2 l")}}});
    return genesis;
}

Result<GenesisRead> read(std::string_view text) {
    return read_genesis(base::as_bytes(text));
}

ChainLimits limits(std::int64_t initial_height = 1) {
    return {"tandem-example", initial_height, {4'194'304, 1'048'576, {"ed25519"}}};
}

/// The refusal's words, or "" where there is a state.
std::string refusal_of(const Genesis& genesis, const ChainLimits& chain = limits()) {
    const auto state = initial_state(genesis, chain);
    return state ? "" : state.error().check + ": " + state.error().why;
}

TEST(ReadGenesis, WhatIsWrittenIsRead) {
    Genesis genesis = two_seats();
    genesis.params.run_records = 7;
    genesis.params.run_time = {2'000'000'000};
    genesis.params.power_guard = false;
    genesis.application_sets_powers = true;
    const auto read_back = read(write_genesis(genesis, R"({"accounts": [1]})"));
    ASSERT_TRUE(read_back) << read_back.error().why;
    EXPECT_EQ(read_back->seats, genesis);
    EXPECT_EQ(base::as_text(read_back->application_state), R"({"accounts": [1]})");
    EXPECT_TRUE(read(write_genesis(genesis, ""))->application_state.empty());
}

TEST(ReadGenesis, AGenesisWithoutSeatsBelongsToItsApplication) {
    for (const std::string_view text : {R"({"accounts": {}, "app": 3})", "[1, 2]", "7", R"("x")"}) {
        const auto plain = read(text);
        ASSERT_TRUE(plain) << text;
        EXPECT_FALSE(plain->seats);
        EXPECT_EQ(base::as_text(plain->application_state), text);
    }
    EXPECT_FALSE(read("")->seats);
    EXPECT_FALSE(read("{")) << "no JSON at all";
}

TEST(ReadGenesis, ParametersThatAreLeftOutHaveTheirDefaults) {
    const auto bare = read(R"({"seats": {"params": {"run_records": 9}, "seats": []}})");
    ASSERT_TRUE(bare) << bare.error().why;
    Params params;
    params.run_records = 9;
    EXPECT_EQ(bare->seats->params, params);
    EXPECT_EQ(read(R"({"seats": {}})")->seats->params, Params{});
}

TEST(ReadGenesis, AMisspeltNameIsRefusedWithTheNearest) {
    for (const auto& [text, nearest] : {
             std::pair(R"({"seats": {"params": {"run_record": 9}}})", "run_records"),
             std::pair(R"({"seats": {"sets": []}})", "seats"),
             std::pair(R"({"seats": {}, "ap": {}})", "app"),
         }) {
        const auto refused = read(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_NE(refused.error().why.find(nearest), std::string::npos) << refused.error().why;
    }
}

TEST(ReadGenesis, WrongKindsAreRefused) {
    for (const std::string_view text :
         {R"({"seats": []})", R"({"seats": {"seats": {}}})", R"({"seats": {"params": 1}})",
          R"({"seats": {"params": {"run_records": "9"}}})",
          R"({"seats": {"params": {"run_records": -1}}})", R"({"seats": {"seats": [{"id": 1}]}})",
          R"({"seats": {"seats": [{"power": "x"}]}})"})
        EXPECT_FALSE(read(text)) << text;
}

TEST(InitialState, HasTheFirstNodeOfEverySeatAsValidatorAndIdentity) {
    const auto state = initial_state(two_seats(), limits(10));
    ASSERT_TRUE(state);
    EXPECT_EQ(state->height, 9);
    EXPECT_EQ(state->initial_height, 10);
    ASSERT_EQ(state->seats.size(), 2U);
    EXPECT_EQ(state->seats[1].validator, 0U);
    EXPECT_EQ(state->seats[1].identity, key("beta-1 c"));
    EXPECT_EQ(state->seats[1].count_from, 10);
    EXPECT_EQ(state->seats[1].nodes[1].name, "beta-2");
    EXPECT_EQ(state->seats[1].nodes[1].liveness, Liveness::unknown);
    EXPECT_EQ(decided_set(*state).size(), 2U);
    check_invariants(*state);
}

TEST(InitialState, IsRefusedWhereItCouldNotBe) {
    EXPECT_EQ(refusal_of(two_seats()), "");
    EXPECT_NE(refusal_of(Genesis{}), "") << "no seat";
    const auto refused = [](auto&& change) {
        Genesis genesis = two_seats();
        change(genesis);
        return refusal_of(genesis).starts_with("app_state.seats");
    };
    EXPECT_TRUE(refused([](Genesis& g) { g.seats[0].nodes.clear(); }));
    EXPECT_TRUE(refused([](Genesis& g) { g.seats[0].power = 0; }));
    EXPECT_TRUE(refused([](Genesis& g) { g.seats[0].power = types::total_voting_power_max; }));
    EXPECT_TRUE(refused([](Genesis& g) { g.seats[1].id = "alpha"; }));
    EXPECT_TRUE(refused([](Genesis& g) { g.seats[1].id = "a/b"; }));
    EXPECT_TRUE(refused([](Genesis& g) { g.seats[1].nodes[1].name = "beta-1"; }));
    EXPECT_TRUE(refused([](Genesis& g) { g.seats[1].admin_key = g.seats[0].admin_key; }));
    EXPECT_TRUE(refused(
        [](Genesis& g) { g.seats[1].nodes[0].liveness_key = g.seats[0].nodes[1].consensus_key; }));
    EXPECT_TRUE(refused([](Genesis& g) { g.params.run_records = 1; }));
    EXPECT_TRUE(
        refused([](Genesis& g) { g.seats[0].admin_key.type = crypto::KeyType::secp256k1; }));
}

TEST(InitialState, KeysAreOfAKindThatMayAndCanBeVerified) {
    Genesis genesis = two_seats();
    genesis.seats[0].nodes[1].consensus_key = {crypto::KeyType::secp256k1, {}};
    genesis.seats[0].nodes[1].consensus_key.bytes.assign(
        crypto::public_key_size(crypto::KeyType::secp256k1), 2);
    EXPECT_TRUE(refusal_of(genesis).find("pub_key_types") != std::string::npos);
    ChainLimits chain = limits();
    chain.params.key_types = {"ed25519", "secp256k1"};
    EXPECT_EQ(refusal_of(genesis, chain), "");
}

TEST(InitialState, ARecordMustFitABlock) {
    ChainLimits chain = limits();
    std::int64_t& block_bytes = chain.params.block_bytes_max;
    block_bytes = chain.params.evidence_bytes_max;
    while (!fits_block(4, 2, block_bytes, chain.params.evidence_bytes_max)) ++block_bytes;
    EXPECT_EQ(refusal_of(two_seats(), chain), "");
    --block_bytes;
    EXPECT_NE(refusal_of(two_seats(), chain).find("max_bytes"), std::string::npos);
}

}  // namespace
}  // namespace tandem::seats
