#include "crypto/secret.h"

#include <gtest/gtest.h>
#include <memory>

#include "crypto/constant_time.h"

namespace tandem::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<SecretArray<32>>);
static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::equality_comparable<SecretBytes>, "would not be in constant time");

TEST(Secret, ArrayIsWipedWhenMovedAndWhenDestroyed) {
    std::array<std::uint8_t, 32> plain;
    plain.fill(0xa5);
    alignas(SecretArray<32>) std::array<std::uint8_t, sizeof(SecretArray<32>)> memory{};
    auto* const secret = std::construct_at(reinterpret_cast<SecretArray<32>*>(memory.data()),
                                           std::span<const std::uint8_t, 32>(plain));
    EXPECT_TRUE(base::equal(secret->span(), plain));
    SecretArray<32> taken = std::move(*secret);
    EXPECT_TRUE(base::equal(taken.span(), plain));
    EXPECT_TRUE(base::equal(memory, std::array<std::uint8_t, 32>{})) << "moved from";
    *secret = std::move(taken);
    EXPECT_TRUE(base::equal(memory, plain));
    EXPECT_TRUE(base::equal(taken.span(), std::array<std::uint8_t, 32>{}));
    std::destroy_at(secret);
    EXPECT_TRUE(base::equal(memory, std::array<std::uint8_t, 32>{})) << "destroyed";
}

TEST(Secret, BytesMoveAndClone) {
    const base::Bytes plain(100, 7);
    SecretBytes secret{base::BytesView(plain)};
    SecretBytes copy = secret.clone();
    SecretBytes taken = std::move(secret);
    EXPECT_TRUE(base::equal(taken.view(), plain));
    EXPECT_TRUE(base::equal(copy.view(), plain));
    EXPECT_EQ(secret.size(), 0U);
    copy = std::move(taken);
    EXPECT_EQ(copy.size(), 100U);
    EXPECT_EQ(taken.size(), 0U);
}

TEST(ConstantTime, EqualityOfBytes) {
    base::Bytes a(33, 1);
    base::Bytes b = a;
    EXPECT_TRUE(constant_time_equal(a, b));
    EXPECT_TRUE(constant_time_equal({}, {}));
    b.back() ^= 1;
    EXPECT_FALSE(constant_time_equal(a, b));
    b.pop_back();
    EXPECT_FALSE(constant_time_equal(a, b));
}

}  // namespace
}  // namespace tandem::crypto
