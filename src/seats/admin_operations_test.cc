// Every operation on chain, and every reason to refuse one (seats page, section 7;
// docs/formats/admin-transaction.md).
#include <gtest/gtest.h>

#include "seats/test_blocks.h"

namespace tandem::seats {
namespace {

using test::Blocks;
using test::Done;
using test::Names;
using test::Plan;

/// Seven seats of power 10 with three nodes each, after five quiet blocks.
class Operations : public testing::Test {
  public:
    Operations() { blocks.repeat(5); }

    AdminCode own(Operation operation, std::string_view id = "alpha") {
        return blocks.execute(blocks.own(id, std::move(operation)));
    }
    AdminCode quorum(Operation operation) {
        return blocks.execute(blocks.quorum(std::move(operation)));
    }
    /// The code of the last of several in one block; those before it must be accepted.
    AdminCode last_of(std::vector<AdminTx> operations, Plan plan = {}) {
        plan.operations = std::move(operations);
        const Done done = blocks.next(plan);
        for (std::size_t i = 0; i + 1 < done.results.size(); ++i)
            EXPECT_EQ(done.code(i), AdminCode::ok) << i << ": " << done.results[i].log;
        return done.code(done.results.size() - 1);
    }
    AddSeat new_seat(std::string_view id, std::int64_t power = 10) {
        const std::string text(id);
        const PublicKey admin = test::CheapKey(text + " admin").public_key();
        return {text,
                power,
                admin,
                test::admin_proof(id, admin),
                {test::registration(id, text + "-1"), test::registration(id, text + "-2")}};
    }
    ReplaceLivenessKey new_liveness_key(std::string_view name, std::string_view key) {
        const PublicKey fresh = test::CheapKey(key).public_key();
        const NodeRegistration renewed{
            std::string(name), blocks.node(name).consensus_key, fresh, {}, {}};
        const Bytes message = registration_sign_bytes("tandem-example", "alpha", renewed);
        return {std::string(name), fresh,
                base::to_bytes(base::view(test::CheapKey(fresh).sign(message)))};
    }
    RotateAdminKey new_admin_key(std::string_view key, std::string_view seat = "alpha") {
        const PublicKey fresh = test::CheapKey(key).public_key();
        return {fresh, test::admin_proof(seat, fresh)};
    }
    bool is_retired(const PublicKey& key) {
        return std::ranges::find(blocks.state().retired_keys, key, &RetiredKey::key) !=
               blocks.state().retired_keys.end();
    }

    Blocks blocks{7, 3};
};

// ---- Who signed, nonce and expiry

TEST_F(Operations, ABadSignatureChangesNothing) {
    const State before = blocks.state();
    AdminTx tx = blocks.own("alpha", Pause{});
    tx.signatures[0].signature[0] ^= 1;
    EXPECT_EQ(blocks.execute(tx), AdminCode::bad_signature);
    blocks.sign(tx, {"beta"});
    tx.signatures[0].seat = "alpha";
    EXPECT_EQ(blocks.execute(tx), AdminCode::bad_signature) << "another seat's admin";
    EXPECT_EQ(blocks.seat("alpha").nonce, 0U);
    EXPECT_FALSE(blocks.seat("alpha").paused);
    tx = blocks.quorum(RemoveSeat{"beta"});
    tx.signatures[6].signature[0] ^= 1;
    EXPECT_EQ(blocks.execute(tx), AdminCode::bad_signature) << "each that is there must hold";
    EXPECT_EQ(blocks.state().quorum_nonce, 0U);
}

TEST_F(Operations, TheRightSignersAreNamed) {
    AdminTx tx = blocks.own("alpha", Pause{});
    blocks.sign(tx, {"alpha", "beta"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::malformed);
    blocks.sign(tx, {"beta"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::malformed);
    blocks.sign(tx, {});
    EXPECT_EQ(blocks.execute(tx), AdminCode::malformed);
    tx = blocks.own("alpha", RemoveSeat{"beta"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::malformed) << "a quorum operation names no seat";
    tx = blocks.quorum(Pause{});
    EXPECT_EQ(blocks.execute(tx), AdminCode::malformed) << "a seat's own names it";
    tx = blocks.own("alpha", Pause{});
    tx.seat = tx.signatures[0].seat = "omega";
    EXPECT_EQ(blocks.execute(tx), AdminCode::unknown_seat);
    tx = blocks.quorum(RemoveSeat{"beta"});
    tx.signatures.push_back(tx.signatures[0]);
    EXPECT_EQ(blocks.execute(tx), AdminCode::malformed) << "signed twice";
    tx.signatures.back().seat = "omega";
    EXPECT_EQ(blocks.execute(tx), AdminCode::unknown_seat);
}

TEST_F(Operations, TheQuorumIsMoreThanTwoThirdsOfThePresentPower) {
    blocks.state().seats[0].power = 20;  // of 80
    AdminTx tx = blocks.quorum(ChangePower{"beta", 11});
    blocks.sign(tx, {"gamma", "delta", "seat-4", "seat-5", "seat-6"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::no_quorum) << "50 of 80";
    EXPECT_EQ(blocks.state().quorum_nonce, 0U);
    blocks.sign(tx, {"alpha", "gamma", "delta", "seat-4"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::no_quorum);
    blocks.sign(tx, {"alpha", "gamma", "delta", "seat-4", "seat-5"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::ok) << "60 of 80";
    blocks.state().seats[0].power = 9;  // beta has 11: 70 again
    blocks.state().seats[0].power = 5;
    blocks.state().seats[1].power = 5;  // of 60: 40 are exactly two thirds
    tx = blocks.quorum(ChangePower{"beta", 6});
    blocks.sign(tx, {"gamma", "delta", "seat-4", "seat-5"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::no_quorum) << "exactly two thirds are not more";
    blocks.sign(tx, {"gamma", "delta", "seat-4", "seat-5", "alpha"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::ok);
}

TEST_F(Operations, ALeavingSeatHasNoPowerInTheQuorum) {
    ASSERT_EQ(quorum(RemoveSeat{"alpha"}), AdminCode::ok);  // 60 remain
    AdminTx tx = blocks.quorum(ChangePower{"beta", 11});
    blocks.sign(tx, {"alpha", "beta", "gamma", "delta", "seat-4"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::no_quorum) << "40 of 60";
    EXPECT_EQ(own(Pause{}), AdminCode::leaving) << "nor operations of its own";
}

TEST_F(Operations, NoncesAreOnePerSeatAndOneForTheQuorum) {
    AdminTx tx = blocks.own("alpha", Pause{});
    tx.nonce = 2;
    blocks.sign(tx, {"alpha"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::wrong_nonce) << "no gap";
    tx.nonce = 1;
    blocks.sign(tx, {"alpha"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::ok);
    EXPECT_EQ(blocks.execute(tx), AdminCode::wrong_nonce) << "never twice";
    EXPECT_EQ(blocks.seat("alpha").nonce, 1U);
    EXPECT_EQ(own(Pause{}, "beta"), AdminCode::ok);
    EXPECT_EQ(quorum(ChangePower{"gamma", 11}), AdminCode::ok);
    EXPECT_EQ(blocks.state().quorum_nonce, 1U);
}

TEST_F(Operations, ExpireBehindTheHeightThatTheyName) {
    AdminTx tx = blocks.own("alpha", Pause{});
    tx.expiry_height = blocks.height();
    blocks.sign(tx, {"alpha"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::expired);
    EXPECT_EQ(blocks.seat("alpha").nonce, 0U) << "an expired one uses up nothing";
    tx.expiry_height = blocks.height() + 1;
    blocks.sign(tx, {"alpha"});
    EXPECT_EQ(blocks.execute(tx), AdminCode::ok) << "the last height at which it may be executed";
}

TEST_F(Operations, ARefusedOneUsesUpItsNonceAndChangesNothingElse) {
    const Seat before = blocks.seat("alpha");
    Plan plan;
    plan.operations = {blocks.own("alpha", Resume{})};
    const Done done = blocks.next(plan);
    EXPECT_EQ(done.code(), AdminCode::already);
    EXPECT_EQ(done.results[0].codespace, "seats");
    EXPECT_FALSE(done.results[0].log.empty());
    EXPECT_EQ(done.events_of("seat_admin"), 1U);
    EXPECT_EQ(blocks.seat("alpha").nonce, before.nonce + 1);
    EXPECT_EQ(blocks.seat("alpha").paused, before.paused);
}

TEST_F(Operations, WhatIsNoTransactionIsAnsweredAndNothingMore) {
    const State before = blocks.state();
    const BlockContext context{before.height + 1, test::at_ms(0), Bytes(32, 1), {}, {}, {}};
    BlockProcess process(before, context, blocks.verifier(), nullptr);
    const auto result = process.admin_step(Bytes{0, 'T', 'D', 'A', 1, 9});
    EXPECT_EQ(static_cast<AdminCode>(result.code), AdminCode::malformed);
    EXPECT_EQ(process.state(), before);
}

TEST_F(Operations, AreAnsweredWithTheHeightsOfDecisionAndEffect) {
    Plan plan;
    plan.operations = {blocks.own("alpha", Pause{}), blocks.own("beta", Switchover{"beta-2"}),
                       blocks.quorum(ChangePower{"gamma", 11})};
    const Done done = blocks.next(plan);
    ASSERT_EQ(done.code(0), AdminCode::ok);
    ASSERT_EQ(done.code(1), AdminCode::ok);
    ASSERT_EQ(done.code(2), AdminCode::ok);
    EXPECT_EQ(base::as_text(done.results[0].data), R"({"height":"6","effective_height":"7"})");
    EXPECT_EQ(base::as_text(done.results[1].data), R"({"height":"6","effective_height":"8"})");
    EXPECT_EQ(base::as_text(done.results[2].data), R"({"height":"6","effective_height":"8"})");
}

TEST_F(Operations, OneSeesThoseBeforeIt) {
    AdminTx second = blocks.own("alpha", Pause{});
    second.nonce = 2;
    blocks.sign(second, {"alpha"});
    EXPECT_EQ(last_of({blocks.own("alpha", Pause{}), second}), AdminCode::already);
}

// ---- Switchover

TEST_F(Operations, SwitchoverMovesTheSeatAndLosesNoCommit) {
    Plan plan;
    plan.operations = {blocks.own("alpha", Switchover{"alpha-3"})};
    const Done done = blocks.next(plan);
    ASSERT_EQ(done.switches.size(), 1U);
    const SwitchFact wanted{"alpha", "alpha-1", "alpha-3", SwitchReason::switchover, 6, 8};
    EXPECT_EQ(done.switches[0], wanted);
    EXPECT_EQ(done.updates.size(), 2U);
    EXPECT_EQ(blocks.seat("alpha").cooldown, Cooldown{}) << "starts no cooldown";
    EXPECT_EQ(blocks.seat("alpha").last_switchover, 6);
    blocks.repeat(3);
    EXPECT_EQ(blocks.node("alpha-3").window.signed_bits, 1U) << "SIGNED from its first height on";
}

TEST_F(Operations, SwitchoverToWhomItCannotBe) {
    EXPECT_EQ(own(Switchover{"omega"}), AdminCode::unknown_node);
    EXPECT_EQ(own(Switchover{"alpha-1"}), AdminCode::not_a_standby);
    Plan plan{.silent = {"alpha-2"}};
    EXPECT_EQ(last_of({blocks.own("alpha", Switchover{"alpha-2"})}, plan), AdminCode::not_alive);
    plan = {.convicted = {"alpha-2"}};
    EXPECT_EQ(last_of({blocks.own("alpha", Switchover{"alpha-2"})}, plan), AdminCode::quarantined);
    plan = {.record = false};
    EXPECT_EQ(last_of({blocks.own("alpha", Switchover{"alpha-3"})}, plan), AdminCode::no_record);
    blocks.state().chain_params.key_types = {"secp256k1"};
    EXPECT_EQ(own(Switchover{"alpha-3"}), AdminCode::bad_value);
}

TEST_F(Operations, SwitchoverTheNextOneAfterMBlocks) {
    ASSERT_EQ(own(Switchover{"alpha-2"}), AdminCode::ok);  // in 6; M = 25
    EXPECT_EQ(own(Switchover{"alpha-3"}), AdminCode::switch_pending);
    blocks.repeat(2);
    EXPECT_EQ(own(Switchover{"alpha-3"}), AdminCode::too_soon);
    blocks.repeat(30 - blocks.height() - 1);
    EXPECT_EQ(own(Switchover{"alpha-3"}), AdminCode::too_soon) << "24 blocks after";
    EXPECT_EQ(blocks.height(), 30);
    EXPECT_EQ(own(Switchover{"alpha-3"}), AdminCode::ok) << "the refused ones do not count";
}

TEST_F(Operations, SwitchoverDoesNotObeyTheCooldownNorThePause) {
    blocks.repeat(5, {.silent = {"alpha-1"}});
    ASSERT_EQ(blocks.validator("alpha"), "alpha-2");
    blocks.repeat(2);
    ASSERT_EQ(own(Pause{}), AdminCode::ok);
    EXPECT_EQ(own(Switchover{"alpha-1"}), AdminCode::ok);
    blocks.repeat(5);
    EXPECT_EQ(blocks.seat("alpha").cooldown.effective_height, 12) << "and leaves it as it is";
}

TEST_F(Operations, AtMostOneSwitchOfASeatInABlock) {
    AdminTx second = blocks.own("alpha", Switchover{"alpha-3"});
    second.nonce = 2;
    blocks.sign(second, {"alpha"});
    EXPECT_EQ(last_of({blocks.own("alpha", Switchover{"alpha-2"}), second}),
              AdminCode::switch_pending);
}

// ---- Pause and resume

TEST_F(Operations, PauseAndResume) {
    EXPECT_EQ(own(Resume{}), AdminCode::already);
    EXPECT_EQ(own(Pause{}), AdminCode::ok);
    EXPECT_TRUE(blocks.seat("alpha").paused);
    EXPECT_EQ(own(Pause{}), AdminCode::already);
    EXPECT_EQ(own(Resume{}), AdminCode::ok);
    EXPECT_FALSE(blocks.seat("alpha").paused);
}

TEST_F(Operations, APendingSwitchStandsWhileTheSeatIsPaused) {
    ASSERT_EQ(own(Switchover{"alpha-2"}), AdminCode::ok);
    ASSERT_EQ(own(Pause{}), AdminCode::ok);
    EXPECT_EQ(blocks.validator("alpha"), "alpha-2");
    EXPECT_TRUE(blocks.seat("alpha").has_pending(blocks.height()));
}

// ---- Standbys

TEST_F(Operations, AddedStandbysStandAtTheEndWithAnEmptyWindow) {
    EXPECT_EQ(own(AddStandby{test::registration("alpha", "alpha-4")}), AdminCode::ok);
    ASSERT_EQ(blocks.seat("alpha").nodes.size(), 4U);
    EXPECT_EQ(blocks.seat("alpha").nodes[3].name, "alpha-4");
    EXPECT_EQ(blocks.node("alpha-4").window.count, 0U);
    blocks.next();
    EXPECT_EQ(blocks.node("alpha-4").window.count, 1U) << "the first record that lists it";
}

TEST_F(Operations, AddStandbyRefused) {
    const auto add = [this](NodeRegistration node) { return own(AddStandby{std::move(node)}); };
    EXPECT_EQ(add(test::registration("alpha", "alpha-2", "other")), AdminCode::name_in_use);
    EXPECT_EQ(add(test::registration("alpha", "a b")), AdminCode::bad_value);
    EXPECT_EQ(add(test::registration("beta", "alpha-4")), AdminCode::bad_proof)
        << "proves itself for another seat";
    NodeRegistration node = test::registration("alpha", "alpha-4");
    node.consensus_proof = node.liveness_proof;
    EXPECT_EQ(add(node), AdminCode::bad_proof);
    node = test::registration("alpha", "alpha-4");
    node.liveness_proof.clear();
    EXPECT_EQ(add(node), AdminCode::bad_proof);
    node = test::registration("alpha", "alpha-4");
    node.liveness_key.type = crypto::KeyType::secp256k1;
    EXPECT_EQ(add(node), AdminCode::bad_value);
    node = test::registration("alpha", "alpha-4");
    node.consensus_key.type = crypto::KeyType::secp256k1;
    EXPECT_EQ(add(node), AdminCode::bad_value) << "not allowed by the consensus parameters";
    node = test::registration("alpha", "alpha-4");
    node.consensus_key.bytes.pop_back();
    EXPECT_EQ(add(node), AdminCode::bad_value) << "of another size";
    node = test::registration("alpha", "alpha-4");
    node.liveness_key = node.consensus_key;
    EXPECT_EQ(add(node), AdminCode::key_in_use) << "both keys are one";
    node = test::registration("alpha", "alpha-4");
    node.consensus_key = blocks.node("beta-2").liveness_key;
    EXPECT_EQ(add(node), AdminCode::key_in_use) << "in another seat and role";
    node = test::registration("alpha", "alpha-4");
    node.liveness_key = blocks.seat("gamma").admin_key;
    EXPECT_EQ(add(node), AdminCode::key_in_use);
    EXPECT_EQ(blocks.seat("alpha").nodes.size(), 3U);
    std::int64_t& block_bytes = blocks.state().chain_params.block_bytes_max;
    block_bytes = blocks.state().chain_params.evidence_bytes_max;
    while (!fits_block(21, 7, block_bytes, blocks.state().chain_params.evidence_bytes_max))
        ++block_bytes;
    EXPECT_EQ(add(test::registration("alpha", "alpha-4")), AdminCode::limits);
    block_bytes += 66;  // a heartbeat, and a byte of the bitmap perhaps
    EXPECT_EQ(add(test::registration("alpha", "alpha-4")), AdminCode::ok);
}

TEST_F(Operations, AReplacementTakesThePlaceAndTheOldKeysNeverReturn) {
    const Node old = blocks.node("alpha-2");
    EXPECT_EQ(own(ReplaceStandby{"alpha-2", test::registration("alpha", "alpha-2", "new")}),
              AdminCode::ok)
        << "under the old name";
    EXPECT_EQ(blocks.seat("alpha").nodes[1].name, "alpha-2");
    EXPECT_NE(blocks.seat("alpha").nodes[1].consensus_key, old.consensus_key);
    EXPECT_EQ(blocks.seat("alpha").nodes[1].window.count, 0U);
    EXPECT_TRUE(is_retired(old.consensus_key));
    EXPECT_TRUE(is_retired(old.liveness_key));
    EXPECT_EQ(own(AddStandby{test::registration("alpha", "alpha-4", "alpha-2")}),
              AdminCode::key_in_use);
    EXPECT_EQ(own(AddStandby{test::registration("beta", "beta-4", "alpha-2")}, "beta"),
              AdminCode::key_in_use);
    EXPECT_EQ(own(ReplaceStandby{"alpha-2", test::registration("alpha", "alpha-3", "newer")}),
              AdminCode::name_in_use);
    EXPECT_EQ(own(ReplaceStandby{"omega", test::registration("alpha", "alpha-4")}),
              AdminCode::unknown_node);
    EXPECT_EQ(own(ReplaceStandby{"alpha-1", test::registration("alpha", "alpha-4")}),
              AdminCode::not_a_standby);
    EXPECT_EQ(own(ReplaceStandby{"alpha-2", test::registration("beta", "alpha-4")}),
              AdminCode::bad_proof);
}

TEST_F(Operations, AReplacementKeepsTheKeysOfTheOldOneFromBeingItsOwn) {
    EXPECT_EQ(own(ReplaceStandby{"alpha-2", test::registration("alpha", "alpha-2")}),
              AdminCode::key_in_use)
        << "a convicted node does not come back by replacing itself";
}

TEST_F(Operations, RemovalClosesUpAndKeepsTheValidator) {
    ASSERT_EQ(own(Switchover{"alpha-3"}), AdminCode::ok);
    blocks.repeat(2);
    const Node old = blocks.node("alpha-1");
    EXPECT_EQ(own(RemoveStandby{"alpha-1"}), AdminCode::ok);
    ASSERT_EQ(blocks.seat("alpha").nodes.size(), 2U);
    EXPECT_EQ(blocks.validator("alpha"), "alpha-3");
    EXPECT_TRUE(is_retired(old.consensus_key));
    EXPECT_TRUE(is_retired(old.liveness_key));
    EXPECT_EQ(blocks.seat("alpha").identity, old.consensus_key) << "the identity stays for good";
    EXPECT_EQ(own(RemoveStandby{"alpha-1"}), AdminCode::unknown_node);
    EXPECT_EQ(own(RemoveStandby{"alpha-3"}), AdminCode::not_a_standby);
    EXPECT_EQ(blocks.next().record_refusal, "");
}

TEST_F(Operations, NeitherEndOfAPendingSwitchIsAStandby) {
    ASSERT_EQ(own(Switchover{"alpha-2"}), AdminCode::ok);  // in 6, pending in 7
    AdminTx second =
        blocks.own("alpha", ReplaceStandby{"alpha-1", test::registration("alpha", "x")});
    ++second.nonce;
    blocks.sign(second, {"alpha"});
    Plan plan;
    plan.operations = {blocks.own("alpha", RemoveStandby{"alpha-1"}), second};
    const Done done = blocks.next(plan);
    EXPECT_EQ(done.code(0), AdminCode::not_a_standby) << "it is the validator until 8";
    EXPECT_EQ(done.code(1), AdminCode::not_a_standby);
    EXPECT_EQ(own(RemoveStandby{"alpha-1"}), AdminCode::ok) << "in 8 it is not any more";
}

TEST_F(Operations, RemovalOfAThirdNodeWhileASwitchIsPendingKeepsBothEnds) {
    ASSERT_EQ(own(Switchover{"alpha-3"}), AdminCode::ok);
    ASSERT_EQ(own(RemoveStandby{"alpha-2"}), AdminCode::ok);
    const Seat& seat = blocks.seat("alpha");
    ASSERT_TRUE(seat.pending);
    EXPECT_EQ(seat.nodes[seat.pending->from].name, "alpha-1");
    EXPECT_EQ(seat.nodes[seat.pending->to].name, "alpha-3");
    EXPECT_EQ(blocks.validator("alpha"), "alpha-3");
}

// ---- Keys

TEST_F(Operations, ReplacedLivenessKeys) {
    const PublicKey old = blocks.node("alpha-2").liveness_key;
    const std::uint32_t counted = blocks.node("alpha-2").window.count;
    EXPECT_EQ(own(new_liveness_key("alpha-2", "fresh")), AdminCode::ok);
    EXPECT_GT(blocks.node("alpha-2").window.count, counted) << "the window stays";
    EXPECT_TRUE(is_retired(old));
    EXPECT_EQ(own(new_liveness_key("alpha-1", "fresher")), AdminCode::ok) << "the validator's too";
    EXPECT_EQ(own(new_liveness_key("alpha-1", "fresh")), AdminCode::key_in_use);
    EXPECT_EQ(own(new_liveness_key("alpha-2", "alpha-2 liveness")), AdminCode::key_in_use)
        << "a retired one never returns";
    ReplaceLivenessKey operation = new_liveness_key("alpha-2", "freshest");
    operation.name = "alpha-3";
    EXPECT_EQ(own(operation), AdminCode::bad_proof);
    operation.name = "omega";
    EXPECT_EQ(own(operation), AdminCode::unknown_node);
    operation = new_liveness_key("alpha-2", "freshest");
    operation.liveness_key.type = crypto::KeyType::secp256k1;
    EXPECT_EQ(own(operation), AdminCode::bad_value);
}

TEST_F(Operations, RotatedAdminKeys) {
    const PublicKey old = blocks.seat("alpha").admin_key;
    const AdminTx by_old = blocks.own("alpha", Pause{});
    EXPECT_EQ(own(new_admin_key("fresh admin")), AdminCode::ok);
    EXPECT_TRUE(is_retired(old));
    EXPECT_EQ(blocks.execute(by_old), AdminCode::bad_signature) << "the old one signs no more";
    EXPECT_EQ(own(Pause{}), AdminCode::ok);
    EXPECT_EQ(own(new_admin_key("alpha admin")), AdminCode::key_in_use) << "and never returns";
    EXPECT_EQ(own(new_admin_key("beta-1 consensus")), AdminCode::key_in_use);
    EXPECT_EQ(own(new_admin_key("other", "beta")), AdminCode::bad_proof);
    RotateAdminKey operation = new_admin_key("other");
    operation.admin_key.type = crypto::KeyType::secp256k1;
    EXPECT_EQ(own(operation), AdminCode::bad_value);
}

// ---- The quorum's

TEST_F(Operations, AddedSeats) {
    EXPECT_EQ(quorum(new_seat("omega", 12)), AdminCode::ok);
    const Seat& seat = blocks.state().seats.back();
    EXPECT_EQ(seat.id, "omega");
    EXPECT_EQ(seat.identity, seat.nodes[0].consensus_key);
    EXPECT_EQ(seat.count_from, blocks.height() + 2);
    EXPECT_EQ(blocks.state().total_power(), 82) << "a new seat has its power at once";
    EXPECT_EQ(own(Pause{}, "omega"), AdminCode::ok) << "and its own operations";
}

TEST_F(Operations, AddSeatRefused) {
    EXPECT_EQ(quorum(new_seat("alpha")), AdminCode::name_in_use);
    EXPECT_EQ(quorum(new_seat("o mega")), AdminCode::bad_value);
    EXPECT_EQ(quorum(new_seat("omega", 0)), AdminCode::bad_value);
    EXPECT_EQ(quorum(new_seat("omega", -5)), AdminCode::bad_value);
    EXPECT_EQ(quorum(new_seat("omega", types::total_voting_power_max - 69)), AdminCode::empty_set)
        << "the total would overflow";
    AddSeat seat = new_seat("omega");
    seat.nodes.clear();
    EXPECT_EQ(quorum(seat), AdminCode::bad_value);
    seat = new_seat("omega");
    seat.admin_key.type = crypto::KeyType::secp256k1;
    EXPECT_EQ(quorum(seat), AdminCode::bad_value);
    seat = new_seat("omega");
    seat.admin_key = blocks.seat("alpha").admin_key;
    EXPECT_EQ(quorum(seat), AdminCode::key_in_use);
    seat = new_seat("omega");
    seat.admin_proof = test::admin_proof("alpha", seat.admin_key);
    EXPECT_EQ(quorum(seat), AdminCode::bad_proof);
    seat = new_seat("omega");
    seat.nodes[1] = test::registration("omega", "omega-1", "other");
    EXPECT_EQ(quorum(seat), AdminCode::name_in_use);
    seat = new_seat("omega");
    seat.nodes[1] = test::registration("omega", "omega-2", "omega-1");
    EXPECT_EQ(quorum(seat), AdminCode::key_in_use) << "keys of the other new node";
    seat = new_seat("omega");
    seat.nodes[0] = test::registration("omega", "omega-1", "alpha-2");
    EXPECT_EQ(quorum(seat), AdminCode::key_in_use);
    blocks.state().chain_params.block_bytes_max = blocks.state().chain_params.evidence_bytes_max;
    EXPECT_EQ(quorum(new_seat("omega")), AdminCode::limits);
    EXPECT_EQ(blocks.state().seats.size(), 7U);
}

TEST_F(Operations, TheIdAndTheKeysOfARemovedSeatNeverReturn) {
    ASSERT_EQ(quorum(RemoveSeat{"gamma"}), AdminCode::ok);
    EXPECT_EQ(quorum(new_seat("gamma")), AdminCode::name_in_use) << "while it leaves";
    blocks.repeat(2);
    ASSERT_EQ(blocks.state().find_seat("gamma"), nullptr);
    EXPECT_EQ(quorum(new_seat("gamma")), AdminCode::name_in_use);
    AddSeat seat = new_seat("omega");
    seat.nodes[0] = test::registration("omega", "omega-1", "gamma-1");
    EXPECT_EQ(quorum(seat), AdminCode::key_in_use);
    seat = new_seat("omega");
    seat.admin_key = test::CheapKey("gamma admin").public_key();
    EXPECT_EQ(quorum(seat), AdminCode::key_in_use);
}

TEST_F(Operations, RemoveSeatRefused) {
    EXPECT_EQ(quorum(RemoveSeat{"omega"}), AdminCode::unknown_seat);
    ASSERT_EQ(quorum(RemoveSeat{"gamma"}), AdminCode::ok);
    EXPECT_EQ(quorum(RemoveSeat{"gamma"}), AdminCode::leaving);
    EXPECT_EQ(quorum(ChangePower{"gamma", 11}), AdminCode::leaving);
    Blocks lonely(1, 2);
    lonely.repeat(3);
    EXPECT_EQ(lonely.execute(lonely.quorum(RemoveSeat{"alpha"})), AdminCode::empty_set);
}

TEST_F(Operations, ChangedPowers) {
    EXPECT_EQ(quorum(ChangePower{"alpha", 13}), AdminCode::ok);
    EXPECT_EQ(blocks.seat("alpha").power, 13);
    EXPECT_EQ(quorum(ChangePower{"omega", 13}), AdminCode::unknown_seat);
    EXPECT_EQ(quorum(ChangePower{"alpha", 0}), AdminCode::bad_value);
    EXPECT_EQ(quorum(ChangePower{"alpha", -1}), AdminCode::bad_value);
    EXPECT_EQ(quorum(ChangePower{"alpha", types::total_voting_power_max + 1}),
              AdminCode::bad_value);
    EXPECT_EQ(quorum(ChangePower{"alpha", types::total_voting_power_max - 59}),
              AdminCode::empty_set);
    EXPECT_EQ(quorum(ChangePower{"alpha", types::total_voting_power_max - 60}), AdminCode::ok);
}

TEST_F(Operations, ChangedParameters) {
    Params params = blocks.state().params;
    params.run_records = 65;
    EXPECT_EQ(quorum(ChangeParams{params}), AdminCode::bad_value);
    params.run_records = 3;
    EXPECT_EQ(quorum(ChangeParams{params}), AdminCode::ok);
    EXPECT_EQ(blocks.state().params, params);
}

TEST_F(Operations, ParametersChangedDuringAnOutageHoldForTheRunAsItStands) {
    blocks.repeat(2, {.silent = {"alpha-1"}});
    Params params = blocks.state().params;
    params.run_records = 3;
    Plan plan{.silent = {"alpha-1"}};
    plan.operations = {blocks.quorum(ChangeParams{params})};
    EXPECT_TRUE(blocks.next(plan).switches.empty()) << "a run of three, and N is 5 in this block";
    EXPECT_EQ(blocks.next({.silent = {"alpha-1"}}).switches.size(), 1U);
}

// ---- The power guard

TEST_F(Operations, PowerGuardHoldsBelowAThirdUnlessNothingElseMoves) {
    EXPECT_EQ(last_of({blocks.own("alpha", Switchover{"alpha-2"}),
                       blocks.own("beta", Switchover{"beta-2"})}),
              AdminCode::ok)
        << "20 of 70";
    EXPECT_EQ(last_of({blocks.own("gamma", Switchover{"gamma-2"}),
                       blocks.own("delta", Switchover{"delta-2"}),
                       blocks.own("seat-4", Switchover{"seat-4-2"})}),
              AdminCode::power_guard)
        << "30 of 70";
    EXPECT_EQ(blocks.seat("seat-4").nonce, 1U);
    EXPECT_EQ(blocks.seat("seat-4").last_switchover, 0) << "refused, so it may come again at once";
    EXPECT_EQ(own(Switchover{"seat-4-2"}, "seat-4"), AdminCode::ok);
}

TEST(PowerGuard, ASingleOperationMayMoveAThirdAlone) {
    Blocks blocks(3, 2);
    blocks.repeat(5);
    EXPECT_EQ(blocks.execute(blocks.own("alpha", Switchover{"alpha-2"})), AdminCode::ok);
}

TEST(PowerGuard, ExactlyAThirdIsRefused) {
    Blocks blocks(6, 2);
    blocks.repeat(5);
    Plan plan;
    plan.operations = {blocks.own("alpha", Switchover{"alpha-2"}),
                       blocks.own("beta", Switchover{"beta-2"})};
    EXPECT_EQ(blocks.next(plan).code(1), AdminCode::power_guard) << "20 of 60";
    Params params = blocks.state().params;
    params.power_guard = false;
    ASSERT_EQ(blocks.execute(blocks.quorum(ChangeParams{params})), AdminCode::ok);
    plan.operations = {blocks.own("gamma", Switchover{"gamma-2"}),
                       blocks.own("delta", Switchover{"delta-2"})};
    EXPECT_EQ(blocks.next(plan).code(1), AdminCode::ok) << "where the parameter is off";
}

TEST_F(Operations, PowerGuardCountsWhatEvidenceAndRuleMove) {
    Plan plan{.convicted = {"alpha-1", "beta-1"}};
    EXPECT_EQ(last_of({blocks.own("gamma", Switchover{"gamma-2"})}, plan), AdminCode::power_guard);
    EXPECT_EQ(own(Switchover{"gamma-2"}, "gamma"), AdminCode::ok);
}

TEST_F(Operations, PowerGuardCountsWhatQuorumOperationsAddOrTake) {
    AdminTx second = blocks.quorum(ChangePower{"beta", 25});
    ++second.nonce;
    blocks.sign(second, {"alpha", "beta", "gamma", "delta", "seat-4", "seat-5"});
    EXPECT_EQ(last_of({blocks.quorum(RemoveSeat{"alpha"}), second}), AdminCode::power_guard)
        << "10 + 15 of the 70 that were decided before the block";
    AddSeat seat = new_seat("omega", 15);
    second = blocks.quorum(seat);
    ++second.nonce;
    blocks.sign(second, {"beta", "gamma", "delta", "seat-4", "seat-5", "seat-6"});
    EXPECT_EQ(last_of({blocks.quorum(ChangePower{"beta", 16}), second}), AdminCode::power_guard);
    EXPECT_EQ(quorum(seat), AdminCode::ok);
}

TEST_F(Operations, WhatMovesNothingIsNotHeldUpByTheGuard) {
    Plan plan{.convicted = {"alpha-1", "beta-1"}};
    EXPECT_EQ(last_of({blocks.quorum(ChangePower{"gamma", 10})}, plan), AdminCode::ok)
        << "the power that it has";
    plan = {.convicted = {"gamma-1", "delta-1"}};
    EXPECT_EQ(
        last_of({blocks.own("alpha", Pause{}), blocks.own("beta", RemoveStandby{"beta-3"})}, plan),
        AdminCode::ok);
}

TEST_F(Operations, TheGuardComparesWithTheTotalDecidedBeforeTheBlock) {
    AdminTx second = blocks.own("beta", Switchover{"beta-2"});
    // 90 after the addition, and 20 + 10 would be no third of it.
    EXPECT_EQ(last_of({blocks.quorum(new_seat("omega", 20)), second}), AdminCode::power_guard);
}

TEST(PowerGuard, SumsDoNotOverflow) {
    Blocks blocks(4, 2);
    blocks.repeat(3);
    blocks.state().params.power_guard = false;
    Plan plan;
    for (std::uint64_t i = 0; i < 12; ++i) {
        AdminTx tx = blocks.quorum(
            ChangePower{"alpha", i % 2 == 0 ? types::total_voting_power_max - 30 : 10});
        tx.nonce += i;
        // Each is signed by all: alpha's power is far above the others' in between.
        blocks.sign(tx, {"alpha", "beta", "gamma", "delta"});
        plan.operations.push_back(tx);
    }
    const Done done = blocks.next(plan);
    for (std::size_t i = 0; i < done.results.size(); ++i) EXPECT_EQ(done.code(i), AdminCode::ok);
}

// ---- What may enter the mempool

TEST_F(Operations, TheMempoolTakesAFewNoncesAheadAndNothingElse) {
    const auto check = [this](const AdminTx& tx) {
        return check_admin_tx(blocks.state(), encode_admin_tx(tx), blocks.verifier()).code;
    };
    AdminTx tx = blocks.own("alpha", Switchover{"omega"});
    EXPECT_EQ(check(tx), AdminCode::ok) << "whether it fits is decided in its block";
    for (const auto& [nonce, code] :
         {std::pair(std::uint64_t{16}, AdminCode::ok),
          {17, AdminCode::wrong_nonce},
          {std::numeric_limits<std::uint64_t>::max(), AdminCode::wrong_nonce}}) {
        tx.nonce = nonce;
        blocks.sign(tx, {"alpha"});
        EXPECT_EQ(check(tx), code) << nonce;
    }
    ASSERT_EQ(own(Pause{}), AdminCode::ok);
    tx.nonce = 1;
    blocks.sign(tx, {"alpha"});
    EXPECT_EQ(check(tx), AdminCode::wrong_nonce) << "used up";
    tx = blocks.own("alpha", Pause{});
    tx.expiry_height = blocks.height();
    blocks.sign(tx, {"alpha"});
    EXPECT_EQ(check(tx), AdminCode::expired) << "the next block is higher";
    tx.expiry_height = blocks.height() + 1;
    EXPECT_EQ(check(tx), AdminCode::bad_signature);
    EXPECT_EQ(check_admin_tx(blocks.state(), Bytes{1}, blocks.verifier()).code,
              AdminCode::malformed);
}

}  // namespace
}  // namespace tandem::seats
