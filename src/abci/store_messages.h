// The record in which CometBFT keeps an application's newest answer until its state is saved.
#pragma once
#include "abci/responses.h"

namespace tandem::abci {

/// Field 1, the answers of applications before ABCI 2.0, is passed over.
struct AbciResponsesInfo {
    std::int64_t height = 0;
    base::Box<ResponseFinalizeBlock> response_finalize_block;

    bool operator==(const AbciResponsesInfo&) const = default;
};

}  // namespace tandem::abci

namespace tandem::wire {

template <>
struct Described<abci::AbciResponsesInfo> {
    using M = abci::AbciResponsesInfo;
    static constexpr std::string_view name = "ABCIResponsesInfo";
    static constexpr auto fields =
        std::tuple{field<2>("height", &M::height),
                   field<3>("response_finalize_block", &M::response_finalize_block)};
};

}  // namespace tandem::wire
