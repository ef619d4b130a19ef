// The state between two heights: all that validates the next block and decides who may sign it.
//
// In memory it is State; in CometBFT's database the record StateMessage, beside one ValidatorsInfo
// and one ConsensusParamsInfo a height (a pointer to an earlier height where nothing changed).
// Records are local data and never travel, but every node derives the same ones.
//
// Not here: how a block leads from one state to the next (chain); where records are kept (store).
#pragma once
#include "types/header.h"
#include "types/params.h"
#include "types/validator_set.h"

namespace tandem::types {

struct State {
    ConsensusVersion version{.block = block_protocol, .app = 0};
    std::string chain_id;
    std::int64_t initial_height = 0;

    std::int64_t last_block_height = 0;  // 0: no block yet
    BlockId last_block_id;
    Timestamp last_block_time;  // genesis time while there is no block

    ValidatorSet next_validators;  // of last_block_height + 2
    ValidatorSet validators;       // of last_block_height + 1
    ValidatorSet last_validators;  // of last_block_height; empty while there is no block
    std::int64_t last_height_validators_changed = 0;

    ConsensusParams consensus_params;
    std::int64_t last_height_consensus_params_changed = 0;

    Hash last_results_hash;  // what header last_block_height + 1 must carry; so is app_hash
    Hash app_hash;           // any length

    bool operator==(const State&) const = default;
};

struct StateVersion {
    ConsensusVersion consensus;
    std::string software;  // version of the program that wrote the record

    bool operator==(const StateVersion&) const = default;
};

struct StateMessage {
    StateVersion version;
    std::string chain_id;
    std::int64_t initial_height = 0;
    std::int64_t last_block_height = 0;
    BlockId last_block_id;
    Timestamp last_block_time;
    base::Box<ValidatorSetMessage> next_validators;
    base::Box<ValidatorSetMessage> validators;
    base::Box<ValidatorSetMessage> last_validators;
    std::int64_t last_height_validators_changed = 0;
    ConsensusParamsMessage consensus_params;
    std::int64_t last_height_consensus_params_changed = 0;
    Hash last_results_hash;
    Hash app_hash;

    bool operator==(const StateMessage&) const = default;
};

/// The validators of one height, or the earlier height at which they last changed.
struct ValidatorsInfo {
    base::Box<ValidatorSetMessage> validator_set;
    std::int64_t last_height_changed = 0;

    bool operator==(const ValidatorsInfo&) const = default;
};

/// The parameters of one height; all parts missing where they are those of an earlier one.
struct ConsensusParamsInfo {
    ConsensusParamsMessage consensus_params;
    std::int64_t last_height_changed = 0;

    bool operator==(const ConsensusParamsInfo&) const = default;
};

/// Last validators are left out while there is no block, as CometBFT leaves them out.
[[nodiscard]] StateMessage to_message(const State& state, std::string_view software);
/// Runs the checks of reading: block id, validator sets, parameters. Whether the record is whole
/// (a chain id, a time in range) is the store's to ask.
[[nodiscard]] Result<State> from_message(const StateMessage& message);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::StateVersion> {
    static constexpr std::string_view name = "Version";
    static constexpr auto fields =
        std::tuple{field<1>("consensus", &types::StateVersion::consensus),
                   field<2>("software", &types::StateVersion::software)};
};

template <>
struct Described<types::StateMessage> {
    using State = types::StateMessage;
    static constexpr std::string_view name = "State";
    static constexpr auto fields = std::tuple{
        field<1>("version", &State::version),
        field<2>("chain_id", &State::chain_id),
        field<3>("last_block_height", &State::last_block_height),
        field<4>("last_block_id", &State::last_block_id),
        field<5>("last_block_time", &State::last_block_time),
        field<6>("next_validators", &State::next_validators),
        field<7>("validators", &State::validators),
        field<8>("last_validators", &State::last_validators),
        field<9>("last_height_validators_changed", &State::last_height_validators_changed),
        field<10>("consensus_params", &State::consensus_params),
        field<11>("last_height_consensus_params_changed",
                  &State::last_height_consensus_params_changed),
        field<12>("last_results_hash", &State::last_results_hash),
        field<13>("app_hash", &State::app_hash),
        field<14>("initial_height", &State::initial_height)};
};

template <>
struct Described<types::ValidatorsInfo> {
    static constexpr std::string_view name = "ValidatorsInfo";
    static constexpr auto fields =
        std::tuple{field<1>("validator_set", &types::ValidatorsInfo::validator_set),
                   field<2>("last_height_changed", &types::ValidatorsInfo::last_height_changed)};
};

template <>
struct Described<types::ConsensusParamsInfo> {
    using Info = types::ConsensusParamsInfo;
    static constexpr std::string_view name = "ConsensusParamsInfo";
    static constexpr auto fields =
        std::tuple{field<1>("consensus_params", &Info::consensus_params),
                   field<2>("last_height_changed", &Info::last_height_changed)};
};

}  // namespace tandem::wire
