#include "ledger/noop.h"

namespace tandem::ledger {

/// The first ones that fit, as an application without opinions of its own does it.
abci::ResponsePrepareProposal NoOp::prepare_proposal(const abci::RequestPrepareProposal& request) {
    std::vector<base::BytesView> chosen;
    std::int64_t bytes = 0;
    for (const base::BytesView tx : request.txs) {
        bytes += static_cast<std::int64_t>(tx.size());
        if (bytes > request.max_tx_bytes) break;
        chosen.push_back(tx);
    }
    return {wire::Txs::copy_of(chosen)};
}

abci::ResponseFinalizeBlock NoOp::finalize_block(const abci::RequestFinalizeBlock& request) {
    abci::ResponseFinalizeBlock answer;
    answer.tx_results.resize(request.txs.size());
    return answer;
}

}  // namespace tandem::ledger
