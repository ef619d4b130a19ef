// Any bytes as a list of neighbours: what is read is said again with the same meaning.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "p2p/neighbours.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    const auto ids = p2p::decode_neighbours({data, size});
    if (!ids) return 0;
    TANDEM_CHECK(ids->size() <= p2p::neighbours_max);
    const base::Bytes again = p2p::encode_neighbours(*ids);
    TANDEM_CHECK(again.size() <= p2p::neighbours_bytes_max);
    TANDEM_CHECK(p2p::decode_neighbours(again) == *ids);
    return 0;
}
