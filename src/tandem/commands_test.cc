// The program as people and scripts meet it: run in folders of its own, judged by what it prints,
// what it leaves on the disk, and how it ends.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chain/test_chain.h"
#include "io/folder_lock.h"
#include "io/log_file.h"
#include "io/rocks_database.h"
#include "signer/watermark.h"
#include "store/block_store.h"
#include "store/state_store.h"
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

/// Contents of all files below a folder, by relative path.
std::map<std::string, std::string> snapshot(const TempFolder& temp) {
    std::map<std::string, std::string> contents;
    for (const std::string& file : temp.files()) contents[file] = text_of(temp.path / file);
    return contents;
}

class Commands : public ::testing::Test {
  protected:
    [[nodiscard]] Ran tandem(std::vector<std::string> arguments,
                             const std::vector<std::string>& variables = {}) const {
        arguments.insert(arguments.begin(), TANDEM_PROGRAM);
        return testing::run(temp_.path, std::move(arguments), variables);
    }
    /// Runs a command that must fail, and must leave the folder as it was.
    void refused(ExitCode code, std::vector<std::string> arguments, std::string_view words,
                 const std::vector<std::string>& variables = {}) const {
        const auto before = snapshot(temp_);
        const std::string command = ::testing::PrintToString(arguments);
        const Ran ran = tandem(std::move(arguments), variables);
        EXPECT_EQ(ran.code, static_cast<int>(code)) << command << ran.err;
        EXPECT_TRUE(ran.err.starts_with("ERROR: ")) << command << ran.err;
        EXPECT_NE(ran.err.find(words), std::string::npos) << command << ran.err;
        EXPECT_EQ(ran.out, "") << command;
        EXPECT_EQ(snapshot(temp_), before) << command;
    }
    void write(const fs::path& path, std::string_view text) const {
        std::ofstream(temp_.path / path) << text;
    }

    TempFolder temp_;
};

TEST_F(Commands, InitMakesWhatCometBftMakes) {
    const Ran ran = tandem({"init", "--home", "h"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("Generated private validator                  module=main "
                           "keyFile=h/config/priv_validator_key.json "
                           "stateFile=h/data/priv_validator_state.json\n"),
              std::string::npos)
        << ran.out;
    EXPECT_NE(ran.out.find("Generated node key                           module=main "
                           "path=h/config/node_key.json\n"),
              std::string::npos);
    EXPECT_EQ(temp_.files(),
              (std::vector<std::string>{"h/config/config.toml", "h/config/genesis.json",
                                        "h/config/liveness_key.json", "h/config/node_key.json",
                                        "h/config/priv_validator_key.json",
                                        "h/data/priv_validator_state.json"}));
    for (const char* secret :
         {"h/config/liveness_key.json", "h/config/node_key.json",
          "h/config/priv_validator_key.json", "h/data/priv_validator_state.json"})
        EXPECT_EQ(mode_of(temp_.path / secret), 0600U) << secret;
    EXPECT_EQ(mode_of(temp_.path / "h/config/genesis.json"), 0644U);
    EXPECT_EQ(mode_of(temp_.path / "h"), 0700U);
    EXPECT_EQ(mode_of(temp_.path / "h/config"), 0700U);
    EXPECT_EQ(mode_of(temp_.path / "h/data"), 0700U);

    const auto genesis =
        types::genesis_from_json(text_of(temp_.path / "h/config/genesis.json"), {});
    ASSERT_TRUE(genesis) << genesis.error().why;
    EXPECT_TRUE(genesis->warnings.empty());
    EXPECT_TRUE(genesis->doc.chain_id.starts_with("test-chain-"));
    ASSERT_EQ(genesis->doc.validators.size(), 1U);
    EXPECT_EQ(genesis->doc.validators[0].power, 10);
    const json key = json::parse(text_of(temp_.path / "h/config/priv_validator_key.json"));
    EXPECT_EQ(key["address"],
              base::to_hex(base::view(genesis->doc.validators[0].address), base::HexCase::upper));
    EXPECT_EQ(json::parse(text_of(temp_.path / "h/data/priv_validator_state.json")),
              json::parse(R"({"height": "0", "round": 0, "step": 0})"));
}

TEST_F(Commands, InitTwiceChangesNothing) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const auto before = snapshot(temp_);
    const Ran again = tandem({"init", "--home", "h"});
    EXPECT_EQ(again.code, 0);
    EXPECT_NE(again.out.find("Found private validator "), std::string::npos);
    EXPECT_NE(again.out.find("Found node key "), std::string::npos);
    EXPECT_NE(again.out.find("Found genesis file "), std::string::npos);
    EXPECT_EQ(again.out.find("Generated"), std::string::npos);
    EXPECT_EQ(snapshot(temp_), before);
}

TEST_F(Commands, InitMakesOnlyWhatIsMissing) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const auto before = snapshot(temp_);
    fs::remove(temp_.path / "h/config/node_key.json");
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    auto after = snapshot(temp_);
    EXPECT_NE(after["h/config/node_key.json"], before.at("h/config/node_key.json"));
    after["h/config/node_key.json"] = before.at("h/config/node_key.json");
    EXPECT_EQ(after, before);
}

TEST_F(Commands, InitRefusesHalfAValidator) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    fs::rename(temp_.path / "h/data/priv_validator_state.json", temp_.path / "aside");
    refused(ExitCode::no_input, {"init", "--home", "h"}, "Bring the state file back");
    fs::rename(temp_.path / "aside", temp_.path / "h/data/priv_validator_state.json");
    fs::remove(temp_.path / "h/config/priv_validator_key.json");
    refused(ExitCode::failed, {"init", "--home", "h"}, "bring the key back");
}

TEST_F(Commands, InitAsSeedSetsSeedMode) {
    ASSERT_EQ(tandem({"init", "seed", "--home", "h", "--chain-id", "mine"}).code, 0);
    const auto config =
        config_from_toml(text_of(temp_.path / "h/config/config.toml"), "x", Config{});
    ASSERT_TRUE(config);
    EXPECT_TRUE(config->config.p2p.seed_mode);
    EXPECT_EQ(json::parse(text_of(temp_.path / "h/config/genesis.json"))["chain_id"], "mine");
}

TEST_F(Commands, TheHomeFolderIsFoundInOrder) {
    ASSERT_EQ(tandem({"init"}, {"HOME=."}).code, 0);
    EXPECT_TRUE(fs::exists(temp_.path / ".tandem/config/config.toml"));
    ASSERT_EQ(tandem({"init"}, {"HOME=.", "CMTHOME=c"}).code, 0);
    EXPECT_TRUE(fs::exists(temp_.path / "c/config/config.toml"));
    ASSERT_EQ(tandem({"init"}, {"CMTHOME=c", "TANDEM_HOME=t"}).code, 0);
    EXPECT_TRUE(fs::exists(temp_.path / "t/config/config.toml"));
    ASSERT_EQ(tandem({"--home", "f", "init"}, {"TANDEM_HOME=t"}).code, 0);
    EXPECT_TRUE(fs::exists(temp_.path / "f/config/config.toml"));
    refused(ExitCode::configuration, {"init"}, "give --home FOLDER");
}

TEST_F(Commands, TheEnvironmentSetsKeys) {
    ASSERT_EQ(tandem({"init", "--home", "h"}, {"CMT_NODE_KEY_FILE=config/other.json"}).code, 0);
    EXPECT_TRUE(fs::exists(temp_.path / "h/config/other.json"));
    const Ran shown = tandem({"config", "show", "--home", "h"}, {"CMT_P2P_LADDR=tcp://0.0.0.0:7"});
    EXPECT_EQ(shown.code, 0) << shown.err;
    EXPECT_NE(shown.out.find("laddr = \"tcp://0.0.0.0:7\""), std::string::npos);
    refused(ExitCode::configuration, {"config", "show", "--home", "h"},
            "environment variable CMT_RPC_UNSAFE: rpc.unsafe must be true or false",
            {"CMT_RPC_UNSAFE=perhaps"});
}

TEST_F(Commands, AWrongConfigurationIsNamedByFileAndLine) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    write("h/config/config.toml", "[p2p]\nladr = \"x\"\n");
    for (const char* command : {"init", "show-node-id", "show-validator", "gen-node-key",
                                "unsafe-reset-all", "unsafe-reset-priv-validator"})
        refused(ExitCode::configuration, {command, "--home", "h"},
                "h/config/config.toml line 2: unknown key \"p2p.ladr\"; did you mean \"laddr\"?");
    write("h/config/config.toml", "[rpc]\nmax_body_bytes = -1\n");
    refused(ExitCode::configuration, {"show-node-id", "--home", "h"},
            "rpc.max_body_bytes must not be negative; correct it in h/config/config.toml");
}

TEST_F(Commands, OneWarningNamesKeysWithoutEffect) {
    write("config.toml", "");
    fs::create_directories(temp_.path / "h/config");
    write("h/config/config.toml", "db_backend = \"pebbledb\"\n[mempool]\nwal_dir = \"x\"\n");
    const Ran shown = tandem({"config", "show", "--home", "h"});
    EXPECT_EQ(shown.code, 0);
    EXPECT_EQ(std::ranges::count(shown.err, '\n'), 1) << shown.err;
    EXPECT_NE(shown.err.find("db_backend"), std::string::npos);
    EXPECT_NE(shown.err.find("mempool.wal_dir"), std::string::npos);
}

TEST_F(Commands, KeysAreShownAsCometBftShowsThem) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const Ran id = tandem({"show-node-id", "--home", "h"});
    EXPECT_EQ(id.code, 0);
    EXPECT_EQ(id.out.size(), 41U);
    EXPECT_EQ(tandem({"show_node_id", "--home", "h"}).out, id.out);
    const Ran as_json = tandem({"show-node-id", "--home", "h", "--output", "json"});
    EXPECT_EQ(json::parse(as_json.out)["node_id"], id.out.substr(0, 40));
    const json genesis = json::parse(text_of(temp_.path / "h/config/genesis.json"));
    EXPECT_EQ(tandem({"show-validator", "--home", "h"}).out,
              genesis["validators"][0]["pub_key"].dump() + "\n");
}

TEST_F(Commands, KeysThatCannotBeUsedAreNamed) {
    refused(ExitCode::no_input, {"show-node-id", "--home", "h"},
            "cannot open h/config/node_key.json: No such file or directory");
    refused(ExitCode::no_input, {"show-validator", "--home", "h"}, "does not exist; tandem init");
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    fs::permissions(temp_.path / "h/config/node_key.json", fs::perms(0640));
    refused(ExitCode::permission, {"show-node-id", "--home", "h"},
            "run: chmod 600 h/config/node_key.json");
    refused(ExitCode::permission, {"init", "--home", "h"}, "run: chmod 600 h/config/node_key.json");
    fs::permissions(temp_.path / "h/config/node_key.json", fs::perms(0600));
    write("h/config/node_key.json",
          R"({"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"AA=="}})");
    refused(ExitCode::configuration, {"show-node-id", "--home", "h"}, "h/config/node_key.json: ");
}

TEST_F(Commands, GenNodeKeyNeverOverwrites) {
    const Ran made = tandem({"gen-node-key", "--home", "h"});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(made.out, tandem({"show-node-id", "--home", "h"}).out);
    EXPECT_EQ(mode_of(temp_.path / "h/config/node_key.json"), 0600U);
    refused(ExitCode::failed, {"gen-node-key", "--home", "h"},
            "node key at h/config/node_key.json already exists");
}

TEST_F(Commands, GenValidatorPrintsAKeyAndWritesNothing) {
    const Ran ran = tandem({"gen-validator"});
    EXPECT_EQ(ran.code, 0);
    const json value = json::parse(ran.out);
    EXPECT_EQ(value["LastSignState"], json::parse(R"({"height":"0","round":0,"step":0})"));
    EXPECT_EQ(value["Key"]["priv_key"]["type"], "tendermint/PrivKeyEd25519");
    EXPECT_NE(value["Key"], json::parse(tandem({"gen-validator"}).out)["Key"]);
    EXPECT_TRUE(temp_.files().empty());
}

TEST_F(Commands, ResetForgetsTheChainAndKeepsTheKeys) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const auto before = snapshot(temp_);
    fs::create_directories(temp_.path / "h/data/blocks");
    write("h/data/blocks/1", "x");
    write("h/config/addrbook.json", "{}");
    write("h/data/priv_validator_state.json", R"({"height": "7", "round": 0, "step": 3})");
    const Ran kept = tandem({"unsafe-reset-all", "--keep-addr-book", "--home", "h"});
    EXPECT_EQ(kept.code, 0) << kept.err;
    EXPECT_NE(kept.out.find("The address book remains intact"), std::string::npos);
    EXPECT_TRUE(fs::exists(temp_.path / "h/config/addrbook.json"));
    const Ran reset = tandem({"unsafe_reset_all", "--home", "h"});
    EXPECT_EQ(reset.code, 0) << reset.err;
    EXPECT_NE(reset.out.find("Removed existing address book"), std::string::npos);
    EXPECT_NE(reset.out.find("Removed all blockchain history"), std::string::npos);
    EXPECT_NE(reset.out.find("Reset private validator file to genesis state"), std::string::npos);
    EXPECT_EQ(snapshot(temp_), before);
    EXPECT_EQ(mode_of(temp_.path / "h/data/priv_validator_state.json"), 0600U);
}

TEST_F(Commands, NothingIsResetUnderARunningNode) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const auto lock = io::FolderLock::take(temp_.path / "h/data");
    ASSERT_TRUE(lock);
    for (const char* command : {"unsafe-reset-all", "unsafe-reset-priv-validator", "reset-state"})
        refused(ExitCode::busy, {command, "--home", "h"},
                "process " + std::to_string(::getpid()) + " uses h/data: stop it first");
}

TEST_F(Commands, ResetOfTheValidatorForgetsWhatItSigned) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const std::string key = text_of(temp_.path / "h/config/priv_validator_key.json");
    const std::string state = text_of(temp_.path / "h/data/priv_validator_state.json");
    write("h/data/priv_validator_state.json", R"({"height": "7", "round": 0, "step": 3})");
    EXPECT_EQ(tandem({"unsafe-reset-priv-validator", "--home", "h"}).code, 0);
    EXPECT_EQ(text_of(temp_.path / "h/data/priv_validator_state.json"), state);
    EXPECT_EQ(text_of(temp_.path / "h/config/priv_validator_key.json"), key);
}

TEST_F(Commands, ResetOfTheStateKeepsWhatWasSigned) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const auto before = snapshot(temp_);
    fs::create_directories(temp_.path / "h/data/tandem.db");
    fs::create_directories(temp_.path / "h/data/log");
    write("h/data/tandem.db/x", "x");
    write("h/data/log/segment", "x");
    const Ran ran = tandem({"reset-state", "--home", "h"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("Removed all tandem.db"), std::string::npos) << ran.out;
    EXPECT_FALSE(fs::exists(temp_.path / "h/data/tandem.db"));
    EXPECT_TRUE(fs::exists(temp_.path / "h/data/log/segment"));
    for (const auto& [file, content] : before)
        EXPECT_EQ(text_of(temp_.path / file), content) << file;
}

/// A chain of five blocks in the database of the home folder "h".
void write_chain(const fs::path& data) {
    auto database = io::RocksDatabase::open(data / database_folder);
    ASSERT_TRUE(database) << database.error().why;
    store::BlockStore blocks(**database);
    store::StateStore states(**database);
    chain::TestChain chain{{10, 10}};
    states.save(chain.state);
    for (std::uint8_t height = 1; height <= 5; ++height) {
        const auto built = chain.build({base::Bytes(10, height)});
        blocks.save({built.id, built.block, built.parts,
                     consensus::Shared<types::Commit>::make(chain.commit_for(built.id))});
        abci::ResponseFinalizeBlock answer;
        answer.app_hash = base::Bytes(2, height);
        answer.tx_results.resize(1);
        ASSERT_TRUE(chain.try_advance(built, answer));
        states.save(chain.state);
    }
    (*database)->sync();
}

TEST_F(Commands, RollbackSaysWhereItWentTo) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    refused(ExitCode::failed, {"rollback", "--home", "h"},
            "failed to rollback state: there is no tandem.db in h/data");
    write_chain(temp_.path / "h/data");
    const Ran soft = tandem({"rollback", "--home", "h"});
    EXPECT_EQ(soft.code, 0) << soft.err;
    EXPECT_EQ(soft.out, "Rolled back state to height 4 and hash 0404\n");
    const Ran hard = tandem({"rollback", "--hard", "--home", "h"});
    EXPECT_EQ(hard.out, "Rolled back both state and block to height 4 and hash 0404\n");
    EXPECT_EQ(tandem({"rollback", "--hard", "--home", "h"}).out,
              "Rolled back both state and block to height 3 and hash 0303\n");
    const Ran as_json = tandem({"rollback", "--home", "h", "--output", "json"});
    EXPECT_EQ(json::parse(as_json.out)["height"], "2");
    const auto lock = io::FolderLock::take(temp_.path / "h/data");
    EXPECT_EQ(tandem({"rollback", "--home", "h"}).code, static_cast<int>(ExitCode::busy));
}

TEST_F(Commands, WrongUsageIsSaidAndHasItsOwnCode) {
    refused(ExitCode::usage, {"inti"}, "unknown command \"inti\"; did you mean \"init\"?");
    refused(ExitCode::usage, {"show-node-id", "--hom", "x"},
            "unknown flag \"--hom\"; did you mean \"--home\"?");
    refused(ExitCode::usage, {"testnet", "--v", "many"}, "--v");
    refused(ExitCode::usage, {"init", "king"}, "validator,full,seed");
    refused(ExitCode::usage, {"init", "--output", "xml"}, "--output");
    refused(ExitCode::usage, {"config"}, "subcommand");
}

TEST_F(Commands, EveryCommandHasHelpWithAnExample) {
    const Ran all = tandem({"--help"});
    EXPECT_EQ(all.code, 0);
    for (const char* command : {"init", "testnet", "show-node-id", "show-validator", "gen-node-key",
                                "gen-validator", "unsafe-reset-all", "unsafe-reset-priv-validator",
                                "reset-state", "rollback", "seat", "config", "version"}) {
        EXPECT_NE(all.out.find(std::string("  ") + command), std::string::npos) << command;
        const Ran help = tandem({command, "--help"});
        EXPECT_EQ(help.code, 0) << command;
        EXPECT_NE(help.out.find(std::string("Example: tandem ") + command), std::string::npos)
            << help.out;
    }
    EXPECT_EQ(tandem({}).out, all.out);
}

TEST_F(Commands, VersionsAreTold) {
    EXPECT_EQ(tandem({"version"}).code, 0);
    const json versions = json::parse(tandem({"version", "--verbose"}).out);
    EXPECT_EQ(versions["tandem"].get<std::string>() + "\n", tandem({"version"}).out);
    EXPECT_EQ(versions["block_protocol"], 11);
    EXPECT_EQ(versions["p2p_protocol"], 8);
    EXPECT_EQ(versions["abci"], "2.0.0");
}

/// The same home, in the eyes of CometBFT. Its program is found by COMETBFT.
TEST_F(Commands, CometBftReadsWhatWeWrite) {
    const char* cometbft = std::getenv("COMETBFT");
    if (cometbft == nullptr) GTEST_SKIP() << "set COMETBFT to its program";
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const auto theirs = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), cometbft);
        return testing::run(temp_.path, std::move(arguments), {"HOME=."});
    };
    for (const char* command : {"show-node-id", "show-validator"}) {
        const Ran ran = theirs({command, "--home", "h"});
        EXPECT_EQ(ran.code, 0) << ran.err;
        EXPECT_EQ(ran.out, tandem({command, "--home", "h"}).out);
    }
    ASSERT_EQ(theirs({"init", "--home", "c"}).code, 0);
    for (const char* command : {"show-node-id", "show-validator"})
        EXPECT_EQ(theirs({command, "--home", "c"}).out, tandem({command, "--home", "c"}).out);
    const Ran shown = tandem({"config", "show", "--home", "c"});
    EXPECT_EQ(shown.code, 0) << shown.err;
    EXPECT_EQ(shown.err, "");
    const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
    EXPECT_EQ(lines(text_of(temp_.path / "h/config/genesis.json")),
              lines(text_of(temp_.path / "c/config/genesis.json")));
}

// ---- signer

TEST_F(Commands, ASignerIsRefusedWithoutWhatItNeeds) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    const auto serve = [](std::vector<std::string> more) {
        std::vector<std::string> all{"signer", "serve", "--home", "h"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    const std::string nowhere = "unix://nobody.sock";
    refused(ExitCode::usage, serve({}), "--connect");
    refused(ExitCode::usage, serve({"--connect", "127.0.0.1:1"}), "tcp://HOST:PORT");
    refused(ExitCode::no_input, {"signer", "serve", "--home", "g", "--connect", nowhere},
            "priv_validator_key.json");
    {
        const auto lock = io::FolderLock::take(temp_.path / "h/data");
        ASSERT_TRUE(lock);
        refused(ExitCode::busy, serve({"--connect", nowhere}), "");
    }
    fs::remove(temp_.path / "h/config/genesis.json");
    refused(ExitCode::usage, serve({"--connect", nowhere}), "--chain-id");
    const std::string state = text_of(temp_.path / "h/data/priv_validator_state.json");
    write("h/data/priv_validator_state.json", "{\"height\": 5}");
    const Ran ran = tandem(serve({"--connect", nowhere, "--chain-id", "c"}));  // has the lock
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::bad_data)) << ran.err;
    EXPECT_NE(ran.err.find("priv_validator_state.json"), std::string::npos) << ran.err;
    fs::remove(temp_.path / "h/data/priv_validator_state.json");
    refused(ExitCode::no_input, serve({"--connect", nowhere, "--chain-id", "c"}),
            "signed last it must not sign");
}

TEST_F(Commands, LogPrintsOneObjectALine) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    refused(ExitCode::no_input, {"log", "--home", "h"}, "h/data/log");
    const fs::path folder = temp_.path / "h/data/log";
    {
        auto opened = io::LogFile::open(folder, "a-chain");
        ASSERT_TRUE(opened) << opened.error().why;
        io::LogFile& log = *opened->log;
        log.append_watermark(base::Bytes{1, 0xab});
        types::LastSigned signed_last{5, 1, types::SignStep::prevote, {}, {}};
        log.append_watermark(signer::encode_watermark(types::Address(20, 0xcd), signed_last));
        types::Proposal proposal;
        proposal.height = 5;
        proposal.pol_round = -1;
        signed_last.sign_bytes = types::sign_bytes("a-chain", proposal);
        log.append_watermark(signer::encode_watermark(types::Address(20, 0xcd), signed_last));
        log.append({{1'700'000'000, 0}, consensus::TransactionsAvailable{5}});
        log.append(
            {{1'700'000'001, 500'000'000}, consensus::TimerRang{{6, 2, consensus::Step::propose}}});
        log.sync();  // what stands before is damaged, not torn, where it is broken
        log.append_marker(6);
        log.sync();
    }
    const Ran ran = tandem({"log", "--home", "h"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    std::vector<json> lines;
    std::istringstream text(ran.out);
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    ASSERT_EQ(lines.size(), 8U) << ran.out;
    EXPECT_EQ(lines[7]["event"], "segment_end");
    EXPECT_EQ(lines[0]["event"], "segment");
    EXPECT_EQ(lines[0]["chain_id"], "a-chain");
    EXPECT_EQ(lines[1]["event"], "watermark");
    EXPECT_EQ(lines[1]["record"], "01ab");
    EXPECT_EQ(lines[2]["address"], base::to_hex(base::Bytes(20, 0xcd)));
    EXPECT_EQ(lines[2]["height"], 5);
    EXPECT_EQ(lines[2]["step"], 2);
    EXPECT_FALSE(lines[2].contains("block_id")) << "what was signed is not known";
    EXPECT_EQ(lines[3]["type"], 32);
    EXPECT_EQ(lines[3]["pol_round"], -1);
    EXPECT_EQ(lines[3]["block_id"]["hash"], "");
    lines.erase(lines.begin() + 2, lines.begin() + 4);
    EXPECT_EQ(lines[2]["event"], "transactions_available");
    EXPECT_EQ(lines[2]["height"], 5);
    EXPECT_EQ(lines[2]["now"], "2023-11-14T22:13:20Z");
    EXPECT_EQ(lines[3]["event"], "timer_rang");
    EXPECT_EQ(lines[3]["round"], 2);
    EXPECT_EQ(lines[3]["now"], "2023-11-14T22:13:21.5Z");
    EXPECT_EQ(lines[4]["event"], "end_of_height");
    for (const json& line : lines) EXPECT_EQ(line["segment"], 0);
    EXPECT_TRUE(lines[0].contains("frame"));
    EXPECT_EQ(tandem({"log", "--home", "h", "--brief"}).out.find("frame"), std::string::npos);

    const Ran of_one = tandem({"log", "h/data/log", "--height", "6"});
    EXPECT_EQ(of_one.code, 0) << of_one.err;
    EXPECT_EQ(std::ranges::count(of_one.out, '\n'), 2) << of_one.out;
    EXPECT_EQ(of_one.out.find("transactions_available"), std::string::npos);

    // A whole frame in the middle that is not what was written: damage, and no torn end.
    const std::size_t place = lines[2]["position"].get<std::size_t>() + 12;
    fs::path segment;
    for (const auto& entry : fs::directory_iterator(folder)) segment = entry.path();
    std::string bytes = text_of(segment);
    bytes.at(place) = static_cast<char>(bytes.at(place) ^ 1);
    std::ofstream(segment, std::ios::binary) << bytes;
    const Ran damaged = tandem({"log", "h/data/log"});
    EXPECT_EQ(damaged.code, static_cast<int>(ExitCode::bad_data)) << damaged.out << damaged.err;
    EXPECT_NE(damaged.err.find("damaged at byte " + lines[2]["position"].dump()), std::string::npos)
        << damaged.err;
    EXPECT_EQ(std::ranges::count(damaged.out, '\n'), 4) << "what stands before is shown";
}

TEST_F(Commands, LogIsMadeOfItsLinesAgain) {
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    {
        io::LogFileConfig config;
        config.segment_bytes = 100;  // several segments, and room behind the newest
        auto opened = io::LogFile::open(temp_.path / "h/data/log", "a-chain", config);
        ASSERT_TRUE(opened) << opened.error().why;
        for (std::int64_t height = 0; height < 8; ++height) {
            opened->log->append({{1'700'000'000 + height, 0},
                                 consensus::TimerRang{{height, 0, consensus::Step::propose}}});
            opened->log->append_watermark(base::Bytes{1, 0xab});
            opened->log->append_marker(height);
        }
        opened->log->append({{1'700'000'001, 0}, consensus::TransactionsAvailable{8}});
        opened->log->sync();
    }
    const auto segments = [this](const fs::path& folder) {
        std::map<std::string, std::string> contents;
        for (const auto& entry : fs::directory_iterator(temp_.path / folder))
            contents[entry.path().filename().string()] = text_of(entry.path());
        return contents;
    };
    const auto wanted = segments("h/data/log");
    ASSERT_EQ(wanted.size(), 2U);
    const Ran shown = tandem({"log", "--home", "h"});
    ASSERT_EQ(shown.code, 0) << shown.err;
    write("log.json", shown.out);
    const Ran made = tandem({"log", "--from-json", "log.json", "--to", "copy/data/log/"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.out.find("2 segments"), std::string::npos) << made.out;
    EXPECT_EQ(segments("copy/data/log"), wanted);
    EXPECT_EQ(mode_of(temp_.path / "copy/data/log" / wanted.begin()->first), 0600U);

    const auto back = [](std::string from, std::string to) {
        return std::vector<std::string>{"log", "--from-json", std::move(from), "--to",
                                        std::move(to)};
    };
    refused(ExitCode::failed, back("log.json", "copy/data/log"), "not an empty folder");
    refused(ExitCode::failed, back("log.json", "h/data"), "not an empty folder");
    refused(ExitCode::no_input, back("none.json", "other"), "none.json");
    refused(ExitCode::usage, {"log", "--from-json", "log.json"}, "--to");
    refused(ExitCode::usage, {"log", "--to", "other"}, "--from-json");
    {
        const auto lock = io::FolderLock::take(temp_.path / "h/data");
        ASSERT_TRUE(lock);
        refused(ExitCode::busy, back("log.json", "h/data/other"), "stop it first");
    }
    write("brief.json", tandem({"log", "--home", "h", "--brief"}).out);
    refused(ExitCode::bad_data, back("brief.json", "other"), "brief.json: line 1: it has no frame");
    write("of-one.json", tandem({"log", "--home", "h", "--height", "7"}).out);
    refused(ExitCode::bad_data, back("of-one.json", "other"), "of-one.json: line 1:");
    write("cut.json", std::string_view(shown.out).substr(0, shown.out.size() / 2));
    refused(ExitCode::bad_data, back("cut.json", "other"), "nothing was written");
}

TEST_F(Commands, ReindexRefusesWhatHasNoStores) {
    refused(ExitCode::no_input, {"reindex-event", "--home", "h"}, "genesis.json");
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    refused(ExitCode::no_input, {"reindex_event", "--home", "h"}, "no blockstore found in h/data");
    refused(ExitCode::usage, {"reindex-event", "--start-height", "one"}, "--start-height");
}

TEST_F(Commands, InspectRefusesWhatHasNoStores) {
    refused(ExitCode::no_input, {"inspect", "--home", "h"}, "genesis.json");
    ASSERT_EQ(tandem({"init", "--home", "h"}).code, 0);
    refused(ExitCode::no_input, {"inspect", "--home", "h"}, "has no database");
}

}  // namespace
}  // namespace tandem::program
