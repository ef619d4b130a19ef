// Marks: which lines of the paper, and which corners of CometBFT's rules, a core has been through.
//
// L-numbers are lines of Algorithm 1 in arXiv:1807.04938. Where the old-style locking of CometBFT
// differs from the paper, the line is marked that has the same effect, and the corner has a mark of
// its own. A test asks for the mark that it exists for, so that a refactoring cannot quietly empty
// it. Marks are no part of a core's value: cores that differ in them alone are equal.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tandem::consensus {

enum class Mark : std::uint8_t {
    // Lines of the paper.
    l11_start_round,
    l16_propose_valid_value,
    l18_get_value,
    l19_broadcast_proposal,
    l21_schedule_propose_timeout,
    l24_prevote_fresh_proposal,
    l26_prevote_nil_for_fresh_proposal,
    l30_prevote_with_proof_of_lock,
    l32_prevote_nil_despite_proof_of_lock,
    l35_schedule_prevote_timeout,
    l38_lock,
    l40_precommit,
    l42_valid_value,
    l45_precommit_nil,
    l48_schedule_precommit_timeout,
    l51_decide,
    l54_next_height,
    l56_skip_to_round,
    l59_propose_timeout,
    l63_prevote_timeout,
    l67_precommit_timeout,
    // Corners of CometBFT's rules.
    prevote_lock,                     // whatever is proposed
    prevote_from_new_height,          // a complete proposal cuts the commit timeout short
    relock,                           // a polka for the locked block in a later round
    unlock_by_prevote_for_block,      // a later polka for another block, as its prevote arrives
    unlock_by_prevote_for_nil,        //
    unlock_by_polka_for_nil,          // at the time to precommit
    unlock_by_polka_for_unknown,      //
    valid_block_completed_late,       // the polka was there before the block
    proposal_block_dropped_by_polka,  // two thirds want another block than the one proposed
    precommit_without_polka,          // nil, the lock unchanged
    prevote_before_polka_round,       // the block is there, its proof of lock is not
    commit_held_block,                // locked or valid, though not the one proposed
    commit_unknown_block,             // two thirds decided before we had it
    commit_from_lower_round,
    late_precommit,  // for the height before
    skip_timeout_commit,
    catchup_round,            // votes for a round out of turn, admitted for one peer
    conflict_reported,        //
    conflict_of_our_own_key,  // seen, and not reported
    propose_after_wait,       // the interval for transactions has passed
    propose_on_transactions,
    block_late,                     // built after the time to propose it
    prevote_waits_for_judgement,    //
    precommit_waits_for_judgement,  //
    precommit_waits_for_extension,  //
    precommit_after_commit,         // the application answered when the height was decided
    extension_rejected,
    block_unreadable,
    halt,
};
inline constexpr std::size_t marks_count = static_cast<std::size_t>(Mark::halt) + 1;

[[nodiscard]] std::string_view to_text(Mark mark) noexcept;

/// How often each mark was passed.
class Marks {
  public:
    void pass(Mark mark) noexcept { ++passed_[static_cast<std::size_t>(mark)]; }
    [[nodiscard]] std::uint32_t passed(Mark mark) const noexcept {
        return passed_[static_cast<std::size_t>(mark)];
    }
    friend bool operator==(const Marks&, const Marks&) noexcept { return true; }

  private:
    std::array<std::uint32_t, marks_count> passed_{};
};

}  // namespace tandem::consensus
