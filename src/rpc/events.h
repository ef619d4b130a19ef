// What a node tells its subscribers, as CometBFT's event bus does (wire page of the RPC,
// WebSocket): the names, the values as JSON, and the map that queries look at.
//
// An event is cheap to make and dear to write: its JSON comes from a function that is called only
// if somebody listens, and then once.
//
// The order for one block: new_block, new_block_header, new_block_events, new_evidence for each,
// tx for each, validator_set_updates if there are any.
#pragma once
#include <functional>

#include "abci/messages.h"
#include "consensus/effects.h"
#include "rpc/query.h"
#include "types/block.h"

namespace tandem::rpc {

struct Event {
    std::string type;  // "tendermint/event/..."
    EventMap map;
    std::function<std::string()> value;  // JSON; what it captures it owns
};

/// A block that was executed. Shared, since several events show it.
struct ExecutedBlock {
    types::BlockId id;
    std::shared_ptr<const types::Block> block;
    std::shared_ptr<const abci::ResponseFinalizeBlock> answer;
};

[[nodiscard]] Event new_block(const ExecutedBlock& block);
[[nodiscard]] Event new_block_header(const ExecutedBlock& block);
[[nodiscard]] Event new_block_events(const ExecutedBlock& block);
[[nodiscard]] Event new_evidence(const types::Evidence& evidence, std::int64_t height);
[[nodiscard]] Event tx_event(const ExecutedBlock& block, std::size_t index);
[[nodiscard]] Event validator_set_updates(std::span<const types::ValidatorChange> changes);
/// All of the above, in their order.
[[nodiscard]] std::vector<Event> events_of(const ExecutedBlock& block,
                                           std::span<const types::ValidatorChange> changes);

// ---- Of consensus.
[[nodiscard]] Event vote_event(const types::Vote& vote);
[[nodiscard]] Event round_step_event(const consensus::NewRoundStep& step);
/// NewRound names the proposer: `proposer_index` is its place in the set of the height.
[[nodiscard]] Event new_round_event(const consensus::Notify& notice, const types::Address& proposer,
                                    std::size_t proposer_index);
/// Any notice but new_round.
[[nodiscard]] Event notice_event(const consensus::Notify& notice);

/// As RPC spells a step: "RoundStepPropose".
[[nodiscard]] std::string_view step_name(consensus::Step step);

}  // namespace tandem::rpc
