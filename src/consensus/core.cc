#include "consensus/core.h"

#include "consensus/turn.h"

namespace tandem::consensus {

std::expected<Ready, Refusal> Core::step(const Input& input) {
    std::expected<Ready, Refusal> ready(std::in_place);
    if (state_.halted) return std::unexpected(Refusal::halted);
    if (!state_.start && !std::holds_alternative<StartHeight>(input.event))
        return std::unexpected(Refusal::no_height_started);
    Turn turn(state_, marks_, input.now, *ready);
    const Turn::Verdict verdict =
        std::visit([&turn](const auto& event) { return turn.on(event); }, input.event);
    if (!verdict) {
        TANDEM_CHECK(ready->now.empty() && ready->once_durable.empty());
        return std::unexpected(verdict.error());
    }
    return ready;
}

void Turn::announce_step() {
    emit(NewRoundStep{s_.height, s_.round, s_.step, s_.start_time,
                      s_.last_commit ? s_.last_commit->round() : -1});
}

void Turn::announce_valid_block() {
    const types::PartSet* parts = s_.proposal_parts();
    TANDEM_CHECK(parts != nullptr);
    emit(NewValidBlock{s_.height, s_.round, parts->header(), parts->bit_array(),
                       s_.step == Step::commit});
}

void Turn::notify(Notice notice, const BlockId& id) {
    emit(Notify{notice, s_.height, s_.round, s_.step, id});
}

}  // namespace tandem::consensus
