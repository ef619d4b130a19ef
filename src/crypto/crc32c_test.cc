#include "crypto/crc32c.h"

#include <boost/crc.hpp>
#include <gtest/gtest.h>

#include "base/random.h"

namespace tandem::crypto {
namespace {

TEST(Crc32c, ExamplesOfRfc3720) {
    base::Bytes bytes(32, 0);
    EXPECT_EQ(crc32c(bytes), 0x8a9136aaU);
    std::ranges::fill(bytes, std::uint8_t{0xff});
    EXPECT_EQ(crc32c(bytes), 0x62a8ab43U);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    EXPECT_EQ(crc32c(bytes), 0x46dd794eU);
    std::ranges::reverse(bytes);
    EXPECT_EQ(crc32c(bytes), 0x113fdb5cU);
    EXPECT_EQ(crc32c(base::as_bytes("123456789")), 0xe3069283U);
    EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, AgreesWithBoostAtEveryLengthAndCut) {
    const base::Bytes bytes = base::SeededRandom(1).bytes(100);
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
        const base::BytesView view = base::BytesView(bytes).first(length);
        boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> twin;
        twin.process_bytes(view.data(), view.size());
        EXPECT_EQ(crc32c(view), twin.checksum());
        const std::size_t cut = length / 3;
        EXPECT_EQ(crc32c(view.subspan(cut), crc32c(view.first(cut))), twin.checksum());
    }
}

}  // namespace
}  // namespace tandem::crypto
