// tandem seat: the real program against a chain of three seats with two nodes each.
#include <gtest/gtest.h>

#include "tandem/cli.h"
#include "tandem/fake_chain_testing.h"
#include "tandem/node_files.h"

namespace tandem::program {
namespace {

using testing::FakeChain;
using testing::json;
using testing::Ran;
using testing::TempFolder;
namespace fs = std::filesystem;

class SeatCommands : public ::testing::Test {
  protected:
    void SetUp() override {
        const Ran made = run({"testnet", "--seats", "3", "--standbys", "1", "--o", "net"});
        ASSERT_EQ(made.code, 0) << made.err;
        chain_.emplace(temp_.path / "net");
    }

    [[nodiscard]] Ran run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), TANDEM_PROGRAM);
        return testing::run(temp_.path, std::move(arguments));
    }
    /// `tandem seat ...` about the chain.
    [[nodiscard]] Ran seat(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "seat");
        arguments.insert(arguments.end(), {"--node", chain_->address()});
        return run(std::move(arguments));
    }
    [[nodiscard]] Ran operate(std::vector<std::string> arguments, int org) const {
        arguments.insert(arguments.end(), {"--admin-key", admin(org)});
        return seat(std::move(arguments));
    }
    [[nodiscard]] static std::string admin(int org) {
        return "net/admin/org" + std::to_string(org) + ".json";
    }
    void blocks(int count) const {
        for (int i = 0; i < count; ++i) (void)seat({"params"}), (void)seat({"drill", "org1"});
    }

    TempFolder temp_;
    std::optional<FakeChain> chain_;
};

TEST_F(SeatCommands, ListShowsEverySeatAndTheMargin) {
    blocks(3);
    const Ran ran = seat({"list"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    for (const char* word : {"SEAT", "org1 ", "org1-1 alive", "org3-2 alive", "healthy"})
        EXPECT_NE(ran.out.find(word), std::string::npos) << word << "\n" << ran.out;
    EXPECT_NE(ran.out.find("margin 0: if one more validator fails, the chain stops"),
              std::string::npos)
        << ran.out;
    const json listed = json::parse(seat({"list", "--output", "json"}).out);
    EXPECT_EQ(listed["seats"].size(), 3U);
    EXPECT_EQ(listed["margin"], 0);
    const Ran watched = seat({"watch", "--times", "1"});
    EXPECT_NE(watched.out.find("org2-1"), std::string::npos);
}

TEST_F(SeatCommands, ShowHistoryAndParams) {
    blocks(2);
    EXPECT_NE(seat({"show", "org2"}).out.find("org2-2           standby    alive"),
              std::string::npos)
        << seat({"show", "org2"}).out;
    EXPECT_NE(seat({"history", "org2"}).out.find("no switch"), std::string::npos);
    EXPECT_NE(seat({"params"}).out.find("N 5  K 5 (strict"), std::string::npos);
    const Ran unknown = seat({"show", "org9"});
    EXPECT_EQ(unknown.code, static_cast<int>(ExitCode::failed));
    EXPECT_NE(unknown.err.find("there is no such seat"), std::string::npos) << unknown.err;
}

TEST_F(SeatCommands, SwitchoverSaysBothHeights) {
    blocks(3);
    const Ran ran = operate({"switchover", "org2"}, 2);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("seat org2: switch over to org2-2\n"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("decided at height "), std::string::npos);
    EXPECT_NE(ran.out.find("in effect since height "), std::string::npos);
    const json shown = json::parse(seat({"show", "org2", "--output", "json"}).out);
    EXPECT_EQ(shown["validator"], "org2-2");
    EXPECT_NE(seat({"history", "org2"}).out.find("org2-1 -> org2-2 (switchover)"),
              std::string::npos);
    const std::int64_t first = std::stoll(
        json::parse(seat({"history", "org2", "--output", "json"}).out)["switches"][0]["height"]
            .get<std::string>());
    // The next one has to wait for M = 5N blocks, and the command waits with it.
    const Ran again = operate({"switchover", "org2", "--output", "json"}, 2);
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_GE(json::parse(again.out)["height"].get<std::int64_t>(), first + 25);
    EXPECT_EQ(chain_->state().find_seat("org2")->validator, 0U);
}

TEST_F(SeatCommands, SwitchoverWaitsForItsHeight) {
    blocks(2);
    const std::int64_t at = chain_->state().height + 6;
    const Ran ran = operate(
        {"switchover", "org3", "--to", "org3-2", "--at", std::to_string(at), "--output", "json"},
        3);
    EXPECT_EQ(ran.code, 0) << ran.err;
    const json told = json::parse(ran.out);
    EXPECT_GE(told["height"].get<std::int64_t>(), at);
    EXPECT_EQ(told["effective_height"].get<std::int64_t>(), told["height"].get<std::int64_t>() + 2);
    EXPECT_EQ(told["operation"], "switchover");
}

TEST_F(SeatCommands, PauseAndResume) {
    EXPECT_EQ(operate({"pause", "org1"}, 1).code, 0);
    EXPECT_TRUE(chain_->state().find_seat("org1")->paused);
    const Ran drilled = seat({"drill", "org1"});
    EXPECT_EQ(drilled.code, 1);
    EXPECT_NE(drilled.out.find("the seat is paused"), std::string::npos) << drilled.out;
    EXPECT_EQ(operate({"resume", "org1"}, 1).code, 0);
    EXPECT_FALSE(chain_->state().find_seat("org1")->paused);
    const Ran again = operate({"resume", "org1"}, 1);
    EXPECT_EQ(again.code, 1);
    EXPECT_NE(again.err.find("code 18"), std::string::npos) << again.err;
}

TEST_F(SeatCommands, DrillSaysToWhomAndWhyNot) {
    blocks(2);
    const Ran fine = seat({"drill", "org2", "--output", "json"});
    EXPECT_EQ(fine.code, 0) << fine.err;
    const json told = json::parse(fine.out);
    EXPECT_EQ(told["would_switch"], true);
    EXPECT_EQ(told["to"], "org2-2");
    EXPECT_EQ(told["after_records"], 5);
    chain_->silent = {"org2-2"};
    blocks(4);
    const Ran exposed = seat({"drill", "org2"});
    EXPECT_EQ(exposed.code, 1);
    EXPECT_NE(exposed.out.find("org2-2 is dead"), std::string::npos) << exposed.out;
    EXPECT_NE(seat({"list"}).out.find("exposed"), std::string::npos);
}

TEST_F(SeatCommands, ANewNodeIsRegisteredByItsOwnKeys) {
    ASSERT_EQ(run({"init", "--home", "new"}).code, 0);
    fs::copy_file(temp_.path / "net/org1-1/config/genesis.json",
                  temp_.path / "new/config/genesis.json", fs::copy_options::overwrite_existing);
    const Ran made =
        run({"seat", "registration", "org1", "org1-3", "--home", "new", "--out", "new.json"});
    ASSERT_EQ(made.code, 0) << made.err;
    const Ran added = operate({"add-standby", "org1", "--registration", "new.json"}, 1);
    EXPECT_EQ(added.code, 0) << added.err;
    ASSERT_EQ(chain_->state().find_seat("org1")->nodes.size(), 3U);
    EXPECT_EQ(chain_->state().find_seat("org1")->nodes[2].name, "org1-3");
    // The file is for one seat, and its proofs are checked before anything is sent.
    const Ran wrong_seat = operate({"add-standby", "org2", "--registration", "new.json"}, 2);
    EXPECT_EQ(wrong_seat.code, static_cast<int>(ExitCode::configuration));
    EXPECT_NE(wrong_seat.err.find("is for the seat org1"), std::string::npos) << wrong_seat.err;
    json forged = json::parse(testing::text_of(temp_.path / "new.json"));
    forged["name"] = "org1-4";
    std::ofstream(temp_.path / "forged.json") << forged;
    EXPECT_NE(operate({"add-standby", "org1", "--registration", "forged.json"}, 1)
                  .err.find("consensus_proof does not hold"),
              std::string::npos);
    EXPECT_EQ(operate({"remove-standby", "org1", "org1-3"}, 1).code, 0);
    EXPECT_EQ(chain_->state().find_seat("org1")->nodes.size(), 2U);
    const Ran gone = operate({"add-standby", "org1", "--registration", "new.json"}, 1);
    EXPECT_EQ(gone.code, 1) << "its keys never return";
    EXPECT_NE(gone.err.find("code 15"), std::string::npos) << gone.err;
}

TEST_F(SeatCommands, ALivenessKeyIsReplaced) {
    const auto old = chain_->state().find_seat("org1")->nodes[1].liveness_key;
    const fs::path home = temp_.path / "net/org1-2";
    fs::remove(home / "config/liveness_key.json");
    ASSERT_EQ(run({"init", "--home", "net/org1-2"}).code, 0);
    const Ran made = run({"seat", "registration", "org1", "org1-2", "--home", "net/org1-2", "--out",
                          "renewed.json"});
    ASSERT_EQ(made.code, 0) << made.err;
    const Ran done = operate({"replace-liveness-key", "org1", "--registration", "renewed.json"}, 1);
    EXPECT_EQ(done.code, 0) << done.err;
    const seats::Node& node = chain_->state().find_seat("org1")->nodes[1];
    EXPECT_NE(node.liveness_key, old);
    EXPECT_EQ(node.liveness_key, load_node_key(home / "config/liveness_key.json")->public_key());
    const Ran again =
        operate({"replace-liveness-key", "org1", "--registration", "renewed.json"}, 1);
    EXPECT_EQ(again.code, 1) << "it is registered already";
}

TEST_F(SeatCommands, TheAdminKeyIsRotated) {
    ASSERT_EQ(run({"seat", "admin-key", "--out", "new.json"}).code, 0);
    EXPECT_EQ(testing::mode_of(temp_.path / "new.json"), 0600U);
    EXPECT_EQ(operate({"rotate-admin", "org1", "--new-key", "new.json"}, 1).code, 0);
    const Ran old = operate({"pause", "org1"}, 1);
    EXPECT_EQ(old.code, 1);
    EXPECT_NE(old.err.find("is not the admin key of the seat org1"), std::string::npos);
    EXPECT_EQ(seat({"pause", "org1", "--admin-key", "new.json"}).code, 0);
}

TEST_F(SeatCommands, AProposalGoesFromAdminToAdmin) {
    const Ran proposed =
        operate({"propose", "change-params", "--n", "7", "--t", "2s", "--out", "p.json"}, 1);
    ASSERT_EQ(proposed.code, 0) << proposed.err;
    EXPECT_NE(proposed.out.find("set the parameters N 7, K 7, T 2s"), std::string::npos)
        << proposed.out;
    EXPECT_NE(proposed.out.find("signed by 1 of 3 seats, 10 of 30 power"), std::string::npos);
    EXPECT_EQ(operate({"propose", "remove-seat", "org3", "--out", "p.json"}, 1).code,
              static_cast<int>(ExitCode::failed))
        << "a file that is there";
    const Ran second = operate({"approve", "p.json"}, 2);
    EXPECT_EQ(second.code, 0) << second.err;
    EXPECT_NE(second.out.find("signed by 2 of 3 seats"), std::string::npos) << second.out;
    EXPECT_EQ(chain_->state().params.run_records, 5U);
    const Ran third = operate({"approve", "p.json"}, 3);
    EXPECT_EQ(third.code, 0) << third.err;
    EXPECT_NE(third.out.find("decided at height"), std::string::npos) << third.out;
    EXPECT_EQ(chain_->state().params.run_records, 7U);
    EXPECT_EQ(chain_->state().params.run_time.nanos, 2'000'000'000);
    const Ran late = operate({"approve", "p.json"}, 3);
    EXPECT_EQ(late.code, 1) << "its nonce is used up";
}

TEST_F(SeatCommands, SeatsAreAddedAndChangedByProposals) {
    ASSERT_EQ(run({"seat", "admin-key", "--out", "delta.json"}).code, 0);
    Texts registrations;
    for (const std::string name : {"delta-1", "delta-2"}) {
        ASSERT_EQ(run({"init", "--home", name}).code, 0);
        fs::copy_file(temp_.path / "net/org1-1/config/genesis.json",
                      temp_.path / name / "config/genesis.json",
                      fs::copy_options::overwrite_existing);
        ASSERT_EQ(
            run({"seat", "registration", "delta", name, "--home", name, "--out", name + ".json"})
                .code,
            0);
    }
    ASSERT_EQ(operate({"propose", "add-seat", "delta", "--power", "5", "--seat-admin-key",
                       "delta.json", "--registration", "delta-1.json", "--registration",
                       "delta-2.json", "--out", "add.json"},
                      1)
                  .code,
              0);
    ASSERT_EQ(operate({"approve", "add.json"}, 2).code, 0);
    const Ran added = operate({"approve", "add.json"}, 3);
    EXPECT_EQ(added.code, 0) << added.err;
    ASSERT_NE(chain_->state().find_seat("delta"), nullptr);
    EXPECT_EQ(chain_->state().find_seat("delta")->nodes.size(), 2U);
    ASSERT_EQ(
        operate({"propose", "change-power", "delta", "--power", "6", "--out", "power.json"}, 1)
            .code,
        0);
    ASSERT_EQ(operate({"approve", "power.json"}, 2).code, 0);
    ASSERT_EQ(operate({"approve", "power.json"}, 3).code, 0);
    EXPECT_EQ(chain_->state().find_seat("delta")->power, 6);
}

TEST_F(SeatCommands, AnOperationThatMayStillLandHasNotFailed) {
    chain_->forgets_transactions = true;
    const Ran pending = operate({"pause", "org1", "--timeout", "1"}, 1);
    EXPECT_EQ(pending.code, static_cast<int>(ExitCode::unavailable));
    EXPECT_NE(pending.err.find("it may still be until height"), std::string::npos) << pending.err;
    const Ran expired = operate({"pause", "org1", "--expiry-blocks", "3"}, 1);
    EXPECT_EQ(expired.code, static_cast<int>(ExitCode::failed));
    EXPECT_NE(expired.err.find("nothing changed"), std::string::npos) << expired.err;
}

TEST_F(SeatCommands, ASwitchoverIsVerifiedFromTheBlocks) {
    blocks(3);
    const Ran moved = operate({"switchover", "org2", "--output", "json"}, 2);
    ASSERT_EQ(moved.code, 0) << moved.err;
    const std::string height = json::parse(moved.out)["height"].dump();
    blocks(2);
    const Ran verified = run({"verify-switch", height, "--node", chain_->address()});
    EXPECT_EQ(verified.code, 0) << verified.err;
    EXPECT_NE(
        verified.out.find("seat org2: org2-1 -> org2-2 (switchover), decided at height " + height),
        std::string::npos)
        << verified.out;
    EXPECT_NE(verified.out.find("confirmed from blocks 1 to"), std::string::npos);
    const Ran none = run({"verify-switch", "2", "--node", chain_->address()});
    EXPECT_EQ(none.code, static_cast<int>(ExitCode::failed));
    EXPECT_NE(none.err.find("no seat switches in block 2"), std::string::npos) << none.err;
    const Ran early = run({"verify-switch", "99999", "--node", chain_->address()});
    EXPECT_NE(early.err.find("once the next block is there"), std::string::npos) << early.err;
}

/// Four seats, the first of which has the power to witness a run by itself.
TEST_F(SeatCommands, ASwitchByTheRuleIsVerifiedWithItsRecords) {
    const Ran made = run({"testnet", "--seats", "4", "--standbys", "1", "--o", "four"});
    ASSERT_EQ(made.code, 0) << made.err;
    const fs::path genesis = temp_.path / "four/org1-1/config/genesis.json";
    json document = json::parse(testing::text_of(genesis));
    document["app_state"]["seats"]["seats"][0]["power"] = "20";
    document["validators"][0]["power"] = "20";
    std::ofstream(genesis) << document;
    chain_.emplace(temp_.path / "four");
    blocks(4);
    chain_->silent = {"org2-1"};
    blocks(10);
    const json history = json::parse(seat({"history", "org2", "--output", "json"}).out);
    ASSERT_EQ(history["switches"].size(), 1U);
    const json verified = json::parse(run({"verify-switch", history["switches"][0]["height"],
                                           "--node", chain_->address(), "--output", "json"})
                                          .out);
    ASSERT_EQ(verified["switches"].size(), 1U);
    const json& one = verified["switches"][0];
    EXPECT_EQ(one["seat"], "org2");
    EXPECT_EQ(one["to"], "org2-2");
    EXPECT_EQ(one["reason"], "run");
    EXPECT_EQ(one["run_before"], 4);
    EXPECT_TRUE(one["records_of_validator"].get<std::string>().ends_with("H....")) << one;
    EXPECT_TRUE(one["records_of_standby"].get<std::string>().ends_with("HHHHH")) << one;
}

TEST_F(SeatCommands, WrongKeysAndNodesAreNamed) {
    const Ran keyless = seat({"pause", "org1"});
    EXPECT_EQ(keyless.code, static_cast<int>(ExitCode::usage));
    EXPECT_NE(keyless.err.find("--admin-key"), std::string::npos);
    EXPECT_EQ(operate({"pause", "org1"}, 2).code, static_cast<int>(ExitCode::failed));
    const Ran nobody = run({"seat", "list", "--node", "tcp://127.0.0.1:1"});
    EXPECT_EQ(nobody.code, static_cast<int>(ExitCode::unavailable));
    EXPECT_NE(nobody.err.find("cannot ask the node at 127.0.0.1:1"), std::string::npos);
    EXPECT_EQ(run({"seat", "list", "--node", "nonsense"}).code, static_cast<int>(ExitCode::usage));
    std::ofstream(temp_.path / "p.json") << R"({"chain_id": "x", "tx": "AAAA"})";
    EXPECT_EQ(operate({"approve", "p.json"}, 1).code, static_cast<int>(ExitCode::configuration));
}

}  // namespace
}  // namespace tandem::program
