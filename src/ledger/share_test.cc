#include "ledger/share.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ledger/share_testing.h"

namespace tandem::ledger::share::test {
namespace {

using Codes = std::vector<std::uint32_t>;

std::uint32_t code(ShareCode code) {
    return static_cast<std::uint32_t>(code);
}
Put put(std::string_view key, std::string_view value, std::int64_t expected = 0,
        std::string name = "open") {
    return {std::move(name), bytes(key), bytes(value), expected};
}
nlohmann::json json(const abci::ResponseQuery& answer) {
    return nlohmann::json::parse(base::as_text(answer.value));
}

TEST(Share, AMemberWritesAndEverybodyReadsWithAProof) {
    Rig rig;
    EXPECT_EQ(rig.block({signed_tx("acme/w", 1, put("k", "v"))}), Codes{0});
    const auto answer = rig.query("/record", "acme/open/k", true);
    ASSERT_TRUE(answer.proof_ops);
    const auto record =
        verified_entry<Record>(answer.key, answer.value, *answer.proof_ops, rig.app_hash);
    ASSERT_TRUE(record) << record.error().why;
    EXPECT_EQ(record->value, bytes("v"));
    EXPECT_EQ(record->version, 1);
    EXPECT_EQ(record->height, 1);
    EXPECT_EQ(record->member, "w");
    EXPECT_EQ(answer.key, record_key("acme", "open", bytes("k")));
    // Not under another hash, not for another value, not under another key.
    Bytes other_hash = rig.app_hash;
    other_hash[5] ^= 1U;
    EXPECT_FALSE(verified_entry<Record>(answer.key, answer.value, *answer.proof_ops, other_hash));
    Bytes other_value = answer.value;
    other_value.back() ^= 1U;
    EXPECT_FALSE(verified_entry<Record>(answer.key, other_value, *answer.proof_ops, rig.app_hash));
    EXPECT_FALSE(verified_entry<Record>(record_key("acme", "open", bytes("l")), answer.value,
                                        *answer.proof_ops, rig.app_hash));
}

TEST(Share, WhoMayDoWhat) {
    Rig rig;
    EXPECT_EQ(rig.block({
                  signed_tx("beta/w", 1, put("k", "v")),                // its own has none
                  signed_tx("acme/r", 1, put("k", "v")),                // a reader
                  signed_tx("acme", 1, put("k", "v")),                  // the admin
                  signed_tx("acme/x", 1, put("k", "v")),                // nobody
                  signed_tx("gamma", 1, SetNamespace{"open", {}}),      // nobody
                  signed_tx("acme/w", 1, SetNamespace{"mine", {}}),     // no admin
                  signed_tx("acme/w", 2, put("k", "v", 0, "nowhere")),  // no such namespace
                  bytes("garbage"),
              }),
              (Codes{code(ShareCode::unknown_namespace), code(ShareCode::not_allowed),
                     code(ShareCode::not_allowed), code(ShareCode::unknown_signer),
                     code(ShareCode::unknown_signer), code(ShareCode::not_allowed),
                     code(ShareCode::unknown_namespace), code(ShareCode::malformed)}));
    auto forged = *decode_tx(signed_tx("beta/w", 9, put("k", "v")));
    forged.organisation = "acme";
    auto changed = *decode_tx(signed_tx("acme/w", 9, put("k", "v")));
    std::get<Put>(changed.operation).value = bytes("w");
    EXPECT_EQ(rig.block({encode(forged), encode(changed)}),
              (Codes{code(ShareCode::bad_signature), code(ShareCode::bad_signature)}));
}

TEST(Share, ATransactionCountsOnce) {
    Rig rig;
    const Bytes first = signed_tx("acme/w", 5, put("k", "v"));
    EXPECT_EQ(rig.block({first, first}), (Codes{0, code(ShareCode::wrong_nonce)}));
    EXPECT_EQ(rig.share->check_tx({first, abci::CheckTxType::recheck}).code,
              code(ShareCode::wrong_nonce));
    EXPECT_EQ(
        rig.block({signed_tx("acme/w", 4, put("k", "w")), signed_tx("acme/w", 6, put("k", "w"))}),
        (Codes{code(ShareCode::wrong_nonce), 0}));
    // One that failed has used its nonce, too.
    EXPECT_EQ(rig.block({signed_tx("acme/w", 7, put("k", "x", 9)),
                         signed_tx("acme/w", 7, put("k", "x"))}),
              (Codes{code(ShareCode::version_conflict), code(ShareCode::wrong_nonce)}));
}

TEST(Share, AMemberWhoComesBackHasUsedHisNonces) {
    Rig rig;
    const Bytes old = signed_tx("acme/w", 5, put("k", "v"));
    EXPECT_EQ(rig.block({old, signed_tx("acme", 1, RemoveMember{"w"}),
                         signed_tx("acme/w", 6, put("k", "w"))}),
              (Codes{0, 0, code(ShareCode::unknown_signer)}));
    EXPECT_EQ(
        rig.block({signed_tx("acme", 2, RemoveMember{"w"}),
                   signed_tx("acme", 3, SetMember{"w", Key("acme/w").public_key(), Role::writer}),
                   old, signed_tx("acme/w", 6, put("k", "w"))}),
        (Codes{code(ShareCode::unknown_name), 0, code(ShareCode::wrong_nonce), 0}));
}

TEST(Share, VersionsFormAChain) {
    Rig rig;
    EXPECT_EQ(rig.block({signed_tx("acme/w", 1, put("k", "1", -1)),
                         signed_tx("acme/w", 2, put("k", "2", 1)),
                         signed_tx("acme/w", 3, put("k", "x", 1))}),
              (Codes{0, 0, code(ShareCode::version_conflict)}));
    EXPECT_EQ(rig.block({signed_tx("acme/w", 4, Remove{"open", bytes("k"), 2}),
                         signed_tx("acme/w", 5, Remove{"open", bytes("k")}),
                         signed_tx("acme/w", 6, put("k", "4"))}),
              (Codes{0, code(ShareCode::unknown_name), 0}));
    const auto history = json(rig.query("/history", "acme/open/k")).at("versions");
    ASSERT_EQ(history.size(), 4U);
    std::vector<Bytes> encoded;
    for (const auto& version : history)
        encoded.push_back(*base::from_base64(version.at("record").get<std::string>()));
    const auto newest = *decode_entry<Record>(encoded[0]);
    EXPECT_TRUE(verify_history(newest, std::span(encoded).subspan(1)));
    EXPECT_TRUE(history.at(1).at("removed").get<bool>());
    EXPECT_FALSE(verify_history(newest, std::span(encoded).subspan(2)));
    encoded[2].back() ^= 1U;
    EXPECT_FALSE(verify_history(newest, std::span(encoded).subspan(1)));
    const auto page = json(rig.query("/history?limit=1&before=3", "acme/open/k"));
    EXPECT_EQ(page.at("versions").at(0).at("version"), "2");
    EXPECT_EQ(page.at("next_before"), "2");
}

TEST(Share, RangesOfRecordsComeInPages) {
    Rig rig;
    std::vector<Bytes> txs;
    for (const char* key : {"a1", "a2", "a3", "b1"})
        txs.push_back(signed_tx("acme/w", txs.size() + 1, put(key, key)));
    txs.push_back(signed_tx("acme/w", 9, Remove{"open", bytes("a2")}));
    (void)rig.block(txs);
    const auto keys = [](const nlohmann::json& page) {
        std::string text;
        for (const auto& record : page.at("records"))
            text += std::string(
                        base::as_text(*base::from_base64(record.at("key").get<std::string>()))) +
                    ' ';
        return text;
    };
    EXPECT_EQ(keys(json(rig.query("/records", "acme/open/"))), "a1 a3 b1 ");
    EXPECT_EQ(keys(json(rig.query("/records", "acme/open/a"))), "a1 a3 ");
    const auto page = json(rig.query("/records?limit=1", "acme/open/a"));
    EXPECT_EQ(keys(page), "a1 ");
    const auto next = page.at("next_from").get<std::string>();
    EXPECT_EQ(keys(json(rig.query("/records?limit=9&from=" + next, "acme/open/a"))), "a3 ");
}

TEST(Share, ARestrictedNamespaceIsReadByThoseItNames) {
    Rig rig;
    (void)rig.block({signed_tx("acme/w", 1, put("k", "secret", 0, "closed"))});
    const std::string_view data = "acme/closed/k";
    const auto ask = [&](std::string_view member, std::int64_t at, std::string path = "/record") {
        const auto signature =
            Key(member).sign(query_sign_bytes(chain_id, "/record", bytes(data), at));
        return rig
            .query(path + "?as=" + std::string(member) + "&at=" + std::to_string(at) +
                       "&sig=" + base::to_hex(base::view(signature)),
                   data)
            .code;
    };
    EXPECT_EQ(rig.query("/record", data).code, code(ShareCode::not_allowed));
    EXPECT_EQ(ask("acme/r", 1), 0U);
    EXPECT_EQ(ask("beta/w", 1), code(ShareCode::not_allowed));
    EXPECT_EQ(ask("acme/x", 1), code(ShareCode::not_allowed));
    EXPECT_EQ(ask("acme/r", 1, "/history"), code(ShareCode::not_allowed));  // signed for another
    EXPECT_EQ(ask("acme/r", 50), code(ShareCode::not_allowed));             // of the future
    (void)rig.block({signed_tx("acme", 1, SetNamespace{"closed", {"beta"}})});
    EXPECT_EQ(ask("beta/w", 2), 0U);
    EXPECT_EQ(rig.block({signed_tx("acme", 2, SetNamespace{"closed", {"gamma"}})}),
              Codes{code(ShareCode::unknown_name)});
    for (int i = 0; i < 101; ++i) (void)rig.block({});
    EXPECT_EQ(ask("beta/w", 2), code(ShareCode::not_allowed));  // too old
}

TEST(Share, ANewOrganisationNeedsTheOthers) {
    Rig rig;
    const auto add = [](std::uint64_t nonce, std::vector<std::string> approving,
                        std::string_view proving = "gamma") {
        const auto key = Key("gamma").public_key();
        const auto proof = Key(proving).sign(admin_proof_bytes(chain_id, "gamma", key));
        return signed_tx("acme", nonce,
                         AddOrganisation{"gamma", key, Bytes(proof.begin(), proof.end())},
                         std::move(approving));
    };
    EXPECT_EQ(rig.block({add(1, {}), add(2, {"gamma"}), add(3, {"beta"}, "beta"), add(4, {"beta"}),
                         add(5, {"beta"})}),
              (Codes{code(ShareCode::no_quorum), code(ShareCode::no_quorum),
                     code(ShareCode::bad_proof), 0, code(ShareCode::name_in_use)}));
    EXPECT_EQ(json(rig.query("/organisations", "")), nlohmann::json({"acme", "beta", "gamma"}));
    EXPECT_EQ(rig.block({signed_tx("gamma", 1, SetNamespace{"n", {}})}), Codes{0});
}

TEST(Share, AnAdminsKeyCanBeReplaced) {
    Rig rig;
    const auto key = Key("new").public_key();
    const auto proof = Key("new").sign(admin_proof_bytes(chain_id, "acme", key));
    EXPECT_EQ(rig.block({signed_tx("acme", 1, RotateAdmin{key, Bytes(64, 1)}),
                         signed_tx("acme", 2, RotateAdmin{key, Bytes(proof.begin(), proof.end())}),
                         signed_tx("acme", 3, SetNamespace{"n", {}})}),
              (Codes{code(ShareCode::bad_proof), 0, code(ShareCode::bad_signature)}));
}

TEST(Share, GoesOnFromItsStorage) {
    Rig rig;
    (void)rig.block({signed_tx("acme/w", 1, put("k", "v"))});
    (void)rig.finalize({signed_tx("acme/w", 2, put("k", "w"))});  // dies before its commit
    rig.start();
    const auto info = rig.share->info({});
    EXPECT_EQ(info.last_block_height, 1);
    EXPECT_EQ(info.last_block_app_hash, rig.app_hash);
    EXPECT_EQ(rig.block({signed_tx("acme/w", 2, put("k", "w"))}), Codes{0});
    Rig other;  // that never stopped
    (void)other.block({signed_tx("acme/w", 1, put("k", "v"))});
    (void)other.block({signed_tx("acme/w", 2, put("k", "w"))});
    EXPECT_EQ(rig.app_hash, other.app_hash);
}

TEST(Share, ProposesWhatItCanRead) {
    Rig rig;
    const Bytes good = signed_tx("acme/w", 1, put("k", "v"));
    abci::RequestPrepareProposal request;
    request.txs = wire::Txs::copy_of(std::vector<Bytes>{bytes("bad"), good});
    EXPECT_EQ(rig.share->prepare_proposal(request).txs,
              wire::Txs::copy_of(std::vector<Bytes>{good}));
    abci::RequestProcessProposal judged;
    judged.txs = request.txs;
    EXPECT_EQ(rig.share->process_proposal(judged).status, abci::ProposalStatus::reject);
}

TEST(Share, ThePagesExampleIsWhatTheCodeWrites) {
    std::ifstream stream(std::string(TANDEM_FORMATS_DIR) + "/share.md");
    const std::string page{std::istreambuf_iterator<char>(stream), {}};
    const Bytes tx = signed_tx("acme/w", 1, put("k", "v"));
    EXPECT_NE(page.find("    " + base::to_hex(tx) + "\n"), std::string::npos);
    EXPECT_NE(page.find("    " + base::to_hex(sign_bytes(chain_id, *decode_tx(tx))) + "\n"),
              std::string::npos);
}

TEST(Share, AGenesisThatSaysNothingUsefulIsRefused) {
    for (const std::string_view state : {"[", R"({"organisations":5})", R"({"organisations":[{}]})",
                                         R"({"organisations":[{"name":"A","admin_key":""}]})",
                                         R"({"organisations":[{"name":"a","admin_key":"AAAA"}]})"})
        EXPECT_FALSE(share_genesis(bytes(state))) << state;
    EXPECT_TRUE(share_genesis({}));
    EXPECT_TRUE(share_genesis(bytes("{}")));
    EXPECT_EQ(share_genesis(bytes(genesis()))->size(), 7U);
}

}  // namespace
}  // namespace tandem::ledger::share::test
