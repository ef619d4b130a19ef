// Results of transactions, as the next header's last_results_hash covers them.
#pragma once
#include "abci/types.h"

namespace tandem::abci {

/// What is agreed of a result: code, data, gas wanted and gas used. Log, info, events and
/// codespace may differ between nodes.
[[nodiscard]] Bytes deterministic_bytes(const ExecTxResult& result);

/// Merkle root over the deterministic bytes; the empty tree's for none.
[[nodiscard]] types::Hash results_hash(std::span<const ExecTxResult> results);

}  // namespace tandem::abci
