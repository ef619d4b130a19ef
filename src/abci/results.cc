#include "abci/results.h"

#include "crypto/merkle.h"
#include "types/hashing.h"

namespace tandem::abci {

Bytes deterministic_bytes(const ExecTxResult& result) {
    ExecTxResult agreed;
    agreed.code = result.code;
    agreed.data = result.data;
    agreed.gas_wanted = result.gas_wanted;
    agreed.gas_used = result.gas_used;
    return wire::encode(agreed);
}

types::Hash results_hash(std::span<const ExecTxResult> results) {
    crypto::MerkleRoot root;
    for (const ExecTxResult& result : results) root.add(deterministic_bytes(result));
    return types::to_hash(root.root());
}

}  // namespace tandem::abci
