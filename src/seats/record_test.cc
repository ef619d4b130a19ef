// Records: what a proposer builds passes, and every reason to refuse one has its test here, by the
// words of the seats page, section 3.
#include "seats/record.h"

#include <gtest/gtest.h>

#include "seats/process.h"
#include "seats/random_state.h"
#include "seats/test_support.h"
#include "types/block.h"

namespace tandem::seats {
namespace {

using test::Chain;
using test::CheapChain;
using test::CheapVerifier;
using Vote = CommitFacts::Vote;

/// Four seats of two nodes after ten blocks. In the commit for the last one, alpha's validator has
/// voted nil and beta's is absent; gamma's and delta's have signed. Every node but gamma-2 has sent
/// a heartbeat: so alpha-1 is HEARD without one, beta-1, alpha-2, beta-2, delta-2 with one, and
/// gamma-2 is DEAD. Delta's validator proposes block 11.
template <typename Keys>
class RecordCase {
  public:
    RecordCase() {
        chain.execute_blocks(10);
        commit_info = chain.full_commit();
        commit_info.votes[0].block_id_flag = types::BlockIdFlag::nil;
        commit_info.votes[1].block_id_flag = types::BlockIdFlag::absent;
        for (std::size_t seat = 0; seat < 4; ++seat)
            for (std::size_t node = 0; node < 2; ++node)
                if (seat != 2 || node != 1) hear(seat, node, 10);
        proposer = chain.address(3, 0);
    }

    void hear(std::size_t seat, std::size_t node, std::int64_t height) {
        (void)pool.add(chain.state(), chain.heartbeat(seat, node, height), verifier());
    }
    Record build() {
        commit = CommitFacts::from(chain.state(), commit_info);
        return build_record(chain.state(), context(), pool, chain.liveness_key(chain.node(3, 0)));
    }
    /// The refusal's check, or "" where the record stands. The pool knows nothing.
    std::string check(BytesView tx, const HeartbeatPool* known = nullptr) {
        commit = CommitFacts::from(chain.state(), commit_info);
        const auto checked = check_record(chain.state(), context(), tx, verifier(), known);
        return checked ? "" : checked.error().check;
    }
    /// The refusal of a record that the proposer signed after `change`.
    template <typename Change>
    std::string check_signed(Change&& change) {
        Record record = build();
        change(record);
        chain.sign(record, chain.node(3, 0));
        return check(encode_record(record));
    }
    /// The refusal of a record whose bytes were changed.
    template <typename Change>
    std::string check_bytes(Change&& change) {
        Bytes bytes = encode_record(build());
        change(bytes);
        return check(bytes);
    }
    RecordContext context() { return {chain.state().height + 1, proposer, commit}; }
    const crypto::Verifier& verifier() const {
        if constexpr (std::is_same_v<Keys, test::CheapKey>)
            return cheap;
        else
            return crypto::real_verifier();
    }

    test::ChainOf<Keys> chain{4, 2};
    CheapVerifier cheap;
    HeartbeatPool pool;
    abci::CommitInfo commit_info;
    CommitFacts commit;
    Bytes proposer;
};

class RecordTest : public testing::Test, protected RecordCase<test::CheapKey> {};

TEST_F(RecordTest, WhatIsBuiltIsWhatIsImplied) {
    const Record record = build();
    EXPECT_EQ(record.height, 11);
    EXPECT_EQ(record.proposer_address, chain.address(3, 0));
    const std::vector<bool> alive{true, true, true, true, true, false, true, true};
    EXPECT_EQ(record.alive, alive);
    ASSERT_EQ(record.heartbeats.size(), 4U) << "alpha-2, beta-1, beta-2, delta-2";
    EXPECT_EQ(record.heartbeats[1].signature, chain.heartbeat(1, 0, 10).signature);
    const auto statuses =
        check_record(chain.state(), context(), encode_record(record), cheap, &pool);
    ASSERT_TRUE(statuses.has_value()) << statuses.error().check << statuses.error().why;
    using enum Status;
    EXPECT_EQ(*statuses,
              (std::vector{heard, heard, heard, heard, has_signed, dead, has_signed, heard}));
}

TEST_F(RecordTest, WithRealKeys) {
    RecordCase<test::TestKey> real;
    const Bytes bytes = encode_record(real.build());
    EXPECT_EQ(real.check(bytes), "");
    EXPECT_EQ(real.check(bytes, &real.pool), "");
}

TEST_F(RecordTest, ThePoolSavesVerificationsAndChangesNoVerdict) {
    const Bytes bytes = encode_record(build());
    cheap.calls = 0;
    EXPECT_EQ(check(bytes, &pool), "");
    EXPECT_EQ(cheap.calls, 1U) << "the proposer's alone";
    EXPECT_EQ(check(bytes), "");
    EXPECT_EQ(cheap.calls, 1U + 5U);
}

TEST_F(RecordTest, OlderHeartbeatsCountWhileTheyAreFresh) {
    hear(2, 1, 9);
    const Record record = build();
    EXPECT_TRUE(record.alive[5]);
    EXPECT_EQ(record.heartbeats[3].age, 1);
    EXPECT_EQ(check(encode_record(record)), "");
}

TEST_F(RecordTest, SizeIsAsPromised) {
    const Record record = build();
    const std::size_t size = encode_record(record).size();
    EXPECT_EQ(size, 99U + 1 + 4 * 65);
    EXPECT_LE(size, 110U + 1 + 66 * record.heartbeats.size());
    EXPECT_EQ(record_bytes_max(8), 99U + 1 + 8 * 65);
    EXPECT_EQ(record_bytes_max(9), 99U + 2 + 9 * 65);
    EXPECT_LE(record_bytes_max(nodes_max), types::part_bytes);
}

TEST(FitsBlock, NoMoreNodesThanARecordMayHaveHoweverLargeTheBlock) {
    EXPECT_TRUE(fits_block(nodes_max, 100, -1, 0));
    EXPECT_FALSE(fits_block(nodes_max + 1, 100, -1, 0));
}

TEST(FitsBlock, TheLargestRecordBesideTheLargestCommitAndEvidence) {
    const std::int64_t others = types::data_bytes_max(1'000'000, 10'000, 4).value() - 1'000'000;
    const std::int64_t record = types::tx_bytes_in_data(record_bytes_max(8));
    EXPECT_TRUE(fits_block(8, 4, record - others, 10'000));
    EXPECT_FALSE(fits_block(8, 4, record - others - 1, 10'000));
    EXPECT_FALSE(fits_block(8, 4, 1000, 10'000)) << "not even room for the evidence";
}

TEST_F(RecordTest, CodecGivesBackEveryRecord) {
    for (std::size_t nodes = 1; nodes <= 70; ++nodes) {
        Record record = build();
        record.alive.assign(nodes, false);
        record.alive[nodes - 1] = true;
        record.alive[nodes / 2] = true;
        if (nodes < record.heartbeats.size()) record.heartbeats.resize(nodes);
        const auto read = decode_record(encode_record(record));
        ASSERT_TRUE(read.has_value()) << nodes;
        EXPECT_EQ(*read, record) << nodes;
    }
}

// ---- Reasons to refuse, in the words of the seats page

TEST_F(RecordTest, RefusesOneThatIsMissing) {
    EXPECT_EQ(check({}), "record.preamble");
    EXPECT_EQ(check(Bytes{0x00, 'T', 'D', 'R'}), "record.preamble");
    EXPECT_EQ(check(encode_heartbeat(chain.heartbeat(0, 0, 10))), "record.preamble");
}

TEST_F(RecordTest, RefusesOneAtTheInitialHeight) {
    const Bytes bytes = encode_record(build());
    CheapChain young(4, 2, 11);
    const CommitFacts none = CommitFacts::from(young.state(), abci::CommitInfo{});
    const auto checked = check_record(young.state(), {11, proposer, none}, bytes, cheap, nullptr);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().check, "record.initial_height");
}

TEST_F(RecordTest, RefusesBytesThatAreNotCanonical) {
    EXPECT_EQ(check_bytes([](Bytes& b) { b.push_back(0); }), "record.size")
        << "something left over";
    EXPECT_EQ(check_bytes([](Bytes& b) { b.pop_back(); }), "record.size");
    EXPECT_EQ(check_bytes([](Bytes& b) { b.resize(60); }), "record.size");
    EXPECT_EQ(check_bytes([](Bytes& b) { b.resize(99); }), "record.size") << "no room for statuses";
    EXPECT_EQ(check_bytes([](Bytes& b) { b[4] = 2; }), "record.preamble") << "another version";
    EXPECT_EQ(check_bytes([](Bytes& b) { b[34] = 0; }), "record.nodes") << "no nodes";
    EXPECT_EQ(check_bytes([](Bytes& b) { b[33] = 0xff; }), "record.nodes") << "too many";
    EXPECT_EQ(check_bytes([](Bytes& b) { b[34] = 7; }), "record.bits") << "a bit of node 8 of 7";
    EXPECT_EQ(check_bytes([](Bytes& b) { b[34] = 3; }), "record.size")
        << "more heartbeats than nodes";
}

TEST_F(RecordTest, RefusesTheWrongHeight) {
    for (const std::int64_t height : {std::int64_t{10}, std::int64_t{0}})
        EXPECT_EQ(check_bytes([height](Bytes& b) { b[12] = static_cast<std::uint8_t>(height); }),
                  "record.height");
    EXPECT_EQ(check_bytes([](Bytes& b) { b[5] = 0x80; }), "record.height") << "negative";
}

TEST_F(RecordTest, RefusesTheWrongProposer) {
    EXPECT_EQ(check_signed([&](Record& r) { r.proposer_address = chain.address(0, 0); }),
              "record.proposer");
}

TEST_F(RecordTest, RefusesAProposerThatIsNoRegisteredNode) {
    EXPECT_EQ(check_signed([&](Record& r) { r.proposer_address = proposer = Bytes(20, 7); }),
              "record.proposer_unknown");
}

TEST_F(RecordTest, RefusesABadSignature) {
    EXPECT_EQ(check_bytes([](Bytes& b) { b.back() ^= 1; }), "record.signature");
    Record record = build();
    chain.sign(record, chain.node(3, 1));
    EXPECT_EQ(check(encode_record(record)), "record.signature") << "the proposer's standby";
}

TEST_F(RecordTest, TheSignatureBindsChainAndBlockBefore) {
    Record record = build();
    const Bytes signed_bytes = sign_bytes(chain.state(), record);
    State other = chain.state();
    other.chain_id += "-2";
    EXPECT_NE(sign_bytes(other, record), signed_bytes);
    other = chain.state();
    other.recent_blocks.back().block_hash[0] ^= 1;
    EXPECT_NE(sign_bytes(other, record), signed_bytes);
    EXPECT_EQ(check(encode_record(record)), "");
    chain.state() = other;
    EXPECT_EQ(check(encode_record(record), &pool), "record.heartbeat_forged")
        << "what the pool confirmed of another block says nothing of this one";
    record = Record{11, proposer, {true, false, true, false, true, false, true, false}, {}, {}};
    commit_info = chain.full_commit();
    chain.sign(record, chain.node(3, 0));
    EXPECT_EQ(check(encode_record(record)), "");
    chain.state().recent_blocks.back().block_hash[0] ^= 1;
    EXPECT_EQ(check(encode_record(record)), "record.signature");
}

TEST_F(RecordTest, TheSignatureCoversEveryByte) {
    const Bytes bytes = encode_record(build());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        Bytes changed = bytes;
        changed[i] ^= 1;
        EXPECT_NE(check(changed), "") << i;
    }
}

TEST_F(RecordTest, RefusesAnotherNumberOfStatuses) {
    EXPECT_EQ(check_signed([](Record& r) { r.alive.push_back(false); }), "record.nodes");
    EXPECT_EQ(check_signed([](Record& r) { r.alive.pop_back(); }), "record.nodes");
}

TEST_F(RecordTest, RefusesToCallOneDeadThatHasSigned) {
    EXPECT_EQ(check_signed([](Record& r) { r.alive[4] = false; }), "record.status");
}

TEST_F(RecordTest, RefusesToCallOneDeadThatVotedNil) {
    EXPECT_EQ(check_signed([](Record& r) { r.alive[0] = false; }), "record.status");
}

TEST_F(RecordTest, RefusesToCallOneAliveWithoutAHeartbeat) {
    EXPECT_EQ(check_signed([](Record& r) { r.alive[5] = true; }), "record.heartbeat_missing");
}

TEST_F(RecordTest, RefusesAStaleHeartbeat) {
    EXPECT_EQ(
        check_signed([&](Record& r) { r.heartbeats[0] = {2, chain.heartbeat(0, 1, 8).signature}; }),
        "record.heartbeat_stale");
    EXPECT_EQ(check_signed([&](Record& r) { r.heartbeats[0].age = 255; }),
              "record.heartbeat_stale");
}

TEST_F(RecordTest, RefusesAHeartbeatFromBeforeTheChain) {
    chain.state().params.heartbeat_lag_blocks = 63;
    EXPECT_EQ(check_signed([&](Record& r) { r.heartbeats[0].age = 10; }), "record.heartbeat_stale");
    EXPECT_EQ(
        check_signed([&](Record& r) { r.heartbeats[0] = {9, chain.heartbeat(0, 1, 1).signature}; }),
        "");
}

TEST_F(RecordTest, RefusesAForgedHeartbeat) {
    EXPECT_EQ(check_signed([](Record& r) { r.heartbeats[0].signature[5] ^= 1; }),
              "record.heartbeat_forged");
}

TEST_F(RecordTest, RefusesAForeignHeartbeat) {
    EXPECT_EQ(check_signed([&](Record& r) {
                  r.heartbeats[0].signature = chain.heartbeat(3, 0, 10).signature;
              }),
              "record.heartbeat_forged")
        << "that of another node";
}

TEST_F(RecordTest, RefusesAHeartbeatAboutAnotherState) {
    Heartbeat diverged = chain.heartbeat(0, 1, 10);
    diverged.app_hash[0] ^= 1;
    chain.sign(diverged, chain.node(0, 1));
    EXPECT_EQ(check_signed([&](Record& r) { r.heartbeats[0].signature = diverged.signature; }),
              "record.heartbeat_forged");
}

TEST_F(RecordTest, RefusesAnAgeOtherThanTheHeartbeats) {
    EXPECT_EQ(check_signed([](Record& r) { r.heartbeats[0].age = 1; }), "record.heartbeat_forged");
}

TEST_F(RecordTest, RefusesADuplicatedHeartbeat) {
    EXPECT_EQ(check_signed([](Record& r) { r.heartbeats.push_back(r.heartbeats.back()); }),
              "record.heartbeat_superfluous");
    EXPECT_EQ(check_signed([](Record& r) {
                  r.alive[5] = true;  // gamma-2, between beta-2 and delta-2
                  r.heartbeats.insert(r.heartbeats.begin() + 3, r.heartbeats[2]);
              }),
              "record.heartbeat_forged")
        << "under another node's name";
}

TEST_F(RecordTest, RefusesASuperfluousHeartbeat) {
    EXPECT_EQ(check_signed([&](Record& r) {
                  // gamma-1 has signed; its heartbeat would stand behind beta-2's.
                  r.heartbeats.insert(r.heartbeats.begin() + 3,
                                      {0, chain.heartbeat(2, 0, 10).signature});
              }),
              "record.heartbeat_superfluous");
    EXPECT_EQ(check_signed([&](Record& r) {
                  r.heartbeats.insert(r.heartbeats.begin(),
                                      {0, chain.heartbeat(0, 0, 10).signature});
              }),
              "record.heartbeat_superfluous")
        << "one of a validator that voted nil";
}

TEST_F(RecordTest, RefusesHeartbeatsInAnotherOrder) {
    EXPECT_EQ(check_signed([](Record& r) { std::swap(r.heartbeats[0], r.heartbeats[1]); }),
              "record.heartbeat_forged");
}

TEST_F(RecordTest, RefusesAHeartbeatOfAReplacedLivenessKey) {
    const Record record = build();
    EXPECT_EQ(check(encode_record(record), &pool), "");
    chain.state().seats[0].nodes[1].liveness_key = test::CheapKey("renewed").public_key();
    EXPECT_EQ(check(encode_record(record), &pool), "record.heartbeat_forged")
        << "whatever the pool confirmed with the old key";
}

// ---- The commit

TEST_F(RecordTest, WhoStandsInTheCommitIsTheValidator) {
    commit_info.votes[2].validator.address = crypto::address(chain.node(2, 1).consensus_key);
    commit = CommitFacts::from(chain.state(), commit_info);
    EXPECT_EQ(commit.votes,
              (std::vector{Vote::nil, Vote::not_validator, Vote::absent, Vote::not_validator,
                           Vote::not_validator, Vote::block, Vote::block, Vote::not_validator}));
    EXPECT_EQ(check(encode_record(build())), "") << "gamma-1 sent a heartbeat";
}

TEST_F(RecordTest, MembersOfTheCommitThatAreNotRegisteredAreIgnored) {
    commit_info.votes.push_back(commit_info.votes[0]);
    commit_info.votes.back().validator.address[0] ^= 1;
    commit = CommitFacts::from(chain.state(), commit_info);
    EXPECT_EQ(commit.votes.size(), 8U);
    EXPECT_EQ(check(encode_record(build())), "");
}

TEST_F(RecordTest, TheProposersOwnCommitGivesTheSameFacts) {
    abci::ExtendedCommitInfo extended;
    for (const abci::VoteInfo& vote : commit_info.votes)
        extended.votes.push_back({vote.validator, {}, {}, vote.block_id_flag});
    EXPECT_EQ(CommitFacts::from(chain.state(), extended).votes,
              CommitFacts::from(chain.state(), commit_info).votes);
}

// ---- Kinds of transactions

TEST(Classify, EveryPrefixHasOneKind) {
    const auto kind = [](std::string_view text) { return classify(base::as_bytes(text)); };
    using namespace std::literals;
    EXPECT_EQ(kind("\0TDR..."sv), TxKind::record);
    EXPECT_EQ(kind("\0TDA"sv), TxKind::admin);
    EXPECT_EQ(kind("\0TDH"sv), TxKind::heartbeat);
    EXPECT_EQ(kind("\0TD"sv), TxKind::reserved);
    EXPECT_EQ(kind("\0TDX"sv), TxKind::reserved);
    EXPECT_EQ(kind("\0TDr"sv), TxKind::reserved);
    for (const std::string_view other : {""sv, "\0"sv, "\0T"sv, "\0TE"sv, "TDR"sv, "x"sv})
        EXPECT_EQ(kind(other), TxKind::application);
}

// ---- What an honest proposer builds is never refused

TEST(BuildRecord, IsNeverRefused) {
    base::SeededRandom dice(11);
    for (int i = 0; i < 200; ++i) ASSERT_EQ(test::build_and_check_record(dice), "") << i;
}

}  // namespace
}  // namespace tandem::seats
