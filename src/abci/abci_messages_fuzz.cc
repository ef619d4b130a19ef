// Any bytes as what stands on an ABCI socket, or in an index or store of results; the first byte
// says which. What is read can be written, read again, and hashed.
#include "abci/messages.h"
#include "abci/results.h"
#include "abci/store_messages.h"
#include "wire/fuzz_support.h"

namespace {

using namespace tandem;

void try_response(base::BytesView bytes) {
    const auto response = wire::fuzz::decode_stable<abci::Response>(bytes);
    if (!response) return;
    if (const auto* block = std::get_if<abci::ResponseFinalizeBlock>(&response->value))
        TANDEM_CHECK(abci::results_hash(block->tx_results).size() == types::hash_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const base::BytesView rest = base::BytesView(data, size).subspan(1);
    switch (data[0] % 4) {
        case 0:
            static_cast<void>(wire::fuzz::decode_stable<abci::Request>(rest));
            break;
        case 1:
            try_response(rest);
            break;
        case 2:
            static_cast<void>(wire::fuzz::decode_stable<abci::TxResult>(rest));
            break;
        default:
            static_cast<void>(wire::fuzz::decode_stable<abci::AbciResponsesInfo>(rest));
            break;
    }
    return 0;
}
