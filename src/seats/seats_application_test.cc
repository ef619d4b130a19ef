// SeatsApplication between engine and application: what each call adds (seats page, section 5).
#include "seats/seats_application.h"

#include <gtest/gtest.h>

#include "seats/app_hash.h"
#include "seats/test_application.h"
#include "types/block.h"

namespace tandem::seats {
namespace {

using test::Rig;

std::vector<Bytes> to_vector(const wire::Txs& txs) {
    std::vector<Bytes> out;
    for (const BytesView tx : txs) out.push_back(base::to_bytes(tx));
    return out;
}

std::vector<TxKind> kinds(const wire::Txs& txs) {
    std::vector<TxKind> out;
    for (const BytesView tx : txs) out.push_back(classify(tx));
    return out;
}

class SeatsApplicationTest : public testing::Test {
  public:
    SeatsApplicationTest() { (void)rig.init_chain(); }
    bool accepts(const std::vector<Bytes>& txs) {
        const auto request = rig.process_request(wire::Txs::copy_of(txs));
        return rig.seats->process_proposal(request).status == abci::ProposalStatus::accept;
    }
    std::uint32_t check(const Bytes& tx) { return rig.seats->check_tx({tx, {}}).code; }

    Rig rig;
};

// ---- InitChain

TEST(SeatsApplication, InitChainShowsNodesUpwardAndIdentitiesDownward) {
    Rig rig;
    const abci::ResponseInitChain response = rig.init_chain();
    ASSERT_EQ(response.validators.size(), 3U);
    EXPECT_EQ(response.validators[1].pub_key, Rig::consensus_key("beta-1"));
    EXPECT_EQ(response.validators[1].power, 10);
    ASSERT_EQ(rig.app->initial.validators.size(), 3U);
    EXPECT_EQ(rig.app->initial.validators[1].pub_key, Rig::consensus_key("beta-1"));
    EXPECT_EQ(base::as_text(rig.app->initial.app_state_bytes), R"({"of the application": 1})");
    const types::Hash hash = engine_app_hash(test::digest_of("application at the start"),
                                             state_hash(rig.seats->state()));
    EXPECT_EQ(response.app_hash, base::to_bytes(hash));
    EXPECT_EQ(rig.seats->info({}).last_block_height, 0) << "no block yet";
}

// ---- CheckTx

TEST_F(SeatsApplicationTest, CheckTxTakesOperationsAndHeartbeatsAndLeavesTheRest) {
    rig.blocks(2);
    EXPECT_EQ(check(Rig::app_tx("pay")), 0U);
    EXPECT_EQ(rig.app->checked.size(), 1U);
    EXPECT_EQ(check(rig.admin_tx("alpha", Pause{})), 0U);
    EXPECT_EQ(check(rig.admin_tx("alpha", Pause{}, 99)),
              static_cast<std::uint32_t>(AdminCode::wrong_nonce));
    EXPECT_NE(check(to_vector(rig.propose())[0]), 0U) << "a record belongs into a block only";
    EXPECT_NE(check({0, 'T', 'D'}), 0U);
    EXPECT_NE(check({0, 'T', 'D', 'X', 1}), 0U);
    EXPECT_NE(check({0, 'T', 'D', 'H', 1}), 0U) << "no heartbeat's bytes";
    EXPECT_EQ(rig.app->checked.size(), 1U) << "nothing special reaches the application";
}

TEST_F(SeatsApplicationTest, HeartbeatsLeaveTheMempoolOnceTheyAreStale) {
    rig.blocks(2);
    const Heartbeat heartbeat = rig.heartbeat_of(rig.seat("gamma").nodes[1]);
    const Bytes tx = encode_heartbeat(heartbeat);
    EXPECT_EQ(check(tx), 0U);
    EXPECT_EQ(check(tx), 0U) << "fresh on recheck";
    EXPECT_EQ(rig.seats->add_heartbeat(heartbeat), HeartbeatPool::Added::known)
        << "and it is in the pool that proposers take from";
    Bytes forged = tx;
    forged.back() ^= 1;
    EXPECT_NE(check(forged), 0U);
    rig.blocks(1);
    EXPECT_NE(rig.seats->check_tx({tx, abci::CheckTxType::recheck}).code, 0U);
}

// ---- PrepareProposal

TEST_F(SeatsApplicationTest, PrepareProposalPutsTheRecordFirstThenOperations) {
    rig.blocks(1);
    const std::vector<Bytes> candidates{
        Rig::app_tx("one"), rig.admin_tx("alpha", Pause{}),
        encode_heartbeat(rig.heartbeat_of(rig.seat("beta").nodes[0])), Rig::app_tx("two"),
        rig.admin_tx("gamma", Pause{})};
    const wire::Txs txs = rig.propose(candidates);
    EXPECT_EQ(kinds(txs), (std::vector{TxKind::record, TxKind::admin, TxKind::admin,
                                       TxKind::application, TxKind::application}));
    EXPECT_EQ(to_vector(rig.app->prepared.txs),
              (std::vector<Bytes>{Rig::app_tx("one"), Rig::app_tx("two")}))
        << "the application's candidates are its own";
    EXPECT_TRUE(accepts(to_vector(txs)));
}

TEST_F(SeatsApplicationTest, PrepareProposalChargesWhatItPlaced) {
    rig.blocks(1);
    const Bytes admin = rig.admin_tx("alpha", Pause{});
    const wire::Txs txs = rig.propose({admin});
    ASSERT_EQ(txs.size(), 2U);
    EXPECT_EQ(rig.app->prepared.max_tx_bytes, 10'000 - types::tx_bytes_in_data(txs[0].size()) -
                                                  types::tx_bytes_in_data(admin.size()));
    auto request = rig.prepare_request({admin});
    const std::int64_t record = types::tx_bytes_in_data(txs[0].size());
    request.max_tx_bytes = record + types::tx_bytes_in_data(admin.size());
    EXPECT_EQ(rig.seats->prepare_proposal(request).txs.size(), 2U) << "exactly enough";
    EXPECT_EQ(rig.app->prepared.max_tx_bytes, 0);
    --request.max_tx_bytes;
    EXPECT_EQ(kinds(rig.seats->prepare_proposal(request).txs), std::vector{TxKind::record});
}

TEST_F(SeatsApplicationTest, PrepareProposalDropsWhatTheApplicationMayNotReturn) {
    rig.blocks(1);
    rig.app->prepared_answer = {Rig::app_tx("mine"), rig.admin_tx("alpha", Pause{}),
                                Bytes{0, 'T', 'D', 'R', 1}, Bytes{0, 'T', 'D'}};
    EXPECT_EQ(kinds(rig.propose()), (std::vector{TxKind::record, TxKind::application}));
}

TEST_F(SeatsApplicationTest, PrepareProposalLetsWaitWhatMaySucceedLater) {
    rig.blocks(2);
    const std::vector<Bytes> candidates{
        rig.admin_tx("alpha", Switchover{"alpha-2"}),  // not alive in this record: may wait
        rig.admin_tx("gamma", Switchover{"omega"}),    // never: it uses up its nonce
        rig.admin_tx("beta", Pause{}), rig.admin_tx("beta", Resume{}, 1)};
    const std::vector<Bytes> txs = to_vector(rig.propose(candidates, {"alpha-2"}));
    ASSERT_EQ(txs.size(), 4U);
    EXPECT_EQ(txs[1], candidates[1]);
    EXPECT_EQ(txs[2], candidates[2]);
    EXPECT_EQ(txs[3], candidates[3]) << "each is tried behind those before it";
}

TEST_F(SeatsApplicationTest, PrepareProposalPlacesNoRecordAtTheInitialHeight) {
    const wire::Txs txs = rig.propose({rig.admin_tx("alpha", Pause{}), Rig::app_tx("x")});
    EXPECT_EQ(kinds(txs), (std::vector{TxKind::admin, TxKind::application}));
    EXPECT_TRUE(accepts(to_vector(txs)));
}

// ---- ProcessProposal

TEST_F(SeatsApplicationTest, ProcessProposalJudgesRecordAndPlaces) {
    rig.blocks(2);
    const std::vector<Bytes> good =
        to_vector(rig.propose({rig.admin_tx("alpha", Pause{}), Rig::app_tx("x")}));
    const Bytes& record = good[0];
    const Bytes& admin = good[1];
    const Bytes& other = good[2];
    EXPECT_TRUE(accepts(good));
    EXPECT_EQ(to_vector(rig.app->processed.txs), std::vector<Bytes>{other});
    EXPECT_FALSE(accepts({admin, other})) << "missing";
    EXPECT_FALSE(accepts({other, record})) << "not first";
    EXPECT_FALSE(accepts({record, record})) << "twice";
    EXPECT_FALSE(accepts({record, other, admin})) << "an operation behind others";
    EXPECT_FALSE(accepts({record, encode_heartbeat(rig.heartbeat_of(rig.seat("beta").nodes[0]))}));
    EXPECT_FALSE(accepts({record, Bytes{0, 'T', 'D'}})) << "reserved";
    EXPECT_FALSE(accepts({record, Bytes{0, 'T', 'D', 'Z'}})) << "reserved";
    EXPECT_FALSE(accepts({})) << "nothing at all";
    Bytes bent = record;
    bent.back() ^= 1;
    EXPECT_FALSE(accepts({bent}));
    auto request = rig.process_request(wire::Txs::copy_of(good));
    request.proposed_last_commit.votes[0].block_id_flag = types::BlockIdFlag::absent;
    EXPECT_EQ(rig.seats->process_proposal(request).status, abci::ProposalStatus::reject)
        << "the record says that alpha-1 has signed";
    request = rig.process_request(wire::Txs::copy_of(good));
    request.proposer_address = Rig::address("gamma-1");
    EXPECT_EQ(rig.seats->process_proposal(request).status, abci::ProposalStatus::reject);
    rig.app->verdict = abci::ProposalStatus::reject;
    EXPECT_FALSE(accepts(good)) << "the application's word counts, too";
}

TEST_F(SeatsApplicationTest, ProcessProposalRejectsARecordAtTheInitialHeight) {
    EXPECT_TRUE(accepts({Rig::app_tx("x")}));
    EXPECT_FALSE(accepts({Bytes{0, 'T', 'D', 'R', 1}, Rig::app_tx("x")}));
}

// ---- FinalizeBlock

TEST_F(SeatsApplicationTest, FinalizeBlockAnswersEveryTransactionInItsPlace) {
    rig.blocks(2);
    const std::vector<Bytes> txs = to_vector(
        rig.propose({rig.admin_tx("alpha", Resume{}), Rig::app_tx("one"), Rig::app_tx("two")}));
    ASSERT_EQ(txs.size(), 4U);
    const auto response = rig.execute(rig.finalize_request(wire::Txs::copy_of(txs)));
    ASSERT_EQ(response.tx_results.size(), 4U);
    EXPECT_EQ(response.tx_results[0].code, 0U);
    EXPECT_EQ(response.tx_results[1].code, static_cast<std::uint32_t>(AdminCode::already));
    EXPECT_EQ(response.tx_results[2].data, Rig::app_tx("one"));
    EXPECT_EQ(response.tx_results[3].data, Rig::app_tx("two"));
    EXPECT_EQ(rig.app->finalized.txs.size(), 2U);
}

TEST_F(SeatsApplicationTest, FinalizeBlockSurvivesWhatOnlyTwoThirdsCanCommit) {
    rig.blocks(2);
    const std::vector<Bytes> good = to_vector(rig.propose());
    Bytes bent = good[0];
    bent.back() ^= 1;
    const std::vector<Bytes> txs{bent, Rig::app_tx("x"), rig.admin_tx("alpha", Pause{}), good[0],
                                 Bytes{0, 'T', 'D'}};
    const auto response = rig.execute(rig.finalize_request(wire::Txs::copy_of(txs)));
    ASSERT_EQ(response.tx_results.size(), 5U);
    const auto malformed = static_cast<std::uint32_t>(AdminCode::malformed);
    for (const std::size_t i : {0U, 2U, 3U, 4U})
        EXPECT_EQ(response.tx_results[i].code, malformed) << i;
    EXPECT_EQ(response.tx_results[1].code, 0U);
    EXPECT_EQ(to_vector(rig.app->finalized.txs), std::vector<Bytes>{Rig::app_tx("x")})
        << "nothing misplaced reaches the application";
    EXPECT_FALSE(rig.seat("alpha").paused) << "a misplaced operation has no effect";
    EXPECT_EQ(rig.seat("alpha").nonce, 0U);
    EXPECT_EQ(std::ranges::count(response.events, "seat_record_invalid", &abci::Event::type), 1);
    rig.blocks(1);
}

TEST_F(SeatsApplicationTest, FinalizeBlockWithoutAnythingIsABlockWithoutARecord) {
    rig.blocks(2);
    const std::uint32_t counted = rig.seat("alpha").nodes[0].window.count;
    const auto response = rig.execute(rig.finalize_request({}));
    EXPECT_TRUE(response.tx_results.empty());
    EXPECT_EQ(rig.seat("alpha").nodes[0].window.count, counted);
}

TEST_F(SeatsApplicationTest, FinalizeBlockReturnsTheSwitchAsAValidatorUpdate) {
    rig.blocks(3);
    rig.blocks(4, {"alpha-1"});
    const auto response = rig.block({}, {"alpha-1"});
    ASSERT_EQ(response.validator_updates.size(), 2U);
    EXPECT_EQ(response.validator_updates[0].pub_key, Rig::consensus_key("alpha-2"));
    EXPECT_EQ(response.validator_updates[0].power, 10);
    EXPECT_EQ(response.validator_updates[1].pub_key, Rig::consensus_key("alpha-1"));
    EXPECT_EQ(response.validator_updates[1].power, 0);
}

TEST_F(SeatsApplicationTest, UpdatesForAnIdentityReachTheNodeOfTheSeat) {
    rig.blocks(3);
    rig.blocks(5, {"alpha-1"});
    rig.app->finalize_answer.validator_updates = {{Rig::consensus_key("alpha-1"), 12}};
    const auto response = rig.block();
    ASSERT_EQ(response.validator_updates.size(), 1U);
    EXPECT_EQ(response.validator_updates[0].pub_key, Rig::consensus_key("alpha-2"));
    EXPECT_EQ(response.validator_updates[0].power, 12);
}

TEST_F(SeatsApplicationTest, ParametersThatLeaveNoRoomAreDropped) {
    rig.blocks(1);
    types::ConsensusParamsMessage update;
    update.block = types::BlockParams{};
    update.block->max_bytes = 1'000;
    rig.app->finalize_answer.consensus_param_updates = update;
    auto response = rig.block();
    EXPECT_FALSE(response.consensus_param_updates);
    EXPECT_EQ(
        std::ranges::count(response.events, "seat_application_update_dropped", &abci::Event::type),
        1);
    update.block->max_bytes = 4'000'000;
    rig.app->finalize_answer.consensus_param_updates = update;
    response = rig.block();
    ASSERT_TRUE(response.consensus_param_updates);
    EXPECT_EQ(rig.seats->state().chain_params.block_bytes_max, 4'000'000);
}

// ---- Identities

class AfterASwitch : public SeatsApplicationTest {
  public:
    AfterASwitch() {
        rig.blocks(3);
        rig.blocks(5, {"alpha-1"});
        rig.blocks(3, {"alpha-1"});
        EXPECT_EQ(rig.seat("alpha").validator, 1U);
        EXPECT_EQ(rig.last_commit().votes[0].validator.address, Rig::address("alpha-2"));
        abci::Misbehavior entry;
        entry.validator.address = Rig::address("alpha-2");
        misbehavior = {entry};
        entry.validator.address = types::Address(types::address_bytes, 9);
        misbehavior.push_back(entry);  // a stranger keeps its own
    }
    void expect_identities(std::span<const abci::Misbehavior> seen) {
        ASSERT_EQ(seen.size(), 2U);
        EXPECT_EQ(seen[0].validator.address, Rig::address("alpha-1"));
        EXPECT_EQ(seen[1].validator.address, misbehavior[1].validator.address);
    }
    std::vector<abci::Misbehavior> misbehavior;
};

TEST_F(AfterASwitch, PrepareAndProcessProposalSpeakOfIdentities) {
    auto prepare = rig.prepare_request({});
    rig.hear_all_but({});
    prepare.misbehavior = misbehavior;
    const wire::Txs txs = rig.seats->prepare_proposal(prepare).txs;
    EXPECT_EQ(rig.app->prepared.local_last_commit.votes[0].validator.address,
              Rig::address("alpha-1"));
    EXPECT_EQ(rig.app->prepared.proposer_address, Rig::address("beta-1"));
    expect_identities(rig.app->prepared.misbehavior);
    auto process = rig.process_request(txs);
    process.misbehavior = misbehavior;
    ASSERT_EQ(rig.seats->process_proposal(process).status, abci::ProposalStatus::accept);
    EXPECT_EQ(rig.app->processed.proposed_last_commit.votes[0].validator.address,
              Rig::address("alpha-1"));
    expect_identities(rig.app->processed.misbehavior);
    auto finalize = rig.finalize_request(txs);
    finalize.misbehavior = misbehavior;
    finalize.proposer_address = Rig::address("alpha-2");
    (void)rig.seats->finalize_block(finalize);
    EXPECT_EQ(rig.app->finalized.decided_last_commit.votes[0].validator.address,
              Rig::address("alpha-1"));
    EXPECT_EQ(rig.app->finalized.proposer_address, Rig::address("alpha-1"));
    expect_identities(rig.app->finalized.misbehavior);
}

TEST_F(AfterASwitch, VoteExtensionsSpeakOfIdentitiesAndSpecialTransactionsStayOut) {
    abci::RequestExtendVote extend;
    extend.height = rig.next_height();
    extend.txs = rig.propose({Rig::app_tx("x"), rig.admin_tx("alpha", Pause{})});
    extend.proposed_last_commit = rig.last_commit();
    extend.proposer_address = Rig::address("alpha-2");
    extend.misbehavior = misbehavior;
    EXPECT_EQ(rig.seats->extend_vote(extend).vote_extension, (Bytes{1, 2, 3}));
    EXPECT_EQ(rig.app->extended.proposer_address, Rig::address("alpha-1"));
    EXPECT_EQ(rig.app->extended.proposed_last_commit.votes[0].validator.address,
              Rig::address("alpha-1"));
    EXPECT_EQ(to_vector(rig.app->extended.txs), std::vector<Bytes>{Rig::app_tx("x")});
    expect_identities(rig.app->extended.misbehavior);
    abci::RequestVerifyVoteExtension verify;
    verify.validator_address = Rig::address("alpha-2");
    verify.vote_extension = {7};
    EXPECT_EQ(rig.seats->verify_vote_extension(verify).status, abci::ExtensionStatus::accept);
    EXPECT_EQ(rig.app->verified.validator_address, Rig::address("alpha-1"));
    EXPECT_EQ(rig.app->verified.vote_extension, Bytes{7});
}

TEST_F(AfterASwitch, IdentitiesOfNodesThatLeftTheRegistryAreRemembered) {
    (void)rig.block({rig.admin_tx("alpha", RemoveStandby{"alpha-1"})});
    ASSERT_EQ(rig.seat("alpha").nodes.size(), 1U);
    auto finalize = rig.finalize_request(rig.propose());
    finalize.misbehavior = misbehavior;
    finalize.misbehavior[1].validator.address = Rig::address("alpha-1");
    (void)rig.seats->finalize_block(finalize);
    EXPECT_EQ(rig.app->finalized.misbehavior[0].validator.address, Rig::address("alpha-1"));
    EXPECT_EQ(rig.app->finalized.misbehavior[1].validator.address, Rig::address("alpha-1"));
}

// ---- Heartbeats

TEST_F(SeatsApplicationTest, TheOwnHeartbeatIsAboutTheNewestBlock) {
    EXPECT_FALSE(rig.seats->own_heartbeat()) << "before the first block";
    rig.blocks(2);
    const auto heartbeat = rig.seats->own_heartbeat();
    ASSERT_TRUE(heartbeat);
    EXPECT_EQ(heartbeat->height, 2);
    EXPECT_EQ(heartbeat->app_hash, rig.seats->info({}).last_block_app_hash);
    EXPECT_EQ(rig.seats->add_heartbeat(*heartbeat), HeartbeatPool::Added::kept);
}

TEST_F(SeatsApplicationTest, HeartbeatsAheadAreRelayedOnceTheirBlockIsExecuted) {
    rig.blocks(1);
    Rig ahead;
    (void)ahead.init_chain();
    ahead.blocks(2);
    const Heartbeat early = ahead.heartbeat_of(ahead.seat("gamma").nodes[1]);
    EXPECT_EQ(rig.seats->add_heartbeat(early), HeartbeatPool::Added::kept);
    rig.blocks(1);
    EXPECT_EQ(rig.seats->take_confirmed(), std::vector{early});
    EXPECT_TRUE(rig.seats->take_confirmed().empty()) << "once";
}

TEST(SeatsApplication, ANodeWhoseKeyIsNotRegisteredHasNoHeartbeatAndNoRecord) {
    Rig rig(1, "omega-1");
    (void)rig.init_chain();
    (void)rig.execute(rig.finalize_request({}));
    EXPECT_FALSE(rig.seats->own_heartbeat());
    EXPECT_TRUE(rig.seats->prepare_proposal(rig.prepare_request({})).txs.empty());
}

}  // namespace
}  // namespace tandem::seats
