// Operations on chain as a scenario words them.
#pragma once
#include "seats/admin.h"
#include "sim/scenario.h"
#include "sim/small_chain.h"

namespace tandem::sim {

/// What operations so far have made of names.
struct OperationNames {
    std::map<std::string, std::string> admin_keys;       // by seat, where they were rotated
    std::map<std::string, std::string> next_admin_keys;  // once the rotation is accepted
    std::map<std::string, std::uint64_t> in_block;       // operations so far, by seat
};

/// All options of `operate`.
[[nodiscard]] const std::vector<std::string_view>& operate_options();

/// Those of `params` that the command names, changed.
[[nodiscard]] base::Result<seats::Params> read_params(const Command& command, seats::Params params);

/// The signed transaction; machines that it introduces are started.
[[nodiscard]] base::Result<Bytes> make_operation(const Command& command, SmallChain& chain,
                                                 OperationNames& names);
/// In a few words, for the transcript.
[[nodiscard]] std::string describe(const seats::AdminTx& tx);
/// The name of a code of an operation.
[[nodiscard]] std::string_view code_name(std::uint32_t code);

}  // namespace tandem::sim
