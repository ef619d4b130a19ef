// tandem testnet: the files of whole networks.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ledger/share.h"
#include "seats/genesis.h"
#include "tandem/cli.h"
#include "tandem/testing.h"
#include "types/genesis.h"

namespace tandem::program {
namespace {

using nlohmann::json;
using testing::mode_of;
using testing::Ran;
using testing::TempFolder;
using testing::text_of;
namespace fs = std::filesystem;

class Testnets : public ::testing::Test {
  protected:
    [[nodiscard]] Ran testnet(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {TANDEM_PROGRAM, "testnet", "--o", "net"});
        return testing::run(temp_.path, std::move(arguments));
    }
    [[nodiscard]] Config config_of(const std::string& node) const {
        const auto reading = config_from_toml(
            text_of(temp_.path / "net" / node / "config/config.toml"), node, Config{});
        EXPECT_TRUE(reading) << (reading ? "" : reading.error().why);
        return reading ? reading->config : Config{};
    }
    [[nodiscard]] types::GenesisDoc genesis_of(const std::string& node) const {
        const auto reading = types::genesis_from_json(
            text_of(temp_.path / "net" / node / "config/genesis.json"), {});
        EXPECT_TRUE(reading) << (reading ? "" : reading.error().why);
        return reading ? reading->doc : types::GenesisDoc{};
    }
    void refused(ExitCode code, std::vector<std::string> arguments, std::string_view words) const {
        const auto before = temp_.files();
        const Ran ran = testnet(std::move(arguments));
        EXPECT_EQ(ran.code, static_cast<int>(code)) << ran.err;
        EXPECT_NE(ran.err.find(words), std::string::npos) << ran.err;
        EXPECT_EQ(temp_.files(), before);
    }

    TempFolder temp_;
};

TEST_F(Testnets, MakesTheFilesOfEveryNode) {
    const Ran ran = testnet({"--v", "3", "--n", "1", "--initial-height", "7"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(ran.out.ends_with("Successfully initialized 4 node directories\n")) << ran.out;
    std::string peers;
    for (int i = 0; i < 4; ++i) {
        const std::string name = "node" + std::to_string(i);
        EXPECT_EQ(mode_of(temp_.path / "net" / name), 0755U);
        EXPECT_EQ(mode_of(temp_.path / "net" / name / "config/node_key.json"), 0600U);
        EXPECT_EQ(text_of(temp_.path / "net" / name / "config/genesis.json"),
                  text_of(temp_.path / "net/node0/config/genesis.json"));
        const Ran id =
            testing::run(temp_.path, {TANDEM_PROGRAM, "show-node-id", "--home", "net/" + name});
        peers += (peers.empty() ? "" : ",") + id.out.substr(0, 40) + "@" + name + ":26656";
    }
    for (int i = 0; i < 4; ++i) {
        const Config config = config_of("node" + std::to_string(i));
        EXPECT_EQ(config.p2p.persistent_peers, peers);
        EXPECT_EQ(config.base.moniker, "node" + std::to_string(i));
        EXPECT_FALSE(config.p2p.addr_book_strict);
        EXPECT_TRUE(config.p2p.allow_duplicate_ip);
    }
    const types::GenesisDoc genesis = genesis_of("node3");
    EXPECT_TRUE(genesis.chain_id.starts_with("chain-"));
    EXPECT_EQ(genesis.initial_height, 7);
    ASSERT_EQ(genesis.validators.size(), 3U);
    EXPECT_EQ(genesis.validators[2].name, "node2");
    EXPECT_EQ(genesis.validators[2].power, 1);
    EXPECT_TRUE(types::genesis_state(genesis));
}

struct AddressCase {
    std::vector<std::string> arguments;
    std::vector<std::string> hosts;  // of the two nodes
    std::string moniker;             // of the second; empty: random
};

TEST_F(Testnets, HostsAndMonikersFollowTheFlags) {
    const std::vector<AddressCase> cases{
        {{}, {"node0:26656", "node1:26656"}, "node1"},
        {{"--hostname-prefix", "h", "--hostname-suffix", ".example", "--p2p-port", "99"},
         {"h0.example:99", "h1.example:99"},
         "h1.example"},
        {{"--hostname", "aa", "--hostname", "bb"}, {"aa:26656", "bb:26656"}, "bb"},
        {{"--starting-ip-address", "192.168.10.254"},
         {"192.168.10.254:26656", "192.168.10.255:26656"},
         ""},
        {{"--random-monikers"}, {"node0:26656", "node1:26656"}, ""},
        {{"--loopback", "31000"}, {"127.0.0.1:31000", "127.0.0.1:31010"}, "node1"},
    };
    for (const AddressCase& c : cases) {
        fs::remove_all(temp_.path / "net");
        std::vector<std::string> arguments{"--v", "2"};
        arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
        const Ran ran = testnet(arguments);
        ASSERT_EQ(ran.code, 0) << ran.err;
        const Config config = config_of("node1");
        const std::string& peers = config.p2p.persistent_peers;
        EXPECT_NE(peers.find("@" + c.hosts[0] + ","), std::string::npos) << peers;
        EXPECT_TRUE(peers.ends_with("@" + c.hosts[1])) << peers;
        if (c.moniker.empty())
            EXPECT_TRUE(base::from_hex(config.base.moniker).has_value()) << config.base.moniker;
        else
            EXPECT_EQ(config.base.moniker, c.moniker);
    }
}

TEST_F(Testnets, FlagsOfCometBftInAllTheirForms) {
    ASSERT_EQ(
        testnet({"--v=2", "--node-dir-prefix", "x", "--populate-persistent-peers=false"}).code, 0);
    EXPECT_EQ(config_of("x1").p2p.persistent_peers, "");
    fs::remove_all(temp_.path / "net");
    std::ofstream(temp_.path / "base.toml") << "[consensus]\ntimeout_commit = \"3ms\"\n";
    ASSERT_EQ(testnet({"--config", "base.toml"}).code, 0);
    EXPECT_EQ(config_of("node3").consensus.timeout_commit, milliseconds(3));
}

TEST_F(Testnets, SeatsAreInTheGenesisWithKeysOfTheirOwn) {
    const Ran ran = testnet({"--seats", "4", "--standbys", "1", "--loopback", "32000", "--chain-id",
                             "demo", "--output", "json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json told = json::parse(ran.out);
    EXPECT_EQ(told["chain_id"], "demo");
    ASSERT_EQ(told["nodes"].size(), 8U);
    EXPECT_EQ(told["nodes"][3]["name"], "org2-2");
    EXPECT_EQ(told["nodes"][3]["seat"], "org2");
    EXPECT_EQ(told["nodes"][3]["validator"], false);
    EXPECT_EQ(told["nodes"][3]["rpc_laddr"], "tcp://127.0.0.1:32031");

    const types::GenesisDoc genesis = genesis_of("org4-2");
    const auto read = seats::read_genesis(base::as_bytes(genesis.app_state));
    ASSERT_TRUE(read) << read.error().why;
    ASSERT_TRUE(read->seats.has_value());
    const seats::Genesis& seats = *read->seats;
    EXPECT_EQ(seats.params.alive_records, 5U) << "strict: K = N";
    ASSERT_EQ(seats.seats.size(), 4U);
    ASSERT_EQ(genesis.validators.size(), 4U);
    std::set<std::string> keys;
    for (std::size_t i = 0; i < 4; ++i) {
        const seats::GenesisSeat& seat = seats.seats[i];
        EXPECT_EQ(seat.id, "org" + std::to_string(i + 1));
        ASSERT_EQ(seat.nodes.size(), 2U);
        EXPECT_EQ(seat.nodes[1].name, seat.id + "-2");
        EXPECT_EQ(genesis.validators[i].pub_key, seat.nodes[0].consensus_key);
        EXPECT_EQ(genesis.validators[i].power, seat.power);
        for (const auto& key :
             {seat.admin_key, seat.nodes[0].consensus_key, seat.nodes[0].liveness_key,
              seat.nodes[1].consensus_key, seat.nodes[1].liveness_key})
            keys.insert(base::to_hex(base::view(key.bytes)));
        EXPECT_EQ(mode_of(temp_.path / "net/admin" / (seat.id + ".json")), 0600U);
    }
    EXPECT_EQ(keys.size(), 20U);
    EXPECT_EQ(config_of("org1-1").base.proxy_app, "persistent_kvstore");
}

TEST_F(Testnets, ShareBeginsWithAnOrganisationForEachSeat) {
    const Ran ran = testnet({"--seats", "3", "--app", "share"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(config_of("org2-2").base.proxy_app, "share");
    for (int i = 1; i <= 3; ++i)
        for (const char* who : {"-admin.json", "-writer.json"})
            EXPECT_EQ(mode_of(temp_.path / "net/share" / ("org" + std::to_string(i) + who)), 0600U);
    const auto read = seats::read_genesis(base::as_bytes(genesis_of("org3-1").app_state));
    ASSERT_TRUE(read && read->seats);
    const auto entries = ledger::share_genesis(read->application_state);
    ASSERT_TRUE(entries) << entries.error().why;
    EXPECT_EQ(entries->size(), 9U) << "organisation, member and namespace of each";
    const std::string keys = text_of(temp_.path / "net/share/org1-writer.json");
    ASSERT_EQ(testnet({"--seats", "3", "--app", "share"}).code, 0);
    EXPECT_EQ(text_of(temp_.path / "net/share/org1-writer.json"), keys) << "keys are kept";
    // Without seats the validators are the organisations.
    ASSERT_EQ(testnet({"--v", "2", "--app", "share", "--node-dir-prefix", "x"}).code, 0);
    const auto plain = ledger::share_genesis(base::as_bytes(genesis_of("x0").app_state));
    ASSERT_TRUE(plain) << plain.error().why;
    EXPECT_EQ(plain->size(), 6U);
}

TEST_F(Testnets, MoreThanNineSeatsAreNotStrict) {
    ASSERT_EQ(testnet({"--seats", "10", "--standbys", "0"}).code, 0);
    const auto read = seats::read_genesis(base::as_bytes(genesis_of("org10-1").app_state));
    ASSERT_TRUE(read && read->seats);
    EXPECT_EQ(read->seats->params.alive_records, 0U);
}

TEST_F(Testnets, AgainKeepsTheKeys) {
    ASSERT_EQ(testnet({"--seats", "1"}).code, 0);
    const std::string admin = text_of(temp_.path / "net/admin/org1.json");
    const std::string key = text_of(temp_.path / "net/org1-2/config/priv_validator_key.json");
    const Ran again = testnet({"--seats", "1"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_NE(again.out.find("Found admin key"), std::string::npos);
    EXPECT_EQ(text_of(temp_.path / "net/admin/org1.json"), admin);
    EXPECT_EQ(text_of(temp_.path / "net/org1-2/config/priv_validator_key.json"), key);
    std::ofstream(temp_.path / "net/org1-2/data/blocks") << "x";
    refused(ExitCode::failed, {"--seats", "1"}, "holds the history of a chain (blocks)");
}

TEST_F(Testnets, WrongFlagsChangeNothing) {
    refused(ExitCode::usage, {"--v", "2", "--hostname", "aa"},
            "testnet needs precisely 2 hostnames (number of validators plus non-validators) if "
            "--hostname parameter is used");
    refused(ExitCode::usage, {"--starting-ip-address", "::1"}, "::1: non ipv4 address");
    refused(ExitCode::usage, {"--starting-ip-address", "10.0.0.253"}, "exceed 255");
    refused(ExitCode::usage, {"--v", "0"}, "no nodes");
    refused(ExitCode::usage, {"--v", "-1"}, "negative");
    refused(ExitCode::usage, {"--v", "1001"}, "at most 1000");
    refused(ExitCode::usage, {"--seats", "501"}, "at most 1000");
    refused(ExitCode::usage, {"--seats", "4", "--v", "4"}, "--v");
    refused(ExitCode::usage, {"--loopback", "65530"}, "ports from there on");
    refused(ExitCode::usage, {"--p2p-port", "0"}, "1 to 65535");
    refused(ExitCode::usage, {"--seats", "1", "--chain-id", std::string(51, 'x')}, "");
    refused(ExitCode::no_input, {"--config", "none.toml"}, "cannot open none.toml");
    std::ofstream(temp_.path / "bad.toml") << "x = 1\n";
    refused(ExitCode::configuration, {"--config", "bad.toml"}, "bad.toml line 1: unknown key");
    std::ofstream(temp_.path / "net") << "a file";
    refused(ExitCode::io_error, {}, "net is needed as a folder, but is none");
}

}  // namespace
}  // namespace tandem::program
