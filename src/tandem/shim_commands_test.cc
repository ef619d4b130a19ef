// `tandem shim` before it serves anybody: what it reads of the engine's files, and what it refuses.
#include <gtest/gtest.h>

#include "tandem/cli.h"
#include "tandem/engine_settings.h"
#include "tandem/testing.h"

namespace tandem::program {
namespace {

using testing::Ran;
using testing::TempFolder;
using testing::text_of;

Texts faults_of(std::string_view toml) {
    const auto settings = engine_settings(toml, "config.toml");
    if (!settings) return {settings.error().why};
    return engine_faults(*settings);
}

TEST(EngineSettings, WhatIsMissingHasTheEnginesDefault) {
    const auto settings = engine_settings("", "config.toml");
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->proxy_app, "tcp://127.0.0.1:26658");
    EXPECT_EQ(settings->rpc_laddr, "tcp://127.0.0.1:26657");
    EXPECT_EQ(engine_faults(*settings), Texts{});
}

TEST(EngineSettings, KeysThatNobodyHereKnowsAreTheEnginesOwnAffair) {
    EXPECT_EQ(faults_of("novel = 1\n[p2p.libp2p]\nenabled = false\n"), Texts{});
}

TEST(EngineSettings, EachThatKeepsSeatsFromWorkingIsNamed) {
    const std::pair<const char*, const char*> cases[] = {
        {"abci = \"grpc\"", "abci"},
        {"[consensus]\ncreate_empty_blocks = false", "create_empty_blocks"},
        {"[mempool]\nrecheck = false", "recheck"},
        {"[mempool]\nbroadcast = false", "broadcast"},
        {"[mempool]\ntype = \"nop\"", "mempool.type"},
        {"[blocksync]\nadaptive_sync = true", "adaptive_sync"},
    };
    for (const auto& [text, name] : cases) {
        const Texts faults = faults_of(text);
        ASSERT_EQ(faults.size(), 1U) << text;
        EXPECT_NE(faults[0].find(name), std::string::npos) << faults[0];
    }
    EXPECT_EQ(faults_of("[mempool]\nrecheck = false\nbroadcast = false").size(), 2U);
}

TEST(EngineSettings, WhatCannotBeReadIsRefusedWithItsPlace) {
    for (const auto& [text, words] :
         {std::pair{"[mempool]\nrecheck = \"yes\"", "mempool.recheck must be true or false"},
          std::pair{"proxy_app = 5", "proxy_app must be a text"},
          std::pair{"\n= 1", "config.toml:2"}}) {
        const auto settings = engine_settings(text, "config.toml");
        ASSERT_FALSE(settings) << text;
        EXPECT_NE(settings.error().why.find(words), std::string::npos) << settings.error().why;
    }
}

TEST(EngineSettings, TheValidatorsAddressIsReadWithoutItsSecret) {
    const std::string address = "0102030405060708090A0B0C0D0E0F1011121314";
    const auto read = validator_address_in("{\"address\":\"" + address + "\",\"priv_key\":7}");
    ASSERT_TRUE(read);
    EXPECT_EQ(base::to_hex(*read, base::HexCase::upper), address);
    for (const char* text : {"", "[]", "{}", "{\"address\":5}", "{\"address\":\"01\"}"})
        EXPECT_FALSE(validator_address_in(text)) << text;
}

class Shim : public ::testing::Test {
  protected:
    Shim() {
        const Ran made = tandem({"testnet", "--seats", "4", "--o", "net"});
        EXPECT_EQ(made.code, 0) << made.err;
    }
    [[nodiscard]] Ran tandem(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), TANDEM_PROGRAM);
        return testing::run(temp_.path, std::move(arguments), {});
    }
    void refused(ExitCode code, std::string_view words, std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments{"shim", "--home", home_, "--app", "persistent_kvstore"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Ran ran = tandem(std::move(arguments));
        EXPECT_EQ(ran.code, static_cast<int>(code)) << ran.err;
        EXPECT_NE(ran.err.find(words), std::string::npos) << ran.err;
        EXPECT_FALSE(std::filesystem::exists(temp_.path / home_ / "data/seats")) << words;
    }
    /// Replaces a text in a file of the home folder.
    void change(const char* file, std::string_view from, std::string_view to) const {
        const auto path = temp_.path / home_ / file;
        std::string text = text_of(path);
        const std::size_t at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        std::ofstream(path) << text.replace(at, from.size(), to);
    }

    TempFolder temp_;
    std::string home_ = "net/org1-1";
};

TEST_F(Shim, SaysWhatTheEnginesConfigurationLacksAndChangesNothing) {
    change("config/config.toml", "proxy_app = \"", "proxy_app = \"kvstore\" # \"");
    refused(ExitCode::configuration, "names an application inside the engine");
    change("config/config.toml", "recheck = true", "recheck = false");
    refused(ExitCode::configuration, "mempool.recheck = false");
}

TEST_F(Shim, NeedsSeatsInTheGenesisAndItsOwnKeys) {
    const std::vector<std::string> listen{"--listen", "tcp://127.0.0.1:0"};
    std::filesystem::remove(temp_.path / home_ / "config/liveness_key.json");
    refused(ExitCode::no_input, "liveness_key.json", listen);
    std::filesystem::remove(temp_.path / home_ / "config/priv_validator_key.json");
    refused(ExitCode::no_input, "--validator-address", listen);
    refused(ExitCode::configuration, "40 hexadecimal digits",
            {"--listen", "tcp://127.0.0.1:0", "--validator-address", "0102"});
    change("config/genesis.json", "\"seats\": {", "\"chairs\": {");
    refused(ExitCode::configuration, "names no seats", listen);
}

TEST_F(Shim, AnAddressThatIsNoneIsRefused) {
    for (const char* address : {"kv", "tcp://", "http://127.0.0.1:1/x"}) {
        const Ran ran =
            tandem({"shim", "--home", home_, "--listen", "tcp://127.0.0.1:0", "--app", address});
        EXPECT_EQ(ran.code, static_cast<int>(ExitCode::configuration)) << address << ran.err;
        EXPECT_NE(ran.err.find("no address of an application"), std::string::npos) << ran.err;
    }
}

}  // namespace
}  // namespace tandem::program
