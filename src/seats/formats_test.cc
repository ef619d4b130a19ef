// The worked examples of docs/formats: what the pages print is what the code makes.
//
// One chain serves all pages: "tandem-example", two seats of power 10 with two nodes each, three
// blocks one second apart; keys, hashes and times are those of test_support.h. The pages say how
// each is made, so that somebody can follow without this code.
#include "seats/formats.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "seats/admin.h"
#include "seats/app_hash.h"
#include "seats/rule.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

/// A page without its white space, so that long strings may be broken into lines.
std::string page(const std::string& name) {
    std::ifstream file(std::string(TANDEM_FORMATS_DIR) + "/" + name);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
}

class FormatPages : public testing::Test {
  protected:
    FormatPages() { chain.execute_blocks(3); }

    static void expect_shown(const std::string& name, std::string_view what, BytesView bytes) {
        const std::string hex = base::to_hex(bytes);
        EXPECT_NE(page(name).find(hex), std::string::npos)
            << "docs/formats/" << name << " lacks " << what << ":\n"
            << hex;
    }
    static Bytes signature_of(std::string_view key, BytesView message) {
        return base::to_bytes(base::view(test::TestKey(key).sign(message)));
    }

    /// Block 4: of the validators of block 3 alpha's is absent in the commit and silent, beta's has
    /// signed. Alpha-2 was heard with block 2, beta-2 with block 3. Beta-1 proposes.
    Record example_record() {
        commit = {{CommitFacts::Vote::absent, CommitFacts::Vote::not_validator,
                   CommitFacts::Vote::block, CommitFacts::Vote::not_validator}};
        HeartbeatPool pool;
        for (const Heartbeat& heartbeat : {chain.heartbeat(0, 1, 2), chain.heartbeat(1, 1, 3)})
            EXPECT_EQ(pool.add(chain.state(), heartbeat, crypto::real_verifier()),
                      HeartbeatPool::Added::kept);
        return build_record(chain.state(), {4, proposer, commit}, pool,
                            test::TestKey("beta-1 liveness"));
    }

    test::Chain chain{2, 2};
    CommitFacts commit;
    const Bytes proposer = chain.address(1, 0);
};

TEST_F(FormatPages, KeysOfTheExamples) {
    for (const Seat& seat : chain.state().seats) {
        expect_shown("README.md", seat.id + " admin", base::view(seat.admin_key.bytes));
        for (const Node& node : seat.nodes) {
            expect_shown("README.md", node.name + " consensus",
                         base::view(node.consensus_key.key().bytes));
            expect_shown("README.md", node.name + " liveness", base::view(node.liveness_key.bytes));
            expect_shown("README.md", node.name + " address", test::address_of(node.consensus_key));
        }
    }
}

TEST_F(FormatPages, Heartbeat) {
    const Heartbeat heartbeat = chain.heartbeat(1, 1, 3);
    expect_shown("heartbeat.md", "the heartbeat", encode_heartbeat(heartbeat));
    expect_shown("heartbeat.md", "its signed bytes", sign_bytes("tandem-example", heartbeat));
    expect_shown("heartbeat.md", "block hash", heartbeat.block_hash);
    expect_shown("heartbeat.md", "application hash", heartbeat.app_hash);
    expect_shown("heartbeat.md", "signature", heartbeat.signature);
}

TEST_F(FormatPages, Record) {
    const Record record = example_record();
    const Bytes bytes = encode_record(record);
    expect_shown("record.md", "the record", bytes);
    expect_shown("record.md", "its signed bytes", sign_bytes(chain.state(), record));
    for (const CarriedHeartbeat& heartbeat : record.heartbeats)
        expect_shown("record.md", "a heartbeat", heartbeat.signature);
    expect_shown("record.md", "signature", record.signature);
    const auto statuses =
        check_record(chain.state(), {4, proposer, commit}, bytes, crypto::real_verifier(), nullptr);
    ASSERT_TRUE(statuses.has_value()) << statuses.error().check;
    EXPECT_EQ(*statuses,
              (std::vector{Status::dead, Status::heard, Status::has_signed, Status::heard}));
}

TEST_F(FormatPages, EveryCheckOfARecordIsInItsTable) {
    for (const char* check :
         {"record.preamble", "record.size", "record.nodes", "record.bits", "record.initial_height",
          "record.height", "record.proposer", "record.proposer_unknown", "record.status",
          "record.heartbeat_missing", "record.heartbeat_superfluous", "record.heartbeat_stale",
          "record.heartbeat_forged", "record.signature"})
        EXPECT_NE(page("record.md").find("`" + std::string(check) + "`"), std::string::npos)
            << check;
}

TEST_F(FormatPages, AdminTransaction) {
    AdminTx tx{"alpha", Switchover{"alpha-2"}, 1, 100, {}};
    const Bytes message = sign_bytes("tandem-example", tx);
    tx.signatures = {{"alpha", signature_of("alpha admin", message)}};
    expect_shown("admin-transaction.md", "the switchover", encode_admin_tx(tx));
    expect_shown("admin-transaction.md", "its signed bytes", message);
    EXPECT_EQ(decode_admin_tx(encode_admin_tx(tx)), tx);

    const NodeRegistration node{"alpha-3",
                                test::TestKey("alpha-3 consensus").public_key(),
                                test::TestKey("alpha-3 liveness").public_key(),
                                {},
                                {}};
    const Bytes registration = registration_sign_bytes("tandem-example", "alpha", node);
    expect_shown("admin-transaction.md", "a registration's signed bytes", registration);
    expect_shown("admin-transaction.md", "its proof by the consensus key",
                 signature_of("alpha-3 consensus", registration));
    const Bytes new_key = admin_key_sign_bytes("tandem-example", "alpha",
                                               test::TestKey("alpha admin 2").public_key());
    expect_shown("admin-transaction.md", "a new admin key's signed bytes", new_key);
    expect_shown("admin-transaction.md", "its proof", signature_of("alpha admin 2", new_key));
}

TEST_F(FormatPages, EveryCodeOfAnOperationIsInItsTable) {
    for (std::uint32_t code = 0; code <= static_cast<std::uint32_t>(AdminCode::leaving); ++code)
        EXPECT_NE(page("admin-transaction.md").find("|" + std::to_string(code) + "|`"),
                  std::string::npos)
            << code;
}

TEST_F(FormatPages, SeatsState) {
    const Record record = example_record();
    const auto statuses = check_record(chain.state(), {4, proposer, commit}, encode_record(record),
                                       crypto::real_verifier(), nullptr);
    ASSERT_TRUE(statuses.has_value());
    State& state = chain.state();
    chain.execute_block();
    count_record(state, 3, state.block(4)->time, "beta", *statuses);
    check_invariants(state);
    expect_shown("seats-state.md", "the state after block 4", encode_state(state));
    const Bytes hash = state_hash(state);
    expect_shown("seats-state.md", "its hash", hash);
    const Bytes ledger = test::digest_of("ledger 4");
    expect_shown("seats-state.md", "the application's hash", ledger);
    expect_shown("seats-state.md", "the engine's hash", base::view(engine_app_hash(ledger, hash)));
}

}  // namespace
}  // namespace tandem::seats
