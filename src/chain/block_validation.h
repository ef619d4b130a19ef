// May this block follow this state? The same answer on every node, or the chain forks.
//
// The order of the checks is the order of the wire page (01, section 11); it decides which check a
// refusal names, and puts the signatures behind everything that is cheap.
//
// Not here: ProcessProposal (the application's opinion), whose turn it was to propose (the
// proposal's signature shows that; any validator of the height passes here), the size of the block
// (bounded where its parts are collected).
#pragma once
#include "chain/state.h"
#include "crypto/verifier.h"
#include "types/block.h"
#include "types/evidence_verify.h"
#include "types/median_time.h"

namespace tandem::chain {

/// What all nodes of a chain must agree on beside its genesis.
struct ChainRules {
    /// First height whose block time nil votes have no part in. CometBFT 0.38 and 0.39 count them,
    /// 0.40 does not, and a chain forks at the first commit where it matters (trap 27). 0: none.
    std::int64_t time_without_nil_from = 0;

    [[nodiscard]] types::MedianTimeRule median_time(std::int64_t height) const noexcept {
        return time_without_nil_from > 0 && height >= time_without_nil_from
                   ? types::MedianTimeRule::commit_only
                   : types::MedianTimeRule::with_nil_votes;
    }

    bool operator==(const ChainRules&) const = default;
};

/// Whether the evidence of a block is true, new and not too old: the evidence pool's answer.
class EvidenceJudge {
  public:
    virtual ~EvidenceJudge() = default;
    [[nodiscard]] virtual Verdict judge(const State& state,
                                        const types::EvidenceList& list) const = 0;
};

/// Holds evidence against the chain that `view` shows, which is to be that of the state.
class VerifyingEvidenceJudge final : public EvidenceJudge {
  public:
    /// Both are borrowed.
    VerifyingEvidenceJudge(const types::EvidenceView& view, const crypto::Verifier& verifier)
        : view_(&view), verifier_(&verifier) {}
    [[nodiscard]] Verdict judge(const State& state, const types::EvidenceList& list) const override;

  private:
    const types::EvidenceView* view_;
    const crypto::Verifier* verifier_;
};

/// The own clock. CometBFT 0.38.26 refuses a block whose time is not before `now` + `tolerance`,
/// wherever it validates (trap of 07: block sync and replay too).
struct ClockCheck {
    Timestamp now;
    types::Duration tolerance;  // [consensus] block_time_tolerance, 60 s by default
};

struct Validation {
    const crypto::Verifier& verifier;
    const EvidenceJudge& evidence;
    ChainRules rules;
    std::optional<ClockCheck> clock;  // none: block times are not held against a clock
    /// The block has passed types::validate_basic, as every block has that was decoded.
    bool basic_is_validated = false;
    /// Block sync has verified every signature of it already, as the commit for the block before.
    bool last_commit_is_verified = false;
};

/// REQUIRES: nothing of the block. Refusals are named "block.<what>".
[[nodiscard]] Verdict validate_block(const State& state, const types::Block& block,
                                     const Validation& validation);

/// The time that the next block must have, and a proposer gives it: genesis time in the first
/// block, else the median of the last commit weighted by power.
[[nodiscard]] Result<Timestamp> block_time(const State& state, const types::Commit& last_commit,
                                           const ChainRules& rules);

}  // namespace tandem::chain
