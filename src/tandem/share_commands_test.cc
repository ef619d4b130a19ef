// tandem tx, query, keys, status: the real program against a chain of share under seats.
#include <gtest/gtest.h>

#include "tandem/cli.h"
#include "tandem/fake_chain_testing.h"

namespace tandem::program {
namespace {

using testing::FakeChain;
using testing::json;
using testing::Ran;
using testing::TempFolder;

std::string decoded(const json& base64) {
    const auto bytes = base::from_base64(base64.get<std::string>());
    return std::string(base::as_text(bytes.value()));
}

class ShareCommands : public ::testing::Test {
  protected:
    void SetUp() override {
        const Ran made =
            run({"testnet", "--seats", "3", "--standbys", "1", "--app", "share", "--o", "net"});
        ASSERT_EQ(made.code, 0) << made.err;
        chain_.emplace(temp_.path / "net");
    }

    [[nodiscard]] Ran run(std::vector<std::string> arguments,
                          const std::vector<std::string>& variables = {}) const {
        arguments.insert(arguments.begin(), TANDEM_PROGRAM);
        return testing::run(temp_.path, std::move(arguments), variables);
    }
    [[nodiscard]] Ran ask(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--node", chain_->address()});
        return run(std::move(arguments));
    }
    /// As the member "writer" of an organisation.
    [[nodiscard]] Ran write(std::vector<std::string> arguments, const std::string& org) const {
        arguments.insert(arguments.begin(), "tx");
        arguments.insert(arguments.end(), {"--member", "writer", "--member-key",
                                           "net/share/" + org + "-writer.json"});
        return ask(std::move(arguments));
    }
    [[nodiscard]] Ran administer(std::vector<std::string> arguments, const std::string& org) const {
        arguments.insert(arguments.begin(), "tx");
        arguments.insert(arguments.end(), {"--admin-key", "net/share/" + org + "-admin.json"});
        return ask(std::move(arguments));
    }
    [[nodiscard]] json query(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "query");
        arguments.insert(arguments.end(), {"--output", "json"});
        const Ran ran = ask(std::move(arguments));
        EXPECT_EQ(ran.code, 0) << ran.err;
        return json::parse(ran.out, nullptr, false);
    }

    TempFolder temp_;
    std::optional<FakeChain> chain_;
};

TEST_F(ShareCommands, ARecordIsWrittenAndReadWithAProof) {
    const Ran put = write({"put", "org1/open", "invoice-7", "paid"}, "org1");
    ASSERT_EQ(put.code, 0) << put.err;
    EXPECT_NE(put.out.find("org1/open/invoice-7: version 1; in block "), std::string::npos)
        << put.out;
    const Ran read = ask({"query", "record", "org1/open", "invoice-7", "--prove"});
    EXPECT_EQ(read.code, 0) << read.err;
    EXPECT_NE(read.out.find("version 1 by writer in block "), std::string::npos) << read.out;
    EXPECT_NE(read.out.find(": paid\nproof verified against the application hash "),
              std::string::npos)
        << read.out;
    EXPECT_NE(read.out.find("signed by 30 of 30 power"), std::string::npos) << read.out;
    EXPECT_EQ(ask({"query", "record", "org1/open", "invoice-7", "--value-only"}).out, "paid");
    const json told = query({"record", "org1/open", "invoice-7", "--prove"});
    EXPECT_EQ(decoded(told["value"]), "paid");
    EXPECT_EQ(told["proof"]["header_height"].get<int>(), told["at_height"].get<int>() + 1);
}

TEST_F(ShareCommands, TheHistoryIsProvedByTheNewestVersion) {
    for (const char* value : {"one", "two", "three"})
        ASSERT_EQ(write({"put", "org1/open", "k", value}, "org1").code, 0);
    const json all = query({"history", "org1/open", "k", "--prove"});
    ASSERT_EQ(all["versions"].size(), 3U);
    EXPECT_EQ(decoded(all["versions"][0]["value"]), "three");
    EXPECT_EQ(decoded(all["versions"][2]["value"]), "one");
    EXPECT_EQ(all["older_versions"], 0);
    const json part = query({"history", "org1/open", "k", "--limit", "2"});
    EXPECT_EQ(part["versions"].size(), 2U);
    EXPECT_EQ(part["older_versions"], 1);
    // A node that changes an old version is found out.
    chain_->liar = [](const std::string& method, json& result) {
        if (method != "abci_query") return;
        const auto bytes = base::from_base64(result["response"]["value"].get<std::string>());
        json value = json::parse(bytes->begin(), bytes->end(), nullptr, false);
        if (!value.is_object() || value["versions"].empty()) return;
        value["versions"][0]["record"] = value["versions"].back()["record"];
        result["response"]["value"] = base::to_base64(base::as_bytes(value.dump()));
    };
    const Ran lied = ask({"query", "history", "org1/open", "k", "--prove"});
    EXPECT_EQ(lied.code, 1);
    EXPECT_NE(lied.err.find("the history does not verify"), std::string::npos) << lied.err;
}

TEST_F(ShareCommands, NodesThatLieAreNotBelieved) {
    ASSERT_EQ(write({"put", "org1/open", "k", "v"}, "org1").code, 0);
    struct Lie {
        const char* method;
        std::function<void(json&)> change;
        const char* words;
    };
    const std::vector<Lie> lies{
        {"abci_query", [](json& r) { r["response"]["proofOps"] = nullptr; }, "gave no proof"},
        {"abci_query", [](json& r) { r["response"]["proofOps"]["ops"].erase(std::size_t{2}); },
         "does not lead to the application hash"},
        {"abci_query",
         [](json& r) {
             auto value = *base::from_base64(r["response"]["value"].get<std::string>());
             value[2] ^= 1U;
             r["response"]["value"] = base::to_base64(value);
         },
         "does not lead to the application hash"},
        {"commit", [](json& r) { r["signed_header"]["header"]["app_hash"] = std::string(64, 'A'); },
         "does not verify"},
        {"commit",
         [](json& r) {
             for (json& one : r["signed_header"]["commit"]["signatures"])
                 one["signature"] = base::to_base64(base::Bytes(64, 7));
         },
         "does not verify"},
        {"validators", [](json& r) { r["validators"].erase(std::size_t{0}); }, "does not verify"},
    };
    for (const Lie& lie : lies) {
        chain_->liar = [&](const std::string& method, json& result) {
            if (method == lie.method && !result.is_null()) lie.change(result);
        };
        const Ran ran = ask({"query", "record", "org1/open", "k", "--prove"});
        EXPECT_EQ(ran.code, 1) << lie.method << ": " << ran.out;
        EXPECT_NE(ran.err.find(lie.words), std::string::npos) << ran.err;
    }
    chain_->liar = nullptr;
    EXPECT_EQ(ask({"query", "record", "org1/open", "k", "--prove"}).code, 0);
}

TEST_F(ShareCommands, ProofsFollowFromATrustedHash) {
    constexpr std::int64_t an_hour = 3'600;  // a trusted header must be fresh
    chain_->epoch_seconds = wall_clock().seconds - an_hour;
    ASSERT_EQ(write({"put", "org1/open", "k", "v"}, "org1").code, 0);
    const Ran followed =
        ask({"query", "record", "org1/open", "k", "--prove", "--trust", "2:" + chain_->hash_of(2)});
    EXPECT_EQ(followed.code, 0) << followed.err;
    EXPECT_NE(followed.out.find("of validators that follow from the trusted hash"),
              std::string::npos)
        << followed.out;
    const Ran wrong = ask(
        {"query", "record", "org1/open", "k", "--prove", "--trust", "2:" + std::string(64, 'A')});
    EXPECT_EQ(wrong.code, 1);
    EXPECT_NE(wrong.err.find("not the one that is trusted"), std::string::npos) << wrong.err;
    const Ran nonsense = ask({"query", "record", "org1/open", "k", "--prove", "--trust", "2:AB"});
    EXPECT_EQ(nonsense.code, static_cast<int>(ExitCode::usage)) << nonsense.err;
    const Ran alone = ask({"query", "record", "org1/open", "k", "--trust", "2:AB"});
    EXPECT_EQ(alone.code, static_cast<int>(ExitCode::usage));
}

TEST_F(ShareCommands, RecordsComeInOrderAndByPrefix) {
    for (const char* key : {"b", "a1", "a3", "a2", "c"})
        ASSERT_EQ(write({"put", "org1/open", key, std::string("v") + key}, "org1").code, 0);
    const auto keys = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"records", "org1/open"});
        std::string out;
        const json told = query(std::move(arguments));
        for (const json& one : told["records"]) out += decoded(one["key"]) + " ";
        return out;
    };
    EXPECT_EQ(keys({}), "a1 a2 a3 b c ");
    EXPECT_EQ(keys({"--prefix", "a", "--prove"}), "a1 a2 a3 ");
    EXPECT_EQ(keys({"--from", "a2", "--to", "c"}), "a2 a3 b ");
    EXPECT_EQ(keys({"--limit", "2"}), "a1 a2 ");
    ASSERT_EQ(write({"remove", "org1/open", "a2"}, "org1").code, 0);
    EXPECT_EQ(keys({"--prefix", "a"}), "a1 a3 ");
    const Ran removed = ask({"query", "record", "org1/open", "a2"});
    EXPECT_EQ(removed.code, 1);
    EXPECT_NE(removed.err.find("the record is removed"), std::string::npos) << removed.err;
    const Ran none = ask({"query", "record", "org1/open", "zz"});
    EXPECT_EQ(none.code, 1);
    EXPECT_NE(none.err.find("there is no record zz"), std::string::npos) << none.err;
}

TEST_F(ShareCommands, VersionsAreExpectedAndRefusalsSayWhy) {
    ASSERT_EQ(write({"put", "org1/open", "k", "v", "--new"}, "org1").code, 0);
    const Ran again = write({"put", "org1/open", "k", "w", "--new"}, "org1");
    EXPECT_EQ(again.code, 1);
    EXPECT_NE(again.err.find("(code 7): the record has version 1"), std::string::npos) << again.err;
    EXPECT_EQ(write({"put", "org1/open", "k", "w", "--expect-version", "1"}, "org1").code, 0);
    const Ran other = write({"put", "org1/nowhere", "k", "w"}, "org1");
    EXPECT_NE(other.err.find("no such namespace"), std::string::npos) << other.err;
    const Ran stranger = ask({"tx", "put", "org2/open", "k", "v", "--member", "writer",
                              "--member-key", "net/share/org1-writer.json"});
    EXPECT_EQ(stranger.code, 1);
    EXPECT_NE(stranger.err.find("this is not the key of org2/writer"), std::string::npos)
        << stranger.err;
    const Ran keyless = ask({"tx", "put", "org1/open", "k", "v", "--member", "writer"});
    EXPECT_EQ(keyless.code, static_cast<int>(ExitCode::usage));
    EXPECT_NE(keyless.err.find("--member-key"), std::string::npos) << keyless.err;
    EXPECT_EQ(write({"put", "org1", "k", "v"}, "org1").code, static_cast<int>(ExitCode::usage));
    EXPECT_EQ(write({"put", "org1/open", "k"}, "org1").code, static_cast<int>(ExitCode::usage));
    EXPECT_EQ(write({"put", "org1/open", "6", "61", "--hex"}, "org1").code,
              static_cast<int>(ExitCode::usage));
    EXPECT_EQ(write({"put", "org1/open", "00ff", "61", "--hex"}, "org1").code, 0);
    EXPECT_NE(ask({"query", "records", "org1/open"}).out.find("0x00ff  version 1"),
              std::string::npos);
}

TEST_F(ShareCommands, AnAdminManagesMembersAndNamespaces) {
    const Ran made = run({"keys", "generate", "--out", "r.json"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(testing::mode_of(temp_.path / "r.json"), 0600U);
    EXPECT_EQ(run({"keys", "show", "r.json"}).out, made.out);
    EXPECT_EQ(run({"keys", "generate", "--out", "r.json"}).code, 1) << "never overwritten";
    std::string key = made.out;
    key.pop_back();
    const Ran set = administer(
        {"set-member", "org2", "auditor", "--role", "reader", "--public-key", key}, "org2");
    ASSERT_EQ(set.code, 0) << set.err;
    EXPECT_EQ(query({"member", "org2/auditor", "--prove"})["role"], "reader");
    ASSERT_EQ(administer({"set-namespace", "org1", "closed", "--reader", "org2"}, "org1").code, 0);
    EXPECT_EQ(query({"namespace", "org1/closed"})["readers"], json::array({"org2"}));
    ASSERT_EQ(write({"put", "org1/closed", "k", "secret"}, "org1").code, 0);
    const Ran nobody = ask({"query", "record", "org1/closed", "k"});
    EXPECT_EQ(nobody.code, 1);
    EXPECT_NE(nobody.err.find("Give --as ORGANISATION/MEMBER"), std::string::npos) << nobody.err;
    const std::vector<std::string> as_auditor{"record",       "org1/closed",  "k",     "--as",
                                              "org2/auditor", "--member-key", "r.json"};
    EXPECT_EQ(decoded(query(as_auditor)["value"]), "secret");
    const Ran reader =
        ask({"tx", "put", "org2/open", "k", "v", "--member", "auditor", "--member-key", "r.json"});
    EXPECT_EQ(reader.code, 1);
    EXPECT_NE(reader.err.find("the member is no writer"), std::string::npos) << reader.err;
    ASSERT_EQ(administer({"remove-member", "org2", "auditor"}, "org2").code, 0);
    const Ran gone =
        ask({"tx", "put", "org2/open", "k", "v", "--member", "auditor", "--member-key", "r.json"});
    EXPECT_NE(gone.err.find("the chain does not know org2/auditor"), std::string::npos) << gone.err;
}

TEST_F(ShareCommands, TheAdminKeyIsRotated) {
    ASSERT_EQ(run({"keys", "generate", "--out", "new.json"}).code, 0);
    ASSERT_EQ(administer({"rotate-admin", "org1", "--new-key", "new.json"}, "org1").code, 0);
    const Ran old = administer({"set-namespace", "org1", "more"}, "org1");
    EXPECT_EQ(old.code, 1);
    EXPECT_NE(old.err.find("this is not the key of the admin of org1"), std::string::npos);
    EXPECT_EQ(ask({"tx", "set-namespace", "org1", "more", "--admin-key", "new.json"}).code, 0);
}

TEST_F(ShareCommands, AnOrganisationIsAddedByMoreThanTwoThirds) {
    ASSERT_EQ(run({"keys", "generate", "--out", "delta.json"}).code, 0);
    ASSERT_EQ(ask({"tx", "register-organisation", "delta", "--admin-key", "delta.json", "--out",
                   "reg.json"})
                  .code,
              0);
    const Ran asked = administer(
        {"add-organisation", "org1", "--registration", "reg.json", "--out", "request.json"},
        "org1");
    ASSERT_EQ(asked.code, 0) << asked.err;
    EXPECT_NE(asked.out.find("approved by 1 of 3 organisations"), std::string::npos) << asked.out;
    const Ran own =
        administer({"approve-organisation", "org1", "--request", "request.json"}, "org1");
    EXPECT_EQ(own.code, 1);
    const Ran second =
        administer({"approve-organisation", "org3", "--request", "request.json"}, "org3");
    EXPECT_EQ(second.code, 0) << second.err;
    EXPECT_NE(second.out.find("approved by 2 of 3"), std::string::npos) << second.out;
    const Ran third =
        administer({"approve-organisation", "org2", "--request", "request.json"}, "org2");
    EXPECT_EQ(third.code, 0) << third.err;
    EXPECT_NE(third.out.find("organisation delta added"), std::string::npos) << third.out;
    EXPECT_NE(ask({"query", "organisations"}).out.find("delta\n"), std::string::npos);
    json forged = json::parse(testing::text_of(temp_.path / "reg.json"));
    forged["organisation"] = "epsilon";
    std::ofstream(temp_.path / "forged.json") << forged;
    const Ran refused = administer(
        {"add-organisation", "org1", "--registration", "forged.json", "--out", "r2.json"}, "org1");
    EXPECT_EQ(refused.code, static_cast<int>(ExitCode::configuration));
    EXPECT_NE(refused.err.find("does not hold"), std::string::npos) << refused.err;
}

TEST_F(ShareCommands, WhatMayStillLandHasNotFailed) {
    chain_->forgets_transactions = true;
    const Ran pending = write({"put", "org1/open", "k", "v", "--timeout", "1"}, "org1");
    EXPECT_EQ(pending.code, static_cast<int>(ExitCode::unavailable));
    EXPECT_NE(pending.err.find("it may still be"), std::string::npos) << pending.err;
    const Ran nobody = run({"status", "--node", "tcp://127.0.0.1:1"});
    EXPECT_EQ(nobody.code, static_cast<int>(ExitCode::unavailable));
}

TEST_F(ShareCommands, OtherApplicationsAreNamed) {
    const Ran made = run({"testnet", "--seats", "1", "--o", "other"});
    ASSERT_EQ(made.code, 0) << made.err;
    chain_.emplace(temp_.path / "other");
    const Ran ran = ask({"query", "organisations"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find("is not share, but says of itself: scripted"), std::string::npos)
        << ran.err;
    const Ran set = ask({"tx", "set", "name", "value"});
    EXPECT_EQ(set.code, 0) << set.err;
    EXPECT_NE(set.out.find("done; in block "), std::string::npos) << set.out;
    EXPECT_EQ(ask({"tx", "set", "a=b", "value"}).code, static_cast<int>(ExitCode::usage));
    EXPECT_EQ(ask({"tx", "send", "xyz", "--hex"}).code, static_cast<int>(ExitCode::usage));
    EXPECT_EQ(ask({"tx", "send", "6162", "--hex"}).code, 0);
    EXPECT_EQ(ask({"query", "tx", "nonsense"}).code, static_cast<int>(ExitCode::usage));
    EXPECT_EQ(ask({"query", "get", "name"}).code, 1) << "this application answers with nothing";
}

}  // namespace
}  // namespace tandem::program
