// The records are held against CometBFT's by the vectors (topic store_records).
#include "types/state.h"

#include <gtest/gtest.h>

namespace tandem::types {
namespace {

State some_state(std::int64_t last_block_height) {
    std::vector<ValidatorChange> changes(2);
    for (std::uint8_t i = 0; i < 2; ++i) {
        changes[i].pub_key.type = crypto::KeyType::ed25519;
        changes[i].pub_key.bytes.resize(32, static_cast<std::uint8_t>(i + 1));
        changes[i].voting_power = 10 + i;
    }
    State state;
    state.version.app = 3;
    state.chain_id = "c";
    state.initial_height = 1;
    state.last_block_height = last_block_height;
    state.last_block_id = {Hash(32, 1), {2, Hash(32, 3)}};
    state.last_block_time = {1'700'000'000, 5};
    state.validators = ValidatorSet::make(changes).value();
    state.next_validators = state.validators.advanced(1);
    if (last_block_height > 0) state.last_validators = state.validators;
    state.last_height_validators_changed = 2;
    state.consensus_params = ConsensusParams::defaults();
    state.last_height_consensus_params_changed = 1;
    state.last_results_hash = Hash(32, 4);
    state.app_hash = Hash(40, 5);
    return state;
}

TEST(State, IsReadBackFromItsRecord) {
    for (const std::int64_t height : {0, 7}) {
        const State state = some_state(height);
        const Bytes record = wire::encode(to_message(state, "1.2.3"));
        const auto message = wire::decode<StateMessage>(record);
        ASSERT_TRUE(message);
        EXPECT_EQ(message->version.software, "1.2.3");
        const auto read = from_message(*message);
        ASSERT_TRUE(read) << read.error().check << ": " << read.error().why;
        EXPECT_EQ(*read, state);
    }
}

TEST(State, HasNoLastValidatorsBeforeTheFirstBlock) {
    StateMessage message = to_message(some_state(0), "");
    EXPECT_FALSE(message.last_validators);
    message.last_block_height = 1;
    EXPECT_EQ(from_message(message).error().check, "last_validators");
}

TEST(State, NamesWhatItsRecordLacks) {
    StateMessage message = to_message(some_state(7), "");
    message.next_validators.reset();
    EXPECT_EQ(from_message(message).error().check, "next_validators");
    message = to_message(some_state(7), "");
    message.validators->validators.clear();
    EXPECT_TRUE(from_message(message).error().check.starts_with("validators."));
    message = to_message(some_state(7), "");
    message.last_block_id.hash.resize(5);
    EXPECT_TRUE(from_message(message).error().check.starts_with("last_block_id."));
    message = to_message(some_state(7), "");
    message.consensus_params.block.reset();
    EXPECT_FALSE(from_message(message));
}

}  // namespace
}  // namespace tandem::types
