// What the tests of this folder share: bytes from hexadecimal text, and golden vectors.
#pragma once
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tandem::crypto::test {

/// Throws on what is not hexadecimal, which in a test is a slip of its author.
inline base::Bytes hex(std::string_view text) {
    return base::from_hex(text).value();
}

template <std::size_t N>
std::array<std::uint8_t, N> hex_array(std::string_view text) {
    const base::Bytes bytes = hex(text);
    if (bytes.size() != N) throw std::invalid_argument("not the expected number of bytes");
    std::array<std::uint8_t, N> out;
    std::ranges::copy(bytes, out.begin());
    return out;
}

/// The cases of one file of golden vectors, by its path under tests/vectors. Throws when it is
/// missing: a golden test that does not find its vectors has not passed.
inline nlohmann::json golden_cases(const std::string& path) {
    std::ifstream file(std::string(TANDEM_VECTORS_DIR) + "/" + path);
    if (!file) throw std::runtime_error("no vectors at " + path);
    return nlohmann::json::parse(file).at("cases");
}

inline std::string text(const nlohmann::json& value) {
    return value.get<std::string>();
}

inline base::Bytes bytes_of(const nlohmann::json& text) {
    return hex(text.get<std::string>());
}

}  // namespace tandem::crypto::test
