// A chain's switches recomputed from its blocks alone: what `tandem verify-switch` believes.
//
// Nothing that a node says is taken on trust but the genesis. Every block must follow the one
// before, be signed by more than two thirds of the set that this replay decided itself, and say
// that set's hash; then record, evidence, rule and operations run as in every node.
//
// What of a block's effect is the application's comes from the next header (its hash), which the
// next block's signatures vouch for. A genesis that lets the application set powers is refused:
// such updates are not in the blocks.
#pragma once
#include <map>

#include "seats/process.h"
#include "types/block.h"
#include "types/genesis.h"

namespace tandem::program {

struct ReplayBlock {
    types::BlockId id;
    types::Block block;
};

/// A switch, with what was on record when it was decided.
struct ReplayedSwitch {
    seats::SwitchFact fact;
    std::string validator_records;  // up to the block before: S signed, H heard, "." dead
    std::string standby_records;
    std::int64_t run = 0;  // records that called the validator dead, up to the block before
};

class SwitchReplay {
  public:
    [[nodiscard]] static base::Result<SwitchReplay> begin(const types::GenesisDoc& genesis);

    /// The next block. Refused, with the height, where it does not follow. Returns what it decided.
    [[nodiscard]] base::Result<std::vector<ReplayedSwitch>> take(const ReplayBlock& block);
    /// The parameters of the next block, where header.consensus_hash said that they changed.
    [[nodiscard]] base::Verdict set_params(const types::ConsensusParams& params);

    [[nodiscard]] std::int64_t height() const noexcept { return state_.height; }
    /// Whether `header`, of the next block, has other parameters than we know.
    [[nodiscard]] bool wants_params(const types::Header& header) const;

  private:
    SwitchReplay() = default;
    [[nodiscard]] base::Verdict check(const ReplayBlock& block) const;
    void apply(seats::BlockProcess& process, const types::Block& block) const;

    seats::State state_;
    std::map<std::int64_t, types::ValidatorSet> sets_;  // of this height, the last and two more
    types::BlockId last_id_;
    types::Hash params_hash_;
};

/// The window of a node as text, the newest record last.
[[nodiscard]] std::string window_text(const seats::Window& window);

}  // namespace tandem::program
