#include "consensus/state.h"

namespace tandem::consensus {

bool State::is_proposal_complete() const {
    if (!proposal || !proposal_block) return false;
    return proposal->pol_round < 0 || votes.polka(proposal->pol_round) != nullptr;
}

std::optional<std::size_t> State::own_index() const {
    if (!start->own_address) return std::nullopt;
    return start->validators->index_of(base::view(*start->own_address));
}

bool State::is_proposer() const {
    return start->own_address == validators->proposer().address;
}

namespace {

void check_locking(const State& s) {
    const auto check = [&s](std::int32_t round, const std::optional<HeldBlock>& block) {
        TANDEM_CHECK((round >= 0) == block.has_value());  // 1
        TANDEM_CHECK(round >= -1 && round <= s.round);    // 1
        if (!block) return;
        const BlockId* polka = s.votes.polka(round);
        TANDEM_CHECK(polka != nullptr && *polka == block->id);  // 2
    };
    check(s.locked_round, s.locked);
    check(s.valid_round, s.valid);
}

void check_proposal(const State& s) {
    if (s.proposal) {
        TANDEM_CHECK(s.proposal->height == s.height && s.proposal->round == s.round);  // 3
        TANDEM_CHECK(s.proposal->pol_round < s.round);                                 // 3
    }
    TANDEM_CHECK(!s.parts || !s.complete_parts);        // 4
    TANDEM_CHECK(!s.parts || !s.parts->is_complete());  // 4
    if (!s.proposal_block) return;
    TANDEM_CHECK(s.complete_parts && s.complete_parts->is_complete());                 // 4
    TANDEM_CHECK(s.complete_parts->has_header(s.proposal_block->id.part_set_header));  // 4
    TANDEM_CHECK(s.proposal_block->block->header.height == s.height);                  // 4
}

void check_end(const State& s) {
    TANDEM_CHECK((s.step == Step::commit) == (s.commit_round >= 0));  // 5
    TANDEM_CHECK(s.commit_round <= s.round);                          // 5
    if (s.commit_round >= 0) {
        const BlockId* majority = s.votes.precommit_majority(s.commit_round);
        TANDEM_CHECK(majority != nullptr && !majority->is_zero());                           // 5
        TANDEM_CHECK(s.commit_time.has_value());                                             // 5
        if (s.decided) TANDEM_CHECK(s.proposal_block && s.proposal_block->id == *majority);  // 6
    }
    TANDEM_CHECK(!s.decided || s.step == Step::commit);  // 6
    if (s.step == Step::commit || s.halted) return;
    for (const auto& [round, votes] : s.votes.rounds()) {
        const BlockId* majority = s.votes.precommit_majority(round);
        TANDEM_CHECK(majority == nullptr || majority->is_zero());  // 12
    }
}

void check_waiting(const State& s) {
    if (s.prevote_waits) {
        const bool overtaken = s.step != Step::prevote && s.step != Step::prevote_wait &&
                               s.precommit_waits != PrecommitWaits::for_judgement;
        TANDEM_CHECK(!overtaken);  // 7
    }
    if (s.prevote_waits || s.precommit_waits == PrecommitWaits::for_judgement)
        TANDEM_CHECK(s.proposal_block && s.proposal_block->opinion == Opinion::awaited);  // 7
    if (s.precommit_waits != PrecommitWaits::no)
        TANDEM_CHECK(s.step == Step::precommit || s.step == Step::commit);  // 7
    if (s.precommit_waits == PrecommitWaits::for_extension)
        TANDEM_CHECK(s.locked && s.locked_round == s.round);  // 8
    for (const PendingVote& pending : s.pending_votes) {
        TANDEM_CHECK(pending.question < s.next_question);
        const auto of_same = std::ranges::count_if(s.pending_votes, [&](const PendingVote& p) {
            return p.vote->validator_index == pending.vote->validator_index;
        });
        TANDEM_CHECK(static_cast<std::size_t>(of_same) <= pending_votes_max);  // 11
    }
}

}  // namespace

void check_invariants(const State& s) {
    if (!s.start) return;
    check_locking(s);
    check_proposal(s);
    check_end(s);
    if (!s.halted) check_waiting(s);
    TANDEM_CHECK(s.votes.tracked() >= s.round);  // 9
    TANDEM_CHECK(s.timer.height < s.height ||
                 (s.timer.height == s.height && s.timer.round <= s.round));  // 10
}

}  // namespace tandem::consensus
