#include "seats/elements.h"

#include <algorithm>

#include "wire/reader.h"

namespace tandem::seats {

bool elements_are_filled(base::BytesView message, std::span<const ElementShape> shapes) {
    wire::DecodeContext context{message, nullptr, {}};
    wire::Reader reader(context, message);
    while (!reader.at_end()) {
        std::uint64_t tag = 0;
        if (!reader.read_varint(tag)) return true;
        const auto type = static_cast<wire::WireType>(tag & 7);
        // As the decoder cuts it.
        const auto number = static_cast<std::uint32_t>(tag >> 3);
        const auto shape = std::ranges::find(shapes, number, &ElementShape::field);
        if (type != wire::WireType::bytes || shape == shapes.end()) {
            if (!reader.skip(type)) return true;
            continue;
        }
        base::BytesView element;
        if (!reader.read_bytes(element)) return true;
        if (element.size() < shape->bytes_min) return false;
        if (!shape->within.empty() && !elements_are_filled(element, shape->within)) return false;
    }
    return true;
}

}  // namespace tandem::seats
