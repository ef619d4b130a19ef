// The state between two heights, and of earlier heights what is asked for later: validators,
// parameters, the application's answers.
//
// Validators of a height follow from those of an earlier one as long as nobody joined, left or
// changed power: each height advances the proposer priorities once. So a set is written where it
// changed and, to bound the work of reading, at every multiple of `validators_interval`; a reader
// takes the nearest one at or below its height and advances it. CometBFT has the same scheme with
// an entry a height that points to the other one; here the order of keys does that. It also
// advances by all heights at once, which rounds otherwise once in a long while; here it is one
// step a height, as the chain itself went.
//
// Everything is in one database, so a state never survives a crash without what was written before
// it. Not here: when to write (chain/execution.h), the seats' own state (seats_store.h).
#pragma once
#include "chain/state.h"
#include "store/keys.h"

namespace tandem::store {

using consensus::Shared;

class StateStore {
  public:
    static constexpr std::int64_t validators_interval = 1000;

    /// `software` is named in each record (CometBFT's State.version.software).
    explicit StateStore(KeyValues& database, std::string software = {});

    /// The newest state, or nothing before the first save().
    [[nodiscard]] std::optional<chain::State> load() const;
    /// With the validators of last_block_height + 2 and the parameters of last_block_height + 1;
    /// of the state before the first block also the validators of that block.
    void save(const chain::State& state);
    /// A state that does not follow the one before: after a state sync or a rollback. Writes all
    /// three sets, and nothing that was written for later heights counts any more.
    void replace(const chain::State& state);

    /// As round 0 of the height finds them; without value for heights that are not known yet or
    /// were pruned. Known are heights up to last_block_height + 2.
    [[nodiscard]] Shared<types::ValidatorSet> validators(std::int64_t height) const;
    /// Known are heights up to last_block_height + 1.
    [[nodiscard]] std::optional<types::ConsensusParams> params(std::int64_t height) const;

    /// `keep_older`: false drops the answer to the block before ([storage]
    /// discard_abci_responses), which is needed for the newest block only.
    void save_answer(std::int64_t height, const abci::ResponseFinalizeBlock& answer,
                     bool keep_older = true);
    [[nodiscard]] std::optional<abci::ResponseFinalizeBlock> answer(std::int64_t height) const;

    /// Answers below `height` go; and of validators and parameters what heights from
    /// `evidence_from` on do not follow from. REQUIRES: evidence_from <= height.
    void prune(std::int64_t height, std::int64_t evidence_from);

  private:
    struct Computed {  // the set that was asked for last
        std::int64_t height = 0;
        Shared<types::ValidatorSet> set;
    };
    void put_validators(Batch& batch, std::int64_t height, const types::ValidatorSet& set) const;
    void put_params(Batch& batch, std::int64_t height, const types::ConsensusParams& params) const;
    void put_state(Batch& batch, const chain::State& state);
    void remove_between(Batch& batch, KeySpace space, std::int64_t first, std::int64_t end) const;

    KeyValues* database_;
    std::string software_;
    std::int64_t validators_known_ = 0;  // highest height
    std::int64_t params_known_ = 0;
    std::int64_t answers_pruned_ = 0;  // nothing is left below, as far as this process knows
    std::int64_t sets_pruned_ = 0;     // evidence_from of the last prune()
    mutable Computed computed_;
};

}  // namespace tandem::store
