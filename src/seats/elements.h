// How much memory a stranger's protobuf may ask for.
//
// An empty element of a list takes two bytes on the wire and hundreds in memory. Where elements
// have a least size, a message whose elements are shorter is refused before it is decoded, so that
// what is decoded takes no more than a small multiple of its bytes.
#pragma once
#include <span>

#include "base/bytes.h"

namespace tandem::seats {

/// A field that is a list, or holds lists.
struct ElementShape {
    std::uint32_t field = 0;
    std::size_t bytes_min = 0;  // least size of an element
    std::span<const ElementShape> within;
};

/// Whether no element of these lists is shorter than its least size. True also for much that is no
/// message: the decoder says what is.
[[nodiscard]] bool elements_are_filled(base::BytesView message,
                                       std::span<const ElementShape> shapes);

}  // namespace tandem::seats
