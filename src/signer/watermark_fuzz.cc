// Any bytes as a watermark: never a crash; what is read is written and read as the same.
#include "base/check.h"
#include "signer/watermark.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    const types::Address address(std::size_t{20}, std::uint8_t{0xaa});
    const auto last = signer::decode_watermark({data, size}, address);
    if (!last) return 0;
    TANDEM_CHECK(signer::decode_watermark(signer::encode_watermark(address, *last), address) ==
                 *last);
    return 0;
}
