#include "store/state_store.h"

#include "abci/store_messages.h"
#include "store/storage.h"

namespace tandem::store {
namespace {

constexpr std::int64_t height_max = std::numeric_limits<std::int64_t>::max();

Bytes state_key() {
    return Key(KeySpace::state);
}

/// The entry of the nearest height at or below `height`.
template <wire::Message M>
std::optional<std::pair<std::int64_t, M>> load_at_or_below(const KeyValues& database,
                                                           KeySpace space, std::int64_t height) {
    std::optional<std::pair<std::int64_t, M>> found;
    database.visit(Key(space), Key(space, height).add(base::as_bytes(" ")).bytes(),
                   Direction::descending, [&](BytesView key, BytesView value) {
                       auto message = wire::decode<M>(value);
                       const auto at = height_in(key);
                       if (!message) damaged(key, message.error().to_refusal());
                       if (!at) damaged(key, {"key", "there is no height in it"});
                       found.emplace(*at, std::move(*message));
                       return false;
                   });
    return found;
}

}  // namespace

StateStore::StateStore(KeyValues& database, std::string software)
    : database_(&database), software_(std::move(software)) {
    if (const auto state = load()) {
        validators_known_ = state->next_height() + 1;
        params_known_ = state->next_height();
    }
}

std::optional<chain::State> StateStore::load() const {
    const auto message = store::load<types::StateMessage>(*database_, state_key());
    if (!message) return std::nullopt;
    auto record = types::from_message(*message);
    if (!record) damaged(state_key(), record.error());
    return chain::from_record(std::move(*record));
}

void StateStore::put_validators(Batch& batch, std::int64_t height,
                                const types::ValidatorSet& set) const {
    batch.put(Key(KeySpace::validators, height), wire::encode(set.to_message()));
}

void StateStore::put_params(Batch& batch, std::int64_t height,
                            const types::ConsensusParams& params) const {
    batch.put(Key(KeySpace::params, height), wire::encode(types::to_message(params)));
}

void StateStore::put_state(Batch& batch, const chain::State& state) {
    batch.put(state_key(), wire::encode(types::to_message(chain::to_record(state), software_)));
    validators_known_ = state.next_height() + 1;
    params_known_ = state.next_height();
}

void StateStore::save(const chain::State& state) {
    const std::int64_t next = state.next_height();
    if (state.last_block_height == 0 || validators_known_ != next) return replace(state);
    Batch batch;
    // CometBFT counts a change by the height from which it binds.
    if (state.last_height_validators_changed == next + 1 || (next + 1) % validators_interval == 0)
        put_validators(batch, next + 1, *state.next_validators);
    if (state.last_height_consensus_params_changed == next)
        put_params(batch, next, state.consensus_params);
    put_state(batch, state);
    database_->write(batch);
}

void StateStore::replace(const chain::State& state) {
    const std::int64_t next = state.next_height();
    Batch batch;
    batch.remove_range(Key(KeySpace::validators, next), Key(KeySpace::validators, height_max));
    batch.remove_range(Key(KeySpace::params, next), Key(KeySpace::params, height_max));
    if (state.last_block_height > 0 && !state.last_validators->empty())
        put_validators(batch, state.last_block_height, *state.last_validators);
    if (!state.validators->empty()) put_validators(batch, next, *state.validators);
    if (!state.next_validators->empty()) put_validators(batch, next + 1, *state.next_validators);
    put_params(batch, next, state.consensus_params);
    put_state(batch, state);
    computed_ = {};
    database_->write(batch);
}

Shared<types::ValidatorSet> StateStore::validators(std::int64_t height) const {
    if (height <= 0 || height > validators_known_) return {};
    if (computed_.set && computed_.height == height) return computed_.set;
    auto found =
        load_at_or_below<types::ValidatorSetMessage>(*database_, KeySpace::validators, height);
    if (!found) return {};
    auto set = types::ValidatorSet::from_message(found->second);
    if (!set) damaged(Key(KeySpace::validators, found->first).bytes(), set.error());
    std::int64_t at = found->first;
    const bool continues = computed_.set && computed_.height > at && computed_.height < height;
    if (continues) {
        at = computed_.height;
        *set = *computed_.set;
    }
    for (; at < height; ++at) set->advance(1);
    computed_ = {height, Shared<types::ValidatorSet>::make(std::move(*set))};
    return computed_.set;
}

std::optional<types::ConsensusParams> StateStore::params(std::int64_t height) const {
    if (height <= 0 || height > params_known_) return std::nullopt;
    const auto found =
        load_at_or_below<types::ConsensusParamsMessage>(*database_, KeySpace::params, height);
    if (!found) return std::nullopt;
    auto params = types::from_message(found->second);
    if (!params) damaged(Key(KeySpace::params, found->first).bytes(), params.error());
    return std::move(*params);
}

// ---- Answers

void StateStore::save_answer(std::int64_t height, const abci::ResponseFinalizeBlock& answer,
                             bool keep_older) {
    Batch batch;
    if (!keep_older && height > 1) batch.remove(Key(KeySpace::answer, height - 1));
    batch.put(Key(KeySpace::answer, height), wire::encode(answer));
    database_->write(batch);
}

std::optional<abci::ResponseFinalizeBlock> StateStore::answer(std::int64_t height) const {
    return store::load<abci::ResponseFinalizeBlock>(*database_,
                                                    Key(KeySpace::answer, height).bytes());
}

/// Key by key: RocksDB pays for each range that was removed in every read, until it is compacted.
void StateStore::remove_between(Batch& batch, KeySpace space, std::int64_t first,
                                std::int64_t end) const {
    database_->visit(Key(space, first), Key(space, end), Direction::ascending,
                     [&](BytesView key, BytesView) {
                         batch.remove(base::to_bytes(key));
                         return true;
                     });
}

void StateStore::prune(std::int64_t height, std::int64_t evidence_from) {
    TANDEM_CHECK(evidence_from <= height);
    Batch batch;
    remove_between(batch, KeySpace::answer, answers_pruned_, height);
    answers_pruned_ = std::max(answers_pruned_, height);
    // The entries that the lowest kept height follows from stay.
    if (evidence_from > sets_pruned_) {
        using types::ConsensusParamsMessage;
        using types::ValidatorSetMessage;
        if (const auto set = load_at_or_below<ValidatorSetMessage>(*database_, KeySpace::validators,
                                                                   evidence_from))
            remove_between(batch, KeySpace::validators, 0, set->first);
        if (const auto kept = load_at_or_below<ConsensusParamsMessage>(*database_, KeySpace::params,
                                                                       evidence_from))
            remove_between(batch, KeySpace::params, 0, kept->first);
        sets_pruned_ = evidence_from;
    }
    database_->write(batch);
}

}  // namespace tandem::store
