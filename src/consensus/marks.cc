#include "consensus/marks.h"

namespace tandem::consensus {

std::string_view to_text(Mark mark) noexcept {
    switch (mark) {
        case Mark::l11_start_round: return "l11_start_round";
        case Mark::l16_propose_valid_value: return "l16_propose_valid_value";
        case Mark::l18_get_value: return "l18_get_value";
        case Mark::l19_broadcast_proposal: return "l19_broadcast_proposal";
        case Mark::l21_schedule_propose_timeout: return "l21_schedule_propose_timeout";
        case Mark::l24_prevote_fresh_proposal: return "l24_prevote_fresh_proposal";
        case Mark::l26_prevote_nil_for_fresh_proposal: return "l26_prevote_nil_for_fresh_proposal";
        case Mark::l30_prevote_with_proof_of_lock: return "l30_prevote_with_proof_of_lock";
        case Mark::l32_prevote_nil_despite_proof_of_lock: return "l32_prevote_nil_despite_proof_of_lock";
        case Mark::l35_schedule_prevote_timeout: return "l35_schedule_prevote_timeout";
        case Mark::l38_lock: return "l38_lock";
        case Mark::l40_precommit: return "l40_precommit";
        case Mark::l42_valid_value: return "l42_valid_value";
        case Mark::l45_precommit_nil: return "l45_precommit_nil";
        case Mark::l48_schedule_precommit_timeout: return "l48_schedule_precommit_timeout";
        case Mark::l51_decide: return "l51_decide";
        case Mark::l54_next_height: return "l54_next_height";
        case Mark::l56_skip_to_round: return "l56_skip_to_round";
        case Mark::l59_propose_timeout: return "l59_propose_timeout";
        case Mark::l63_prevote_timeout: return "l63_prevote_timeout";
        case Mark::l67_precommit_timeout: return "l67_precommit_timeout";
        case Mark::prevote_lock: return "prevote_lock";
        case Mark::prevote_from_new_height: return "prevote_from_new_height";
        case Mark::relock: return "relock";
        case Mark::unlock_by_prevote_for_block: return "unlock_by_prevote_for_block";
        case Mark::unlock_by_prevote_for_nil: return "unlock_by_prevote_for_nil";
        case Mark::unlock_by_polka_for_nil: return "unlock_by_polka_for_nil";
        case Mark::unlock_by_polka_for_unknown: return "unlock_by_polka_for_unknown";
        case Mark::valid_block_completed_late: return "valid_block_completed_late";
        case Mark::proposal_block_dropped_by_polka: return "proposal_block_dropped_by_polka";
        case Mark::precommit_without_polka: return "precommit_without_polka";
        case Mark::prevote_before_polka_round: return "prevote_before_polka_round";
        case Mark::commit_held_block: return "commit_held_block";
        case Mark::commit_unknown_block: return "commit_unknown_block";
        case Mark::commit_from_lower_round: return "commit_from_lower_round";
        case Mark::late_precommit: return "late_precommit";
        case Mark::skip_timeout_commit: return "skip_timeout_commit";
        case Mark::catchup_round: return "catchup_round";
        case Mark::conflict_reported: return "conflict_reported";
        case Mark::conflict_of_our_own_key: return "conflict_of_our_own_key";
        case Mark::propose_after_wait: return "propose_after_wait";
        case Mark::propose_on_transactions: return "propose_on_transactions";
        case Mark::block_late: return "block_late";
        case Mark::prevote_waits_for_judgement: return "prevote_waits_for_judgement";
        case Mark::precommit_waits_for_judgement: return "precommit_waits_for_judgement";
        case Mark::precommit_waits_for_extension: return "precommit_waits_for_extension";
        case Mark::precommit_after_commit: return "precommit_after_commit";
        case Mark::extension_rejected: return "extension_rejected";
        case Mark::block_unreadable: return "block_unreadable";
        case Mark::halt: return "halt";
    }
    return "unknown";
}

}  // namespace tandem::consensus
