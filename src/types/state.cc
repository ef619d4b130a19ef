#include "types/state.h"

namespace tandem::types {
namespace {

/// The set in a record; CometBFT keeps an empty one as an empty message.
ValidatorSetMessage set_message(const ValidatorSet& set) {
    return set.empty() ? ValidatorSetMessage{} : set.to_message();
}

Result<ValidatorSet> set_from(std::string_view check, const base::Box<ValidatorSetMessage>& box) {
    if (!box) return refuse(check, "the record lacks this validator set");
    auto set = ValidatorSet::from_message(*box);
    if (!set) set.error().check.insert(0, std::string(check) + ".");
    return set;
}

}  // namespace

StateMessage to_message(const State& state, std::string_view software) {
    StateMessage message;
    message.version = {state.version, std::string(software)};
    message.chain_id = state.chain_id;
    message.initial_height = state.initial_height;
    message.last_block_height = state.last_block_height;
    message.last_block_id = state.last_block_id;
    message.last_block_time = state.last_block_time;
    message.next_validators = set_message(state.next_validators);
    message.validators = set_message(state.validators);
    if (state.last_block_height >= 1) message.last_validators = set_message(state.last_validators);
    message.last_height_validators_changed = state.last_height_validators_changed;
    message.consensus_params = to_message(state.consensus_params);
    message.last_height_consensus_params_changed = state.last_height_consensus_params_changed;
    message.last_results_hash = state.last_results_hash;
    message.app_hash = state.app_hash;
    return message;
}

Result<State> from_message(const StateMessage& message) {
    State state;
    state.version = message.version.consensus;
    state.chain_id = message.chain_id;
    state.initial_height = message.initial_height;
    state.last_block_height = message.last_block_height;
    TANDEM_TRY(within("last_block_id", validate_basic(message.last_block_id)));
    state.last_block_id = message.last_block_id;
    state.last_block_time = message.last_block_time;

    auto validators = set_from("validators", message.validators);
    if (!validators) return std::unexpected(std::move(validators).error());
    state.validators = std::move(*validators);
    auto next = set_from("next_validators", message.next_validators);
    if (!next) return std::unexpected(std::move(next).error());
    state.next_validators = std::move(*next);
    if (state.last_block_height >= 1) {
        auto last = set_from("last_validators", message.last_validators);
        if (!last) return std::unexpected(std::move(last).error());
        state.last_validators = std::move(*last);
    }
    state.last_height_validators_changed = message.last_height_validators_changed;

    auto params = from_message(message.consensus_params);
    if (!params) return std::unexpected(std::move(params).error());
    state.consensus_params = std::move(*params);
    state.last_height_consensus_params_changed = message.last_height_consensus_params_changed;
    state.last_results_hash = message.last_results_hash;
    state.app_hash = message.app_hash;
    return state;
}

}  // namespace tandem::types
