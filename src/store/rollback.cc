#include "store/rollback.h"

#include <algorithm>
#include <fmt/format.h>

namespace tandem::store {
namespace {

using base::refuse;

/// Of block `height`, which must be there.
base::Result<types::BlockMeta> meta_of(const BlockStore& blocks, std::int64_t height) {
    auto meta = blocks.meta(height);
    if (!meta)
        return refuse("rollback.block", fmt::format("block {} is not here; the lowest one is {}",
                                                    height, blocks.base()));
    return std::move(*meta);
}

base::Result<chain::State> state_before(const chain::State& state, const BlockStore& blocks,
                                        const StateStore& states) {
    const std::int64_t last = state.last_block_height;
    const std::int64_t target = last - 1;
    if (last <= state.initial_height)
        return refuse(
            "rollback.first",
            fmt::format("block {} is the chain's first: there is no state before it to go "
                        "back to. tandem reset-state begins anew",
                        last));
    const auto before = meta_of(blocks, target);
    if (!before) return std::unexpected(before.error());
    // What block `target` did to application and results stands in the header behind it.
    const auto behind = meta_of(blocks, last);
    if (!behind) return std::unexpected(behind.error());
    const auto validators = states.validators(target);
    const auto params = states.params(last);
    if (!validators || !params)
        return refuse(
            "rollback.state",
            fmt::format("validators and parameters of height {} are not here any more", target));
    chain::State out = state;
    out.version.app = params->version.app;
    out.last_block_height = target;
    out.last_block_id = before->block_id;
    out.last_block_time = before->header.time;
    out.next_validators = state.validators;
    out.validators = state.last_validators;
    out.last_validators = chain::HashedValidators(*validators);
    out.last_height_validators_changed = std::min(state.last_height_validators_changed, last + 1);
    out.consensus_params = *params;
    out.last_height_consensus_params_changed =
        std::min(state.last_height_consensus_params_changed, last);
    out.last_results_hash = behind->header.last_results_hash;
    out.app_hash = behind->header.app_hash;
    return out;
}

}  // namespace

base::Result<RolledBack> roll_back(BlockStore& blocks, StateStore& states, bool remove_block) {
    const auto state = states.load();
    if (!state) return refuse("rollback.empty", "there is no state: nothing was executed here yet");
    const std::int64_t stored = blocks.height();
    if (stored == state->last_block_height + 1) {
        if (remove_block) blocks.remove_newest();
        return RolledBack{state->last_block_height, state->app_hash};
    }
    if (stored != state->last_block_height)
        return refuse("rollback.heights",
                      fmt::format("the newest block is {} and the state is that after block {}: "
                                  "they belong to different backups",
                                  stored, state->last_block_height));
    const auto before = state_before(*state, blocks, states);
    if (!before) return std::unexpected(before.error());
    states.replace(*before);
    if (remove_block) blocks.remove_newest();
    return RolledBack{before->last_block_height, before->app_hash};
}

}  // namespace tandem::store
