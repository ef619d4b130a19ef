#include "types/json.h"

namespace tandem::types {

std::string bit_array_to_json(const BitArray& array) {
    return '"' + array.to_text() + '"';
}

std::optional<BitArray> bit_array_from_json(std::string_view text) {
    if (text == "null") return BitArray();
    if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return std::nullopt;
    return BitArray::from_text(text.substr(1, text.size() - 2));
}

}  // namespace tandem::types
