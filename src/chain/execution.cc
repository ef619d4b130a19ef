#include "chain/execution.h"

#include <fmt/format.h>

#include "chain/recovery.h"

namespace tandem::chain {

Execution::Execution(ExecutionMode mode, DecidedBlock decided, Shared<ValidatorSet> last_validators,
                     std::int64_t initial_height)
    : mode_(mode),
      decided_(std::move(decided)),
      last_validators_(std::move(last_validators)),
      initial_height_(initial_height) {
    if (!execution_order[0].belongs_to(mode_)) advance();
}

Execution::Execution(ExecutionMode mode, State before, DecidedBlock decided)
    : Execution(mode, std::move(decided), before.last_validators.shared(), before.initial_height) {
    TANDEM_CHECK(mode != ExecutionMode::replayed && height() == before.next_height());
    before_ = std::move(before);
}

Execution Execution::replay(std::int64_t initial_height, DecidedBlock decided,
                            Shared<ValidatorSet> last_validators, const Hash& application_hash) {
    Execution execution(ExecutionMode::replayed, std::move(decided), std::move(last_validators),
                        initial_height);
    execution.application_hash_ = application_hash;
    return execution;
}

std::optional<ExecutionStep> Execution::next() const noexcept {
    if (position_ == execution_order.size()) return std::nullopt;
    return execution_order[position_].step;
}

void Execution::advance() {
    do {
        ++position_;
    } while (position_ < execution_order.size() && !execution_order[position_].belongs_to(mode_));
}

void Execution::expect(ExecutionStep step) const {
    TANDEM_CHECK(next() == step);
}

void Execution::done() {
    const auto step = next();
    TANDEM_CHECK(step.has_value());
    // These end with an answer of their own, without which the rest makes no sense.
    TANDEM_CHECK(*step != ExecutionStep::validate_block && *step != ExecutionStep::finalize_block &&
                 *step != ExecutionStep::update_state && *step != ExecutionStep::commit);
    advance();
}

Verdict Execution::validate(const Validation& validation) {
    expect(ExecutionStep::validate_block);
    TANDEM_TRY(validate_block(*before_, *decided_.block, validation));
    advance();
    return {};
}

void Execution::skip_validation() {
    expect(ExecutionStep::validate_block);
    advance();
}

Verdict Execution::finalized(abci::ResponseFinalizeBlock answer) {
    expect(ExecutionStep::finalize_block);
    const std::size_t txs = decided_.block->data.txs.size();
    if (answer.tx_results.size() != txs)
        return refuse("finalize_block.tx_results",
                      fmt::format("the application answered block {} with {} results for {} "
                                  "transactions",
                                  height(), answer.tx_results.size(), txs));
    if (application_hash_)
        TANDEM_TRY(compare_application_hash(*application_hash_, Hash(answer.app_hash), height()));
    answer_ = std::move(answer);
    advance();
    return {};
}

void Execution::use_stored_answer(abci::ResponseFinalizeBlock answer,
                                  const Hash& application_hash) {
    TANDEM_CHECK(mode_ == ExecutionMode::stored_and_committed && !answer_);
    if (answer.app_hash.empty()) answer.app_hash = base::to_bytes(application_hash);
    answer_ = std::move(answer);
}

Verdict Execution::update() {
    expect(ExecutionStep::update_state);
    auto after = update_state(*before_, decided_.id, decided_.block->header, this->answer());
    if (!after) return std::unexpected(std::move(after).error());
    after_ = std::move(*after);
    advance();
    return {};
}

void Execution::committed(const abci::ResponseCommit& answer) {
    expect(ExecutionStep::commit);
    retain_height_ = answer.retain_height;
    advance();
}

abci::RequestFinalizeBlock Execution::request() const {
    return finalize_block_request(
        {decided_.id, *decided_.block, *last_validators_, initial_height_});
}

const abci::ResponseFinalizeBlock& Execution::answer() const {
    TANDEM_CHECK(answer_.has_value());
    return *answer_;
}

const State& Execution::state_before() const {
    TANDEM_CHECK(before_.has_value());
    return *before_;
}

const State& Execution::state_after() const {
    TANDEM_CHECK(after_.has_value());
    return *after_;
}

}  // namespace tandem::chain
