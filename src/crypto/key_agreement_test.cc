// X25519, HKDF, ChaCha20-Poly1305, the transcript, and the key schedule made of them.
#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/chacha20poly1305.h"
#include "crypto/hkdf.h"
#include "crypto/session_keys.h"
#include "crypto/sha256.h"
#include "crypto/test_support.h"
#include "crypto/transcript.h"
#include "crypto/x25519.h"

namespace tandem::crypto {
namespace {

using base::as_bytes, base::Bytes, base::BytesView;
using test::hex, test::hex_array;

using Key = std::array<std::uint8_t, 32>;

TEST(X25519, ExamplesOfRfc7748) {
    const Key scalar =
        hex_array<32>("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
    const Key top_bit_set =
        hex_array<32>("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
    EXPECT_EQ(base::to_hex(x25519(scalar, top_bit_set).value().span()),
              "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");

    const Key alice =
        hex_array<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const Key bob =
        hex_array<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    const std::string_view shared =
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    EXPECT_EQ(base::to_hex(x25519_public_key(alice)),
              "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    EXPECT_EQ(base::to_hex(x25519(alice, x25519_public_key(bob)).value().span()), shared);
    EXPECT_EQ(base::to_hex(x25519(bob, x25519_public_key(alice)).value().span()), shared);
}

TEST(Hkdf, ExamplesOfRfc5869) {
    const Bytes input(22, 0x0b);
    Bytes out(42);
    hkdf_sha256(input, hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), out);
    EXPECT_EQ(
        base::to_hex(out),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    hkdf_sha256(input, {}, {}, out);
    EXPECT_EQ(
        base::to_hex(out),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    Bytes longest(hkdf_sha256_output_max);
    hkdf_sha256(input, {}, {}, longest);
    EXPECT_TRUE(base::equal(BytesView(longest).first(42), out));
}

TEST(ChaCha20Poly1305, ExampleOfRfc8439) {
    const Key key =
        hex_array<32>("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const auto nonce = hex_array<12>("070000004041424344454647");
    const Bytes additional = hex("50515253c0c1c2c3c4c5c6c7");
    const BytesView plain = as_bytes(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        "future, sunscreen would be it.");
    ChaCha20Poly1305 cipher(key);
    Bytes sealed(plain.size() + ChaCha20Poly1305::tag_size);
    cipher.seal(nonce, plain, additional, sealed);
    EXPECT_EQ(base::to_hex(BytesView(sealed).first(16)), "d31a8d34648e60db7b86afbc53ef7ec2");
    EXPECT_EQ(base::to_hex(BytesView(sealed).last(16)), "1ae10b594f09e26a7e902ecbd0600691");
    Bytes opened(plain.size());
    EXPECT_TRUE(cipher.open(nonce, sealed, additional, opened));
    EXPECT_TRUE(base::equal(opened, plain));
}

TEST(ChaCha20Poly1305, RefusesEveryChangedBitAndLeavesZeros) {
    ChaCha20Poly1305 cipher(Key{1});
    const ChaCha20Poly1305::Nonce nonce = {2};
    const Bytes plain = base::SeededRandom(1).bytes(20);
    Bytes sealed(plain.size() + ChaCha20Poly1305::tag_size);
    cipher.seal(nonce, plain, {}, sealed);
    Bytes opened(plain.size());
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
        Bytes changed = sealed;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << bit % 8));
        EXPECT_FALSE(cipher.open(nonce, changed, {}, opened));
        EXPECT_EQ(opened, Bytes(plain.size(), 0));
    }
    EXPECT_FALSE(cipher.open({3}, sealed, {}, opened));
    EXPECT_FALSE(cipher.open(nonce, sealed, as_bytes("more"), opened));
    EXPECT_FALSE(ChaCha20Poly1305(Key{2}).open(nonce, sealed, {}, opened));
    EXPECT_TRUE(cipher.open(nonce, sealed, {}, opened)) << "still good for the next frame";
    EXPECT_EQ(opened, plain);
}

TEST(ChaCha20Poly1305, WorksInPlaceAndOnNothing) {
    ChaCha20Poly1305 cipher(Key{1});
    Bytes buffer(1000 + ChaCha20Poly1305::tag_size, 7);
    const std::span<std::uint8_t> plain = std::span(buffer).first(1000);
    cipher.seal({}, plain, {}, buffer);
    EXPECT_TRUE(cipher.open({}, buffer, {}, plain));
    EXPECT_TRUE(base::equal(plain, Bytes(1000, 7)));
    std::array<std::uint8_t, ChaCha20Poly1305::tag_size> tag;
    cipher.seal({}, {}, {}, tag);
    EXPECT_TRUE(cipher.open({}, tag, {}, {}));
    tag[0] ^= 1;
    EXPECT_FALSE(cipher.open({}, tag, {}, {}));
}

// The challenge of the example transcript with which Merlin's implementations check each other.
TEST(Transcript, AgreesWithMerlin) {
    Transcript transcript("test protocol");
    transcript.append("some label", as_bytes("some data"));
    Key challenge;
    transcript.challenge("challenge", challenge);
    EXPECT_EQ(base::to_hex(challenge),
              "d5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615");
}

TEST(Transcript, EverythingSaidMatters) {
    const auto challenge_of = [](std::string_view protocol, std::string_view label,
                                 std::string_view message, std::size_t count) {
        Transcript transcript(protocol);
        transcript.append(label, as_bytes(message));
        Bytes out(count);
        transcript.challenge("c", out);
        return base::to_hex(out);
    };
    const std::string one = challenge_of("p", "l", "message", 16);
    EXPECT_EQ(challenge_of("p", "l", "message", 16), one);
    EXPECT_NE(challenge_of("q", "l", "message", 16), one);
    EXPECT_NE(challenge_of("p", "m", "message", 16), one);
    EXPECT_NE(challenge_of("p", "lm", "essage", 16), one);
    EXPECT_NE(challenge_of("p", "l", "massage", 16), one);
    EXPECT_NE(challenge_of("p", "l", "message", 32).substr(0, 32), one) << "length is hashed";
    const std::string long_message(1000, 'x');
    EXPECT_NE(challenge_of("p", "l", long_message, 16),
              challenge_of("p", "l", long_message + "x", 16));
}

TEST(Transcript, CopiesGoOnFromTheSameHistory) {
    Transcript one("p");
    one.append("l", as_bytes("m"));
    Transcript two = one;
    Key a;
    Key b;
    one.challenge("c", a);
    two.challenge("c", b);
    EXPECT_EQ(a, b);
    one.challenge("c", a);
    EXPECT_NE(a, b) << "a challenge is part of the history";
}

TEST(SessionKeys, ExampleOfTheProtocolDescription) {
    Key a;
    Key b;
    a.fill(1);
    b.fill(2);
    const X25519PublicKey a_public = x25519_public_key(a);
    const X25519PublicKey b_public = x25519_public_key(b);
    EXPECT_EQ(base::to_hex(a_public),
              "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209");
    const auto keys = derive_session_keys(a, a_public, b_public);
    ASSERT_TRUE(keys);
    EXPECT_EQ(base::to_hex(keys->receive.span()),
              "e57986db437b44e0f07279abf95e2c818b2ad8ab9e36f079d54b6a29be14d097");
    EXPECT_EQ(base::to_hex(keys->send.span()),
              "ce20ea7cf36f4d507a1cd6313cde6cf7a38c1148e49277aa79cf8390fc2a3ba9");
    EXPECT_EQ(base::to_hex(keys->challenge),
              "4206c8c11bdca5a661d2a4939fd3566e52fbf4ea7501df0d089bcd055291f25d");
    const auto peer = derive_session_keys(b, b_public, a_public);
    ASSERT_TRUE(peer);
    EXPECT_TRUE(base::equal(peer->send.span(), keys->receive.span()));
    EXPECT_TRUE(base::equal(peer->receive.span(), keys->send.span()));
    EXPECT_EQ(peer->challenge, keys->challenge);
}

ChaCha20Poly1305::Nonce nonce_of(std::uint64_t number) {
    ChaCha20Poly1305::Nonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(number >> (8 * i));
    return nonce;
}

/// Seals what is written, 1024 bytes a frame, as the reference does: behind the data of a frame
/// it leaves what its buffer held before.
class FrameWriter {
  public:
    explicit FrameWriter(std::span<const std::uint8_t, 32> key) : cipher_(key) {}

    Bytes write(BytesView data) {
        Bytes out;
        while (!data.empty()) {
            const std::size_t count = std::min<std::size_t>(1024, data.size());
            plain_[0] = static_cast<std::uint8_t>(count);
            plain_[1] = static_cast<std::uint8_t>(count >> 8);
            std::ranges::copy(data.first(count), plain_.begin() + 4);
            data = data.subspan(count);
            Bytes sealed(plain_.size() + ChaCha20Poly1305::tag_size);
            cipher_.seal(nonce_of(next_number_++), plain_, {}, sealed);
            base::append(out, sealed);
        }
        return out;
    }
    [[nodiscard]] std::uint64_t next_number() const { return next_number_; }

  private:
    ChaCha20Poly1305 cipher_;
    Bytes plain_ = Bytes(4 + 1024);
    std::uint64_t next_number_ = 0;
};

void expect_golden_handshake(const nlohmann::json& in, const nlohmann::json& out) {
    const Key own = hex_array<32>(in.at("a_eph_priv").get<std::string>());
    const Key peer = hex_array<32>(in.at("b_eph_priv").get<std::string>());
    const X25519PublicKey own_public = x25519_public_key(own);
    EXPECT_EQ(base::to_hex(own_public), test::text(out.at("a_eph_pub")));
    EXPECT_EQ(base::to_hex(x25519(own, x25519_public_key(peer)).value().span()),
              test::text(out.at("dh_secret")));
    const auto keys = derive_session_keys(own, own_public, x25519_public_key(peer));
    ASSERT_TRUE(keys);
    EXPECT_EQ(base::to_hex(keys->receive.span()), test::text(out.at("a_recv_key")));
    EXPECT_EQ(base::to_hex(keys->send.span()), test::text(out.at("a_send_key")));
    EXPECT_EQ(base::to_hex(keys->challenge), test::text(out.at("challenge")));

    FrameWriter writer(keys->send.span());
    (void)writer.write(test::bytes_of(out.at("a_auth_message")));
    for (const auto& write : out.at("a_writes")) {
        EXPECT_EQ(base::to_hex(nonce_of(writer.next_number())),
                  test::text(write.at("first_nonce")));
        const Bytes sent = writer.write(test::bytes_of(write.at("plain")));
        if (write.contains("frames")) {
            Bytes frames;
            for (const auto& frame : write.at("frames"))
                base::append(frames, test::bytes_of(frame));
            EXPECT_TRUE(sent == frames) << sent.size() << " bytes sent";
        } else {
            EXPECT_EQ(base::to_hex(sha256(sent)), test::text(write.at("frames_sha256")));
        }
    }
}

TEST(SessionKeys, GoldenVectors) {
    int handshakes = 0;
    int peers = 0;
    for (const auto& one : test::golden_cases("net/secret-connection.json")) {
        const std::string name = one.at("name");
        SCOPED_TRACE(name);
        const auto& in = one.at("in");
        if (in.contains("a_eph_priv")) {
            ++handshakes;
            expect_golden_handshake(in, one.at("out"));
        } else if (name.find("ephemeral key of low order") != std::string::npos ||
                   name.find("ephemeral key with the top bit set") != std::string::npos) {
            ++peers;
            const Key own = hex_array<32>(in.at("node_eph_priv").get<std::string>());
            const auto peer = hex_array<32>(in.at("peer_sends").get<std::string>().substr(6, 64));
            EXPECT_EQ(derive_session_keys(own, x25519_public_key(own), peer).has_value(),
                      one.at("out").at("ok").get<bool>());
        }
    }
    EXPECT_GT(handshakes, 0);
    EXPECT_GT(peers, 7);
}

}  // namespace
}  // namespace tandem::crypto
