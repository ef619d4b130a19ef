#include "p2p/secret_connection.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "p2p/testing.h"
#include "types/p2p_messages.h"

namespace tandem::p2p {
namespace {

using base::Bytes;
using testing::ephemeral;
using testing::FixedKey;
using testing::Pair;

Bytes take_input(SecretConnection& connection) {
    Bytes bytes = base::to_bytes(connection.input());
    connection.consume(bytes.size());
    return bytes;
}

TEST(SecretConnection, BothEndsLearnTheOthersKeyAndReadWhatItWrites) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    ASSERT_TRUE(pair.a.established() && pair.b.established());
    EXPECT_EQ(pair.a.peer_key(), pair.b_key.public_key());
    EXPECT_EQ(pair.b.peer_key(), pair.a_key.public_key());
    base::SeededRandom random(1);
    for (const std::size_t size : {0U, 1U, 1023U, 1024U, 1025U, 100'000U}) {
        const Bytes message = random.bytes(size);
        pair.a.write(message);
        EXPECT_EQ(pair.a.output_bytes(), (size + 1023) / 1024 * sealed_frame_bytes);
        ASSERT_TRUE(pair.talk());
        EXPECT_EQ(take_input(pair.b), message);
        pair.b.write(message);
        ASSERT_TRUE(pair.talk());
        EXPECT_EQ(take_input(pair.a), message);
    }
}

TEST(SecretConnection, WhereTheStreamIsCutDoesNotMatter) {
    Pair pair;
    const Bytes hello = pair.a.take_output();
    for (const std::uint8_t byte : hello) ASSERT_TRUE(pair.b.receive(Bytes{byte}));
    ASSERT_TRUE(pair.a.receive(pair.b.take_output()));
    Bytes rest = pair.a.take_output();
    pair.a.write(Bytes{1, 2, 3});  // in one piece with the end of the handshake
    base::append(rest, pair.a.take_output());
    for (const std::uint8_t byte : rest) ASSERT_TRUE(pair.b.receive(Bytes{byte}));
    EXPECT_EQ(take_input(pair.b), (Bytes{1, 2, 3}));
}

TEST(SecretConnection, InputIsConsumedInAnyPieces) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    const Bytes message = base::SeededRandom(2).bytes(10'000);
    pair.a.write(message);
    ASSERT_TRUE(pair.talk());
    Bytes read;
    for (std::size_t size = 1; !pair.b.input().empty(); size += 7) {
        const auto piece = pair.b.input().first(std::min(size, pair.b.input().size()));
        base::append(read, piece);
        pair.b.consume(piece.size());
    }
    EXPECT_EQ(read, message);
}

TEST(SecretConnection, AChangedRepeatedOrMissingFrameIsRefused) {
    Pair pair;
    ASSERT_TRUE(pair.talk());
    pair.a.write(Bytes(1500, 7));
    Bytes frames = pair.a.take_output();
    const auto first = base::BytesView(frames).first(sealed_frame_bytes);
    const auto second = base::BytesView(frames).subspan(sealed_frame_bytes);
    {
        Pair other;
        ASSERT_TRUE(other.talk());
        EXPECT_EQ(other.b.receive(second).error().check, "frame.seal");  // the first is missing
    }
    {
        Pair other;
        ASSERT_TRUE(other.talk());
        ASSERT_TRUE(other.b.receive(first));
        EXPECT_EQ(other.b.receive(first).error().check, "frame.seal");
    }
    frames[sealed_frame_bytes + 20] ^= 1;
    EXPECT_EQ(pair.b.receive(frames).error().check, "frame.seal");
    EXPECT_EQ(pair.b.input().size(), frame_data_bytes_max);  // what came before holds
}

TEST(SecretConnection, WhoTalksToHimselfIsTold) {
    const FixedKey key(1);
    SecretConnection a(key, ephemeral(3));
    SecretConnection b(key, ephemeral(4));
    ASSERT_TRUE(b.receive(a.take_output()));
    ASSERT_TRUE(a.receive(b.take_output()));
    EXPECT_EQ(a.peer_key(), key.public_key());  // it is for the caller to see that
}

TEST(SecretConnection, KeysOfLowOrderAreRefused) {
    const FixedKey key(1);
    SecretConnection connection(key, ephemeral(3));
    const Bytes hello = wire::encode_delimited(types::EphemeralKeyMessage{Bytes(32, 0)});
    EXPECT_EQ(connection.receive(hello).error().check, "handshake.ephemeral_key");
}

TEST(SecretConnection, NeverHoldsMoreThanTheLongestMessageBeforeThePeerIsKnown) {
    const FixedKey key(1);
    SecretConnection connection(key, ephemeral(3));
    // A length of 1 MiB and one, before any of its bytes.
    EXPECT_EQ(connection.receive(Bytes{0x81, 0x80, 0x40}).error().check, "handshake.length");
}

}  // namespace
}  // namespace tandem::p2p
