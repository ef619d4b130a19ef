#include "abci/results.h"

#include "crypto/merkle.h"
#include "types/hashing.h"

namespace tandem::abci {
namespace {

/// Borrows from an ExecTxResult.
struct AgreedResult {
    std::uint32_t code = 0;
    BytesView data;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;
};

}  // namespace
}  // namespace tandem::abci

namespace tandem::wire {

template <>
struct Described<abci::AgreedResult> {
    using M = abci::AgreedResult;
    static constexpr std::string_view name = "ExecTxResult";
    static constexpr auto fields =
        std::tuple{field<1>("code", &M::code), field<2>("data", &M::data),
                   field<5>("gas_wanted", &M::gas_wanted), field<6>("gas_used", &M::gas_used)};
};

}  // namespace tandem::wire

namespace tandem::abci {

Bytes deterministic_bytes(const ExecTxResult& result) {
    return wire::encode(AgreedResult{result.code, result.data, result.gas_wanted, result.gas_used});
}

types::Hash results_hash(std::span<const ExecTxResult> results) {
    crypto::MerkleRoot root;
    for (const ExecTxResult& result : results) root.add(deterministic_bytes(result));
    return types::to_hash(root.root());
}

}  // namespace tandem::abci
