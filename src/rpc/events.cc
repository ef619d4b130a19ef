#include "rpc/events.h"

#include <array>

#include "abci/json.h"
#include "types/json.h"

namespace tandem::rpc {

namespace {

using wire::JsonWriter;

constexpr std::string_view type_prefix = "tendermint/event/";

Event event_of(std::string_view type, std::string_view name) {
    Event event;
    event.type = std::string(type_prefix) + std::string(type);
    event.map["tm.event"] = {std::string(name)};
    return event;
}

/// Events without a type and attributes without a key are passed over.
void add_to(EventMap& map, std::span<const abci::Event> events) {
    for (const abci::Event& event : events) {
        if (event.type.empty()) continue;
        for (const abci::EventAttribute& attribute : event.attributes) {
            if (attribute.key.empty()) continue;
            map[event.type + '.' + attribute.key].push_back(attribute.value);
        }
    }
}

void write_round(JsonWriter& writer, std::int64_t height, std::int32_t round,
                 consensus::Step step) {
    writer.name("height").quoted(height);
    writer.name("round").number(round);
    writer.name("step").string(step_name(step));
}

Event round_state_event(std::string_view name, std::int64_t height, std::int32_t round,
                        consensus::Step step) {
    Event event = event_of("RoundState", name);
    event.value = [=] {
        JsonWriter writer;
        writer.begin_object();
        write_round(writer, height, round, step);
        writer.end_object();
        return writer.take();
    };
    return event;
}

std::string_view notice_name(consensus::Notice notice) {
    constexpr std::array<std::string_view, 9> names = {
        "NewRound", "CompleteProposal", "TimeoutPropose", "TimeoutWait", "Polka",
        "Lock",     "Relock",           "Unlock",         "ValidBlock"};
    return names.at(static_cast<std::size_t>(notice));
}

}  // namespace

std::string_view step_name(consensus::Step step) {
    constexpr std::array<std::string_view, 9> names = {
        "RoundStepUnknown",   "RoundStepNewHeight",     "RoundStepNewRound",
        "RoundStepPropose",   "RoundStepPrevote",       "RoundStepPrevoteWait",
        "RoundStepPrecommit", "RoundStepPrecommitWait", "RoundStepCommit"};
    return names.at(static_cast<std::size_t>(step));
}

Event new_block(const ExecutedBlock& block) {
    Event event = event_of("NewBlock", "NewBlock");
    add_to(event.map, block.answer->events);
    event.value = [block] {
        JsonWriter writer;
        writer.begin_object().name("block");
        types::write_json(writer, *block.block);
        writer.name("block_id");
        types::write_json(writer, block.id);
        writer.name("result_finalize_block");
        abci::write_json(writer, *block.answer);
        writer.end_object();
        return writer.take();
    };
    return event;
}

Event new_block_header(const ExecutedBlock& block) {
    Event event = event_of("NewBlockHeader", "NewBlockHeader");
    event.value = [block] {
        JsonWriter writer;
        writer.begin_object().name("header");
        types::write_json(writer, block.block->header);
        writer.end_object();
        return writer.take();
    };
    return event;
}

Event new_block_events(const ExecutedBlock& block) {
    Event event = event_of("NewBlockEvents", "NewBlockEvents");
    add_to(event.map, block.answer->events);
    event.value = [block] {
        JsonWriter writer;
        writer.begin_object().name("height").quoted(block.block->header.height);
        writer.name("events");
        abci::write_json(writer, std::span<const abci::Event>(block.answer->events));
        writer.name("num_txs").quoted(static_cast<std::int64_t>(block.block->data.txs.size()));
        writer.end_object();
        return writer.take();
    };
    return event;
}

Event new_evidence(const types::Evidence& evidence, std::int64_t height) {
    Event event = event_of("NewEvidence", "NewEvidence");
    event.value = [evidence, height] {
        JsonWriter writer;
        writer.begin_object().name("height").quoted(height).name("evidence");
        types::write_json(writer, evidence);
        writer.end_object();
        return writer.take();
    };
    return event;
}

Event tx_event(const ExecutedBlock& block, std::size_t index) {
    const base::BytesView tx = block.block->data.txs[index];
    Event event = event_of("Tx", "Tx");
    event.map["tx.hash"] = {base::to_hex(base::view(types::hash_of_tx(tx)), base::HexCase::upper)};
    event.map["tx.height"] = {std::to_string(block.block->header.height)};
    add_to(event.map, block.answer->tx_results[index].events);
    event.value = [block, index] {
        const abci::TxResult result{block.block->header.height, static_cast<std::uint32_t>(index),
                                    base::to_bytes(block.block->data.txs[index]),
                                    block.answer->tx_results[index]};
        JsonWriter writer;
        writer.begin_object().name("TxResult");
        abci::write_json(writer, result);
        writer.end_object();
        return writer.take();
    };
    return event;
}

Event validator_set_updates(std::span<const types::ValidatorChange> changes) {
    Event event = event_of("ValidatorSetUpdates", "ValidatorSetUpdates");
    event.value = [list = std::vector(changes.begin(), changes.end())] {
        JsonWriter writer;
        writer.begin_object().name("validator_updates").begin_array();
        for (const types::ValidatorChange& change : list)
            types::write_json(writer,
                              types::Validator{types::Address(crypto::address(change.pub_key)),
                                               change.pub_key, change.voting_power, 0});
        writer.end_array().end_object();
        return writer.take();
    };
    return event;
}

std::vector<Event> events_of(const ExecutedBlock& block,
                             std::span<const types::ValidatorChange> changes) {
    std::vector<Event> events = {new_block(block), new_block_header(block),
                                 new_block_events(block)};
    for (const types::Evidence& evidence : block.block->evidence.evidence)
        events.push_back(new_evidence(evidence, block.block->header.height));
    for (std::size_t i = 0; i < block.block->data.txs.size(); ++i)
        events.push_back(tx_event(block, i));
    if (!changes.empty()) events.push_back(validator_set_updates(changes));
    return events;
}

Event vote_event(const types::Vote& vote) {
    Event event = event_of("Vote", "Vote");
    event.value = [vote] {
        JsonWriter writer;
        writer.begin_object().name("Vote");
        types::write_json(writer, vote);
        writer.end_object();
        return writer.take();
    };
    return event;
}

Event round_step_event(const consensus::NewRoundStep& step) {
    return round_state_event("NewRoundStep", step.height, step.round, step.step);
}

Event new_round_event(const consensus::Notify& notice, const types::Address& proposer,
                      std::size_t proposer_index) {
    Event event = event_of("NewRound", "NewRound");
    event.value = [notice, proposer, proposer_index] {
        JsonWriter writer;
        writer.begin_object();
        write_round(writer, notice.height, notice.round, notice.step);
        writer.name("proposer").begin_object();
        writer.name("address").hex(base::view(proposer));
        writer.name("index").number(static_cast<std::int64_t>(proposer_index));
        writer.end_object().end_object();
        return writer.take();
    };
    return event;
}

Event notice_event(const consensus::Notify& notice) {
    if (notice.notice != consensus::Notice::complete_proposal)
        return round_state_event(notice_name(notice.notice), notice.height, notice.round,
                                 notice.step);
    Event event = event_of("CompleteProposal", "CompleteProposal");
    event.value = [notice] {
        JsonWriter writer;
        writer.begin_object();
        write_round(writer, notice.height, notice.round, notice.step);
        writer.name("block_id");
        types::write_json(writer, notice.id);
        writer.end_object();
        return writer.take();
    };
    return event;
}

}  // namespace tandem::rpc
