// Any bytes as a message on a channel, or from a signer; the first byte says which. They pass the
// checks before decoding, the decoding and the checks after it, and what was let through once is
// let through again.
#include "types/blocksync_messages.h"
#include "types/consensus_messages.h"
#include "types/evidence.h"
#include "types/mempool_messages.h"
#include "types/p2p_messages.h"
#include "types/privval_messages.h"
#include "types/statesync_messages.h"
#include "types/store_messages.h"
#include "wire/fuzz_support.h"

namespace tandem::types {
namespace {

using wire::fuzz::decode_checked_stable;
using wire::fuzz::decode_stable;

constexpr auto check = [](auto& message) { return check_decoded(message); };

template <wire::Message M>
void try_checked(BytesView bytes) {
    static_cast<void>(decode_checked_stable<M>(bytes, check));
}

template <wire::Message M>
void try_plain(BytesView bytes) {
    static_cast<void>(decode_stable<M>(bytes));
}

void try_consensus(BytesView bytes) {
    const auto message = decode_checked_stable<ConsensusMessage>(bytes, check);
    if (!message) return;
    if (const auto* step = std::get_if<NewRoundStep>(&message->sum))
        static_cast<void>(validate_height(*step, 1));
    if (const auto* bits = std::get_if<VoteSetBits>(&message->sum))
        TANDEM_CHECK(BitArray::from_message(bits->votes).size() <= votes_max);
}

void try_mempool(BytesView bytes) {
    // What passes may still hold what the limits forbid: a field number of more than 32 bits is
    // another field before decoding and the list of transactions after it, as in CometBFT.
    static_cast<void>(check_before_decoding_mempool(bytes, {16, 64}));
    static_cast<void>(decode_checked_stable<MempoolMessage>(bytes, check));
}

void try_statesync(BytesView bytes) {
    // A chunk that is there and empty is written as no chunk (as in CometBFT), so what was let
    // through need not be let through again.
    if (auto message = decode_stable<StatesyncMessage>(bytes))
        static_cast<void>(check_decoded(*message));
}

void try_blocksync(BytesView bytes) {
    const bool passed = check_before_decoding_blocksync(bytes).has_value();
    auto message = decode_checked_stable<BlocksyncMessage>(bytes, check);
    if (!passed || !message) return;
    const auto* response = std::get_if<BlockResponse>(&message->sum);
    if (response == nullptr) return;
    TANDEM_CHECK(response->block->last_commit->signatures.size() <= votes_max);
    if (response->ext_commit)
        TANDEM_CHECK(response->ext_commit->extended_signatures.size() <= votes_max);
}

// The order is that of the corpus: new ones go to the end.
constexpr std::array tries{
    try_checked<PexMessage>,
    try_consensus,
    try_mempool,
    try_checked<EvidenceList>,
    try_blocksync,
    try_statesync,
    try_plain<PrivvalMessage>,
    try_plain<AuthSigMessage>,
    try_plain<EphemeralKeyMessage>,
    try_plain<BlockStoreState>,
};

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::types;
    if (size == 0) return 0;
    tries[data[0] % tries.size()](BytesView(data, size).subspan(1));
    return 0;
}
