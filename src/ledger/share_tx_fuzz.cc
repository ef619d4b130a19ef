// Any bytes as a transaction of share: never a crash; what is read is written the same, and when it
// is given a good signature by whoever it names, a block with it keeps the rules of the tree.
//
// Input: the bytes behind the preamble of a transaction.
#include "base/check.h"
#include "ledger/share_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    namespace share = ledger::share;
    const base::BytesView input(data, size);
    (void)share::decode_tx(input);
    base::Bytes bytes = {0x00, 'T', 'S', 'H', 1};
    base::append(bytes, input);
    auto tx = share::decode_tx(bytes);
    if (!tx) return 0;
    TANDEM_CHECK(share::encode(*tx) == bytes);
    const std::string signer =
        tx->member.empty() ? tx->organisation : tx->organisation + '/' + tx->member;
    share::sign(*tx, share::test::chain_id, share::test::Key(signer));

    static const ledger::MemoryStorage genesis = [] {
        const share::test::Rig rig;
        return rig.storage;
    }();
    ledger::MemoryStorage storage = genesis;
    ledger::Share application(storage, crypto::real_verifier());
    abci::RequestFinalizeBlock request;
    request.height = 1;
    request.txs = wire::Txs::copy_of(std::vector<base::Bytes>{share::encode(*tx)});
    const auto answer = application.finalize_block(request);
    (void)application.commit({});
    TANDEM_CHECK(application.info({}).last_block_app_hash == answer.app_hash);
    ledger::Share read_again(storage, crypto::real_verifier());
    TANDEM_CHECK(read_again.info({}).last_block_app_hash == answer.app_hash);
    return 0;
}
