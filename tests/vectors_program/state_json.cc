#include "tests/vectors_program/state_json.h"

#include "tests/vectors_program/convert.h"

namespace tandem::vectors {
namespace {

template <base::ByteString T>
std::string hex_of(const T& bytes) {
    return hex(base::view(bytes));
}

}  // namespace

Json to_json(const types::ValidatorSet& set) {
    if (set.empty()) return nullptr;
    Json validators = Json::array();
    for (const types::Validator& validator : set.validators())
        validators.push_back({{"address", hex_of(validator.address)},
                              {"voting_power", std::to_string(validator.voting_power)},
                              {"proposer_priority", std::to_string(validator.proposer_priority)}});
    return {{"validators", validators},
            {"proposer", hex_of(set.proposer().address)},
            {"total_voting_power", std::to_string(set.total_voting_power())},
            {"hash", hex_of(set.hash())},
            {"proposer_priority_hash", hex_of(set.proposer_priority_hash())}};
}

Json to_json(const types::ConsensusParams& params) {
    const auto& [block, evidence, validator, version, abci] = params;
    return {
        {"block",
         {{"max_bytes", std::to_string(block.max_bytes)},
          {"max_gas", std::to_string(block.max_gas)}}},
        {"evidence",
         {{"max_age_num_blocks", std::to_string(evidence.max_age_num_blocks)},
          {"max_age_duration",
           {{"seconds", std::to_string(evidence.max_age_duration.nanos / wire::nanos_per_second)},
            {"nanos", evidence.max_age_duration.nanos % wire::nanos_per_second}}},
          {"max_bytes", std::to_string(evidence.max_bytes)}}},
        {"validator", {{"pub_key_types", validator.pub_key_types}}},
        {"version", {{"app", std::to_string(version.app)}}},
        {"abci",
         {{"vote_extensions_enable_height", std::to_string(abci.vote_extensions_enable_height)}}}};
}

Json to_json(const types::BlockId& id) {
    return {{"hash", hex_of(id.hash)},
            {"part_set_header",
             {{"total", id.part_set_header.total}, {"hash", hex_of(id.part_set_header.hash)}}}};
}

Json to_json(const types::State& state) {
    return {
        {"version",
         {{"block", std::to_string(state.version.block)},
          {"app", std::to_string(state.version.app)}}},
        {"chain_id", state.chain_id},
        {"initial_height", std::to_string(state.initial_height)},
        {"last_block_height", std::to_string(state.last_block_height)},
        {"last_block_id", to_json(state.last_block_id)},
        {"last_block_time", to_json(state.last_block_time)},
        {"validators", to_json(state.validators)},
        {"next_validators", to_json(state.next_validators)},
        {"last_validators", to_json(state.last_validators)},
        {"last_height_validators_changed", std::to_string(state.last_height_validators_changed)},
        {"consensus_params", to_json(state.consensus_params)},
        {"last_height_consensus_params_changed",
         std::to_string(state.last_height_consensus_params_changed)},
        {"last_results_hash", hex_of(state.last_results_hash)},
        {"app_hash", hex_of(state.app_hash)}};
}

}  // namespace tandem::vectors
