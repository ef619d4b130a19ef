#include "crypto/preparing_verifier.h"

#include <gtest/gtest.h>

namespace tandem::crypto {
namespace {

using base::Bytes;

/// The real thing; and it counts.
class CountingVerifier final : public Verifier {
  public:
    bool verify(const PublicKey& key, base::BytesView message,
                base::BytesView signature) const override {
        ++asked;
        return real_verifier().verify(key, message, signature);
    }
    mutable int asked = 0;
};

class Signer {
  public:
    explicit Signer(std::uint8_t number)
        : key_(Ed25519PrivateKey::from_seed(Bytes(ed25519_seed_size, number))),
          public_key{KeyType::ed25519, {}} {
        public_key.bytes = decltype(public_key.bytes)(base::BytesView(key_.public_key()));
    }
    [[nodiscard]] Bytes sign(const Bytes& message) const {
        return base::to_bytes(key_.sign(message));
    }

  private:
    Ed25519PrivateKey key_;

  public:
    PublicKey public_key;
};

class Preparing : public ::testing::Test {
  protected:
    static constexpr int signatures_min = PreparingVerifier::signatures_min;

    bool verify(const Signer& signer, bool forged = false) {
        const Bytes message{next_++};
        Bytes signature = signer.sign(message);
        if (forged) signature[3] ^= 1;
        return verifier.verify(signer.public_key, message, signature);
    }
    /// How often the other verifier is asked for one more signature.
    int asked_for(const Signer& signer) {
        counting.asked = 0;
        EXPECT_TRUE(verify(signer));
        return counting.asked;
    }
    void prepare(const Signer& signer) {
        for (int i = 0; i < signatures_min; ++i) EXPECT_TRUE(verify(signer));
    }

    CountingVerifier counting;
    PreparingVerifier verifier{counting, 2};

  private:
    std::uint8_t next_ = 0;
};

TEST_F(Preparing, AKeyIsPreparedOnceItHasSignedOften) {
    const Signer signer(1);
    for (int i = 0; i < 3 * signatures_min; ++i) {
        EXPECT_TRUE(verify(signer));
        EXPECT_FALSE(verify(signer, true));
    }
    EXPECT_EQ(counting.asked, 2 * signatures_min - 1) << "wrong ones do not count";
    const Bytes message{1};
    EXPECT_FALSE(verifier.verify(Signer(2).public_key, message, signer.sign(message)));
}

TEST_F(Preparing, KeepsThoseThatSign) {
    const Signer often(1);
    prepare(often);
    for (std::uint8_t number = 2; number < 20; ++number) {
        EXPECT_TRUE(verify(Signer(number)));
        EXPECT_EQ(asked_for(often), 0);
    }
    for (std::uint8_t number = 2; number < 20; ++number) EXPECT_TRUE(verify(Signer(number)));
    EXPECT_EQ(asked_for(often), 1) << "forgotten";
}

TEST_F(Preparing, OfManyAsksForTheOthers) {
    const Signer ready(1);
    const Signer fresh(2);
    prepare(ready);
    const Bytes message{9};
    const Bytes by_ready = ready.sign(message);
    Bytes by_fresh = fresh.sign(message);
    const auto all = [&](const Bytes& first, const Bytes& second) {
        const std::array<SignedMessage, 2> messages{
            {{&ready.public_key, message, first}, {&fresh.public_key, message, second}}};
        counting.asked = 0;
        return verifier.verify_all(messages);
    };
    EXPECT_TRUE(all(by_ready, by_fresh));
    EXPECT_EQ(counting.asked, 1);
    EXPECT_FALSE(all(by_fresh, by_fresh));
    EXPECT_FALSE(all(by_ready, by_ready));
    EXPECT_TRUE(verifier.verify_all({}));
    for (int i = 1; i < signatures_min; ++i) EXPECT_TRUE(all(by_ready, by_fresh));
    EXPECT_TRUE(all(by_ready, by_fresh));
    EXPECT_EQ(counting.asked, 0);
}

}  // namespace
}  // namespace tandem::crypto
