#include "crypto/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

namespace tandem::crypto {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // 0x1edc6f41, bits reversed

// tables[k][b] is what byte b contributes when k more bytes follow it, so that eight bytes can be
// taken in one step of independent look-ups.
constexpr std::array<std::array<std::uint32_t, 256>, 8> tables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> out{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ ((rest & 1) != 0 ? polynomial : 0);
        out[0][byte] = rest;
    }
    for (std::size_t k = 1; k < out.size(); ++k)
        for (std::size_t byte = 0; byte < 256; ++byte)
            out[k][byte] = out[k - 1][byte] >> 8 ^ out[0][out[k - 1][byte] & 0xff];
    return out;
}();

std::uint32_t little_endian_word(const std::uint8_t* bytes) noexcept {
    return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

std::uint32_t crc32c(base::BytesView bytes, std::uint32_t previous) noexcept {
    std::uint32_t rest = ~previous;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        const std::uint32_t low = rest ^ little_endian_word(bytes.data());
        const std::uint32_t high = little_endian_word(bytes.data() + 4);
        rest = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^
               tables[4][low >> 24] ^ tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^
               tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
    }
    for (const std::uint8_t byte : bytes) rest = rest >> 8 ^ tables[0][(rest ^ byte) & 0xff];
    return ~rest;
}

}  // namespace tandem::crypto
