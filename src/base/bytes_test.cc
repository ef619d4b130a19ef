#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tandem::base {
namespace {

TEST(Hex, RoundTripsAndRefusesOddLengthsAndOtherCharacters) {
    const Bytes bytes = {0x00, 0x7f, 0xff, 0xa5};
    EXPECT_EQ(to_hex(bytes), "007fffa5");
    EXPECT_EQ(to_hex(bytes, HexCase::upper), "007FFFA5");
    EXPECT_EQ(from_hex("007fFFa5"), bytes);
    EXPECT_EQ(from_hex("007"), std::nullopt);
    EXPECT_EQ(from_hex("0g"), std::nullopt);
    EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Base64, VectorsOfRfc4648Section10) {
    for (const auto& [plain, text] :
         std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}}) {
        EXPECT_EQ(to_base64(as_bytes(plain)), text);
        EXPECT_EQ(from_base64(text), to_bytes(as_bytes(plain)));
    }
}

template <std::size_t N>
void expect_in_place() {
    const std::array<std::uint8_t, N> content{};
    const SmallBytes<N> bytes{BytesView(content)};
    const auto* begin = reinterpret_cast<const std::uint8_t*>(&bytes);
    EXPECT_TRUE(bytes.data() >= begin && bytes.data() + N <= begin + sizeof bytes) << N;
}

TEST(SmallBytes, KeepsWhatItPromisesInPlace) {
    expect_in_place<20>();
    expect_in_place<32>();
    expect_in_place<33>();
    expect_in_place<64>();
}

TEST(SmallBytes, IsAVectorOfAnyLength) {
    SeededRandom dice(1);
    for (int trial = 0; trial < 200; ++trial) {
        SmallBytes<8> small;
        Bytes model;
        for (std::size_t step = 0; step < 30; ++step) {
            const auto byte = static_cast<std::uint8_t>(dice.below(256));
            switch (dice.below(6)) {
                case 0:
                    small.resize(step), model.resize(step);
                    break;
                case 1:
                    small.clear(), model.clear();
                    break;
                case 2:
                    small = SmallBytes<8>(dice.below(12), byte);
                    model = Bytes(small.begin(), small.end());
                    break;
                case 3:
                    if (model.empty()) break;
                    small.pop_back(), model.pop_back();
                    break;
                default:
                    small.push_back(byte), model.push_back(byte);
            }
            const SmallBytes<8> copy = small;
            EXPECT_TRUE(std::ranges::equal(copy, model));
            EXPECT_EQ(copy, SmallBytes<8>{BytesView(model)}) << "wherever the bytes stand";
            EXPECT_EQ(copy <=> (SmallBytes<8>{1, 2}), compare(model, (Bytes{1, 2})));
        }
    }
}

TEST(Base64, ReadsAsGoDoes) {
    EXPECT_TRUE(from_base64("Zm9v\r\nYmFy"));
    EXPECT_TRUE(from_base64("Zh==")) << "unused bits are not checked";
    EXPECT_FALSE(from_base64("Zg="));
    EXPECT_FALSE(from_base64("Zg"));
    EXPECT_FALSE(from_base64("Zg==Zg=="));
    EXPECT_FALSE(from_base64("===="));
    EXPECT_FALSE(from_base64("Zm9v===="));
    EXPECT_FALSE(from_base64("Zm-v"));
}

TEST(SeededRandom, SameSeedSameNumbers) {
    SeededRandom a(7);
    SeededRandom b(7);
    SeededRandom c(8);
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t value = a.next();
        EXPECT_EQ(value, b.next());
        differs = differs || value != c.next();
    }
    EXPECT_TRUE(differs);
    for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(3), 3U);
}

}  // namespace
}  // namespace tandem::base
