#include "chain/state.h"

#include <fmt/format.h>

#include "abci/results.h"

namespace tandem::chain {

HashedValidators::HashedValidators() : HashedValidators(ValidatorSet{}) {}

HashedValidators::HashedValidators(ValidatorSet set)
    : set_(Shared<ValidatorSet>::make(std::move(set))), hash_(set_->hash()) {}

HashedValidators::HashedValidators(ValidatorSet set, const Hash& hash)
    : set_(Shared<ValidatorSet>::make(std::move(set))), hash_(hash) {}

Result<HashedValidators> HashedValidators::followed_by(
    std::span<const types::ValidatorChange> changes) const {
    ValidatorSet set = *set_;
    if (!changes.empty()) TANDEM_TRY(set.apply_changes(changes));
    set.advance(1);
    if (changes.empty()) return HashedValidators(std::move(set), hash_);  // covers no priorities
    return HashedValidators(std::move(set));
}

types::State to_record(const State& state) {
    types::State record;
    record.version = state.version;
    record.chain_id = state.chain_id;
    record.initial_height = state.initial_height;
    record.last_block_height = state.last_block_height;
    record.last_block_id = state.last_block_id;
    record.last_block_time = state.last_block_time;
    record.next_validators = *state.next_validators;
    record.validators = *state.validators;
    record.last_validators = *state.last_validators;
    record.last_height_validators_changed = state.last_height_validators_changed;
    record.consensus_params = state.consensus_params;
    record.last_height_consensus_params_changed = state.last_height_consensus_params_changed;
    record.last_results_hash = state.last_results_hash;
    record.app_hash = state.app_hash;
    return record;
}

State from_record(types::State record) {
    State state;
    state.version = record.version;
    state.chain_id = std::move(record.chain_id);
    state.initial_height = record.initial_height;
    state.last_block_height = record.last_block_height;
    state.last_block_id = record.last_block_id;
    state.last_block_time = record.last_block_time;
    state.next_validators = HashedValidators(std::move(record.next_validators));
    state.validators = HashedValidators(std::move(record.validators));
    state.last_validators = HashedValidators(std::move(record.last_validators));
    state.last_height_validators_changed = record.last_height_validators_changed;
    state.consensus_params = std::move(record.consensus_params);
    state.last_height_consensus_params_changed = record.last_height_consensus_params_changed;
    state.last_results_hash = record.last_results_hash;
    state.app_hash = record.app_hash;
    return state;
}

// ---- Before the first block.

namespace {

/// A set and its successor, as both genesis and InitChain begin them.
Verdict begin_with(State& state, std::span<const types::ValidatorChange> validators) {
    auto set = ValidatorSet::make(validators);
    if (!set) return std::unexpected(std::move(set).error());
    state.next_validators = HashedValidators(set->advanced(1));
    state.validators = HashedValidators(std::move(*set));
    return {};
}

}  // namespace

Result<State> fresh_state(const types::GenesisDoc& genesis) {
    auto record = types::genesis_state(genesis);
    if (!record) return std::unexpected(std::move(record).error());
    return from_record(std::move(*record));
}

void adopt_app_version(State& state, std::uint64_t app_version) noexcept {
    if (state.last_block_height == 0) state.version.app = app_version;
}

Result<abci::RequestInitChain> init_chain_request(const types::GenesisDoc& genesis) {
    auto state = types::genesis_state(genesis);
    if (!state) return std::unexpected(std::move(state).error());
    abci::RequestInitChain request;
    request.time = genesis.genesis_time;
    request.chain_id = genesis.chain_id;
    request.consensus_params = types::to_message(genesis.consensus_params);
    for (const types::Validator& validator : state->validators.validators())
        request.validators.push_back({validator.pub_key, validator.voting_power});
    request.app_state_bytes = base::to_bytes(base::as_bytes(genesis.app_state));
    request.initial_height = genesis.initial_height;
    return request;
}

Result<State> after_init_chain(const State& fresh, const abci::ResponseInitChain& answer) {
    TANDEM_CHECK(fresh.last_block_height == 0);
    State state = fresh;
    if (!answer.app_hash.empty()) state.app_hash = Hash(answer.app_hash);
    if (!answer.validators.empty()) {
        std::vector<types::ValidatorChange> validators;
        for (const abci::ValidatorUpdate& update : answer.validators) {
            TANDEM_TRY(base::within("init_chain.validators", types::check_decoded(update.pub_key)));
            if (!crypto::can_verify(update.pub_key.type))
                return refuse("init_chain.validators.key_type",
                              fmt::format("the application names a validator with a key of kind "
                                          "{}, whose signatures this build cannot verify",
                                          crypto::key_type_name(update.pub_key.type)));
            validators.push_back({update.pub_key, update.power});
        }
        TANDEM_TRY(base::within("init_chain.validators", begin_with(state, validators)));
    } else if (state.validators->empty()) {
        return refuse("init_chain.validators.none",
                      "neither the genesis nor the application names a validator");
    }
    if (answer.consensus_params) {
        state.consensus_params = types::updated(state.consensus_params, *answer.consensus_params);
        state.version.app = state.consensus_params.version.app;
    }
    state.last_results_hash = abci::results_hash({});
    return state;
}

// ---- After a block.

namespace {

Verdict check_update(const abci::ValidatorUpdate& update, const types::ConsensusParams& params) {
    TANDEM_TRY(types::check_decoded(update.pub_key));
    if (update.power < 0)
        return refuse("power", fmt::format("power {} of {} is negative", update.power,
                                           base::to_hex(crypto::address(update.pub_key))));
    if (update.power == 0) return {};  // whatever its kind, it may leave
    const crypto::KeyType type = update.pub_key.type;
    const std::string_view name = crypto::key_type_name(type);
    const auto& allowed = params.validator.pub_key_types;
    if (std::ranges::find(allowed, name) == allowed.end())
        return refuse("key_type", fmt::format("a key of kind {}, which the consensus parameters do "
                                              "not allow",
                                              name));
    if (!crypto::can_verify(type))
        return refuse("key_type_unsupported",
                      fmt::format("a key of kind {}, whose signatures this build cannot verify; it "
                                  "cannot follow the chain any further",
                                  name));
    return {};
}

/// Parameters and the version that follows from them.
Verdict update_params(State& state, const types::ConsensusParamsMessage& update,
                      std::int64_t height) {
    types::ConsensusParams params = types::updated(state.consensus_params, update);
    TANDEM_TRY(base::within("consensus_param_updates", types::validate_basic(params)));
    TANDEM_TRY(base::within("consensus_param_updates",
                            types::validate_update(state.consensus_params, update, height)));
    state.consensus_params = std::move(params);
    state.version.app = state.consensus_params.version.app;
    state.last_height_consensus_params_changed = height + 1;
    return {};
}

}  // namespace

Result<std::vector<types::ValidatorChange>> validator_changes(
    std::span<const abci::ValidatorUpdate> updates, const types::ConsensusParams& params) {
    std::vector<types::ValidatorChange> changes;
    changes.reserve(updates.size());
    for (const abci::ValidatorUpdate& update : updates) {
        TANDEM_TRY(base::within("validator_updates", check_update(update, params)));
        changes.push_back({update.pub_key, update.power});
    }
    return changes;
}

Result<State> update_state(const State& state, const BlockId& id, const types::Header& header,
                           const abci::ResponseFinalizeBlock& answer) {
    const auto changes = validator_changes(answer.validator_updates, state.consensus_params);
    if (!changes) return std::unexpected(changes.error());
    auto next = state.next_validators.followed_by(*changes);
    if (!next) return refuse("validator_updates." + next.error().check, next.error().why);

    State after = state;
    after.last_block_height = header.height;
    after.last_block_id = id;
    after.last_block_time = header.time;
    after.last_validators = state.validators;
    after.validators = state.next_validators;
    after.next_validators = std::move(*next);
    if (!changes->empty()) after.last_height_validators_changed = header.height + 2;
    if (answer.consensus_param_updates)
        TANDEM_TRY(update_params(after, *answer.consensus_param_updates, header.height));
    after.last_results_hash = abci::results_hash(answer.tx_results);
    after.app_hash = Hash(answer.app_hash);
    return after;
}

}  // namespace tandem::chain
