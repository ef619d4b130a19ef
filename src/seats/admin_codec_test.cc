#include <gtest/gtest.h>
#include <set>

#include "seats/admin.h"
#include "seats/elements.h"
#include "seats/formats.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

PublicKey key(std::string_view text) {
    return test::CheapKey(text).public_key();
}

NodeRegistration registration(std::string_view name) {
    const std::string text(name);
    return {text, key(text + " consensus"), key(text + " liveness"), Bytes(64, 1), Bytes(64, 2)};
}

/// One of each kind.
std::vector<Operation> all_operations() {
    Params params;
    params.power_guard = false;
    return {Switchover{"alpha-2"},
            Pause{},
            Resume{},
            AddStandby{registration("alpha-3")},
            ReplaceStandby{"alpha-2", registration("alpha-4")},
            RemoveStandby{"alpha-2"},
            ReplaceLivenessKey{"alpha-2", key("new"), Bytes(64, 3)},
            RotateAdminKey{key("new admin"), Bytes(64, 4)},
            AddSeat{"epsilon",
                    12,
                    key("epsilon"),
                    Bytes(64, 5),
                    {registration("epsilon-1"), registration("epsilon-2")}},
            RemoveSeat{"beta"},
            ChangePower{"beta", 20},
            ChangeParams{params}};
}

AdminTx transaction(Operation operation) {
    AdminTx tx;
    if (!needs_quorum(operation)) tx.seat = "alpha";
    tx.operation = std::move(operation);
    tx.nonce = 7;
    tx.expiry_height = 1000;
    tx.signatures = {{"alpha", Bytes(64, 6)}};
    return tx;
}

/// The check that refuses a transaction, or "" where it is read.
std::string refusal_of(const AdminTx& tx) {
    const auto read = decode_admin_tx(encode_admin_tx(tx));
    return read ? "" : read.error().check;
}

TEST(AdminCodec, EveryOperationIsReadAsItWasWritten) {
    std::set<std::string_view> names;
    std::size_t quorum = 0;
    for (const Operation& operation : all_operations()) {
        const AdminTx tx = transaction(operation);
        const Bytes bytes = encode_admin_tx(tx);
        EXPECT_EQ(classify(bytes), TxKind::admin);
        const auto read = decode_admin_tx(bytes);
        ASSERT_TRUE(read.has_value()) << name_of(operation) << ": " << read.error().why;
        EXPECT_EQ(*read, tx) << name_of(operation);
        names.insert(name_of(operation));
        quorum += needs_quorum(operation) ? 1U : 0U;
    }
    EXPECT_EQ(names.size(), 12U);
    EXPECT_EQ(quorum, 4U);
    EXPECT_EQ(std::variant_size_v<Operation>, 13U) << "all of them are above";
}

TEST(AdminCodec, SignaturesCoverAllButThemselves) {
    const AdminTx tx = transaction(Switchover{"alpha-2"});
    const Bytes bytes = sign_bytes("chain", tx);
    AdminTx more = tx;
    more.signatures.clear();
    EXPECT_EQ(sign_bytes("chain", more), bytes);
    std::set<Bytes> all{bytes, sign_bytes("chain-2", tx)};
    const auto add = [&](auto&& change) {
        AdminTx changed = tx;
        change(changed);
        all.insert(sign_bytes("chain", changed));
    };
    add([](AdminTx& t) { t.seat = "beta"; });
    add([](AdminTx& t) { ++t.nonce; });
    add([](AdminTx& t) { ++t.expiry_height; });
    for (const Operation& operation : all_operations())
        add([&operation](AdminTx& t) { t.operation = operation; });
    EXPECT_EQ(all.size(), 1U + 1 + 3 + 11) << "the switchover itself stands among the operations";
}

TEST(AdminCodec, ProofsCoverChainSeatNameAndKeys) {
    const NodeRegistration node = registration("alpha-3");
    std::set<Bytes> all{registration_sign_bytes("chain", "alpha", node),
                        registration_sign_bytes("chain2", "alpha", node),
                        registration_sign_bytes("chain", "beta", node)};
    const auto add = [&](auto&& change) {
        NodeRegistration changed = node;
        change(changed);
        all.insert(registration_sign_bytes("chain", "alpha", changed));
    };
    add([](NodeRegistration& n) { n.name = "alpha-4"; });
    add([](NodeRegistration& n) { n.consensus_key = key("x"); });
    add([](NodeRegistration& n) { n.consensus_key.type = crypto::KeyType::secp256k1; });
    add([](NodeRegistration& n) { n.liveness_key = key("x"); });
    add([](NodeRegistration& n) { std::swap(n.consensus_key, n.liveness_key); });
    EXPECT_EQ(all.size(), 8U);
    all = {admin_key_sign_bytes("chain", "alpha", key("a")),
           admin_key_sign_bytes("chain2", "alpha", key("a")),
           admin_key_sign_bytes("chain", "beta", key("a")),
           admin_key_sign_bytes("chain", "alpha", key("b")),
           admin_key_sign_bytes("cha", "inalpha", key("a"))};
    EXPECT_EQ(all.size(), 5U);
}

TEST(AdminCodec, RefusesNoOperation) {
    EXPECT_EQ(refusal_of(transaction(std::monostate{})), "admin_tx.operation");
    // One that a later version may know: field 40.
    Bytes bytes = encode_admin_tx(transaction(std::monostate{}));
    bytes.insert(bytes.end(), {0xc2, 0x02, 0x00});
    EXPECT_EQ(decode_admin_tx(bytes).error().check, "admin_tx.operation");
}

TEST(AdminCodec, RefusesWhatIsTooLong) {
    const std::string name(65, 'a');
    EXPECT_EQ(refusal_of(transaction(Switchover{std::string(64, 'a')})), "");
    EXPECT_EQ(refusal_of(transaction(Switchover{name})), "admin_tx.length");
    EXPECT_EQ(refusal_of(transaction(RemoveStandby{name})), "admin_tx.length");
    EXPECT_EQ(refusal_of(transaction(AddStandby{registration(name)})), "admin_tx.length");
    EXPECT_EQ(refusal_of(transaction(ReplaceStandby{name, registration("a")})), "admin_tx.length");
    EXPECT_EQ(refusal_of(transaction(ReplaceLivenessKey{name, {}, {}})), "admin_tx.length");
    EXPECT_EQ(refusal_of(transaction(RemoveSeat{name})), "admin_tx.length");
    EXPECT_EQ(refusal_of(transaction(ChangePower{name, 1})), "admin_tx.length");
    EXPECT_EQ(refusal_of(transaction(AddSeat{name, 1, {}, {}, {}})), "admin_tx.length");
    AdminTx tx = transaction(Pause{});
    tx.seat = name;
    EXPECT_EQ(refusal_of(tx), "admin_tx.length");
    tx = transaction(Pause{});
    tx.signatures[0].seat = name;
    EXPECT_EQ(refusal_of(tx), "admin_tx.length");
    NodeRegistration node = registration("a");
    node.liveness_proof.resize(types::signature_bytes_max + 1);
    EXPECT_EQ(refusal_of(transaction(AddStandby{node})), "admin_tx.length");
    RotateAdminKey rotate{key("a"), Bytes(64, 0)};
    rotate.admin_key.bytes.resize(crypto::ml_dsa_65_public_key_size + 1);
    EXPECT_EQ(refusal_of(transaction(rotate)), "admin_tx.length");
    node = registration("a");
    node.consensus_proof.resize(admin_tx_bytes_max);
    EXPECT_EQ(refusal_of(transaction(AddStandby{node})), "admin_tx.size");
}

TEST(AdminCodec, RefusesNumbersThatNoTransactionHas) {
    AdminTx tx = transaction(Pause{});
    tx.nonce = 0;
    EXPECT_EQ(refusal_of(tx), "admin_tx.number");
    tx = transaction(Pause{});
    tx.expiry_height = -1;
    EXPECT_EQ(refusal_of(tx), "admin_tx.number");
}

TEST(AdminCodec, RefusesSignaturesOfAnotherSize) {
    AdminTx tx = transaction(Pause{});
    tx.signatures[0].signature.push_back(0);
    EXPECT_EQ(refusal_of(tx), "admin_tx.signature");
    tx.signatures[0].signature.resize(63);
    EXPECT_EQ(refusal_of(tx), "admin_tx.signature");
    tx.signatures[0].signature.clear();
    EXPECT_EQ(refusal_of(tx), "admin_tx.elements");
}

TEST(AdminCodec, RefusesOtherSpellings) {
    const Bytes bytes = encode_admin_tx(transaction(Pause{}));
    const auto refusal = [&bytes](auto&& change) {
        Bytes changed = bytes;
        change(changed);
        const auto read = decode_admin_tx(changed);
        return read ? "" : read.error().check;
    };
    EXPECT_EQ(refusal([](Bytes& b) { b[3] = 'R'; }), "admin_tx.preamble");
    EXPECT_EQ(refusal([](Bytes& b) { b[4] = 0; }), "admin_tx.preamble");
    EXPECT_EQ(refusal([](Bytes& b) { b.resize(4); }), "admin_tx.preamble");
    EXPECT_EQ(refusal([](Bytes& b) { b.pop_back(); }), "wire.decode");
    EXPECT_EQ(refusal([](Bytes& b) { b.insert(b.end(), {0x72, 0x00}); }), "admin_tx.canonical")
        << "another operation behind the first: here the last one wins";
    EXPECT_EQ(refusal([](Bytes& b) { b.insert(b.end(), {0x10, 0x07}); }), "admin_tx.canonical")
        << "the nonce once more";
    EXPECT_EQ(refusal([](Bytes& b) { b.insert(b.end(), {0x78, 0x01}); }), "wire.decode")
        << "a number where the operation's field 15 is a message";
    EXPECT_EQ(refusal([](Bytes& b) { b.insert(b.end(), {0x50, 0x01}); }), "admin_tx.canonical")
        << "a field that nobody knows";
}

TEST(AdminCodec, AParameterThatIsLeftOutIsNoChoice) {
    // change_params { params {} }: every parameter would be its default.
    AdminTx tx = transaction(std::monostate{});
    tx.seat.clear();
    Bytes bytes = encode_admin_tx(tx);
    bytes.insert(bytes.end(), {0x92, 0x02, 0x02, 0x0a, 0x00});
    const auto read = decode_admin_tx(bytes);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().check, "admin_tx.canonical");
}

TEST(Elements, ShortOnesAreSeenAtEveryDepth) {
    const std::array inner{ElementShape{2, 4, {}}};
    const std::array outer{ElementShape{1, 3, {}}, ElementShape{5, 0, inner}};
    const auto filled = [&](const Bytes& bytes) { return elements_are_filled(bytes, outer); };
    EXPECT_TRUE(filled({}));
    EXPECT_TRUE(filled({0x0a, 0x03, 1, 2, 3}));
    EXPECT_FALSE(filled({0x0a, 0x03, 1, 2, 3, 0x0a, 0x02, 1, 2}));
    EXPECT_TRUE(filled({0x12, 0x00})) << "no list of the outer message";
    EXPECT_TRUE(filled({0x2a, 0x00}));
    EXPECT_FALSE(filled({0x2a, 0x02, 0x12, 0x00}));
    EXPECT_FALSE(filled({0x08, 0x05, 0x0a, 0x00})) << "behind a field of another type";
    EXPECT_FALSE(filled({0x8a, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00}))
        << "a field number that is cut to 32 bits";
    EXPECT_TRUE(filled({0x0a})) << "the decoder refuses it";
    EXPECT_TRUE(filled({0x0a, 0x7f, 1}));
}

}  // namespace
}  // namespace tandem::seats
