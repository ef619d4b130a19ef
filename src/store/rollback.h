// One height back: the state after block n is replaced by that after block n-1, as an operator asks
// who corrects an application that computed something else than the others.
//
// Block n stays, so that it is executed again at the next start; or it goes as well ("hard"), so
// that it is fetched or decided again. Can be done again and again, as far as blocks, validators
// and parameters reach back. The application has to go back by itself.
//
// Not here: the log, which stays: what this node signed it must not contradict, whatever its state.
#pragma once
#include "store/block_store.h"
#include "store/state_store.h"

namespace tandem::store {

struct RolledBack {
    std::int64_t height = 0;
    types::Hash app_hash;

    bool operator==(const RolledBack&) const = default;
};

/// Where block n was stored and not executed yet, nothing but that block can go. Refused, as
/// "rollback.<what>", where there is nothing before; then nothing was changed.
[[nodiscard]] base::Result<RolledBack> roll_back(BlockStore& blocks, StateStore& states,
                                                 bool remove_block);

}  // namespace tandem::store
