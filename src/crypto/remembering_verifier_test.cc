#include "crypto/remembering_verifier.h"

#include <gtest/gtest.h>

namespace tandem::crypto {
namespace {

using base::Bytes;

/// Everything is signed whose signature has one byte; and it counts.
class CountingVerifier final : public Verifier {
  public:
    bool verify(const PublicKey&, base::BytesView, base::BytesView signature) const override {
        ++asked;
        return signature.size() == 1;
    }
    mutable int asked = 0;
};

class Remembering : public ::testing::Test {
  protected:
    bool verify(std::uint8_t message, const Bytes& signature) {
        return verifier.verify(key, Bytes{message}, signature);
    }
    CountingVerifier counting;
    RememberingVerifier verifier{counting, 4};
    PublicKey key{KeyType::ed25519, {1, 2, 3}};
    const Bytes good{7};
    const Bytes bad{7, 7};
};

TEST_F(Remembering, AsksOnceForWhatVerifiedAndEachTimeForTheRest) {
    for (int times = 0; times < 3; ++times) {
        EXPECT_TRUE(verify(1, good));
        EXPECT_FALSE(verify(1, bad));
    }
    EXPECT_EQ(counting.asked, 1 + 3);
}

TEST_F(Remembering, TakesNothingForSomethingElse) {
    EXPECT_TRUE(verifier.verify(key, Bytes{1, 2}, Bytes{3}));
    EXPECT_TRUE(verifier.verify(key, Bytes{2}, Bytes{3}));
    const PublicKey other{KeyType::secp256k1, key.bytes};
    EXPECT_TRUE(verifier.verify(other, Bytes{1, 2}, Bytes{3}));
    const PublicKey longer{KeyType::ed25519, {1, 2, 3, 3}};
    EXPECT_TRUE(verifier.verify(longer, Bytes{1, 2}, Bytes{3}));
    EXPECT_EQ(counting.asked, 4);
}

TEST_F(Remembering, ForgetsTheOldest) {
    for (std::uint8_t message = 0; message < 9; ++message) EXPECT_TRUE(verify(message, good));
    counting.asked = 0;
    for (std::uint8_t message = 8; message > 3; --message) EXPECT_TRUE(verify(message, good));
    EXPECT_EQ(counting.asked, 0);
    EXPECT_TRUE(verify(0, good));
    EXPECT_EQ(counting.asked, 1);
}

TEST_F(Remembering, OfManyAsksOnlyForWhatIsNew) {
    EXPECT_TRUE(verify(1, good));
    const Bytes one{1}, two{2};
    const std::vector<SignedMessage> both{{&key, one, good}, {&key, two, good}};
    EXPECT_TRUE(verifier.verify_all(both));
    EXPECT_TRUE(verifier.verify_all(both));
    EXPECT_EQ(counting.asked, 2);
    const std::vector<SignedMessage> wrong{{&key, one, good}, {&key, two, bad}};
    EXPECT_FALSE(verifier.verify_all(wrong));
    EXPECT_FALSE(verifier.verify_all(wrong));
    EXPECT_TRUE(verifier.verify_all({}));
}

}  // namespace
}  // namespace tandem::crypto
