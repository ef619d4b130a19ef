// Any bytes as chunks of a snapshot of share: never a crash, and unless they make the tree that the
// application hash stands for, nothing of them stays.
//
// Input: one byte, how long the first chunk is in sixteenths; then two chunks.
#include "base/check.h"
#include "ledger/share_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    if (size == 0) return 0;
    const base::BytesView input(data + 1, size - 1);
    const std::size_t cut = input.size() * (data[0] % 17U) / 16;
    const base::Bytes chunks[] = {base::to_bytes(input.first(cut)),
                                  base::to_bytes(input.subspan(cut))};
    abci::Snapshot snapshot;
    snapshot.height = 7;
    snapshot.format = ledger::ShareSnapshots::format;
    snapshot.chunks = 2;
    for (const base::Bytes& chunk : chunks) base::append(snapshot.metadata, crypto::sha256(chunk));
    const crypto::Digest digest = crypto::sha256(snapshot.metadata);
    snapshot.hash.assign(digest.begin(), digest.end());

    // One for all: nothing of a refused snapshot stays, and an empty tree is megabytes to make.
    static ledger::MemoryStorage storage;
    static ledger::Share share(storage, crypto::real_verifier());
    const auto offered =
        share.offer_snapshot({base::Box<abci::Snapshot>(snapshot), base::Bytes(32, 1)});
    TANDEM_CHECK(offered.result == abci::OfferSnapshotResult::accept);
    using enum abci::ApplySnapshotChunkResult;
    auto result = share.apply_snapshot_chunk({0, chunks[0], "a"}).result;
    if (result == accept) {
        (void)share.query({base::Bytes{'a'}, "/organisations", 0, false});
        result = share.apply_snapshot_chunk({1, chunks[1], "b"}).result;
    }
    TANDEM_CHECK(result == reject_snapshot);
    storage.scan({}, {}, [](base::BytesView, base::BytesView) {
        TANDEM_CHECK(false);
        return true;
    });
    return 0;
}
